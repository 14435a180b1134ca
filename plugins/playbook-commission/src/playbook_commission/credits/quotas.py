"""Quotas: what people, teams and territories are to reach in a period, by the days that count."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import attrs

from playbook import InputError, fiscal_parts
from playbook_commission.exact import CONTEXT, ONE, ZERO, exactly, in_cents
from playbook_commission.spans import WHOSE, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.model.organization import Organization, Person
    from playbook.model.organization_rules import Quota

_DAY = dt.timedelta(1)


class Counting(NamedTuple):
    """Hold days on end, from `first` to `last`, that count at a share; none where the last is before the first."""

    first: dt.date
    last: dt.date
    share: Decimal = ONE

    def within(self, since: dt.date, until: dt.date) -> Counting:
        """Return what of it lies between two days."""
        return Counting(max(self.first, since), min(self.last, until), self.share)


@attrs.frozen
class Target:
    """Hold what is to be reached: the `whole` target of the period and how much of it counts."""

    amount: Decimal
    currency: str
    whole: Decimal
    because: str = ""


@attrs.frozen
class _Part:
    """Hold what days of a period ask for together: from `first` to `last`, of which those of a window count."""

    first: dt.date
    last: dt.date
    since: dt.date
    until: dt.date
    amount: Decimal

    def over(self, counting: Iterable[Counting]) -> Decimal:
        """Return what days ask for."""
        low, high = max(self.first, self.since), min(self.last, self.until)
        days = _weight(one.within(low, high) for one in counting)
        return CONTEXT.divide(CONTEXT.multiply(self.amount, days), Decimal((self.last - self.first).days + 1))


@attrs.frozen
class _Said:
    """Hold all that is said for one period, the oldest first."""

    span: Span
    quotas: tuple[Quota, ...]

    def parts(self, organization: Organization) -> Iterator[_Part]:
        """Yield the parts of the period, and from when until when each counts."""
        begins = sorted({quota.since or self.span.since for quota in self.quotas})
        ends = [*(day - _DAY for day in begins[1:]), self.span.until]
        until = dict(zip(begins, ends, strict=True))
        for quota in self.quotas:
            since, shares = quota.since or self.span.since, quota.spread or (ONE,)
            parts: tuple[tuple[dt.date, dt.date], ...] = ((self.span.since, self.span.until),)
            if quota.spread:
                parts = fiscal_parts(quota.period, len(quota.spread), organization.settings)
            for share, (first, last) in zip(shares, parts, strict=True):
                amount = CONTEXT.multiply(quota.target, share)
                yield _Part(first, last, since, until[since], amount)

    def changes(self, span: Span) -> Iterator[str]:
        """Yield what is said anew from a day within a period on."""
        for quota in self.quotas:
            if quota.since and span.since < quota.since <= span.until:
                yield f"from {quota.since} {quota.target:f} {quota.currency}".rstrip()


class Quotas:
    """Answer what people, teams and territories are to reach; what was said is looked through once."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._said: dict[tuple[str, str, str], list[Quota]] = {}
        self._known: dict[tuple[str, str, str], list[_Said]] = {}
        for quota in organization.quotas:
            for whose in WHOSE:
                name = getattr(quota, whose) or ""
                if name:
                    self._said.setdefault((quota.measure, whose, name), []).append(quota)

    def whose(self, whose: str) -> list[tuple[str, str]]:
        """Return the measures that people, teams or territories have quotas of, each with whose it is."""
        return sorted((name, measure) for measure, kind, name in self._said if kind == whose)

    def of_person(
        self, measure: str, span: Span, person: str, days: Iterable[tuple[dt.date, dt.date]]
    ) -> Target | None:
        """Return a person's quota for a period: of the days in runs, each at its share of the ramp."""
        who = self._organization.person(person)
        counting = [Counting(*run) for run in span.within(days)]
        if who is not None and who.ramp:
            counting = [part for one in counting for part in _ramped(who, one)]
        return self.over(measure, "person", person, span, counting)

    @exactly
    def over(
        self, measure: str, whose: str, name: str, span: Span, counting: Iterable[Counting]
    ) -> Target | None:
        """Return what a `person`, `team` or `territory` is to reach in a period by the days of it that count.

        A quota for the period itself goes first; then those for shorter ones add up; else the shortest that is
        longer gives the part of it that its days are. None where there is none. Its cents are rounded half up.
        """
        found = self._chosen(measure, whose, name, span)
        if not found:
            return None
        currencies = sorted({quota.currency for said in found for quota in said.quotas})
        if len(currencies) > 1:
            said = " and ".join(currency or "numbers" for currency in currencies)
            raise InputError(f"the quotas of {name} for {measure} are in {said}; write them in one currency")
        parts = [part for said in found for part in said.parts(self._organization)]
        counting = [one.within(span.since, span.until) for one in counting]
        weighted = _weight(counting)
        because = [] if weighted == len(span) else [f"{weighted.normalize():f} of {len(span)} days"]
        because += [one for said in found for one in said.changes(span)]
        whole = sum((part.over([Counting(span.since, span.until)]) for part in parts), ZERO)
        every = [Counting(span.since, span.until)] == counting
        exact = whole if every else sum((part.over(counting) for part in parts), ZERO)
        return Target(in_cents(exact, currencies[0]), currencies[0], whole, "; ".join(because))

    def share(self, measure: str, whose: str, name: str, span: Span) -> Decimal | None:
        """Return the share that a ratio is to reach in a period: that of the shortest period it lies in."""
        for said in self._chosen(measure, whose, name, span):
            counting = [quota for quota in said.quotas if not quota.since or quota.since <= span.until]
            if len(said.span) >= len(span) and counting:
                return max(counting, key=lambda quota: quota.since or said.span.since).target
        return None

    def _by_span(self, measure: str, whose: str, name: str) -> list[_Said]:
        """Return all that is said of what somebody is to reach, by period."""
        key = (measure, whose, name)
        if key not in self._known:
            by_span: dict[tuple[dt.date, dt.date], list[Quota]] = {}
            for quota in self._said.get(key, ()):
                of = Span.of(quota.period, self._organization)
                by_span.setdefault((of.since, of.until), []).append(quota)
            self._known[key] = [
                _Said(Span(every[0].period, *days), tuple(every)) for days, every in sorted(by_span.items())
            ]
        return self._known[key]

    def _chosen(self, measure: str, whose: str, name: str, span: Span) -> list[_Said]:
        said = self._by_span(measure, whose, name)
        same = [one for one in said if (one.span.since, one.span.until) == (span.since, span.until)]
        within = [one for one in said if span.holds(one.span)]
        outermost = [
            one for one in within if not any(o is not one and o.span.holds(one.span) for o in within)
        ]
        around = sorted((one for one in said if one.span.holds(span)), key=lambda one: len(one.span))
        return same or outermost or around[:1]


def _ramped(person: Person, days: Counting) -> Iterator[Counting]:
    """Yield days on end cut where the share of the ramp changes."""
    every = (days.first + dt.timedelta(n) for n in range((days.last - days.first).days + 1))
    for share, same in groupby(every, person.ramp_share):
        first, *more = same
        yield Counting(first, more[-1] if more else first, share)


def _weight(counting: Iterable[Counting]) -> Decimal:
    """Return how many days count, each as much as its share."""
    return sum((one.share * max((one.last - one.first).days + 1, 0) for one in counting), ZERO)
