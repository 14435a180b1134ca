"""Money: a zero is a zero, whatever it was rounded from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from playbook.money import Money


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        ("-0.004", "EUR", "0.00 EUR"), ("-0.4", "JPY", "0 JPY"), ("-0.0004", "KWD", "0.000 KWD"),
        ("-0.005", "EUR", "-0.01 EUR"), ("-0.5", "JPY", "-1 JPY"), ("0.005", "EUR", "0.01 EUR"),
        ("-99999999999999999999999999999999.994", "EUR", "-99999999999999999999999999999999.99 EUR"),
    ],
)  # fmt: skip
def test_money_is_rounded_half_up_and_a_zero_has_no_sign(amount: str, currency: str, said: str) -> None:
    assert str(Money(Decimal(amount), currency).rounded()) == said


@pytest.mark.parametrize("written", ["-0 EUR", "-0.00 EUR", "0 EUR"])
def test_no_way_to_write_nothing_has_a_sign(written: str) -> None:
    assert str(Money.parse(written)) == "0.00 EUR"
