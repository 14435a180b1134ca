"""Spiffs: an amount for every case that a condition holds for, until the budget of all together is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook_commission.crediting import name_of
from playbook_commission.exact import CONTEXT, ZERO
from playbook_commission.paying import Line

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from playbook_commission.crediting import Credited
    from playbook_commission.payee import Payee
    from playbook_commission.plan import Component, Spiff
    from playbook_commission.quotas import Span


def spiffs(payee: Payee, component: Component, span: Span, credited: Sequence[Credited]) -> Iterator[Line]:
    """Yield a component's spiffs of a period, exact: a person's share of each case's."""
    spiff = component.spiff
    if spiff is None:
        return
    left = _left(payee, component, spiff)
    for one in credited:
        if one.spiff and _within(spiff, one.day):
            share = CONTEXT.multiply(one.credit.count, left.get(one.credit.id, ZERO))
            pay = CONTEXT.multiply(payee.money(spiff.pay, span), share)
            if pay:
                name = f"{component.id}:spiff:{one.credit.id}"
                yield Line(name, component.id, "spiff", pay, one.credit.case, one.credit.amount)


def _left(payee: Payee, component: Component, spiff: Spiff) -> dict[str, Decimal]:
    """Return what part of the spiff of each case the budget still holds, the earliest case first."""
    found: dict[str, Decimal] = {}
    left = None if spiff.budget is None else CONTEXT.divide(spiff.budget.amount, spiff.pay.amount)
    for one in payee.ledger.counted(payee.plan, component):
        if one.answers.get("spiff", True) is True and _within(spiff, one.day):
            whole = CONTEXT.create_decimal(1)
            found[name_of(one)] = whole if left is None else min(whole, left)
            left = None if left is None else CONTEXT.subtract(left, found[name_of(one)])
    return found


def _within(spiff: Spiff, day: dt.date) -> bool:
    return (spiff.since is None or spiff.since <= day) and (spiff.until is None or day <= spiff.until)
