"""What is easily paid wrong: refunds of cases that count in several ways, budgets, bounds of a year, multipliers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.paying import CLAWBACK, EACH, HEAD, QUARTERS, TENTH, ByComponents

from playbook import InputError, Log, Money
from playbook.engine import Done
from playbook_commission.settling.settle import audit

if TYPE_CHECKING:
    pass

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
approves_when_no_manager: dana
rates: {dated: {2026-01-01: {USD: 0.5}}}
people:
  sam: {name: Sam, role: ae, team: emea}
  kim: {name: Kim, role: ae, team: emea}
  dana: {name: Dana, role: sales_manager, team: emea}
  fin: {name: Fin, role: finance}
teams: {emea: {title: EMEA, manager: dana}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  cash: {playbook: deals, entry: payment, amount: entry.amount}
  won: {playbook: deals, outcome: won, count: true, date: case.closed}
quotas:
  - {period: 2027, measure: revenue, person: sam, target: 4000 EUR}
  - {period: 2027, measure: revenue, person: kim, target: 4000 EUR, from: 2027-04-01}
  - {period: 2027-Q1, measure: won, person: sam, target: 4}
"""


class Office(ByComponents):
    usual = ORGANIZATION


# -- what follows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("components", "first", "back"),
    [
        ([EACH, f"new: {{of: revenue, {TENTH}}}"], 150, -75),
        ([f"new: {{of: revenue, {TENTH}}}", EACH], 150, -75),
        ([EACH], 50, -25),
    ],
)
def test_a_refund_is_a_share_of_the_deal_also_where_deals_are_counted(
    components: list[str], first: int, back: int
) -> None:
    office = Office(*components, more=CLAWBACK)
    case = office.won("2027-01-10", "1000 EUR")
    office.entry(case, "2027-04-10", "refund", amount="500 EUR")
    assert office.earned() == [first, back, 0, 0]


@pytest.mark.parametrize("components", [[EACH], [EACH, f"new: {{of: revenue, {TENTH}}}"]])
def test_what_is_held_is_released_by_the_share_that_came_in_also_where_deals_are_counted(
    components: list[str],
) -> None:
    office = Office(*components, more="hold: {share: 100%, until: entry.payment}\n")
    case = office.won("2027-01-10", "1000 EUR")
    office.entry(case, "2027-04-10", "payment", amount="500 EUR")
    first, second = office.of("2027-Q1"), office.of("2027-Q2")
    assert first.paid == 0
    assert second.paid == first.earned / 2


def test_a_refund_of_what_was_paid_in_parts_takes_back_its_share_of_all_parts() -> None:
    office = Office(f"new: {{of: cash, {TENTH}}}", more=CLAWBACK)
    case = office.won("2027-01-10", "1000 EUR")
    office.entry(case, "2027-01-11", "payment", amount="600 EUR")
    office.entry(case, "2027-01-12", "refund", amount="300 EUR")
    office.entry(case, "2027-04-11", "payment", amount="400 EUR")
    assert office.earned() == [
        30,
        40,
        0,
        0,
    ]  # what was taken back of the first part is more than its share by now
    office.entry(case, "2027-08-12", "refund", amount="700 EUR")
    assert office.earned() == [30, 40, -70, 0]


def test_what_comes_in_or_back_in_another_currency_counts_at_the_rate_of_its_day() -> None:
    more = "hold: {share: 100%, until: entry.payment}\n" + CLAWBACK
    office = Office(f"new: {{of: revenue, {TENTH}}}", more=more)
    case = office.won("2027-01-10", "1000 EUR")
    office.entry(case, "2027-01-11", "payment", amount="1000 USD")
    assert office.of("2027-Q1").held == 50
    office.entry(case, "2027-04-11", "refund", amount="500 USD")
    assert office.of("2027-Q2").earned == -25


