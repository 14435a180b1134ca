"""A company of any size as rows of a store: who owns what, who may see it, what is open and since when."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

from playbook.stores import Batch, DueRow, IndexRow, NewEvent, Write
from playbook.stores.chain import link
from playbook.stores.interface import GENESIS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Store

TENANT = "acme"
DAY = 86_400_000_000
NOW = 1_750_000_000_000_000
TEAMS, OWNERS, PARTNERS = 50, 1_000, 200
QUEUE = f"timers:{TENANT}"

_AT_ONCE = 5_000
_YEARS = 5 * 365 * DAY
_STAGES = ("lead", "discovery", "proposal", "negotiation", "contract")
_ENDS = {"won": 47, "lost": 45, "disqualified": 8}
# of each playbook, how many of 100 cases it has, and whether its cases are hidden from those it does not name
_PLAYBOOKS = {
    "new_business": (55, True), "renewal": (29, False), "expansion": (10, True), "partners": (5, True),
    "rare": (1, True),
}  # fmt: skip


def person(number: int) -> str:
    """Return the id of an owner; each team has twenty."""
    return f"rep{number:04}"


def team_of(number: int) -> str:
    """Return the team of an owner."""
    return f"team{number % TEAMS:02}"


def rep(number: int) -> frozenset[str]:
    """Return the tags of one who sees her own cases and her team's."""
    name = person(number)
    return frozenset((f"owner:{name}", f"named:{name}", f"is:{name}", "is:seller", f"team:{team_of(number)}"))


def manager(people: int) -> frozenset[str]:
    """Return the tags of one who leads people, of one team and then of the next."""
    led = sorted(range(OWNERS), key=lambda number: (number % TEAMS, number))[:people]
    return frozenset(
        ("owner:boss", "named:boss", "is:boss", "is:manager", *(f"managed:{person(n)}" for n in led))
    )


def partner(number: int) -> frozenset[str]:
    """Return the tags of one outside, who sees the cases that name them."""
    name = f"partner{number:03}"
    return frozenset((f"owner:{name}", f"named:{name}", f"is:{name}", "is:partner"))


AUDITOR = frozenset(("owner:eve", "named:eve", "is:eve", "is:auditor"))
"""The tags of one who sees every case, because each says that her role does."""


def fill(store: Store, cases: int, records: int) -> None:
    """Store a company, many streams at a time: each a stream of one event, an index row and perhaps a timer."""
    batches = _batches(cases, records)
    while part := list(itertools.islice(batches, _AT_ONCE)):
        store.append(part)


def _batches(cases: int, records: int) -> Iterator[Batch]:
    chance = random.Random(11)
    for number in range(cases):
        row = case_row(number, cases, chance)
        due = (DueRow("stale", QUEUE, NOW + chance.randrange(30 * DAY)),) if row.closed is None else ()
        yield _batch(f"case:{row.case}", row, due)
    for number in range(records):
        yield _batch(f"record:account:{number:06}", record_row(number))


def case_row(number: int, cases: int, chance: random.Random) -> IndexRow:
    """Return a case: the newer, the likelier is it open; half of those are of the last quarter of a year."""
    opened = NOW - _YEARS + _YEARS * number // cases
    age = (NOW - opened) // DAY
    is_open = chance.random() < (0.9 if age < 120 else 0.12)
    playbook = chance.choices([*_PLAYBOOKS], [share for share, _ in _PLAYBOOKS.values()])[0]
    outcome = "open" if is_open else chance.choices([*_ENDS], [*_ENDS.values()])[0]
    stage = chance.choice(_STAGES) if is_open else outcome
    owner = chance.randrange(OWNERS)
    closed = None if is_open else min(NOW, opened + chance.randrange(1, 120) * DAY)
    hidden = _PLAYBOOKS[playbook][1]
    tags: tuple[str, ...] = (f"record:account:{chance.randrange(max(1, cases // 10)):06}",)
    if hidden:
        name = person(owner)
        tags = (f"owner:{name}", f"managed:{name}", f"team:{team_of(owner)}", "is:auditor", *tags)
    if playbook == "partners":
        tags = (f"named:partner{chance.randrange(PARTNERS):03}", *tags)
    return IndexRow(
        f"c{chance.randrange(36**9):012}", playbook, f"Deal {number}", stage, outcome, person(owner), team_of(owner),
        opened, closed, closed or opened, closed or opened, chance.randrange(10_000_000), "EUR", "2025-09-01", "0.4",
        b'{"amount":{"of":"25000","in":"EUR"},"product":"Pro","pain":"Orders take a month","discount":"0.1"}', opened,
        hidden, tags,
    )  # fmt: skip


def record_row(number: int) -> IndexRow:
    """Return an account, brought in today as all of them."""
    name = f"record:account:{number:06}"
    return IndexRow(
        name, "record:account", f"Company {number}", "", "open", "", "", NOW, None, NOW, NOW, None, None, None, None,
        b'{"name":"Company"}', NOW,
    )  # fmt: skip


def _batch(stream: str, row: IndexRow, due: tuple[DueRow, ...] = ()) -> Batch:
    kind, actor, data = "case.opened/1", "operator", b'{"playbook":"new_business","name":"Deal","fields":{}}'
    made = link(GENESIS, TENANT, stream, 1, kind, row.opened, row.opened, actor, data)
    event = NewEvent(kind, row.opened, row.opened, actor, data, made)
    return Batch(TENANT, (Write(stream, 0, (event,), row.fields * 4, 1, row, due or None),))
