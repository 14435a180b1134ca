"""Statements from cases: credits, tiers, quotas, draws, holds and clawbacks, period by period."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.paying import Paying

from playbook import Close, InputError, Money, Open, Set, Split
from playbook_commission.credits.crediting import Ledger
from playbook_commission.plans.plan import load_plan
from playbook_commission.statements.computing import statements
from playbook_commission.statements.payee import Payee

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_commission.statements.statement import Statement

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
timezone: Europe/Berlin
rates: {dated: {2027-01-01: {USD: 0.5}}}
people:
  sam: {name: Sam, role: ae, team: emea}
  kim: {name: Kim, role: ae, team: emea}
  dana: {name: Dana, role: sales_manager, team: emea}
teams: {emea: {title: EMEA, manager: dana}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  due: {playbook: deals, amount: deal.due, date: case.closed}
  kept: {ratio: [revenue, due]}
  opened: {playbook: deals, count: true, date: case.opened}
  won: {playbook: deals, outcome: won, count: true, date: case.closed}
  win_rate: {ratio: [won, opened]}
quotas:
  - {period: 2027-Q1, measure: revenue, person: sam, target: 1000 EUR}
  - {period: 2027-Q2, measure: revenue, person: sam, target: 1000 EUR}
"""
HEAD = "plan: ae-2027\napplies_to: {role: ROLE}\neffective: {from: 2027-01-01, to: 2027-12-31}\n"
SLABS = "tiers: [{from: 0 EUR, pay: 10%}, {from: 1000 EUR, pay: 20%}]"


class Office(Paying):
    def __init__(self) -> None:
        super().__init__(ORGANIZATION)

    def paid(
        self, plan: str, until: str, person: str = "sam", role: str = "ae", pay: str = ""
    ) -> list[Statement]:
        engine = self.publish(ae_plan=HEAD.replace("ROLE", role) + plan)
        read = load_plan(engine.published("plan")["ae-2027"])
        ledger = Ledger(engine, dt.date(2027, 1, 1), dt.date(2027, 12, 31))
        target = Money.parse(pay) if pay else None
        return list(statements(Payee(ledger, read, person, target), until))


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.close()


def kinds(statement: Statement) -> list[tuple[str, str, Decimal]]:
    return [(line.kind, line.case, line.pay) for line in statement.lines]


def plan(component: str, more: str = "") -> str:
    return f"components:\n  new: {{of: revenue, {component}}}\n{more}"


def test_a_line_says_where_every_cent_comes_from(office: Office) -> None:
    first, second = office.won("2027-01-10", "600 EUR"), office.won("2027-02-10", "900 EUR")
    (statement,) = office.paid(plan(SLABS), "2027-Q1")
    assert kinds(statement) == [("credit", first, D("60.00")), ("credit", second, D("140.00"))]
    slices = [(s.start, s.end, s.rate, s.pay) for s in statement.lines[1].slices]
    assert slices == [(D(600), D(1000), D("0.1"), D("40.00")), (D(1000), D(1500), D("0.2"), D("100.00"))]
    assert (statement.earned, statement.paid, statement.currency) == (D("200.00"), D("200.00"), "EUR")


def test_the_year_adds_up_over_its_quarters(office: Office) -> None:
    office.won("2027-01-10", "800 EUR")
    office.won("2027-04-10", "400 EUR")
    one, two = office.paid(plan(f"rate: {{over: year}}, {SLABS}"), "2027-Q2")
    assert (one.earned, two.earned) == (D(80), D(60))  # 200 at 10 %, 200 at 20 %


def test_attainment_is_of_the_persons_quota(office: Office) -> None:
    office.won("2027-01-10", "1500 EUR")
    by = "rate: {by: attainment}, tiers: [{from: 0%, pay: 10%}, {from: 100%, pay: 20%}]"
    (statement,) = office.paid(plan(by), "2027-Q1")
    assert statement.earned == 200
    assert statement.reached[0].share == D("1.5")
    with pytest.raises(InputError, match="kim has no quota for revenue in 2027-Q1"):
        office.paid(plan(by), "2027-Q1", person="kim")


def test_higher_rates_wait_for_the_years_quota(office: Office) -> None:
    office.won("2027-01-10", "1500 EUR")
    office.won("2027-04-10", "1500 EUR")
    one, two = office.paid(plan(f"higher_once: 100%, {SLABS}"), "2027-Q2")
    assert (one.earned, two.earned) == (D(150), D(200))  # 2,000 is the year's quota