def test_a_sum_that_was_paid_once_for_several_deals_is_taken_back_with_each() -> None:
    tiers = "rate: {mode: whole}, tiers: [{from: 0 EUR, pay: 0 EUR}, {from: 1000 EUR, pay: 100 EUR}]"
    office = Office(f"bonus: {{of: revenue, {tiers}}}", more=CLAWBACK)
    cases = {
        office.won(f"2027-01-1{day}", f"{amount} EUR"): amount for day, amount in enumerate((300, 300, 900))
    }
    assert [line.pay for line in office.of("2027-Q1").lines] == [20, 20, 60]
    for case, amount in cases.items():
        office.entry(case, "2027-04-10", "refund", amount=f"{amount} EUR")
    assert office.earned() == [100, -100, 0, 0]


@pytest.mark.parametrize(("day", "back"), [("2027-02-28", -10), ("2027-03-01", 0)])
def test_the_last_day_of_the_time_after_closing_counts_whole(day: str, back: int) -> None:
    within = "clawback: {on: entry.refund, within: 1mo, share: full}\n"
    office = Office(f"new: {{of: revenue, {TENTH}}}", more=within)
    case = office.won("2027-01-31", "100 EUR")
    late = dt.datetime.fromisoformat(f"{day}T22:00:00+00:00")
    assert isinstance(office.engine.run(Log(case, "refund"), actor="operator", at=late), Done)
    assert office.of("2027-Q1").earned == 10 + back


# -- spiffs ---------------------------------------------------------------------------------------------


def test_a_spiff_is_paid_once_for_a_case_that_counts_several_times() -> None:
    office = Office("fast: {of: cash, spiff: {pay: 500 EUR}}")
    case = office.won("2027-01-10", "1000 EUR")
    for day in ("2027-01-11", "2027-01-12", "2027-04-11"):
        office.entry(case, day, "payment", amount="100 EUR")
    assert office.earned() == [500, 0, 0, 0]


def test_a_budget_is_spent_by_what_is_paid_and_by_nobody_else() -> None:
    office = Office("fast: {of: revenue, spiff: {pay: 500 EUR, budget: 1200 EUR}}")
    for day in ("2027-01-05", "2027-01-06", "2027-01-07"):
        office.won(day, "100 EUR", owner="dana")  # whom the plan does not pay
    for number in range(4):
        office.won(f"2027-04-0{number + 1}", "100 EUR", owner=("sam", "kim")[number % 2])
    assert office.earned() == [0, 700, 0, 0]
    assert office.earned("kim") == [0, 500, 0, 0]


def test_a_budget_bounds_what_everyone_of_a_team_gets_together() -> None:
    credit = "credit: {of: team, share: 50%}"
    office = Office(f"fast: {{of: revenue, {credit}, spiff: {{pay: 500 EUR, budget: 800 EUR}}}}")
    for day in ("2027-01-05", "2027-01-06"):
        office.won(day, "100 EUR", owner="dana")
    assert [office.earned(who)[0] for who in ("sam", "kim")] == [400, 400]


# -- bounds of a year, and multipliers ------------------------------------------------------------------


@pytest.mark.parametrize("floor", ["new: {of: revenue, FLOOR, " + TENTH + "}", ""])
def test_the_floor_of_a_year_makes_up_at_its_end_for_what_all_of_it_was_short(floor: str) -> None:
    said = "floor: {amount: 180 EUR, per: year}"
    one = floor.replace("FLOOR", said) or f"new: {{of: revenue, {TENTH}}}"
    office = Office(one, more="" if floor else f"{said}\n")
    for month in ("01", "04", "07"):
        office.won(f"2027-{month}-10", "500 EUR")
    assert office.earned() == [50, 50, 50, 30]
    office.won("2027-10-10", "500 EUR")
    assert office.earned() == [50, 50, 50, 50]


def test_the_floor_of_a_year_is_paid_where_the_year_ends_for_who_leaves() -> None:
    left = ORGANIZATION.replace("sam: {name: Sam,", "sam: {name: Sam, left: 2027-05-31,")
    office = Office(
        f"new: {{of: revenue, {TENTH}}}", more="floor: {amount: 80 EUR, per: year}\n", organization=left
    )
    office.won("2027-01-10", "500 EUR")
    assert office.earned()[:2] == [50, 30]


