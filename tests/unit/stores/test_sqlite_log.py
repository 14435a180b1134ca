"""The write-ahead log is copied into the file beside those who write, and never while values are erased."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from playbook import SqliteStore
from playbook.stores import sqlite_log
from playbook.stores.interface import VaultRow
from playbook.testing.batches import TENANT, batch, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "log.db"
    SqliteStore(str(path)).close()  # the tables are in the file, and not in the log
    return path


def fill(store: SqliteStore, since: int, until: int) -> None:
    for number in range(since, until):
        store.append([batch(write(f"case:c{number}", b"1"))])


def ended() -> None:
    for thread in threading.enumerate():
        if thread.name == "playbook-log":
            thread.join()


def in_file(path: Path) -> int:
    """Return how many streams the file has without its log."""
    alone = shutil.copy(path, path.with_name("alone.db"))
    with sqlite3.connect(alone) as connection:
        (count,) = connection.execute("SELECT count(*) FROM streams").fetchone()
    connection.close()
    return int(count)


def begun(path: Path) -> int:
    """Return how often the log was begun anew, as its header counts it."""
    log = path.with_name("log.db-wal").read_bytes()
    return int.from_bytes(log[12:16])


def test_many_batches_are_copied_into_the_file_and_few_wait_in_the_log(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "_BATCHES", 10)
    store = SqliteStore(str(path))
    fill(store, 0, 9)
    ended()
    assert in_file(path) == 0
    fill(store, 9, 10)
    ended()
    assert in_file(path) == 10
    store.close()


def test_a_log_begins_anew_although_somebody_always_writes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "_BATCHES", 5)
    monkeypatch.setattr(sqlite_log, "_LARGE", 40)
    store = SqliteStore(str(path))

    def begins_often(turn: int) -> bool:
        before = begun(path)
        fill(store, turn * 2_000, (turn + 1) * 2_000)
        return begun(path) > before + 2

    # on a busy machine those who copy may come too late for a while
    assert any(begins_often(turn) for turn in range(4))
    ended()
    store.close()


def test_erasing_leaves_nothing_in_the_log_while_it_is_copied(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "_BATCHES", 1)
    store = SqliteStore(str(path))
    for number in range(50):
        secret = f"secret-{number}".encode()
        value = VaultRow(f"ref-{number}", "person:ann", b"salt", secret)
        store.append([batch(write(f"case:c{number}", b"1"), vault=(value,))])
        assert store.erase(TENANT, "person:ann") == 1
        assert secret not in path.read_bytes()
        assert secret not in path.with_name("log.db-wal").read_bytes()
    store.close()


def test_a_store_that_is_closed_while_its_log_is_copied_is_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "_BATCHES", 1)
    for number in range(20):
        store = SqliteStore(str(path))
        fill(store, number, number + 1)
        store.close()
        ended()
        assert in_file(path) == number + 1
