"""Settle a year of credits, beside a plain loop that computes and sums one Decimal slice a credit.

Ours goes from what measures counted to settled statements: what was counted is put in order and credited to people,
each of their four quarters is computed by the plan (tiers over the year, read by attainment of a quota), each line
rounded, the statement frozen as JSON and hashed. Counting the cases and storing the statements is the
store's work, and left out; `playbook commission settle` counts the cases once and stores each statement.

The loop knows nothing of days, people's posts, quotas or lines: for each credit, a person and an amount, it goes on
from where the person stood, rounds what the slice pays at one rate, and sums that for the person.

Memory is what Python allocates at most while it settles person after person (tracemalloc, in runs of their own),
with a tenth of the credits and with all, without what was counted.
"""

from __future__ import annotations

import datetime as dt
import random
import tracemalloc
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import playbook_commission
from bench import Figures, alternate, main, seconds
from playbook import Engine, MemoryStore, Money, Project, load_plugins
from playbook.engine.measuring import Counted
from playbook.model.case import Case
from playbook_commission.credits.crediting import Ledger
from playbook_commission.plans.plan import load_plan
from playbook_commission.settling.settlements import Basis, hash_of
from playbook_commission.statements.computing import statements
from playbook_commission.statements.payee import Payee
from playbook_commission.statements.statement import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook import Condition
    from playbook_commission.plans.plan import Plan

CREDITS, PEOPLE, ROUNDS = 1_000_000, 1_000, 3
SINCE, UNTIL = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
CENT, RATE = Decimal("0.01"), Decimal("0.08")
DEALS = """
playbook: deals
version: 1
subject: deal
title: Deals
fields: {amount: {type: money}}
stages:
  won: {title: Won, final: won}
"""
PLAN = """
plan: ae
applies_to: {role: ae}
effective: {from: 2025-01-01, to: 2025-12-31}
components:
  new:
    of: revenue
    rate: {by: attainment, over: year}
    tiers: [{from: 0%, pay: 8%}, {from: 100%, pay: 12%}, {from: 150%, pay: 15%}]
"""


class Desk:
    """Tell what was counted, in the place of the engine's desk, which would read it from the store."""

    def __init__(self, engine: Engine, found: list[Counted]) -> None:
        self.desk = self
        self.world = engine.world
        self._found = found

    def counted(
        self, measure: str, since: dt.date, until: dt.date, *, asking: Mapping[str, Condition]
    ) -> Iterator[Counted]:
        """Yield everything: there are no conditions."""
        return iter(self._found)


def person(number: int) -> str:
    """Return the id of a person."""
    return f"rep{number:04}"


def company(people: int) -> Engine:
    """Return an engine in which the plan and so many people with quotas are published."""
    said = ["organization: acme", "currency: EUR", "people:"]
    said += [f"  {person(n)}: {{name: Rep {n}, role: ae}}" for n in range(people)]
    said += [
        "measures:",
        "  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}",
    ]
    quota = "{{period: 2025, measure: revenue, person: {}, target: 10000000 EUR}}"
    said += ["quotas:", *(f"  - {quota.format(person(n))}" for n in range(people))]
    files = {"organization.yaml": "\n".join(said), "deals.playbook.yaml": DEALS, "ae.plan.yaml": PLAN}
    registry = load_plugins(extra={"commission": playbook_commission}, entry_points=False)
    project = Project.from_files(files, **registry.for_files)
    engine = Engine.open(project, store=MemoryStore(), registry=registry)
    engine.publish(actor="operator")
    return engine


def counted(people: int, count: int) -> list[Counted]:
    """Return what a measure counted, in no order of days, as the store gives cases."""
    chance, at = random.Random(7), dt.datetime(2025, 6, 1, tzinfo=dt.UTC)
    days = [SINCE + dt.timedelta(n) for n in range((UNTIL - SINCE).days + 1)]
    shares = [{person(n): Decimal(1)} for n in range(people)]
    found = []
    for number in range(count):
        who, name = person(number % people), f"c{chance.getrandbits(55):011x}"
        case = Case(name, "deals", "", f"Deal {number}", who, "", "won", at, at, at, at, closed=at)
        amount = Money(Decimal(chance.randrange(10_000, 3_000_000)).scaleb(-2), "EUR")
        found.append(
            Counted("revenue", chance.choice(days), at, case, who, "", amount, shares[number % people])
        )
    return found


def settled(engine: Engine, plan: Plan, people: int, found: list[Counted]) -> Iterator[tuple[str, Decimal]]:
    """Settle the year, person by person and quarter by quarter; yield each hash and what was earned."""
    ledger, basis = Ledger(Desk(engine, found), SINCE, UNTIL), Basis(NOW)  # type: ignore[arg-type]
    for number in range(people):
        for one in statements(Payee(ledger, plan, person(number), None), "2025-Q4"):
            yield hash_of(frozen(one), basis), one.earned


def loop(credits_: list[tuple[str, Decimal]]) -> Decimal:
    """Compute and sum one slice a credit."""
    reached, paid = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for who, amount in credits_:
        start = reached[who]
        end = start + amount
        paid[who] += ((end - start) * RATE).quantize(CENT)
        reached[who] = end
    return sum(paid.values(), Decimal(0))


def peak(engine: Engine, plan: Plan, people: int, found: list[Counted]) -> float:
    """Return the megabytes that settling takes at most, beside what was counted."""
    tracemalloc.start()
    for _ in settled(engine, plan, people, found):
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def measure(quick: bool) -> Figures:
    """Measure both; raises ValueError where they do not pay the same where they should."""
    people, count, rounds = (5, 200, 1) if quick else (PEOPLE, CREDITS, ROUNDS)
    engine = company(people)
    plan, found = load_plan(engine.published("plan")["ae"]), counted(people, count)
    credits_ = [(one.owner, one.amount.amount) for one in found if isinstance(one.amount, Money)]
    ours = sum(earned for _, earned in settled(engine, plan, people, found))
    if ours < loop(credits_) - Decimal(count) * CENT:
        raise ValueError("tiers that rise from the rate of the loop cannot pay less than it")
    run = alternate(
        rounds,
        {
            "settle": lambda: seconds(lambda: list(settled(engine, plan, people, found))),
            "loop": lambda: seconds(lambda: loop(credits_)),
        },
    )
    return Figures(
        {
            "credits_per_second": count / run.median("settle"),
            "loop_credits_per_second": count / run.median("loop"),
            "peak_megabytes": peak(engine, plan, people, found),
            "peak_megabytes_of_a_tenth": peak(engine, plan, people, found[: count // 10]),
        },
        {"time_of_decimal_loop": run.ratio("settle", "loop")},
        {"time_of_decimal_loop": "<= 5"},
        f"{count:,} credits of {people:,} people in four quarters.",
    )


if __name__ == "__main__":
    main("settle", measure)