def test_a_multiplier_of_the_plan_multiplies_every_rate_beside_that_of_the_component() -> None:
    office = Office(
        f"new: {{of: revenue, multiplier: 1.5, {TENTH}}}",
        f"more: {{of: revenue, {TENTH}}}",
        more="multiplier: 1.1\n",
    )
    case = office.won("2027-01-10", "1000 EUR")
    one, other = office.of("2027-Q1").lines
    assert (one.pay, one.slices[0].rate) == (D(165), D("0.165"))
    assert (other.pay, other.slices[0].rate) == (D(110), D("0.11"))
    assert one.case == case


def test_after_the_months_that_are_guaranteed_a_draw_is_paid_and_owed() -> None:
    hired = ORGANIZATION.replace("sam: {name: Sam,", "sam: {name: Sam, hired: 2027-02-15,")
    more = "guarantee: {amount: 3000 EUR, for: 3mo}\ndraw: {amount: 2000 EUR}\n"
    office = Office(f"new: {{of: revenue, {TENTH}}}", more=more, organization=hired)
    found = [office.of(period) for period in QUARTERS[:3]]
    assert [one.paid for one in found] == [6000, 7000, 6000]
    assert [one.owed for one in found] == [0, 4000, 10000]


@pytest.mark.parametrize(("every", "paid"), [("month", 1500), ("period", 500)])
def test_a_draw_is_for_the_days_of_the_plan_in_a_month_that_another_plan_shares(
    every: str, paid: int
) -> None:
    moved = "history: [{from: 2027-01-01, role: ae, team: emea}, {from: 2027-02-15, role: se}]"
    people = ORGANIZATION.replace("sam: {name: Sam, role: ae, team: emea}", f"sam: {{name: Sam, {moved}}}")
    pays = f"components:\n  new: {{of: revenue, {TENTH}}}\ndraw: {{amount: 1000 EUR, every: {every}}}\n"
    office = Office("new: {of: revenue, spiff: {pay: 1 EUR}}", organization=people)
    office.publish(p_plan=HEAD + pays, q_plan=HEAD.replace("ae", "se") + pays)
    both = [office.book.computed("sam", "2027-Q1", office.book.plans[plan]).paid for plan in ("ae", "se")]
    assert both == [paid, paid]  # 14 of 28 days of February, 45 of 90 of the quarter


# -- quotas that are counted, and none ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pays", "after"),
    [
        ("pays: share_of_target_pay, rate: {by: attainment}, tiers: [{from: 0%, pay: 100%}, {from: 100%, pay: 200%}]",
         (D(250), D(1000), D(1500))),
        ("rate: {by: attainment, mode: whole}, tiers: [{from: 0%, pay: 0 EUR}, {from: 100%, pay: 70 EUR}]",
         (D(0), D(70), D(70))),
    ],
)  # fmt: skip
def test_the_attainment_of_a_measure_that_counts_is_of_how_many(pays: str, after: tuple[D, ...]) -> None:
    office = Office(f"n: {{of: won, {pays}}}")
    office.target_pay = {who: Money.parse("1000 EUR") for who in ("sam", "kim")}
    found = []
    for day in range(1, 6):
        office.won(f"2027-01-0{day}", "9 EUR")
        found.append(office.of("2027-Q1"))
    assert tuple(found[number - 1].earned for number in (1, 4, 5)) == after
    assert found[-1].reached[0].share == D("1.25")


def test_where_nothing_is_asked_for_nothing_is_reached_and_who_sold_all_the_same_is_told() -> None:
    office = Office("new: {of: revenue, rate: {by: attainment}, tiers: [{from: 0%, pay: 10%}]}")
    assert office.of("2027-Q1", "kim").earned == 0
    office.won("2027-01-10", "9 EUR", owner="kim")
    office.won("2027-01-10", "-9 EUR", owner="kim")
    with pytest.raises(
        InputError, match=r"kim has a quota of 0\.00 for revenue in 2027-Q1, .* another `spread` or `ramp`"
    ):
        office.of("2027-Q1", "kim")


