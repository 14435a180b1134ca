"""`playbook backup` and `playbook copy`: what is stored, kept somewhere else too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playbook.cli.faults import STOPPED, WANTING
from playbook.cli.findings import tell
from playbook.cli.options import command
from playbook.cli.output import clean, document, say, warn
from playbook.cli.progress import stages, stoppable
from playbook.cli.session import file_of
from playbook.errors import InputError
from playbook.stores.copying import copy
from playbook.stores.sqlite_backup import back_up

if TYPE_CHECKING:
    from playbook.cli.session import Session


@command("backup", example="playbook backup monday.db")
@click.argument("target", type=click.Path(), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
def backup(session: Session, target: str, force: bool) -> int:
    """Back up the database as it stands now, while others go on reading and writing it.

    The backup is a database like the first. It gets its name at the end, when SQLite's integrity check and every
    hash are found right. Exit code 1 where they are not: then nothing is kept, and fsck tells more.
    """
    file = session.database
    if file is None:
        raise InputError(
            "backup is for SQLite files; use the tool of the database (pg_dump for PostgreSQL), or `playbook copy URL"
            f" {target}`, which makes an SQLite file of any store"
        )
    if file.is_file():
        session.store  # noqa: B018 - says at once where the file is not ours, locked or newer
    with stages() as progress:
        made = back_up(str(file), target, replace=force, progress=progress)
    if session.json:
        document(made)
    elif not made.findings:
        say(
            f"{clean(made.file)}: {made.bytes:,} bytes, {made.events:,} events; it is sound and every hash holds."
        )
    else:
        tell(made.findings, str(file))
        say(
            "\nThe database is damaged, so this backup was not kept; earlier ones stay. `playbook fsck` tells more."
        )
    return WANTING if made.findings else 0


@command("copy", example="playbook copy playbook.db postgresql://sales@db.example.com/sales")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy_(session: Session, source: str, target: str) -> int:
    """Copy all tenants, or the one named, from one store to another; each is a URL or an SQLite file.

    The copy is what the source was when it began: events with their hashes and positions, snapshots, timers with
    their attempts, keys and their answers, personal values. Others may go on writing to the source; the same again
    brings the copy up to date, as it goes on after Ctrl-C. At the end every row is compared and every hash made anew.
    A target that holds something else is left alone.
    """
    there, here = (url if "://" in url else f"sqlite:///{url}" for url in (source, target))
    _look(there, here)
    stores = session.open(there), session.open(here)
    try:
        with stages() as progress, stoppable(progress) as step:
            copied = copy(*stores, tenant=session.given.tenant or None, progress=step)
    except KeyboardInterrupt:
        return _stopped(session)
    if session.json:
        document(copied)
    else:
        counts = ", ".join(f"{count:,} {_WORDS[table]}" for table, count in copied.rows.items() if count)
        say(f"{counts or 'Nothing'}: {copied.written:,} rows written, every row compared.")
        tell(copied.findings, "the target")
        say("Every hash of the copy holds." if not copied.findings else _DAMAGED)
    return WANTING if copied.findings else 0


_DAMAGED = "\nWhat is named above is wrong in the source too, which the copy is equal to: `playbook fsck` tells more."
_WORDS = {
    "documents": "documents", "vault": "personal values", "receipts": "keys", "events": "events",
    "cases": "index rows", "due": "timers and deliveries", "streams": "streams",
}  # fmt: skip


def _look(there: str, here: str) -> None:
    """Refuse a source that is not there, which opening would make, and a target that is the source."""
    source, target = file_of(there), file_of(here)
    if source is not None and not source.is_file():
        raise InputError(f"there is no {source}, so there is nothing to copy")
    same = source is not None and target is not None and target.exists() and target.samefile(source)
    if same or there == here:
        raise InputError("source and target are the same store; name another target")


def _stopped(session: Session) -> int:
    message = (
        "stopped: the copy is not whole and not to be used yet; the same command again goes on from there"
    )
    if session.json:
        document({"error": {"code": "stopped", "message": message}})
    else:
        warn(message)
    return STOPPED
