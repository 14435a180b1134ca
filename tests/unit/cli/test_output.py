"""Figures and texts for people: rounded half up where they are shown, and nothing a terminal would obey."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from playbook.cli.output import clean, document, money, number, percent, shown
from playbook.cli.tables import aligned, told
from playbook.model.playbook import Field
from playbook.money import Money


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (51.775, "51.78"),
        (2.675, "2.68"),
        (Decimal("0.005"), "0.01"),
        (1234567.0, "1,234,567.00"),
        (-0.004, "0.00"),
    ],
)
def test_numbers_are_rounded_half_up(value: float, said: str) -> None:
    assert number(value) == said


def test_shares_and_money_as_people_write_them() -> None:
    assert percent(0.63145) == "63.15%"
    assert percent(1) == "100.00%"
    assert money(Money.of("1094363", "USD")) == "1,094,363.00 USD"
    assert money(Money(Decimal("2360.9094"), "JPY")) == "2,361 JPY"


def test_values_of_fields() -> None:
    utc = dt.UTC
    assert shown(Decimal("0.2"), utc, Field("discount", "percent")) == "20%"
    assert shown(Decimal("1E+2"), utc, Field("discount", "percent")) == "10000%"
    assert shown((True, None, dt.date(2026, 3, 1)), utc) == "yes, , 2026-03-01"
    assert shown({"amount": "5.00", "currency": "EUR"}, utc) == "5.00 EUR"
    noon = dt.datetime(2026, 3, 1, 12, tzinfo=utc)
    assert shown(noon, dt.timezone(dt.timedelta(hours=3, minutes=30))) == "2026-03-01 15:30"


def test_a_document_has_exact_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    document(
        {
            "share": Decimal("0.1"),
            "money": Money.of("10.5", "EUR"),
            "at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        }
    )
    assert json.loads(capsys.readouterr().out, parse_float=str) == {
        "share": "0.1",
        "money": {"amount": "10.50", "currency": "EUR"},
        "at": "2026-01-01T00:00:00+00:00",
    }


def test_control_characters_become_spaces() -> None:
    assert clean("a\x1b[2J\nb\x9b") == "a [2J b "
    assert clean("a\nb\x07", lines=True) == "a\nb "


def test_columns_stand_under_one_another() -> None:
    assert aligned([("name", "n"), ("Acme Corp", "12"), ("B", "3")], frozenset((1,))) == [
        "name        n",
        "Acme Corp  12",
        "B           3",
    ]


def test_figures_of_a_plugins_answer_end_at_the_right_and_words_begin_at_the_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [
        {
            "who": "Sam",
            "paid": Money.of("1250", "EUR"),
            "more": "+5.00",
            "share": "8%",
            "count": 3,
            "note": "",
        },
        {"who": "7", "paid": Money.of("9", "EUR"), "more": "0", "share": "", "count": 12, "note": ""},
    ]
    told({"total": Money.of("1259", "EUR"), "people": rows})
    assert capsys.readouterr().out.splitlines() == [
        "total: 1,259.00 EUR",
        "who          paid   more  share  count  note",
        "Sam  1,250.00 EUR  +5.00     8%      3",
        "7        9.00 EUR      0            12",
    ]
