"""What does not fit into memory is the same when it is taken again."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from playbook import Money
from playbook_commission.credits.shelving import Shelves
from playbook_commission.credits.things import Came, Thing

NAMES = [f"rep{number:02}" for number in range(20)]
times = st.integers(0, 10**9).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC))
numbers = st.decimals(-(10**9), 10**9, places=2)
money = st.builds(Money, numbers, st.sampled_from(["EUR", "IRR"]))
texts = st.text(max_size=5)
things = st.builds(
    Thing,
    case=st.integers(0, 30).map("c{}".format),
    name=texts,
    playbook=texts,
    entry=st.integers(0, 12),
    day=st.dates(dt.date(2027, 1, 1), dt.date(2027, 1, 5)),
    amount=money | numbers | st.none(),
    shares=st.dictionaries(st.sampled_from([*NAMES, "left"]), numbers, min_size=1, max_size=3),
    closed=times | st.none(),
    came=st.lists(st.builds(Came, texts, times, money | st.none(), texts, texts), max_size=2).map(tuple),
    spiff=st.booleans(),
)


def put(counted: list[Thing], room: int) -> Shelves:
    """Return shelves with things by whom they are credited to, a few put there at a time."""
    found = Shelves(NAMES, room)
    for first in range(0, len(counted), 3):
        found.put(counted[first : first + 3], lambda one: one.shares)
    return found


@given(st.lists(things, max_size=30), st.integers(0, 10))
def test_what_was_put_away_is_taken_as_it_was(counted: list[Thing], room: int) -> None:
    shelves, memory = put(counted, room), put(counted, 10**6)
    for name in [*NAMES, "left", "nobody", *NAMES]:
        mine = [one for one in counted if name in one.shares]
        assert shelves.take(name) == memory.take(name)
        assert shelves.take(name) == sorted(mine, key=lambda one: (one.day, one.case, one.entry))
    assert sorted(map(repr, shelves)) == sorted(map(repr, memory))
