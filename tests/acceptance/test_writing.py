"""What a writer of playbooks has: drawings, pages, schemas, projects to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

from playbook.cli import main

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


def test_a_file_outside_a_project_is_drawn_and_written_too(tmp_path: Path, project: Path) -> None:
    run = CliRunner()
    file = str(project / "deals.playbook.yaml")
    (project / "playbook.yaml").unlink()
    assert run.invoke(main, ["--project", str(tmp_path), "graph", file]).output == TREE
    done = run.invoke(main, ["--project", str(tmp_path), "docs", file, "--output", str(tmp_path / "a.html")])
    assert done.output == f"deals: {tmp_path / 'a.html'}\n"
