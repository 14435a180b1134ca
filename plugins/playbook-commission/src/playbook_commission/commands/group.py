"""The command `commission`, imported when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook import InputError, command
from playbook_commission.commands.accrue import accruing
from playbook_commission.commands.asking import (
    COMPUTING,
    book_of,
    looking,
    nobody,
    not_computed,
    not_theirs,
    tell,
)
from playbook_commission.commands.dispute import disputing
from playbook_commission.commands.explain import explaining
from playbook_commission.commands.options import AS_OF, ONE_PERSON, PERIOD
from playbook_commission.commands.pay import paying
from playbook_commission.commands.settle import adjusting, auditing, settling
from playbook_commission.commands.statement import showing
from playbook_commission.commands.try_plan import trying
from playbook_commission.settling.settle import Unsettled
from playbook_commission.statements.amounts import sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.cli.session import Session
    from playbook_commission.settling.paybook import Paybook
    from playbook_commission.statements.statement import Statement


_EXAMPLES = """\b
Examples:
  playbook commission run --period 2027-Q1
  playbook commission statement sam --period 2027-Q1 --to sam.pdf
  playbook commission settle --period 2027-Q1 --as fin
  playbook commission pay --period 2027-Q1 --to pay-2027-Q1.csv --as fin
"""


def group(settings: Mapping[str, Any]) -> click.Group:
    """Return the command with those below it; `target_pay` of the settings names the private file."""
    found = click.Group("commission", help="Compute, show, explain and settle pay.", epilog=_EXAMPLES)
    below = (_run, showing, explaining, settling, adjusting, auditing, paying, disputing, trying, accruing)
    for one in below:
        found.add_command(one(settings))
    return found


def _run(settings: Mapping[str, Any]) -> click.Command:
    @command("run", example="playbook commission run --period 2027-Q1")
    @PERIOD
    @ONE_PERSON
    @AS_OF
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
