"""What the README shows works: its playbook blocks and lets go, its own plugin loads and passes its tests."""

from __future__ import annotations

import datetime as dt
import re
import sys
from pathlib import Path
from types import ModuleType

import attrs
import pytest
from msgspec.structs import replace

from playbook import Advance, Engine, Log, MemoryStore, Open, Project, Refused, Registry, Set, load_plugins

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
NOW = dt.datetime(2026, 3, 16, 12, tzinfo=dt.UTC)
FILE = "new-business.playbook.yaml"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def _project(text: str, registry: Registry) -> Project:
    return Project.from_files({FILE: text}, criteria=registry.criteria, functions=registry.functions)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins()


@pytest.fixture
def engine(registry: Registry) -> Engine:
    project = _project(_blocks("yaml")[0], registry)
    assert project.problems == ()
    engine = Engine.open(project, store=MemoryStore(), registry=registry, clock=lambda: NOW)
    engine.publish(actor="operator")
    return engine


def _open(engine: Engine) -> str:
    opened = engine.run(Open("", "new-business", "Acme", fields={"website": "acme.com"}), actor="operator")
    assert not isinstance(opened, Refused)
    return opened.case


def test_the_documented_playbook_explains_both_criteria(engine: Engine) -> None:
    case = _open(engine)
    refused = engine.run(Advance(case, "won"), actor="operator")
    assert isinstance(refused, Refused)
    touch, champion = refused.blockers
    assert (touch.criterion, touch.kind, touch.missing) == ("in_touch", "recent", ("call", "meeting"))
    assert touch.hint == "Log a call or meeting: there was none since 2026-03-02."
    assert touch.hint in README.replace("\n", " ")
    assert touch.actual == {"last call": None, "last meeting": None}
    assert (touch.file, touch.line) == (FILE, 10)
    assert (champion.criterion, champion.missing) == ("champion_is_theirs", ("deal.champion_email",))


def test_the_documented_playbook_lets_a_deal_go_that_meets_both(engine: Engine) -> None:
    case = _open(engine)
    engine.run(Log(case, "call"), actor="operator")
    engine.run(Set(case, {"champion_email": "ada@ACME.com"}), actor="operator")
    moved = engine.run(Advance(case, "won"), actor="operator")
    assert not isinstance(moved, Refused)
    assert moved.stage == "won"


def test_options_that_the_schema_refuses_are_a_problem_at_their_place(registry: Registry) -> None:
    text = _blocks("yaml")[0].replace("within: 10wd", "within: soon")
    (problem,) = _project(text, registry).problems
    assert (problem.span.file, problem.span.line, problem.excerpt[problem.span.column - 1 :]) == (
        FILE,
        11,
        "soon}",
    )
    assert "duration, like 14d or 10wd" in problem.message + problem.hint


def test_another_contract_version_blocks_instead_of_judging_anew(engine: Engine, registry: Registry) -> None:
    case = _open(engine)
    newer = replace(registry.criteria["recent"], version="2")
    other = attrs.evolve(registry, criteria={**registry.criteria, "recent": newer})
    later = Engine.open(None, store=engine.store, registry=other, clock=lambda: NOW)
    refused = later.run(Advance(case, "won"), actor="operator")
    assert isinstance(refused, Refused)
    assert "example/criteria/recent 1" in refused.blockers[0].missing


def test_the_plugin_of_the_steps_loads_and_passes_its_own_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin, tests = ModuleType("playbook_acme"), ModuleType("test_acme")
    monkeypatch.setitem(sys.modules, "playbook_acme", plugin)
    source, checks = _blocks("python")
    exec(source, vars(plugin))
    exec(checks, vars(tests))
    names = [name for name in vars(tests) if name.startswith("test_")]
    assert len(names) == 2
    for name in names:
        vars(tests)[name]()
