"""Settling where it is hard: refunds beside caps and holds, other currencies, plans and target pay that changed."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.paying import Paying

from playbook import Log, Money, Refused, Reopen, Set
from playbook_commission.settling.settle import audit, settle

if TYPE_CHECKING:
    from playbook_commission.statements.statement import Statement

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
rates: {dated: {2027-01-01: {USD: 0.5}}}
people:
  sam: {name: Sam, role: ae, team: emea, hired: 2026-01-01}
  fin: {name: Fin, role: finance}
teams: {emea: {title: EMEA}, us: {title: US, currency: USD}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
quotas: [{period: 2027, measure: revenue, person: sam, target: 4000 EUR}]
"""
TIERS = "tiers: [{from: 0 EUR, pay: 10%}]"
PLAN = f"""
plan: ae
applies_to: {{role: ae}}
effective: {{from: 2027-01-01, to: 2027-12-31}}
components:
  new: {{of: revenue, {TIERS}}}
"""
HOLD = "hold: {share: 50%, until: entry.payment, release: by_amount_paid}\n"
CLAWBACK = "clawback: {on: entry.refund, share: of_amount_refunded}\n"
QUARTERS = ("2027-Q1", "2027-Q2", "2027-Q3", "2027-Q4", "2028-Q1")
OVER = dict(
    zip(QUARTERS, ("2027-04-02", "2027-07-02", "2027-10-02", "2028-01-02", "2028-04-02"), strict=True)
)


class Office(Paying):
    def __init__(self, more: str = "", posts: str = "", plan: str = PLAN) -> None:
        people = ORGANIZATION.replace("hired: 2026-01-01", f"hired: 2026-01-01{posts}")
        super().__init__(people, p_plan=plan + more)

    def settle(self, period: str, person: str = "") -> Any:
        self.today = max(OVER[period], self.today)
        return super().settle(period, person)

    def of(self, period: str) -> Statement:
        return self.book.computed("sam", period, self.book.plans["ae"])

    def refund(self, case: str, amount: str, day: str) -> None:
        self.do(Log(case, "refund", fields={"amount": amount}), day)

    def differing(self) -> list[Any]:
        return [one for period in QUARTERS for one in audit(self.engine, period) if one.differs]


def pays(statement: Statement) -> dict[str, Decimal]:
    return {line.id: line.pay for line in statement.lines}


def test_what_the_cap_of_a_plan_took_after_a_clawback_is_not_paid_back() -> None:
    office = Office(CLAWBACK + "cap: {amount: 15 EUR, per: period}\n")
    cases = [office.won("2027-01-10", amount) for amount in ("100 EUR", "200 EUR", "300 EUR")]
    office.refund(cases[1], "100 EUR", "2027-02-01")
    office.settle("2027-Q1")
    assert office.of("2027-Q1").earned == 15
    for case, left in zip(cases, ("100 EUR", "100 EUR", "300 EUR"), strict=True):
        office.refund(case, left, "2027-05-01")
    assert office.of("2027-Q2").earned == -15


@pytest.mark.parametrize("day", ["2027-02-01", "2027-05-01"])
@pytest.mark.parametrize("paid", ["", "300 EUR"])
def test_what_is_taken_back_is_held_no_more(day: str, paid: str) -> None:
    office = Office(HOLD + CLAWBACK)
    case = office.won("2027-01-10", "900 EUR")
    if day > OVER["2027-Q1"]:
        office.settle("2027-Q1")
        assert office.of("2027-Q1").paid == 45
    if paid:
        office.entry(case, day, "payment", amount=paid)
    office.refund(case, "900 EUR", day)
    office.settle("2027-Q1")
    first, second = (office.of(period) for period in QUARTERS[:2])
    assert first.earned + second.earned == first.held + second.held == 0
    assert first.paid == second.owed  # and nothing beside what was paid is owed


def test_a_lower_cap_of_a_year_takes_nothing_that_was_paid() -> None:
    office = Office("cap: {amount: 100 EUR, per: year}\n")
    office.won("2027-01-10", "900 EUR")
    office.settle("2027-Q1")
    office.publish(p_plan=PLAN + "cap: {amount: 50 EUR, per: year}\n")
    office.won("2027-04-10", "100 EUR")
    assert office.of("2027-Q2").earned == 0


@pytest.mark.parametrize(
    ("least", "earned", "paid"),
    [
        ("floor: {amount: 20 EUR, per: period}", D(-70), D(0)),
        ("draw: {amount: 20 EUR, every: period, recoverable: false}", D(-90), D(20)),
    ],
)
def test_no_floor_and_no_draw_forgives_what_is_to_be_paid_back(least: str, earned: D, paid: D) -> None:
    office = Office(CLAWBACK + least)
    case = office.won("2027-01-10", "900 EUR")
    office.settle("2027-Q1")
    office.refund(case, "900 EUR", "2027-05-01")
    second = office.of("2027-Q2")
    assert (second.earned, second.paid, second.owed) == (earned, paid, -earned)


