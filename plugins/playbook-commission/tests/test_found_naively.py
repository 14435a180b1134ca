"""What random plans and histories found to be paid wrong (test_against_naive.py), one by one."""

from __future__ import annotations

import json
from decimal import Decimal

import attrs
import pytest
from msgspec import UNSET
from tests.paying import CLAWBACK, EACH, HEAD, ORGANIZATION, QUARTERS, TENTH, Paying
from tests.paying import ByComponents as Office

from playbook import Close, Money, Open, Set, Split
from playbook.engine import Done
from playbook_commission.foresight.outlook import steps
from playbook_commission.settling.settle import audit, settle
from playbook_commission.settling.settlements import Adjust, Basis, Settle
from playbook_commission.spans import settlement_id
from playbook_commission.statements.draws import Least
from playbook_commission.statements.paying import Line
from playbook_commission.statements.statement import frozen, thawed

D = Decimal
TERM = "clawback: {on: entry.refund, share: of_unused_term}\n"


def test_a_sum_of_the_year_is_paid_once_also_where_the_first_deal_was_worth_nothing() -> None:
    office = Office(
        "bonus: {of: revenue, rate: {mode: whole, over: year}, tiers: [{from: 0 EUR, pay: 5 EUR}]}"
    )
    for day in ("2027-01-10", "2027-04-10"):
        office.won(day, "0 EUR")
    assert office.earned() == [5, 0, 0, 0]


def test_a_rate_that_waited_for_the_years_quota_is_made_up_for_once_it_counts() -> None:
    tiers = "tiers: [{from: 0 EUR, pay: 10%}, {from: 1000 EUR, pay: 20%}]"
    office = Office(f"new: {{of: revenue, rate: {{mode: whole, over: year}}, higher_once: 100%, {tiers}}}")
    office.won("2027-01-10", "3000 EUR")
    office.won("2027-04-10", "1000 EUR")  # the quota of the year is 4,000
    assert office.earned() == [300, 500, 0, 0]


@pytest.mark.parametrize("amount", ["0 EUR", "-200 EUR"])
@pytest.mark.parametrize("came", ["", "0.01 EUR"])
def test_nothing_is_waited_for_where_nothing_is_to_be_paid_in(amount: str, came: str) -> None:
    for component in (EACH, "s: {of: revenue, spiff: {pay: 50 EUR}}"):
        office = Office(component, more="hold: {share: 100%, until: entry.payment}\n")
        case = office.won("2027-01-10", amount)
        if came:
            office.entry(case, "2027-07-10", "payment", amount=came)
        assert [office.of(period).paid for period in QUARTERS] == [50, 0, 0, 0]


@pytest.mark.parametrize(
    "now", ["", "hold: {share: 30%, until: entry.refund}\nclawback: {on: entry.payment}\n"]
)
@pytest.mark.parametrize("of", ["revenue", "revenue, when: 'deal.amount > 5000 EUR'"])
def test_what_was_paid_is_held_and_taken_back_as_the_plan_said_that_paid_it(now: str, of: str) -> None:
    head = f"{HEAD}components: {{n: {{of: revenue, {TENTH}}}}}\n"
    office = Office(
        f"n: {{of: revenue, {TENTH}}}", more="hold: {share: 50%, until: entry.payment}\n" + CLAWBACK
    )
    office.today = "2027-04-02"
    case = office.won("2027-01-10", "1000 EUR")
    office.settle("2027-Q1")
    office.publish(p_plan=head.replace("revenue", of) + now)
    office.entry(case, "2027-04-10", "payment", amount="800 EUR")
    office.entry(case, "2027-07-10", "refund", amount="400 EUR")
    office.today = "2028-01-02"
    assert [office.book.statement("sam", one).paid for one in QUARTERS[:3]] == [50, 40, 0]
    assert office.of("2027-Q3").earned == -40


