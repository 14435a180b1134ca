"""Trying a plan on what happened: beside what is paid, with what it needs, and nothing of it stored."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.company import Company
from tests.paying import Paying

from playbook import InputError, UnknownName
from playbook_commission.foresight.trying import Trial, Wanted, attempt
from playbook_commission.plans.plan import Plan, load_plan
from playbook_commission.settling.settlements import Adjust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_commission.foresight.filling import Lack

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae}
  kim: {name: Kim, role: ae}
  ola: {name: Ola, role: engineer}
  fin: {name: Fin, role: finance}
  pro: {name: Pro, history: [{from: 2027-01-01, role: ae}, {from: 2027-04-01, role: boss}]}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
quotas:
  - {period: 2027-Q1, measure: revenue, person: sam, target: 1000 EUR}
  - {period: 2028-Q1, measure: revenue, person: sam, target: 2000 EUR}
  - {period: 2028-Q1, measure: revenue, person: kim, target: 500 EUR}
  - {period: 2028, measure: revenue, person: pro, target: 3660 EUR}
"""
HEAD = "plan: {0}\napplies_to: {{role: {1}}}\neffective: {{from: {2}-01-01, to: {2}-12-31}}\n"
FLAT = "components: {new: {of: revenue, tiers: [{from: 0 EUR, pay: 10%}]}}\n"
BOSS = HEAD.format("boss", "boss", 2027) + FLAT
ATTAINED = (
    "components: {new: {of: revenue, rate: {by: attainment},"
    " tiers: [{from: 0%, pay: 10%}, {from: 100%, pay: 20%}]}}\n"
)
YEAR = (dt.date(2027, 1, 1), dt.date(2027, 12, 31))
Q1 = (dt.date(2027, 1, 1), dt.date(2027, 3, 31))


class Office(Paying):
    def __init__(self) -> None:
        super().__init__(ORGANIZATION, ae_plan=HEAD.format("ae", "ae", 2027) + FLAT, boss_plan=BOSS)

    def change(self, organization: str, plan: str) -> None:
        """Publish another organization with one plan."""
        self.organization = organization
        self.publish(ae_plan=plan)

    def draft(self, text: str, role: str = "ae", year: int = 2028, more: str = "") -> Plan:
        """Return a plan that is published in another company, and so here only a draft."""
        other = Company(self._registry, ORGANIZATION + more, new_plan=HEAD.format("new", role, year) + text)
        try:
            return load_plan(other.engine.published("plan")["new"])
        finally:
            other.close()

    def try_(self, plan: Plan, wanted: Wanted) -> Trial | tuple[Lack, ...]:
        before = self.stored()
        found = attempt(self.book, plan, wanted)
        assert self.stored() == before
        return found

    def tried(
        self, plan: Plan, days: tuple[dt.date, dt.date] = YEAR, person: str = "", beside: tuple[str, ...] = ()
    ) -> Trial:
        found = self.try_(plan, Wanted(*days, person, beside))
        assert isinstance(found, Trial), found
        return found


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.close()


def rows(trial: Trial) -> list[tuple[str, Decimal, Decimal]]:
    return [(one.person, one.pays, one.would_pay) for one in trial.people]


def test_a_plan_is_tried_beside_the_one_that_pays_the_same_people(office: Office) -> None:
    office.won("2027-02-01", "1000 EUR")
    office.won("2027-05-01", "3000 EUR", owner="kim")
    office.won("2027-05-02", "500 EUR", owner="ola")
    office.won("2027-05-03", "700 EUR", owner="pro")  # who is a boss by then, and paid by that plan
    steeper = office.draft(
        "components: {new: {of: revenue, tiers: [{from: 0 EUR, pay: 5%}, {from: 1000 EUR, pay: 20%}],"
        " cap: {amount: 400 EUR, per: period}}}\n"
    )
    trial = office.tried(steeper)
    assert [one.id for one in trial.beside] == ["ae"]
    assert rows(trial) == [("kim", D(300), D(400)), ("pro", D(0), D(0)), ("sam", D(100), D(50))]
    assert [one.difference for one in trial.people] == [100, 0, -50]
    assert (trial.sold, trial.neither) == (D(4000), {"ola": D(500)})
    assert [(one.kind, one.component, one.people, one.amount) for one in trial.bounds] == [
        ("cap", "new", ("kim",), D(-50))
    ]
    (kim,) = office.tried(steeper, person="kim").people
    assert [(paid.period, paid.cost) for paid in kim.then if paid.cost] == [("2027-Q2", D(400))]
    assert [one.id for one in office.tried(steeper, beside=("ae", "boss")).beside] == ["ae", "boss"]