def test_a_closed_gate_says_its_whole_point() -> None:
    office = Office(f"new: {{of: revenue, gate: {{of: n, from: 92.5%}}, {TENTH}}}", EACH)
    office.won("2027-01-10", "9 EUR")
    assert office.of("2027-Q1").lines[1].because == "n is not at 92.5%"


def test_pay_is_no_finer_than_the_currency_that_it_is_paid_in() -> None:
    yen = ORGANIZATION.replace("EUR", "JPY").replace("0.5", "150")
    more = CLAWBACK.replace("EUR", "JPY") + "hold: {share: 50%, until: entry.payment}\n"
    office = Office("new: {of: revenue, tiers: [{from: 0 JPY, pay: 3%}]}", more=more, organization=yen)
    cases = [office.won(f"2027-01-1{day}", "1111 JPY") for day in range(2)]
    one = office.of("2027-Q1")
    assert [line.pay for line in one.lines if not line.waits] == [34, 33]  # of 66.66
    assert (one.earned, one.held) == (D(67), D(33))  # 17 and 16, halves to the even neighbour
    for case in cases:
        office.entry(case, "2027-04-10", "refund", amount="500 JPY")
    assert office.of("2027-Q2").earned == -30


def test_pay_is_as_fine_as_the_currency_that_it_is_paid_in() -> None:
    dinars = ORGANIZATION.replace("EUR", "KWD").replace("0.5", "3")
    quota = "  - {period: 2027-Q1, measure: revenue, person: sam, target: 100.123 KWD}"
    new = (
        "new: {of: revenue, rate: {by: attainment}, tiers: [{from: 0%, pay: 3.333%}, {from: 100%, pay: 50%}]}"
    )
    office = Office(new, organization=dinars.partition("quotas:")[0] + f"quotas:\n{quota}\n")
    for amount in ("100.123 KWD", "0.002 KWD"):
        office.won("2027-01-10", amount)
    assert [line.pay for line in office.of("2027-Q1").lines] == [D("3.337"), D("0.001")]


def test_all_of_it_can_be_computed_again() -> None:
    parts = [EACH, f"new: {{of: cash, {TENTH}, floor: {{amount: 70 EUR, per: year}}}}"]
    office = Office(*parts, more=CLAWBACK + "multiplier: 2\n")
    case = office.won("2027-01-10", "1000 EUR")
    office.entry(case, "2027-01-11", "payment", amount="600 USD")
    for period in QUARTERS:
        office.settle(period)
    assert [one.differs for period in QUARTERS for one in audit(office.engine, period)] == [()] * 8


@pytest.mark.parametrize("first", ["revenue", "due"])
def test_what_is_worth_nothing_to_one_component_is_waited_for_all_the_same(first: str) -> None:
    due = "  due: {playbook: deals, outcome: won, amount: deal.due, date: case.closed}\nquotas:"
    measures = sorted(("revenue", "due"), key=first.__ne__)
    office = Office(
        *(f"{name}: {{of: {name}, {TENTH}}}" for name in measures),
        more="hold: {share: 50%, until: entry.payment, release: by_amount_paid}\n",
        organization=ORGANIZATION.replace("quotas:", due),
    )
    paid, _ = (office.won("2027-01-10", "1000 EUR", due="0 EUR") for _ in range(2))
    office.won("2027-01-10", "0 EUR", due="0 EUR")
    assert [office.of(period).held for period in QUARTERS] == [100, 0, 0, 0]
    office.entry(paid, "2027-05-01", "payment", amount="400 EUR")
    assert [office.of(period).held for period in QUARTERS] == [100, -20, 0, 0]
    office.close()
