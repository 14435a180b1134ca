"""What comes next: the way to the next tier, and one more deal, by the plan's own mechanism."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.paying import HEAD, Paying

from playbook import Money
from playbook_commission.foresight.outlook import OneMore, Step, one_more, steps
from playbook_commission.settling.paybook import Paybook

if TYPE_CHECKING:
    from collections.abc import Iterator

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  due: {playbook: deals, amount: deal.due, date: case.closed}
  kept: {ratio: [revenue, due]}
quotas:
  - {period: 2027, measure: revenue, person: sam, target: 4000 EUR}
  - {period: 2027-Q1, measure: revenue, person: sam, target: 1000 EUR}
"""


class Office(Paying):
    def __init__(self) -> None:
        super().__init__(ORGANIZATION)

    def ahead(self, component: str, more: str = "") -> tuple[Step, OneMore | None]:
        text = f"{HEAD}components:\n  new: {{of: revenue, {component}}}\n{more}"
        book = Paybook(self.publish(ae_plan=text), {})
        plan = book.plans["ae"]
        (step,) = steps(book.payee(plan, "2027-Q1", "sam"), "2027-Q1")
        return step, one_more(book, plan, book.statement("sam", "2027-Q1"))


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    for day, amount in (("2027-01-05", "100 EUR"), ("2027-01-06", "300 EUR"), ("2027-01-07", "500 EUR")):
        made.won(day, amount)
    made.today = "2027-02-01"
    yield made
    made.close()


SLABS = "tiers: [{from: 0 EUR, pay: 10%}, {from: 1000 EUR, pay: 20%}]"


def test_the_next_tier_is_as_far_as_it_is(office: Office) -> None:
    step, _ = office.ahead(SLABS)
    assert (step.reached, step.missing, step.next and step.next.pay) == (0, D(100), D("0.2"))
    step, _ = office.ahead("rate: {by: attainment}, tiers: [{from: 0%, pay: 10%}, {from: 90%, pay: 20%}]")
    assert (step.reached, step.missing, step.next) == (1, None, None)
    step, _ = office.ahead(f"rate: {{over: credit}}, {SLABS}")
    assert (step.reached, step.next) == (None, None)
    step, _ = office.ahead(f"higher_once: 100%, {SLABS}")
    assert (step.reached, step.missing, step.withheld) == (0, None, D(3100))


def test_one_more_deal_is_the_middle_one_again_and_paid_by_the_plan(office: Office) -> None:
    _, more = office.ahead(SLABS)
    assert more is not None
    assert (more.amount, more.deals, more.day) == (D(300), 3, dt.date(2027, 2, 1))
    assert (more.earned, more.paid) == (D(50), D(50))  # 100 at 10 %, 200 at 20 %
    _, whole = office.ahead(f"rate: {{mode: whole}}, {SLABS}")
    assert whole is not None
    assert whole.earned == 150  # it takes all to 20 %: 240 instead of 90
    _, capped = office.ahead(f"{SLABS}, cap: {{amount: 100 EUR}}")
    assert capped is not None
    assert capped.earned == 10


def test_what_is_held_or_owed_of_one_more_deal_is_not_paid(office: Office) -> None:
    case = "d2"
    office.entry(case, "2027-01-20", "payment", amount="300 EUR")
    _, more = office.ahead(SLABS, "hold: {share: 50%, until: entry.payment, release: by_amount_paid}\n")
    assert more is not None
    assert (more.earned, more.held, more.paid) == (D(50), D(25), D(25))
    _, drawn = office.ahead(SLABS, "draw: {amount: 40 EUR}\n")  # 120 a quarter: 30 of it were not earned
    assert drawn is not None
    assert (drawn.earned, drawn.paid) == (D(50), D(20))


def test_nothing_is_supposed_of_a_period_that_is_over_or_without_a_deal(office: Office) -> None:
    office.today = "2027-04-01"
    assert office.ahead(SLABS)[1] is None
    office.today = "2027-02-01"
    assert office.ahead(f"{SLABS}, when: deal.amount > 9000 EUR")[1] is None


def test_a_deal_of_a_ratio_is_one_that_counts_for_it(office: Office) -> None:
    office.won("2027-01-08", "400 EUR", due="1000 EUR")
    rate = "pays: share_of_target_pay, rate: {by: value, mode: interpolated}"
    rate += ", tiers: [{from: 0%, pay: 0%}, {from: 100%, pay: 50%}]"
    book = Paybook(
        office.publish(ae_plan=f"{HEAD}components:\n  kept: {{of: kept, {rate}}}\n"),
        {"sam": Money.parse("1000 EUR")},
    )
    statement = book.statement("sam", "2027-Q1")
    more = one_more(book, book.plans["ae"], statement)
    assert more is not None
    assert (more.name, more.amount, more.deals) == ("d2", D(300), 4)