def test_splits_sum_to_the_cent_and_a_manager_is_credited_with_both(office: Office) -> None:
    case = office.won("2027-01-10", "1000.01 EUR", owner="sam")
    assert case
    office.do(Open("x", "deals", "x", owner="sam", fields={"amount": "1000.01 EUR"}))
    office.do(Split("x", {"sam": "70%", "kim": "20%", "dana": "10%"}))
    office.do(Close("x", "won"))
    flat = plan('tiers: [{from: 0 EUR, pay: 10%}], when: case.id == "x"')
    sam, kim = (office.paid(flat, "2027-Q1", person=name)[0] for name in ("sam", "kim"))
    assert (sam.lines[0].credit, sam.earned, kim.earned) == (D("700.01"), D("70.00"), D("20.00"))
    override = plan("credit: {of: people_of}, tiers: [{from: 0 EUR, pay: 1%}]")
    (dana,) = office.paid(override, "2027-Q1", person="dana", role="sales_manager")
    assert dana.earned == D("19.00")  # 1 % of 1,000.01 and of 900.01


def test_a_draw_is_owed_and_recovered(office: Office) -> None:
    for month, amount in ((1, 500), (2, 700), (3, 400), (4, 9000)):
        office.won(f"2027-{month:02}-10", f"{amount} EUR")
    more = "period: month\ndraw: {amount: 1000 EUR}\n"
    found = office.paid(plan("tiers: [{from: 0 EUR, pay: 100%}]", more), "2027-04")
    assert [(s.earned, s.paid, s.owed) for s in found] == [
        (D(500), D(1000), D(500)), (D(700), D(1000), D(800)), (D(400), D(1000), D(1400)), (D(9000), D(7600), D(0)),
    ]  # fmt: skip


def test_what_is_held_is_released_by_what_comes_in(office: Office) -> None:
    case = office.won("2027-01-10", "1000 EUR")
    office.entry(case, "2027-02-10", "payment", amount="250 EUR")
    office.entry(case, "2027-04-10", "payment", amount="750 EUR")
    hold = "hold: {share: 50%, until: entry.payment, release: by_amount_paid}\n"
    one, two = office.paid(plan("tiers: [{from: 0 EUR, pay: 10%}]", hold), "2027-Q2")
    assert kinds(one) == [("credit", case, D(100)), ("hold", case, D(-50)), ("release", case, D("12.50"))]
    assert (one.earned, one.held, one.paid) == (D(100), D("37.50"), D("62.50"))
    assert (two.earned, two.held, two.paid) == (D(0), D("-37.50"), D("37.50"))


def test_a_refund_takes_back_what_was_paid_once(office: Office) -> None:
    case = office.won("2027-01-10", "1000 EUR")
    office.entry(case, "2027-04-10", "refund", amount="400 EUR")
    office.entry(case, "2027-05-10", "refund", amount="900 EUR")
    back = "clawback: {on: entry.refund, within: 6mo, share: of_amount_refunded}\nperiod: month\n"
    found = office.paid(plan("tiers: [{from: 0 EUR, pay: 10%}]", back), "2027-06")
    assert [s.earned for s in found] == [100, 0, 0, -40, -60, 0]
    assert found[3].lines[0].undoes == found[0].lines[0].id


def test_an_unused_term_is_paid_back(office: Office) -> None:
    case = office.won("2027-01-10", "12000 EUR")
    office.entry(case, "2027-04-10", "refund", term="12", used="8")
    back = "clawback: {on: entry.refund, share: of_unused_term}\n"
    found = office.paid(plan("tiers: [{from: 0 EUR, pay: 10%}]", back), "2027-Q2")
    assert [s.earned for s in found] == [1200, -400]


def test_caps_floors_and_gates_say_what_they_took(office: Office) -> None:
    office.won("2027-01-10", "1000 EUR", due="2000 EUR")
    office.won("2027-04-10", "1000 EUR", due="1000 EUR")
    capped = plan("tiers: [{from: 0 EUR, pay: 10%}], cap: {amount: 150 EUR, per: year}")
    assert [s.earned for s in office.paid(capped, "2027-Q2")] == [100, 50]
    floored = plan("tiers: [{from: 0 EUR, pay: 10%}], floor: {amount: 120 EUR}")
    assert kinds(office.paid(floored, "2027-Q1")[0])[-1] == ("floor", "", D(20))
    gated = (
        plan("tiers: [{from: 0 EUR, pay: 10%}], gate: {of: kept, above: 90%}")
        + "  kept: {of: kept, rate: {by: value, mode: whole}, pays: share_of_target_pay,"
        " tiers: [{from: 0%, pay: 0%}, {from: 100%, pay: 50%}]}\n"
    )
    one, two = office.paid(gated, "2027-Q2", pay="1000 EUR")
    assert (one.earned, two.earned) == (D(0), D(600))
    assert next(line for line in one.lines if line.kind == "gate").because == "kept is not above 90%"


