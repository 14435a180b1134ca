from __future__ import annotations

import datetime as dt

import pytest

from playbook.engine import Done, Engine
from playbook.model.commands import Command, Open
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

    def __init__(self, timers: str) -> None:
        self.now = START
        files = {"organization.yaml": ORGANIZATION, "deals.playbook.yaml": DEALS.replace("TIMERS", timers)}
        self.store = MemoryStore()
        self.registry = load(entry_points=False)
        read = Project.from_files(files)
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
