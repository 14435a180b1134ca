"""Accruing: what open deals are expected to pay, through the tiers after what is credited already."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.paying import HEAD, Paying

from playbook import Advance, Close, InputError, Open, Set
from playbook_commission.foresight.accruing import accrue
from playbook_commission.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_commission.foresight.accruing import Accrual, Accrued

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae}
  kim: {name: Kim, role: ae}
  fin: {name: Fin, role: finance}
measures:
  revenue: {playbook: promises, outcome: won, amount: deal.amount, date: case.closed}
quotas:
  - {period: 2027, measure: revenue, person: sam, target: 1000 EUR}
  - {period: 2027, measure: revenue, person: kim, target: 1000 EUR}
"""
PROMISES = """
playbook: promises
version: 1
subject: deal
title: Promises
fields:
  amount: {type: money}
  expected_close: {type: date}
stages:
  talk: {title: Talk, probability: 50%, next: [hope]}
  hope: {title: Hope, next: [won, lost]}
  won: {title: Won, final: won, from: any}
  lost: {title: Lost, final: lost, from: any}
"""
SLABS = "tiers: [{from: 0 EUR, pay: 10%}, {from: 1000 EUR, pay: 20%}]"
SHARES = "tiers: [{from: 0%, pay: 3%}, {from: 60%, pay: 7%}, {from: 110%, pay: 11%}]"


def plan(component: str, more: str = "") -> str:
    return f"components:\n  new: {{of: revenue, {component}}}\n{more}"


class Office(Paying):
    def __init__(self, plan: str, organization: str = ORGANIZATION) -> None:
        super().__init__(organization, ae_plan=HEAD + plan, p_playbook=PROMISES)
        self.today = "2027-02-15"

    def open(self, name: str, amount: str, closes: str, chance: str = "", owner: str = "sam") -> None:
        said = {"amount": amount, "expected_close": closes, "probability": chance}
        fields = {key: value for key, value in said.items() if value}
        self.do(Open(name, "promises", name, owner=owner, fields=fields), "2027-01-02")

    def sold(self, name: str, amount: str, day: str, owner: str = "sam") -> None:
        self.do(Open(name, "promises", name, owner=owner, fields={"amount": amount}), day)
        self.do(Close(name, "won"), day)

    def accrued(self, period: str = "2027-Q1", *see: str) -> Accrued:
        before = self.stored()
        span = Span.of(period, self.engine.world.organization)
        found = accrue(self.engine, {}, span, lambda who: who in see or not see)
        assert self.stored() == before
        return found

    def of(self, person: str, period: str = "2027-Q1") -> Accrual:
        (found,) = (one for one in self.accrued(period).people if one.person == person)
        return found


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office(plan(SLABS))
    yield made
    made.close()


def test_a_deal_is_paid_at_its_probability_after_what_is_credited(office: Office) -> None:
    office.sold("done", "900 EUR", "2027-02-01")
    office.open("later", "400 EUR", "2027-03-20", "25%")
    office.open("first", "200 EUR", "2027-03-01")  # as its stage says: one half
    sam = office.of("sam")
    assert sam.earned == D(90)
    assert [(one.deal.case, one.credit, one.pay) for one in sam.deals] == [
        ("first", D(100), D(10)), ("later", D(100), D(20)),
    ]  # fmt: skip
    assert (sam.expected, sam.others) == (D(30), {})
    office.do(Set("later", {"probability": "100%"}))
    assert office.of("sam").expected == D(10) + D(80)
    assert office.of("kim").expected == 0


def test_what_deals_change_beside_their_own_lines_is_told_apart() -> None:
    office = Office(
        plan(
            "rate: {mode: whole}, tiers: [{from: 0 EUR, pay: 1%}, {from: 1000 EUR, pay: 3%}],"
            " cap: {amount: 35 EUR}"
        )
    )
    office.sold("done", "900 EUR", "2027-02-01")
    office.open("more", "1000 EUR", "2027-03-01")
    sam = office.of("sam")
    assert [(one.deal.case, one.pay) for one in sam.deals] == [("more", D(15))]
    assert sam.others == {"cap": D(-7), "credited before": D(18)}
    assert (sam.earned, sam.expected) == (D(9), D(26))
    office.close()
    office = Office(plan(SLABS, "guarantee: {amount: 20 EUR, every: period}\n"))
    office.open("some", "1000 EUR", "2027-03-01")
    sam = office.of("sam")
    assert (sam.earned, sam.others, sam.expected) == (D(20), {"guarantee": D(-20)}, D(30))
    office.close()


def test_what_is_paid_for_a_sum_or_a_ratio_is_told_as_a_whole() -> None:
    sums = "rate: {mode: interpolated}, tiers: [{from: 0 EUR, pay: 0 EUR}, {from: 1000 EUR, pay: 100 EUR}]"
    office = Office(plan(sums))
    office.sold("done", "100 EUR", "2027-02-01")
    office.open("more", "400 EUR", "2027-03-01")
    sam = office.of("sam")
    assert (sam.earned, sam.expected) == (D(10), D(20))
    assert [one.deal.case for one in sam.deals] == ["more"]
    office.close()
    ratio = (
        "measures:\n  kept: {ratio: [revenue, due]}\n"
        "  due: {playbook: promises, amount: deal.amount, date: deal.expected_close}"
    )
    steps = "rate: {by: value, mode: whole}, tiers: [{from: 0%, pay: 1 EUR}, {from: 50%, pay: 30 EUR}]"
    office = Office(f"components:\n  kept: {{of: kept, {steps}}}\n", ORGANIZATION.replace("measures:", ratio))
    office.open("more", "400 EUR", "2027-03-01", "60%")
    sam = office.of("sam")
    assert (sam.earned, sam.expected, sam.others) == (D(1), D(29), {"kept as a whole": D(29)})
    assert [one.deal.case for one in sam.deals] == ["more"]
    office.close()


