"""`playbook fsck`."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from playbook.cli.faults import WANTING
from playbook.cli.findings import tell
from playbook.cli.options import command
from playbook.cli.output import document, say
from playbook.cli.progress import bar
from playbook.engine.proof import prove
from playbook.errors import DamagedStore, InputError
from playbook.stores import checkpoint
from playbook.stores.audit import Finding
from playbook.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.cli.session import Session

SECRET = "PLAYBOOK_CHECKPOINT_SECRET"
"""The environment variable with the secret that signs checkpoints."""

_FILE = click.Path(dir_okay=False, path_type=Path)


@command("fsck", example="playbook fsck --checkpoint heads.jsonl --export-checkpoint heads.jsonl")
@click.option(
    "--checkpoint", "known", type=_FILE, metavar="FILE", help="Prove that what it has is still there."
)
@click.option(
    "--export-checkpoint", "export", type=_FILE, metavar="FILE", help="Write one of what is there now."
)
@click.option("--secret-file", type=_FILE, metavar="FILE", help=f"What signs checkpoints; else {SECRET}.")
def fsck(session: Session, known: Path | None, export: Path | None, secret_file: Path | None) -> int:
    """Prove that what is stored is what was written, for every tenant or the one named.

    Each event's hash is computed anew over its bytes and the hash before it, every snapshot and index row is made
    anew from its events, every tally from the cases. Exit code 1 where something does not agree.

    Events that were cut off the end together with every trace of them show only against a checkpoint that was
    exported before and kept elsewhere. It is signed with a secret, so that nobody without it can make another.
    """
    session.require_project()
    if session.database is not None and not session.database.exists():
        why = "there is a checkpoint" if known else "--store names it" if session.given.store else ""
        gone = [Finding("", "", 0, 0, f"it is not there, though {why}")] if why else []
        return _answer(session, gone, 0, exists=bool(why))
    secret = _secret(secret_file) if known or export else b""
    if export is not None and export.exists() and export != known:
        raise InputError(
            f"{export} is there already; name another file, or prove it too: --checkpoint {export}"
        )
    made = None if known is None else _read(known, secret)
    with bar("Proving") as progress:
        findings, events = _prove(session, progress)
    if known is not None:
        with bar("Comparing") as progress, known.open("rb") as lines:
            findings += checkpoint.compare(session.store, lines, session.given.tenant or None, progress)
    if export is not None and not findings:
        _export(session, export, secret)
    return _answer(session, findings, events, exists=True, made=made)


def _secret(file: Path | None) -> bytes:
    """Return the secret of a file, else of the environment, without the white space around it."""
    if file is not None:
        secret = file.read_bytes().strip()
    elif SECRET in os.environ:
        secret = os.environ[SECRET].encode().strip()
    else:
        raise InputError(
            f"a checkpoint is signed: put a secret into {SECRET}, or into a file that --secret-file names;"
            " `openssl rand -hex 32` makes one"
        )
    checkpoint.check_secret(secret)
    return secret


def _read(file: Path, secret: bytes) -> str:
    """Return when a checkpoint was made."""
    with file.open("rb") as lines:
        return checkpoint.read(lines, secret, str(file)).made


def _export(session: Session, file: Path, secret: bytes) -> None:
    """Write a checkpoint, whole or not at all."""
    tenants = [session.tenant] if session.given.tenant else session.store.tenants()
    made = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with bar("Exporting") as progress, draft.open("wb") as written:
            written.writelines(checkpoint.export(session.store, tenants, secret, made, progress))
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _prove(session: Session, progress: Callable[[int], None]) -> tuple[list[Finding], int]:
    """Return what is wrong and how many events were read; a store that is damaged itself is a finding."""
    findings: list[Finding] = []
    before = events = 0

    def step(count: int) -> None:
        nonlocal events
        events = before + count
        progress(events)

    try:
        if isinstance(session.store, SqliteStore):
            findings += [Finding("", "", 0, 0, line) for line in session.store.integrity()]
        for engine in session.engines():
            findings += prove(engine, step)
            before = events
    except DamagedStore as error:
        findings.append(Finding(session.tenant, "", 0, 0, str(error)))
    return findings, events


def _answer(
    session: Session, findings: list[Finding], events: int, *, exists: bool, made: str | None = None
) -> int:
    if session.json:
        document({"findings": findings, "events": events})
        return WANTING if findings else 0
    if not exists:
        say("There is no database yet, so there is nothing to prove.")
        return 0
    tell(findings, str(session.database))
    if findings:
        say(f"\n{events:,} events, {len(findings):,} findings: what is named above was changed from outside.")
        return WANTING
    say(
        f"{events:,} events: every hash holds and links to the one before, every snapshot and index row is the "
        "fold of its events, every tally the sum of its cases."
    )
    if made is not None:
        say(f"Everything that the checkpoint of {made} has is there.")
    return 0
