"""Battlecards: a kind of file from a plugin, from the file to what a rep reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import playbook
import playbook_example
from playbook import Engine, MemoryStore, Open, Project, Refused
from playbook.checking import problems_of
from playbook.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
CARD = re.findall(r"```yaml battlecard\n(.*?)```", README, re.DOTALL)[0]
DEALS = """
playbook: deals
version: 1
subject: deal
fields:
  competitor: {type: text, title: Competitor}
stages:
  talks: {guidance: {goal: Be first}, next: [won]}
  won: {final: won}
"""
FILES = {"deals.playbook.yaml": DEALS, "rivalsoft.battlecard.yaml": CARD}


@pytest.fixture
def registry() -> playbook.Registry:
    return playbook.load_plugins(extra={"example": playbook_example}, entry_points=False)


def read(registry: playbook.Registry, **files: str) -> Project:
    changed = {name.replace("_", "."): text for name, text in files.items()}
    return Project.from_files({**FILES, **changed}, kinds=registry.kinds)


def engine_on(project: Project, registry: playbook.Registry, store: playbook.Store | None = None) -> Engine:
    engine = Engine.open(project, store=store or MemoryStore(), registry=registry)
    engine.publish(actor="operator")
    return engine


def test_a_card_is_shown_where_a_case_names_the_competitor(registry: playbook.Registry) -> None:
    engine = engine_on(read(registry), registry)
    against = engine.run(Open("", "deals", fields={"competitor": "rivalsoft gmbh"}), actor="sam")
    alone = engine.run(Open("", "deals"), actor="sam")
    assert not isinstance(against, Refused)
    assert not isinstance(alone, Refused)
    assert engine.guide(alone.case, actor="sam").beside == ()
    (card,) = engine.guide(against.case, actor="sam").beside
    assert (card.kind, card.id, card.title) == ("battlecard", "rivalsoft", "Against Rivalsoft")
    said = [(part.form, [(item.name, item.text) for item in part.items]) for part in card.parts]
    assert said == [
        ("questions", [("", "How long did your last update take?")]),
        ("objections", [("They are cheaper", "Ask what the second year costs.")]),
    ]


def test_what_is_published_is_there_without_the_files_changes_with_them_and_goes(
    registry: playbook.Registry,
) -> None:
    store = MemoryStore()
    first = engine_on(read(registry), registry, store)
    elsewhere = Engine.open(None, store=store, registry=registry)
    assert elsewhere.published("battlecard")["rivalsoft"]["is"] == ["Rivalsoft", "Rivalsoft GmbH"]
    before = len(list(store.events("default", "file:battlecard:rivalsoft")))
    first.publish(actor="operator")
    assert len(list(store.events("default", "file:battlecard:rivalsoft"))) == before == 1
    engine_on(
        read(registry, rivalsoft_battlecard_yaml=CARD.replace("[Rivalsoft,", "[Rival,")), registry, store
    )
    assert elsewhere.published("battlecard")["rivalsoft"]["is"] == ["Rival", "Rivalsoft GmbH"]
    engine_on(Project.from_files({"deals.playbook.yaml": DEALS}), registry, store)
    assert elsewhere.published("battlecard") == {}
    assert elsewhere.withdrawn("battlecard") == ("rivalsoft",)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (("for: deal", "for: lead"), "3:6 battlecard-for"),
        (("field: competitor", "field: rival"), "4:8 battlecard-field"),
        ((CARD[CARD.index("questions") :], ""), "1:1 battlecard-empty"),
        (("questions:", "question:"), "6:1 unknown-key"),
        (("is: [Rivalsoft, Rivalsoft GmbH]", "is: []"), "5:5 out-of-range"),
    ],
)
def test_each_mistake_in_a_card_is_told_at_its_place(
    registry: playbook.Registry, wrong: tuple[str, str], problem: str
) -> None:
    project = read(registry, rivalsoft_battlecard_yaml=CARD.replace(*wrong))
    assert [f"{p.span.line}:{p.span.column} {p.code}" for p in problems_of(project)] == [problem]
    with pytest.raises(playbook.ProblemsFound):
        Engine.open(project, store=MemoryStore(), registry=registry).publish(actor="operator")


def test_the_command_line_checks_publishes_shows_and_proves_it(tmp_path: Path) -> None:
    for name, text in {**FILES, "playbook.yaml": "project: acme\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*arguments: str, code: int = 0) -> Any:
        done = CliRunner().invoke(main, ["--project", str(tmp_path), "--json", *arguments])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    run("check")
    assert run("schema", "battlecard")["title"] == "Battlecard"
    plugins = {plugin["name"]: plugin["contributes"] for plugin in run("plugins")["plugins"]}
    assert plugins["example"]["kinds"] == ["battlecard"]
    assert "playbook" in plugins["builtin"]["kinds"]
    run("open", "deals", "Acme", "competitor=Rivalsoft")
    assert [card["title"] for card in run("guide", "Acme")["beside"]] == ["Against Rivalsoft"]
    run("fsck")
    shown = CliRunner().invoke(main, ["--project", str(tmp_path), "guide", "Acme"]).stdout
    assert "Against Rivalsoft\n\nAsk\n  How long did your last update take?" in shown
    card = tmp_path / "rivalsoft.battlecard.yaml"
    card.write_text(CARD.replace("field: competitor", "field: rival"), encoding="utf-8")
    (found,) = run("check", code=1)["problems"]
    assert (found["code"], found["line"], found["column"]) == ("battlecard-field", 4, 8)
