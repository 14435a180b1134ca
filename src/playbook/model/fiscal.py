"""Fiscal years, halves, quarters and months of an organization."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from playbook.times import add_months

if TYPE_CHECKING:
    from playbook.model.organization import Settings

_PERIOD = re.compile(r"(\d{4})(?:-(?:Q([1-4])|H([12])|(0[1-9]|1[0-2])))?")
_DAY = dt.timedelta(days=1)


def fiscal_year(day: dt.date, settings: Settings) -> int:
    """Return the fiscal year of a day, named after the year it ends in, or starts in."""
    started = day.year if day.month >= settings.fiscal_start else day.year - 1
    return started + _ahead(settings)


def fiscal_quarter(day: dt.date, settings: Settings) -> str:
    """Return the fiscal quarter of a day, like `2027-Q1`."""
    quarter = (day.month - settings.fiscal_start) % 12 // 3 + 1
    return f"{fiscal_year(day, settings)}-Q{quarter}"


def period(text: str, settings: Settings) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of `2027`, `2027-H1`, `2027-Q1` (fiscal) or `2027-03` (a month).

    Raises ValueError saying what was expected.
    """
    found = _PERIOD.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a period: write one like 2027, 2027-H1, 2027-Q1 or 2027-03")
    year, quarter, half, month = found.groups()
    try:
        if month:
            return _span(dt.date(int(year), int(month), 1), 1)
        start = dt.date(int(year) - _ahead(settings), settings.fiscal_start, 1)
        if quarter:
            return _span(add_months(start, 3 * int(quarter) - 3), 3)
        return _span(add_months(start, 6), 6) if half == "2" else _span(start, 6 if half else 12)
    except ValueError:
        raise ValueError(f"{text!r} is not a period: the year is out of range") from None


def parts(text: str, count: int, settings: Settings) -> tuple[tuple[dt.date, dt.date], ...]:
    """Return the first and the last days of `count` parts of a period, all of the same number of months.

    Raises ValueError saying what was expected, as `period` does.
    """
    start, end = period(text, settings)
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    fitting = [number for number in range(2, months + 1) if months % number == 0]
    if count not in fitting:
        said = ", ".join(map(str, fitting))
        raise ValueError(
            f"{text} has no {count} parts of the same number of months: "
            + (
                f"give one share for each of {said} parts"
                if fitting
                else "a month has no parts to spread over"
            )
        )
    each = months // count
    return tuple(_span(add_months(start, each * number), each) for number in range(count))


def _span(start: dt.date, months: int) -> tuple[dt.date, dt.date]:
    return start, add_months(start, months) - _DAY


def _ahead(settings: Settings) -> int:
    """Return how many years the name of a fiscal year is ahead of the year in which it starts."""
    return int(settings.fiscal_named_after == "end" and settings.fiscal_start > 1)
