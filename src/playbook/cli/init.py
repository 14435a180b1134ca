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
    from collections.abc import Iterator, Mapping

    from playbook.authoring.templates import Template
    from playbook.cli.session import Session


@command("init", example="playbook init acme --template new-business")
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--template", "name", default="", metavar="NAME", help="What to start from; the smallest by default."
)
@click.option("--list", "listed", is_flag=True, help="Show the templates there are.")
def init(session: Session, folder: Path | None, name: str, listed: bool) -> None:
    """Make a working project: settings, people, a playbook, scenarios that test it, and what an editor needs.

    Editors that read JSON Schema complete keys and explain them; mistakes are found before a commit and on the
    build server. Nothing that is there is overwritten.
    """
    from playbook.authoring.templates import MINIMAL, names, surroundings, template

    folder = folder or session.folder
    if listed:
        _list(session, [template(one, "my-team") for one in names()])
        return
    chosen = template(name or MINIMAL, _id(folder))
    there = [path for path in chosen.files if (folder / path).exists()]
    if there:
        raise InputError(f"{folder / there[0]} is there already: choose another folder, or move it away")
    around = surroundings(session.registry)
    kept = [path for path in around if (folder / path).exists()]
    written = [*_write(folder, chosen.files), *_write(folder, around)]
    if session.json:
        made = {"project": _id(folder), "folder": str(folder.resolve()), "template": chosen.name}
        document({**made, "files": written, "kept": kept})
        return
    _tell(folder, chosen, kept)


def _write(folder: Path, texts: Mapping[str, str]) -> Iterator[str]:
    """Write files that are not there, and yield their paths."""
    for path, text in texts.items():
        file = folder / path
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            yield path


def _id(folder: Path) -> str:
    """Return the id of a project for a folder's name: small letters, digits and single dashes."""
    words = re.findall(r"[a-z0-9]+", folder.resolve().name.lower())
    name = "-".join(words)
    return name if re.match("[a-z]", name) else "my-team"


def _list(session: Session, templates: list[Template]) -> None:
    if session.json:
        document(
            {
                "templates": [
                    {"name": one.name, "title": one.title, "playbooks": one.playbooks} for one in templates
                ]
            }
        )
        return
    for one in templates:
        (_, stages), *others = one.playbooks.items()
        say(f"{paint(one.name, bold=True)}: {one.title}")
        say(f"  {', '.join(stages)}")
        if others:
            say(f"  with {', '.join(name for name, _ in others)}, which it opens cases of")
    say("\nTry: playbook init DIR --template NAME")


def _tell(folder: Path, chosen: Template, kept: list[str]) -> None:
    say(f"{paint(str(folder.resolve()), bold=True)} is a project now:\n")
    tests = sum(path.endswith(".scenario.yaml") for path in chosen.files)
    for path in chosen.files:
        if not path.endswith(".scenario.yaml"):
            say(f"  {path}")
    if tests:
        say("  1 scenario that tests it" if tests == 1 else f"  {tests} scenarios that test it")
    say("  settings for VS Code, git, pre-commit and a GitHub workflow")
    if kept:
        say(f"\nKept as they were: {', '.join(kept)}")
    say("\nTry:")
    for step in _steps(folder, chosen):
        say(f"  {paint(step, fg='green')}")
    first = next(path for path in chosen.files if path.endswith(".playbook.yaml"))
    say(f"\nThen write down how you work, in {first}; your people stand in organization.yaml.")


def _steps(folder: Path, chosen: Template) -> Iterator[str]:
    if folder.resolve() != Path.cwd():
        yield f"cd {folder}"
    yield "playbook check"
    if any(path.endswith(".scenario.yaml") for path in chosen.files):
        yield "playbook test"
    yield f"playbook graph {next(iter(chosen.playbooks))}"
    if chosen.name == "minimal":
        yield "playbook open deals 'Acme Corp' amount='25000 EUR' --owner sam"
        yield "playbook why 'Acme Corp'"
