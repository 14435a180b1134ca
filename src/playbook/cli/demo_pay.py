"""The pay of the demo: a plan and quotas for those who sell, where a plugin that pays is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.stores.interface import Query

if TYPE_CHECKING:
    from pathlib import Path

    from playbook.engine import Engine
    from playbook.plugins import Registry

PERIOD = "2025-Q4"
DRAFT = "ae-2026.draft.yaml"

_SELLERS = ("aiko", "marta", "mingxuan", "olena", "ruth", "sara", "soren", "tomas")

_ORGANIZATION = """\

measures:                           # what people are paid for
  revenue: {playbook: new-business, outcome: won, amount: deal.amount, date: case.closed}

quotas:                             # a year's; a quarter has the part of it that its days are
"""
_QUOTA = "  - {{period: 2025, measure: revenue, person: {person}, target: 200000 EUR}}\n"

_PLAN = """\
plan: ae-{year}
title: Account executives {year}
applies_to: {{role: ae}}
effective: {{from: {year}-01-01, to: {year}-12-31}}
period: quarter
components:
  new_business:
    title: New business
    of: revenue
    rate: {{by: attainment, mode: marginal}}
    tiers:                          # each from its start to the next one's, in shares of the quota
      - {{from: 0%, pay: {below}%}}
      - {{from: 100%, pay: {above}%}}
"""


def is_paid(registry: Registry) -> bool:
    """Return whether a plugin is there that pays."""
    return "plan" in registry.kinds and "commission" in registry.commands


def write(folder: Path) -> None:
    """Write the plan, a draft for the next year, and what they are measured by into the organization's file."""
    quotas = "".join(_QUOTA.format(person=person) for person in _SELLERS)
    with (folder / "organization.yaml").open("a", encoding="utf-8") as file:
        file.write(_ORGANIZATION + quotas)
    for name, plan in (
        ("ae.plan.yaml", _PLAN.format(year=2025, below=8, above=12)),
        (DRAFT, _PLAN.format(year=2026, below=10, above=10)),
    ):
        (folder / name).write_text(plan, encoding="utf-8")


def steps(folder: Path, shown: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return commands about pay to try; `shown` is the one that shows a statement, where there is one."""
    year = ("--since", "2025-01-01", "--until", "2025-12-31")
    return [
        *([(*shown, "--to", str(folder / "statement.html"))] if shown else []),
        ("commission", "run", "--period", PERIOD),
        ("commission", "try", str(folder / DRAFT), *year),
    ]


def statement(engine: Engine, playbook: str) -> tuple[str, ...]:
    """Return the command that shows what who sold most is paid; nothing where nobody sold, or nothing pays."""
    if not is_paid(engine.registry):
        return ()
    won = engine.tally(Query(playbook, outcome="won"), by=("owner",), actor="operator")
    if not won:
        return ()
    best = max(won, key=lambda one: (sum(one.sums.values()), one.group))
    return "commission", "statement", best.group[0], "--period", PERIOD
