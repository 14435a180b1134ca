"""Run every benchmark, each in a process of its own, and write what was found into docs/performance.md."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import multiprocessing
import platform
import sqlite3
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bench import Figures, NotHere

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = (
    "check", "columns", "conditions", "decide", "durable", "find", "group_commit", "growth", "peers", "postgres",
    "scenarios", "settle", "startup",
)  # fmt: skip
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
HEAD = "| benchmark | ratio | goal | measured |\n|---|---|---|---|\n"
BEGIN, END = "<!-- measured -->\n", "<!-- /measured -->\n"
_CPU = Path("/proc/cpuinfo")


def run(name: str, quick: bool) -> Figures:
    """Return what a benchmark finds; raises what it raises."""
    found: Figures = importlib.import_module(name).measure(quick)
    return found


def machine() -> str:
    """Return what it was measured on: day, processor, system, and the versions that matter."""
    lines = _CPU.read_text("utf-8").splitlines() if _CPU.is_file() else []
    cpus = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = f"{cpus[0]}, {len(cpus)} processors" if cpus else platform.processor()
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("msgspec", "transitions", "polars", "psycopg")
    )
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}: {processor}, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}."
    )


def rows(found: dict[str, Figures]) -> Iterator[str]:
    """Yield a line of the table for every ratio."""
    for name, figures in found.items():
        for ratio, value in figures.ratios.items():
            yield f"| `{name}.py` | `{ratio}` | {figures.goals[ratio]} | {value:.2f} |\n"


def renewed(page: str, found: dict[str, Figures]) -> str:
    """Return the page with what was found in its table; rows of what was not run stay as they are."""
    head, _, rest = page.partition(BEGIN)
    before, _, tail = rest.partition(END)
    kept = [
        line
        for line in before.splitlines(keepends=True)
        if line.startswith("| `") and line.split("`")[1].removesuffix(".py") not in found
    ]
    lines = "".join(sorted([*kept, *rows(found)]))
    return f"{head}{BEGIN}{machine()}\n\n{HEAD}{lines}{END}{tail}"


def main() -> int:
    """Run what is named, everything without a name, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[[], *NAMES], help="only these; the others stay on the page"
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: shows that they run, writes nothing"
    )
    options = parser.parse_args()
    found: dict[str, Figures] = {}
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as pool:
        for name in options.names or NAMES:
            print(f"{name} ...", file=sys.stderr, flush=True)
            try:
                found[name] = pool.submit(run, name, options.quick).result()
            except NotHere as lacking:
                print(f"{name} cannot run here: {lacking}", file=sys.stderr)
    print("".join(rows(found)))
    if not options.quick:
        PAGE.write_text(renewed(PAGE.read_text("utf-8"), found), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
