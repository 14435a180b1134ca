"""What the proofs do to a store: a project whose commands change several streams at once, and what must hold after.

Every command is made from its key alone, so that whoever was not there can send it again; the key stands in one
event of what it leads to (an assignment apart), so that one who reads the log can count how often it happened.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import re
import time
from collections import Counter
from typing import TYPE_CHECKING
from zlib import crc32

from msgspec.structs import replace

from playbook import Advance, Assign, Close, Engine, Log, Open, Project, Query, Set, load_plugins
from playbook.engine.proof import prove
from playbook.stores import Archive
from playbook.stores.rows import pages, streams_of
from playbook.testing.answers import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from playbook import Store
    from playbook.engine import Done
    from playbook.model.commands import Command
    from playbook.model.mapping import ImportMapping
    from playbook.stores import StoredEvent

START = dt.datetime(2024, 3, 4, 9, tzinfo=dt.UTC)
LATER = START + dt.timedelta(days=30)
LEASE = dt.timedelta(seconds=1)
SHARED = tuple(f"shared-{number}" for number in range(5))
"""Cases that everybody works on."""

FILES = {
    "organization.yaml": """
organization: acme
currency: EUR
teams:
  house: {title: House, manager: cy}
people:
  ann: {name: Ann, role: ae, team: house}
  bob: {name: Bob, role: ae, team: house}
  cy: {name: Cy, role: boss}
""",
    "care.playbook.yaml": """
playbook: care
version: 1
subject: customer
fields:
  contact: {type: text, personal: true}
  worth: {type: money}
stages:
  served: {next: [kept]}
  kept: {final: done}
""",
    "deals.playbook.yaml": """
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: money}
  worth: {type: money}
  account: {type: text}
  contact: {type: text, personal: true}
entries:
  call: {}
who_may: {edit: anyone}
timers:
  nudge: {in_stage: 1d, then: [{notify: owner}]}
  push: {in_stage: 2d, then: [{notify: manager}]}
  end: {in_stage: 3d, then: [{close: lost}]}
stages:
  talks:
    exit:
      alone: {unique: {by: [account], among: open}}
    next: [offer]
  offer:
    on_enter:
      - {open: care, copy: {contact: contact, worth: amount}, owner: owner}
    next: [won]
  won: {final: won}
  lost: {final: lost, from: any}
""",
    "rows.mapping.yaml": """
mapping: rows
into: deals
key: id
columns:
  name: name
  opened: day
  fields:
    amount: {column: amount, currency: EUR}
    contact: contact
