from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from playbook.errors import InputError, StoreError
from playbook.stores.archive import TABLES
from playbook.stores.copying import copy
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore
from playbook.testing.batches import TENANT, batch, write
from playbook.testing.store_archive import fill, quiet, tables_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playbook.stores.archive import Row


class _Stopped(MemoryStore):
    """Takes so many writes of a copy, and then stops it."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.writes = writes

    def restore(self, table: str, rows: Sequence[Row], gone: Sequence[Row]) -> None:
        if not self.writes:
            raise KeyboardInterrupt
        self.writes -= 1
        super().restore(table, rows, gone)


@pytest.fixture
def source() -> MemoryStore:
    store = MemoryStore()
    fill(store)
    return store


def test_wherever_a_copy_is_stopped_it_goes_on_and_ends_the_same(source: MemoryStore) -> None:
    whole = copy(source, MemoryStore(), progress=quiet)
    for writes in range(len(TABLES)):
        target = _Stopped(writes)
        with pytest.raises(KeyboardInterrupt):
            copy(source, target, progress=quiet)
        assert target.tenants() == []
        there = sum(len(rows) for rows in tables_of(target).values())
        target.writes = -1
        assert copy(source, target, progress=quiet).written == whole.written - there
        assert tables_of(target) == tables_of(source)


def test_progress_tells_how_far_each_round_is(source: MemoryStore) -> None:
    told: list[tuple[str, int, int]] = []
    copied = copy(source, MemoryStore(), progress=lambda *step: told.append(step))
    rows = sum(copied.rows.values())
    assert list(dict.fromkeys(title for title, _, _ in told)) == [
        "Copying", "Comparing what was copied", "Proving events"
    ]  # fmt: skip
    for title, total in (("Copying", rows), ("Proving events", copied.rows["events"])):
        assert [step for step in told if step[0] == title][-1] == (title, total, total)


def test_who_writes_to_the_target_meanwhile_is_found_out(source: MemoryStore) -> None:
    class Disturbed(MemoryStore):
        def restore(self, table: str, rows: Sequence[Row], gone: Sequence[Row]) -> None:
            super().restore(table, rows, gone)
            if table == "streams":
                super().restore(table, [(*rows[0][:-1], b"disturbed")], [])

    with pytest.raises(StoreError, match=r"is not what the source has: row of streams \(tenant 'acme'"):
        copy(source, Disturbed(), progress=quiet)


def test_what_is_damaged_is_copied_as_it_is_and_told(tmp_path: Path) -> None:
    path = tmp_path / "source.db"
    with contextlib.closing(SqliteStore(str(path))) as damaged:
        damaged.append([batch(write("case:1", b"1", b"2"))])
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host:
            host.execute("UPDATE events SET actor = 'eve' WHERE version = 2")
        target = MemoryStore()
        copied = copy(damaged, target, progress=quiet)
        assert [(f.tenant, f.stream, f.version, f.position) for f in copied.findings] == [
            (TENANT, "case:1", 2, 2)
        ]
        assert tables_of(target) == tables_of(damaged)
        with (
            contextlib.closing(sqlite3.connect(path)) as host,
            pytest.raises(InputError, match="cannot be copied"),
        ):
            copy(damaged.bind(host), MemoryStore(), progress=quiet)
    with (
        contextlib.closing(SqliteStore(":memory:")) as without,
        pytest.raises(InputError, match="give the store a file"),
    ):
        copy(without, MemoryStore(), progress=quiet)
