"""The plugin of pytest: scenarios are collected and run where the package is installed; nothing else changes."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ("pytester",)

MODULE = "playbook.testing.pytest_plugin"
INSTALLED = any(entry.value == MODULE for entry in importlib.metadata.entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", MODULE)


@pytest.fixture
def project(pytester: pytest.Pytester) -> Path:
    """Make a project beside a test, as an application would have it."""
    folder = pytester.path / "acme"
    # In a process of its own: pytester forgets every module that is imported while it is there.
    program = "from playbook.cli import main; main()"
    subprocess.run([sys.executable, "-c", program, "init", str(folder)], check=True, capture_output=True)
    pytester.makepyfile("def test_of_their_own(): pass")
    return folder


def write(project: Path, name: str, text: str) -> None:
    (project / f"{name}.scenario.yaml").write_text(text, encoding="utf-8")


def test_scenarios_are_tests_one_for_each_row(pytester: pytest.Pytester, project: Path) -> None:
    write(
        project,
        "lost",
        "scenario: Lost by $reason\nplaybook: deals\nclock: 2026-03-02 09:00\ngiven: {owner: sam}\n"
        "steps:\n  - {close: lost, with: {loss_reason: $reason}, expect: {outcome: lost}}\n"
        "for_each: [{reason: price}, {reason: timing}]\n",
    )
    result = pytester.runpytest_subprocess(*PLUGIN, "-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*lost.scenario.yaml::Lost by price PASSED*", "*Lost by timing PASSED*"])
    pytester.runpytest_subprocess(*PLUGIN, "-k", "timing").assert_outcomes(passed=1, deselected=3)


def test_a_failure_is_told_without_a_traceback(pytester: pytest.Pytester, project: Path) -> None:
    text = (project / "won.scenario.yaml").read_text(encoding="utf-8")
    write(project, "won", text.replace("amount: 5000 EUR", "amount: 50 EUR"))
    result = pytester.runpytest_subprocess(*PLUGIN)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*won.scenario.yaml:17: step 7: advance as sam", "*carried out  refused: blocked",
         "*stage  proposal *discovery",
         "*worth_it: It is worth at least 1,000", "*now deal.amount is 50.00 EUR", "*deals.playbook.yaml:34"]
    )  # fmt: skip
    result.stdout.no_fnmatch_line("*playbook/authoring*")


def test_files_that_cannot_be_read_fail_alone(pytester: pytest.Pytester, project: Path) -> None:
    write(project, "broken", "scenario: Broken\nplaybook: deals\nclock: 2026-03-02\nsteps: [{advance: {}\n")
    write(project, "wrong", "scenario: Wrong\nplaybook: deals\nclock: 2026-03-02\nsteps: [{advnce: {}}]\n")
    write(project, "again", (project / "won.scenario.yaml").read_text(encoding="utf-8"))
    result = pytester.runpytest_subprocess(*PLUGIN)
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(["*yaml-syntax*"])
    result.stdout.fnmatch_lines(["*unknown-key*"])
    result.stdout.fnmatch_lines(["*is also in*"])


def test_other_files_and_folders_without_a_project_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_of_their_own(): pass")
    write(pytester.path, "theirs", "name: something else\nscenario: 3\n")
    write(pytester.path, "empty", "")
    (pytester.path / "odd.scenario.yaml").write_bytes(b"\xff\xfe\x00")
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)
    write(
        pytester.path,
        "lonely",
        "scenario: Nobody here\nplaybook: deals\nclock: 2026-03-02\nsteps: [{guide: {}}]\n",
    )
    result = pytester.runpytest_subprocess(*PLUGIN)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*there is no playbook 'deals'*"])


def test_nothing_is_imported_before_there_is_a_scenario() -> None:
    """Hold what every run of pytest on a machine pays for."""
    heavy = ("yaml", "jsonschema", "lark", "transitions", "attrs", "msgspec", "rich", "click")
    code = (
        f"import sys, pytest; before = set(sys.modules); import {MODULE}; new = set(sys.modules) - before;"
        f"print([name for name in {heavy!r} if name in new], len(new))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    names, _, count = said.strip().rpartition(" ")
    assert names == "[]"
    assert int(count) < 6
