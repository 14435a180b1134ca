"""`playbook store`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playbook.cli.options import command
from playbook.cli.output import document, say
from playbook.errors import InputError

if TYPE_CHECKING:
    from playbook.cli.session import Session


@command("store", example="playbook store ddl --store postgresql:// > tables.sql")
@click.argument("what", type=click.Choice(["ddl"]))
@click.option(
    "--from",
    "since",
    type=click.IntRange(min=0),
    default=0,
    metavar="VERSION",
    help="Only what brings tables of this version to the newest.",
)
def store(session: Session, what: str, since: int) -> None:
    """Print the statements that make a store's tables, for those who run them themselves.

    Which store, its URL says, of which the beginning is enough; nothing is opened. Once they have run, the program
    needs no right to make tables.
    """
    kind = session.kind_of(session.url)
    if kind.ddl is None:
        raise InputError(f"the store {kind.name} has no tables that could be made beforehand")
    statements = kind.ddl(since)
    if session.json:
        document({"store": kind.name, "from": since, what: statements})
    else:
        say(statements.rstrip("\n"))
