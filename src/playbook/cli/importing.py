"""`playbook import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playbook.cli.faults import STOPPED, WANTING
from playbook.cli.options import command
from playbook.cli.output import clean, document, paint, say, warn
from playbook.cli.progress import bar, stoppable
from playbook.errors import ProblemsFound, UnknownName
from playbook.importing import Outcome, import_file
from playbook.model.mapping import ORGANIZATION
from playbook.model.record import RECORDS
from playbook.stores.interface import Query

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.model.mapping import ImportMapping

_SHOWN = 20


@command("import", example="playbook import deals.csv --mapping opportunities")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", "name", required=True, metavar="ID", help="The mapping that says what rows mean.")
def import_(session: Session, file: Path, name: str) -> int:
    """Import a file by a mapping: rows to cases, to records such as accounts, or to people and teams.

    Every row goes in whole and once: importing again changes only what changed in the file. A row that is wrong
    is named with its line and reason, and the others go in. Exit code 1 where rows were rejected.
    """
    mapping = _mapping(session, name)
    session.actor  # noqa: B018 - who does not exist is told before anything is read
    before = _there(session, mapping)
    try:
        with bar(f"Importing {file.name}", file.stat().st_size) as progress, stoppable(progress) as step:
            outcome = import_file(session.bare_engine, mapping, file, actor=session.actor, progress=step)
    except KeyboardInterrupt:
        return _stopped(session, mapping, _there(session, mapping) - before)
    if session.json:
        document(_plain(outcome))
    else:
        _tell(outcome, mapping)
    return WANTING if outcome.rejected else 0


def _mapping(session: Session, name: str) -> ImportMapping:
    """Return a mapping of the project; raises ProblemsFound where its file has mistakes."""
    mappings = session.files.mappings
    reading = mappings.get(name)
    if reading is None or reading.value is None:
        raise UnknownName("mapping", name, mappings)
    mistakes = [problem for problem in session.mistakes if problem.span.file == reading.file]
    if mistakes:
        raise ProblemsFound(mistakes)
    return reading.value


def _there(session: Session, mapping: ImportMapping) -> int:
    """Return how many there are of what the rows become."""
    query = Query(RECORDS + mapping.into) if _makes_records(session, mapping) else Query()
    return sum(tally.count for tally in session.engine.store.tally(session.tenant, query, ()))


def _makes_records(session: Session, mapping: ImportMapping) -> bool:
    return mapping.into in session.files.records and mapping.into not in session.files.playbooks


def _stopped(session: Session, mapping: ImportMapping, count: int) -> int:
    made = "records" if _makes_records(session, mapping) else "cases"
    there = "no row is" if mapping.into == ORGANIZATION else f"{count:,} new {made} are"
    message = f"stopped: {there} in, each of them whole; the same command again goes on from there"
    if session.json:
        document({"error": {"code": "stopped", "message": message}})
    else:
        warn(message)
    return STOPPED


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "rows": outcome.rows,
        "opened": outcome.opened,
        "changed": outcome.changed,
        "skipped": outcome.skipped,
        "rejected": [{"line": row.line, "reason": row.reason} for row in outcome.rejected],
        "would_have_blocked": outcome.blocked_by,
    }


def _tell(outcome: Outcome, mapping: ImportMapping) -> None:
    added = "added" if mapping.into == ORGANIZATION else "opened"
    say(
        f"{outcome.rows:,} rows: {outcome.opened:,} {added}, {outcome.changed:,} changed, "
        f"{outcome.skipped:,} known already, {len(outcome.rejected):,} rejected"
    )
    if outcome.blocked_cases:
        by = ", ".join(f"{clean(name)} {count:,}" for name, count in sorted(outcome.blocked_by.items()))
        say(
            f"{outcome.blocked_cases:,} cases would have been blocked on their way ({by}); they went in as history"
        )
    for row in outcome.rejected[:_SHOWN]:
        say(f"  {paint(f'line {row.line}:', fg='red')} {clean(row.reason)}")
    if len(outcome.rejected) > _SHOWN:
        say(f"  and {len(outcome.rejected) - _SHOWN:,} more; --json names them all")
