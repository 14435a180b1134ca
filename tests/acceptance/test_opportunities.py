"""8,800 real deals through the whole house: imported, listed, reported; every figure against independent ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("PLAYBOOK_DATA", ROOT.parent / "shared" / "data")) / "maven"
FILES = {"opportunities": "sales_pipeline.csv", "opportunities-us": "sales_pipeline_us_mdy.csv"}
GROUPS = {
    "quarter": ("by_quarter", "q"),
    "manager": ("by_manager", "manager"),
    "team": ("by_regional_office", "regional_office"),
    "owner": ("by_sales_agent", "sales_agent"),
    "product": ("by_product", "product"),
}

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the data set is not at {DATA}; set PLAYBOOK_DATA to where it is"
)


class Run(Protocol):
    """Run `playbook --json` and return what it printed."""

    def __call__(self, *arguments: str) -> Any: ...


def program(folder: Path) -> Run:
    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [Path(sys.executable).parent / "playbook", "--json", *arguments],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module", params=FILES)
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, str]:
    """Import the example's data by one of its mappings, and return the program with the mapping's name."""
    folder = tmp_path_factory.mktemp("maven") / "opportunities"
    shutil.copytree(ROOT / "examples" / "opportunities", folder, ignore=shutil.ignore_patterns("*.db*", ".*"))
    run = program(folder)
    people = run("import", str(DATA / "sales_teams.csv"), "--mapping", "people")
    assert (people["rows"], people["opened"], people["rejected"]) == (35, 35, [])
    done = run("import", str(DATA / FILES[request.param]), "--mapping", request.param)
    assert (done["rows"], done["opened"], done["changed"], done["skipped"]) == (8800, 8800, 0, 0)
    assert done["rejected"] == []
    assert set(done["would_have_blocked"]) <= {"buyer_known", "product_known", "priced"}
    return run, request.param


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
    return found


def two(value: float, scale: int = 1) -> float:
    """Return a figure the way the independent ones are written: two digits, half up."""
    return float((Decimal(repr(value)) * scale).quantize(Decimal("0.01"), ROUND_HALF_UP))


def usd(amount: float) -> dict[str, str]:
    return {"amount": f"{Decimal(str(amount)):.2f}", "currency": "USD"}


def test_counts(imported: tuple[Run, str], expected: dict[str, Any]) -> None:
    run, _ = imported
    stages = {name.lower(): count for name, count in expected["stages"].items()}
    assert run("list", "--limit", "1")["total"] == sum(stages.values()) == 8800
    for stage, count in stages.items():
        assert run("list", "--stage", stage, "--limit", "1")["total"] == count
    assert (
        run("list", "--status", "open", "--limit", "1")["total"] == stages["engaging"] + stages["prospecting"]
    )
    told = run("report", "pipeline")
    assert told["columns"] == ["stage", "cases", "amount", "weighted"]
    assert [(row["stage"].lower(), row["cases"]) for row in told["rows"]] == [
        ("prospecting", stages["prospecting"]),
        ("engaging", stages["engaging"]),
    ]


def test_totals(imported: tuple[Run, str], expected: dict[str, Any]) -> None:
    run, _ = imported
    told = run("report", "win-loss")
    assert list(told)[:4] == ["report", "definition", "columns", "rows"]
    (row,) = told["rows"]
    assert list(row) == told["columns"] == ["won", "lost", "win_rate", "won_amount", "mean_won_amount"]
    assert (row["won"], row["lost"]) == (expected["stages"]["Won"], expected["stages"]["Lost"])
    assert two(row["win_rate"], 100) == expected["win_rate_closed"]
    assert (row["won_amount"], row["mean_won_amount"]) == (
        usd(expected["won_revenue"]),
        usd(expected["won_mean"]),
    )
    (cycle,) = run("report", "cycle")["rows"]
    days = expected["cycle_days"]
    assert (cycle["cases"], two(cycle["mean_days"]), cycle["median_days"]) == (
        expected["stages"]["Won"],
        days["won_mean"],
        days["won_median"],
    )


@pytest.mark.parametrize("by", GROUPS)
def test_groups(imported: tuple[Run, str], expected: dict[str, Any], by: str) -> None:
    run, _ = imported
    key, label = GROUPS[by]
    won_lost = run("report", "win-loss", "--by", by)
    assert won_lost["columns"][0] == by
    cycles = {row[by]: row for row in run("report", "cycle", "--by", by)["rows"]}
    assert [
        {
            label: row[by],
            "won": row["won"],
            "lost": row["lost"],
            "win_rate": two(row["win_rate"], 100),
            "revenue": row["won_amount"],
            "mean_cycle_days_won": two(cycles[row[by]]["mean_days"]),
        }
        for row in won_lost["rows"]
    ] == [{**figures, "revenue": usd(figures["revenue"])} for figures in expected[key]]


def test_deals_without_an_engage_date_are_open(imported: tuple[Run, str], expected: dict[str, Any]) -> None:
    run, _ = imported
    found = run("list", "--stage", "prospecting", "--limit", "1000")
    assert len(found["cases"]) == expected["prospecting_without_engage_date"] == 500
    assert {case["outcome"] for case in found["cases"]} == {"open"}


def test_importing_again_changes_nothing(imported: tuple[Run, str]) -> None:
    run, mapping = imported
    before = run("fsck")
    assert before["findings"] == []
    again = run("import", str(DATA / FILES[mapping]), "--mapping", mapping)
    assert (again["opened"], again["changed"], again["skipped"]) == (0, 0, 8800)
    people = run("import", str(DATA / "sales_teams.csv"), "--mapping", "people")
    assert (people["opened"], people["changed"], people["skipped"]) == (0, 0, 35)
    assert run("fsck") == before
