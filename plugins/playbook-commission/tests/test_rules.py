"""Rate rules of plugins: what they say is paid exactly, or they are refused by name."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.paying import Paying, plugins

import playbook
import playbook_commission
from playbook import InputError, Money, PluginError
from playbook_commission import Rated, RateRule, Stretch, ToRate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from playbook_commission.statements.statement import Statement

    Says = Callable[[Mapping[str, Any], ToRate], Iterable[Any]]

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
quotas:
  - {period: 2027, measure: revenue, person: sam, target: 1000 EUR}
"""
PLAN = """
plan: ae
applies_to: {role: ae}
effective: {from: 2027-01-01, to: 2027-12-31}
components:
  new: {of: revenue, rate: {mode: ours, with: {share: 10%}}}
"""


class Ours:
    def __init__(self, says: Says, version: str = "1", **more: Any) -> None:
        self._rule = RateRule("ours", version, {}, says, **more)

    @playbook.hookimpl(optionalhook=True)
    def playbook_commission_rules(self) -> Iterator[RateRule]:
        yield self._rule


class Office(Paying):
    def __init__(self, ours: Ours | None, plan: str = PLAN) -> None:
        registry = plugins(**({"ours": ours} if ours else {}))
        super().__init__(ORGANIZATION, registry=registry, p_plan=plan)
        for day, amount in (("2027-01-10", "100.01 EUR"), ("2027-02-10", "100.01 EUR")):
            self.won(day, amount)

    def statement(self, period: str = "2027-Q1", pay: str = "1 EUR") -> Statement:
        self.target_pay = {"sam": Money.parse(pay)}
        return self.book.statement("sam", period)


def flat(options: Mapping[str, Any], asked: ToRate) -> Iterator[Rated]:
    """Rate everything at the share that the options say."""
    at = asked.before
    for credit in asked.credits:
        end = at + asked.way(credit)
        yield Rated(credit.id, (Stretch(at, end, playbook_commission.share(options["share"])),))
        at = end


def test_what_a_rule_says_is_rounded_once_so_that_lines_sum_to_the_rounded_sum() -> None:
    statement = Office(Ours(flat)).statement()
    assert [line.pay for line in statement.lines] == [D("10.00"), D("10.00")]  # 20.002 in all
    assert [part.pay for line in statement.lines for part in line.slices] == [D("10.00"), D("10.00")]
    plan = PLAN.replace("10%", "2.5%")
    statement = Office(Ours(flat), plan).statement()
    assert [line.pay for line in statement.lines] == [D("2.50"), D("2.50")]
    assert statement.earned == D("5.00")


def test_multipliers_caps_and_gates_hold_for_rules_too() -> None:
    plan = PLAN.replace("share: 10%}}", "share: 10%}}, multiplier: 2, cap: {amount: 30 EUR}")
    statement = Office(Ours(flat), plan).statement()
    assert [(line.kind, line.pay) for line in statement.lines] == [
        ("credit", D("20.00")), ("credit", D("20.00")), ("cap", D("-10.00")),
    ]  # fmt: skip
    assert statement.lines[0].slices[0].rate == D("0.2")


@pytest.mark.parametrize(
    ("over", "starts"),
    [("credit", [0, 0, 0]), ("period", [0, D("100.01"), 0]), ("year", [0, D("100.01"), D("200.02")])],
)
def test_what_adds_up_is_as_the_plan_says(over: str, starts: list[Decimal]) -> None:
    office = Office(Ours(flat), PLAN.replace("mode: ours", f"mode: ours, over: {over}"))
    office.won("2027-04-10", "5 EUR")
    lines = [*office.statement().lines, *office.statement("2027-Q2").lines]
    assert [line.slices[0].start for line in lines] == starts


def test_shares_of_target_pay_and_tiers_on_the_axis_are_for_rules_too() -> None:
    seen: list[Any] = []

    def says(options: Mapping[str, Any], asked: ToRate) -> Iterator[Rated]:
        seen.append((asked.quota, [tier.start for tier in asked.tiers], asked.point("50%"), asked.point(7)))
        yield from flat(options, asked)

    plan = PLAN.replace("period: 2027", "").replace("mode: ours", "mode: ours, by: attainment").replace(
        "of: revenue,",
        "of: revenue, pays: share_of_target_pay, tiers: [{from: 0%, pay: 1%}, {from: 100%, pay: 1%}],",
    )  # fmt: skip
    office = Office(
        Ours(says, by=("attainment",), tiers=True), plan.replace("effective", "period: year\neffective")
    )
    statement = office.statement("2027", "10000 EUR")
    assert seen == [(D("1000.00"), [0, D(1000)], D(500), D(7))]
    assert [line.pay for line in statement.lines] == [D("100.01"), D("100.01")]  # 10 % of a tenth of 10,000


def test_a_sum_says_how_it_came_to_be() -> None:
    def says(_: Mapping[str, Any], asked: ToRate) -> Iterator[Rated]:
        for number, credit in enumerate(asked.credits, start=1):
            yield Rated(credit.id, sum=D("7.005"), because=f"deal {number} pays seven")

    lines = Office(Ours(says), PLAN.replace("10%}}", "10%}}, multiplier: 2")).statement().lines
    assert [(line.pay, line.because) for line in lines] == [
        (D("14.01"), "deal 1 pays seven"), (D("14.01"), "deal 2 pays seven"),
    ]  # fmt: skip


def _raises(_: Mapping[str, Any], __: ToRate) -> Iterable[Any]:
    raise ZeroDivisionError("by nothing")


def _with(**said: Any) -> Says:
    return lambda _, asked: [Rated(one.id, **said) for one in asked.credits]


SLICE = Stretch(D(0), D(1), D("0.1"))


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (_raises, "raised ZeroDivisionError: by nothing"),
        (lambda _, asked: [5], "gave 5, where a Rated was expected"),
        (lambda _, asked: [], "says nothing of d1"),
        (lambda _, asked: [Rated("d1", (SLICE,))] * 2, "rates a credit twice"),
        (_with(), "gives d1 both slices and a sum, or neither"),
        (_with(slices=(SLICE,), sum=D(1), because="why"), "gives d1 both slices and a sum, or neither"),
        (_with(sum=D(1)), "pays a sum for d1 and does not say how"),
        (_with(sum=0.1, because="why"), "gave 0.1, where a Decimal was expected: pay is exact"),
        (_with(sum=D("NaN"), because="why"), "gave Decimal('NaN'), where a Decimal was expected"),
        (_with(slices=(Stretch(D(0), D(1), 0.1),)), "gave 0.1, where a Decimal was expected"),  # type: ignore[arg-type]
        (_with(slices=(Stretch(D(0), None, D(1)),)), "gave None, where a Decimal was expected"),
    ],
)  # fmt: skip
def test_what_is_not_exact_or_not_said_is_refused_by_name(says: Says, expected: str) -> None:
    with pytest.raises(PluginError) as told:
        Office(Ours(says)).statement()
    assert f"plugin 'ours': the rate rule 'ours' {expected}" in str(told.value)


def test_a_plan_is_paid_by_the_rule_that_it_was_published_with() -> None:
    office = Office(Ours(flat))
    office.engine.registry = plugins()
    with pytest.raises(
        InputError, match="'ours' is brought by the plugin 'ours', which is not there; install it"
    ):
        office.statement()
    office.engine.registry = plugins(ours=Ours(flat, "2"))
    with pytest.raises(InputError, match=r"published with version 1 .* and 2 is there; install that one"):
        office.statement()