def test_of_what_was_paid_in_cents_no_more_is_taken_back_where_a_plan_pays_whole_euros_since() -> None:
    plan = (
        f"{HEAD}components: {{n: {{of: revenue, {TENTH}}}}}\n{CLAWBACK}cap: {{amount: 5 EUR, per: period}}\n"
    )
    office = Paying(ORGANIZATION, p_plan=plan)
    office.today = "2027-04-02"
    cases = [office.won("2027-01-10", "300 EUR") for _ in range(2)]  # 2.50 EUR each
    office.settle("2027-Q1")
    office.publish(p_plan=plan + "round: {to: 1}\n")
    for case in cases:
        office.entry(case, "2027-04-10", "refund", amount="300 EUR")
    office.today = "2027-07-02"
    (taken,) = [one.statement for one in office.settle("2027-Q2")]
    assert [line.pay for line in taken.lines] == [D("-2.50"), D("-2.50")]  # it was 3 and 2


FALLS = (
    "new: {of: revenue, rate: {mode: whole, over: year},"
    " tiers: [{from: 0 EUR, pay: 10%}, {from: 1000 EUR, pay: 5%}]}"
)


@pytest.mark.parametrize(
    ("refunded", "came", "earned"),
    [
        ("2027-07-10", 600, [60, 0, -30, 0]),
        ("2027-07-10", 300, [60, 0, -15, 0]),
        ("2027-04-20", 600, [60, -30, 0, 0]),
        ("2027-02-10", 600, [0, 30, 0, 0]),
    ],
)
@pytest.mark.parametrize("hold", ["", "hold: {share: 100%, until: entry.payment}\n"])
def test_what_a_rate_that_fell_took_is_not_taken_back_again(
    refunded: str, came: int, earned: list[int], hold: str
) -> None:
    office = Office(FALLS, more=CLAWBACK + hold)
    first, second = office.won("2027-01-10", "600 EUR"), office.won("2027-04-10", "600 EUR")
    office.entry(first, refunded, "refund", amount=f"{came} EUR")
    assert office.earned() == earned
    for case in (first, second):
        office.entry(case, "2027-10-10", "payment", amount="600 EUR")
    assert office.earned() == earned
    assert sum(office.of(period).held for period in QUARTERS) == 0


def test_a_gate_takes_all_of_its_component_also_where_a_rate_fell() -> None:
    shut = FALLS.replace("rate:", "gate: {of: won, from: 25%}, rate:")
    office = Office("won: {of: won, spiff: {pay: 0.01 EUR}}", shut, more=CLAWBACK, organization=ORGANIZATION + (
        "  - {period: 2027-Q2, measure: won, person: sam, target: 9}\n"
        "  - {period: 2027-Q3, measure: won, person: sam, target: 9}\n"
    ))  # fmt: skip
    cases = [office.won(day, "700 EUR") for day in ("2027-01-10", "2027-04-10", "2027-04-11")]
    gates = [line.pay for line in office.of("2027-Q2").lines if line.kind == "gate"]
    assert gates == [-35]  # 70 and a true-up of -35
    for case in cases[1:]:
        office.entry(case, "2027-07-10", "refund", amount="700 EUR")
    assert office.earned()[2] == D("-0.02")
    office.entry(cases[0], "2027-07-10", "refund", amount="700 EUR")
    assert office.earned() == [D("70.01"), D("0.02"), D("-70.03"), 0]


def test_a_sum_of_the_year_that_fell_is_taken_back_with_what_made_it_fall() -> None:
    tiers = "tiers: [{from: 1, pay: 33.33 EUR}, {from: 2, pay: 5 EUR}]"
    rate = "rate: {by: count, mode: interpolated, over: year}"
    office = Office(f"n: {{of: revenue, {rate}, {tiers}}}", more=TERM)
    for day in ("2027-01-10", "2027-04-10"):
        case = office.won(day, "600 EUR")
        office.entry(case, "2027-07-10", "refund", amount="600 EUR", term="12", used="6")
    assert office.earned() == [D("33.33"), D("-28.33"), D("-2.50"), 0]


