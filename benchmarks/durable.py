"""Run cases and an import into SQLite, beside a bare loop that gives sqlite3 the same statements and bytes.

What the engine sends is recorded once, untimed, and replayed into a fresh file with the same tables and
pragmas: for cases every statement, reads too, in the same transactions; for the import what was written. The
write-ahead log is copied into the file as often; the engine does that in a thread beside, the loop in its only one.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import random
import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

from bench import Figures, alternate, folder, main, opened, project, seconds
from playbook import Advance, Close, Do, Log, Open, Set, SqliteStore
from playbook.importing import import_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playbook import Engine
    from playbook.model.commands import Command
    from playbook.model.mapping import ImportMapping

    Step = tuple[str, str, Any]

ROUNDS = 7
DAY = dt.date(2024, 1, 1)


class Recorder:
    """Note what is executed on every connection that is opened meanwhile, in order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def __enter__(self) -> list[Step]:
        """Begin."""
        steps = self.steps

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, values: Any = (), /) -> Any:
                steps.append(("read" if sql.startswith("SELECT") else "execute", sql, values))
                return super().execute(sql, values)

            def executemany(self, sql: str, rows: Any, /) -> Any:
                rows = list(rows)
                steps.append(("executemany", sql, rows))
                return super().executemany(sql, rows)

        class Connection(sqlite3.Connection):
            def cursor(self, factory: Any = Cursor, /) -> Any:
                return super().cursor(factory)

            def execute(self, sql: str, values: Any = (), /) -> Any:
                return self.cursor().execute(sql, values)

        self._patch = mock.patch.object(sqlite3, "connect", partial(sqlite3.connect, factory=Connection))
        self._patch.start()
        return steps

    def __exit__(self, *_: object) -> None:
        """End."""
        self._patch.stop()


class Work:
    """Hold a piece of work for the engine, and its statements: those that prepare, and those that are timed."""

    def __init__(
        self,
        work: Callable[[Engine], object],
        files: Iterator[Path],
        *,
        reads: bool,
        synchronous: str = "normal",
    ) -> None:
        self._work = work
        self._files = files
        self._synchronous = synchronous
        with Recorder() as steps:
            engine = self.engine()
            prepared = len(steps)
            work(engine)
        engine.store.close()
        self._before = steps[:prepared]
        self._timed = [step for step in steps[prepared:] if reads or step[0] != "read"]
        inserts = [step for step in self._timed if "INTO events" in step[1]]
        self.events = sum(len(values) if kind == "executemany" else 1 for kind, _, values in inserts)

    def ours(self) -> float:
        """Return the seconds that the engine takes on a new file."""
        engine = self.engine()
        taken = seconds(lambda: self._work(engine))
        engine.store.close()
        return taken

    def bare(self) -> float:
        """Return the seconds that the statements alone take on a new file."""
        connection = sqlite3.connect(next(self._files), isolation_level=None)
        replay(connection, self._before)
        taken = seconds(lambda: replay(connection, self._timed))
        connection.close()
        return taken

    def engine(self) -> Engine:
        """Return an engine over a new file, with the project published."""
        return opened(SqliteStore(str(next(self._files)), synchronous=self._synchronous))


def replay(connection: sqlite3.Connection, steps: list[Step]) -> None:
    """Run recorded statements."""
    cursor = connection.cursor()
    execute, executemany = cursor.execute, cursor.executemany
    for kind, sql, values in steps:
        if kind == "execute":
            execute(sql, values)
        elif kind == "read":
            execute(sql, values).fetchall()
        else:
            executemany(sql, values)


def life(case: str, number: int) -> Iterator[Command]:
    """Yield the commands of a deal from open to close."""
    yield Open(case, "deals", f"Deal {number}", fields={"amount": "25000 EUR", "product": "Pro"})
    yield Set(case, {"pain": "Orders take a month", "discount": "10%"})
    yield Do(case, "discovery_call", "held")
    yield Log(case, "call", text="They asked for a proposal")
    yield Advance(case)
    yield Set(case, {"amount": "27500 EUR"})
    yield Advance(case)
    yield Close(case, "won")


def live(engine: Engine, commands: list[Command]) -> None:
    """Run commands, one after the other, each with the key that makes it happen once."""
    for number, command in enumerate(commands):
        engine.run(command, actor="sam", key=f"command-{number}")


def write_rows(path: Path, count: int) -> None:
    """Write a CSV file of opportunities as a CRM exports them."""
    chance = random.Random(7)
    header = (
        "opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date",
        "close_value",
    )  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for number in range(count):
            stage = chance.choices(("Won", "Lost", "Engaging"), (48, 28, 24))[0]
            opened = DAY + dt.timedelta(chance.randrange(365))
            closed = opened + dt.timedelta(chance.randrange(1, 120)) if stage != "Engaging" else ""
            value = {"Won": chance.randrange(30, 30_000), "Lost": 0, "Engaging": ""}[stage]
            product = chance.choice(("Basic", "Plus", "Pro", "BasicPlus"))
            account = f"Company {chance.randrange(500)}" if chance.random() < 0.9 else ""
            writer.writerow((f"{number:08X}", "Sam Reed", product, account, stage, opened, closed, value))


def bring_in(engine: Engine, mapping: ImportMapping, path: Path, count: int) -> None:
    """Import the file by its mapping."""
    outcome = import_file(engine, mapping, path, actor="operator")
    if outcome.opened != count:
        raise ValueError(f"{outcome.opened} of {count} rows were imported: {outcome.rejected[:3]}")


def measure(quick: bool) -> Figures:
    """Measure both pieces of work."""
    cases, rows, count = (3, 20, 1) if quick else (1_000, 20_000, ROUNDS)
    commands = [command for number in range(cases) for command in life(f"c{number:012}", number)]
    mapping = project().mappings["opportunities"].value
    assert mapping is not None
    with folder() as here:
        files = (here / f"{number}.db" for number in itertools.count())
        source = here / "opportunities.csv"
        write_rows(source, rows)
        lives = Work(lambda engine: live(engine, commands), files, reads=True)
        if lives.events != len(commands):
            raise ValueError(f"{len(commands)} commands made {lives.events} events: one was refused")
        imported = Work(lambda engine: bring_in(engine, mapping, source, rows), files, reads=False)
        run = alternate(count, {"ours": lives.ours, "bare": lives.bare})
        brought = alternate(count, {"ours": imported.ours, "bare": imported.bare})
    return Figures(
        {
            "commands_per_second": len(commands) / run.median("ours"),
            "bare_commands_per_second": len(commands) / run.median("bare"),
            "import_events_per_second": imported.events / brought.median("ours"),
            "bare_import_events_per_second": imported.events / brought.median("bare"),
        },
        {
            "of_bare_sqlite": run.ratio("bare", "ours"),
            "import_of_bare_batches": brought.ratio("bare", "ours"),
        },
        {"of_bare_sqlite": ">= 0.6", "import_of_bare_batches": ">= 0.6"},
        f"WAL, synchronous NORMAL, one thread, a new file each round in {here.parent.resolve()}.",
    )


if __name__ == "__main__":
    main("durable", measure)
