"""Exchange rates: money in another currency, by the rates of a day or those that a year is planned with."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from playbook.money import CONTEXT, Money

if TYPE_CHECKING:
    import datetime as dt

    from playbook.model.organization import Organization

_ONE = Decimal(1)


class Rates:
    """Convert money: by the latest rate on or before a day, through the organization's currency where need be."""

    __slots__ = ("_dated", "_home", "_planned")

    def __init__(self, organization: Organization) -> None:
        self._home = organization.settings.currency
        self._dated: dict[str, tuple[list[dt.date], list[Decimal]]] = {}
        for rate in sorted(organization.rates, key=lambda rate: rate.since):
            days, values = self._dated.setdefault(rate.currency, ([], []))
            days.append(rate.since)
            values.append(rate.rate)
        self._planned = {(r.year, r.currency): r.rate for r in organization.rules.planning}

    def convert(self, amount: Money, currency: str, on: dt.date) -> Money | None:
        """Return the amount in another currency by the rates of a day, unrounded; None without a rate."""
        if amount.currency == currency:
            return amount
        return _exchanged(amount, self._on(amount.currency, on), self._on(currency, on), currency)

    def planned(self, amount: Money, currency: str, year: int) -> Money | None:
        """Return the amount in another currency by the planning rates of a fiscal year; None without one."""
        if amount.currency == currency:
            return amount
        return _exchanged(amount, self._in(amount.currency, year), self._in(currency, year), currency)

    def _on(self, currency: str, on: dt.date) -> Decimal | None:
        if currency == self._home:
            return _ONE
        days, values = self._dated.get(currency, ([], []))
        at = bisect_right(days, on)
        return values[at - 1] if at else None

    def _in(self, currency: str, year: int) -> Decimal | None:
        return _ONE if currency == self._home else self._planned.get((year, currency))


def _exchanged(amount: Money, source: Decimal | None, target: Decimal | None, currency: str) -> Money | None:
    """Return the amount by what a unit of either currency is worth in the organization's."""
    if source is None or not target:
        return None
    with localcontext(CONTEXT):
        return Money(amount.amount * source / target, currency)
