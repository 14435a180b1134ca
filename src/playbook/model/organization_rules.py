"""What an organization lays down beside its people: calendars, territories, assignment, measures, rates.

All of it is replaced as one whole, so that nothing that left the file stays in force.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
from msgspec import UNSET, UnsetType

from playbook.model.rules import Condition

MATCH = "match"
"""In an assignment rule: whoever works the territory that the case belongs to."""


@attrs.frozen(slots=False)
class WorkCalendar:
    """Say when people work: weekdays (Monday is 0), hours, and the holidays of a country or as dates.

    `country` is ISO 3166 with an optional part of it: `DE`, `DE-BY`; an empty `timezone` is the organization's.
    """

    id: str
    timezone: str = ""
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    opens: dt.time = dt.time(9)
    closes: dt.time = dt.time(17)
    country: str = ""
    holidays: tuple[dt.date, ...] = ()


@attrs.frozen(slots=False)
class Territory:
    """Say which cases of a subject belong here: those for which `when` holds, or the rest (`otherwise`)."""

    id: str
    subject: str
    team: str = ""
    when: Condition | None = None
    otherwise: bool = False


@attrs.frozen(slots=False)
class AssignmentRule:
    """Say who gets cases of a subject: people of a role, team and territory (its id or `match`), by `pick`."""

    subject: str
    when: Condition | None = None
    role: str = ""
    team: str = ""
    territory: str = ""
    pick: str = "least_loaded"


@attrs.frozen(slots=False)
class Measure:
    """Say what is counted: cases of a playbook by outcome, or its entries of a kind; or a ratio of two measures.

    `amount` and `date` are expressions over the case; with `count` each counts as one.
    """

    id: str
    playbook: str = ""
    outcome: str = ""
    entry: str = ""
    amount: Condition | None = None
    date: Condition | None = None
    count: bool = False
    ratio: tuple[str, ...] = ()


@attrs.frozen(slots=False)
class Quota:
    """Set a target for a person, a team or a territory in a fiscal period like `2027-Q1`.

    There is no currency where things count. `spread` are the shares of the parts of the period, all of the same
    number of months, which sum to 1; without it, every day asks for the same. From the day `since` on it stands in
    for what was said before for the same period. What is not said of these is unset, and so not stored: what was
    written before there were any stays as it is.
    """

    period: str
    measure: str
    target: Decimal
    currency: str = ""
    person: str = ""
    team: str = ""
    territory: str | UnsetType = UNSET
    spread: tuple[Decimal, ...] | UnsetType = UNSET
    since: dt.date | UnsetType = UNSET

    @property
    def key(self) -> tuple[str, ...]:
        """Return what tells it from others: what is measured, whose it is, for which period, from which day on."""
        whose = (self.person, self.team, self.territory or "")
        return (self.measure, *whose, self.period, self.since.isoformat() if self.since else "")


@attrs.frozen(slots=False)
class Rate:
    """Hold what one unit of a currency is worth in the organization's, from a day on."""

    since: dt.date
    currency: str
    rate: Decimal

    @property
    def key(self) -> tuple[dt.date, str]:
        """Return what tells it from others: the day and the currency."""
        return self.since, self.currency


@attrs.frozen(slots=False)
class PlanningRate:
    """Hold the rate that plans of a fiscal year are made with."""

    year: int
    currency: str
    rate: Decimal


@attrs.frozen(slots=False)
class Rules:
    """Hold everything that a file lays down and that is replaced as a whole."""

    calendars: tuple[WorkCalendar, ...] = ()
    territories: tuple[Territory, ...] = ()
    assignment: tuple[AssignmentRule, ...] = ()
    measures: tuple[Measure, ...] = ()
    quotas: tuple[Quota, ...] = ()
    rates: tuple[Rate, ...] = ()
    planning: tuple[PlanningRate, ...] = ()


@attrs.frozen(slots=False)
class Imported:
    """Hold what rows of files brought: it stays until a row says otherwise, whatever the organization's file says."""

    quotas: tuple[Quota, ...] = ()
    rates: tuple[Rate, ...] = ()

    def new(self, wanted: Imported) -> Imported:
        """Return what of that which is wanted is not there, or is otherwise."""
        quotas, rates = set(self.quotas), set(self.rates)
        return Imported(
            tuple(quota for quota in wanted.quotas if quota not in quotas),
            tuple(rate for rate in wanted.rates if rate not in rates),
        )

    def plus(self, more: Imported) -> Imported:
        """Return it with more, which goes before what has the same key."""
        quotas = {quota.key: quota for quota in (*self.quotas, *more.quotas)}
        rates = {rate.key: rate for rate in (*self.rates, *more.rates)}
        return Imported(tuple(quotas.values()), tuple(rates.values()))
