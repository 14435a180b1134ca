"""Days in the organization's zone, as ordinals: whole numbers that subtract to calendar days."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECONDS_A_DAY = 86_400_000_000


def cut(instants: Sequence[int | None], zone: dt.tzinfo) -> list[int | None]:
    """Return the day in `zone` of each instant, given in microseconds since 1970 in UTC, as an ordinal."""
    if zone is dt.UTC:
        start = _EPOCH.toordinal()
        return [None if at is None else at // _MICROSECONDS_A_DAY + start for at in instants]
    days = {at: _day(at, zone) for at in set(instants) if at is not None}
    return [None if at is None else days[at] for at in instants]


def parse(dates: Sequence[str | None]) -> list[int | None]:
    """Return each ISO date as an ordinal."""
    days = {text: dt.date.fromisoformat(text).toordinal() for text in set(dates) if text}
    return [days[text] if text else None for text in dates]


def fiscal_quarter(day: dt.date, start: int, named_after: str) -> str:
    """Name the fiscal quarter of a day, `2017-Q1`.

    The fiscal year begins with the month `start` and is named after the calendar year of its first day
    (`start`) or of its last (`end`).
    """
    first = day.year if day.month >= start else day.year - 1
    year = first + 1 if named_after == "end" and start > 1 else first
    return f"{year:04}-Q{(day.month - start) % 12 // 3 + 1}"


def _day(at: int, zone: dt.tzinfo) -> int:
    return (_EPOCH + dt.timedelta(microseconds=at)).astimezone(zone).toordinal()
