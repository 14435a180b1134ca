"""What people see of pay where not all is as it should be: plans that are gone, quotas that miss, who may look."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.shell import Shell

PLAN = """plan: {name}
applies_to: {{role: ae}}
effective: {{from: {since}-01-01}}
period: {period}
components:
  new: {{title: New business, of: revenue, tiers: [{{from: 0 EUR, pay: 10%}}, {{from: 1000 EUR, pay: 20%}}]}}
"""


def plan(name: str = "ae", since: int = 2026, period: str = "quarter") -> str:
    return PLAN.format(name=name, since=since, period=period)


FILES = {
    "playbook.yaml": "project: acme\n",
    "deals.playbook.yaml": """playbook: deals
version: 1
subject: deal
title: Deals
fields: {amount: {type: money, editable_after_close: true}}
stages:
  talk: {title: Talk, next: [won]}
  won: {title: Won, final: won}
""",
    "acme.organization.yaml": """organization: acme
currency: EUR
teams: {emea: {title: EMEA, manager: dana}}
people:
  sam: {name: Sam Okafor, role: ae, team: emea}
  kim: {name: Kim Park, role: ae, team: emea}
  dana: {name: Dana, role: manager}
  fin: {name: Fay Finch, role: finance}
measures: {revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}}
""",
    "ae.plan.yaml": plan(),
}
OURS = ("commission", "statement", "sam", "--period", "2026-Q1")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path, FILES)
    for name, amount, day in (
        ("Lantern Street", "600 EUR", "2026-02-02"),
        ("Pier 9", "900 EUR", "2026-02-03"),
    ):
        made.run("open", "deals", name, "--owner", "sam", f"amount={amount}", "--at", "2026-02-01")
        made.run("close", name, "won", "--at", day)
    return made


def test_what_was_settled_by_a_plan_that_is_no_more_as_it_was_is_shown(shell: Shell) -> None:
    shell.run("commission", "settle", "--period", "2026-Q1", "--as", "fin")
    before = shell.json(*OURS)
    for now in (plan(since=2027), plan(period="month"), plan("other", 2027)):
        (shell.folder / "ae.plan.yaml").write_text(now, encoding="utf-8")
        assert shell.json(*OURS) == before
    assert shell.json(*OURS, "--plan", "ae") == before
    run = shell.json("commission", "run", "--period", "2026-Q1")["statements"]
    assert [(one["person"], one["plan"], one["settled"]) for one in run] == [
        ("kim", "ae", True), ("sam", "ae", True),
    ]  # fmt: skip
    why = shell.json("commission", "explain", before["lines"][1]["id"])
    assert (why["measure"], why["version"], why["pay"]["amount"]) == ("revenue", before["version"], "140.00")
    assert "200.00\u00a0EUR" in shell.run(*OURS, "--format", "html")
    paid = shell.json("commission", "pay", "--period", "2026-Q1", "--as", "fin")
    assert [(row["person"], row["pay"]["amount"]) for row in paid["rows"]] == [("sam", "200.00")]
    assert shell.json("commission", "audit", "2026-Q1", "--as", "fin")["differing"] == []


def test_nothing_is_added_to_a_plan_that_is_published_no_more(shell: Shell) -> None:
    shell.run("commission", "settle", "--period", "2026-Q1", "--as", "fin")
    (shell.folder / "ae.plan.yaml").write_text(plan("other", 2027), encoding="utf-8")
    adjust = ("commission", "adjust", "sam", "5 EUR", "--period", "2026-Q1", "--because", "x", "--as", "fin")
    assert "ae is published no more" in shell.run(*adjust, code=2)
    shell.run("commission", "dispute", "open", "sam/2026-Q1", "--because", "the fair", "--as", "sam")
    accept = ("commission", "dispute", "accept", "sam.2026-Q1.1", "5 EUR", "--as", "fin")
    assert "refuse sam.2026-Q1.1, and `adjust`" in shell.run(*accept, code=2)
    assert shell.run(
        "commission", "statement", "sam", "--period", "2026-Q1", "--plan", "no", code=2
    ).startswith("error: there is no plan 'no'")


def test_who_has_no_quota_holds_up_nobody_else(shell: Shell) -> None:
    attained = plan().replace("1000 EUR", "100%").replace("0 EUR", "0%")
    (shell.folder / "ae.plan.yaml").write_text(
        attained.replace("of: revenue,", "of: revenue, rate: {by: attainment},"), encoding="utf-8"
    )
    organization = FILES["acme.organization.yaml"].replace("kim:", "leo: {name: Leo, role: ae}\n  kim:", 1)
    quota = "quotas: [{period: 2026, measure: revenue, person: sam, target: 4000 EUR}]\n"
    (shell.folder / "acme.organization.yaml").write_text(organization + quota, encoding="utf-8")
    for command in (("run",), ("settle", "--as", "fin"), ("settle", "--as", "fin")):
        said = shell.json("commission", *command, "--period", "2026-Q1", code=1)
        (sam,) = said["statements" if command == ("run",) else "settled"]
        assert (sam["person"], sam["earned"]["amount"]) == ("sam", "201.37")
        assert [(one["person"], one["because"].split(" for")[0]) for one in said["not_computed"]] == [
            ("kim", "kim has no quota"), ("leo", "leo has no quota"),
        ]  # fmt: skip
    assert "kim has no quota" in shell.run("commission", "run", "--period", "2026-Q1", code=1)


def test_settling_says_all_that_comes_first(shell: Shell) -> None:
    said = shell.run("commission", "settle", "--period", "2026-Q3", code=1)
    assert "2026-Q1 of kim by ae, sam by ae; settle it first" in said
    assert "commission settle --period 2026-Q1\n" in said
    assert "2099-Q4 lasts until 2099-12-31" in shell.run(
        "commission", "settle", "--period", "2099-Q4", code=1
    )
    said = shell.run("commission", "run", "--period", "2026-03", code=1)
    assert "no plan pays anybody in 2026-03 (ae pays by the quarter: 2026-Q1)" in said
    assert "anybody whom you may see" in shell.run(
        "commission", "run", "--period", "2026-Q1", "--as", "dana2", code=2
    ) + shell.run("commission", "run", "--period", "2025-Q1", "--as", "dana", code=1)


def test_a_line_is_explained_by_the_deal_and_what_happened_with_it(shell: Shell) -> None:
    lines = shell.json(*OURS)["lines"]
    said = shell.json("commission", "explain", lines[1]["id"])
    assert (said["deal"]["name"], said["deal"]["outcome"]) == ("Pier 9", "won")
    assert [item["kind"] for item in said["events"]] == ["case.opened/1", "case.moved/1"]
    assert said["events"][0]["data"]["fields"]["amount"]["amount"] == "900.00"
    told = shell.run("commission", "explain", lines[1]["id"], "--as", "sam")
    for part in (
        "deal: Pier 9", "won on 2026-02-03", "counts: 900.00 EUR of revenue", "600.00 EUR  1,000.00 EUR   10%",
        "opened it", "closed it as won", "rule: ae.plan.yaml:6",
    ):  # fmt: skip
        assert part in told, told
    shell.run(
        "commission", "adjust", "sam", "5 EUR", "--period", "2026-Q1", "--because", "a fair", "--as", "fin"
    )
    assert "fin added 5.00 EUR" in shell.run("commission", "explain", "sam/2026-Q1/manual:1")
    shell.run("commission", "settle", "--period", "2026-Q1", "--as", "fin")
    case = said["deal"]["case"]
    shell.run("set", case, "amount=950 EUR", "--reason", "the order says so")
    assert (
        shell.json("commission", "explain", lines[1]["id"])["events"] == said["events"]
    )  # as it was settled
    later = shell.json("commission", "statement", "sam", "--period", "2026-Q2")["lines"][0]
    assert shell.json("commission", "explain", later["id"])["events"][-1]["kind"] == "case.changed/1"
    assert "settled it with 205.00 EUR to pay" in shell.run("history", "settlement:sam.ae.2026-Q1")


BOUND = """plan: ae
applies_to: {role: ae}
effective: {from: 2026-01-01}
period: quarter
cap: {amount: 90 EUR}
hold: {share: 50%, until: entry.payment}
clawback: {on: entry.refund}
components:
  new:
    of: revenue
    tiers: [{from: 0 EUR, pay: 10%}]
    cap: {amount: 60 EUR}
  large:
    of: revenue
    when: deal.large
    tiers: [{from: 0 EUR, pay: 10%}]
  more:
    of: revenue
    tiers: [{from: 0 EUR, pay: 10%}]
    gate: {of: new, from: 100%}
  extra:
    of: revenue
    spiff: {pay: 50 EUR}
