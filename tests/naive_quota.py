"""Quotas the naive way: every day asks for its part of a target, by the share of the ramp on it."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.naive_facts import days, later, spans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.naive_facts import Person


@dataclass(frozen=True)
class Quota:
    """What the organization's file says: a target for a period, spread over parts of it, from a day on."""

    measure: str
    person: str
    period: str
    target: Decimal
    spread: tuple[Decimal, ...] = ()
    since: dt.date | None = None
    currency: str = "EUR"

    def on(self, day: dt.date) -> Fraction:
        """Return what a day of the period asks for."""
        if not self.spread:
            return Fraction(self.target) / days(*spans(self.period))
        year, _, part = self.period.partition("-")
        length = {"": 12, "H": 6, "Q": 3}[part[:1]] // len(self.spread)  # months in a part
        first = spans(self.period)[0].month
        place = (day.month - first) // length
        start = first + place * length
        until = later(dt.date(int(year), start, 1), length) - dt.timedelta(1)
        return Fraction(self.target * self.spread[place]) / days(dt.date(int(year), start, 1), until)


def ramp(person: Person, day: dt.date) -> Decimal:
    """Return which share of a quota counts on a day, by the months since somebody was hired."""
    for number, share in enumerate(person.ramp):
        if day < later(person.hired, number + 1):
            return share
    return Decimal(1)


def chosen(quotas: list[Quota], period: str) -> list[list[Quota]]:
    """Return the quotas that count for a period, those of one period together, the oldest first.

    That is the one for the period itself, else shorter ones together, else the shortest that is longer.
    """
    since, until = spans(period)
    names = sorted({quota.period for quota in quotas})
    shorter = [name for name in names if since <= spans(name)[0] and spans(name)[1] <= until]
    longer = [name for name in names if spans(name)[0] <= since and until <= spans(name)[1]]
    if period in names:
        names = [period]
    elif shorter:
        names = [name for name in shorter if not any(lies_in(name, other) for other in shorter)]
    else:
        names = sorted(longer, key=lambda name: days(*spans(name)))[:1]
    every = [[quota for quota in quotas if quota.period == name] for name in names]
    return [sorted(same, key=lambda quota: quota.since or dt.date.min) for same in every]


def lies_in(name: str, other: str) -> bool:
    """Return whether a period is a part of another."""
    (since, until), (first, last) = spans(name), spans(other)
    return name != other and first <= since and until <= last


def asked(quotas: list[Quota], period: str, person: Person, paid: Iterable[dt.date]) -> Decimal | None:
    """Return what a person is asked for in a period by the days of it on which they are paid, to the cent."""
    every = chosen(quotas, period)
    total = Fraction(0)
    for day in paid:
        for same in every:
            first, last = spans(same[0].period)
            counts = [quota for quota in same if (quota.since or first) <= day]
            if first <= day <= last and counts:
                total += counts[-1].on(day) * Fraction(ramp(person, day))
    return Decimal(math.floor(total * 100 + Fraction(1, 2))) / 100 if every else None
