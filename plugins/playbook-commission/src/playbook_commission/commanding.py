"""The command `commission`, imported when it is used."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playbook import InputError, Money, Refused, UnknownName, command
from playbook_commission.paybook import Paybook, read_target_pay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.cli.session import Session
    from playbook_commission.paying import Line
    from playbook_commission.statements import Statement


def group(settings: Mapping[str, Any]) -> click.Group:
    """Return the command with those below it; `target_pay` of the settings names the private file."""
    found = click.Group("commission", help="Compute, show and explain pay.")
    for one in (_run(settings), _statement(settings), _explain(settings)):
        found.add_command(one)
    return found


def _run(settings: Mapping[str, Any]) -> click.Command:
    @command("run", example="playbook commission run --period 2027-Q1")
    @click.option("--period", required=True, help="A period of the plans, like 2027-Q1.")
    @click.option("--person", default="", help="Only this person.")
    @click.option("--as-of", metavar="TIME", help="By what was recorded by then.")
    def run(session: Session, period: str, person: str, as_of: str | None) -> int | None:
        """Compute what everyone is paid in a period."""
        book, rows = _book(session, settings, as_of), list[dict[str, Any]]()
        only = session.person(person) if person else ""
        for who, plan in book.paid(period):
            if only in ("", who) and book.may_see(session.actor, who, period):
                one = book.computed(who, period, plan)
                rows.append({"person": who, "plan": one.plan, **_sums(one)})
        session.tell({"period": period, "statements": rows})
        return None

    return run


def _statement(settings: Mapping[str, Any]) -> click.Command:
    @command("statement", example="playbook commission statement sam --period 2027-Q1")
    @click.argument("person")
    @click.option("--period", required=True, help="A period of the plan, like 2027-Q1.")
    @click.option("--plan", default="", help="Which plan, where there are several.")
    @click.option("--as-of", metavar="TIME", help="By what was recorded by then.")
    def statement(session: Session, person: str, period: str, plan: str, as_of: str | None) -> int | None:
        """Show a person's statement, line by line."""
        book, who = _book(session, settings, as_of), session.person(person)
        if not book.may_see(session.actor, who, period):
            return session.refuse(_not_theirs(session.actor, who))
        one = book.statement(who, period, plan)
        session.tell(_document(one) if session.json else _shown(session, one))
        return None

    return statement


def _explain(settings: Mapping[str, Any]) -> click.Command:
    @command("explain", example="playbook commission explain sam/2027-Q1/new_business:c4k2 --json")
    @click.argument("line")
    @click.option("--plan", default="", help="Which plan, where there are several.")
    @click.option("--as-of", metavar="TIME", help="By what was recorded by then.")
    def explain(session: Session, line: str, plan: str, as_of: str | None) -> int | None:
        """Say how a line of a statement came to be."""
        parts = line.split("/", 2)
        if len(parts) != 3:
            raise InputError(f"{line!r} is no line: write PERSON/PERIOD/LINE as `statement` prints it")
        book, who, period = _book(session, settings, as_of), session.person(parts[0]), parts[1]
        if not book.may_see(session.actor, who, period):
            return session.refuse(_not_theirs(session.actor, who))
        one = book.statement(who, period, plan)
        found = {made.id: made for made in one.lines}
        if parts[2] not in found:
            raise UnknownName("line", parts[2], found)
        session.tell(_explained(session, book, one, found[parts[2]]))
        return None

    return explain


def _book(session: Session, settings: Mapping[str, Any], as_of: str | None) -> Paybook:
    engine = session.engine
    pay = settings.get("target_pay")
    target_pay = read_target_pay(session.folder / Path(str(pay))) if pay else {}
    return Paybook(engine, target_pay, None if as_of is None else _time(as_of, engine.world.zone))


def _time(text: str, zone: dt.tzinfo) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no time: write one like 2027-04-01 or 2027-04-01T09:00") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _not_theirs(actor: str, person: str) -> Refused:
    return Refused(
        "not_permitted", f"{actor} may not see what {person} is paid; they, their manager and finance may"
    )


def _sums(one: Statement) -> dict[str, Any]:
    names = ("earned", "draw", "held", "paid", "owed")
    return {name: _money(one, getattr(one, name)) for name in names}


def _document(one: Statement) -> dict[str, Any]:
    head = {name: getattr(one, name) for name in ("person", "period", "plan", "version", "currency")}
    return {**head, "lines": [_line(one, line) for line in one.lines], **_sums(one)}


def _line(one: Statement, line: Line) -> dict[str, Any]:
    return {
        "id": f"{one.person}/{one.period}/{line.id}",
        "case": line.case,
        "component": line.component,
        "credit": _money(one, line.credit),
        "slices": [
            {"from": s.start, "to": s.end, "rate": s.rate, "pay": _money(one, s.pay)} for s in line.slices
        ],
        "pay": _money(one, line.pay),
        "kind": line.kind,
        **({"because": line.because} if line.because else {}),
        **({"undoes": line.undoes} if line.undoes else {}),
    }


def _shown(session: Session, one: Statement) -> dict[str, Any]:
    who = session.organization.people.get(one.person)
    lines = [
        {
            "line": f"{one.person}/{one.period}/{line.id}",
            "what": line.kind.replace("_", " "),
            "credit": str(_money(one, line.credit)) if line.credit else "",
            "rate": " + ".join(_percent(s.rate) for s in line.slices),
            "pay": str(_money(one, line.pay)),
        }
        for line in one.lines
    ]
    reached = [
        f"{part.component}: {_percent(part.share)} of {part.quota.amount:f} {part.quota.currency}".rstrip()
        for part in one.reached
        if part.share is not None and part.quota is not None
    ]
    return {
        "statement of": who.name if who is not None else one.person,
        "period": one.period,
        "plan": f"{one.plan} ({one.version})",
        **({"reached": "; ".join(reached)} if reached else {}),
        "lines": lines,
        **{name: str(value) for name, value in _sums(one).items()},
    }


def _explained(session: Session, book: Paybook, one: Statement, line: Line) -> dict[str, Any]:
    component = next((c for c in book.plans[one.plan].components if c.id == line.component), None)
    reached = next((part for part in one.reached if part.component == line.component), None)
    quota = None if reached is None else reached.quota
    rule = session.files.others.get("plan", {}).get(one.plan) if session.has_project else None
    place = None if rule is None else rule.where.get(f"components.{line.component}")
    return {
        **_line(one, line),
        "measure": "" if component is None else component.measure,
        "quota": None if quota is None else f"{quota.amount:f} {quota.currency}".rstrip(),
        "quota_because": "" if quota is None else quota.because,
        "reached": None if reached is None or reached.share is None else _percent(reached.share),
        "plan": one.plan,
        "version": one.version,
        "rule": "" if place is None else f"{place.file}:{place.line}",
    }


def _money(one: Statement, amount: Decimal) -> Money:
    return Money(amount, one.currency).rounded()


def _percent(share: Decimal) -> str:
    return f"{round(share * 100, 2).normalize():f}%"