def test_what_is_paid_in_other_currencies_is_told_in_that_of_the_organization(office: Office) -> None:
    rates = "rates: {dated: {2027-01-01: {USD: 0.5}, 2027-03-31: {USD: 0.8}}}\n"
    office.change(ORGANIZATION + rates, HEAD.format("ae", "ae", 2027) + "currency: USD\n" + FLAT)
    office.won("2027-02-01", "1000 EUR")  # 2,000 USD on that day, and 10 % of it 160 EUR on the period's last
    plan = office.draft(FLAT, more=rates)
    (sam,) = office.tried(plan, Q1, person="sam").people
    assert (sam.pays, sam.would_pay, sam.sold) == (D(160), D(100), D(1000))
    plan = office.draft("currency: USD\ncap: {amount: 100 USD}\n" + FLAT, more=rates)
    trial = office.tried(plan, Q1, person="sam")
    assert (trial.currency, trial.people[0].would_pay, trial.bounds[0].amount) == ("EUR", D(80), D(-80))


@settings(max_examples=12, deadline=None)
@given(
    deals=st.lists(
        st.tuples(st.sampled_from(["sam", "kim", "pro"]), st.dates(*YEAR), st.integers(1, 5000)), max_size=8
    ),
    text=st.sampled_from([
        FLAT,
        "draw: {amount: 100 EUR, every: month}\n" + FLAT,
        "guarantee: {amount: 100 EUR, every: month}\n" + FLAT,
        "hold: {share: 50%, until: entry.payment}\n" + FLAT,
        "components: {new: {of: revenue, rate: {mode: whole, over: year},"
        " tiers: [{from: 0 EUR, pay: 1%}, {from: 4000 EUR, pay: 3%}], cap: {amount: 300 EUR, per: year}}}\n",
    ]),
    first=st.sampled_from([1, 4, 7]),
)  # fmt: skip
def test_the_present_plan_tried_changes_nothing(
    deals: list[tuple[str, dt.date, int]], text: str, first: int
) -> None:
    office = Office()
    try:
        office.publish(ae_plan=HEAD.format("ae", "ae", 2027) + text, boss_plan=BOSS)
        for owner, day, amount in sorted(deals, key=lambda one: one[1]):
            office.won(str(day), f"{amount} EUR", owner=owner)
        same = attrs.evolve(load_plan(office.engine.published("plan")["ae"]), id="same")
        trial = office.tried(same, (dt.date(2027, first, 1), YEAR[1]))
        assert {one.difference for one in trial.people} == {0}
        assert trial.people
    finally:
        office.close()


def test_what_was_settled_is_what_is_compared_and_what_was_added_by_hand_is_on_neither_side(
    office: Office,
) -> None:
    office.won("2027-02-01", "1000 EUR")
    office.do(Adjust("sam.ae.2027-Q1", "250 EUR", "a fair"), actor="fin")
    office.today = "2027-04-02"
    office.settle("2027-Q1")
    office.won("2027-03-30", "500 EUR")  # told late: adjusted in the second quarter
    plan = office.draft(FLAT)
    (sam,) = office.tried(plan, Q1, person="sam").people
    assert (sam.pays, sam.would_pay, sam.now[0].by_hand, sam.now[0].settled) == (D(100), D(150), D(250), True)
    (sam,) = office.tried(plan, YEAR, person="sam").people
    assert (sam.pays, sam.would_pay) == (D(150), D(150))


def test_what_was_settled_by_a_plan_that_is_published_no_more_was_paid(office: Office) -> None:
    office.won("2027-02-01", "1000 EUR")
    office.today = "2027-04-02"
    office.settle("2027-Q1")
    office.won("2027-05-01", "1000 EUR")
    steeper = office.draft("components: {new: {of: revenue, tiers: [{from: 0 EUR, pay: 15%}]}}\n")
    office.publish(boss_plan=BOSS)  # and no plan of the sellers
    trial = office.tried(steeper, Q1)
    assert [one.id for one in trial.beside] == ["ae"]
    assert rows(trial)[0] == ("sam", D(100), D(150))
    (sam,) = office.tried(steeper, person="sam").people
    assert (sam.pays, sam.would_pay) == (D(100), D(300))  # nobody was paid for the second quarter


def test_the_plan_of_today_has_the_quotas_too_that_are_given_for_the_trial(office: Office) -> None:
    office.change(ORGANIZATION, HEAD.format("ae", "ae", 2027) + ATTAINED)
    for owner in ("sam", "kim"):
        office.won("2027-02-01", "1500 EUR", owner=owner)
    trial = office.try_(office.draft(ATTAINED), Wanted(*Q1, quota_from="2028-Q1"))
    assert isinstance(trial, Trial)
    assert [one.person for one in trial.given] == ["kim", "pro"]
    assert rows(trial) == [("kim", D(250), D(250)), ("pro", D(0), D(0)), ("sam", D(200), D(200))]
    flat = office.try_(office.draft(FLAT), Wanted(*Q1, quota_from="2028-Q1"))
    assert isinstance(flat, Trial)  # only today's plan needs them
    assert rows(flat) == [("pro", D(0), D(0)), ("sam", D(200), D(150)), ("kim", D(250), D(150))]


