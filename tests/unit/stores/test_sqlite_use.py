from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from playbook.errors import StoreUnavailable
from playbook.stores.sqlite_file import connect
from playbook.stores.sqlite_use import Readers

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    with readers.lend(short=True) as short, readers.lend() as long, readers.lend(short=True) as second:
        assert short is writing
        assert len({short.connection, long.connection, second.connection}) == 3
    with lock, readers.lend(short=True) as beside:
        assert beside.connection in (long.connection, second.connection)


def test_a_connection_that_is_lent_is_closed_when_it_comes_back(readers: Readers) -> None:
    with readers.lend() as cursor:
        readers.close()
        assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        cursor.execute("SELECT 1")
    for short in (True, False):
        with pytest.raises(StoreUnavailable, match="was closed"), readers.lend(short=short) as cursor:
            cursor.execute("SELECT 1")


def test_a_failed_read_gives_its_connection_back(readers: Readers, lock: threading.Lock) -> None:
    for short in (True, False):
        with pytest.raises(StoreUnavailable, match="no such table"), readers.lend(short=short) as cursor:
            cursor.execute("SELECT 1 FROM missing")
    assert not lock.locked()
    with readers.lend() as again:
        assert again.connection is cursor.connection