"""
KINDS = {
    "credit": {"new:", "large:", "more:"}, "cap": {"cap: {amount: 60 EUR}", "cap: {amount: 90 EUR}"},
    "gate": {"gate: {of"}, "spiff": {"spiff: {"}, "hold": {"hold: {share", "when: deal.large"},
    "release": {"hold: {share"}, "clawback": {"clawback: {"},
}  # fmt: skip


def test_what_bounds_holds_or_undoes_is_explained_by_the_line_that_says_so(tmp_path: Path) -> None:
    fields = "amount: {type: money}, large: {type: boolean}"
    entries = (
        "entries: {payment: {fields: {amount: {type: money}}}, refund: {fields: {amount: {type: money}}}}"
    )
    deals = FILES["deals.playbook.yaml"].replace("amount: {type: money, editable_after_close: true}", fields)
    shell = Shell(
        tmp_path,
        {
            **FILES, "ae.plan.yaml": BOUND,
            "deals.playbook.yaml": deals.replace("stages:", f"{entries}\nstages:"),
        },
    )  # fmt: skip
    shell.run("open", "deals", "Pier 9", "--owner", "sam", "amount=900 EUR", "--at", "2026-01-05")
    shell.run("close", "Pier 9", "won", "--at", "2026-02-03")
    for kind in ("payment", "refund"):
        shell.run("log", "Pier 9", kind, "amount=300 EUR", "--at", "2026-04-03")
    plan = BOUND.splitlines()
    said: dict[str, set[str]] = {}
    for period in ("2026-Q1", "2026-Q2"):
        for line in shell.json("commission", "statement", "sam", "--period", period)["lines"]:
            file, _, number = shell.json("commission", "explain", line["id"])["rule"].rpartition(":")
            assert Path(file).name == "ae.plan.yaml", line
            (found,) = {one for one in KINDS[line["kind"]] if plan[int(number) - 1].strip().startswith(one)}
            said.setdefault(line["kind"], set()).add(found)
    assert said == KINDS


def test_an_amount_below_zero_is_no_option(shell: Shell) -> None:
    asked = ("sam", "-5 EUR", "--period", "2026-Q1", "--because", "a slip", "--as", "fin")
    shell.run("commission", "adjust", *asked)
    line = shell.json(*OURS)["lines"][-1]
    assert (line["kind"], line["pay"]["amount"]) == ("manual", "-5.00")
    shell.run("commission", "dispute", "open", line["id"], "--because", "it was more", "--as", "sam")
    shell.run("commission", "dispute", "accept", "sam.2026-Q1.1", "-1 EUR", "--as", "fin")
    assert [one["pay"]["amount"] for one in shell.json(*OURS)["lines"][-2:]] == ["-5.00", "-1.00"]


def test_who_is_paid_for_a_deal_that_is_hidden_reads_nothing_else_of_it(shell: Shell) -> None:
    deals = FILES["deals.playbook.yaml"].replace(
        "title: Deals", "title: Deals\nwho_may: {see: [role:manager]}"
    )
    (shell.folder / "deals.playbook.yaml").write_text(
        deals.replace("version: 1", "version: 2"), encoding="utf-8"
    )
    case = shell.json("open", "deals", "Secret", "--owner", "sam", "amount=10 EUR", "--at", "2026-03-01")[
        "case"
    ]
    shell.run("close", case, "won", "--at", "2026-03-02")
    line = f"sam/2026-Q1/new:{case}"
    assert shell.json("commission", "explain", line, "--as", "sam")["events"] == []
    assert len(shell.json("commission", "explain", line)["events"]) == 2


def test_the_terminal_says_what_was_sold_and_what_comes_next(shell: Shell) -> None:
    said = " ".join(shell.run(*OURS, "--as", "sam").split())
    assert (
        "2026-02-03 Pier 9 New business 900.00 EUR 400.00 \u00d7 10% + 500.00 \u00d7 20% 140.00 EUR sam/2026-Q1/new:"
        in said
    )
    assert "New business 1,500 EUR so far. It pays 20% now. The highest step is reached." in said
    adjust = (
        "commission",
        "adjust",
        "sam",
        "5 EUR",
        "--period",
        "2026-Q1",
        "--because",
        "a fair",
        "--as",
        "fin",
    )
    shell.run(*adjust)
    assert "Added by finance a fair 5.00 EUR" in " ".join(shell.run(*OURS).split())
    assert "no" in shell.run("commission", "run", "--period", "2026-Q1", "--person", "sam").split()
