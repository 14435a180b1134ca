"""Instants, durations, calendars and clocks; nothing here looks at the machine's time zone."""

from __future__ import annotations

import calendar as _calendar
import datetime as dt
import itertools
import re
import zoneinfo
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    Clock = Callable[[], dt.datetime]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DURATION = re.compile(r"(\d+)\s*(min|h|d|w|mo|wd|wh|m)")
_NONE = dt.timedelta(0)
_MICROSECOND = dt.timedelta(microseconds=1)
_LONGEST_BREAK = 1000
_FIXED = {"min": dt.timedelta(minutes=1), "h": dt.timedelta(hours=1)}
_DIGITS = {"min": 8, "h": 6, "d": 5, "w": 4, "mo": 4, "wd": 5, "wh": 6}
_SCALE = {"min": 60, "h": 3600, "d": 86400, "w": 604800}


def system_clock() -> dt.datetime:
    """Return the machine's time in UTC; the only place that reads it."""
    return dt.datetime.now(dt.UTC)


def to_micros(at: dt.datetime) -> int:
    """Return whole microseconds since 1970 in UTC; raises ValueError for a time without zone."""
    try:
        return (at - _EPOCH) // _MICROSECOND
    except TypeError:
        raise ValueError(f"{at.isoformat()} has no time zone") from None


def in_utc(at: dt.datetime) -> dt.datetime:
    """Return the same moment in UTC; raises ValueError for a time without zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return at.astimezone(dt.UTC)


def from_micros(micros: int) -> dt.datetime:
    """Return the UTC time of whole microseconds since 1970."""
    return _EPOCH + dt.timedelta(microseconds=micros)


def zone(name: str) -> dt.tzinfo:
    """Return a time zone by its IANA name; raises ValueError for an unknown one."""
    if name == "UTC":
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is not a time zone; write one like Europe/Berlin") from None


def parse_date(text: str) -> dt.date:
    """Read `2026-03-01`; raises ValueError saying what was expected."""
    try:
        if len(text) == 10:
            return dt.date.fromisoformat(text)
    except ValueError:
        pass  # the one message below serves both ways of being wrong
    raise ValueError(f"{text!r} is not a date: write year-month-day, like 2026-03-01")


def parse_datetime(text: str, default_zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    """Read `2026-03-01 09:00` or ISO 8601; a time without zone is in `default_zone`."""
    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time: write it like 2026-03-01 09:00") from None
    return value if value.tzinfo else value.replace(tzinfo=default_zone)


class Duration:
    """Hold a length of time as written: `30min 4h 3d 2w 6mo`, `wd` and `wh` in working time.

    A plain class: msgspec would write an attrs class as an object, and the stored form is the text.
    """

    __slots__ = ("count", "unit")

    def __init__(self, count: int, unit: str) -> None:
        self.count = count
        self.unit = unit

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read `4h`; raises ValueError saying what was expected; `m` is refused as ambiguous.

        Every unit has a most, of some hundred years, so that adding it to a date of our time always gives one.
        """
        found = _DURATION.fullmatch(text.strip())
        if not found:
            raise ValueError(f"{text!r} is not a duration: write one like 30min, 4h, 3d, 2w, 6mo, 5wd or 8wh")
        if found[2] == "m":
            raise ValueError(f"{text!r} could be minutes or months: write {found[1]}min or {found[1]}mo")
        digits = _DIGITS[found[2]]
        if len(found[1].lstrip("0")) > digits:
            shown = text.strip() if len(text) < 30 else f"{text.strip()[:24]}..."
            raise ValueError(
                f"{shown!r} is longer than any time that counts: write at most {'9' * digits}{found[2]}"
            )
        return cls(int(found[1]), found[2])

    @property
    def seconds(self) -> int | None:
        """Return the nominal length in seconds, or None where it depends on a calendar."""
        scale = _SCALE.get(self.unit)
        return None if scale is None else self.count * scale

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    def __repr__(self) -> str:
        return f"Duration({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and (self.count, self.unit) == (other.count, other.unit)

    def __hash__(self) -> int:
        return hash((self.count, self.unit))


@attrs.frozen
class Elapsed:
    """Hold the time from `since` to `now`, to be compared with a Duration by calendar rules."""

    since: dt.datetime
    now: dt.datetime

    def compare(self, duration: Duration, calendar: Calendar) -> int:
        """Return -1, 0 or 1: whether `since` lies after, at or before now minus the duration."""
        border = calendar.add(self.now, duration, sign=-1)
        return (border > self.since) - (border < self.since)


