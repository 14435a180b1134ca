"""Timers, reminders and activities through random histories, against what is reckoned naively from the text.

`SOAK` set to a number makes that many examples; `make soak` does.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.selling import many
from tests.timed import STARTS, Timed, doings, houses, playbooks

from playbook import load_plugins
from playbook.engine.proof import prove

SOAK = int(os.environ.get("SOAK", "0"))
REGISTRY = load_plugins(entry_points=False)


def check_all(timed: Timed) -> None:
    found = list(timed.found())
    assert len(found) == len(timed.company.deals)
    assert found[0] == timed.deal.log
    assert sorted(map(str, found)) == sorted(str(deal.log) for deal in timed.company.deals)


def test_what_happens_by_itself_happens_when_it_is_reckoned_naively() -> None:
    @settings(
        max_examples=SOAK or 120, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        derandomize=not SOAK,  # a test of every day says the same of the same code
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(playbooks(), houses(), st.sampled_from(STARTS), many(doings, 40))
    def check(book: dict[str, Any], house: dict[str, Any], start: str, history: list[Any]) -> None:
        timed = Timed(book, house, start, REGISTRY)
        for doing in history:
            timed.happens(doing)
        timed.now += dt.timedelta(days=70)
        timed.tick(0)
        check_all(timed)
        assert not list(prove(timed.engine))
        timed.store.close()

    check()
