"""Attainment of imported quotas over 8,800 real deals, against a computation that shares no code."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from tests.paying import plugins

from playbook import Engine, MemoryStore, Project, ReportContext, ReportQuery
from playbook.importing import import_file

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
MAVEN = Path(os.environ.get("PLAYBOOK_DATA", ROOT.parent / "shared" / "data")) / "maven"
pytestmark = pytest.mark.skipif(
    not MAVEN.is_dir(), reason=f"the data set is not at {MAVEN}; set PLAYBOOK_DATA to where it is"
)

MEASURES = """
measures:
  revenue: {playbook: opportunities, outcome: won, amount: deal.amount, date: case.closed}
"""
QUOTAS = """mapping: quotas
into: organization
quota:
  period: {value: "2017"}
  measure: {value: revenue}
  person: {column: sales_agent, match: person.name}
  team: team
  target: {column: quota, currency: USD}
  spread: {value: 10% 20% 30% 40%}
"""
SHARES = {f"2017-Q{number}": Decimal(number) / 10 for number in (1, 2, 3, 4)}
QUARTERS = [f"2017-Q{number}" for number in (1, 2, 3, 4)]


def yearly(path: Path) -> None:
    """Write what everyone and every region is to reach in the year, as many thousands as their name has letters."""
    teams = pl.read_csv(MAVEN / "sales_teams.csv")
    people = teams.select("sales_agent", team=pl.lit(""), name="sales_agent")
    regions = teams.select(sales_agent=pl.lit(""), team="regional_office", name="regional_office").unique()
    asked = pl.concat([people, regions]).with_columns(quota=pl.col("name").str.len_chars() * 10_000)
    asked.drop("name").write_csv(path)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = ROOT / "examples" / "opportunities"
    files = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))}
    files["organization.yaml"] += MEASURES
    files["quotas.mapping.yaml"] = QUOTAS
    registry = plugins()
    project = Project.from_files(files, **registry.for_files)
    engine = Engine.open(project, store=MemoryStore(), registry=registry)
    engine.publish(actor="operator")
    asked = tmp_path_factory.mktemp("quotas") / "quotas.csv"
    yearly(asked)
    paths = {
        "people": MAVEN / "sales_teams.csv",
        "quotas": asked,
        "opportunities": MAVEN / "sales_pipeline.csv",
    }
    for mapping, path in paths.items():
        read = project.mappings[mapping].value
        assert read is not None
        assert import_file(engine, read, path, actor="operator").rejected == []
    yield engine
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


@pytest.mark.parametrize(("by", "column"), [("person", "sales_agent"), ("team", "regional_office")])
def test_attainment_is_what_polars_says(engine: Engine, won: pl.DataFrame, by: str, column: str) -> None:
    sums = summed(won, column)
    report = engine.registry.reports["attainment"]
    world = engine.world
    for quarter in QUARTERS:
        context = ReportContext(
            lambda table: engine.columns(table, actor="operator"), world.organization, {}, world.zone,
            engine.clock(), actor="operator", engine=engine,
        )  # fmt: skip
        table = report.run(context, ReportQuery(by=by, of="revenue", period=quarter))
        asked = {row[by]: row for row in table.rows if row["quota"] is not None}
        assert len(asked) == {"person": 35, "team": 3}[by]
        for name, row in asked.items():
            quota = len(name) * 10_000 * SHARES[quarter]
            reached = sums.get((name, quarter), Decimal(0))
            assert (row["quota"].amount, row["reached"].amount) == (quota, reached)
            assert row["gap"].amount == quota - reached
            assert row["attainment"] == (reached / quota).quantize(Decimal("0.000001"))
            assert row["pace"] == row["attainment"]  # the quarter is over
