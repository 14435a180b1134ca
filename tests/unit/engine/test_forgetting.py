"""Forgetting: what is erased with what, and that it was done stays without what it was."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.engine.streams import ORGANIZATION
from playbook.model.commands import Advance, Log, Open, Set
from playbook.model.events import CaseForgotten
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore

CASES = Path(__file__).parents[2] / "cases"
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def family() -> tuple[Engine, str, str]:
    """Return an engine with a deal that was won and the case that follows it up, which has a copy of its buyer."""
    names = ("discreet.playbook.yaml", "aftercare.playbook.yaml", "organization.yaml")
    project = Project.from_files({name: (CASES / name).read_text(encoding="utf-8") for name in names})
    engine = Engine.open(project, store=MemoryStore(), clock=lambda: NOW, registry=load(entry_points=False))
    engine.publish(actor="operator")
    for command in (
        Open("deal", "deals", fields={"buyer": "Bea"}),
        Log("deal", "visit", {"whom": "Cy"}),
        Advance("deal"),
        Advance("deal", "won"),
    ):
        assert isinstance(engine.run(command, actor="sam"), Done)
    (child,) = engine.case("deal").children
    return engine, "deal", child


def test_a_case_is_forgotten_with_those_it_follows_up_and_that_follow_it_up_and_each_says_so() -> None:
    engine, deal, child = family()
    erased = engine.forget(child, actor="operator")
    assert (erased.values, erased.cases) == (5, (child, deal))
    assert set(erased.fields) == {"whom", "hello", "buyer", "sealed"}
    for case, fields in ((deal, ("buyer", "sealed")), (child, ("whom", "hello"))):
        *_, last = engine.history(case, actor="operator")
        assert (last.event, last.actor) == (CaseForgotten(fields), "operator")
        assert not engine.case(case).fields.keys() & set(fields)
    assert not list(prove(engine))
    again = engine.forget(child, actor="operator")
    assert (again.values, again.fields) == (0, ())


def test_a_case_that_has_nothing_personal_says_only_that_it_was_asked_of_itself() -> None:
    engine, deal, _ = family()
    engine.run(Open("other", "care"), actor="sam")
    assert engine.forget("other", actor="operator").cases == ("other",)
    assert [item.kind for item in engine.history("other", actor="operator")] == [
        "case.opened/1", "case.forgotten/1"
    ]  # fmt: skip
    assert engine.case(deal).fields["buyer"] == "Bea"


def test_forgetting_changes_no_idleness_and_a_value_may_be_given_anew() -> None:
    engine, deal, child = family()
    touched = engine.case(child).touched
    engine.clock = lambda: NOW + dt.timedelta(days=3)
    engine.forget(deal, actor="operator")
    assert engine.case(child).touched == touched
    engine.run(Set(child, {"whom": "Dee"}), actor="sam")
    assert engine.case(child).fields["whom"] == "Dee"


def test_that_a_person_was_forgotten_stays_in_the_stream_of_the_organization() -> None:
    engine, _, _ = family()
    before = engine.world.organization
    engine.forget("sam", actor="operator")
    *_, last = engine.store.events(engine.tenant, ORGANIZATION)
    assert (last.kind, last.data, last.actor) == ("person.forgotten/1", b'{"person":"sam"}', "operator")
    assert engine.world.organization == before
    assert not list(prove(engine))
