"""The verb `congratulate` and the guard `named`, on an engine."""

from __future__ import annotations

import pytest

import playbook
import playbook_example
from playbook import Advance, Engine, MemoryStore, Open, Project, Refused

FILES = {
    "organization.yaml": """
organization: acme
teams: {sales: {manager: dana}}
people:
  dana: {name: Dana Ruiz, role: manager, team: sales}
  sam: {name: Sam Okafor, role: ae, team: sales}
""",
    "deals.playbook.yaml": """
playbook: deals
version: 1
subject: deal
stages:
  talks: {next: [won]}
  won:
    final: won
    on_enter: [{congratulate: manager}]
""",
}


def engine(settings: dict[str, str]) -> Engine:
    registry = playbook.load_plugins(
        {"example": settings}, extra={"example": playbook_example}, entry_points=False
    )
    project = Project.from_files(
        FILES, criteria=registry.criteria, functions=registry.functions, actions=registry.actions
    )
    assert not project.problems
    made = Engine.open(project, store=MemoryStore(), registry=registry)
    made.publish(actor="operator")
    return made


def test_congratulate_tells_the_owner_and_those_named() -> None:
    sales = engine({})
    case = sales.run(Open("", "deals", "Big Co"), actor="sam")
    assert not isinstance(case, Refused)
    sales.run(Advance(case.case), actor="sam")
    notice = list(sales.history(case.case, actor="sam"))[-1].event
    assert (notice.to, notice.say) == (("sam", "dana"), "Well done: Big Co")


def test_the_guard_refuses_only_where_settings_ask_for_it_and_why_says_the_same() -> None:
    assert not isinstance(engine({}).run(Open("", "deals"), actor="sam"), Refused)
    strict = engine({"names": "required"})
    refused = strict.run(Open("", "deals"), actor="sam")
    assert isinstance(refused, Refused)
    assert [b.title for b in refused.blockers] == ["It needs a name"]
    assert strict.find(actor="sam").items == ()
    assert not isinstance(strict.run(Open("", "deals", "Big Co"), actor="sam"), Refused)


def test_a_guard_that_raises_is_named_and_nothing_is_stored() -> None:
    class Broken:
        @playbook.hookimpl
        def playbook_before_commit(self) -> list[playbook.Guard]:
            def check(change: playbook.Change) -> list[playbook.Blocker]:
                raise KeyError(change.playbook)

            return [playbook.Guard("broken", "1", check)]

    registry = playbook.load_plugins(
        extra={"broken": Broken(), "example": playbook_example}, entry_points=False
    )
    project = Project.from_files(FILES, actions=registry.actions)
    made = Engine.open(project, store=MemoryStore(), registry=registry)
    made.publish(actor="operator")
    with pytest.raises(playbook.PluginError, match="plugin 'broken': KeyError: 'deals'; nothing was stored"):
        made.run(Open("", "deals", "Big Co"), actor="sam")
    assert made.find(actor="sam").items == ()
