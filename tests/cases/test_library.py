"""The playbooks that ship: their scenarios pass, and touch every stage, move, criterion and timer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from playbook.authoring.scenarios import Coverage, Result, opened, runs, told

if TYPE_CHECKING:
    from playbook.authoring.scenarios.playing import Play

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"


@pytest.fixture(scope="module")
def ran(proving: type[Play]) -> tuple[list[Result], Coverage]:
    runner = opened(PLAYBOOKS, proving)
    results = [runner.run(run) for run in runs(runner.project.scenarios.values())]
    return results, runner.coverage(runner.project.playbooks)


def test_they_are_checked_without_a_word(proving: type[Play]) -> None:
    assert [str(problem) for problem in opened(PLAYBOOKS, proving).project.problems] == []


def test_every_scenario_passes(ran: tuple[list[Result], Coverage]) -> None:
    results, _ = ran
    assert [told(result) for result in results if not result.passed] == []


def test_they_touch_everything_that_is_written(ran: tuple[list[Result], Coverage]) -> None:
    _, coverage = ran
    assert [f"{item.span.file}:{item.span.line}: {item.what}" for item in coverage.untouched] == []
    assert {item.playbook for item in coverage.items} == {
        f.parent.name for f in PLAYBOOKS.glob("*/*.playbook.yaml")
    }


def test_every_file_is_run(ran: tuple[list[Result], Coverage]) -> None:
    results, _ = ran
    written = {file.relative_to(PLAYBOOKS) for file in PLAYBOOKS.rglob("*.scenario.yaml")}
    assert {Path(result.span.file).resolve().relative_to(PLAYBOOKS) for result in results} == written
