"""8,800 real deals: every figure against those computed independently."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from playbook import Money, ReportContext, ReportQuery
from playbook.model.organization import Organization, Person, Post, Settings, Team
from playbook.model.playbook import Field, Playbook, Stage
from playbook_insights import tables

ROOT = Path(__file__).parents[3]
MAVEN = Path(os.environ.get("PLAYBOOK_DATA", ROOT.parent / "shared" / "data")) / "maven"

pytestmark = pytest.mark.skipif(
    not MAVEN.is_dir(), reason=f"the data set is not at {MAVEN}; set PLAYBOOK_DATA to where it is"
)

STAGES = {"Prospecting": "0.1", "Engaging": "0.4", "Won": "1", "Lost": "0"}
GROUPS = {
    "quarter": "by_quarter",
    "manager": "by_manager",
    "team": "by_regional_office",
    "owner": "by_sales_agent",
    "product": "by_product",
}


def rows(name: str) -> list[dict[str, str]]:
    with (MAVEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def micros(day: str) -> int | None:
    at = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC) if day else None
    return None if at is None else int(at.timestamp()) * 1_000_000


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MAVEN / "expected.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def context() -> ReportContext:
    agents = rows("sales_teams.csv")
    people = {row["manager"]: Person(row["manager"], row["manager"]) for row in agents}
    for row in agents:
        name = row["sales_agent"]
        people[name] = Person(
            name, name, manager=row["manager"], posts=(Post("rep", row["regional_office"]),)
        )
    teams = {row["regional_office"]: Team(row["regional_office"]) for row in agents}
    deals = Playbook(
        "opportunities",
        1,
        "deal",
        fields=(Field("product", "text"),),
        stages=tuple(Stage(name.lower(), name, Decimal(chance)) for name, chance in STAGES.items()),
    )
    prices = {row["product"]: int(row["sales_price"]) for row in rows("products.csv")}
    cases = [_case(row, people, prices) for row in rows("sales_pipeline.csv")]

    def columns(_: str) -> Iterator[dict[str, list[Any]]]:
        for start in range(0, len(cases), 1000):
            part = cases[start : start + 1000]
            yield {name: [case[name] for case in part] for name in part[0]}

    return ReportContext(
        columns=columns,
        organization=Organization(Settings(currency="USD"), teams, people),
        playbooks={"opportunities": deals},
        zone=dt.UTC,
        now=dt.datetime(2018, 1, 1, tzinfo=dt.UTC),
    )


def _case(row: dict[str, str], people: dict[str, Person], prices: dict[str, int]) -> dict[str, Any]:
    product = row["product"].replace("GTXPro", "GTX Pro")
    stage, owner = row["deal_stage"].lower(), row["sales_agent"]
    return {
        "case": row["opportunity_id"],
        "playbook": "opportunities",
        "stage": stage,
        "outcome": stage if stage in ("won", "lost") else "open",
        "owner": owner,
        "team": people[owner].post().team,
        "opened": micros(row["engage_date"] or "2018-01-01"),
        "closed": micros(row["close_date"]),
        "amount": int(row["close_value"] or prices[product]) * 100,  # an open deal at its list price
        "currency": "USD",
        "expected_close": None,
        "probability": None,
        "fields": json.dumps({"product": product}).encode(),
    }


def two(value: float, scale: int = 1) -> float:
    """Round half up to two digits, as the published figures are."""
    return float((Decimal(repr(value)) * scale).quantize(Decimal("0.01"), ROUND_HALF_UP))


def usd(amount: float) -> Money:
    return Money.of(str(amount), "USD")


def test_total(context: ReportContext, expected: dict[str, Any]) -> None:
    (row,) = tables.win_loss(context, ReportQuery()).rows
    assert (row["won"], row["lost"]) == (expected["stages"]["Won"], expected["stages"]["Lost"])
    assert two(row["win_rate"], 100) == expected["win_rate_closed"]
    assert row["won_amount"] == usd(expected["won_revenue"])
    assert row["mean_won_amount"] == usd(expected["won_mean"])
    (row,) = tables.win_loss(context, ReportQuery(of="created")).rows
    assert two(row["win_rate"], 100) == expected["win_rate_all"]


def test_cycle(context: ReportContext, expected: dict[str, Any]) -> None:
    days = expected["cycle_days"]
    table = tables.cycle(context, ReportQuery())
    (row,) = table.rows
    assert (row["cases"], two(row["mean_days"]), row["median_days"]) == (
        4238,
        days["won_mean"],
        days["won_median"],
    )
    assert days["won_median"] < row["p90_days"] < days["won_max"]
    assert table.notes == ()
    (row,) = tables.cycle(context, ReportQuery(of="closed")).rows
    assert (row["cases"], two(row["mean_days"])) == (6711, days["closed_mean"])


@pytest.mark.parametrize(("by", "key"), GROUPS.items())
def test_groups(context: ReportContext, expected: dict[str, Any], by: str, key: str) -> None:
    won_lost = tables.win_loss(context, ReportQuery(by=by)).rows
    cycles = tables.cycle(context, ReportQuery(by=by)).rows
    label = "q" if by == "quarter" else key.removeprefix("by_")
    assert [row[by] for row in cycles] == [row[by] for row in won_lost]
    assert [
        {
            label: row[by],
            "won": row["won"],
            "lost": row["lost"],
            "win_rate": two(row["win_rate"], 100),
            "revenue": row["won_amount"],
            "mean_cycle_days_won": two(cycle["mean_days"]),
        }
        for row, cycle in zip(won_lost, cycles, strict=True)
    ] == [{**figures, "revenue": usd(figures["revenue"])} for figures in expected[key]]


def test_pipeline(context: ReportContext, expected: dict[str, Any]) -> None:
    table = tables.pipeline(context, ReportQuery())
    prices, counts = expected["open_pipeline_at_list_price"], expected["stages"]
    assert [tuple(row.values()) for row in table.rows] == [
        (stage, counts[stage], usd(prices[stage]), usd(prices[stage]) * Decimal(STAGES[stage]))
        for stage in ("Prospecting", "Engaging")
    ]
