"""Scenarios as tests of pytest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from playbook.authoring.scenarios import Runner, opened, runs, told
from playbook.errors import PlaybookError
from playbook.reading.files import root_around

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from playbook.authoring.scenarios import Run

_Known = dict[str, tuple[Runner, dict[str, list["Run"]]]]
_PROJECTS = pytest.StashKey[_Known]()


class ScenarioFailed(Exception):
    """A scenario did not lead to what it expects; the message says where and why."""


class ScenarioFile(pytest.File):
    """Collect the runs of one file; the project around it is read once."""

    def collect(self) -> Iterable[pytest.Item]:
        """Return one test for each run, or one that fails where the file cannot be read."""
        try:
            runner, found = _project(self.config, self.path)
        except PlaybookError as error:
            return [ScenarioItem.from_parent(self, name="project", fault=str(error))]
        chosen = found.get(os.path.realpath(self.path), [])
        if not chosen:
            fault = _fault(runner, self.path)
            return [ScenarioItem.from_parent(self, name="scenario", fault=fault)]
        return [ScenarioItem.from_parent(self, name=run.name, runner=runner, run=run) for run in chosen]


class ScenarioItem(pytest.Item):
    """Run one scenario."""

    def __init__(
        self, *, runner: Runner | None = None, run: Run | None = None, fault: str = "", **named: Any
    ) -> None:
        super().__init__(**named)
        self._runner = runner
        self._run = run
        self._fault = fault

    def runtest(self) -> None:
        """Run it; raises ScenarioFailed."""
        if self._runner is None or self._run is None:
            raise ScenarioFailed(self._fault)
        result = self._runner.run(self._run)
        if not result.passed:
            raise ScenarioFailed(told(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return why it failed, without a traceback through our own code."""
        if isinstance(excinfo.value, ScenarioFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the scenario begins."""
        line = self._run.reading.source.at("scenario").line - 1 if self._run is not None else 0
        return self.path, line, self.name


def _project(config: pytest.Config, file: Path) -> tuple[Runner, dict[str, list[Run]]]:
    """Return the runner of the project that a file is in, and its runs by file; raises PlaybookError."""
    known = config.stash.setdefault(_PROJECTS, {})
    root = root_around(file)
    place = os.path.realpath(root)
    if place not in known:
        runner = opened(root)
        found: dict[str, list[Run]] = {}
        for run in runs(runner.project.scenarios.values()):
            found.setdefault(os.path.realpath(run.file), []).append(run)
        known[place] = runner, found
    return known[place]


def _fault(runner: Runner, file: Path) -> str:
    """Return why a file holds no scenario that could be run."""
    place = os.path.realpath(file)
    said = [str(p) for p in runner.project.problems if os.path.realpath(p.span.file) == place]
    return "\n".join(said) or f"{file} is no part of the project in {runner.project.root}"
