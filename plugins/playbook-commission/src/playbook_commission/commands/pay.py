"""The command below `commission` that hands to payroll what was settled."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playbook import Money, Refused, UnknownName, command
from playbook_commission.commands.asking import book_of, nobody, tell
from playbook_commission.settling.payout import due, export, payrolls
from playbook_commission.settling.payroll import NOT_PAYING, Run
from playbook_commission.showing.payfile import PayFile
from playbook_commission.statements.amounts import worded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playbook.cli.session import Session
    from playbook_commission.settling.paybook import Paybook
    from playbook_commission.settling.payout import Due
    from playbook_commission.settling.payroll import Row


def paying(settings: Mapping[str, Any]) -> click.Command:
    """Return `pay`."""

    @command("pay", example="playbook commission pay --period 2027-Q1 --to pay-2027-Q1.csv --as fin")
    @click.option("--period", default="", help="A period that is settled, like 2027-Q1.")
    @click.option("--to", default="", metavar="FILE", help="Write the pay run to a file: .csv or .json.")
    @click.option("--run", "named", default="", metavar="ID", help="An earlier pay run, like 2027-Q1.1.")
    @click.option("--list", "listed", is_flag=True, help="Show the earlier pay runs.")
    @click.option("--dry-run", is_flag=True, help="Show who would be paid; nothing is stored or written.")
    def run(session: Session, period: str, to: str, named: str, listed: bool, dry_run: bool) -> int | None:
        """Hand what was settled to payroll, each person once; running it again gives the same file.

        Who is settled later, or whose pay is adjusted in a later period, is in a later pay run.
        """
        book = book_of(session, settings)
        if not book.may_settle(session.actor):
            return session.refuse(NOT_PAYING)
        if listed:
            _list(session, period)
            return None
        if named:
            return _again(session, named, to)
        if not period:
            raise click.UsageError("say which period: --period 2027-Q1; or --list, or --run ID")
        return _pay(session, book, period, to, dry_run=dry_run)

    return run


def _pay(session: Session, book: Paybook, period: str, to: str, *, dry_run: bool) -> int | None:
    found = due(book, period, session.actor)
    if isinstance(found, Refused):
        return session.refuse(found)
    if not found.rows:
        if not found.left_out:
            return session.refuse(nobody(book, session.actor, period))
        none = {"period": period, "pay_run": None if session.json else "none", **_left(session, found)}
        tell(session, none)
        return None if all(one.settled for one in found.left_out) else 1
    file = _file(to, found.id, period, found.rows)
    if dry_run:
        run = Run(found.id, session.engine.clock(), session.actor, found.rows)
        tell(session, {**_document(session, period, run, "would be", None), **_left(session, found)})
        return None
    made = export(session.engine, found, session.actor)
    if isinstance(made, Refused):
        return session.refuse(made)
    if file is not None:
        file.write(made.id, period, made.rows)
    said = _document(session, period, made, "now" if found.new else "before", file)
    tell(session, {**said, **_left(session, found)})
    return None


def _again(session: Session, named: str, to: str) -> int | None:
    runs = {run.id: run for one in payrolls(session.engine, session.actor) for run in one.runs}
    if named not in runs:
        raise UnknownName("pay run", named, runs)
    run, period = runs[named], named.rpartition(".")[0]
    file = _file(to, named, period, run.rows)
    if file is not None:
        file.write(named, period, run.rows)
    tell(session, _document(session, period, run, "before", file))
    return None


def _file(to: str, run: str, period: str, rows: Sequence[Row]) -> PayFile | None:
    """Return the file to write, where one is named; that it can be is known before anything is stored."""
    file = PayFile(Path(to)) if to else None
    if file is not None:
        file.check(run, period, rows)
    return file


def _list(session: Session, period: str) -> None:
    found = [
        run
        for one in payrolls(session.engine, session.actor)
        if period in ("", one.period)
        for run in reversed(one.runs)
    ]
    tell(session, {"pay_runs": [_head(session, run) for run in found]})


def _head(session: Session, run: Run) -> dict[str, Any]:
    at = run.at.astimezone(session.engine.world.zone)
    return {
        "pay_run": run.id, "at": at if session.json else f"{at:%Y-%m-%d %H:%M}", "by": run.by,
        "people": len({row.person for row in run.rows}),
        "paid": run.sums if session.json else ", ".join(map(worded, run.sums)),
    }  # fmt: skip


def _left(session: Session, found: Due) -> dict[str, Any]:
    rows = [{"person": one.person, "plan": one.plan, "because": one.because} for one in found.left_out]
    return {"left_out": rows} if rows or session.json else {}


def _document(session: Session, period: str, run: Run, said: str, file: PayFile | None) -> dict[str, Any]:
    rows = [
        {
            "person": row.person, "name": row.name, "plan": row.plan,
            "pay": Money(Decimal(row.amount), row.currency),
            "settlement": row.settlement if session.json else row.settlement[:12],
        }
        for row in run.rows
    ]  # fmt: skip
    written = {"file": str(file.path)} if file is not None else {"file": None} if session.json else {}
    return {"period": period, **_head(session, run), "exported": said, **written, "rows": rows}