@attrs.frozen
class Calendar:
    """Say when people work: zone, weekdays (Monday is 0), hours of the day, holidays."""

    zone: dt.tzinfo = dt.UTC
    weekdays: frozenset[int] = frozenset(range(5))
    opens: dt.time = dt.time(9)
    closes: dt.time = dt.time(17)
    holidays: Container[dt.date] = frozenset()

    def works_on(self, day: dt.date) -> bool:
        """Return whether people work on that day; nobody does on one that the zone left out."""
        return day.weekday() in self.weekdays and day not in self.holidays and _is_there(day, self.zone)

    def add(self, at: dt.datetime, duration: Duration, sign: int = 1) -> dt.datetime:
        """Return the time `duration` after `at` (before, with sign -1), in UTC.

        `d`, `w` and `mo` keep the clock time of the calendar's zone (one that a change of the clock leaves out
        is the same time after the change), `wd` ends at closing time, `wh` are hours as they pass. Raises
        ValueError for a calendar on which nobody ever works.
        """
        if duration.unit in _FIXED:
            return at.astimezone(dt.UTC) + sign * duration.count * _FIXED[duration.unit]
        count = sign * duration.count
        if duration.unit == "wh":
            return self._working_hours(at.astimezone(dt.UTC), count)
        local = at.astimezone(self.zone)
        if duration.unit == "wd":
            return self._moment(self._working_day(local.date(), count), self.closes)
        if duration.unit == "mo":
            day = add_months(local.date(), count)
        else:
            day = local.date() + dt.timedelta(days=count * (7 if duration.unit == "w" else 1))
        # the second of two equal clock times stays the second on its own day alone
        clock = local.time() if day == local.date() else local.time().replace(fold=0)
        return self._moment(day, clock)

    def working_days(self, start: dt.date, end: dt.date) -> int:
        """Return how many working days lie after `start` up to and including `end`."""
        if end < start:
            return -self.working_days(end, start)
        return sum(self.works_on(start + dt.timedelta(days=n)) for n in range(1, (end - start).days + 1))

    def _moment(self, day: dt.date, clock: dt.time) -> dt.datetime:
        return dt.datetime.combine(day, clock, self.zone).astimezone(dt.UTC)

    def _days(self, day: dt.date, step: int) -> Iterator[dt.date]:
        """Yield the working days from a day on, itself included where it is one."""
        idle = 0
        while idle < _LONGEST_BREAK:
            if self.works_on(day):
                idle = 0
                yield day
            idle += 1
            day += dt.timedelta(days=step)
        raise ValueError(f"nobody works within {_LONGEST_BREAK} days of {day}; look at the calendar's days")

    def _working_day(self, day: dt.date, count: int) -> dt.date:
        if not count:
            return day
        step = 1 if count > 0 else -1
        days = self._days(day + dt.timedelta(days=step), step)
        return next(itertools.islice(days, abs(count) - 1, None))

    def _working_hours(self, at: dt.datetime, count: int) -> dt.datetime:
        if self.opens >= self.closes:
            raise ValueError("a calendar needs hours that end after they begin")
        if not count:
            return at
        left, step = dt.timedelta(hours=abs(count)), 1 if count > 0 else -1
        for day in self._days(at.astimezone(self.zone).date(), step):
            opens, closes = self._moment(day, self.opens), self._moment(day, self.closes)
            start = min(max(at, opens), closes)
            room = closes - start if step > 0 else start - opens
            if left <= room:
                return start + step * left
            left -= max(room, _NONE)
        raise ValueError(f"nobody works after {at.isoformat()}; look at the calendar's days")


@lru_cache(4096)
def _is_there(day: dt.date, zone: dt.tzinfo) -> bool:
    """Return whether a day ever was: Samoa went from 29 to 31 December 2011."""
    noon = dt.datetime.combine(day, dt.time(12), zone)
    return noon.astimezone(dt.UTC).astimezone(zone).date() == day


def add_months(day: dt.date, count: int) -> dt.date:
    """Return the same day `count` months on, or the last day of a shorter month."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    return dt.date(year, month + 1, min(day.day, _calendar.monthrange(year, month + 1)[1]))
