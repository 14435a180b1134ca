"""`playbook schema`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from playbook.cli.options import command
from playbook.cli.output import document, say
from playbook.errors import InputError

if TYPE_CHECKING:
    from playbook.cli.session import Session


@command("schema", example="playbook schema playbook > playbook.schema.json")
@click.argument("kind", required=False, default="")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write those of all kinds into this folder, as after an update of a project's .vscode/schemas.",
)
def schema(session: Session, kind: str, output: Path | None) -> None:
    """Print the JSON Schema of a kind of file.

    KIND is playbook, record, organization, mapping, scenario, translation, project, or one that a plugin adds. The
    schema holds what the installed plugins add, and serves editors: completion, help and mistakes while you type.
    """
    from playbook.authoring.templates import schemas
    from playbook.reading.schema import schema as of_kind

    registry = session.registry
    if output is None:
        if not kind:
            raise InputError(f"name a kind: {', '.join(registry.kinds)}; or a folder for all, --output DIR")
        document(of_kind(kind, registry.criteria, registry.actions, registry.kinds, registry.expectations))
        return
    output.mkdir(parents=True, exist_ok=True)
    texts = schemas(registry)
    for name, text in texts.items():
        (output / name).write_text(text, encoding="utf-8")
    say(f"{len(texts)} schemas written to {output}")
