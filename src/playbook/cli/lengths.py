"""How long ago and how soon, as people say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

_HOUR, _MINUTE = 3600, 60


def days(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> int:
    """Return how many days lie between two times, counted on the calendar of a zone."""
    return abs((now.astimezone(zone).date() - at.astimezone(zone).date()).days)


def ago(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> str:
    """Return `3 days ago` for a time that has passed."""
    length = span(at, now, zone)
    return f"{length} ago" if length else "just now"


def ahead(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> str:
    """Return `in 3 days` for a time to come; `now` for one that has passed."""
    length = span(at, now, zone) if at > now else ""
    return f"in {length}" if length else "now"


def span(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> str:
    """Return the length between two times in its largest unit, `3 days`; nothing for less than a minute."""
    seconds = abs(int((now - at).total_seconds()))
    if count := days(at, now, zone):
        return _counted(count, "day")
    if seconds >= _HOUR:
        return _counted(seconds // _HOUR, "hour")
    return _counted(seconds // _MINUTE, "minute") if seconds >= _MINUTE else ""


def _counted(count: int, unit: str) -> str:
    return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"
