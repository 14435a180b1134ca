"""What an organization lays down beside its people: calendars, territories, assignment, measures, rates.

All of it is replaced as one whole, so that nothing that left the file stays in force.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs

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
    """Set a target for a person or a team in a fiscal period like `2027-Q1`; no currency where things count."""

    period: str
    measure: str
    target: Decimal
    currency: str = ""
    person: str = ""
    team: str = ""


@attrs.frozen(slots=False)
class Rate:
    """Hold what one unit of a currency is worth in the organization's, from a day on."""

    since: dt.date
    currency: str
    rate: Decimal


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
