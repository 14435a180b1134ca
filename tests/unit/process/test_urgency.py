"""Where to begin: the blocker that costs least to mend."""

from __future__ import annotations

import pytest

from playbook.errors import Blocker
from playbook.process.urgency import cheapest


def blocker(kind: str, fix: str = "", who: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> Blocker:
    return Blocker(f"{kind}{len(missing)}", kind, kind, missing=missing, who=who, fix=fix)


STATE = blocker("wrong_state", "playbook advance c --to offer")
WRITE = blocker("fields", "playbook set c pain=...", ("sam", "dana"), ("deal.pain",))
WRITE_MORE = blocker("fields", "playbook set c pain=... size=...", ("sam",), ("deal.pain", "deal.size"))
WORK = blocker("activity", "playbook do c call", ("sam",), ("call",))
CHANGE = blocker("that", "playbook set c amount=...", ("sam",))
ANSWER = blocker("approval", "playbook approve c ok --as dana", ("dana",))
NOTHING = blocker("not_permitted", "", ("dana",))


@pytest.mark.parametrize(
    ("blockers", "actor", "first"),
    [
        ((WORK, WRITE_MORE, WRITE), "sam", WRITE),
        ((ANSWER, CHANGE, WORK), "sam", WORK),
        ((ANSWER, CHANGE), "sam", CHANGE),
        ((WRITE, STATE), "sam", STATE),
        ((WORK, ANSWER), "dana", ANSWER),  # what one can do oneself comes before what others can
        ((WORK, WRITE), "operator", WRITE),
        ((NOTHING, ANSWER), "sam", ANSWER),
        ((NOTHING,), "sam", None),
        ((), "sam", None),
    ],
)
def test_one_begins_with_what_costs_least(
    blockers: tuple[Blocker, ...], actor: str, first: Blocker | None
) -> None:
    assert cheapest(blockers, actor) == first
    assert cheapest(tuple(reversed(blockers)), actor) == first
