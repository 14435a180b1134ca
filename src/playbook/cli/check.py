"""`playbook check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from playbook.checking import problems_of
from playbook.cli.options import command
from playbook.cli.output import document, say, warn
from playbook.cli.problems import tell
from playbook.errors import Problem
from playbook.reading.files import Folder, is_ours
from playbook.reading.kinds import shape_of
from playbook.reading.pages import page
from playbook.reading.project import load_text, read_text

if TYPE_CHECKING:
    from playbook.cli.session import Session


@command("check", example="playbook check new-business.playbook.yaml")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option("--explain", metavar="CODE", default="", help="Print what a code means, with an example.")
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings and advice too.")
@click.option(
    "--format", "form", type=click.Choice(["text", "github"]), default="text",
    help="`github` marks the lines in a pull request.",
)  # fmt: skip
def check(session: Session, files: tuple[Path, ...], explain: str, strict: bool, form: str) -> int:
    """Check every file of the project, or the files named, which need no project.

    In a folder without playbook.yaml, each file that stands in it is checked by itself. Every mistake is told at
    once, with its place, the line and what to do. Exit code 1 where there are errors.
    """
    if explain:
        _explained(session, explain)
        return 0
    alone = files or _files_here(session)
    found = (
        tuple(problem for file in alone for problem in _of_file(session, file))
        if alone
        else session.files.problems
    )
    tell(found, as_json=session.json, form=form)
    if alone and not files:
        warn(
            "there is no playbook.yaml here, so each file was checked by itself; `playbook init` makes a project"
        )
    elif not alone and not found and not session.files.playbooks:
        warn("there is no playbook in this project: one is a file whose name ends in .playbook.yaml")
    return int(any(strict or problem.severity == "error" for problem in found))


def _files_here(session: Session) -> tuple[Path, ...]:
    """Return the files of ours that stand in a folder that is no project; in folders below it none is looked for."""
    if session.has_project or not session.folder.is_dir():
        return ()
    names = sorted(path for path in session.folder.glob("*.yaml") if path.is_file())
    texts = ((path, load_text(path, str(path))) for path in names)
    kinds = session.registry.kinds
    return tuple(
        path for path, text in texts if is_ours(path.name, text if isinstance(text, str) else "", kinds)
    )


def _explained(session: Session, code: str) -> None:
    """Print the page of a code; raises UnknownName."""
    added: dict[str, str] = {}
    for kind in session.registry.kinds.values():
        added |= shape_of(kind).codes
    found = page(code, added)
    if session.json:
        document(attrs.asdict(found))
    else:
        say(found.render())


def _of_file(session: Session, file: Path) -> tuple[Problem, ...]:
    text = load_text(file, str(file))
    if isinstance(text, Problem):
        return (text,)
    registry = session.registry
    files = Folder.around(file, registry.kinds)
    return problems_of(read_text(text, str(file), files=files, **registry.for_files))
