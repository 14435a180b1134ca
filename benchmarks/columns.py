"""Make the frame that reports read of a million cases, beside sqlite3 fetching the same columns as rows.

The first frame reads every case; a later one what 1,000 commands changed since. The cases are written by the store
once and then multiplied in the file, because only the projection is read.
"""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from typing import TYPE_CHECKING

from bench import Figures, alternate, folder, main, seconds
from playbook import ReportContext, SqliteStore
from playbook.model.organization import Organization
from playbook.testing.batches import TENANT, batch, case, write
from playbook_insights import reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playbook.stores import IndexRow

ROUNDS = 7
DAY = 86_400_000_000
CHANGED = 1_000


def row(chance: random.Random, name: str) -> IndexRow:
    """Return the row of a deal as an import leaves it."""
    outcome = chance.choices(("won", "lost", "open"), (48, 28, 24))[0]
    opened = chance.randrange(18_000, 20_000) * DAY
    fields = (
        f'{{"product":"{chance.choice(("Basic", "Plus", "Pro"))}","account":"Company {name}","seats":25}}'
    )
    return case(
        name, stage="engaging" if outcome == "open" else outcome, outcome=outcome,
        owner=f"rep-{chance.randrange(200)}", team=chance.choice(("emea", "apac", "americas")), opened=opened,
        closed=None if outcome == "open" else opened + DAY, amount=chance.randrange(10**7), fields=fields.encode(),
    )  # fmt: skip


def fill(path: Path, count: int) -> SqliteStore:
    """Return a store with so many cases."""
    store, chance, written = SqliteStore(str(path)), random.Random(7), min(count, 1_000)
    names = [f"c{chance.getrandbits(55):011x}" for _ in range(written)]
    store.append([batch(write(f"case:{name}", b"1", index=row(chance, name))) for name in names])
    with sqlite3.connect(path) as connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(cases)") if name != "case"]
        same = ", ".join(columns)
        connection.execute(
            f'INSERT INTO cases ("case", {same})'
            " WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ? - 1)"
            f' SELECT substr("case", 1, 4) || printf(\'%04x\', n) || substr("case", 5), {same} FROM n, cases',
            (count // written,),
        )
    # commands never leave so long a log, and the driver reads all of it when it connects
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return store


def change(store: SqliteStore, round_: Iterator[int], count: int) -> None:
    """Change cases as commands do, each with an event."""
    chance = random.Random(next(round_))
    found = store.columns(TENANT, "cases")
    names = chance.sample(next(found)["case"], count)
    heads = store.load(TENANT, [f"case:{name}" for name in names])
    store.append(
        [
            batch(write(f"case:{name}", b"2", after=heads.get(f"case:{name}"), index=row(chance, name)))
            for name in names
        ]
    )


def measure(quick: bool) -> Figures:
    """Measure first and later frames."""
    count, changed, rounds = (3_000, 10, 1) if quick else (1_000_000, CHANGED, ROUNDS)
    turns = iter(range(10**6))
    with folder() as here:
        store = fill(here / "cases.db", count)
        context = ReportContext(
            lambda table: store.columns(TENANT, table), Organization(), {}, dt.UTC, dt.datetime.now(dt.UTC),
            lambda projection: store.source(TENANT, projection),
        )  # fmt: skip

        def first() -> float:
            reading.forget()
            return seconds(lambda: reading.cases(context))

        def later() -> float:
            change(store, turns, changed)
            return seconds(lambda: reading.cases(context))

        def bare() -> float:
            names = ", ".join(f'"{name}"' for name in reading.NAMES)
            connection = sqlite3.connect(here / "cases.db")
            taken = seconds(lambda: connection.execute(f"SELECT {names} FROM cases").fetchall())
            connection.close()
            return taken

        first()
        found = alternate(rounds, {"first": first, "later": later, "bare": bare})
        if len(reading.cases(context)) != count:
            raise ValueError(f"the frame has other than {count} cases")
        store.close()
    return Figures(
        {
            "first_rows_per_second": count / found.median("first"),
            "bare_rows_per_second": count / found.median("bare"),
            "later_milliseconds": found.median("later") * 1e3,
        },
        {
            "faster_than_bare_rows": found.ratio("bare", "first"),
            "later_of_first": found.ratio("later", "first"),
        },
        {"faster_than_bare_rows": ">= 2", "later_of_first": "<= 0.1"},
        f"{count:,} cases, {len(reading.NAMES)} columns; a later frame reads {changed:,} changed ones."
        " Goal of first_rows_per_second: 1,000,000.",
    )


if __name__ == "__main__":
    main("columns", measure)
