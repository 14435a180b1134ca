"""Statements in another currency: who moves to a team that is paid in another takes along what was before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from msgspec.structs import replace

from playbook import Money
from playbook_commission.exact import ZERO
from playbook_commission.spans import Span

if TYPE_CHECKING:
    from decimal import Decimal

    from playbook_commission.statements.payee import Payee
    from playbook_commission.statements.paying import Line
    from playbook_commission.statements.statement import Statement


def restated(payee: Payee, one: Statement, currency: str) -> Statement:
    """Return an earlier statement in a currency, at the rate of its own last day: it says the same ever after."""
    if one.currency == currency:
        return one
    lines = tuple(replace(line, pay=_in(payee, one, line.pay, currency)) for line in one.lines)
    return attrs.evolve(one, currency=currency, lines=lines, owed=_in(payee, one, one.owed, currency))


def restated_line(payee: Payee, line: Line, of: Statement, currency: str) -> Line:
    """Return a line that follows from an earlier statement in a currency; `credit` is what it is in the old one."""
    if of.currency == currency:
        return line
    return replace(line, pay=_in(payee, of, line.pay, currency), credit=line.pay)


def in_currency(line: Line, of: Statement, currency: str) -> Decimal:
    """Return what a line of a statement, such as `restated_line` makes, is in the currency that it comes from."""
    return line.pay if of.currency == currency else line.credit


def _in(payee: Payee, one: Statement, amount: Decimal, currency: str) -> Decimal:
    if not amount:
        return ZERO
    day = Span.of(one.period, payee.ledger.organization).until
    return payee.rounding(currency).of(payee.ledger.exchanged(Money(amount, one.currency), currency, day))
