"""The rate rule `sliding` in plans of playbook-commission: checked, paid exactly, and explained."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.paying import Paying, plugins

import playbook_example
from playbook import InputError, Project, load_plugins
from playbook.checking import problems_of
from playbook_commission import CONTEXT, Credit, ToRate
from playbook_example.sliding import rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_commission.statements.statement import Statement

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
rates: {dated: {2027-01-01: {USD: 0.5}}}
people:
  sam: {name: Sam, role: ae}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
quotas:
  - {period: 2027-Q1, measure: revenue, person: sam, target: 1000 EUR}
"""
PLAN = """
plan: ae
applies_to: {role: ae}
effective: {from: 2027-01-01, to: 2027-12-31}
components:
  new:
    of: revenue
    rate: {by: attainment, mode: sliding, with: {from: 5%, to: 15%, until: 100%}}
"""


class Office(Paying):
    def __init__(self, plan: str = PLAN) -> None:
        super().__init__(ORGANIZATION, registry=plugins(example=playbook_example), p_plan=plan)

    @property
    def statement(self) -> Statement:
        return self.book.statement("sam", "2027-Q1")


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.close()


def test_the_rate_rises_with_every_euro_and_says_how(office: Office) -> None:
    office.won("2027-01-10", "500 EUR")
    office.won("2027-02-10", "1000 EUR")
    first, second = office.statement.lines
    slices = [(s.start, s.end, s.rate, s.pay) for line in (first, second) for s in line.slices]
    assert slices == [
        (D(0), D(500), D("0.075"), D("37.50")),  # from 5 to 10 %, 7.5 % in the middle
        (D(500), D(1000), D("0.125"), D("62.50")),
        (D(1000), D(1500), D("0.15"), D("75.00")),
    ]
    assert office.statement.earned == D("175.00")


def test_points_are_read_in_the_currency_of_the_statement() -> None:
    plan = PLAN.replace("by: attainment", "by: amount").replace("until: 100%", "until: 2000 USD")
    office = Office(plan)
    office.won("2027-01-10", "1000 EUR")  # a dollar is half a euro
    assert office.statement.earned == D("100.00")


def told(plan: str) -> list[str]:
    files = {"a.organization.yaml": ORGANIZATION, "p.plan.yaml": plan}
    problems = problems_of(Project.from_files(files, **plugins(example=playbook_example).for_files))
    return [
        f"{p.span.line}:{p.span.column} {p.code} {p.message} ({p.hint})"
        for p in problems
        if p.span.file == "p.plan.yaml"
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("sliding", "slidng", "8:34 plan-rule there is no rate rule 'slidng' (did you mean 'sliding'? If not, "),
        ("to: 15%", "to: 15", '8:64 wrong-type `to` must be a text, found the number 15 (put it in quotes: "15")'),
        (", to: 15%", "", "8:49 missing-key sliding `with` has no `to` (add `to`: the rate at the end, and from"),
        ("to: 15%", "two: 15%, to: 15%", "8:60 unknown-key `two` is not a key of sliding `with`"),
        (", with: {from: 5%, to: 15%, until: 100%}", "", "8:11 missing-key `rate` has no `with` (add `with`)"),
        ("mode: sliding, ", "", "8:34 plan-rule marginal takes nothing; a rate rule of a plugin may"),
        ("by: attainment", "by: value", "8:29 plan-rule sliding is not read by value (write by: amount or"),
    ],
)  # fmt: skip
def test_mistakes_are_told_when_the_file_is_read(old: str, new: str, expected: str) -> None:
    assert told(PLAN) == []
    assert old in PLAN
    assert [one for one in told(PLAN.replace(old, new)) if one.startswith(expected)]


def test_without_the_plugin_the_name_is_unknown_and_nothing_else_is() -> None:
    (problem,) = Project.from_files({"p.plan.yaml": PLAN}, **plugins().for_files).problems
    assert problem.message == "there is no rate rule 'sliding'"
    assert problem.hint == "install the plugin that brings it; `playbook plugins` lists those that are there"


def test_without_playbook_commission_nobody_asks_for_the_rule() -> None:
    registry = load_plugins(extra={"example": playbook_example}, entry_points=False)
    assert (registry.faults, registry.declared) == ((), {})


def test_what_never_rises_is_told() -> None:
    office = Office(PLAN.replace("until: 100%", "until: 0%"))
    office.won("2027-01-10", "500 EUR")
    with pytest.raises(InputError, match="never rises"):
        assert office.statement


some = st.lists(st.decimals(-(10**5), 10**6, places=2), min_size=1, max_size=6)
OPTIONS = {"from": "5%", "to": "15%", "until": "50000 EUR"}


def paid(*amounts: Decimal) -> Decimal:
    """Return what credits pay, one after the other, to far more digits than a cent has."""
    asked: Any = tuple(Credit(str(n), str(n), amount) for n, amount in enumerate(amounts))
    made = rate(OPTIONS, ToRate(asked, "amount", D(0), None, (), lambda money: money.amount))
    parts = [CONTEXT.multiply(part.width, part.pay) for one in made for part in one.slices]
    return CONTEXT.quantize(sum(parts, D(0)), D("1e-30"))


@given(some, st.randoms(use_true_random=False))
def test_the_order_of_credits_does_not_change_what_they_pay(
    deals: list[Decimal], chance: random.Random
) -> None:
    shuffled = list(deals)
    chance.shuffle(shuffled)
    assert paid(*deals) == paid(*shuffled) == paid(sum(deals, D(0)))


@given(st.decimals(0, 10**6, places=2), st.decimals(0, 10**6, places=2))
def test_more_never_pays_less(one: Decimal, other: Decimal) -> None:
    assert paid(min(one, other)) <= paid(max(one, other))


def test_the_plan_in_the_readme_is_read_without_a_word() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml plan\n(.*?)```", readme, re.DOTALL)
    assert told(block.replace("new_business", "new")) == []
