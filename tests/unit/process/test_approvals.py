"""When to remind of an approval, and what a file may leave out of one."""

from __future__ import annotations

import datetime as dt

from playbook.engine import Engine
from playbook.model.commands import Advance, Approve, Open, Refuse, Set
from playbook.plugins import load
from playbook.process.approvals import reminders
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore

PLAYBOOK = """
playbook: deals
version: 1
subject: deal
fields: {amount: {type: integer}}
stages:
  a:
    exit:
      one: {approval: {by: boss, remind: 2wd, delegate: false}, covers: [amount]}
      two: {approval: {by: lea}}
    next: [won]
  won: {final: won}
"""
ORGANIZATION = """
organization: acme
people:
  boss: {name: Boss, away: [{from: 2026-01-01, to: 2026-12-31, delegate: lea}]}
  lea: {name: Lea}
  sam: {name: Sam}
"""
FRIDAY = dt.datetime(2026, 1, 9, 10, tzinfo=dt.UTC)


def engine() -> Engine:
    """Return an engine with one case, on a Friday."""
    read = Project.from_files({"deals.playbook.yaml": PLAYBOOK, "organization.yaml": ORGANIZATION})
    assert not [problem for problem in read.problems if problem.severity == "error"]
    made = Engine.open(read, store=MemoryStore(), registry=load(entry_points=False), clock=lambda: FRIDAY)
    made.publish(actor="operator")
    made.run(Open("c1", "deals", "X"), actor="sam")
    return made


def reminded(of: Engine) -> list[tuple[str, str]]:
    """Return what is reminded of, and when."""
    case, definition = of.case_and_definition("c1")
    return [(name, at.isoformat()) for name, at in reminders(case, definition, of.world.calendar)]


def test_remind_counts_from_the_asking_until_there_is_an_answer() -> None:
    made = engine()
    assert reminded(made) == []
    made.run(Advance("c1"), actor="sam")
    assert reminded(made) == [("one", "2026-01-13T17:00:00+00:00")]
    made.run(Approve("c1", "one"), actor="boss")
    assert reminded(made) == []
    made.run(Set("c1", {"amount": 5}), actor="sam")
    assert reminded(made) == []
    made.run(Advance("c1"), actor="sam")
    assert reminded(made) == [("one", "2026-01-13T17:00:00+00:00")]
    made.run(Refuse("c1", "one", "No"), actor="boss")
    assert reminded(made) == []


def test_an_approval_that_may_not_be_delegated_is_not() -> None:
    made = engine()
    made.run(Advance("c1"), actor="sam")
    answer = made.run(Approve("c1", "one"), actor="lea")
    assert getattr(answer, "code", "") == "not_permitted"
