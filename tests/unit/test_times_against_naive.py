"""Calendars of random zones, hours and holidays against what is reckoned naively, most of it where clocks change.

`SOAK` set to a number makes that many examples; `make soak` does.
"""

from __future__ import annotations

import datetime as dt
import os
import zoneinfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.naive_calendar import later, wall, workdays_between

from playbook.times import Calendar, Duration, Elapsed

SOAK = int(os.environ.get("SOAK", "0"))
CHANGES = {
    "Europe/Berlin": ["2024-03-31", "2026-03-29", "2026-10-25"],
    "America/New_York": ["2026-03-08", "2026-11-01"],
    "Asia/Tehran": ["2020-03-21", "2020-09-21", "2022-09-22"],  # at midnight
    "Asia/Jerusalem": ["2026-03-27", "2026-10-25"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],  # by half an hour
    "Pacific/Apia": ["2011-09-24", "2011-12-30", "2012-04-01"],  # one of these days never was
    "Africa/Casablanca": ["2026-02-15", "2026-03-22"],
    "UTC": ["2024-02-29", "2027-01-01"],
}
UNITS = {"min": 3000, "h": 200, "d": 90, "w": 60, "mo": 60, "wd": 45, "wh": 60}
quarters = st.integers(0, 95).map(lambda n: dt.time(n // 4, n % 4 * 15))
hours = st.one_of(
    st.just((dt.time(9), dt.time(17))), st.tuples(quarters, quarters).filter(lambda pair: pair[0] < pair[1])
)
weeks = st.sampled_from([{0, 1, 2, 3, 4}, {6, 0, 1, 2, 3}, {5, 6, 0, 1, 2}, {2}, set(range(7))]).map(
    frozenset
)
COMMON = settings(
    max_examples=SOAK or 200, deadline=None, suppress_health_check=list(HealthCheck), database=None,
    derandomize=not SOAK,  # a test of every day says the same of the same code
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)  # fmt: skip


@st.composite
def offices(draw: st.DrawFn) -> tuple[Calendar, dt.datetime]:
    """Draw a calendar, and a moment not far from where its clocks change, or from the end of a month."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    near = dt.date.fromisoformat(draw(st.sampled_from([*CHANGES[zone], "2024-02-29", "2025-12-31"])))
    days = st.integers(-40, 40).map(lambda n: near + dt.timedelta(days=n))
    opens, closes = draw(hours)
    known = dt.UTC if zone == "UTC" else zoneinfo.ZoneInfo(zone)
    calendar = Calendar(known, draw(weeks), opens, closes, draw(st.frozensets(days, max_size=8)))
    start = dt.datetime.combine(near, dt.time(), dt.UTC)
    return calendar, start + dt.timedelta(
        minutes=draw(st.one_of(st.integers(-4000, 4000), st.integers(-60000, 60000)))
    )


lengths = st.sampled_from(sorted(UNITS)).flatmap(lambda u: st.tuples(st.integers(0, UNITS[u]), st.just(u)))


@COMMON
@given(offices(), lengths, st.sampled_from((1, -1)))
def test_a_time_after_or_before_another_is_what_is_reckoned_naively(
    office: tuple[Calendar, dt.datetime], length: tuple[int, str], sign: int
) -> None:
    calendar, at = office
    found, told = calendar.add(at, Duration(*length), sign), later(calendar, at, *length, sign)
    assert found == told, f"{wall(found, calendar.zone)} is not {wall(told, calendar.zone)}"
    assert found.tzinfo is dt.UTC
    elapsed = Elapsed(told, at)
    if sign < 0:  # idle for so long, to the moment
        assert [elapsed.compare(Duration(*length), calendar)] == [0]


def test_a_day_that_never_was_is_no_working_day() -> None:
    apia = zoneinfo.ZoneInfo("Pacific/Apia")  # went from Thursday the 29th to Saturday the 31st
    office = Calendar(apia, frozenset(range(6)))
    thursday = dt.datetime(2011, 12, 29, 16, tzinfo=apia)
    assert office.add(thursday, Duration(1, "wd")) == dt.datetime(2011, 12, 31, 17, tzinfo=apia)
    assert office.add(thursday, Duration(10, "wh")) == dt.datetime(2012, 1, 2, 10, tzinfo=apia)
    assert office.working_days(dt.date(2011, 12, 29), dt.date(2012, 1, 2)) == 2


@COMMON
@given(offices(), st.integers(-80, 80))
def test_working_days_between_days_are_counted_one_by_one(
    office: tuple[Calendar, dt.datetime], days: int
) -> None:
    calendar, at = office
    start = wall(at, calendar.zone).date()
    end = start + dt.timedelta(days=days)
    assert calendar.working_days(start, end) == workdays_between(calendar, start, end)
