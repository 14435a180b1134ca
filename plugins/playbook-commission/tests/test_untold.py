"""What cannot be told yet is held: a case says too little to know whether it is paid for."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.paying import ByComponents

from playbook import Set
from playbook_commission.settling.settle import audit

D = Decimal
RISING = "tiers: [{from: 0 EUR, pay: 10%}, {from: 1000 EUR, pay: 20%}]"
LARGE = "deal.due > 500 EUR"


class Office(ByComponents):
    def __init__(self, component: str, more: str = "") -> None:
        super().__init__(f"new: {{of: revenue, {component}}}", more=more)
        self.today = "2027-04-02"

    def says(self, case: str, due: str) -> None:
        self.do(Set(case, {"due": due}, "it was missing"))

    def totals(self, period: str) -> list[Decimal]:
        one = self.of(period)
        return [one.earned, one.held, one.paid]


def test_a_line_is_held_that_nobody_can_tell_and_says_what_is_missing() -> None:
    office = Office(f"when: '{LARGE}', {RISING}")
    first, second = office.won("2027-01-10", "900 EUR"), office.won("2027-01-11", "200 EUR", due="501 EUR")
    third = office.won("2027-01-12", "100 EUR", due="500 EUR")
    one = office.of("2027-Q1")
    # it comes after all that can be told, so that it lifts nothing else to a higher rate
    assert [(line.id, line.kind, line.pay, line.because) for line in one.lines] == [
        (f"new:{second}", "credit", D(20), ""), (f"new:{first}", "credit", D(100), ""),
        (f"new:{first}:untold", "hold", D(-100), f"it cannot be told whether {LARGE}"),
    ]  # fmt: skip
    assert office.totals("2027-Q1") == [120, 100, 20]
    assert one.reached[0].credited == 200
    office.says(first, "600 EUR")
    assert office.totals("2027-Q1") == [120, 0, 120]
    office.says(first, "5 EUR")
    assert office.totals("2027-Q1") == [20, 0, 20]
    assert third not in {line.case for line in office.of("2027-Q1").lines}


@pytest.mark.parametrize(("due", "expected"), [("600 EUR", [0, -90, 90]), ("5 EUR", [-90, -90, 0])])
def test_what_is_said_after_settling_releases_what_was_held_or_takes_it_away(
    due: str, expected: list[int]
) -> None:
    office = Office(f"when: '{LARGE}', {RISING}")
    case = office.won("2027-01-10", "900 EUR")
    office.settle("2027-Q1")
    assert office.totals("2027-Q1") == [90, 90, 0]
    office.says(case, due)
    assert office.totals("2027-Q2") == expected
    office.today = "2027-07-02"
    office.settle("2027-Q2")
    assert office.totals("2027-Q3") == [0, 0, 0]
    assert [one.differs for period in ("2027-Q1", "2027-Q2") for one in audit(office.engine, period)] == [
        (),
        (),
    ]


@pytest.mark.parametrize(
    "more",
    [
        "hold: {share: 50%, until: entry.payment}\n", "clawback: {on: entry.refund, share: of_amount_refunded}\n",
        "cap: {amount: 10 EUR, per: period}\n", "cap: {amount: 10 EUR, per: year}\n",
    ],
)  # fmt: skip
def test_nothing_is_paid_or_taken_back_for_what_cannot_be_told(more: str) -> None:
    office = Office(f"when: '{LARGE}', {RISING}", more)
    case = office.won("2027-01-10", "900 EUR")
    office.entry(case, "2027-02-01", "payment", amount="900 EUR")
    office.entry(case, "2027-04-01", "refund", amount="900 EUR")
    assert office.totals("2027-Q1") == [90, 90, 0]
    assert office.totals("2027-Q2") == [0, 0, 0]
    sure = office.won("2027-04-02", "100 EUR", due="900 EUR")
    assert [line.case for line in office.of("2027-Q2").lines if line.kind == "credit"] == [sure]
    assert office.of("2027-Q2").earned == 10


def test_a_spiff_that_cannot_be_told_is_held_and_keeps_its_part_of_the_budget() -> None:
    office = Office(f"spiff: {{when: '{LARGE}', pay: 500 EUR, budget: 700 EUR}}")
    first = office.won("2027-01-10", "900 EUR")
    office.won("2027-01-11", "900 EUR", due="900 EUR")
    assert office.totals("2027-Q1") == [700, 500, 200]
    office.says(first, "5 EUR")
    assert office.totals("2027-Q1") == [500, 0, 500]


def test_a_spiff_of_what_cannot_be_told_is_held_once() -> None:
    office = Office(f"when: '{LARGE}', {RISING}, spiff: {{when: '{LARGE}', pay: 500 EUR}}")
    office.won("2027-01-10", "900 EUR")
    assert office.totals("2027-Q1") == [590, 590, 0]
