"""Rules of the language that need more than a case: an import, a published file, a look at the files themselves."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import playbook_example
from playbook.checking import problems_of
from playbook.engine import Done, Engine
from playbook.importing import import_file
from playbook.model.commands import Advance, Assign, Log, Open, Set
from playbook.model.events import ActionRefused, Noticed, TimerFired
from playbook.plugins import Registry, load
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
REGISTRY = load(entry_points=False)
ORGANIZATION = """\
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae}
  lea: {name: Lea, role: ae}
measures:
  paid: {playbook: deals, entry: payment, amount: entry.amount}
"""
DEALS = """\
playbook: deals
version: 1
subject: deal
fields: {amount: {type: money}, pain: {type: text}, competitor: {type: text}}
entries: {payment: {fields: {amount: {type: money}}}}
stages:
  start:
    activities: {call: {kind: call}}
    timers: {stale: {idle: 10d, then: [{notify: owner}]}}
    next: [talks]
  talks:
    on_enter: [{advance: {}}]
    exit: {pain_known: {fields: [pain]}}
    next: [won]
  won: {final: won}
"""
MAPPING = """\
mapping: crm
into: deals
key: id
columns: {name: name, owner: owner, opened: {column: opened, otherwise: now}, fields: {amount: amount}}
stages: {column: stage}
"""


class World:
    """Run an engine on files at pretended times."""

    def __init__(self, registry: Registry = REGISTRY, **more: str) -> None:
        self.now = NOW
        files = {
            "deals.playbook.yaml": DEALS, "organization.yaml": ORGANIZATION, "crm.mapping.yaml": MAPPING,
            **{name.replace("_", "."): text for name, text in more.items()},
        }  # fmt: skip
        self.project = Project.from_files(files, kinds=registry.kinds)
        self.engine = Engine.open(
            self.project, store=MemoryStore(), registry=registry, clock=lambda: self.now
        )
        self.engine.publish(actor="operator")

    def run(self, command: Any, actor: str = "sam") -> str:
        answer = self.engine.run(command, actor=actor)
        assert isinstance(answer, Done), answer
        return answer.case

    def events(self, case: str, kind: type[Any]) -> list[Any]:
        items = self.engine.history(case, actor="operator")
        return [item.event for item in items if isinstance(item.event, kind)]

    def wait(self, days: int) -> None:
        self.now += dt.timedelta(days=days)
        self.engine.tick(self.now)


def test_imports_do_not_count_as_work_so_idle_goes_on(tmp_path: Path) -> None:
    world, rows = World(), tmp_path / "rows.csv"
    mapping = world.project.mappings["crm"].value
    assert mapping is not None

    def take(amount: str) -> None:
        rows.write_text(f"id,name,owner,opened,amount,stage\n1,Acme,sam,,{amount},start\n", encoding="utf-8")
        assert import_file(world.engine, mapping, rows, actor="operator").rejected == []

    take("5 EUR")
    (view,) = world.engine.find(actor="operator").items
    world.run(Log(view.id, "note", text="They called"))
    for day in range(1, 4):
        world.wait(3)
        take(f"{day} EUR")
        case = world.engine.case(view.id)
        assert (case.touched, case.last) == (NOW, world.now)
    assert world.events(view.id, TimerFired) == []
    world.wait(1)
    (struck,) = world.events(view.id, TimerFired)
    assert (struck.base, struck.due) == (NOW, NOW + dt.timedelta(days=10))


def test_credit_already_earned_stays_with_who_earned_it() -> None:
    world = World()
    case = world.run(Open("", "deals", "Acme"))
    world.run(Log(case, "payment", {"amount": "30 EUR"}))
    world.wait(1)
    world.run(Assign(case, "lea"), "operator")
    world.run(Log(case, "payment", {"amount": "40 EUR"}), "lea")
    days = NOW.date(), world.now.date()
    credited = [(one.owner, str(one.amount)) for one in world.engine.desk.counted("paid", *days)]
    assert credited == [("sam", "30.00 EUR"), ("lea", "40.00 EUR")]
    assert [(task.id, task.assignee) for task in world.engine.case(case).tasks] == [("call", "lea")]


def test_guidance_does_not_apply_where_it_is_unknown_whether_it_does() -> None:
    card = (
        "battlecard: rival\ntitle: Against Rival\nfor: deal\nfield: competitor\nis: [Rival]\n"
        "questions: [How long did your last update take?]\n"
    )
    registry = load(extra={"example": playbook_example}, entry_points=False)
    world = World(registry, rival_battlecard_yaml=card)
    case = world.run(Open("", "deals", "Acme"))
    for said, shown in ((None, []), ("Rival", ["rival"]), ("Other", []), (" ", [])):
        world.run(Set(case, {"competitor": said}))
        assert [one.id for one in world.engine.guide(case, actor="sam").beside] == shown, said


def test_an_action_that_a_gate_may_refuse_is_warned_of_and_refused_once() -> None:
    world = World()
    (told,) = [one for one in problems_of(world.project) if one.code == "action-refused"]
    assert told.span.line == 12
    assert told.message == "moving on from stage 'talks' asks for pain_known, which may be unmet"
    sure = DEALS.replace("[{advance: {}}]", "[{advance: {}, when: deal.pain != null}]")
    mended = Project.from_files({"deals.playbook.yaml": sure, "organization.yaml": ORGANIZATION})
    assert not [one for one in problems_of(mended) if one.code == "action-refused"]
    case = world.run(Open("", "deals", "Acme"))
    world.run(Advance(case))
    (refused,) = world.events(case, ActionRefused)
    assert (refused.action, refused.criteria) == ("stages.talks.on_enter.0", ("pain_known",))
    assert [event.to for event in world.events(case, Noticed)] == [("sam",)]
    world.run(Set(case, {"pain": "slow"}))
    world.wait(2)
    assert world.engine.case(case).stage == "talks"
    assert len(world.events(case, ActionRefused)) == 1
