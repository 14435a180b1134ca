"""Spiffs: an amount for every case that a condition holds for, until the budget of all together is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook_commission.crediting import name_of
from playbook_commission.exact import CONTEXT, ONE, ZERO
from playbook_commission.paying import Line

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from playbook_commission.crediting import Credited
    from playbook_commission.payee import Payee
    from playbook_commission.plan import Component, Spiff
    from playbook_commission.spans import Span


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


def _left(payee: Payee, component: Component, spiff: Spiff) -> Mapping[str, Decimal]:
    """Return what part of the spiff of each case the budget still holds, the earliest case first."""
    plan, ledger = payee.plan, payee.ledger
    key = (plan.id, plan.version, component.id)
    if key not in ledger.spiffs_left:  # the same for everybody
        found: dict[str, Decimal] = {}
        left = None if spiff.budget is None else CONTEXT.divide(spiff.budget.amount, spiff.pay.amount)
        for one in ledger.counted(plan, component):
            if one.spiff and _within(spiff, one.day):
                found[name_of(one)] = ONE if left is None else min(ONE, left)
                left = None if left is None else CONTEXT.subtract(left, found[name_of(one)])
        ledger.spiffs_left[key] = found
    return ledger.spiffs_left[key]


def _within(spiff: Spiff, day: dt.date) -> bool:
    return (spiff.since is None or spiff.since <= day) and (spiff.until is None or day <= spiff.until)
