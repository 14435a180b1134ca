from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from playbook import hookimpl, types
from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.errors import Blocker, Refused
from playbook.expressions import Function
from playbook.model.commands import Advance, Back, Close, Command, Open, Set
from playbook.model.contributions import Change, Guard
from playbook.model.events import TimerFired
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.interface import Store
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore
from playbook.times import to_micros

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
moves: {back: anyone}
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

    def __init__(
        self, timers: str, stages: str = "one: {next: [won]}", people: str = "", **plugins: object
    ) -> None:
        self.now = START
        text = DEALS.replace("TIMERS", timers).replace("one: {next: [won]}", stages)
        files = {"organization.yaml": ORGANIZATION + people, "deals.playbook.yaml": text}
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


def test_a_pause_that_ends_in_another_stage_ends_there() -> None:
    desk = Desk(
        "t: {in: [one], after: starts, by: 30d, pauses_when: deal.hold, then: [{notify: owner}]}",
        "one: {next: [two]}\n  two: {next: [won]}",
    )
    case = desk.run(Open("", "deals", fields={"starts": "2026-03-01", "hold": True}))
    desk.run(Advance(case))
    desk.wait(10)
    desk.run(Set(case, {"hold": False}))
    desk.wait(10)
    desk.run(Back(case, "one"))
    desk.wait(60)
    desk.engine.tick()
    assert desk.struck(case) == [("t", 39)]


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


OFFICES = """
organization: acme
timezone: ZONE
calendars:
  office: {days: mon-fri, holidays: [HOLIDAYS]}
people:
  sam: {name: Sam Okafor, role: ae, calendar: office}
"""


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_calendars_that_change_move_the_timers_that_run_either_way(kind: str, tmp_path: Path) -> None:
    store: Store = MemoryStore() if kind == "memory" else SqliteStore(str(tmp_path / "s.db"))
    now = [START]  # a Monday
    text = DEALS.replace("TIMERS", "t: {in_stage: 3wd, then: [{notify: owner}]}")

    def publish(holidays: str, zone: str = "UTC") -> Engine:
        organization = OFFICES.replace("HOLIDAYS", holidays).replace("ZONE", zone)
        read = Project.from_files({"organization.yaml": organization, "deals.playbook.yaml": text})
        assert not [problem for problem in read.problems if problem.severity == "error"]
        engine = Engine.open(read, store=store, clock=lambda: now[0], registry=load(entry_points=False))
        engine.publish(actor="operator")
        return engine

    def struck() -> list[str]:
        return sorted(
            f"{case.name} {item.event.due:%d %H}"
            for case in engine.find(actor="operator").items
            for item in engine.history(case.id, actor="operator")
            if isinstance(item.event, TimerFired)
        )

    engine = publish("2026-03-04, 2026-03-05, 2026-03-06")
    for name in ("a", "b"):
        assert isinstance(engine.run(Open("", "deals", name, "sam"), actor="sam"), Done)
    engine = publish("2026-03-06")  # the third working day is Thursday now, not the Tuesday after
    now[0] = dt.datetime(2026, 3, 5, 18, tzinfo=dt.UTC)
    assert (engine.tick(), struck()) == (2, ["a 05 17", "b 05 17"])
    assert isinstance(engine.run(Open("", "deals", "c", "sam"), actor="sam"), Done)  # due on Wednesday, at 17
    engine = publish("2026-03-06, 2026-03-10", "America/New_York")
    now[0] = dt.datetime(2026, 3, 12, 20, tzinfo=dt.UTC)
    assert (engine.tick(), struck()) == (0, ["a 05 17", "b 05 17"])
    now[0] = dt.datetime(2026, 3, 12, 22, tzinfo=dt.UTC)
    assert (engine.tick(), struck()) == (1, ["a 05 17", "b 05 17", "c 12 21"])
    assert not list(prove(engine))
    store.close()


def test_an_organization_that_changes_otherwise_has_no_timer_reckoned_anew() -> None:
    desk = Desk("t: {in_stage: 3wd, then: [{notify: owner}]}")
    desk.run(Open("", "deals"))
    more = ORGANIZATION + "  kim: {name: Kim Park, role: ae}\n"
    desk.engine.project = Project.from_files({"organization.yaml": more})
    desk.engine.publish(actor="operator")
    assert "kim" in desk.engine.world.organization.people
    assert not desk.store.claim("timers:default", now=to_micros(START), limit=9, lease=1, worker="w")


def test_what_is_scheduled_and_opened_by_itself_is_asked_of_whom_the_playbook_says() -> None:
    desk = Desk(
        "t: {in_stage: 1d, then: [{schedule: demo, due: 1wd}, {open: deals}]}",
        "one:\n    activities: {demo: {kind: meeting, assign: kim}}\n    next: [won]",
        people="  kim: {name: Kim Park, role: se, calendar: late}\n"
        "calendars: {late: {timezone: America/New_York, hours: 12:00-20:00}}\n",
    )
    case = desk.run(Open("", "deals"))
    desk.wait(1)
    desk.engine.tick()
    task, (child,) = desk.engine.case(case).tasks[-1], desk.engine.case(case).children
    assert (task.assignee, task.n) == ("kim", 2)
    assert task.due == dt.datetime(2026, 3, 5, 1, tzinfo=dt.UTC), "by the calendar of who does it"
    assert desk.engine.case(child).owner == "sam", "the owner of the case that it follows"


@pytest.mark.parametrize("looked", [True, False])
def test_what_is_due_late_strikes_by_the_calendar_that_holds_then_and_in_its_order(looked: bool) -> None:
    stages = "one:\n    exit: {fit: {approval: {by: sam, remind: 2wd}}}\n    next: [won]"
    desk = Desk(
        "t: {in_stage: 2wd, then: [{notify: owner}]}\n  u: {in_stage: 58h, then: [{notify: owner}]}", stages
    )
    case = desk.run(Open("", "deals"))
    assert isinstance(desk.engine.run(Advance(case), actor="sam"), Refused)  # due on Wednesday at 17, as t is
    desk.now = dt.datetime(2026, 3, 4, 18, tzinfo=dt.UTC)
    moved = ORGANIZATION + "timezone: America/New_York\n"  # where it is one o'clock
    desk.engine.project = Project.from_files({"organization.yaml": moved})
    desk.engine.publish(actor="operator")
    if looked:
        assert desk.engine.tick() == 0
    desk.wait(1)
    assert desk.engine.tick() == 3
    history = [(item.event, item.at) for item in desk.engine.history(case, actor="sam")]
    assert [(event.timer, event.due, at) for event, at in history if isinstance(event, TimerFired)] == [
        (name, dt.datetime(2026, 3, 4, hour, tzinfo=dt.UTC), dt.datetime(2026, 3, 4, hour, tzinfo=dt.UTC))
        for name, hour in (("u", 19), ("remind:fit", 22), ("t", 22))
    ]
    assert desk.engine.tick() == 0
