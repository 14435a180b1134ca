"""The command `commission`, imported when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook import InputError, UnknownName, command
from playbook_commission.accrue_command import accruing
from playbook_commission.asking import (
    COMPUTING,
    book_of,
    looking,
    nobody,
    not_computed,
    not_theirs,
    place_of,
    sums,
    tell,
)
from playbook_commission.dispute_commands import disputing, rows
from playbook_commission.disputing import disputes_of
from playbook_commission.exact import percent
from playbook_commission.pay_commands import paying
from playbook_commission.settle_commands import adjusting, auditing, settling
from playbook_commission.settling import Unsettled
from playbook_commission.statement_command import line_document, showing
from playbook_commission.try_commands import trying

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.cli.session import Session
    from playbook_commission.paybook import Paybook
    from playbook_commission.paying import Line
    from playbook_commission.plan import Component, Plan
    from playbook_commission.statements import Statement


def group(settings: Mapping[str, Any]) -> click.Group:
    """Return the command with those below it; `target_pay` of the settings names the private file."""
    found = click.Group("commission", help="Compute, show, explain and settle pay.")
    below = (_run, showing, _explain, settling, adjusting, auditing, paying, disputing, trying, accruing)
    for one in below:
        found.add_command(one(settings))
    return found


def _run(settings: Mapping[str, Any]) -> click.Command:
    @command("run", example="playbook commission run --period 2027-Q1")
    @click.option("--period", required=True, help="A period of the plans, like 2027-Q1.")
    @click.option("--person", default="", help="Only this person.")
    @click.option("--as-of", metavar="TIME", help="By what was recorded by then.")
    def run(session: Session, period: str, person: str, as_of: str | None) -> int | None:
        """Compute what everyone is paid in a period."""
        rows, wrong = list[dict[str, Any]](), list[Unsettled]()
        only = session.person(person) if person else ""
        with looking(session) as step:
            book = book_of(session, settings, as_of, step)
            if only and not book.may_see(session.actor, only, period):
                return session.refuse(not_theirs(session.actor, only))
            seen = [one for one in book.told(period, only) if book.may_see(session.actor, one[0], period)]
            for done, (who, plan) in enumerate(seen, start=1):
                try:
                    rows.append(_row(book, book.computed(who, period, plan), json=session.json))
                except InputError as error:
                    wrong.append(Unsettled(who, plan.id, str(error)))
                step(COMPUTING, done, len(seen))
        if not seen:
            return session.refuse(nobody(book, session.actor, period, only))
        tell(session, {"period": period, "statements": rows, **not_computed(session, wrong)})
        return 1 if wrong else None

    return run


def _row(book: Paybook, one: Statement, *, json: bool) -> dict[str, Any]:
    settled = book.settled(one.person, one.period, one.plan) is not None
    said: object = settled if json else "yes" if settled else "no"
    return {"person": one.person, "plan": one.plan, **sums(one), "settled": said}


def _explain(settings: Mapping[str, Any]) -> click.Command:
    @command("explain", example="playbook commission explain sam/2027-Q1/new_business:c4k2 --json")
    @click.argument("line")
    @click.option("--plan", default="", help="Which plan, where there are several.")
    @click.option("--as-of", metavar="TIME", help="By what was recorded by then.")
    def explain(session: Session, line: str, plan: str, as_of: str | None) -> int | None:
        """Say how a line of a statement came to be."""
        person, period, name = place_of(line, whole=False)
        book, who = book_of(session, settings, as_of), session.person(person)
        if not book.may_see(session.actor, who, period):
            return session.refuse(not_theirs(session.actor, who))
        paying = book.plan_of(who, period, plan)
        one = book.computed(who, period, paying)
        found = {made.id: made for made in one.lines}
        if name not in found:
            raise UnknownName("line", name, found)
        session.tell(_explained(session, book, paying, one, found[name]))
        return None

    return explain


def _explained(session: Session, book: Paybook, plan: Plan, one: Statement, line: Line) -> dict[str, Any]:
    component = next((c for c in plan.components if c.id == line.component), None)
    reached = next((part for part in one.reached if part.component == line.component), None)
    quota = None if reached is None else reached.quota
    told = disputes_of(book.engine, one.person, one.period)
    disputed = [said for said in told if (said.plan, said.line) == (one.plan, line.id)]
    rule = session.files.others.get("plan", {}).get(one.plan) if session.has_project else None
    place = None if rule is None else rule.where.get(f"components.{line.component}")
    return {
        **line_document(one, line),
        "measure": "" if component is None else component.measure,
        "quota": None if quota is None else f"{quota.amount:f} {quota.currency}".rstrip(),
        "quota_because": "" if quota is None else quota.because,
        "reached": None if reached is None or reached.share is None else percent(reached.share, 2),
        "plan": one.plan,
        "version": one.version,
        "rate_rule": _rate_rule(component),
        "rule": "" if place is None else f"{place.file}:{place.line}",
        **({"disputes": rows(session, disputed)} if disputed or session.json else {}),
    }


def _rate_rule(component: Component | None) -> str:
    """Return which rule of which plugin rates credits; nothing where tiers do."""
    rule = None if component is None else component.rule
    return "" if rule is None else f"{rule.name} {rule.version} of the plugin {rule.plugin}"
