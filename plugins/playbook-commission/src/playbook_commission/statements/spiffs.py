"""Spiffs: an amount once for every case that a condition holds for, until the budget of all together is spent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from playbook_commission.credits.credits import Credit
from playbook_commission.exact import CONTEXT, ONE, ZERO, summed
from playbook_commission.statements.earning import unparted
from playbook_commission.statements.payee import Payee

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from playbook_commission.credits.crediting import Credited
    from playbook_commission.credits.things import Thing
    from playbook_commission.plans.plan import Component, Spiff
    from playbook_commission.spans import Span
    from playbook_commission.statements.earning import Earned


def spiffs(payee: Payee, component: Component, span: Span, credited: Credited) -> Iterator[Earned]:
    """Yield a component's spiffs of a period, exact: a person's share of each case's, due or not to be told yet."""
    spiff = component.spiff
    if spiff is None:
        return
    left, found = _left(payee, component, spiff), list[Credit]()
    pays = list[Decimal]()
    for credit, thing in zip(credited.credits.each(), credited.things, strict=True):
        if thing.spiff is not False and _within(spiff, thing.day):
            share = CONTEXT.multiply(credit.count, left.get(credit.id, ZERO))
            pay = CONTEXT.multiply(payee.exchanged(spiff.pay, span), share)
            if pay:
                found.append(credit)
                pays.append(pay)
    ids = [f"{component.id}:spiff:{credit.id}" for credit in found]
    yield unparted(ids, found, pays, "spiff")


def is_spent(payee: Payee, component: Component) -> bool:
    """Return whether the budget of a component's spiff did not suffice for every case that is due one."""
    spiff = component.spiff
    return spiff is not None and any(part < ONE for part in _left(payee, component, spiff).values())


def _left(payee: Payee, component: Component, spiff: Spiff) -> Mapping[str, Decimal]:
    """Return what part of the spiff the budget still holds, for the first thing counted of each case.

    The earliest goes first, and what nobody is paid for takes nothing of it.
    """
    plan, ledger = payee.plan, payee.ledger
    key = (plan.id, plan.version, component.id)
    if key not in ledger.spiffs_left:  # the same for everybody
        found, had, paid = dict[str, Decimal](), set[str](), _Paid(payee, component)
        left = None if spiff.budget is None else CONTEXT.divide(spiff.budget.amount, spiff.pay.amount)
        for one in ledger.spiffed(plan, component):
            if _within(spiff, one.day) and one.case not in had and (due := paid.share(one)):
                had.add(one.case)
                found[one.id] = ONE if left is None else min(ONE, CONTEXT.divide(left, due))
                if left is not None:
                    left = max(CONTEXT.subtract(left, due), ZERO)
        ledger.spiffs_left[key] = found
    return ledger.spiffs_left[key]


class _Paid:
    """Tell what share of a thing a plan pays people for; on which days it pays whom is kept."""

    def __init__(self, payee: Payee, component: Component) -> None:
        self._payee = payee
        self._managed = component.credit == "people_of"
        self._others = {payee.person: payee}

    def share(self, one: Thing) -> Decimal:
        """Return the shares together of all who are paid for a thing."""
        return summed(share for name, share in one.shares.items() if self._counts(name, one.day))

    def _counts(self, person: str, day: dt.date) -> bool:
        if self._managed:
            person = self._payee.ledger.organization.manager_of(person, day)
        if person not in self._others:
            self._others[person] = Payee(self._payee.ledger, self._payee.plan, person, None)
        return self._others[person].counts(day)


def _within(spiff: Spiff, day: dt.date) -> bool:
    return (spiff.since is None or spiff.since <= day) and (spiff.until is None or day <= spiff.until)
