"""Whatever is changed in the events of a file is found, and the stream and the position are named."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from playbook.errors import DamagedStore, InputError
from playbook.stores.audit import audit
from playbook.stores.checkpoint import compare, export, read
from playbook.stores.sqlite import SqliteStore
from playbook.testing.batches import TENANT, batch, head_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECRET = b"a secret that is long enough"
_LENGTHS = {"case:1": 4, "case:2": 3, "organization": 1}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with a few streams, whose events lie between one another."""
    path = tmp_path / "store.db"
    with contextlib.closing(SqliteStore(str(path))) as store:
        first = [write("case:1", b'{"a":1}', b"{}"), write("case:2", b'{"b":"x"}')]
        store.append([batch(*first)])
        store.append([batch(write("organization", b"{}"))])
        store.append([batch(write("case:2", b"2", b"3", after=head_of(first[1])))])
        store.append([batch(write("case:1", b"2", b'{"c":[1,2]}', after=head_of(first[0])))])
    return path


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(str(path))
    yield store
    store.close()


@pytest.fixture
def host(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def _places(store: SqliteStore) -> set[tuple[str, int]]:
    return {(f.stream, f.position) for f in audit(store, TENANT)}


def _events(host: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return host.execute("SELECT position, stream, version FROM events ORDER BY position").fetchall()


def _altered(value: bytes) -> Iterator[bytes]:
    for at in range(len(value)):
        for bit in range(8):
            yield value[:at] + bytes([value[at] ^ 1 << bit]) + value[at + 1 :]
    yield value + b"x"
    if value:
        yield value[:-1]


@pytest.mark.parametrize("column", ["data", "hash", "kind", "actor", "stream", "tenant"])
def test_any_bit_of_any_text_or_bytes_that_is_altered_is_found_where_it_is(
    store: SqliteStore, host: sqlite3.Connection, column: str
) -> None:
    kind, events = "BLOB" if column in ("data", "hash") else "TEXT", _events(host)
    change = f"UPDATE events SET {column} = CAST(? AS {kind}) WHERE position = ?"
    for position, stream, version in events:
        row = f"FROM events WHERE position = {position}"
        (before,) = host.execute(f"SELECT CAST({column} AS BLOB) {row}").fetchone()
        for value in _altered(before):
            host.execute(change, (value, position))
            found = _places(store)
            host.execute(change, (before, position))
            shows = _beside(events, stream, version) if column in ("stream", "tenant") else position
            assert (stream, shows) in found, (stream, version, value)
    assert _places(store) == set()


def _beside(events: list[tuple[Any, ...]], stream: str, version: int) -> int:
    """Return the position at which a gap shows: that of the event after it, else of the one before."""
    of_stream: dict[int, int] = {v: position for position, name, v in events if name == stream}
    return of_stream.get(version + 1, of_stream.get(version - 1, 0))


def test_text_that_cannot_be_read_is_named_once_and_what_follows_is_looked_at(
    store: SqliteStore, host: sqlite3.Connection
) -> None:
    host.execute("UPDATE events SET actor = CAST(x'ff' AS TEXT) WHERE position = 1")
    host.execute("UPDATE events SET data = x'00' WHERE position = 8")
    with pytest.raises(DamagedStore, match="the event at position 1 cannot be read"):
        store.log(TENANT, after=None, limit=9)
    with pytest.raises(DamagedStore, match="is damaged; restore a copy") as raised:
        list(store.events(TENANT, "case:1"))
    assert (raised.value.version, raised.value.position) == (1, 1)
    assert [(f.stream, f.version, f.position) for f in audit(store, TENANT)] == [
        ("case:1", 1, 1),
        ("case:1", 4, 8),
    ]


@pytest.mark.parametrize("column", ["at", "recorded", "version"])
def test_any_number_that_is_altered_is_found_where_it_is(
    store: SqliteStore, host: sqlite3.Connection, column: str
) -> None:
    events = _events(host)
    for position, stream, version in events:
        (before,) = host.execute(f"SELECT {column} FROM events WHERE position = {position}").fetchone()
        for bit in range(63):
            value = before ^ 1 << bit
            try:
                host.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (value, position))
            except sqlite3.IntegrityError:
                assert column == "version"  # the database itself holds two events of one version apart
                continue
            found = _places(store)
            host.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (before, position))
            shows = position if value > 0 else _beside(events, stream, version)  # nobody asks for version 0
            assert (stream, shows) in found, (stream, version, value)
    assert _places(store) == set()


