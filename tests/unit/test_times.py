from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.times import Calendar, Duration

BERLIN, NEW_YORK = zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("America/New_York")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

zones = st.sampled_from([BERLIN, NEW_YORK, zoneinfo.ZoneInfo("Australia/Lord_Howe"), dt.UTC])
# the nights on which clocks change among them
times = st.datetimes(dt.datetime(2026, 3, 1), dt.datetime(2026, 11, 15), timezones=st.just(dt.UTC))  # noqa: DTZ001
hours = st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] < pair[1])
calendars = st.builds(
    lambda zone, weekdays, span, holidays: Calendar(zone, weekdays, span[0], span[1], holidays),
    zones,
    st.frozensets(st.integers(0, 6), min_size=1),
    hours.filter(lambda pair: pair[1].hour - pair[0].hour > 1),
    st.frozensets(st.dates(dt.date(2026, 3, 1), dt.date(2026, 12, 1)), max_size=20),
)


def at(text: str, zone: dt.tzinfo = BERLIN) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def worked(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """Add up, by clocks of the zone read in UTC, how long people worked."""
    whole, day = dt.timedelta(0), start.astimezone(calendar.zone).date() - DAY
    while day <= end.astimezone(calendar.zone).date():
        if day.weekday() in calendar.weekdays and day not in calendar.holidays:
            opens, closes = (
                dt.datetime.combine(day, clock, calendar.zone).astimezone(dt.UTC)
                for clock in (calendar.opens, calendar.closes)
            )
            whole += max(min(closes, end) - max(opens, start), dt.timedelta(0))
        day += DAY
    return whole


@given(calendars, times, st.integers(1, 60))
def test_working_hours_are_hours_that_passed_at_work(
    calendar: Calendar, start: dt.datetime, count: int
) -> None:
    later = calendar.add(start, Duration(count, "wh"))
    assert worked(calendar, start, later) == count * HOUR
    assert worked(calendar, start, later - dt.timedelta(microseconds=1)) < count * HOUR
    earlier = calendar.add(start, Duration(count, "wh"), sign=-1)
    assert worked(calendar, earlier, start) == count * HOUR
    assert worked(calendar, earlier + dt.timedelta(microseconds=1), start) < count * HOUR


@given(calendars, times, st.integers(1, 30))
def test_working_days_end_at_closing_time(calendar: Calendar, start: dt.datetime, count: int) -> None:
    for sign in (1, -1):
        end = calendar.add(start, Duration(count, "wd"), sign)
        day, ended = start.astimezone(calendar.zone).date(), end.astimezone(calendar.zone)
        assert calendar.works_on(ended.date())
        assert end == dt.datetime.combine(ended.date(), calendar.closes, calendar.zone).astimezone(dt.UTC)
        if sign == 1:
            assert calendar.working_days(day, ended.date()) == count
        else:
            assert calendar.working_days(ended.date() - DAY, day - DAY) == count


@given(calendars, times, st.integers(0, 90), st.sampled_from("dw"), st.sampled_from((1, -1)))
def test_days_and_weeks_keep_the_clock_time(
    calendar: Calendar, start: dt.datetime, count: int, unit: str, sign: int
) -> None:
    local = start.astimezone(calendar.zone)
    end = calendar.add(start, Duration(count, unit), sign).astimezone(calendar.zone)
    day = local.date() + sign * count * DAY * (7 if unit == "w" else 1)
    exists = (
        dt.datetime.combine(day, local.time(), calendar.zone).astimezone(dt.UTC).astimezone(calendar.zone)
    )
    if exists.time() == local.time():
        assert (end.date(), end.time()) == (day, local.time())
    else:  # the clock skips that time: an hour, on Lord Howe half of one, later
        assert HOUR / 2 <= end - local.replace(tzinfo=end.tzinfo) - (day - local.date()) <= HOUR
    if count == 0:
        assert end.astimezone(dt.UTC) == start


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-03-28T02:30", "1d", "2026-03-29T03:30"),  # there is no 02:30 that night
        ("2026-03-29T00:30", "4wh", "2026-03-29T05:30"),  # its hour between 2 and 3 is none
        ("2026-10-25T00:30", "4wh", "2026-10-25T03:30"),  # that night has it twice
        ("2026-10-24T12:00", "1d", "2026-10-25T12:00"),
        ("2026-10-24T12:00", "24h", "2026-10-25T11:00"),
        ("2026-03-27T22:00", "1wd", "2026-03-28T06:00"),
        ("2026-01-31T08:00", "1mo", "2026-02-28T08:00"),
        ("2026-03-28T06:00", "0wh", "2026-03-28T06:00"),
    ],
)
def test_nights_on_which_the_clock_changes(start: str, duration: str, end: str) -> None:
    calendar = Calendar(BERLIN, frozenset(range(7)), dt.time(0, 30), dt.time(6))
    assert calendar.add(at(start), Duration.parse(duration)) == at(end)


def test_hours_go_on_where_people_come_back() -> None:
    office = Calendar(BERLIN, holidays=frozenset([dt.date(2026, 4, 3), dt.date(2026, 4, 6)]))
    thursday = at("2026-04-02T16:00")  # Good Friday and Easter Monday follow
    assert office.add(thursday, Duration(2, "wh")) == at("2026-04-07T10:00")
    assert office.add(thursday, Duration(1, "wd")) == at("2026-04-07T17:00")
    assert office.add(at("2026-04-07T10:00"), Duration(2, "wh"), sign=-1) == thursday


def test_a_calendar_on_which_nobody_works_is_refused_and_not_searched_for_ever() -> None:
    for calendar in (Calendar(weekdays=frozenset()), Calendar(opens=dt.time(9), closes=dt.time(9))):
        with pytest.raises(ValueError, match="calendar"):
            calendar.add(at("2026-03-28T06:00"), Duration(1, "wh"))


@pytest.mark.parametrize(
    "most", ["99999999min", "999999h", "99999d", "9999w", "9999mo", "99999wd", "999999wh"]
)
def test_the_most_of_every_unit_leads_to_a_date_and_more_is_refused(most: str) -> None:
    longest = Duration.parse(most)
    for sign in (1, -1):
        assert 1 < Calendar().add(at("2026-03-28T06:00"), longest, sign).year < 9999
    for more in (f"1{most}", f"{'9' * 9000}{longest.unit}"):
        with pytest.raises(ValueError, match=f"write at most {most}"):
            Duration.parse(more)
    assert Duration.parse(f"000{most}") == longest
