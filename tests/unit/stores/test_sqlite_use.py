from __future__ import annotations

import contextlib
import gc
import sqlite3
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from playbook.errors import StoreUnavailable
from playbook.stores.interface import Query
from playbook.stores.sqlite import SqliteStore
from playbook.stores.sqlite_file import connect
from playbook.stores.sqlite_use import Readers
from playbook.testing.batches import TENANT, batch, write
from playbook.testing.strikes import moments, strike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[sqlite3.Cursor]:
    with contextlib.closing(connect(str(tmp_path / "store.db"), 1.0)) as connection:
        yield connection.cursor()


@pytest.fixture
def lock() -> threading.Lock:
    return threading.Lock()


@pytest.fixture
def readers(writing: sqlite3.Cursor, lock: threading.Lock, tmp_path: Path) -> Iterator[Readers]:
    readers = Readers(writing, lock, str(tmp_path / "store.db"), 1.0)
    yield readers
    readers.close()


def test_only_a_short_read_beside_no_writer_uses_the_writing_connection(
    readers: Readers, writing: sqlite3.Cursor, lock: threading.Lock
) -> None:
    def of(cursor: sqlite3.Cursor) -> sqlite3.Connection:
        return cursor.connection

    def short(outer: sqlite3.Cursor) -> list[sqlite3.Connection]:
        assert lock.locked() is (outer is writing)
        beside = readers.read(lambda long: [of(long), readers.read(of, short=True)])
        return [of(outer), *beside]

    found = readers.read(short, short=True)
    assert found[0] is writing.connection
    assert len(set(found)) == 3
    with lock:
        assert readers.read(of, short=True) in found[1:]
    assert readers.read(of) in found[1:]


def test_a_connection_in_use_is_closed_when_it_comes_back(readers: Readers) -> None:
    def used(cursor: sqlite3.Cursor) -> sqlite3.Connection:
        readers.close()
        assert cursor.execute("SELECT 1").fetchall() == [(1,)]
        return cursor.connection

    connection = readers.read(used)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
    for short in (True, False):
        with pytest.raises(StoreUnavailable, match="was closed"):
            readers.read(lambda cursor: cursor.execute("SELECT 1"), short=short)


def test_a_failed_read_leaves_nothing_in_the_middle(readers: Readers, lock: threading.Lock) -> None:
    used = []

    def failing(cursor: sqlite3.Cursor) -> None:
        used.append(cursor.connection)
        cursor.execute("SELECT 1 FROM missing")

    for short in (True, False):
        with pytest.raises(StoreUnavailable, match="no such table"):
            readers.read(failing, short=short)
    assert not lock.locked()
    assert readers.read(lambda cursor: cursor.connection.execute("SELECT 1").fetchall()) == [(1,)]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        used[-1].execute("SELECT 1")


# what was opened, and struck before it had a name, only Python closes, which newer ones tell of
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_ctrl_c_leaves_no_transaction_and_no_lock_behind(tmp_path: Path) -> None:
    """Also not as long as the error is kept, and with it all that was under way."""
    path = str(tmp_path / "store.db")
    with (
        contextlib.closing(SqliteStore(path)) as store,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        for at in moments():
            given = [batch(write(f"case:{at}-{n}", b"1"), key=f"{at}-{n}") for n in "ab"]
            works: list[Callable[[], object]] = [
                partial(store.append, given[:1]),
                partial(store.append, given),
                partial(store.load, TENANT, ["case:1-a"]),
                partial(store.find, TENANT, Query(), limit=9),
                partial(store.streams, TENANT),
                partial(store.claim, "timers", now=0, limit=9, lease=1, worker="w"),
                partial(store.erase, TENANT, "nobody"),
            ]
            struck = [strike(at, work) for work in works]
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            store.append([batch(write(f"case:{at}", b"1"))])
            assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
            assert not store._lock.locked()
            if not any(struck):
                break
        assert at > 20
    gc.collect()