def test_who_moves_to_another_currency_takes_along_what_was_before_at_the_rate_of_then() -> None:
    posts = ", history: [{from: 2027-04-01, team: us, role: ae}]"
    office = Office(HOLD + CLAWBACK + "draw: {amount: 100 EUR, every: period, recoverable: true}\n", posts)
    one, other = office.won("2027-01-10", "600 EUR"), office.won("2027-01-11", "400 EUR")
    office.settle("2027-Q1")
    first = office.of("2027-Q1")
    assert (first.currency, first.paid, first.owed) == ("EUR", D(100), D(50))
    office.entry(one, "2027-05-02", "payment", amount="300 EUR")
    office.refund(other, "400 EUR", "2027-05-02")
    office.do(Set(one, {"amount": "500 EUR"}, "an error"))
    second = office.of("2027-Q2")
    assert second.currency == "USD"
    assert pays(second) == {
        "new:d2:clawback:2027-Q2": D(-80), "new:d1:release:2027-Q2": D(30), "new:d2:release:2027-Q2": D(40),
        "adjustment:2027-Q1:new:d1": D(-20), "adjustment:2027-Q1:new:d1:hold": D(10),
    }  # fmt: skip
    assert (second.paid, second.owed) == (D(200), D(100 + 200 + 100 - 80))
    office.settle("2027-Q2")
    assert pays(office.of("2027-Q3")) == {}
    assert office.differing() == []


def test_what_an_organization_pays_in_changes_nothing_that_is_settled() -> None:
    office = Office()
    office.won("2027-01-10", "600 EUR")
    office.settle("2027-Q1")
    dollars = "currency: USD\nrates: {dated: {2027-01-01: {EUR: 2}}}\n"
    office.organization = dollars.join(
        office.organization.split("currency: EUR\nrates: {dated: {2027-01-01: {USD: 0.5}}}\n")
    )
    office.publish(p_plan=PLAN)
    late = office.won("2027-02-01", "100 EUR")
    assert pays(office.of("2027-Q2")) == {f"adjustment:2027-Q1:new:{late}": D(20)}
    office.settle("2027-Q2")
    assert pays(office.of("2027-Q3")) == {}
    office.do(Set(late, {"amount": "50 EUR"}, "an error"))
    assert pays(office.of("2027-Q3")) == {f"adjustment:2027-Q1:new:{late}": D(-10)}
    assert office.differing() == []


def test_another_target_pay_counts_from_the_next_period_on() -> None:
    shares = PLAN.replace(
        TIERS, "pays: share_of_target_pay, rate: {by: attainment}, tiers: [{from: 0%, pay: 100%}]"
    )
    office = Office(plan=shares)
    office.target_pay = {"sam": Money.parse("1000 EUR")}
    office.won("2027-01-10", "1000 EUR")
    office.settle("2027-Q1")
    office.target_pay = {"sam": Money.parse("2000 EUR")}
    assert pays(office.of("2027-Q2")) == {}
    office.settle("2027-Q2")
    assert office.differing() == []


def test_a_period_without_pay_in_which_something_follows_is_settled_in_its_turn() -> None:
    office = Office(CLAWBACK, ", history: [{from: 2027-04-01, role: cs}, {from: 2027-07-01, role: ae}]")
    case = office.won("2027-01-10", "900 EUR")
    office.settle("2027-Q1")
    office.refund(case, "900 EUR", "2027-05-01")
    office.today = OVER["2027-Q3"]
    answer = settle(office.engine, {}, "2027-Q3", "fin")
    assert isinstance(answer, Refused)
    assert "not settled yet: 2027-Q2 of sam by ae" in answer.message
    office.settle("2027-Q2")
    office.settle("2027-Q3")
    assert office.of("2027-Q3").owed == 90


def test_who_had_a_role_from_the_beginning_is_paid_before_a_later_post() -> None:
    office = Office()
    people = "hired: 2026-01-01", "history: [{from: 2027-04-01, team: us, role: ae}]"
    office.organization = office.organization.replace(*people)
    office.publish(p_plan=PLAN)
    office.won("2027-01-10", "600 EUR")
    assert office.of("2027-Q1").earned == 60


def test_a_deal_that_is_reopened_after_it_was_settled_is_taken_back_and_paid_when_it_is_won_again() -> None:
    office = Office(HOLD + CLAWBACK)
    case = office.won("2027-01-10", "900 EUR")
    office.entry(case, "2027-02-01", "payment", amount="300 EUR")
    office.settle("2027-Q1")
    assert office.of("2027-Q1").paid == 60
    office.do(Reopen(case))
    second = office.of("2027-Q2")
    assert (second.earned, second.held, second.paid, second.owed) == (D(-90), D(-30), D(0), D(60))
    office.settle("2027-Q2")
    assert pays(office.of("2027-Q3")) == {}
    assert office.differing() == []