gates: observe
""",
}
_KEY = re.compile(rb"key-[a-z0-9.]+-[0-9]+")
_GROUPS = (("playbook",), ("playbook", "stage"), ("owner",), ("currency",), ("team", "status"), ())


def open_store(url: str) -> Store:
    """Open the store that a URL names, as the command line does."""
    return load_plugins().stores[url.partition("://")[0]].open(url)


def open_engine(store: Store, tenant: str, now: dt.datetime | None = None) -> Engine:
    """Return an engine for a tenant; `now` is what its clock says, the time where it is None."""
    registry = load_plugins(entry_points=False)
    if now is None:
        return Engine.open(None, store=store, tenant=tenant, registry=registry)
    return Engine.open(None, store=store, tenant=tenant, registry=registry, clock=lambda: now)


@contextlib.contextmanager
def opened(url: str, tenant: str, now: dt.datetime | None = None) -> Iterator[Engine]:
    """Open an engine for a block."""
    store = open_store(url)
    try:
        yield open_engine(store, tenant, now)
    finally:
        store.close()


def prepare(url: str, tenant: str, shared: Sequence[str] = SHARED, *, now: dt.datetime | None = None) -> None:
    """Publish the project for a tenant, and open cases that everybody works on."""
    with opened(url, tenant, now) as engine:
        engine.project = Project.from_files(FILES)
        assert not engine.project.problems
        engine.publish(actor="operator")
        for case in shared:
            engine.run(Open(case, "deals", case, "ann", {"amount": "1 EUR", "account": case}), actor="cy")


def command(worker: str, number: int, shared: Sequence[str] = SHARED) -> tuple[str, Command]:
    """Return a worker's command and its key: every third on a case that is shared, else on one of its own."""
    key = f"key-{worker}-{number}"
    if number % 3 == 2:
        case = shared[number // 3 % len(shared)]
        if number % 2:
            return key, Log(case, "call", text=key)
        return key, Set(case, {"amount": f"{crc32(key.encode())} EUR"}, reason=key)  # a change, for sure
    case = f"{worker}-{number // 9}"
    given = {"amount": f"{number} EUR", "account": key, "contact": f"Jo of {case}"}
    steps: tuple[Command, ...] = (
        Open(case, "deals", case, "ann", given),
        Set(case, {"amount": f"{number}.25 EUR", "contact": "Li"}, reason=key),
        Log(case, "call", text=key),
        Assign(case, "bob" if number % 2 else "cy"),
        Advance(case, reason=key),
        Close(case, "won" if number % 4 else "lost", reason=key),
    )
    return key, steps[number % 9 - number % 9 // 3]


def traces(command: Command) -> int:
    """Return in how many events the key of a command stands."""
    return not isinstance(command, Assign)


def rows(count: int) -> Iterator[dict[str, str]]:
    """Yield rows to import."""
    for number in range(count):
        yield {
            "id": str(number), "name": f"key-row-{number}", "day": "2026-01-05", "amount": f"{number}.10",
            "contact": f"Jo {number}",
        }  # fmt: skip


def write_rows(file: Path, count: int) -> None:
    """Write rows to a CSV file."""
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, ["id", "name", "day", "amount", "contact"])
        writer.writeheader()
        writer.writerows(rows(count))


def mapping() -> ImportMapping:
    """Return what the rows mean."""
    found = Project.from_files(FILES).mappings["rows"].value
    assert found is not None
    return found


def same(first: Done, again: Done) -> bool:
    """Return whether an answer is the first one, said again."""
    return again.repeated and replace(first, repeated=True) == again


def happened(engine: Engine) -> Counter[str]:
    """Return how often each key happened, by the events of the log."""
    found: Counter[str] = Counter()
    for event in _log(engine):
        found.update(key.decode() for key in _KEY.findall(event.data))
    return found


def fired(engine: Engine) -> Counter[str]:
    """Return how many timers struck by stream; raises where one struck twice."""
    found = Counter((event.stream, event.data) for event in _log(engine) if event.kind == "timer.fired/1")
    assert set(found.values()) <= {1}, found
    return Counter(stream for stream, _ in found)


def _log(engine: Engine) -> Iterator[StoredEvent]:
    for page in pages(lambda after: engine.store.log(engine.tenant, after=after, limit=1000)):
        yield from page.items


def each_fired(cases: Sequence[str]) -> Counter[str]:
    """Return what `fired` is when all timers of the cases struck."""
    return Counter({f"case:{case}": 3 for case in cases})


def require_all_fired(engine: Engine, cases: Sequence[str]) -> None:
    """Strike what was left, also by those who held it when they were killed; assert that each timer struck once.

    The last of them closes its case: were it to strike before the others, those never would.
    """
    end = time.monotonic() + 60
    while fired(engine) != each_fired(cases):
        assert time.monotonic() < end, "some timers never struck"
        engine.tick(lease=LEASE)
        time.sleep(0.05)
    require_whole(engine)


def require_whole(engine: Engine) -> None:
    """Assert that a tenant's store is whole: every hash holds, every fold is its snapshot, every sum its cases'.

    No event happens before what went before it in its stream, and timers are armed for open cases only.
    """
    store, tenant = engine.store, engine.tenant
    assert not list(prove(engine))
    cases = [row for page in pages(lambda after: store.find(tenant, Query(), after=after, limit=1000))
             for row in page.items]  # fmt: skip
    for by in _GROUPS:
        assert list(store.tally(tenant, Query(), by)) == counted(cases, by), by
    assert isinstance(store, Archive)
    with store.moment() as moment:
        armed = {row[1] for row in moment.export("due", tenant) if row[1].startswith("case:")}
    assert armed <= {f"case:{case.case}" for case in cases if case.closed is None}
    for stream in streams_of(store, tenant):
        moments = [event.at for event in store.events(tenant, stream)]
        assert moments == sorted(moments), stream
