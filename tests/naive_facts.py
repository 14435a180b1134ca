"""What pay is reckoned from the naive way: deals as they are known, periods of 2027, and rounding."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

D = Decimal
ZERO = D(0)
CENT = D("0.01")
YEAR = (dt.date(2027, 1, 1), dt.date(2027, 12, 31))

Key = tuple[str, str, str]
"""A component, the kind of a line, and the case; what a statement pays is told by it."""

WAITS = ("hold", "release", "waits")


@dataclass
class Deal:
    """A case as it is known: when it was won (None: it is open), for how much, by whom, and what came after."""

    case: str
    day: dt.date | None
    amount: Decimal
    shares: dict[str, Decimal]
    entries: list[tuple[dt.date, str, dict[str, Decimal]]] = field(default_factory=list)

    def sums(self, kind: str, until: dt.date) -> list[Decimal]:
        """Return the amounts of the entries of a kind up to a day."""
        return [said["amount"] for day, what, said in self.entries if what == kind and day <= until]


@dataclass(frozen=True)
class Credit:
    """A share of what counted on a day."""

    day: dt.date
    case: str
    amount: Decimal
    count: Decimal


@dataclass
class Paid:
    """A line for a case: what was kept of it after gates and caps, taken back, held and released since."""

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


def periods(every: str) -> list[Period]:
    """Return the periods of 2027, and the first one after them."""
    months = {"month": 1, "quarter": 3}[every]
    found = []
    for number in range(12 // months + 1):
        year, month = divmod(number * months, 12)
        last = month + months
        until = dt.date(2027 + year, last, calendar.monthrange(2027 + year, last)[1])
        name = f"{month + 1:02}" if every == "month" else f"Q{month // 3 + 1}"
        found.append(Period(f"{2027 + year}-{name}", dt.date(2027 + year, month + 1, 1), until))
    return found


def rounded(number: Decimal) -> Decimal:
    """Round to cents, a half to the even one."""
    return number.quantize(CENT, ROUND_HALF_EVEN)


def shared(numbers: Sequence[Decimal]) -> list[Decimal]:
    """Round numbers so that they sum to their rounded sum: what is missing goes to the largest remainders."""
    floors = [number.quantize(CENT, ROUND_FLOOR) for number in numbers]
    missing = int((rounded(sum(numbers, D(0))) - sum(floors, D(0))) / CENT)
    order = sorted(range(len(numbers)), key=lambda place: floors[place] - numbers[place])
    return [floor + (CENT if order.index(place) < missing else 0) for place, floor in enumerate(floors)]


def share(said: str) -> Decimal:
    """Read `10%`."""
    return D(said.removesuffix("%")) / 100


def euros(said: str) -> Decimal:
    """Read `10 EUR`."""
    return D(said.removesuffix(" EUR"))


def days(since: dt.date, until: dt.date) -> int:
    """Return how many days there are, both ends counted."""
    return max((until - since).days + 1, 0)


def later(day: dt.date, months: int) -> dt.date:
    """Return the day so many months later, or the last one of its month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
