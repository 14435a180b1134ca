"""What was sold by whom: amounts that plans credit, each thing once, whichever components count it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook_commission.exact import CONTEXT, ZERO, summed
from playbook_commission.statements.payee import Payee

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from playbook import Money
    from playbook_commission.credits.crediting import Ledger
    from playbook_commission.credits.things import Thing
    from playbook_commission.plans.plan import Plan


@attrs.define
class _Sale:
    """Hold one thing that was sold: its amount, and what of it was credited to whom."""

    amount: Decimal
    credits: dict[str, Decimal] = attrs.field(factory=dict)


class Sales:
    """Add up what people were credited between two days, in one currency."""

    def __init__(self, currency: str, since: dt.date, until: dt.date) -> None:
        self._currency = currency
        self._since = since
        self._until = until
        self._paid: dict[str, _Sale] = {}
        self._credited: dict[str, _Sale] = {}

    def count(self, plan: Plan, ledger: Ledger, people: Iterable[str]) -> None:
        """Count what a plan credits to people, and what to whomever it credits something."""
        for person in people:
            payee = Payee(ledger, plan, person, None)
            for component in plan.components:
                if component.by_value:
                    continue
                found = payee.credited(component, self._since, self._until, self._currency)
                for amount, thing in zip(found.credits.amounts, found.things, strict=True):
                    if thing.money is not None:
                        sale = self._sale(self._paid, ledger, thing, thing.money)
                        sale.credits.setdefault(person, amount)
        for component in plan.components:
            for thing in ledger.counted(plan, component) if component.credit == "own" else ():
                if self._since <= thing.day <= self._until and thing.money is not None:
                    sale = self._sale(self._credited, ledger, thing, thing.money)
                    for person, share in thing.shares.items():
                        sale.credits.setdefault(person, CONTEXT.multiply(sale.amount, share))

    def _sale(self, kept: dict[str, _Sale], ledger: Ledger, thing: Thing, amount: Money) -> _Sale:
        if thing.id not in kept:
            kept[thing.id] = _Sale(ledger.exchanged(amount, self._currency, thing.day))
        return kept[thing.id]

    def of(self, person: str) -> Decimal:
        """Return what a person was credited."""
        return summed(sale.credits.get(person, ZERO) for sale in self._paid.values())

    def whole(self) -> Decimal:
        """Return what was credited to all who are paid; never more of a thing than its amount."""
        return summed(min(sale.amount, summed(sale.credits.values())) for sale in self._paid.values())

    def others(self, people: Iterable[str]) -> dict[str, Decimal]:
        """Return what was credited to others than those who are paid, by person."""
        found, paid = defaultdict[str, Decimal](Decimal), set(people)
        for sale in self._credited.values():
            for person, amount in sale.credits.items():
                if person not in paid:
                    found[person] = CONTEXT.add(found[person], amount)
        return {person: amount for person, amount in sorted(found.items()) if amount}
