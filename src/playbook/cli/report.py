"""`playbook report`."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from playbook.cli.faults import blamed
from playbook.cli.options import command
from playbook.cli.output import clean, document, money, number, paint, percent, say
from playbook.cli.tables import table
from playbook.errors import InputError, UnknownName
from playbook.model.contributions import ReportContext, ReportQuery
from playbook.model.fiscal import period
from playbook.money import Money
from playbook.times import parse_date, parse_datetime

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from playbook.cli.session import Session
    from playbook.model.contributions import Report, Table

_SHARES = ("_rate", "_share", "attainment", "pace")
"""How the names of columns end whose numbers are shares."""


@command("report", example="playbook report win-loss --by team --since 2026-01-01", at=True)
@click.argument("name", required=False)
@click.option("--by", default="", metavar="GROUP", help="stage, owner, manager, team, quarter, a field, ...")
@click.option("--since", metavar="DAY", help="From this day on.")
@click.option("--until", metavar="DAY", help="Up to and including this day.")
@click.option(
    "--period",
    default="",
    metavar="NAME",
    help="A fiscal period in place of two days: 2027, 2027-Q1, 2027-03.",
)
@click.option("--playbook", default="", help="Only cases of this playbook.")
@click.option("--team", default="", help="Only cases of this team.")
@click.option("--owner", default="", metavar="WHO", help="Only cases of this person.")
@click.option("--currency", default="", help="Only amounts in this currency.")
@click.option("--as-of", metavar="TIME", help="As things stood then.")
@click.option(
    "--of", default="", metavar="WHAT", help="Of which cases, or measure; the report says what it takes."
)
def report(session: Session, name: str | None, **given: str | None) -> None:
    """Show a report; without a name, which reports there are and what their figures mean.

    Rounding happens only in what people see: --json has the figures as they are.
    """
    if name is None:
        _list(session)
        return
    report = session.registry.reports.get(name)
    if report is None:
        raise UnknownName("report", name, session.registry.reports)
    context, query = _context(session), _query(session, given)
    with blamed(session.registry, "reports", name):
        made = report.run(context, query)
    if session.json:
        document(
            {
                "report": name,
                "definition": made.definition,
                "columns": made.columns,
                "rows": made.rows,
                "notes": made.notes,
            }
        )
    else:
        _tell(name, made)


def _list(session: Session) -> None:
    reports = session.registry.reports.values()
    if session.json:
        document({"reports": [_described(report) for report in reports]})
        return
    for report in reports:
        say(paint(report.name, bold=True))
        say(f"  {clean(report.definition)}")
        if report.by:
            say(f"  --by {', '.join(report.by)}" + (", or a field" if report.fields else ""))
        if any(report.of):
            say(f"  --of {', '.join(report.of)}")
    if not reports:
        say("There is no report: the plugin playbook-insights has some.")


def _described(report: Report) -> dict[str, Any]:
    return {"report": report.name, "definition": report.definition, "by": report.by, "of": report.of}


def _context(session: Session) -> ReportContext:
    engine = session.engine
    world, definitions = engine.world, engine.definitions
    return ReportContext(
        functools.partial(engine.columns, actor=session.actor),
        world.organization,
        {name: definitions.current(name, None).playbook for name in definitions.names()},
        world.zone,
        engine.clock(),
        functools.partial(engine.source, actor=session.actor),
        session.actor,
        engine,
        functools.cache(definitions.former),
    )


def _query(session: Session, given: Mapping[str, str | None]) -> ReportQuery:
    zone = session.engine.world.zone
    as_of = _read("--as-of", given["as_of"], lambda text: parse_datetime(text, zone)) or session.at
    texts = {name: given[name] or "" for name in ("by", "playbook", "team", "owner", "currency", "of")}
    since, until = _day("--since", given["since"]), _day("--until", given["until"])
    named = given["period"] or ""
    if named:
        if since or until:
            raise InputError(
                "--period names the days from which and until which: leave out --since and --until"
            )
        settings = session.engine.world.organization.settings
        since, until = _read("--period", named, lambda text: period(text, settings))
    return ReportQuery(since=since, until=until, as_of=as_of, period=named, **texts)


def _day(option: str, text: str | None) -> dt.date | None:
    found: dt.date | None = _read(option, text, parse_date)
    return found


def _read(option: str, text: str | None, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text) if text else None
    except ValueError as error:
        raise InputError(f"{option}: {error}") from None


def _tell(name: str, made: Table) -> None:
    say(paint(name, bold=True))
    if made.rows:
        _rows(made)
    else:
        say("There is nothing to report.")
    say(f"\n{clean(made.definition)}")
    for note in made.notes:
        say(f"{paint('note:', fg='yellow')} {clean(note)}")


def _rows(made: Table) -> None:
    right = frozenset(
        index
        for index, column in enumerate(made.columns)
        if any(_is_number(row.get(column)) for row in made.rows)
    )
    table(
        [column.replace("_", " ") for column in made.columns],
        [[_cell(column, row.get(column)) for column in made.columns] for row in made.rows],
        right=right,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal, Money)) and not isinstance(value, bool)


def _cell(column: str, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, Money):
        return money(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column.endswith(_SHARES) and isinstance(value, (int, float, Decimal)):
        return percent(value)
    if isinstance(value, int):
        return f"{value:,}"
    return number(value) if isinstance(value, (float, Decimal)) else clean(str(value))
