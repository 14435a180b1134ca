"""Plans as people write them: what they mean, and every mistake in its place."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from tests.paying import plugins

from playbook import Money, Problem, Project
from playbook.checking import problems_of
from playbook_commission.plans.plan import Plan

SHARED = Path(__file__).parents[4] / "shared" / "examples"
ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae, team: emea}
  dana: {name: Dana, role: sales_manager, team: emea}
teams: {emea: {title: EMEA, manager: dana}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  due: {playbook: deals, amount: deal.amount, date: case.closed}
  retention: {ratio: [revenue, due]}
  sold: {playbook: deals, outcome: won, count: true, date: case.closed}
quotas:
  - {period: 2027-Q1, measure: sold, person: sam, target: 4}
  - {period: 2027-Q1, measure: revenue, person: sam, target: 250000 EUR}
"""
DEALS = """
playbook: deals
version: 1
subject: deal
title: Deals
fields: {amount: {type: money}, segment: {type: text}}
entries: {payment: {fields: {amount: {type: money}}}, refund: {fields: {amount: {type: money}}}}
stages:
  talk: {title: Talk, next: [won, lost]}
  won: {title: Won, final: won}
  lost: {title: Lost, final: lost}
"""
PLAN = """
plan: ae-2027
applies_to: {role: ae}
effective: {from: 2027-01-01, to: 2027-12-31}
components:
  new:
    of: revenue
    when: deal.segment == "enterprise"
    rate: {by: attainment}
    tiers:
      - {from: 0%, pay: 8%}
      - {from: 100%, pay: 12%}
    cap: {amount: 150000 EUR, per: year}
  fast:
    of: revenue
    spiff: {when: 'days(case.opened, case.closed) <= 30', pay: 500 EUR, to: 2027-03-31}
draw: {amount: 2000 EUR, recoverable: true, for: 3mo}
hold: {share: 50%, until: entry.payment}
clawback: {on: entry.refund, within: 6mo, share: of_amount_refunded}
"""


def read(plan: str) -> tuple[Project, list[Problem]]:
    files = {"a.organization.yaml": ORGANIZATION, "d.playbook.yaml": DEALS, "p.plan.yaml": plan}
    project = Project.from_files(files, **plugins().for_files)
    return project, [p for p in problems_of(project) if p.span.file == "p.plan.yaml"]


def found(plan: str) -> list[tuple[str, int, str]]:
    return [(p.code, p.span.line, p.severity) for p in read(plan)[1]]