def test_what_came_late_and_went_again_is_taken_back_once() -> None:
    office = Office(HOLD)
    office.won("2027-01-10", "100 EUR")
    office.settle("2027-Q1")
    late = office.won("2027-02-01", "500 EUR")
    office.settle("2027-Q2")
    office.do(Reopen(late))
    assert pays(office.of("2027-Q3")) == {
        f"adjustment:2027-Q1:new:{late}": D(-50), f"adjustment:2027-Q1:new:{late}:hold": D(25),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("plan", "period", "by"),
    [
        (
            PLAN.replace("plan: ae", "plan: new-ae"),
            "2027-Q1",
            "new-ae would pay days of it again for 2027-Q1",
        ),
        (PLAN + "period: month\n", "2027-01", "ae would pay days of it again for 2027-01"),
        (PLAN + "period: year\n", "2027", "ae would pay days of it again for 2027;"),
    ],
)
def test_days_are_not_settled_again_by_a_plan_of_another_name_or_length(
    plan: str, period: str, by: str
) -> None:
    office = Office()
    office.won("2027-01-10", "900 EUR")
    office.settle("2027-Q1")
    office.publish(p_plan=plan)
    office.today = "2028-01-02"
    answer = settle(office.engine, {}, period, "fin")
    assert isinstance(answer, Refused)
    assert answer.message.startswith("sam was settled for 2027-Q1 by ae, and ")
    assert by in answer.message
    assert answer.message.endswith("let another plan be effective from 2027-04-01")


PARTS = (
    ("", HOLD, "hold: {share: 30%, until: entry.payment, release: all}\n"),
    ("", "cap: {amount: 15 EUR, per: period}\n", "cap: {amount: 60 EUR, per: year}\n"),
    ("", "draw: {amount: 10 EUR, every: period, recoverable: true}\n"),
)
RATES = (
    TIERS,
    "tiers: [{from: 0 EUR, pay: 10%}, {from: 300 EUR, pay: 20%}], cap: {amount: 40 EUR, per: period}",
    "tiers: [{from: 0 EUR, pay: 10%}, {from: 300 EUR, pay: 20%}], rate: {mode: whole, over: year}",
    "tiers: [{from: 0 EUR, pay: 5 EUR}, {from: 300 EUR, pay: 40 EUR}], rate: {mode: whole}",
)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_between_settlings_all_of_it_is_paid_once_and_can_be_paid_back(seed: int) -> None:
    """Settling period by period comes to what computing all at the end does; refunding everything to nothing."""
    chance = random.Random(seed)
    more = CLAWBACK + "".join(map(chance.choice, PARTS))
    office = Office(more, plan=PLAN.replace(TIERS, chance.choice(RATES)))
    amounts, refunded = dict[str, Decimal](), dict[str, Decimal]()
    for number, period in enumerate(QUARTERS[:4]):
        last = f"2027-{number * 3 + 3:02}"
        for sold in chance.choices(("100", "250.50", "333.33", "400"), k=chance.randint(0, 3)):
            amounts[office.won(f"{last}-0{chance.randint(1, 9)}", f"{sold} EUR")] = D(sold)
        for case, amount in amounts.items():
            if chance.random() < 0.25:
                office.entry(case, f"{last}-15", "payment", amount=f"{(amount / 2).quantize(D('0.01'))} EUR")
            if chance.random() < 0.25 and case not in refunded:
                refunded[case] = (amount * chance.choice((D(1), D("0.5")))).quantize(D("0.01"))
                office.refund(case, f"{refunded[case]} EUR", f"{last}-16")
        office.settle(period)
        for day in chance.sample((f"{last}-20", "2027-01-20"), k=chance.randint(0, 1)):
            amounts[office.won(day, "120 EUR")] = D(120)
        open_ones = sorted(set(amounts) - set(refunded))
        if chance.random() < 0.5 and open_ones:
            amounts[open_ones[0]] = D(200)
            office.do(Set(open_ones[0], {"amount": "200 EUR"}, "an error"))
    for case, amount in amounts.items():
        if amount > refunded.get(case, D(0)):
            office.refund(case, f"{amount - refunded.get(case, D(0))} EUR", "2028-01-03")
    office.today = OVER["2028-Q1"]
    settled = [office.of(period) for period in QUARTERS]
    anew = [office.book.anew("sam", period, office.book.plans["ae"], {}) for period in QUARTERS]
    assert sum(one.earned for one in settled) == sum(one.earned for one in anew) == 0
    assert sum(one.held for one in settled) == sum(one.held for one in anew) == 0
    assert sum(one.paid for one in settled) == settled[-1].owed
    assert office.differing() == []
