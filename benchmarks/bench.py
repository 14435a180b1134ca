"""What every benchmark shares: rounds that alternate, medians, a temporary folder on disk, one line of JSON."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from playbook import Engine, Project, load_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook import Store

PROJECT = Path(__file__).parent / "project"
"""The project that the benchmarks run: one playbook, its organization, one mapping."""


class NotHere(Exception):
    """Tells that something cannot be measured on this machine, and what it lacks."""


@attrs.frozen
class Figures:
    """Hold what a benchmark found; `goals` says of a ratio what is aimed at, like `<= 1.5`."""

    figures: dict[str, float]
    ratios: dict[str, float]
    goals: dict[str, str]
    note: str = ""


@attrs.frozen
class Rounds:
    """Hold what every contestant took in every round; smaller is better."""

    taken: dict[str, list[float]]

    def median(self, name: str) -> float:
        """Return the median of a contestant's rounds."""
        return statistics.median(self.taken[name])

    def ratio(self, name: str, of: str) -> float:
        """Return the median, over the rounds, of one contestant's part of another's."""
        pairs = zip(self.taken[name], self.taken[of], strict=True)
        return statistics.median(one / other for one, other in pairs)


def alternate(count: int, contestants: dict[str, Callable[[], float]]) -> Rounds:
    """Run every contestant once a round, in turns, so that a slow moment of the machine hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(count):
        for name, run in contestants.items():
            taken[name].append(run())
    return Rounds(taken)


def seconds(run: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def microseconds_each(run: Callable[[], object], times: int) -> float:
    """Return how many microseconds one of many calls takes."""
    steps = range(times)
    start = time.perf_counter()
    for _ in steps:
        run()
    return (time.perf_counter() - start) / times * 1e6


@contextmanager
def folder() -> Iterator[Path]:
    """Give a new folder on the disk of TMPDIR where that is set, else under the current folder."""
    path = tempfile.mkdtemp(prefix=".bench-", dir=os.environ.get("TMPDIR", "."))
    try:
        yield Path(path)
    finally:
        shutil.rmtree(path)


def project() -> Project:
    """Read the project of the benchmarks; raises ValueError where it has a mistake."""
    registry = load_plugins(entry_points=False)
    read = Project.from_folder(PROJECT, criteria=registry.criteria, functions=registry.functions)
    if read.problems:
        raise ValueError("\n".join(map(str, read.problems)))
    return read


def opened(store: Store) -> Engine:
    """Return an engine over a store in which the project is published."""
    engine = Engine.open(project(), store=store, registry=load_plugins(entry_points=False))
    engine.publish(actor="operator")
    return engine


def main(
    name: str, measure: Callable[[bool], Figures], on_postgres: Callable[[bool], Figures] | None = None
) -> None:
    """Run a benchmark and print one line of JSON or a table; `measure` is told whether it must be quick.

    Where the same can be measured on PostgreSQL, `--postgres` does that instead.
    """
    parser = argparse.ArgumentParser(description=f"Measure {name} beside its yardsticks.")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    parser.add_argument(
        "--quick", action="store_true", help="a tiny size: shows that it runs, measures nothing"
    )
    if on_postgres is not None:
        parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    options = parser.parse_args()
    try:
        found = on_postgres(options.quick) if on_postgres and options.postgres else measure(options.quick)
    except NotHere as lacking:
        sys.exit(f"{name} cannot run here: {lacking}")
    if options.json:
        print(json.dumps({"name": name, "figures": found.figures, "ratios": found.ratios}))
        return
    width = max(map(len, (*found.figures, *found.ratios)))
    print(f"{name}\n")
    for figure, value in found.figures.items():
        print(f"  {figure:<{width}}  {value:>12,.2f}")
    print()
    for ratio, value in found.ratios.items():
        print(f"  {ratio:<{width}}  {value:>12.2f}  goal {found.goals[ratio]}")
    print(f"\n{found.note}" if found.note else "")