def test_a_gate_reads_the_quota_of_money_also_where_tiers_are_read_by_how_many() -> None:
    count = "c: {of: revenue, rate: {by: count}, tiers: [{from: 0, pay: 0 EUR}]}"
    office = Office(count, f"new: {{of: revenue, gate: {{of: c, from: 50%}}, {TENTH}}}")
    office.won("2027-01-10", "1000 EUR")  # the quota of the quarter is 986.30
    assert office.earned()[0] == 100


def test_what_is_taken_back_in_parts_is_rounded_as_a_whole() -> None:
    office = Office("new: {of: revenue, tiers: [{from: 0 EUR, pay: 100%}]}", more=TERM)
    case = office.won("2027-01-10", "0.13 EUR")
    for day, used in (("2027-04-10", "11"), ("2027-07-10", "6")):
        office.entry(case, day, "refund", amount="0 EUR", term="12", used=used)
    assert office.earned() == [
        D("0.13"),
        D("-0.01"),
        D("-0.05"),
        0,
    ]  # 0.065 is taken back of 0.13, to the even cent


COUNTED = "c: {of: revenue, rate: {by: count}, tiers: [{from: 0, pay: 0 EUR}]}"


def test_higher_rates_that_are_read_by_how_many_wait_for_the_quota_of_money() -> None:
    tiers = "tiers: [{from: 0, pay: 10%}, {from: 1, pay: 20%}]"
    office = Office(f"new: {{of: revenue, rate: {{by: count, mode: whole}}, higher_once: 100%, {tiers}}}")
    office.won("2027-01-10", "3000 EUR")
    assert office.earned()[0] == 300
    (here,) = steps(office.book.payee(office.book.plans["ae"], "2027-Q1", "sam"), "2027-Q1")
    assert (here.scale.position, here.withheld) == (D(1), D(1000))
    office.won("2027-01-11", "1000 EUR")
    assert office.earned()[0] == 800


def test_a_statement_says_what_counts_towards_a_quota_beside_how_many() -> None:
    office = Office(COUNTED, EACH, f"new: {{of: revenue, {TENTH}}}")
    office.won("2027-01-10", "1000 EUR")
    assert [(one.credited, one.attained) for one in office.of("2027-Q1").reached] == [
        (D(1), D(1000)), (D(1), D(1)), (D(1000), D(1000)),
    ]  # fmt: skip
    said = json.loads(bytes(frozen(office.of("2027-Q1"))))["reached"]
    assert ["amount" in one for one in said] == [True, False, False]


@pytest.mark.parametrize(("gate", "right"), [("", True), ("gate: {of: c, from: 50%}, ", False)])
def test_what_was_settled_before_that_was_said_is_computed_again_as_it_was_paid(
    gate: str, right: bool
) -> None:
    office = Office(COUNTED, f"new: {{of: revenue, {gate}{TENTH}}}")
    office.won("2027-01-10", "1000 EUR")
    now, line = office.of("2027-Q1"), Line("new:gate:2027-Q1", "new", "gate", D(-100))
    reached = tuple(attrs.evolve(one, amount=UNSET) for one in now.reached)
    then = attrs.evolve(now, reached=reached, lines=(*now.lines, line) if gate else now.lines)
    said = frozen(then.balanced(D(0), Least()))
    basis = Basis(office.engine.clock(), "")
    done = office.engine.run(Settle(settlement_id("sam", "ae", "2027-Q1"), said, basis, 0), actor="fin")
    assert isinstance(done, Done)
    assert thawed(said).reached[0].attained == 1
    (one,) = audit(office.engine, "2027-Q1")
    assert (one.differs == ()) is right


