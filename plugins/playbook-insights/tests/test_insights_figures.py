"""The arithmetic and the days, by hand and against the standard library."""

from __future__ import annotations

import datetime as dt
import statistics
import zoneinfo
from collections import Counter
from decimal import Decimal

import narwhals as nw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook import Money, fiscal_quarter
from playbook.model.organization import Settings
from playbook_insights import days, figures


def micros(text: str) -> int:
    at = dt.datetime.fromisoformat(text)
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def cut(instants: list[int | None] | list[int], zone: dt.tzinfo) -> list[int | None]:
    frame = nw.from_dict({"at": instants}, {"at": nw.Int64()}, backend="polars")
    return frame.select(days.cut("at", zone))["at"].to_list()


@pytest.mark.parametrize(
    ("day", "start", "named_after", "quarter"),
    [
        ("2017-01-01", 1, "end", "2017-Q1"),
        ("2017-03-31", 1, "start", "2017-Q1"),
        ("2017-04-01", 1, "end", "2017-Q2"),
        ("2017-12-31", 1, "end", "2017-Q4"),
        ("2017-01-31", 2, "end", "2017-Q4"),
        ("2017-02-01", 2, "end", "2018-Q1"),
        ("2017-01-31", 2, "start", "2016-Q4"),
        ("2017-02-01", 2, "start", "2017-Q1"),
        ("2017-09-30", 10, "end", "2017-Q4"),
        ("2017-10-01", 10, "end", "2018-Q1"),
        ("2018-01-01", 10, "start", "2017-Q2"),
    ],
)
def test_fiscal_quarter(day: str, start: int, named_after: str, quarter: str) -> None:
    settings = Settings(fiscal_start=start, fiscal_named_after=named_after)
    assert fiscal_quarter(dt.date.fromisoformat(day), settings) == quarter


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("UTC", "1969-12-31T23:59:59.999999+00:00", "1969-12-31"),
        ("UTC", "1970-01-01T00:00:00+00:00", "1970-01-01"),
        ("Europe/Berlin", "2026-03-31T21:59:59+00:00", "2026-03-31"),  # summer time since 29 March
        ("Europe/Berlin", "2026-03-31T22:00:00+00:00", "2026-04-01"),
        ("Europe/Berlin", "2026-01-31T22:30:00+00:00", "2026-01-31"),  # winter time
        ("America/Los_Angeles", "2026-04-01T06:59:59+00:00", "2026-03-31"),
        ("Asia/Kathmandu", "2026-03-31T18:15:00+00:00", "2026-04-01"),  # 5 h 45 min
    ],
)
def test_days_are_cut_in_the_zone(zone: str, instant: str, day: str) -> None:
    found = cut([micros(instant), None], zoneinfo.ZoneInfo(zone))
    assert found == [dt.date.fromisoformat(day).toordinal(), None]


@settings(deadline=None)
@given(
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "Australia/Lord_Howe"]),
    st.lists(st.integers(micros("1950-01-01T00:00:00+00:00"), micros("2099-12-31T00:00:00+00:00"))),
)
def test_days_are_those_of_the_standard_library(zone: str, instants: list[int]) -> None:
    start, place = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), zoneinfo.ZoneInfo(zone)
    expected = [(start + dt.timedelta(microseconds=at)).astimezone(place).toordinal() for at in instants]
    assert cut(instants, place) == expected
    if zone == "UTC":
        assert cut(instants, dt.UTC) == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), min_size=2))
def test_mean_and_percentiles_are_those_of_the_listed_values(values: list[int]) -> None:
    histogram = Counter(values)
    assert figures.mean(histogram) == statistics.fmean(values)
    assert figures.percentile(histogram, 50) == statistics.median(values)
    deciles = statistics.quantiles(values, n=10, method="inclusive")
    assert figures.percentile(histogram, 90) == pytest.approx(deciles[8], rel=1e-12)


def test_one_value_is_its_own_percentile_and_nothing_has_none() -> None:
    assert figures.percentile({7: 1}, 90) == 7
    assert figures.percentile({}, 90) is None
    assert figures.mean({}) is None
    assert figures.share(0, 0) is None


def test_money_is_rounded_once_half_up_to_the_currency() -> None:
    assert figures.mean_money(Money.of("0.25", "USD"), 2) == Money.of("0.13", "USD")
    assert figures.mean_money(Money.of("5", "JPY"), 2) == Money.of("3", "JPY")
    assert figures.mean_money(Money.of("5", "JPY"), 0) is None
    half = Decimal("0.5")
    assert figures.weighted([(1, half), (1, half)], "USD") == Money.of("0.01", "USD")
    assert figures.weighted([], "USD") == Money.of(0, "USD")
