from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from playbook import hookimpl, types
from playbook.engine import Done, Engine
from playbook.errors import Blocker, Refused
from playbook.expressions import Function
from playbook.model.commands import Advance, Close, Command, Open, Set
from playbook.model.contributions import Change, Guard
from playbook.model.events import TimerFired
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore

ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam Okafor, role: ae}
"""
DEALS = """
playbook: deals
version: 1
subject: deal
fields:
  starts: {type: date}
  hold: {type: boolean}
timers:
  TIMERS
stages:
  one: {next: [won]}
  won: {final: won}
  lost: {final: lost, from: any}
"""
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


class Desk:
    """An engine over one playbook with timers, and a clock that is set by hand."""

    def __init__(self, timers: str, stages: str = "one: {next: [won]}", **plugins: object) -> None:
        self.now = START
        text = DEALS.replace("TIMERS", timers).replace("one: {next: [won]}", stages)
        files = {"organization.yaml": ORGANIZATION, "deals.playbook.yaml": text}
        self.store = MemoryStore()
        self.registry = load(entry_points=False, extra=plugins)
        read = Project.from_files(files, functions=self.registry.functions)
        assert not [problem for problem in read.problems if problem.severity == "error"]
        self.engine = Engine.open(read, store=self.store, registry=self.registry, clock=lambda: self.now)
        self.engine.publish(actor="operator")

    def wait(self, days: int) -> None:
        self.now += dt.timedelta(days=days)

    def run(self, command: Command) -> str:
        done = self.engine.run(command, actor="sam")
        assert isinstance(done, Done)
        return done.case

    def struck(self, case: str) -> list[tuple[str, int]]:
        """Return which timers struck, and how many days after the start."""
        events = [(item.event, item.at) for item in self.engine.history(case, actor="sam")]
        return [(event.timer, (at - START).days) for event, at in events if isinstance(event, TimerFired)]


@pytest.mark.parametrize(
    ("when", "struck"), [("case.age < 10d", [("t", 5)]), ("case.age > 4d", [("t", 5)]), ("case.age > 6d", [])]
)
def test_whether_a_timer_applies_is_asked_at_its_moment_however_late_one_looks(
    when: str, struck: list[tuple[str, int]]
) -> None:
    desk = Desk(f"t: {{in_stage: 5d, when: {when}, then: [{{notify: owner}}]}}")
    case = desk.run(Open("", "deals"))
    desk.wait(20)
    assert desk.engine.tick() == len(struck), "a tick comes to its end"
    assert desk.struck(case) == struck


@pytest.mark.parametrize("pace", [1, 30])
def test_timers_of_a_case_strike_in_order_however_late_one_looks(pace: int) -> None:
    desk = Desk(
        "late: {after: starts, by: 5d, then: [{notify: owner}]}\n"
        "  on: {in: [one], in_stage: 1d, then: [{advance: two}]}\n"
        "  end: {in: [two], in_stage: 1d, then: [{close: lost}]}",
        "one: {next: [two]}\n  two: {next: [won]}",
    )
    case = desk.run(Open("", "deals", fields={"starts": "2026-03-01"}))
    for _ in range(0, 30, pace):
        desk.wait(pace)
        desk.engine.tick()
    assert desk.struck(case) == [("on", 1), ("end", 2)]


def test_a_pause_before_a_timer_begins_to_count_moves_it_nowhere() -> None:
    desk = Desk("t: {after: starts, by: 10d, pauses_when: deal.hold, then: [{notify: owner}]}")
    case = desk.run(Open("", "deals", fields={"starts": "2026-03-31", "hold": True}))
    desk.wait(10)
    desk.run(Set(case, {"hold": False}))
    desk.wait(60)
    desk.engine.tick()
    assert desk.struck(case) == [("t", 39)]


class Halving:
    """A plugin with one function."""

    @hookimpl
    def playbook_functions(self) -> Iterator[Function]:
        yield Function("half", (types.INT,), types.INT, lambda n: n // 2, "1")


def test_what_strikes_while_a_plugin_is_missing_waits_for_it() -> None:
    stages = "one:\n    exit: {fit: {when: half(4) == 2, approval: {by: sam, remind: 2d}}}\n    next: [won]"
    desk = Desk("t: {in_stage: 1d, then: [{notify: owner}]}", stages, halving=Halving())
    case = desk.run(Open("", "deals"))
    assert isinstance(desk.engine.run(Advance(case), actor="sam"), Refused)
    without = Engine.open(None, store=desk.store, registry=load(entry_points=False), clock=lambda: desk.now)
    desk.wait(3)
    assert without.tick() == 0
    assert desk.struck(case) == []
    desk.wait(1)
    assert desk.engine.tick() == 2
    assert sorted(name for name, _ in desk.struck(case)) == ["remind:fit", "t"]


def test_nobody_is_reminded_of_an_approval_once_the_case_has_ended() -> None:
    stages = "one:\n    exit: {fit: {approval: {by: sam, remind: 2d}}}\n    next: [won]"
    desk = Desk("t: {in_stage: 1d, then: [{notify: owner}]}", stages)
    case = desk.run(Open("", "deals"))
    assert isinstance(desk.engine.run(Advance(case), actor="sam"), Refused)
    desk.run(Close(case, "lost"))
    desk.wait(3)
    assert desk.engine.tick() == 0


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "9998-12-31"])
@pytest.mark.parametrize("timer", ["{after: starts, by: 900d", "{before: starts, by: 900d"])
def test_a_moment_beyond_the_calendar_never_comes_and_breaks_nothing(day: str, timer: str) -> None:
    desk = Desk(f"t: {timer}, then: [{{notify: owner}}]}}")
    case = desk.run(Open("", "deals", fields={"starts": day}))
    desk.wait(30)
    desk.engine.tick()
    assert (day, desk.struck(case)) in ((day, []), ("0001-01-01", [("t", 0)]))


class NoLosses:
    """A plugin whose guard lets nothing be lost."""

    @hookimpl
    def playbook_before_commit(self) -> Iterator[Guard]:
        def check(change: Change) -> Iterator[Blocker]:
            if change.after.outcome == "lost":
                yield Blocker("no_losses", "guard", "Nothing is lost here")

        yield Guard("no_losses", "1", check)


def test_a_guard_looks_at_what_a_timer_does_too() -> None:
    desk = Desk("t: {in_stage: 5d, then: [{close: lost}]}", guard=NoLosses())
    case = desk.run(Open("", "deals"))
    desk.wait(20)
    assert desk.engine.tick() == 0
    assert desk.engine.case(case).outcome == "open"
    assert desk.struck(case) == []
