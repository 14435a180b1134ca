"""The command line tells of a line which rule of which plugin it was rated by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.company import DEALS
from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "playbook.yaml": "project: acme\n",
    "deals.playbook.yaml": DEALS,
    "acme.organization.yaml": """
organization: acme
currency: EUR
people: {sam: {name: Sam, role: ae}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
""",
    "ae.plan.yaml": """plan: ae
applies_to: {role: ae}
effective: {from: 2026-01-01}
components:
  new:
    of: revenue
    rate: {mode: sliding, with: {from: 5%, to: 15%, until: 1000 EUR}}
""",
}


def test_explain_names_rule_and_plugin(tmp_path: Path) -> None:
    run = Shell(tmp_path, FILES).json
    run("open", "deals", "one", "--owner", "sam", "amount=1500 EUR", "--at", "2026-02-01")
    run("close", "one", "won", "--at", "2026-02-02")
    (line,) = run("commission", "statement", "sam", "--period", "2026-Q1")["lines"]
    assert [part["pay"]["amount"] for part in line["slices"]] == ["100.00", "75.00"]
    said = run("commission", "explain", line["id"])
    assert (said["rate_rule"], said["rule"]) == ("sliding 1 of the plugin example", "ae.plan.yaml:5")
    plugins = {one["name"]: one["contributes"] for one in run("plugins")["plugins"]}
    assert plugins["example"]["commission_rules"] == ["sliding"]
    assert plugins["commission"]["hooks"] == ["commission_rules"]