def test_a_draw_of_a_year_is_whole_for_the_months_that_are_not_guaranteed() -> None:
    people = ORGANIZATION.replace("role: ae}", "role: ae, hired: 2026-01-01}")
    head = HEAD.replace("from: 2027-01-01", "from: 2027-02-15") + "period: year\n"
    lent = "draw: {amount: 20 EUR, every: period, recoverable: false}\n"
    given = "guarantee: {amount: 20 EUR, every: month, for: 18mo}\n"  # up to June, half of February
    office = Paying(people, p_plan=f"{head}components: {{n: {{of: revenue, {TENTH}}}}}\n{lent}{given}")
    office.today = "2028-01-02"
    assert office.book.computed("sam", "2027", office.book.plans["ae"]).draw == 90 + 20


def test_what_follows_for_who_left_in_a_period_that_was_passed_over_is_settled_first() -> None:
    people = ORGANIZATION.replace("fin: {", "lee: {name: Lee, role: ae, left: 2027-01-20}\n  fin: {")
    office = Paying(people, p_plan=f"{HEAD}period: month\ncomponents: {{n: {{of: revenue, {TENTH}}}}}\n")
    for office.today, period in (("2027-02-02", "2027-01"), ("2027-03-02", "2027-02")):
        office.settle(period)
    assert office.book.settled("lee", "2027-02", "ae") is None  # nothing followed
    office.won("2027-01-10", "1000 EUR", owner="lee")
    office.today = "2027-04-02"
    refused = settle(office.engine, {}, "2027-03", "fin")
    assert not isinstance(refused, list)
    assert "not settled yet: 2027-02 of lee by ae" in refused.message
    assert [(one.person, one.statement.paid) for one in office.settle("2027-02") if one.new] == [("lee", 100)]
    assert [one.person for one in office.settle("2027-03")] == ["sam"]


RATIO = ORGANIZATION.replace(
    "quotas:",
    "  came: {playbook: deals, entry: payment, amount: entry.amount}\n  part: {ratio: [came, revenue]}\nquotas:",
)


def test_a_ratio_over_the_year_is_that_of_the_year_so_far() -> None:
    tiers = "tiers: [{from: 0%, pay: 5 EUR}, {from: 50%, pay: 30 EUR}]"
    office = Office(
        f"n: {{of: part, rate: {{by: value, mode: whole, over: year}}, {tiers}}}", organization=RATIO
    )
    first, second = (office.won(day, "600 EUR") for day in ("2027-01-10", "2027-04-10"))
    office.entry(first, "2027-01-20", "payment", amount="600 EUR")
    assert office.earned() == [30, 30, 30, 30]  # nobody could be told anything
    office.entry(second, "2027-04-20", "refund", amount="600 EUR")
    office.won("2027-07-10", "600 EUR")
    assert office.earned() == [30, 30, 5, 5]


def test_who_reaches_the_years_quota_has_the_target_pay_of_the_year() -> None:
    share = "pays: share_of_target_pay, rate: {by: attainment, over: year}, tiers: [{from: 0%, pay: 100%}]"
    office = Office(f"n: {{of: revenue, {share}}}")
    office.target_pay = {"sam": Money.parse("500 EUR")}  # a quarter
    for day in ("2027-01-10", "2027-04-10", "2027-07-10", "2027-10-10"):
        office.won(day, "1000 EUR")
    assert office.earned() == [500, 500, 500, 500]  # it was 125


def test_what_a_cap_takes_is_taken_of_a_ratio_too() -> None:
    ratio = "r: {of: part, rate: {by: value, mode: whole}, tiers: [{from: 0%, pay: 50 EUR}]}"
    more = "cap: {amount: 50 EUR, per: period}\nhold: {share: 100%, until: entry.payment}\n"
    office = Office(ratio, f"n: {{of: revenue, {TENTH}}}", more=more + CLAWBACK, organization=RATIO)
    case = office.won("2027-01-10", "500 EUR")
    assert [office.of("2027-Q1").earned, office.of("2027-Q1").held] == [50, 25]  # it held 0
    office.entry(case, "2027-04-10", "refund", amount="500 EUR")
    assert office.earned()[1] == -25  # it took back nothing


