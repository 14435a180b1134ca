"""`playbook fsck`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.cli.faults import WANTING
from playbook.cli.options import command
from playbook.cli.output import clean, document, paint, say
from playbook.cli.progress import bar
from playbook.engine.proof import prove
from playbook.errors import DamagedStore
from playbook.stores.audit import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.cli.session import Session


@command("fsck", example="playbook fsck")
def fsck(session: Session) -> int:
    """Prove that what is stored is what was written, for every tenant or the one named.

    Each event's hash is computed anew over its bytes and the hash before it, and every snapshot and index row
    is made anew from its events. Exit code 1 where something does not agree.
    """
    session.require_project()
    if session.database is not None and not session.database.exists():
        return _answer(session, [], 0, exists=False)
    with bar("Proving") as progress:
        findings, events = _prove(session, progress)
    return _answer(session, findings, events, exists=True)


def _prove(session: Session, progress: Callable[[int], None]) -> tuple[list[Finding], int]:
    """Return what is wrong and how many events were read; a store that is damaged itself is a finding."""
    findings: list[Finding] = []
    before = events = 0

    def step(count: int) -> None:
        nonlocal events
        events = before + count
        progress(events)

    try:
        for engine in session.engines():
            findings += prove(engine, step)
            before = events
    except DamagedStore as error:
        findings.append(Finding(session.tenant, "", 0, 0, str(error)))
    return findings, events


def _answer(session: Session, findings: list[Finding], events: int, *, exists: bool) -> int:
    if session.json:
        document({"findings": findings, "events": events})
        return WANTING if findings else 0
    if not exists:
        say("There is no database yet, so there is nothing to prove.")
        return 0
    for finding in findings:
        place = f"{finding.tenant} {finding.stream}".strip()
        place += f" version {finding.version} (position {finding.position})" if finding.version else ""
        say(f"{paint(clean(place), fg='red', bold=True)}: {clean(finding.message)}")
    if findings:
        say(f"\n{events:,} events, {len(findings):,} findings: what is named above was changed from outside.")
        return WANTING
    say(
        f"{events:,} events: every hash holds and links to the one before, every snapshot and index row is the "
        "fold of its events, every tally the sum of its cases."
    )
    return 0
