"""How long ago and how soon, by the calendar of a zone."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from playbook.cli import lengths

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NOW = dt.datetime(2026, 3, 2, 22, 30, tzinfo=dt.UTC)  # half past eleven in the evening in Berlin


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (dt.timedelta(seconds=20), "now"),
        (dt.timedelta(minutes=1), "in 1 minute"),
        (dt.timedelta(minutes=29), "in 29 minutes"),
        (dt.timedelta(minutes=30), "in 1 day"),  # it is tomorrow there
        (dt.timedelta(hours=26), "in 2 days"),
        (dt.timedelta(days=1500, hours=-2), "in 1,500 days"),
        (dt.timedelta(hours=-1), "now"),
    ],
)
def test_what_is_to_come(apart: dt.timedelta, said: str) -> None:
    assert lengths.ahead(NOW + apart, NOW, BERLIN) == said


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (dt.timedelta(seconds=59), "just now"),
        (dt.timedelta(minutes=61), "1 hour ago"),
        (dt.timedelta(hours=23), "23 hours ago"),
        (dt.timedelta(hours=24), "1 day ago"),
    ],
)
def test_what_has_been(apart: dt.timedelta, said: str) -> None:
    assert lengths.ago(NOW - apart, NOW, BERLIN) == said