RATES = ORGANIZATION.replace(
    "measures:",
    "rates: {dated: {2026-01-01: {USD: 0.8}, 2027-04-01: {USD: 1.25}, 2027-07-01: {USD: 0.5}}}\nmeasures:",
)


@pytest.mark.parametrize("of", ["revenue, tiers: [{from: 0 EUR, pay: 10%}]", "revenue, spiff: {pay: 50 EUR}"])
def test_a_condition_is_asked_of_the_day_that_counts_and_not_of_today(of: str) -> None:
    office = Office(f"n: {{of: {of}, when: 'deal.amount > 500 EUR'}}", organization=RATES)
    office.won("2027-01-10", "1000 USD")  # 800 EUR on that day
    paid = []
    for office.today in ("2027-04-02", "2027-06-30", "2027-08-01"):  # 800, 1250, 500 EUR
        paid.append(office.of("2027-Q1").earned)
    assert paid[0] > 0
    assert paid == [paid[0]] * 3  # it was taken back in August


def test_a_spiff_in_another_currency_is_rounded_once() -> None:
    office = Office("n: {of: revenue, spiff: {pay: 33.33 USD}}", organization=RATES)
    office.do(Open("d1", "deals", "d1", owner="sam", fields={"amount": "100 EUR"}), "2027-01-02")
    office.do(Split("d1", {"sam": "90%", "fin": "10%"}), "2027-01-03")
    office.do(Close("d1", "won"), "2027-04-10")
    assert office.earned()[1] == D("37.50")  # of 41.6625; it was 37.49, of 41.66


def test_the_years_quota_in_another_currency_is_read_at_the_end_of_the_period() -> None:
    quota = RATES.replace("target: 4000 EUR", "target: 4000 USD")
    tiers = "tiers: [{from: 0 EUR, pay: 10%}, {from: 1000 EUR, pay: 20%}]"
    office = Office(f"n: {{of: revenue, higher_once: 50%, {tiers}}}", organization=quota)
    office.won("2027-01-10", "1500 EUR")  # half of 4,000 USD are 1,600 EUR in March, and 1,000 in December
    assert office.earned()[0] == 150


def test_what_a_rate_moves_is_not_made_up_for_twice() -> None:
    tiers = "tiers: [{from: 0 USD, pay: 10%}, {from: 1000 USD, pay: 20%}]"
    office = Office(f"n: {{of: revenue, rate: {{mode: whole, over: year}}, {tiers}}}", organization=RATES)
    office.won("2027-01-10", "900 EUR")  # 1,000 USD are 800 EUR in March and 1,250 in June
    office.won("2027-04-10", "400 EUR")
    assert office.earned()[:2] == [180, 80]  # 90 were made up for that had been paid


def test_what_was_passed_over_stays_so_once_a_later_period_is_settled() -> None:
    people = ORGANIZATION.replace("fin: {", "lee: {name: Lee, role: ae, left: 2027-01-20}\n  fin: {")
    office = Paying(people, p_plan=f"{HEAD}period: month\ncomponents: {{n: {{of: revenue, {TENTH}}}}}\n")
    case = office.won("2027-01-10", "1000 EUR", owner="lee")
    for office.today, period in (("2027-02-02", "2027-01"), ("2027-03-02", "2027-02")):
        office.settle(period)
    office.do(Adjust("lee.ae.2027-03", "5 EUR", "a fair"), actor="fin")
    office.today = "2027-04-02"
    office.settle("2027-03")  # nothing followed for Lee in February
    office.do(Set(case, {"amount": "0 EUR"}, "an error"))
    assert office.settle("2027-02", "lee") == []  # it took back the 100, and March knew nothing of the debt
    office.today = "2027-05-02"
    (april,) = [one.statement for one in office.settle("2027-04") if one.person == "lee"]
    assert ([line.pay for line in april.lines], april.owed) == ([-100], 100)
    assert [one.differs for one in audit(office.engine, "2027-04")] == [(), ()]