def test_quotas_that_are_not_there_are_named_and_none_is_invented(office: Office) -> None:
    office.won("2027-02-01", "1500 EUR")
    office.won("2027-02-01", "1500 EUR", owner="kim")
    plan = office.draft(ATTAINED)
    lack = office.try_(plan, Wanted(*Q1))
    assert isinstance(lack, tuple)
    assert [(one.measure, one.period, one.person) for one in lack] == [
        ("revenue", "2027-Q1", "kim"), ("revenue", "2027-Q1", "pro"),
    ]  # fmt: skip
    lack = office.try_(plan, Wanted(*Q1, quota_from="2028-Q1"))
    assert isinstance(lack, Trial)  # a year's quota gives its quarters
    assert [one.person for one in lack.given] == ["kim", "pro"]
    # Sam keeps the quota of the time; Kim gets 500 EUR, the one of the period that was named
    assert rows(lack) == [("kim", D(150), D(250)), ("sam", D(150), D(200)), ("pro", D(0), D(0))]
    lack = office.try_(plan, Wanted(*Q1, quota_from="2029"))
    assert isinstance(lack, tuple)
    with pytest.raises(InputError, match="--quota-from: 'soon' is not a period"):
        office.try_(plan, Wanted(*Q1, quota_from="soon"))
    of_the_year = office.draft(ATTAINED.replace("by: attainment", "by: attainment, over: year"))
    lack = office.try_(of_the_year, Wanted(*Q1))
    assert isinstance(lack, tuple)
    assert {one.period for one in lack} == {"2027"}


def test_periods_are_tried_whole(office: Office) -> None:
    plan = office.draft(FLAT)
    with pytest.raises(InputError, match="write --since 2027-01-01 or --since 2027-04-01"):
        office.try_(plan, Wanted(dt.date(2027, 2, 1), YEAR[1]))
    with pytest.raises(InputError, match="write --until 2026-12-31 or --until 2027-03-31"):
        office.try_(plan, Wanted(dt.date(2026, 1, 1), dt.date(2027, 2, 1)))
    monthly = office.draft("period: month\n" + FLAT)
    with pytest.raises(InputError, match="ae pays by the quarter, and 2027-02-28 is not the last day"):
        office.try_(monthly, Wanted(dt.date(2027, 1, 1), dt.date(2027, 2, 28)))
    office.won("2027-02-01", "1000 EUR")
    assert rows(office.tried(monthly, Q1, person="sam")) == [("sam", D(100), D(100))]
    with pytest.raises(InputError, match="no quarter since 2027-01-01 is over"):
        office.try_(plan, Wanted(dt.date(2027, 1, 1)))
    office.today = "2027-05-01"
    found = office.try_(plan, Wanted(dt.date(2027, 1, 1)))
    assert isinstance(found, Trial)
    assert found.until == Q1[1]
    with pytest.raises(UnknownName, match="there is no plan 'be'"):
        office.try_(plan, Wanted(*Q1, beside=("be",)))


def test_a_cliff_is_told_with_both_sides_and_who_missed_it(office: Office) -> None:
    office.won("2027-02-01", "980 EUR")
    office.won("2027-02-01", "1500 EUR", owner="kim")
    tiers = "tiers: [{from: 0 EUR, pay: 1%}, {from: 1000 EUR, pay: 3%}, {from: 1400 EUR, pay: 3%}]"
    whole = office.draft(f"components: {{new: {{of: revenue, rate: {{mode: whole}}, {tiers}}}}}\n")
    (brink,) = office.tried(whole, Q1).brinks
    assert (brink.cliff.at, brink.cliff.before, brink.cliff.after) == (D(1000), D(10), D(30))
    assert [(one.person, one.missing) for one in brink.missed] == [("sam", D(20))]
    marginal = office.draft(f"components: {{new: {{of: revenue, {tiers}}}}}\n")
    assert office.tried(marginal, Q1).brinks == ()


def test_a_cliff_of_sums_in_another_currency_is_missed_in_that_of_the_statement(office: Office) -> None:
    rates = "rates: {dated: {2027-01-01: {USD: 0.5}}}\n"
    office.change(ORGANIZATION + rates, HEAD.format("ae", "ae", 2027) + FLAT)
    office.won("2027-02-01", "980 EUR")
    tiers = "tiers: [{from: 0 EUR, pay: 10 EUR}, {from: 1000 EUR, pay: 30 EUR}]"
    components = f"components: {{new: {{of: revenue, rate: {{mode: whole}}, {tiers}, multiplier: 2}}}}\n"
    (brink,) = office.tried(office.draft("currency: USD\n" + components, more=rates), Q1).brinks
    assert brink.cliff.told(brink.component) == "just below 1000 EUR it is 20 EUR, from there on 60 EUR"
    assert [(one.person, one.missing, one.currency) for one in brink.missed] == [("sam", D(40), "USD")]
