"""Named periods, and whose figures of them there are; imported whenever playbook starts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from playbook import InputError, fiscal_period, fiscal_quarter, fiscal_year

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.model.organization import Organization

WHOSE = ("person", "team", "territory")
"""Whose a quota may be."""

LENGTHS = ("month", "quarter", "year")
"""How long the periods of a plan may be."""


class Span(msgspec.Struct, frozen=True):
    """Hold a named period; `until` is its last day."""

    name: str
    since: dt.date
    until: dt.date

    @classmethod
    def of(cls, name: str, organization: Organization) -> Span:
        """Return a period by its name, like `2027-Q1`; raises InputError saying what was expected."""
        try:
            return cls(name, *fiscal_period(name, organization.settings))
        except ValueError as error:
            raise InputError(str(error)) from None

    @classmethod
    def at(cls, length: str, day: dt.date, organization: Organization) -> Span:
        """Return the `month`, fiscal `quarter` or `year` that a day lies in."""
        return cls.of(_name(length, day, organization), organization)

    def days(self) -> Iterator[dt.date]:
        """Yield its days."""
        for number in range(len(self)):
            yield self.since + dt.timedelta(number)

    def within(self, runs: Iterable[tuple[dt.date, dt.date]]) -> Iterator[tuple[dt.date, dt.date]]:
        """Yield what of runs of days, each from its first to its last, lies in the period."""
        for first, last in runs:
            low, high = max(first, self.since), min(last, self.until)
            if low <= high:
                yield low, high

    def holds(self, other: Span) -> bool:
        """Return whether every day of another period is one of its own."""
        return self.since <= other.since and other.until <= self.until

    def __len__(self) -> int:
        return (self.until - self.since).days + 1


def runs(days: Iterable[dt.date]) -> tuple[tuple[dt.date, dt.date], ...]:
    """Return days that come in their order as runs, each from its first to its last."""
    found: list[tuple[dt.date, dt.date]] = []
    for day in days:
        if found and (day - found[-1][1]).days == 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return tuple(found)


def length(runs: Iterable[tuple[dt.date, dt.date]]) -> int:
    """Return how many days runs have together."""
    return sum((last - first).days + 1 for first, last in runs)


def walk(length: str, since: dt.date, until: dt.date, organization: Organization) -> Iterator[Span]:
    """Yield the periods of a length that have days from one to another."""
    while since <= until:
        span = Span.at(length, since, organization)
        yield span
        since = span.until + dt.timedelta(1)


def around(spans: Iterable[Span], organization: Organization) -> list[str]:
    """Return the names of the periods of every length that have days of some."""
    found = {
        one.name
        for span in spans
        for length in LENGTHS
        for one in walk(length, span.since, span.until, organization)
    }
    return sorted(found)


def _name(length: str, day: dt.date, organization: Organization) -> str:
    if length == "month":
        return f"{day:%Y-%m}"
    settings = organization.settings
    return fiscal_quarter(day, settings) if length == "quarter" else str(fiscal_year(day, settings))


def settlement_id(person: str, plan: str, period: str) -> str:
    """Return what the settlement of a person, plan and period is called."""
    return f"{person}.{plan}.{period}"