def test_any_event_that_is_taken_out_is_found_where_it_was(
    store: SqliteStore, host: sqlite3.Connection
) -> None:
    events = _events(host)
    for position, stream, version in events:
        row = host.execute("SELECT * FROM events WHERE position = ?", (position,)).fetchone()
        host.execute("DELETE FROM events WHERE position = ?", (position,))
        assert _places(store) == {(stream, _beside(events, stream, version))}
        host.execute(f"INSERT INTO events VALUES ({', '.join('?' * len(row))})", row)
    assert _places(store) == set()


def _exported(store: SqliteStore) -> list[bytes]:
    return list(export(store, store.tenants(), _SECRET, "2026-03-02T09:00:00+00:00", lambda streams: None))


def _compared(store: SqliteStore, lines: list[bytes]) -> list[tuple[str, int, int]]:
    return [(f.stream, f.version, f.position) for f in compare(store, lines, None, lambda streams: None)]


def test_any_tail_that_is_cut_off_with_its_traces_shows_against_a_checkpoint(
    store: SqliteStore, host: sqlite3.Connection
) -> None:
    lines, events = _exported(store), _events(host)
    read(lines, _SECRET, "heads")
    for _, stream, version in events:
        kept = _cut(host, stream, version)
        assert _places(store) == set()
        last = max(position for position, name, _ in events if name == stream)
        assert _compared(store, lines) == [(stream, _LENGTHS[stream], last)]
        for table, rows in kept.items():
            host.execute(f"DELETE FROM {table} WHERE stream = ?", (stream,))
            host.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    assert _compared(store, lines) == []


def _cut(host: sqlite3.Connection, stream: str, version: int) -> dict[str, list[Any]]:
    """Cut a stream off before a version, its head too; return what there was."""
    kept = {
        table: host.execute(f"SELECT * FROM {table} WHERE stream = ?", (stream,)).fetchall()
        for table in ("events", "streams")
    }
    host.execute("DELETE FROM events WHERE stream = ? AND version >= ?", (stream, version))
    last = host.execute("SELECT hash FROM events WHERE stream = ? AND version = ?", (stream, version - 1))
    head = last.fetchone()
    host.execute("DELETE FROM streams WHERE stream = ?", (stream,))
    if head is not None:
        row = (TENANT, stream, version - 1, head[0], 1, b"")
        host.execute("INSERT INTO streams VALUES (?, ?, ?, ?, ?, ?)", row)
    return kept


def test_a_stream_that_was_written_anew_with_right_hashes_shows_against_a_checkpoint(
    store: SqliteStore, host: sqlite3.Connection
) -> None:
    lines = _exported(store)
    host.execute("UPDATE events SET kind = CAST(x'ff' AS TEXT) WHERE stream = 'organization'")
    assert _compared(store, lines) == [("organization", 1, 4)]
    host.execute("UPDATE events SET kind = 'case.changed/1' WHERE stream = 'organization'")
    _cut(host, "case:2", 1)
    store.append([batch(write("case:2", b"I", b"never", b"lost", b"it"))])
    assert _places(store) == set()
    assert _compared(store, lines) == [("case:2", 3, 11)]


def test_what_came_after_a_checkpoint_is_no_fault(store: SqliteStore) -> None:
    lines = _exported(store)
    store.append([batch(write("case:1", b"5", after=store.load(TENANT, ["case:1"])["case:1"]))])
    store.append([batch(write("case:9", b"1"))])
    assert _compared(store, lines) == []


def test_a_checkpoint_that_was_altered_or_signed_otherwise_proves_nothing(store: SqliteStore) -> None:
    lines = _exported(store)
    whole = b"".join(lines)
    assert read(lines, _SECRET, "heads").made == "2026-03-02T09:00:00+00:00"
    for altered in _altered(whole):
        with pytest.raises(InputError):
            read(altered.splitlines(keepends=True), _SECRET, "heads")
    for left in range(len(lines)):
        with pytest.raises(InputError):
            read(lines[:left] + lines[left + 1 :], _SECRET, "heads")
    with pytest.raises(InputError, match="another secret"):
        read(lines, _SECRET + b"!", "heads")
    with pytest.raises(InputError, match="16 or more"):
        read(lines, b"short", "heads")
