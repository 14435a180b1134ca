"""Days in the organization's zone, as ordinals: whole numbers that subtract to calendar days."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import narwhals as nw

_MICROSECONDS_A_DAY = 86_400_000_000
_START = dt.date(1970, 1, 1).toordinal()


def cut(column: str, zone: dt.tzinfo) -> nw.Expr:
    """Return the day in `zone` of the instants of a column, which are microseconds since 1970 in UTC."""
    at = nw.col(column)
    if isinstance(zone, zoneinfo.ZoneInfo):
        local = at.cast(nw.Datetime("us")).dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key)
        at = local.dt.replace_time_zone(None).dt.timestamp("us")
    return at // _MICROSECONDS_A_DAY + _START


def parse(date: str) -> int | None:
    """Return an ISO date as an ordinal, None for no text."""
    return dt.date.fromisoformat(date).toordinal() if date else None
