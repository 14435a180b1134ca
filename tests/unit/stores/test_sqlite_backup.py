from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from playbook.stores.interface import Query
from playbook.stores.sqlite import SqliteStore
from playbook.stores.sqlite_backup import back_up
from playbook.testing.batches import TENANT, batch, case, write
from playbook.testing.store_archive import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "store.db")


@pytest.fixture
def store(path: str) -> Iterator[SqliteStore]:
    """Return a store of so many pages that they are copied in several steps."""
    store = SqliteStore(path)
    store.append([batch(write("case:0", bytes(9_000_000), index=case("c0")))])
    yield store
    store.close()


def test_a_writer_between_any_two_steps_does_not_make_it_begin_again(
    store: SqliteStore, path: str, tmp_path: Path
) -> None:
    steps: list[int] = []

    def write_on(title: str, done: int, total: int) -> None:
        if title == "Copying pages":
            steps.append(done)
            assert len(steps) < 99
            store.append([batch(write(f"case:{len(steps)}", b"1", index=case(f"c{len(steps)}")))])

    made = back_up(path, str(tmp_path / "copy.db"), progress=write_on)
    assert len(steps) > 2
    assert steps == sorted(set(steps))
    assert (made.events, made.findings) == (1, ())
    with contextlib.closing(SqliteStore(str(tmp_path / "copy.db"))) as copy:
        assert [row.case for row in copy.find(TENANT, Query(), limit=9).items] == ["c0"]


def test_a_file_that_only_sqlite_finds_unsound_is_not_kept(
    store: SqliteStore, path: str, tmp_path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host:
        host.execute("DROP INDEX due_ready")
        host.execute("CREATE TABLE due_ready (one)")
        host.execute("PRAGMA writable_schema = ON")
        host.execute("DELETE FROM sqlite_schema WHERE name = 'due_ready'")  # its page is nobody's now
    made = back_up(path, str(tmp_path / "copy.db"), progress=quiet)
    assert [(found.stream, found.position) for found in made.findings] == [("", 0)]
    assert not (tmp_path / "copy.db").exists()
