"""What is stored, kept: changes from outside are found, and a store is copied there and back while others write."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from playbook import InputError, MemoryStore, SqliteStore
from playbook.stores.audit import audit
from playbook.stores.checkpoint import compare, export
from playbook.stores.copying import copy
from playbook.testing.batches import TENANT, batch, case, head_of, write
from playbook.testing.store_archive import fill, quiet, tables_of
from playbook_postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).parent / "playbook"


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(url)
    yield store
    store.close()


@pytest.fixture
def host(url: str, store: PostgresStore) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def _places(store: PostgresStore) -> set[tuple[str, int]]:
    return {(found.stream, found.position) for found in audit(store, TENANT)}


def test_what_is_changed_from_outside_is_found_where_it_is(
    store: PostgresStore, host: psycopg.Connection
) -> None:
    rng = random.Random(11)
    firsts = [write(f"case:{n}", b'{"a":1}', b'{"b":2}') for n in range(3)]
    store.append([batch(*firsts)])
    store.append([batch(*(write(made.stream, b"3", after=head_of(made)) for made in firsts))])
    log = store.log(TENANT, after=None, limit=99).items
    for event in log:
        place = (event.stream, event.position)
        for column in ("data", "hash"):
            value = getattr(event, column)
            at, bit = rng.randrange(len(value)), 1 << rng.randrange(8)
            altered = value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :]
            assert place in _while_it_is(store, host, event.position, column, altered, value)
        for column in ("kind", "actor"):
            value = getattr(event, column)
            assert place in _while_it_is(store, host, event.position, column, value + "x", value)
        for column in ("at", "recorded"):
            value = getattr(event, column)
            altered_time = value ^ 1 << rng.randrange(62)
            assert place in _while_it_is(store, host, event.position, column, altered_time, value)
        moved = _while_it_is(store, host, event.position, "version", event.version + 9, event.version)
        assert place in moved
        elsewhere = _while_it_is(store, host, event.position, "stream", "case:9", event.stream)
        assert event.stream in {stream for stream, _ in elsewhere}
    assert _places(store) == set()


def _while_it_is(
    store: PostgresStore,
    host: psycopg.Connection,
    position: int,
    column: str,
    altered: object,
    before: object,
) -> set[tuple[str, int]]:
    change = f"UPDATE playbook.events SET {column} = %s WHERE position = %s".encode()
    host.execute(change, (altered, position))
    found = _places(store)
    host.execute(change, (before, position))
    return found


def test_a_tail_that_is_cut_off_with_its_traces_shows_against_a_checkpoint(
    store: PostgresStore, host: psycopg.Connection
) -> None:
    made = write("case:1", b"1", b"2")
    store.append([batch(made)])
    lines = list(export(store, store.tenants(), b"a secret that is long", "", lambda streams: None))
    last = store.log(TENANT, after=None, limit=9).items[-1]
    host.execute("DELETE FROM playbook.events WHERE version = 2")
    assert _places(store) == {("case:1", last.position - 1)}
    host.execute("UPDATE playbook.streams SET version = 1, hash = %s", (made.events[0].hash,))
    assert _places(store) == set()
    (found,) = compare(store, lines, None, lambda streams: None)
    assert (found.stream, found.version, found.position) == ("case:1", 2, last.position)


def test_a_copy_by_the_program_goes_there_and_back_though_it_is_killed(url: str, tmp_path: Path) -> None:
    first, last = tmp_path / "first.db", tmp_path / "last.db"
    with closing(SqliteStore(str(first))) as source:
        fill(source)
        source.append(
            [batch(write(f"more:{n:04}", b"x", index=case(f"m{n:04}")), key=f"m{n}") for n in range(3000)]
        )
    with psycopg.connect(url, autocommit=True) as host:
        _kill_on_the_way(first, url, host)
    assert json.loads(_run("copy", str(first), url, "--json"))["written"] > 0
    assert json.loads(_run("copy", str(first), url, "--json"))["written"] == 0
    assert "Every hash of the copy holds" in _run("copy", url, str(last))
    with closing(SqliteStore(str(first))) as one, closing(SqliteStore(str(last))) as other:
        assert tables_of(one) == tables_of(other)


def _run(*arguments: str, code: int = 0) -> str:
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def _kill_on_the_way(source: Path, url: str, host: psycopg.Connection) -> None:
    """Kill a copy that has come as far as the heads, which somebody else keeps it from writing."""
    PostgresStore(url).close()
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE playbook.streams IN SHARE MODE")
        with subprocess.Popen(
            [PROGRAM, "copy", str(source), url], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            while not _number(host, "playbook.events") and running.poll() is None:
                time.sleep(0.005)
            running.kill()
        assert running.returncode == -signal.SIGKILL
        host.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'playbook' AND datname = current_database()"
        )
    assert _number(host, "playbook.events") > 0
    assert _number(host, "playbook.streams") == 0


def _number(host: psycopg.Connection, table: str) -> int:
    (found,) = host.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,)
    return int(found)


def test_writers_go_on_during_a_copy_and_the_next_brings_what_they_wrote(
    store: PostgresStore, tmp_path: Path
) -> None:
    def work(worker: int) -> None:
        for n in range(60):
            name = f"{worker}-{n}"
            store.append([batch(write(f"case:{name}", b"1", b"2", index=case(name)), key=name)])

    with closing(SqliteStore(str(tmp_path / "copy.db"))) as target:
        with ThreadPoolExecutor(4) as pool:
            working = [pool.submit(work, n) for n in range(4)]
            rounds = 0
            while not all(one.done() for one in working) or rounds < 2:
                copied = copy(store, target, progress=quiet)
                rounds += 1
                rows = copied.rows
                assert rows["events"] == 2 * rows["streams"] == 2 * rows["cases"] == 2 * rows["receipts"]
                assert copied.findings == ()
            for one in working:
                one.result()
        copy(store, target, progress=quiet)
        assert tables_of(target) == tables_of(store)
        assert len(list(target.streams(TENANT))) == 240


def test_what_postgres_cannot_hold_is_named(store: PostgresStore) -> None:
    source = MemoryStore()
    source.append([batch(write("case:1", b"1"), documents={"d1": b"", "d3": b""})])
    source.restore("documents", [(TENANT, "d2\0", b"")], [])  # stores refuse it now, but took it once
    with pytest.raises(
        InputError, match=r"row of documents \(tenant 'acme', digest 'd2\\x00'\) cannot be copied"
    ):
        copy(source, store, progress=quiet)


def test_backup_says_what_to_use_instead(url: str, tmp_path: Path) -> None:
    said = _run("backup", str(tmp_path / "x.db"), "--store", url, code=2)
    assert "pg_dump" in said
    assert "playbook copy" in said
