"""The command line from outside: what a rep, finance and a stranger see of pay."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.company import DEALS
from tests.shell import Shell

FILES = {
    "playbook.yaml": "project: acme\nplugins: {commission: {target_pay: pay.csv}}\n",
    "pay.csv": "person,amount\nsam,4000 EUR\nkim,4000 EUR\n",
    "deals.playbook.yaml": DEALS,
    "acme.organization.yaml": """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae}
  kim: {name: Kim, role: ae}
  fin: {name: Fin, role: finance}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  due: {playbook: deals, amount: deal.due, date: case.closed}
  kept: {ratio: [revenue, due]}
""",
    "ae.plan.yaml": """plan: ae
applies_to: {role: ae}
effective: {from: 2026-01-01}
components:
  new: {of: revenue, tiers: [{from: 0 EUR, pay: 10%}, {from: 1000 EUR, pay: 20%}]}
  kept:
    of: kept
    pays: share_of_target_pay
    rate: {by: value, mode: whole}
    tiers: [{from: 0%, pay: 0%}, {from: 90%, pay: 5%}]
""",
}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path, FILES)
    for case, amount, day in (("one", "600 EUR", "2026-02-02"), ("two", "900 EUR", "2026-02-03")):
        made.run(
            "open", "deals", case, "--owner", "sam", f"amount={amount}", "due=900 EUR", "--at", "2026-02-01"
        )
        made.run("close", case, "won", "--at", day)
    return made


def test_a_statement_is_seen_explained_settled_adjusted_and_audited(shell: Shell) -> None:
    ours = ("commission", "statement", "sam", "--period", "2026-Q1")
    said = shell.json(*ours)
    assert said["earned"] == said["paid"] == {"amount": "200.00", "currency": "EUR"}
    assert [(line["kind"], line["pay"]["amount"]) for line in said["lines"]] == [
        ("credit", "60.00"), ("credit", "140.00"), ("credit", "0.00"),
    ]  # fmt: skip
    assert said["lines"][1]["slices"][0]["to"] == 1000
    assert abs(said["lines"][2]["credit"] - 1500 / 1800) < 1e-9  # a ratio is no amount
    why = shell.json("commission", "explain", said["lines"][1]["id"])
    assert (why["measure"], why["rule"]) == ("revenue", "ae.plan.yaml:5")
    assert "200.00 EUR" in shell.run(*ours, "--as", "sam")
    assert "may not see what sam is paid" in shell.run(*ours, "--as", "kim", code=1)
    assert (
        shell.json("commission", "run", "--period", "2026-Q1", "--as", "kim")["statements"][0]["person"]
        == "kim"
    )
    all_of_it = ("commission", "run", "--period", "2026-Q1", "--person", "sam")
    assert [one["person"] for one in shell.json(*all_of_it, "--as", "sam")["statements"]] == ["sam"]
    assert "may not see what sam is paid" in shell.run(*all_of_it, "--as", "kim", code=1)
    shell.run(
        "commission", "adjust", "sam", "50 EUR", "--period", "2026-Q1", "--because", "a fair", "--as", "fin"
    )
    settled = shell.json("commission", "settle", "--period", "2026-Q1", "--as", "fin")
    assert [(one["person"], one["earned"]["amount"]) for one in settled["settled"]] == [
        ("kim", "0.00"), ("sam", "250.00"),
    ]  # fmt: skip
    assert shell.json(*ours)["settled"]["by"] == "fin"
    assert shell.json("commission", "audit", "2026-Q1", "--as", "fin") == {
        "period": "2026-Q1", "settled": 2, "differing": [],
    }  # fmt: skip
    shell.run("history", "settlement:sam.ae.2026-Q1", "--as", "kim", code=2)


def test_days_are_those_of_the_organization(tmp_path: Path) -> None:
    hour = dt.datetime.now(dt.UTC).hour
    zone = "Pacific/Kiritimati" if hour >= 11 else "Pacific/Pago_Pago"  # where it is another day than in UTC
    organization = "acme.organization.yaml"
    there = FILES[organization].replace("people:", f"timezone: {zone}\npeople:", 1)
    shell = Shell(tmp_path, {**FILES, organization: there})
    days = {dt.datetime.now(ZoneInfo(zone)).date()}
    shell.run("commission", "settle", "--period", "2026-Q1", "--person", "sam", "--as", "fin")
    shell.run("commission", "dispute", "open", "sam/2026-Q1", "--because", "the fair", "--as", "sam")
    said = shell.run("commission", "dispute", "answer", "sam.2026-Q1.1", "which", "--as", "fin")
    days.add(dt.datetime.now(ZoneInfo(zone)).date())
    assert any(f"{day}  fin  which" in said for day in days)
    told = shell.run("commission", "statement", "sam", "--period", "2026-Q1")
    assert any(f"settled: {day} by fin" in told for day in days)


def test_what_cannot_be_is_told_in_a_line(shell: Shell) -> None:
    assert "pays by the quarter" in shell.run("commission", "statement", "sam", "--period", "2026-03", code=2)
    assert "no plan pays fin" in shell.run("commission", "statement", "fin", "--period", "2026-Q1", code=2)
    assert "did you mean 'commission accrue'?" in shell.run("accrue", "--period", "2026-Q1", code=2)
    assert "write PERSON/PERIOD/LINE" in shell.run("commission", "explain", "sam", code=2)
    assert "only people in the role finance" in shell.run(
        "commission", "settle", "--period", "2026-Q1", "--as", "sam", code=1
    )
    shell.run("commission", "dispute", "open", "sam/2026-Q1", "--because", "the fair", "--as", "sam")
    assert "behind the name" in shell.run("commission", "dispute", "answer", "sam.2026-Q1.1", " ", code=2)


def test_what_was_settled_is_handed_to_payroll_once(shell: Shell, tmp_path: Path) -> None:
    pay, file = ("commission", "pay", "--period", "2026-Q1", "--as", "fin"), tmp_path / "out.csv"
    said = shell.run(*pay, "--to", str(file), code=1)
    assert "sam     ae    not settled: playbook commission settle --period 2026-Q1 --person sam" in said
    shell.run("commission", "settle", "--period", "2026-Q1", "--as", "fin")
    assert shell.json(*pay, "--dry-run")["exported"] == "would be"
    said = shell.json(*pay, "--to", str(file))
    assert (said["pay_run"], said["exported"], said["file"]) == ("2026-Q1.1", "now", str(file))
    assert [(row["person"], row["pay"]["amount"]) for row in said["rows"]] == [("sam", "200.00")]
    assert said["left_out"] == [{"person": "kim", "plan": "ae", "because": "nothing to pay"}]
    before = file.read_bytes()
    file.unlink()
    assert "exported: before" in shell.run(*pay, "--to", str(file))
    assert file.read_bytes() == before
    file.unlink()
    shell.run("commission", "pay", "--run", "2026-Q1.1", "--to", str(file))
    assert "there is no pay run 'march'; there are: 2026-Q1.1" in shell.run(
        "commission", "pay", "--run", "march", code=2
    )
    assert file.read_bytes() == before
    assert "2026-Q1.1" in shell.run("commission", "pay", "--list")
    assert "paid in: 2026-Q1.1" in shell.run("commission", "statement", "sam", "--period", "2026-Q1")
    for words in (pay[:4], ("commission", "pay", "--list"), ("commission", "pay", "--run", "2026-Q1.1")):
        assert "only people in the role finance" in shell.run(*words, "--as", "sam", code=1)
    shell.run("history", "payroll:2026-Q1", "--as", "sam", code=2)
    said = shell.run("history", "payroll:2026-Q1", "--as", "fin")
    assert "Fin exported pay run 2026-Q1.1: 200.00 EUR to 1 person" in said


def test_a_line_is_disputed_answered_and_accepted(shell: Shell) -> None:
    ours = ("commission", "statement", "sam", "--period", "2026-Q1")
    line = shell.json(*ours)["lines"][0]["id"]
    opened = ("commission", "dispute", "open", line, "--because", "it was 900 EUR")
    assert "kim may not see what sam is paid" in shell.run(*opened, "--as", "kim", code=1)
    assert shell.json(*opened, "--as", "sam")["dispute"] == "sam.2026-Q1.1"
    said = shell.json(*ours)
    assert (said["lines"][0]["dispute"], said["disputes"][0]["of"]) == ("sam.2026-Q1.1", line)
    assert "disputed" in shell.run(*ours)
    assert shell.json("commission", "explain", line)["disputes"][0]["reason"] == "it was 900 EUR"
    settled = shell.json("commission", "settle", "--period", "2026-Q1", "--as", "fin")
    assert [one["dispute"] for one in settled["open_disputes"]] == ["sam.2026-Q1.1"]
    shell.run("commission", "dispute", "answer", "sam.2026-Q1.1", "show me", "--as", "fin")
    assert "answered  0" in shell.run("commission", "dispute", "list", "--as", "sam")
    assert shell.run("commission", "dispute", "list", "--as", "kim") == "no disputes\n"
    shell.run("commission", "dispute", "show", "sam.2026-Q1.1", "--as", "kim", code=2)
    said = shell.json("commission", "dispute", "accept", "sam.2026-Q1.1", "30 EUR", "--as", "fin")
    assert (said["status"], said["added"], said["to"]) == ("accepted", "30.00 EUR", "sam.ae.2026-Q2")
    assert "disputed" not in shell.run(*ours)
    (manual,) = shell.json("commission", "statement", "sam", "--period", "2026-Q2")["lines"][:1]
    assert manual["because"] == "dispute sam.2026-Q1.1: it was 900 EUR"
    assert manual["undoes"] == line.removeprefix("sam/")
    refuse = ("commission", "dispute", "refuse", "sam.2026-Q1.1", "--because", "no", "--as", "fin")
    assert "was accepted by fin; open another" in shell.run(*refuse, code=1)
    told = shell.run("history", "dispute:sam.2026-Q1.1", "--as", "sam")
    assert "Fin accepted it, with 30.00 EUR added to sam.ae.2026-Q2" in told


def test_a_statement_is_written_as_a_page_for_those_who_may_see_it(shell: Shell, tmp_path: Path) -> None:
    ours = ("commission", "statement", "sam", "--period", "2026-Q1")
    assert "صورت" in shell.run(*ours, "--format", "html", "--locale", "fa", "--as", "sam")
    shell.run(*ours, "--to", "theirs.html", "--as", "kim", code=1)
    assert not (tmp_path / "theirs.html").exists()
    for name, begins in (("a.html", b"<!doctype html>"), ("a.pdf", b"%PDF-"), ("a.csv", b"person,")):
        assert shell.json(*ours, "--to", name, "--as", "sam") == {"written": name}
        assert (tmp_path / name).read_bytes().startswith(begins)
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert "ends in none of .csv, .html and .pdf" in shell.run(*ours, "--to", "a.txt", code=2)
    assert "a PDF is written into a file" in shell.run(*ours, "--format", "pdf", code=2)
    assert "no words in 'xx'" in shell.run(*ours, "--to", "a.html", "--locale", "xx")
