"""Settling: a period that is frozen stays as it is, and what changes later is adjusted in the next."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace
from tests.paying import PayContract, Paying

from playbook import (
    Log,
    Money,
    Refused,
    Set,
    UnknownName,
)
from playbook.engine.proof import prove
from playbook_commission.settling.paybook import Paybook
from playbook_commission.settling.settle import SETTLING, audit, settle, settle_each
from playbook_commission.settling.settlements import Adjust, Basis, Settle, hash_of
from playbook_commission.statements.statement import Statement, frozen, thawed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_commission.statements.statement import Statement

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae, team: emea}
  fin: {name: Fin, role: finance}
teams: {emea: {title: EMEA}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
"""
PLAN = """
plan: ae
applies_to: {role: ae}
effective: {from: 2027-01-01, to: 2027-12-31}
components:
  new: {of: revenue, tiers: [{from: 0 EUR, pay: 10%}, {from: 1000 EUR, pay: 20%}]}
hold: {share: 50%, until: entry.payment, release: by_amount_paid}
clawback: {on: entry.refund, share: of_amount_refunded}
"""
FLAT = PLAN.replace("10%}, {from: 1000 EUR, pay: 20%", "10%").replace(
    "hold: {share: 50%, until: entry.payment, release: by_amount_paid}\n", ""
)
QUARTERS = {
    "2027-Q1": "2027-04-02",
    "2027-Q2": "2027-07-02",
    "2027-Q3": "2027-10-02",
    "2027-Q4": "2028-01-02",
}


class Office(Paying):
    def __init__(self, plan: str = PLAN) -> None:
        super().__init__(ORGANIZATION, p_plan=plan)

    def settle(self, period: str, person: str = "") -> Any:
        self.today = max(QUARTERS[period], self.today)
        return super().settle(period, person)

    def statement(self, period: str) -> Statement:
        return self.book.statement("sam", period)


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.close()


def lines(statement: Statement) -> list[tuple[str, str, Decimal]]:
    return [(line.kind, line.undoes, line.pay) for line in statement.lines]


