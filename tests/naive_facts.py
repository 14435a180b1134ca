"""What pay is reckoned from the naive way: deals as they are known, periods of 2027, and rounding."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

D = Decimal
ZERO = D(0)
CENT = D("0.01")
RATIOS = {"paid_share": ("cash", "revenue"), "paid_times": ("payments", "won")}
"""Measures that are one of two others."""
MONEY = ("revenue", "cash")
"""Measures of amounts; others count things."""

REPORTS = {"kim": "sam", "dana": "sam"}
"""Who reports to whom."""
ABOVE = {"north": ("north", "all")}
"""Teams, and those that they are in."""
TEAMS = {"sam": "north", "kim": "all", "dana": "south"}
RATES = (
    (dt.date(2026, 1, 1), D("0.8")), (dt.date(2027, 3, 10), D("1.25")), (dt.date(2027, 8, 20), D("1.6")),
    (dt.date(2027, 11, 2), D("0.5")),
)  # fmt: skip
"""From when a dollar is how many euros."""

Key = tuple[str, str, str]
"""A component, the kind of a line, and the case; what a statement pays is told by it."""

WAITS = ("hold", "untold", "release", "waits")


@dataclass(frozen=True)
class Entry:
    """A payment, or a refund: of a term, of which so much was used."""

    day: dt.date
    kind: str
    amount: Decimal
    currency: str
    used: int = 0
    term: int = 12


@dataclass
class Deal:
    """A case as it is known: when it was won (None: it is open), for how much, by whom, and what came after."""

    case: str
    day: dt.date | None
    amount: Decimal
    shares: dict[str, Decimal]
    due: Decimal | None = None
    currency: str = "EUR"
    helper: str = ""
    team: str = "north"
    entries: list[Entry] = field(default_factory=list)

    def came(self, kind: str, until: dt.date) -> list[Entry]:
        """Return the entries of a kind up to a day."""
        return [one for one in self.entries if one.kind == kind and one.day <= until]

    def sum(self, kind: str, until: dt.date) -> Decimal:
        """Return what entries of a kind come to up to a day, each exchanged for the deal's currency on its day."""
        came = self.came(kind, until)
        return sum((exchanged(one.amount, one.currency, self.currency, one.day) for one in came), D(0))


@dataclass(frozen=True)
class Person:
    """Somebody who is employed from one day to another; the first months ask for a share of a quota each.

    Their role is `ae`, and another one from some days on.
    """

    hired: dt.date
    left: dt.date = dt.date.max
    ramp: tuple[Decimal, ...] = ()
    roles: tuple[tuple[dt.date, str], ...] = ()

    def role(self, day: dt.date) -> str:
        """Return the role on a day."""
        return [("", "ae"), *((since, role) for since, role in self.roles if since <= day)][-1][1]


@dataclass(frozen=True)
class Credit:
    """A share of what counted on a day; it is not `sure` where nobody can tell whether it is paid for."""

    day: dt.date
    case: str
    amount: Decimal
    count: Decimal
    sure: bool = True


@dataclass
class Paid:
    """A line for a case: what was kept of it after gates and caps, taken back, held and released since.

    `plan` is the file that paid it, by which it is held and taken back ever after.
    """

    plan: dict[str, Any]
    period: str
    component: str
    case: str
    kept: Decimal
    back: Decimal = ZERO
    held: Decimal = ZERO
    freed: Decimal = ZERO


@dataclass(frozen=True)
class Period:
    """A period of the plan, in order."""

    name: str
    since: dt.date
    until: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.since <= day <= self.until

    def days(self) -> list[dt.date]:
        """Return its days."""
        return [self.since + dt.timedelta(number) for number in range((self.until - self.since).days + 1)]


YEAR = Period("2027", dt.date(2027, 1, 1), dt.date(2027, 12, 31))


def spans(name: str) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of `2027`, `2027-H1`, `2027-Q3` or `2027-11`."""
    year, _, part = name.partition("-")
    months = {"": 12, "H": 6, "Q": 3}.get(part[:1], 1)
    last = months * int(part.lstrip("HQ") or 1)
    until = dt.date(int(year), last, calendar.monthrange(int(year), last)[1])
    return dt.date(int(year), last - months + 1, 1), until


def periods(every: str) -> list[Period]:
    """Return the periods of 2027, and the first one after them."""
    if every == "year":
        names = ["2027", "2028"]
    elif every == "quarter":
        names = [*(f"2027-Q{number + 1}" for number in range(4)), "2028-Q1"]
    else:
        names = [*(f"2027-{number + 1:02}" for number in range(12)), "2028-01"]
    return [Period(name, *spans(name)) for name in names]


@dataclass(frozen=True)
class Steps:
    """Round to multiples of something: a half to the even one, or away from zero."""

    to: Decimal = CENT
    half: str = "even"

    @classmethod
    def said(cls, plan: dict[str, Any]) -> Steps:
        """Return how a plan rounds."""
        said = plan.get("round", {})
        return cls(D(str(said.get("to", CENT))), said.get("half", "even"))

    def rounded(self, number: Decimal) -> Decimal:
        """Return the multiple that is next to a number."""
        low = self.below(number)
        over = (number - low) / self.to
        even = low / self.to % 2 == 0
        goes_down = over < D("0.5") or (over == D("0.5") and (number < 0 if self.half == "up" else even))
        return low if goes_down else low + self.to

    def below(self, number: Decimal) -> Decimal:
        """Return the multiple that is not above a number."""
        return (number / self.to).to_integral_value(ROUND_FLOOR) * self.to

    def shared(self, numbers: Sequence[Decimal]) -> list[Decimal]:
        """Round numbers so that they sum to their rounded sum: what is missing goes to the largest remainders."""
        floors = [self.below(number) for number in numbers]
        missing = int((self.rounded(sum(numbers, D(0))) - sum(floors, D(0))) / self.to)
        order = sorted(range(len(numbers)), key=lambda place: floors[place] - numbers[place])
        return [
            floor + (self.to if order.index(place) < missing else 0) for place, floor in enumerate(floors)
        ]


def share(said: str) -> Decimal:
    """Read `10%`."""
    return D(said.removesuffix("%")) / 100


def money(said: str, currency: str, day: dt.date) -> Decimal:
    """Read `10 EUR` as an amount in a currency at the rate of a day."""
    amount, of = said.split()
    return exchanged(D(amount), of, currency, day)


def exchanged(amount: Decimal, of: str, to: str, day: dt.date) -> Decimal:
    """Return euros as dollars, or dollars as euros, by the latest rate on or before a day."""
    (*_, rate) = (rate for since, rate in RATES if since <= day)
    return amount if of == to else amount * rate if to == "EUR" else amount / rate


def days(since: dt.date, until: dt.date) -> int:
    """Return how many days there are, both ends counted."""
    return max((until - since).days + 1, 0)


def later(day: dt.date, months: int) -> dt.date:
    """Return the day so many months later, or the last one of its month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def tells(deal: Deal, when: str | None, day: dt.date) -> bool | None:
    """Return whether a condition like `deal.due > 500 EUR` holds for a deal; None where nobody can tell.

    What is in another currency is compared at the rate of a day.
    """
    if when is None:
        return True
    found = []
    for one in when.split(" or "):
        field, least = one.removeprefix("deal.").split(" > ")
        value = deal.due if field == "due" else exchanged(deal.amount, deal.currency, "EUR", day)
        found.append(None if value is None else value > D(least.removesuffix(" EUR")))
    return True if True in found else None if None in found else False
