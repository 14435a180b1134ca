"""Rules of the language about files: each is proved on a project, given, when it changes, then."""

from __future__ import annotations

import datetime as dt

import pytest

from playbook.engine import Engine
from playbook.errors import InputError
from playbook.model.commands import Open
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
DEALS = """\
playbook: deals
version: 1
subject: deal
fields: {amount: {type: money}, worth: {type: money}}
stages:
  start: {title: Start, exit: {big: {that: deal.amount > 100 EUR}}, next: [won]}
  won: {final: won}
"""
REGISTRY = load(entry_points=False)


def engine(text: str, store: MemoryStore) -> Engine:
    project = Project.from_files({"deals.playbook.yaml": text})
    assert not [problem for problem in project.problems if problem.severity == "error"]
    found = Engine.open(project, store=store, clock=lambda: NOW, registry=REGISTRY)
    found.publish(actor="operator")
    return found


def opened() -> MemoryStore:
    store = MemoryStore()
    engine(DEALS, store).run(
        Open("", "deals", "Big Co", fields={"amount": "5 EUR", "worth": "7 EUR"}), actor="sam"
    )
    return store


def test_m_is_refused_as_a_unit_of_time() -> None:
    timer = DEALS.replace(
        "next: [won]", "timers: {late: {in_stage: 3m, then: [{notify: owner}]}}, next: [won]"
    )
    (problem,) = Project.from_files({"deals.playbook.yaml": timer}).problems
    assert problem.severity == "error"
    assert "'3m' is not a duration" in problem.message
    assert problem.hint == "write 3min or 3mo"


def test_a_playbook_that_has_cases_is_not_changed_without_a_new_version() -> None:
    store, changed = opened(), DEALS.replace("> 100 EUR", "> 90 EUR")
    with pytest.raises(InputError, match="write version: 2 to publish the change"):
        engine(changed, store)
    later = engine(changed.replace("version: 1", "version: 2"), store)
    assert later.definitions.current("deals", None).playbook.version == 2


def test_a_playbook_that_has_no_cases_is_changed_freely() -> None:
    store = MemoryStore()
    before = engine(DEALS, store).definitions.current("deals", None)
    after = engine(DEALS.replace("> 100 EUR", "> 90 EUR"), store).definitions.current("deals", None)
    assert before.definition.digest != after.definition.digest


def test_texts_for_people_change_freely() -> None:
    store = opened()
    later = engine(DEALS.replace("title: Start", "title: Beginning"), store)
    assert later.definitions.current("deals", None).stages["start"].title == "Beginning"


@pytest.mark.parametrize(("about", "amount"), [("", "5.00"), ("about: {amount: worth}\n", "7.00")])
def test_fields_play_the_parts_that_they_are_named_for(about: str, amount: str) -> None:
    store = MemoryStore()
    found = engine(DEALS + about, store)
    found.run(Open("", "deals", "Big Co", fields={"amount": "5 EUR", "worth": "7 EUR"}), actor="sam")
    (case,) = found.find(actor="operator").items
    assert case.amount is not None
    assert str(case.amount.amount) == amount