def refused(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.message


class TestContract(PayContract):
    organization = ORGANIZATION

    @pytest.fixture
    def story(self) -> list[tuple[str, Any]]:
        empty = Statement("sam", "2025-Q1", "ae", "1", "EUR", (), ())
        said, other = frozen(empty), frozen(attrs.evolve(empty, owed=D(1)))
        basis = Basis(dt.datetime(2025, 4, 2, tzinfo=dt.UTC))
        return [
            ("fin", Adjust("sam.ae.2025-Q1", "5 EUR", "a fair")),
            ("sam", Settle("sam.ae.2025-Q1", said, basis, 1)),
            ("fin", Settle("sam.ae.2025-Q1", said, basis, 0)),
            ("fin", Settle("sam.ae.2025-Q1", said, basis, 1)),
            ("operator", Settle("sam.ae.2025-Q1", other, basis, 1)),
            ("fin", Adjust("sam.ae.2025-Q1", "5 EUR", "too late")),
            ("operator", Adjust("sam.ae.2025-Q2", "5 EUR", "not finance")),
        ]


def test_a_settled_period_is_read_and_never_changes(office: Office) -> None:
    case = office.won("2027-01-10", "600 EUR")
    (one,) = office.settle("2027-Q1")
    assert (one.new, one.statement.earned, one.statement.held) == (True, D(60), D(30))
    late = office.won("2027-02-10", "900 EUR")
    office.do(Set(case, {"amount": "500 EUR"}, "an error"))
    assert office.statement("2027-Q1") == one.statement
    (again,) = office.settle("2027-Q1")
    assert (again.new, again.hash, again.statement) == (False, one.hash, one.statement)
    second = office.statement("2027-Q2")
    assert lines(second) == [
        ("adjustment", f"2027-Q1/new:{case}", D(-10)), ("adjustment", f"2027-Q1/new:{case}:hold", D(5)),
        ("adjustment", f"2027-Q1/new:{late}", D(130)), ("adjustment", f"2027-Q1/new:{late}:hold", D(-65)),
    ]  # fmt: skip
    assert (second.earned, second.held, second.paid) == (D(120), D(60), D(60))
    assert second.lines[0].because == "2027-Q1: 60.00 EUR was settled, it is 50.00 EUR now"
    assert lines(office.statement("2027-Q3")) == []
    assert list(prove(office.engine)) == []


def test_what_was_settled_when_it_was_stopped_stays(office: Office) -> None:
    office.won("2027-01-10", "600 EUR")
    office.today = QUARTERS["2027-Q1"]

    def stop(what: str, done: int, of: int) -> None:
        if what == SETTLING:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(settle_each(office.engine, {}, "2027-Q1", "fin", progress=stop))
    (again,) = office.settle("2027-Q1")
    assert not again.new


def test_the_history_of_a_settlement_is_for_those_who_may_see_the_statement(office: Office) -> None:
    office.won("2027-01-10", "600 EUR")
    office.settle("2027-Q1")
    streams, name = office.engine.streams, "sam.ae.2027-Q1"
    for actor in ("sam", "fin", "operator"):
        assert [item.kind for item in streams.history("settlement", name, actor=actor)] == [
            "settlement.settled/1"
        ]
    with pytest.raises(UnknownName):
        streams.history("settlement", name, actor="kim")


def test_what_was_adjusted_is_not_adjusted_again(office: Office) -> None:
    case = office.won("2027-01-10", "1000 EUR")
    office.settle("2027-Q1")
    office.do(Set(case, {"amount": "800 EUR"}, "an error"))
    office.settle("2027-Q2")
    assert lines(office.statement("2027-Q3")) == []
    office.do(Set(case, {"amount": "500 EUR"}, "another error"))
    assert office.statement("2027-Q3").earned == -30
    office.settle("2027-Q3")
    assert sum(office.statement(period).earned for period in list(QUARTERS)[:3]) == 50
    assert [one.differs for period in list(QUARTERS)[:3] for one in audit(office.engine, period)] == [()] * 3


def test_a_new_version_of_the_plan_does_not_reach_what_is_settled(office: Office) -> None:
    office.won("2027-01-10", "1000 EUR")
    office.settle("2027-Q1")
    office.publish(p_plan=PLAN.replace("10%", "15%"))
    late = office.won("2027-03-10", "100 EUR")
    office.won("2027-04-10", "100 EUR")
    second = office.statement("2027-Q2")
    assert second.lines[0].pay == 15
    assert next(line.pay for line in second.lines if line.undoes == f"2027-Q1/new:{late}") == 20
    office.settle("2027-Q2")
    assert [one.differs for period in list(QUARTERS)[:2] for one in audit(office.engine, period)] == [(), ()]


def test_periods_are_settled_in_order_when_they_are_over_and_by_finance(office: Office) -> None:
    office.won("2027-01-10", "1000 EUR")
    assert "lasts until 2027-03-31" in refused(settle(office.engine, {}, "2027-Q1", "fin"))
    office.today = QUARTERS["2027-Q2"]
    answer = settle(office.engine, {}, "2027-Q2", "fin")
    assert "not settled yet: 2027-Q1 of sam by ae; settle it first" in refused(answer)
    assert "only people in the role finance" in refused(settle(office.engine, {}, "2027-Q1", "sam"))
    assert office.engine.streams.page("settlement", actor="operator").items == ()


def test_what_finance_adds_stands_in_the_period_and_is_settled_with_it(office: Office) -> None:
    office.won("2027-01-10", "1000 EUR")
    office.do(Adjust("sam.ae.2027-Q1", "250 EUR", "a fair"), actor="fin")
    statement = office.statement("2027-Q1")
    assert (statement.lines[-1].kind, statement.lines[-1].because, statement.earned) == (
        "manual",
        "a fair",
        D(350),
    )
    office.settle("2027-Q1")
    assert office.statement("2027-Q1").earned == 350
    assert lines(office.statement("2027-Q2")) == []
    answer = office.engine.run(Adjust("sam.ae.2027-Q1", "1 EUR", "more"), actor="fin")
    assert "is settled and stays" in refused(answer)


def test_after_a_plan_has_ended_what_it_paid_is_still_followed(office: Office) -> None:
    case = office.won("2027-12-10", "1000 EUR")
    for period in QUARTERS:
        office.settle(period)
    assert list(office.book.paid("2028-Q1")) == []
    office.do(Log(case, "refund", fields={"amount": "400 EUR"}))
    assert office.statement("2028-Q1").earned == -40


def test_an_audit_names_what_was_changed_in_the_store(office: Office) -> None:
    office.won("2027-01-10", "1000 EUR")
    office.settle("2027-Q1")
    kept = office.engine.streams.show("settlement", "sam.ae.2027-Q1", actor="operator").state.settled
    paid = thawed(kept.statement)
    first, *rest = paid.lines
    forged = attrs.evolve(paid, person="fin", lines=(replace(first, pay=D(999)), *rest))
    office.do(Settle("fin.ae.2027-Q1", frozen(forged), kept.basis), actor="fin")
    by = {one.person: one.differs for one in audit(office.engine, "2027-Q1")}
    assert by["sam"] == ()
    assert "new:d1: settled 999, computed nothing" in by["fin"]


amounts = st.integers(100, 300_000).map(lambda cents: str(Money(D(cents) / 100, "EUR")))
deals = st.lists(st.tuples(st.sampled_from(["2027-01-10", "2027-05-10", "2027-08-10"]), amounts), max_size=3)
few = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


@few
@given(deals, deals)
def test_what_is_settled_is_computed_again_to_the_same_hash(early: list[Any], late: list[Any]) -> None:
    office = Office()
    for deal in early:
        office.won(*deal)
    settled = [office.settle(period)[0] for period in list(QUARTERS)[:2]]
    for deal in late:
        office.won(*deal)
    settled.append(office.settle("2027-Q3")[0])
    again = [next(iter(audit(office.engine, period))) for period in list(QUARTERS)[:3]]
    assert [(one.hash, one.differs) for one in again] == [(one.hash, ()) for one in settled]


@few
@given(deals, amounts, st.integers(1, 3))
def test_a_deal_told_late_is_paid_in_the_next_period_and_nowhere_else(
    early: list[Any], amount: str, over: int
) -> None:
    told, never = Office(FLAT), Office(FLAT)
    periods = list(QUARTERS)
    for office in (told, never):
        for deal in early:
            office.won(*deal)
        for period in periods[:over]:
            office.settle(period)
    told.won("2027-02-20", amount)
    open_one = periods[over]
    differing = set(lines(told.statement(open_one))) - set(lines(never.statement(open_one)))
    assert {(kind, undoes[:8]) for kind, undoes, _ in differing} == {("adjustment", "2027-Q1/")}
    more = told.statement(open_one).earned - never.statement(open_one).earned
    assert abs(more - Money.parse(amount).amount / 10) <= D("0.01")
    for period in (*periods[:over], *periods[over + 1 :]):
        assert lines(told.statement(period)) == lines(never.statement(period))


def test_the_hash_is_of_the_statement_and_of_what_it_rests_on() -> None:
    said, basis = Raw(b'{"paid":"1"}'), Basis(dt.datetime(2027, 4, 2, tzinfo=dt.UTC), "5 EUR")
    others = [
        hash_of(Raw(b'{"paid":"2"}'), basis), hash_of(said, replace(basis, target_pay="6 EUR")),
        hash_of(said, replace(basis, known=dt.datetime(2027, 4, 3, tzinfo=dt.UTC))),
    ]  # fmt: skip
    assert hash_of(said, basis) not in others


@few
@given(deals, amounts, amounts)
def test_an_amount_corrected_after_settling_is_adjusted_in_the_next_period_and_nowhere_else(
    early: list[Any], wrong: str, right: str
) -> None:
    told, never = Office(FLAT), Office(FLAT)
    cases = []
    for office in (told, never):
        cases.append(office.won("2027-01-20", wrong))
        for deal in early:
            office.won(*deal)
        office.settle("2027-Q1")
    told.do(Set(cases[0], {"amount": right}, "an error"))
    first, second, *later = QUARTERS
    differing = set(lines(told.statement(second))) - set(lines(never.statement(second)))
    more = told.statement(second).earned - never.statement(second).earned
    assert {kind for kind, _, _ in differing} <= {"adjustment"}
    assert {undoes for _, undoes, pay in differing if abs(pay) > D("0.01")} <= {f"2027-Q1/new:{cases[0]}"}
    assert abs(more - (Money.parse(right).amount - Money.parse(wrong).amount) / 10) <= D("0.01")
    for period in (first, *later):
        assert lines(told.statement(period)) == lines(never.statement(period))


@few
@given(deals, st.lists(st.integers(0, 3), min_size=3, max_size=3), st.integers(0, 2))
def test_refunding_everything_brings_all_periods_to_zero(
    early: list[Any], when: list[int], first: int
) -> None:
    office = Office()
    cases = [(office.won(*deal), deal[1]) for deal in early]
    total = D(0)
    for number, period in enumerate(QUARTERS):
        office.today = max(QUARTERS[period], office.today)
        for (case, amount), turn in zip(cases, when, strict=False):
            if turn == number or number == 3:
                half = number < 3 and first == number
                said = str(Money(Money.parse(amount).amount / (2 if half else 1), "EUR").rounded())
                office.do(Log(case, "refund", fields={"amount": said}))
        total += office.settle(period)[0].statement.earned
        assert total >= 0
    total += sum(office.statement("2028-Q1").earned for _ in office.book.paid("2028-Q1"))
    assert total == 0


def test_before_a_plan_was_published_nobody_was_paid_by_it(office: Office) -> None:
    office.won("2027-01-10", "1000 EUR")
    before = office.engine.as_known(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert list(Paybook(before, {}).paid("2027-Q1")) == []
