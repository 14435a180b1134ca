"""Quotas: what a person is to reach in a period, for the days that count and the share of a ramp."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook import fiscal_period
from playbook_commission.exact import CONTEXT, ONE, ZERO, Rounding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.model.organization import Organization
    from playbook.model.organization_rules import Quota

_CENTS = Rounding(half="up")


@attrs.frozen
class Span:
    """Hold a named period; `until` is its last day."""

    name: str
    since: dt.date
    until: dt.date

    @classmethod
    def of(cls, name: str, organization: Organization) -> Span:
        """Return a period by its name, like `2027-Q1`; raises ValueError saying what was expected."""
        return cls(name, *fiscal_period(name, organization.settings))

    def days(self) -> Iterator[dt.date]:
        """Yield its days."""
        for number in range(len(self)):
            yield self.since + dt.timedelta(number)

    def __len__(self) -> int:
        return (self.until - self.since).days + 1


@attrs.frozen
class Target:
    """Hold what is to be reached: the `whole` target of the period and how much of it counts."""

    amount: Decimal
    currency: str
    whole: Decimal
    because: str = ""


def target(
    organization: Organization, measure: str, span: Span, person: str, counting: frozenset[dt.date]
) -> Target | None:
    """Return a person's quota for a period, by days: of those in `counting`, each at its share of the ramp.

    A quota for a longer period gives the part of it that its days are; those for shorter ones add up. None where
    there is none. Its cents are rounded half up.
    """
    found = [q for q in organization.rules.quotas if q.measure == measure and q.person == person]
    whole = _whole(organization, found, span)
    if whole is None:
        return None
    who = organization.person(person)
    weights = (ONE if who is None else who.ramp_share(day) for day in span.days() if day in counting)
    weighted = sum(weights, ZERO)
    exact = CONTEXT.divide(CONTEXT.multiply(whole[0], weighted), Decimal(len(span)))
    because = "" if weighted == len(span) else f"{weighted.normalize():f} of {len(span)} days"
    return Target(_CENTS.of(exact), whole[1], whole[0], because)


def _whole(organization: Organization, found: list[Quota], span: Span) -> tuple[Decimal, str] | None:
    """Return the target of a whole period and its currency, from that of the same, of longer or of shorter ones."""
    spans = [(quota, Span.of(quota.period, organization)) for quota in found]
    same = [quota for quota, other in spans if (other.since, other.until) == (span.since, span.until)]
    if same:
        return sum((quota.target for quota in same), ZERO), same[0].currency
    within = [q for q, other in spans if span.since <= other.since and other.until <= span.until]
    if within:
        return sum((quota.target for quota in within), ZERO), within[0].currency
    around = [(q, other) for q, other in spans if other.since <= span.since and span.until <= other.until]
    if not around:
        return None
    parts = (
        CONTEXT.divide(CONTEXT.multiply(quota.target, Decimal(len(span))), Decimal(len(other)))
        for quota, other in around
    )
    return sum(parts, ZERO), around[0][0].currency
