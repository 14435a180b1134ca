"""Paying out what was settled: who is due, who is left out and why, and the pay run that says so.

The event goes first and the file after it, made of the event alone. A crash between the two leaves a run whose file
is missing: running it again writes that file and pays nobody anew. The other way round a file could reach payroll
that nothing tells of, and its people would be in the next one too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook import Money, Refused
from playbook_commission.exact import ZERO
from playbook_commission.settling.payroll import NOT_PAYING, Pay, Payroll, Row, Run, run_id
from playbook_commission.settling.settlements import OPERATOR, said_of, settlements, states
from playbook_commission.spans import settlement_id
from playbook_commission.statements.amounts import digits_of, in_full

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Engine
    from playbook_commission.settling.paybook import Paybook
    from playbook_commission.settling.settlements import Said


@attrs.frozen
class LeftOut:
    """Say who is not in a pay run, and why; `settled` tells whether that is for good."""

    person: str
    plan: str
    because: str
    settled: bool = True


@attrs.frozen
class Due:
    """Hold who is to be paid in the next run of a period, and who is in none; `new` tells whether it is to be made.

    Where nobody new is to be paid, it is the run before; its rows are empty where there was none.
    """

    period: str
    number: int
    rows: tuple[Row, ...]
    new: bool
    left_out: tuple[LeftOut, ...]

    @property
    def id(self) -> str:
        """Return what the run is called."""
        return run_id(self.period, self.number)


def due(book: Paybook, period: str, actor: str) -> Due | Refused:
    """Return who is settled and was not paid before; finance and the operator may know."""
    if not book.may_settle(actor):
        return NOT_PAYING
    book.check_period(period)
    done = payroll_of(book.engine, period)
    rows, left_out = _unpaid(book, period, done)
    if rows:
        return Due(period, len(done.runs) + 1, rows, True, left_out)
    return Due(period, len(done.runs), done.runs[-1].rows if done.runs else (), False, left_out)


def export(engine: Engine, what: Due, actor: str) -> Run | Refused:
    """Store a pay run, once, and return it; the file is made of it afterwards."""
    answer = engine.run(Pay(what.period, what.number, what.rows), actor=actor)
    return answer if isinstance(answer, Refused) else payroll_of(engine, what.period).runs[what.number - 1]


def payroll_of(engine: Engine, period: str) -> Payroll:
    """Return the pay runs of a period; none where nobody was paid yet."""
    found = engine.streams.those("payroll", [period], actor=OPERATOR).get(period)
    return Payroll(period) if found is None else found.state


def run_of(engine: Engine, person: str, plan: str, period: str) -> Run | None:
    """Return the pay run in which a person was paid by a plan for a period; None where there was none yet."""
    return payroll_of(engine, period).run_of(person, plan)


def payrolls(engine: Engine, actor: str) -> Iterator[Payroll]:
    """Yield the pay runs of all periods that the actor sees, the period paid last first."""
    return states(engine, "payroll", actor=actor)


def _unpaid(book: Paybook, period: str, done: Payroll) -> tuple[tuple[Row, ...], tuple[LeftOut, ...]]:
    rows, left_out, settled = list[Row](), list[LeftOut](), set[str]()
    for one in settlements(book.engine, period):
        if one.settled is None:
            continue
        settled.add(settlement_id(one.person, one.plan, period))
        said = said_of(one.settled)
        if done.run_of(one.person, one.plan) is not None:
            continue
        if said.paid > ZERO:
            name, amount = book.organization.name_of(one.person), digits_of(Money(said.paid, said.currency))
            rows.append(Row(one.person, name, one.plan, said.currency, amount, one.settled.hash))
        else:
            left_out.append(LeftOut(one.person, one.plan, _why_nothing(said)))
    left_out += (
        LeftOut(
            who, plan.id, f"not settled: playbook commission settle --period {period} --person {who}", False
        )
        for who, plan in book.paid(period)
        if settlement_id(who, plan.id, period) not in settled
    )
    return (
        tuple(sorted(rows, key=lambda row: row.key)),
        tuple(sorted(left_out, key=lambda one: (one.person, one.plan))),
    )


def _why_nothing(said: Said) -> str:
    if said.owed > ZERO:
        return f"nothing to pay: {in_full(Money(said.owed, said.currency))} are owed and carried on"
    if said.held > ZERO:
        return f"nothing to pay: {in_full(Money(said.held, said.currency))} are held back"
    return "nothing to pay"
