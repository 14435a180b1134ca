"""`playbook check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from playbook.checking import problems_of
from playbook.cli.options import command
from playbook.cli.problems import tell
from playbook.errors import Problem
from playbook.reading.files import Folder
from playbook.reading.project import load_text, read_text

if TYPE_CHECKING:
    from playbook.cli.session import Session


@command("check", example="playbook check new-business.playbook.yaml")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
def check(session: Session, files: tuple[Path, ...]) -> int:
    """Check every file of the project, or the files named, which need no project.

    Every mistake is told at once, with its place, the line and what to do. Exit code 1 where there are errors.
    """
    if files:
        found = tuple(problem for file in files for problem in _of_file(session, file))
    else:
        found = session.files.problems
    tell(found, as_json=session.json)
    return int(any(problem.severity == "error" for problem in found))


def _of_file(session: Session, file: Path) -> tuple[Problem, ...]:
    text = load_text(file, str(file))
    if isinstance(text, Problem):
        return (text,)
    registry = session.registry
    reading = read_text(
        text,
        str(file),
        criteria=registry.criteria,
        actions=registry.actions,
        functions=registry.functions,
        kinds=registry.kinds,
        files=Folder.around(file, registry.kinds),
    )
    return problems_of(reading)
