"""A project to work in, and the program: in this process where speed matters, else as it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import attrs
import pytest
from click.testing import CliRunner

from playbook.cli import main

PROGRAM = Path(sys.executable).parent / "playbook"


@attrs.frozen
class Answer:
    """Hold what a command printed and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the one document on standard output."""
        return json.loads(self.out)


class Run(Protocol):
    """Run `playbook` with arguments."""

    def __call__(self, *arguments: str, code: int | None = 0, **environment: str) -> Answer: ...


def checked(answer: Answer, code: int | None) -> Answer:
    assert code is None or answer.code == code, answer
    assert "Traceback" not in answer.err
    return answer


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with `playbook init`."""
    folder = tmp_path / "acme"
    result = CliRunner().invoke(main, ["init", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def here(project: Path) -> Run:
    """Return the program run in this process, in the project."""

    def run(*arguments: str, code: int | None = 0, **environment: str) -> Answer:
        result = CliRunner().invoke(main, ["--project", str(project), *arguments], env=environment)
        return checked(Answer(result.exit_code, result.stdout, result.stderr), code)

    return run


@pytest.fixture
def installed(project: Path) -> Run:
    """Return the installed program run as a process of its own, in the project's folder."""

    def run(*arguments: str, code: int | None = 0, **environment: str) -> Answer:
        done = subprocess.run(
            [PROGRAM, *arguments],
            cwd=project,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        return checked(Answer(done.returncode, done.stdout, done.stderr), code)

    return run
