"""`playbook test` from outside: which scenarios run, what is printed, and the exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from click.testing import CliRunner

from playbook.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import Run

LOST = """\
scenario: Lost by $reason
playbook: deals
clock: 2026-03-02 09:00
given: {owner: sam, placed: proposal}
steps:
  - {close: lost, expect: {blocked: reason}}
  - {close: lost, with: {loss_reason: $reason}, expect: {outcome: $outcome}}
for_each:
  - {reason: price, outcome: lost}
  - {reason: timing, outcome: won}
"""


def test_one_document_with_shares_and_failures(project: Path, here: Run) -> None:
    (project / "lost.scenario.yaml").write_text(LOST, encoding="utf-8")
    said = here("test", "--json", code=1).json
    assert (said["passed"], said["failed"]) == (2, 1)
    assert said["coverage"] == {"stages": 1.0, "moves": 1.0, "criteria": 1.0, "timers": 1.0}
    assert said["untouched"] == []
    (failed,) = [one for one in said["scenarios"] if not one["passed"]]
    assert (failed["name"], failed["line"], failed["playbook"]) == ("Lost by timing", 7, "deals")
    assert failed["failure"]["step"] == 2
    assert failed["failure"]["mismatches"] == [{"name": "outcome", "expected": "won", "is": "lost"}]


def test_some_of_them_and_a_gate(project: Path, here: Run) -> None:
    (project / "lost.scenario.yaml").write_text(LOST, encoding="utf-8")
    chosen = here("test", "-k", "lost by PRICE", "--json").json
    assert [one["name"] for one in chosen["scenarios"]] == ["Lost by price"]
    assert chosen["coverage"]["stages"] == 0.25
    file = project / "won.scenario.yaml"
    assert [one["file"] for one in here("test", str(file), "--json").json["scenarios"]] == [str(file)]
    assert "1 passed" in here("test", "-k", "price", "--fail-under", "20").out
    low = here("test", "-k", "price", "--fail-under", "90", code=1).out
    assert "is touched, and 90% are asked for" in low
    assert "deals.playbook.yaml:45: decider_known is never met" in low


def test_a_file_brings_its_project_along(project: Path) -> None:
    result = CliRunner().invoke(main, ["test", str(project / "won.scenario.yaml")])
    assert (result.exit_code, "1 passed" in result.stdout) == (0, True)


def test_what_is_not_there_is_said(project: Path, here: Run) -> None:
    assert "named like 'nothing'" in here("test", "-k", "nothing", code=2).err
    assert "is not there" in here("test", "gone.scenario.yaml", code=2).err
    assert "has no scenario" in here("test", str(project / "organization.yaml"), code=2).err
    assert "cannot be written" in here("test", "--junit", str(project / "no" / "report.xml"), code=2).err


def test_junit_xml_for_a_build_server(project: Path, here: Run, tmp_path: Path) -> None:
    (project / "lost.scenario.yaml").write_text(LOST, encoding="utf-8")
    here("test", "--junit", str(tmp_path / "report.xml"), code=1)
    suite = Xml.parse(tmp_path / "report.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    (failure,) = suite.findall("testcase/failure")
    assert "outcome  won       lost" in (failure.text or "")