def test_whom_an_overlay_credits_expects_its_share_of_what_is_likely() -> None:
    team = ORGANIZATION.replace("role: ae}", "role: ae, team: all}").replace(
        "measures:", "teams: {all: {title: All}}\nmeasures:"
    )
    office = Office(plan("credit: {of: team, share: 50%}, tiers: [{from: 0 EUR, pay: 10%}]"), team)
    office.open("more", "400 EUR", "2027-03-01", "25%")
    assert [(one.person, one.expected) for one in office.accrued().people] == [("kim", D(5)), ("sam", D(5))]
    office.close()


def test_what_nobody_can_expect_is_named_and_what_closes_elsewhere_is_left_out(office: Office) -> None:
    office.open("silent", "100 EUR", "2027-03-01")
    office.do(Advance("silent"))
    office.open("whenever", "100 EUR", "")
    office.open("blank", "", "2027-03-01")
    office.open("next", "100 EUR", "2027-04-01")
    office.open("never", "100 EUR", "2027-03-01", "0%")
    office.open("late", "100 EUR", "2027-02-01", owner="kim")  # should have closed, and still may
    found = office.accrued()
    assert [(one.case, one.why) for one in found.left_out] == [
        ("blank", "nobody said what it is worth"),
        ("silent", "neither its stage nor a person says how likely it is"),
        ("whenever", "nobody said when it closes"),
    ]
    assert found.outside == 1
    assert [(one.person, one.expected) for one in found.people] == [("kim", D(5)), ("sam", D(0))]
    alone = office.accrued("2027-Q1", "kim")
    assert ([one.person for one in alone.people], alone.left_out, alone.outside) == (["kim"], (), 0)
    office.today = "2027-04-02"
    assert [one.expected for one in office.accrued().people] == [0, 0]  # the quarter is over


def test_all_that_is_not_there_is_told_at_once() -> None:
    bare = Office(plan(f"rate: {{by: attainment}}, {SHARES}"), ORGANIZATION.partition("quotas:")[0])
    with pytest.raises(InputError, match=r"kim: kim has no quota .*\nsam: sam has no quota"):
        bare.accrued()
    bare.close()


def test_nothing_is_expected_of_what_is_settled(office: Office) -> None:
    office.today = "2027-04-02"
    office.settle("2027-Q1")
    office.today = "2027-03-01"
    office.open("more", "1000 EUR", "2027-03-20")
    assert (office.of("sam").settled, office.of("sam").expected) == (True, D(0))


_DEALS = st.lists(
    st.tuples(st.sampled_from(["sam", "kim"]), st.integers(16, 28), st.integers(1, 900)), max_size=6
)
_PLANS = [
    plan(SLABS), plan(f"rate: {{by: attainment}}, {SHARES}, cap: {{amount: 40 EUR}}"),
    plan(f"rate: {{by: attainment, mode: whole, over: year}}, {SHARES}"),
    plan(f"{SLABS}, floor: {{amount: 60 EUR}}", "guarantee: {amount: 50 EUR, every: period}\n"),
    plan("spiff: {pay: 30 EUR, budget: 100 EUR}"),
    plan("rate: {by: count}, tiers: [{from: 0, pay: 5 EUR}, {from: 2, pay: 20 EUR}]"),
    plan(SLABS, "hold: {share: 50%, until: entry.payment}\n").replace("hold", "draw").replace(
        "{share: 50%, until: entry.payment}", "{amount: 30 EUR, every: month}"
    ),
]  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(deals=_DEALS, text=st.sampled_from(_PLANS))
def test_what_is_certain_is_expected_to_pay_what_it_pays(
    deals: list[tuple[str, int, int]], text: str
) -> None:
    office = Office(text)
    try:
        office.sold("before", "450 EUR", "2027-02-03")
        for number, (owner, day, amount) in enumerate(deals):
            office.open(f"d{number}", f"{amount} EUR", f"2027-02-{day}", "100%", owner)
        expected = {one.person: (one.earned, one.expected) for one in office.accrued().people}
        for number, (_, day, _) in sorted(enumerate(deals), key=lambda deal: deal[1][1]):
            office.today = f"2027-02-{day}"
            office.do(Close(f"d{number}", "won"))
        book = office.book
        now = office.accrued()
        for one in now.people:
            assert one.expected == 0
            assert one.earned == sum(expected[one.person])
            assert book.statement(one.person, "2027-Q1").earned <= one.earned
    finally:
        office.close()


@settings(max_examples=10, deadline=None)
@given(chances=st.lists(st.tuples(st.integers(1, 100), st.integers(1, 90_000)), min_size=1, max_size=6))
def test_at_one_rate_it_is_the_sum_of_what_each_deal_is_expected_to_pay(
    chances: list[tuple[int, int]],
) -> None:
    office = Office(plan("tiers: [{from: 0 EUR, pay: 10%}]"))
    try:
        exact = D(0)
        for number, (chance, amount) in enumerate(chances):
            office.open(f"d{number}", f"{amount} EUR", "2027-03-01", f"{chance}%")
            exact += D(amount) * chance / 100
        sam = office.of("sam")
        assert sam.expected == (exact / 10).quantize(D("0.01"))
        assert sum(one.credit for one in sam.deals) == exact
    finally:
        office.close()


def test_a_year_lasts_until_its_last_day(office: Office) -> None:
    office.open("last", "100 EUR", "2027-12-31", "50%")
    assert office.of("sam", "2027-Q4").expected == D(5)
    assert dt.date(2027, 12, 31) == office.of("sam", "2027-Q4").deals[0].deal.closes
