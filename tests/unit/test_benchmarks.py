"""Every benchmark runs, and prints one line with the ratios that it promises; no time is asserted."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

FOLDER = Path(__file__).parents[2] / "benchmarks"
RATIOS = {
    "check": {"time_of_parse_and_schema"},
    "columns": {"faster_than_bare_rows", "later_of_first"},
    "conditions": {"faster_than_cel_expr", "faster_when_bound", "time_of_lambda"},
    "find": {"time_of_bare_page", "slowest_of_ten_milliseconds"},
    "growth": {"at_a_million_of_a_thousand", "of_bare_at_a_thousand", "of_bare_at_a_million"},
    "decide": {"time_of_transitions", "faster_than_best_peer"},
    "durable": {"of_bare_sqlite", "import_of_bare_batches"},
    "group_commit": {"of_own_single", "of_bare_single"},
    "peers": {
        "faster_than_dbos",
        "faster_than_dbos_within_a_workflow",
        "faster_than_dbos_on_postgres",
        "faster_than_best_peer",
    },
    "postgres": {"of_pgbench"},
    "scenarios": {"run_of_read_and_check"},
    "settle": {"time_of_decimal_loop"},
    "startup": {"why_of_import_click", "version_of_import_click"},
}


def test_every_script_is_known() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - {"all", "bench", "filling"} == set(RATIOS)
    listed = (FOLDER / "all.py").read_text("utf-8").partition("NAMES = (")[2].partition(")")[0]
    assert [name for name in sorted(RATIOS) if f'"{name}"' not in listed] == []


@pytest.mark.parametrize(("name", "ratios"), RATIOS.items())
def test_one_line_with_figures_and_ratios(name: str, ratios: AbstractSet[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", FOLDER / f"{name}.py", "--json", "--quick"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    if done.stderr.startswith(f"{name} cannot run here: "):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    printed = json.loads(line)
    assert printed.keys() == {"name", "figures", "ratios"}
    assert printed["name"] == name
    assert printed["ratios"].keys() == ratios
    assert all(value > 0 for value in printed["ratios"].values())
    # a thread may get nothing of a tiny run, and what is told beside a yardstick may come out below nothing
    assert all(map(math.isfinite, printed["figures"].values()))
    assert not list(tmp_path.iterdir()), "the temporary folder was left behind"
