"""What a writer of playbooks has: drawings, pages, schemas, projects to start from."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from playbook.authoring.templates import names
from playbook.cli import main
from playbook.shipping import shipped

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

TREE = """\
Deals

Discovery  20% · pipeline
├─ to do     First meeting, within 5 working days
├─ to pass   We know what hurts: filled in: Pain
├─ to pass   It is worth at least 1,000: deal.amount >= 1000
└─ next      Proposal

Proposal  60% · best case
├─ to pass   We know who decides: filled(deal.decider)
└─ next      Won

Won  won

Lost  lost
├─ to enter  We know why: filled in: Why we lost
└─ from      any open stage
"""


def test_graph_shows_a_tree_and_writes_drawings(here: Run, project: Path) -> None:
    assert here("graph").out == TREE
    assert here("graph", "deals").out == TREE
    assert here("graph", "deals", "--format", "mermaid").out.startswith(
        '---\ntitle: "Deals"\n---\nflowchart TD\n'
    )
    file = project / "deals.dot"
    assert here("graph", "--format", "dot", "--output", str(file)).out == f"Written to {file}\n"
    assert file.read_text(encoding="utf-8").startswith("digraph playbook {")
    drawn = here("graph", "--json").json
    assert [way["kind"] for way in drawn["ways"]] == ["next", "next", "close"]
    assert drawn["steps"][0]["marks"][1] == {
        "kind": "needs", "rule": "filled in: Pain", "brief": "We know what hurts",
    }  # fmt: skip
    assert "did you mean 'deals'?" in here("graph", "deal", code=2).err


def test_graph_of_a_file_with_mistakes_tells_them(here: Run, project: Path) -> None:
    file = project / "deals.playbook.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("next: [won]", "next: [wno]"), encoding="utf-8")
    assert "did you mean 'won'?" in here("graph", code=1).out


def test_docs_writes_a_page_for_each_playbook(here: Run, project: Path) -> None:
    page = project / "handbook" / "deals.html"
    assert here("docs").out == f"deals: {page}\n"
    assert page.read_text(encoding="utf-8").startswith('<!doctype html>\n<html lang="en" dir="ltr">')
    written = here("docs", "--output", str(project / "deals.md"), "--json").json["written"]
    assert written == [{"playbook": "deals", "locale": "en", "file": str(project / "deals.md")}]
    assert (project / "deals.md").read_text(encoding="utf-8").startswith("# Deals\n")


def test_docs_in_another_language_takes_the_translation(here: Run, project: Path) -> None:
    assert "`playbook translate deals --locale fa` begins one" in here("docs", "--locale", "fa", code=2).err
    text = "translation: deals\nlocale: fa\nstages:\n  discovery:\n    title: شناخت\n"
    (project / "deals.fa.yaml").write_text(text, encoding="utf-8")
    answer = here("docs", "--locale", "fa")
    assert "texts are not translated into fa yet" in answer.err
    page = (project / "handbook" / "deals.fa.html").read_text(encoding="utf-8")
    assert '<html lang="fa" dir="rtl">' in page
    assert '<h2 id="stage-discovery">شناخت</h2>' in page
    (project / "deals.fa.yaml").write_text(
        f"{text}source:\n  stages.discovery.title: Scouting\n", encoding="utf-8"
    )
    assert "one text is translated from what stood there before" in here("docs", "--locale", "fa").err
    assert '<h2 id="stage-discovery">Discovery</h2>' in (project / "handbook" / "deals.fa.html").read_text(
        "utf-8"
    )


def test_a_file_outside_a_project_is_drawn_and_written_too(tmp_path: Path, project: Path) -> None:
    run = CliRunner()
    file = str(project / "deals.playbook.yaml")
    (project / "playbook.yaml").unlink()
    assert run.invoke(main, ["--project", str(tmp_path), "graph", file]).output == TREE
    done = run.invoke(main, ["--project", str(tmp_path), "docs", file, "--output", str(tmp_path / "a.html")])
    assert done.output == f"deals: {tmp_path / 'a.html'}\n"


@pytest.mark.parametrize("name", names())
def test_a_project_from_any_template_has_no_errors_and_passes_its_tests(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "north"
    run = CliRunner()
    said = run.invoke(main, ["init", str(folder), "--template", name])
    assert said.exit_code == 0, said.output
    assert "playbook check" in said.output
    checked = run.invoke(main, ["--project", str(folder), "check"])
    assert (checked.exit_code, "error" in checked.output) == (0, False), checked.output
    assert (folder / "playbook.yaml").read_text(encoding="utf-8").splitlines()[1] == "project: north"
    assert "playbook test" in said.output
    tested = run.invoke(main, ["--project", str(folder), "test"])
    assert tested.exit_code == 0, tested.output


@pytest.mark.parametrize("name", ["minimal", "new-business", "enterprise"])
def test_an_editor_finds_the_schema_of_every_file_of_a_project(name: str, tmp_path: Path) -> None:
    CliRunner().invoke(main, ["init", str(tmp_path), "--template", name])
    associated = json.loads((tmp_path / ".vscode/settings.json").read_text(encoding="utf-8"))["yaml.schemas"]
    for file in (file for file in tmp_path.rglob("*.yaml") if not file.name.startswith(".")):
        found = [
            schema
            for schema, patterns in associated.items()
            if any(fnmatch(file.name, pattern) for pattern in patterns)
        ]
        kind = next(line for line in file.read_text(encoding="utf-8").splitlines() if line[:1].isalpha())
        assert found == [f".vscode/schemas/{kind.partition(':')[0]}.schema.json"]
        assert (tmp_path / found[0]).is_file()
        lead = file.read_text(encoding="utf-8").partition("\n")[0].partition("$schema=")[2]
        assert not lead or (file.parent / lead).resolve() == tmp_path / found[0]


def test_init_lists_templates_keeps_what_is_there_and_names_what_is_near(here: Run, tmp_path: Path) -> None:
    shown = [one["name"] for one in here("init", "--list", "--json").json["templates"]]
    assert shown == list(names())
    assert "new-business: New business\n  Acceptance, Discovery" in here("init", "--list").out
    assert "is there already" in here("init", code=2).err
    assert "did you mean 'renewal'?" in here("init", str(tmp_path / "x"), "--template", "renewel", code=2).err
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / ".gitignore").write_text("mine\n", encoding="utf-8")
    assert "Kept as they were: .gitignore" in here("init", str(tmp_path / "y")).out
    assert (tmp_path / "y" / ".gitignore").read_text(encoding="utf-8") == "mine\n"


def test_schema_writes_those_of_all_kinds_as_init_did(here: Run, project: Path, tmp_path: Path) -> None:
    here("schema", "--output", str(tmp_path / "all"))
    made = {file.name: file.read_bytes() for file in (tmp_path / "all").iterdir()}
    assert made == {file.name: file.read_bytes() for file in (project / ".vscode/schemas").iterdir()}
    assert "name a kind: " in here("schema", code=2).err


def test_the_hooks_of_pre_commit_and_the_workflow_run_commands_that_there_are(project: Path) -> None:
    hooks = (shipped("schemas").parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    local = (project / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    workflow = (project / ".github/workflows/playbook.yml").read_text(encoding="utf-8")
    commands = [line.partition("playbook ")[2] for line in (hooks + local + workflow).splitlines() if
                re.search(r"(entry|run): playbook ", line)]  # fmt: skip
    assert len(commands) == 6
    for words in map(str.split, commands):
        shown = CliRunner().invoke(main, [words[0], "--help"]).output
        assert all(option in shown for option in words[1:] if option.startswith("--")), words


def test_a_playbook_that_ships_is_drawn_where_it_lies(tmp_path: Path) -> None:
    for file in sorted(shipped("playbooks").glob("*/*.playbook.yaml")):
        drawn = CliRunner().invoke(main, ["--project", str(tmp_path), "graph", str(file), "--format", "dot"])
        assert drawn.output.startswith("digraph playbook {"), drawn.output