def test_a_plan_says_what_it_says() -> None:
    project, problems = read(PLAN)
    assert problems == []
    plan = project.others["plan"]["ae-2027"].value
    assert isinstance(plan, Plan)
    assert plan.hold
    assert plan.clawback
    assert plan.draw
    new, fast = plan.components
    assert (plan.role, plan.period, plan.currency, plan.until) == ("ae", "quarter", "", dt.date(2027, 12, 31))
    assert [(t.start, t.pay) for t in new.tiers] == [
        (Decimal(0), Decimal("0.08")),
        (Decimal(1), Decimal("0.12")),
    ]
    assert new.when
    assert new.when.tree
    assert fast.spiff
    assert fast.spiff.pay == Money.parse("500 EUR")
    assert (plan.hold.entry, plan.clawback.within, plan.draw.recoverable) == ("payment", "6mo", True)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("role: ae", "role: aee", ("plan-role", 3, "error")),
        ("ae-2027", "ae-2027" * 8, ("plan-name", 2, "error")),
        ("ae-2027", "ae-2027" * 7, None),
        ("of: revenue\n    when", "of: revenu\n    when", ("plan-measure", 7, "error")),
        ("from: 100%", "from: 0%", ("plan-tiers", 12, "error")),
        ("from: 0%", "from: 10%", ("plan-tiers", 11, "error")),
        ("pay: 8%", "pay: 800%", ("plan-high-rate", 11, "warning")),
        ("{by: attainment}", "{by: value, mode: whole}", ("plan-measure", 7, "error")),
        (
            "{by: attainment}\n    tiers:\n      - {from: 0%, pay: 8%}\n      - {from: 100%",
            "{by: amount}\n    pays: share_of_target_pay\n    tiers:\n      - {from: 0, pay: 8%}\n      - {from: 100",
            ("plan-rate", 9, "error"),
        ),
        (
            'of: revenue\n    when: deal.segment == "enterprise"\n    rate: {by: attainment}',
            'of: retention\n    when: deal.segment == "enterprise"\n    rate: {by: value, mode: whole}',
            ("plan-rate", 10, "error"),
        ),
        ("deal.segment ==", "deal.segmnt ==", ("condition-name", 8, "error")),
        ("from: 100%", "from: 5000 EUR", ("plan-rate", 12, "error")),
        (
            "{by: attainment}\n    tiers:\n      - {from: 0%, pay: 8%}\n      - {from: 100%",
            "{by: amount}\n    tiers:\n      - {from: 0 EUR, pay: 8%}\n      - {from: 100 USD",
            ("plan-currency", 10, "error"),
        ),
        ("of: revenue\n    when", "of: sold\n    when", ("plan-rate", 10, "error")),
        (
            'of: revenue\n    when: deal.segment == "enterprise"\n    rate: {by: attainment}\n    tiers:\n'
            "      - {from: 0%, pay: 8%}\n      - {from: 100%",
            "of: sold\n    rate: {by: amount}\n    tiers:\n      - {from: 0, pay: 8%}\n      - {from: 5",
            ("plan-rate", 8, "error"),
        ),
        ("pay: 500 EUR", "pay: 500", ("wrong-type", 16, "error")),
        ("pay: 500 EUR", "pay: 0.00 EUR", ("malformed", 16, "error")),
        ("pay: 500 EUR", "budget: 9 USD, pay: 500 EUR", ("plan-currency", 16, "error")),
        ("recoverable: true", "recoverable: true, rate: 5", ("unknown-key", 17, "error")),
        ("2000 EUR", "-2000 EUR", ("malformed", 17, "error")),
        ("to: 2027-12-31", "to: 2026-12-31", ("plan-days", 4, "error")),
        ("to: 2027-03-31", "from: 2027-04-01, to: 2027-03-31", ("plan-days", 16, "error")),
        ("share: 50%", "share: 101%", ("plan-rate", 18, "error")),
        ("entry.payment", "entry.paymnt", ("plan-entry", 18, "error")),
        ("entry.refund", "entry.refnd", ("plan-entry", 19, "error")),
        ("entry.refund", "entry.call", ("plan-entry", 19, "error")),
        ("of_amount_refunded", "of_unused_term", ("plan-entry", 19, "error")),
        ("entry.refund, within: 6mo, share: of_amount_refunded", "entry.call, share: full", None),
        ("    tiers:\n", "    multiplier: 10\n    tiers:\n", ("plan-high-rate", 13, "warning")),
        ("draw:", "multiplier: 10\ndraw:", ("plan-high-rate", 12, "warning")),
        (
            "pay: 8%}\n      - {from: 100%, pay: 12%}",
            "pay: 8%}\n    pays: share_of_target_pay",
            None,
        ),
        (
            "pay: 8%}\n      - {from: 100%, pay: 12%}",
            "pay: 800%}\n    pays: share_of_target_pay",
            ("plan-high-rate", 11, "warning"),
        ),
        ("pay: 12%", "pay: 12 EUR", ("plan-rate", 10, "error")),
        ("    tiers:\n", "    gate: {of: fast}\n    tiers:\n", ("plan-gate", 10, "error")),
        (
            "    tiers:\n",
            "    gate: {of: fast, from: 5%, above: 5%}\n    tiers:\n",
            ("plan-gate", 10, "error"),
        ),
        (
            "    cap: {amount: 150000 EUR, per: year}\n  fast:\n    of: revenue",
            "    gate: {of: fast, from: 5%}\n  fast:\n    of: due",
            ("plan-quota", 13, "warning"),
        ),
        ("    tiers:\n", "    higher_once: 100%\n    tiers:\n", None),
        (
            "of: revenue\n    spiff",
            "of: due\n    tiers: [{from: 0 EUR, pay: 1%}]\n    higher_once: 100%\n    spiff",
            ("plan-quota", 17, "warning"),
        ),
        (
            "role: ae}\neffective: {from: 2027-01-01, to: 2027-12-31}",
            "role: ae}\neffective: {from: 2028-01-01}",
            ("plan-quota", 9, "warning"),
        ),
        (
            "    cap: {amount: 150000 EUR, per: year}\n  fast:\n",
            "    gate: {of: fast, above: 90%}\n  fast:\n    gate: {of: new, above: 90%}\n",
            ("plan-gate", 15, "error"),
        ),
        ("    of: revenue\n    spiff", "    of: revenue\n    rate: {by: attainment}\n    spiff", None),
        ("{by: attainment}", "{by: attainment, mode: whole}", None),
        ("{role: ae}", "{}", ("plan-who", 3, "error")),
        ("{role: ae}", "{person: [sam, nobody]}", ("plan-who", 3, "error")),
        ("{role: ae}", "{team: nowhere}", ("plan-who", 3, "error")),
        ("{role: ae}", "{role: ae, territory: nowhere}", ("plan-who", 3, "error")),
        ("{role: ae}", "{person: sam}", None),
        (
            "    of: revenue\n    when",
            "    of: revenue\n    credit: {of: person}\n    when",
            ("plan-overlay", 8, "error"),
        ),
        (
            "    of: revenue\n    when",
            "    of: revenue\n    credit: {of: people_of, share: 50%}\n    when",
            ("plan-overlay", 8, "error"),
        ),
        ("    of: revenue\n    when", "    of: revenue\n    credit: {of: team, share: 50%}\n    when", None),
        (
            "    of: revenue\n    when",
            "    of: revenue\n    credit: {of: person, who: deal.amount}\n    when",
            ("condition-type", 8, "error"),
        ),
    ],
)
def test_each_mistake_has_its_place(old: str, new: str, expected: tuple[str, int, str] | None) -> None:
    assert old in PLAN
    assert found(PLAN.replace(old, new, 1)) == ([] if expected is None else [expected])


def test_a_cliff_shows_both_sides() -> None:
    plan = PLAN.replace("{by: attainment}", "{by: attainment, mode: whole}").replace("pay: 12%", "pay: 6%")
    (problem,) = read(plan)[1]
    assert problem.code == "plan-cliff"
    assert "just below 100% it is 8% of the quota, from there on 6% of the quota" in problem.message


def test_without_a_quota_attainment_is_warned_of() -> None:
    assert found(PLAN.replace("of: revenue\n    when", "of: due\n    when")) == [("plan-quota", 9, "warning")]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared samples are not there")
def test_the_shared_samples_are_read() -> None:
    files = {path.name: path.read_text("utf-8") for path in sorted(SHARED.glob("*.plan.yaml"))}
    project = Project.from_files(files, **plugins().for_files)
    assert sorted(project.others["plan"]) == ["ae-2027", "manager-2027"]
    assert [p for p in project.problems if p.severity == "error"] == []
