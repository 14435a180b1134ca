"""Targets as people write them, and the parts of a fiscal period that they are spread over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from playbook import fiscal_parts
from playbook.model.organization import Settings
from playbook.model.targets import spread, target, within

FROM_FEBRUARY = Settings(fiscal_start=2)


def test_a_target_is_an_amount_a_number_or_a_share() -> None:
    assert target("250000 EUR") == (Decimal(250_000), "EUR")
    assert target("40") == (Decimal(40), "")
    assert target("97.5%") == (Decimal("0.975"), "")
    with pytest.raises(ValueError, match="EUR"):
        target("a lot")
    for text in ("-5 EUR", "-5", "-5%"):
        with pytest.raises(ValueError, match=r"below zero|is not money"):
            target(text)
    assert target("0 EUR") == (Decimal(0), "EUR")


def test_parts_have_the_same_number_of_months_each() -> None:
    assert fiscal_parts("2027", 4, FROM_FEBRUARY) == (
        (dt.date(2026, 2, 1), dt.date(2026, 4, 30)), (dt.date(2026, 5, 1), dt.date(2026, 7, 31)),
        (dt.date(2026, 8, 1), dt.date(2026, 10, 31)), (dt.date(2026, 11, 1), dt.date(2027, 1, 31)),
    )  # fmt: skip
    assert [last.day for _, last in fiscal_parts("2027-Q1", 3, FROM_FEBRUARY)] == [28, 31, 30]
    with pytest.raises(ValueError, match="one share for each of 3 parts"):
        fiscal_parts("2027-Q1", 2, FROM_FEBRUARY)


@pytest.mark.parametrize(
    ("shares", "said"), [(["50%", "49.9%"], "sum to 99.9%"), (["50", "50%"], "'50' is not a share")]
)
def test_a_spread_is_of_shares_that_sum_to_the_whole(shares: list[str], said: str) -> None:
    assert spread(["33.3%", "66.7%"], "2027", FROM_FEBRUARY) == (Decimal("0.333"), Decimal("0.667"))
    with pytest.raises(ValueError, match=said):
        spread(shares, "2027", FROM_FEBRUARY)


def test_a_target_counts_from_a_day_of_its_period() -> None:
    assert within(dt.date(2026, 2, 1), "2027-Q1", FROM_FEBRUARY) == dt.date(2026, 2, 1)
    with pytest.raises(ValueError, match="write a day from 2026-02-01 to 2026-04-30"):
        within(dt.date(2026, 5, 1), "2027-Q1", FROM_FEBRUARY)
