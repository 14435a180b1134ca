"""Lists, boards, counts and the morning's work over random histories, against what is reckoned naively from the text.

`SOAK` set to a number makes that many examples; `make soak` does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.naive_desk import CONDITIONS, Desk
from tests.selling import STARTS, Selling, doings, houses, many
from tests.sold import PEOPLE

from playbook import load_plugins

if TYPE_CHECKING:
    from playbook.engine import CaseView

SOAK = int(os.environ.get("SOAK", "0"))
REGISTRY = load_plugins(entry_points=False)
GROUPS: tuple[list[str], ...] = ([], ["stage"], ["outcome"], ["owner"], ["team", "playbook"])


def board(selling: Selling, actor: str) -> dict[Any, Any]:
    boards = selling.engine.desk.board(actor=actor)
    return {
        (one.playbook, column.stage): (column.cases, list(map(str, column.sums)), column.stale)
        for one in boards
        for column in one.columns
        if column.cases
    }


def row(view: CaseView) -> tuple[Any, ...]:
    amount = None if view.amount is None else str(view.amount)
    return (
        view.id, view.playbook, view.name, view.stage, view.outcome, view.owner, view.team, view.opened, view.closed,
        amount, view.expected_close, view.probability,
    )  # fmt: skip


def check_one(selling: Selling, actor: str) -> None:
    engine = selling.engine
    naive = Desk(selling.company, selling.company.deals(selling.happened), selling.now, actor)
    assert board(selling, actor) == naive.board()
    for person in ("", "ann"):
        agenda = engine.desk.next(actor=actor, person=person, limit=0)
        assert (dict(agenda.counts), agenda.open) == (naive.next(person), len(naive.open)), person
    for by in GROUPS:
        assert {one.group: one.count for one in engine.tally(by=by, actor=actor) if one.count} == naive.tally(
            by
        ), by
    rows = [row(view) for view in engine.find(actor=actor, limit=1000).items]
    assert sorted(rows) == sorted(map(naive.row, naive.shown))
    assert [one[7] for one in rows] == sorted((one[7] for one in rows), reverse=True)
    for condition in CONDITIONS:
        found = {seen.view.id for seen in engine.desk.select(condition, actor=actor)}
        assert found == naive.where(condition), (condition, found ^ naive.where(condition))


def test_whoever_looks_over_cases_is_told_what_is_reckoned_naively() -> None:
    @settings(
        max_examples=SOAK or 25, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        derandomize=not SOAK,  # a test of every day says the same of the same code
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(houses(), st.sampled_from(STARTS), many(doings, 60), st.sets(st.sampled_from(PEOPLE), max_size=3))
    def check(house: dict[str, Any], start: str, history: list[Any], people: set[str]) -> None:
        selling = Selling(house, start, REGISTRY)
        for doing in history:
            selling.happens(doing)
        for actor in ("operator", *sorted(people)):
            check_one(selling, actor)
        sums = [one.sums for one in selling.engine.tally(actor="operator")]
        naive = Desk(selling.company, selling.company.deals(selling.happened), selling.now, "operator")
        assert sums == ([naive.sums()] if naive.deals else [])
        selling.store.close()

    check()
