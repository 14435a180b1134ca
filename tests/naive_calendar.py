"""Durations and calendars reckoned the naive way: days one by one, working hours minute by minute.

A clock time is looked up by trying every offset that its zone has around then, so that nothing here rests on `fold`.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.times import Calendar

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
LENGTHS = {"min": MINUTE, "h": 60 * MINUTE, "d": DAY, "w": 7 * DAY}


def wall(at: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Return what a clock in a zone shows, as a time without a zone."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def shown(clock: dt.datetime, zone: dt.tzinfo) -> list[dt.datetime]:
    """Return when a clock in a zone shows a time: once, twice where it is set back, never where it is put on."""
    tried = {clock.replace(tzinfo=dt.UTC) - offset for offset in offsets(clock, zone)}
    return sorted(at for at in tried if wall(at, zone) == clock)


def offsets(clock: dt.datetime, zone: dt.tzinfo) -> list[dt.timedelta]:
    """Return how far a zone is from UTC in the hours around a time, in order."""
    around = [clock.replace(tzinfo=dt.UTC) + hours * 60 * MINUTE for hours in range(-30, 31, 6)]
    return [wall(at, zone) - at.replace(tzinfo=None) for at in around]


def moment(day: dt.date, clock: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """Return when it is so late on a day: the first time; one that is left out comes as if no clock had changed."""
    when = dt.datetime.combine(day, clock)
    return next(iter(shown(when, zone)), when.replace(tzinfo=dt.UTC) - offsets(when, zone)[0])


def works(calendar: Calendar, day: dt.date) -> bool:
    """Return whether people work on a day; on one that their zone left out nobody did."""
    there = shown(dt.datetime.combine(day, dt.time(12)), calendar.zone)
    return bool(there) and day.weekday() in calendar.weekdays and day not in calendar.holidays


def days_from(day: dt.date, sign: int) -> Iterator[dt.date]:
    """Yield a day and those after it, or before it."""
    while True:
        yield day
        day += sign * DAY


def later(calendar: Calendar, at: dt.datetime, count: int, unit: str, sign: int = 1) -> dt.datetime:
    """Return what `Calendar.add` has to."""
    if unit in ("min", "h"):
        return at + sign * count * LENGTHS[unit]
    if unit == "wh":
        return after_hours(calendar, at, count, sign)
    here = wall(at, calendar.zone)
    if unit == "wd":
        return moment(workday(calendar, here.date(), count, sign), calendar.closes, calendar.zone)
    if not count:
        return at
    there = (
        months_on(here.date(), count, sign) if unit == "mo" else here.date() + sign * count * LENGTHS[unit]
    )
    return moment(there, here.time(), calendar.zone)


def workday(calendar: Calendar, day: dt.date, count: int, sign: int) -> dt.date:
    """Return the last of so many working days after a day, or before it."""
    while count:
        day += sign * DAY
        count -= works(calendar, day)
    return day


def months_on(day: dt.date, count: int, sign: int) -> dt.date:
    """Return the same day so many months on, or the last one of a month without it."""
    year, month = day.year, day.month
    for _ in range(count):
        month += sign
        year, month = (year + 1, 1) if month > 12 else (year - 1, 12) if month < 1 else (year, month)
    for number in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month, min(number, day.day))
        except ValueError:
            pass  # this month has no such day
    raise AssertionError(day)


def after_hours(calendar: Calendar, at: dt.datetime, count: int, sign: int) -> dt.datetime:
    """Return when so many hours of work have passed; `at` and the hours of work are whole minutes."""
    left = count * 60
    for day in days_from(wall(at, calendar.zone).date(), sign):
        for minute in minutes(calendar, day)[::sign]:
            if not left:
                return at
            if minute >= at if sign > 0 else minute < at:
                left, at = left - 1, minute + (sign > 0) * MINUTE
    raise AssertionError(at)


def minutes(calendar: Calendar, day: dt.date) -> list[dt.datetime]:
    """Return the minutes of a day that are worked in."""
    if not works(calendar, day):
        return []
    minute, ends = (moment(day, clock, calendar.zone) for clock in (calendar.opens, calendar.closes))
    found = []
    while minute < ends:
        found.append(minute)
        minute += MINUTE
    return found


def workdays_between(calendar: Calendar, start: dt.date, end: dt.date) -> int:
    """Return how many working days come after a day up to another; those before it count against it."""
    first, last = min(start, end), max(start, end)
    found = [first + n * DAY for n in range(1, (last - first).days + 1)]
    return sum(works(calendar, day) for day in found) * (1 if first == start else -1)
