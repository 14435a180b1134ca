"""`playbook init`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from playbook.cli.options import command
from playbook.cli.output import document, paint, say
from playbook.errors import InputError

if TYPE_CHECKING:
    from playbook.cli.session import Session

_STARTER = Path(__file__).parent / "starter"
_FILES = {
    "playbook.yaml": "playbook.yaml",
    "organization.yaml": "organization.yaml",
    "deals.playbook.yaml": "deals.playbook.yaml",
    "won.scenario.yaml": "won.scenario.yaml",
    "gitignore": ".gitignore",
}
"""The files of the starter and what they are called in a project."""


@command("init", example="playbook init acme")
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path))
def init(session: Session, folder: Path | None) -> None:
    """Make a small working project: settings, two people, a playbook for selling and a scenario that tests it.

    Nothing that is there is overwritten.
    """
    folder = folder or session.folder
    there = [name for name in _FILES.values() if (folder / name).exists() and name != ".gitignore"]
    if there:
        raise InputError(f"{folder / there[0]} is there already: choose another folder, or move it away")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for source, name in _FILES.items():
        if (folder / name).exists():
            continue
        text = (_STARTER / source).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("my-team", _id(folder)), encoding="utf-8")
        written.append(name)
    if session.json:
        document({"project": _id(folder), "folder": str(folder.resolve()), "files": written})
        return
    _tell(folder, written)


def _id(folder: Path) -> str:
    """Return the id of a project for a folder's name: small letters, digits and single dashes."""
    words = re.findall(r"[a-z0-9]+", folder.resolve().name.lower())
    name = "-".join(words)
    return name if re.match("[a-z]", name) else "my-team"


def _tell(folder: Path, written: list[str]) -> None:
    say(f"{paint(str(folder.resolve()), bold=True)} is a project now: {', '.join(written)}.\n")
    steps = (
        *((f"cd {folder}",) if folder.resolve() != Path.cwd() else ()),
        "playbook check",
        "playbook open deals 'Acme Corp' amount='25000 EUR' --owner sam",
        "playbook why 'Acme Corp'",
        "playbook report pipeline",
    )
    say("Try:")
    for step in steps:
        say(f"  {paint(step, fg='green')}")
    say("\nThen write down how you sell, in deals.playbook.yaml.")
