"""The command `commission statement`: on the terminal, as JSON, or as a file that people read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playbook import InputError, command
from playbook_commission.commands.asking import book_of, looking, not_theirs, tell
from playbook_commission.commands.options import AS_OF, PERIOD, PLAN
from playbook_commission.foresight.outlook import one_more, steps
from playbook_commission.showing.statement_shown import dispute_rows, disputed_of, settled_of, shown
from playbook_commission.statements.amounts import money, sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.cli.session import Session
    from playbook_commission.foresight.outlook import OneMore, Step
    from playbook_commission.plans.plan import Plan
    from playbook_commission.settling.paybook import Paybook
    from playbook_commission.statements.paying import Line
    from playbook_commission.statements.statement import Statement

FORMS = ("csv", "html", "pdf")


def showing(settings: Mapping[str, Any]) -> click.Command:
    """Return `statement`."""

    @command("statement", example="playbook commission statement sam --period 2027-Q1 --to sam.html")
    @click.argument("person")
    @PERIOD
    @PLAN
    @AS_OF
    @click.option(
        "--to",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write it to a file that ends in .csv, .html or .pdf.",
    )
    @click.option(
        "--format", "form", type=click.Choice(FORMS), help="Write it as that; without --to, print it."
    )
    @click.option("--locale", default="", metavar="LANGUAGE", help="In which to write HTML and PDF.")
    def run(
        session: Session, person: str, period: str, plan: str, as_of: str | None,
        form: str | None, to: Path | None, locale: str,
    ) -> int | None:  # fmt: skip
        """Show a person's statement, line by line; as HTML or PDF it is a page that they read."""
        wanted, who = form_of(form, to), session.person(person)
        with looking(session) as step:
            book = book_of(session, settings, as_of, step)
            if not book.may_see(session.actor, who, period):
                return session.refuse(not_theirs(session.actor, who))
            paying = book.plan_of(who, period, plan)
            one = book.computed(who, period, paying)
            if wanted:
                page = _bytes(wanted, book, paying, one, locale or session.locale)
            else:
                told = (_document if session.json else shown)(session, book, paying, one)
        if wanted:
            _written(session, page, to)
        else:
            tell(session, told)
        return None

    return run


# -- files ------------------------------------------------------------------------------------------


def form_of(form: str | None, to: Path | None) -> str:
    """Return as what a statement is written: as said, else as the file ends; nothing where neither is named.

    Raises InputError where the file ends in something else, or a PDF has no file.
    """
    ending = "" if to is None else to.suffix.removeprefix(".").lower()
    if form == "pdf" and to is None:
        raise InputError("a PDF is written into a file: name one, --to statement.pdf")
    if to is not None and not form and ending not in FORMS:
        raise InputError(f"--to {to} ends in none of .csv, .html and .pdf: name one of them, or say --format")
    return form or ending


def _bytes(form: str, book: Paybook, plan: Plan, one: Statement, locale: str) -> bytes:
    if form == "csv":
        from playbook_commission.showing.sheet_csv import table

        return table(one).encode()
    from playbook_commission.showing.sheet import sheet
    from playbook_commission.showing.wording import LANGUAGES, Wording, spoken

    if locale and not spoken(locale):
        click.echo(
            f"note: there are no words in {locale!r} ({', '.join(LANGUAGES)}), so it is in English", err=True
        )
    page = sheet(book, plan, one, Wording.of(locale))
    if form == "html":
        from playbook_commission.showing.sheet_html import html

        return html(page).encode()
    from playbook_commission.showing.sheet_pdf import pdf

    return pdf(page)


def _written(session: Session, said: bytes, to: Path | None) -> None:
    if to is None:
        click.echo(said, nl=False)
        return
    try:
        with open(to, "wb", opener=_private) as file:
            file.write(said)
    except OSError as error:
        raise InputError(f"--to {to}: it cannot be written: {error.strerror}") from None
    session.tell({"written": str(to)})


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # what somebody is paid is for them


# -- JSON -------------------------------------------------------------------------------------------


def _document(session: Session, book: Paybook, plan: Plan, one: Statement) -> dict[str, Any]:
    head = {name: getattr(one, name) for name in ("person", "period", "plan", "version", "currency")}
    disputed, settled = disputed_of(book, one), settled_of(book, one)
    lines = [
        {**line_document(one, line), **({"dispute": disputed[line.id].id} if line.id in disputed else {})}
        for line in one.lines
    ]
    ahead = _ahead(book, plan, one, settled["settled"])
    told = {"disputes": dispute_rows(session, disputed.values())}
    return {**head, "lines": lines, **sums(one), **settled, **told, **ahead}


def line_document(one: Statement, line: Line) -> dict[str, Any]:
    """Return a line as JSON has it."""
    return {
        "id": f"{one.person}/{one.period}/{line.id}",
        "case": line.case,
        "component": line.component,
        "credit": line.credit if line.of_value else money(one, line.credit),
        "slices": [
            {"from": s.start, "to": s.end, "rate": s.rate, "pay": money(one, s.pay)} for s in line.slices
        ],
        "pay": money(one, line.pay),
        "kind": line.kind,
        **({"because": line.because} if line.because else {}),
        **({"undoes": line.undoes} if line.undoes else {}),
    }


def _ahead(book: Paybook, plan: Plan, one: Statement, settled: object) -> dict[str, Any]:
    """Return what comes next in a period that is not settled."""
    if settled is not None:
        return {"next": [], "one_more": None}
    more = one_more(book, plan, one)
    payee = book.payee(plan, one.period, one.person)
    return {
        "next": [_next(step) for step in steps(payee, one.period)],
        "one_more": None if more is None else _more(one, more),
    }


def _next(step: Step) -> dict[str, Any]:
    following = step.next if step.missing is not None else None
    return {
        "component": step.component,
        "position": step.scale.position,
        "next": None if following is None else {"from": following.start, "rate": following.pay},
        "missing": step.missing,
        "withheld": step.withheld,
    }


def _more(one: Statement, more: OneMore) -> dict[str, Any]:
    amounts = {name: money(one, getattr(more, name)) for name in ("amount", "earned", "held", "paid")}
    return {"like": more.like, "name": more.name, "deals": more.deals, **amounts}
