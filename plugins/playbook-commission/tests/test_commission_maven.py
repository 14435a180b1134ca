"""A year of 8,800 real deals, paid under two plans: every statement against a computation that shares no code."""

from __future__ import annotations

import datetime as dt
import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import polars as pl
import pytest

import playbook_commission
from playbook import Engine, MemoryStore, Project, load_plugins
from playbook.importing import import_file
from playbook.model.organization import Organization, Post
from playbook_commission.paybook import Paybook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
MAVEN = Path(os.environ.get("PLAYBOOK_DATA", ROOT.parent / "shared" / "data")) / "maven"
pytestmark = pytest.mark.skipif(
    not MAVEN.is_dir(), reason=f"the data set is not at {MAVEN}; set PLAYBOOK_DATA to where it is"
)

MEASURES = """
measures:
  revenue: {playbook: opportunities, outcome: won, amount: deal.amount, date: case.closed}
"""
PLANS = {
    "slices": "applies_to: {role: rep}\ncomponents: {new: {of: revenue, rate: {over: year},"
    " tiers: [{from: 0 USD, pay: 2%}, {from: 100000 USD, pay: 3.5%}, {from: 250000 USD, pay: 5%}]}}\n",
    "whole": "applies_to: {role: rep}\ncomponents: {new: {of: revenue, rate: {mode: whole},"
    " tiers: [{from: 0 USD, pay: 1%}, {from: 50000 USD, pay: 3%}]}}\n",
    "override": "applies_to: {role: sales_manager}\ncomponents: {over: {of: revenue, credit: {of: people_of},"
    " tiers: [{from: 0 USD, pay: 0.5%}]}}\n",
}
QUARTERS = [f"2017-Q{number}" for number in (1, 2, 3, 4)]


def slices(amount: Decimal) -> Decimal:
    """Pay 2 % up to 100,000, 3.5 % up to 250,000, then 5 %."""
    low, middle = min(amount, Decimal(100_000)), min(max(amount - 100_000, Decimal(0)), Decimal(150_000))
    return low * 2 / 100 + middle * 35 / 1000 + max(amount - 250_000, Decimal(0)) * 5 / 100


def promote_managers(engine: Engine) -> None:
    """Give those who manage somebody their role: the file does not say what it is called."""
    people = engine.world.organization.people
    managers = {person.post().manager for person in people.values()} - {""}
    post = Post("sales_manager", since=dt.date(2016, 1, 1))
    promoted = {name: attrs.evolve(people[name], posts=(post,)) for name in managers}
    engine.enlist(Organization(people=promoted), actor="operator")


@pytest.fixture(scope="module")
def book() -> Iterator[Paybook]:
    folder = ROOT / "examples" / "opportunities"
    files = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))}
    files["organization.yaml"] += MEASURES
    for name, text in PLANS.items():
        files[f"{name}.plan.yaml"] = f"plan: {name}\neffective: {{from: 2017-01-01}}\n{text}"
    registry = load_plugins(extra={"commission": playbook_commission}, entry_points=False)
    project = Project.from_files(files, **registry.for_files)
    engine = Engine.open(project, store=MemoryStore(), registry=registry)
    engine.publish(actor="operator")
    for mapping, file in (("people", "sales_teams"), ("opportunities", "sales_pipeline")):
        read = project.mappings[mapping].value
        assert read is not None
        assert import_file(engine, read, MAVEN / f"{file}.csv", actor="operator").rejected == []
    promote_managers(engine)
    yield Paybook(engine, {})
    engine.store.close()


@pytest.fixture(scope="module")
def won() -> pl.DataFrame:
    """Return what was won by agent and quarter, computed from the file alone."""
    deals = pl.read_csv(MAVEN / "sales_pipeline.csv", try_parse_dates=True)
    teams = pl.read_csv(MAVEN / "sales_teams.csv")
    return (
        deals.filter(pl.col("deal_stage") == "Won")
        .join(teams, on="sales_agent")
        .with_columns(
            quarter=pl.format("{}-Q{}", pl.col("close_date").dt.year(), pl.col("close_date").dt.quarter())
        )
    )


def summed(won: pl.DataFrame, by: str) -> dict[tuple[str, str], Decimal]:
    found = won.group_by(by, "quarter").agg(pl.col("close_value").cast(pl.Int64).sum())
    return {(name, quarter): Decimal(value) for name, quarter, value in found.iter_rows()}


def names(book: Paybook) -> dict[str, str]:
    return {id_: person.name for id_, person in book.organization.people.items()}


def earned(book: Paybook, plan: str, quarter: str) -> dict[str, Decimal]:
    """Return what people earned in a quarter; every statement is the sum of its lines, and slices of theirs."""
    found = {}
    for person, one in book.paid(quarter):
        if one.id == plan:
            statement = book.computed(person, quarter, one)
            assert (
                statement.earned == statement.paid == sum((line.pay for line in statement.lines), Decimal(0))
            )
            for line in statement.lines:
                assert not line.slices or sum((part.pay for part in line.slices), Decimal(0)) == line.pay
            found[names(book)[person]] = statement.earned
    return found


@pytest.mark.parametrize("plan", ["slices", "whole"])
def test_reps_are_paid_what_polars_says(book: Paybook, won: pl.DataFrame, plan: str) -> None:
    sums, so_far = summed(won, "sales_agent"), dict[str, Decimal]()
    total = Decimal(0)
    for quarter in QUARTERS:
        paid = earned(book, plan, quarter)
        assert len(paid) >= 30
        for name, pay in paid.items():
            amount, before = sums.get((name, quarter), Decimal(0)), so_far.get(name, Decimal(0))
            expected: dict[str, Callable[[], Decimal]] = {
                "slices": lambda before=before, amount=amount: slices(before + amount) - slices(before),  # type: ignore[misc]
                "whole": lambda amount=amount: amount * (3 if amount >= 50_000 else 1) / 100,  # type: ignore[misc]
            }
            assert pay == expected[plan]().quantize(Decimal("0.01")), (name, quarter)
            so_far[name] = before + amount
            total += pay
    assert sum(so_far.values()) == 10_005_534
    assert total > 100_000


def test_managers_are_paid_on_what_their_people_won(book: Paybook, won: pl.DataFrame) -> None:
    sums = summed(won, "manager")
    for quarter in QUARTERS:
        paid = earned(book, "override", quarter)
        assert len(paid) == 6
        for name, pay in paid.items():
            expected = sums.get((name, quarter), Decimal(0)) * Decimal("0.005")
            assert pay == expected.quantize(Decimal("0.01"))