def test_a_spiff_is_paid_until_its_budget_is_spent(office: Office) -> None:
    first, second, third = (
        office.won(f"2027-01-{day}", "100 EUR", owner=who)
        for day, who in (("10", "kim"), ("11", "sam"), ("12", "sam"))
    )
    assert first
    spiff = plan("spiff: {pay: 50 EUR, when: 'deal.amount >= 100 EUR', budget: 120 EUR}")
    (statement,) = office.paid(spiff, "2027-Q1")
    assert kinds(statement) == [("spiff", second, D(50)), ("spiff", third, D(20))]


def test_other_currencies_are_paid_at_the_rate_of_the_day(office: Office) -> None:
    office.won("2027-01-10", "1000 USD")
    (statement,) = office.paid(plan("tiers: [{from: 0 EUR, pay: 10%}]"), "2027-Q1")
    assert statement.earned == 50


def test_a_corrected_amount_is_paid_as_corrected(office: Office) -> None:
    case = office.won("2027-01-10", "1000 EUR")
    office.do(Set(case, {"amount": "800 EUR"}, "an error"))
    assert office.paid(plan(SLABS), "2027-Q1")[0].earned == 80


def test_a_period_that_a_plan_does_not_have_is_refused(office: Office) -> None:
    for until, message in (
        ("2026-Q4", "and not in 2026-Q4"),
        ("2027-03", "write one like 2027-Q1"),
        ("soon", "is not a period"),
    ):
        with pytest.raises(InputError, match=message):
            office.paid(plan(SLABS), until)


def test_tiers_and_quotas_in_another_currency_are_read_in_that_of_the_statement(office: Office) -> None:
    office.won("2027-01-10", "1000 EUR")
    dollars = "tiers: [{from: 0 USD, pay: 10%}, {from: 1000 USD, pay: 20%}]"  # a dollar is half a euro
    (statement,) = office.paid(plan(dollars), "2027-Q1")
    assert [(s.start, s.end, s.pay) for s in statement.lines[0].slices] == [
        (D(0), D(500), D(50)), (D(500), D(1000), D(100)),
    ]  # fmt: skip
    sums = "rate: {by: count}, tiers: [{from: 0, pay: 30 USD}]"
    assert office.paid(plan(sums), "2027-Q1")[0].earned == 15
    by = "rate: {by: attainment}, tiers: [{from: 0%, pay: 10%}, {from: 100%, pay: 20%}]"
    (statement,) = office.paid(
        plan(by, "currency: USD\n"), "2027-Q1"
    )  # 2,000 USD are the quota, and what was won
    assert (statement.reached[0].share, statement.earned) == (D(1), D(200))


BACK = "hold: {share: 50%, until: entry.payment}\nclawback: {on: entry.refund, share: of_amount_refunded}\n"


def test_what_a_gate_took_is_neither_held_nor_paid_back(office: Office) -> None:
    case = office.won("2027-01-10", "1000 EUR", due="4000 EUR")
    office.entry(case, "2027-04-10", "refund", amount="1000 EUR")
    gated = (
        plan("tiers: [{from: 0 EUR, pay: 10%}], gate: {of: kept, above: 90%}")
        + "  kept: {of: kept, rate: {by: value, mode: whole}, pays: share_of_target_pay,"
        " tiers: [{from: 0%, pay: 0%}]}\n" + BACK
    )
    found = office.paid(gated, "2027-Q2", pay="1000 EUR")
    assert [(s.earned, s.held, s.paid) for s in found] == [(D(0), D(0), D(0)), (D(0), D(0), D(0))]


def test_what_a_cap_took_is_not_paid_back_and_the_rest_is_to_the_cent(office: Office) -> None:
    cases = [office.won(f"2027-01-{day}", "1000 EUR") for day in (10, 11, 12)]
    for case in cases:
        office.entry(case, "2027-04-10", "refund", amount="1000 EUR")
    for capped in ("components:\n  new: {of: revenue, tiers: [{from: 0 EUR, pay: 10%}], cap: {amount: 100 EUR}}\n",
                   plan("tiers: [{from: 0 EUR, pay: 10%}]", "cap: {amount: 100 EUR}\n")):  # fmt: skip
        one, two = office.paid(capped + "clawback: {on: entry.refund}\n", "2027-Q2")
        assert (one.earned, two.earned) == (D(100), D(-100))


def test_a_ratio_of_counts_is_of_how_many(office: Office) -> None:
    office.won("2027-01-10", "9000 EUR")
    office.won("2027-01-11", "10 EUR")
    for case in ("x", "y"):
        office.do(Open(case, "deals", case, owner="sam", fields={"amount": "50 EUR"}), "2027-01-12")
    rate = "of: win_rate, rate: {by: value, mode: whole}, tiers: [{from: 0%, pay: 0%}, {from: 50%, pay: 10%}]"
    text = f"components:\n  rate: {{pays: share_of_target_pay, {rate}}}\n"
    (statement,) = office.paid(text, "2027-Q1", pay="1000 EUR")
    assert (statement.reached[0].value, statement.earned) == (D("0.5"), D(100))
