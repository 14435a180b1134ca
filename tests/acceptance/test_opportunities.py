"""8,800 real deals through the example project: imported, and reported as computed independently."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from playbook import ReportContext, ReportQuery
from playbook.engine import Engine
from playbook.engine.proof import prove
from playbook.importing import Outcome, import_file
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.interface import Query
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
MAVEN = Path(os.environ.get("PLAYBOOK_DATA", ROOT.parent / "shared" / "data")) / "maven"
REGISTRY = load()

pytestmark = [
    pytest.mark.skipif(
        not MAVEN.is_dir(), reason=f"the data set is not at {MAVEN}; set PLAYBOOK_DATA to where it is"
    ),
    pytest.mark.skipif("win-loss" not in REGISTRY.reports, reason="playbook-insights is not installed"),
]
GROUPS = {
    "quarter": ("by_quarter", "q"),
    "manager": ("by_manager", "manager"),
    "team": ("by_regional_office", "regional_office"),
    "owner": ("by_sales_agent", "sales_agent"),
    "product": ("by_product", "product"),
}


class Desk:
    """Hold the example over a store, with what the first import answered."""

    def __init__(self, store: MemoryStore | SqliteStore, mapping: str, file: str) -> None:
        project = Project.from_folder(
            ROOT / "examples" / "opportunities", criteria=REGISTRY.criteria, functions=REGISTRY.functions
        )
        self.project, self.deals = project, (mapping, file)
        self.engine = Engine.open(project, store=store, registry=REGISTRY)
        self.engine.publish(actor="operator")
        self.people, self.outcome = self.take()

    def take(self) -> tuple[Outcome, Outcome]:
        answers = []
        for mapping, file in (("people", "sales_teams.csv"), self.deals):
            value = self.project.mappings[mapping].value
            assert value is not None
            answers.append(import_file(self.engine, value, MAVEN / file, actor="operator"))
        return answers[0], answers[1]

    def report(self, name: str, by: str = "") -> tuple[Any, ...]:
        world, playbook = self.engine.world, self.project.playbooks["opportunities"].value
        assert playbook is not None
        context = ReportContext(
            columns=lambda table: self.engine.store.columns("default", table),
            organization=world.organization,
            playbooks={"opportunities": playbook},
            zone=world.zone,
            now=self.engine.clock(),
        )
        return REGISTRY.reports[name].run(context, ReportQuery(by=by)).rows


@pytest.fixture(scope="module", params=["memory", "sqlite", "us"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    us = request.param == "us"
    folder = tmp_path_factory.mktemp("opportunities")
    store = MemoryStore() if request.param == "memory" else SqliteStore(str(folder / "deals.db"))
    mapping, file = (
        ("opportunities-us", "sales_pipeline_us_mdy.csv") if us else ("opportunities", "sales_pipeline.csv")
    )
    yield Desk(store, mapping, file)
    store.close()


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MAVEN / "expected.json").read_text("utf-8"))
    return found


def two(value: float, scale: int = 1) -> float:
    return float((Decimal(repr(value)) * scale).quantize(Decimal("0.01"), ROUND_HALF_UP))


def test_every_row_is_a_case(desk: Desk, expected: dict[str, Any]) -> None:
    assert (desk.people.rows, desk.people.opened, desk.people.rejected) == (35, 35, [])
    assert (desk.outcome.rows, desk.outcome.opened, desk.outcome.rejected) == (8800, 8800, [])
    assert desk.outcome.blocked_by == {"buyer_known": 1088}
    stages = {
        tally.group[0]: tally.count for tally in desk.engine.store.tally("default", Query(), ("stage",))
    }
    assert stages == {stage.lower(): count for stage, count in expected["stages"].items()}
    (unnamed,) = desk.engine.store.tally("default", Query(name=""), ())
    assert unnamed.count == expected["rows_without_account"]


def test_accounts_are_records_that_refer_to_one_another(desk: Desk) -> None:
    value = desk.project.mappings["accounts"].value
    assert value is not None
    first, again = (
        import_file(desk.engine, value, MAVEN / "accounts.csv", actor="operator") for _ in range(2)
    )
    assert (first.rows, first.opened, again.skipped) == (85, 85 - first.skipped, 85)
    assert first.rejected == again.rejected == []
    parents = [view.fields.get("parent") for view in desk.engine.records("account", limit=100).items]
    assert len([parent for parent in parents if parent]) == 15
    assert desk.engine.record("account", "Bluth Company").fields["parent"] == (
        desk.engine.record("account", "Acme Corporation").id
    )


def test_again_changes_nothing(desk: Desk) -> None:
    before = desk.engine.store.log("default", after=None, limit=100_000).items
    people, deals = desk.take()
    assert (people.skipped, deals.skipped, deals.changed, deals.blocked_by) == (35, 8800, 0, {})
    assert desk.engine.store.log("default", after=None, limit=100_000).items == before


def test_the_log_proves_itself(desk: Desk) -> None:
    assert list(prove(desk.engine)) == []


def test_figures_of_everything(desk: Desk, expected: dict[str, Any]) -> None:
    (won,), (cycle,) = desk.report("win-loss"), desk.report("cycle")
    assert two(won["win_rate"], 100) == expected["win_rate_closed"]
    assert won["won_amount"].amount == expected["won_revenue"]
    assert float(won["mean_won_amount"].amount) == expected["won_mean"]
    assert two(cycle["mean_days"]) == expected["cycle_days"]["won_mean"]
    assert cycle["median_days"] == expected["cycle_days"]["won_median"]
    assert {row["stage"]: row["cases"] for row in desk.report("pipeline")} == {
        stage: expected["stages"][stage] for stage in ("Prospecting", "Engaging")
    }


@pytest.mark.parametrize("by", GROUPS)
def test_figures_by_group(desk: Desk, expected: dict[str, Any], by: str) -> None:
    key, label = GROUPS[by]
    rows = zip(desk.report("win-loss", by), desk.report("cycle", by), strict=True)
    assert [
        {
            label: won[by],
            "won": won["won"],
            "lost": won["lost"],
            "win_rate": two(won["win_rate"], 100),
            "revenue": won["won_amount"].amount,
            "mean_cycle_days_won": two(cycle["mean_days"]),
        }
        for won, cycle in rows
    ] == expected[key]
