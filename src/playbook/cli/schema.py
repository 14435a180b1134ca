"""`playbook schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playbook.cli.options import command
from playbook.cli.output import document

if TYPE_CHECKING:
    from playbook.cli.session import Session


@command("schema", example="playbook schema playbook > playbook.schema.json")
@click.argument("kind")
def schema(session: Session, kind: str) -> None:
    """Print the JSON Schema of a kind of file: playbook, record, organization, mapping, project, those of plugins.

    It holds what the installed plugins add, and serves editors: completion, help and mistakes while you type.
    """
    from playbook.reading.schema import schema as of_kind

    registry = session.registry
    document(of_kind(kind, registry.criteria, registry.actions, registry.kinds))
