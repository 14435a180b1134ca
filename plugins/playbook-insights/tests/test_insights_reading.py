"""What is read by ADBC, at first and later, is what the store says row by row."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from playbook import MemoryStore, Projection, ReportContext, Source, SqliteStore, Store, StoreUnavailable
from playbook.model.organization import Organization
from playbook.stores import ColumnSource
from playbook.testing.batches import TENANT, batch
from playbook.testing.history import CaseHistory, by_rows
from playbook_insights import apart, reading

NUL = ("a\0b",)


def context(store: Store) -> ReportContext:
    def source(projection: Projection) -> Source | None:
        return store.source(TENANT, projection) if isinstance(store, ColumnSource) else None

    now = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    return ReportContext(lambda table: store.columns(TENANT, table), Organization(), {}, dt.UTC, now, source)


def read(store: Store) -> dict[str, dict[str, Any]]:
    """Return the cases of a frame by id, fields as values; each stands once."""
    frame = reading.cases(context(store), CaseHistory.fields)
    rows = {row.pop("case"): row for row in frame.iter_rows(named=True)}
    assert len(rows) == len(frame)
    return {
        case: {n: json.loads(v) if v and n.startswith("fields.") else v for n, v in row.items()}
        for case, row in rows.items()
    }


@pytest.fixture(autouse=True)
def few_are_read_by_the_driver_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playbook_insights.reading._MANY", 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "it's 100% #1?.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(str(path))
    yield opened
    opened.close()


@pytest.mark.parametrize("seed", range(4))
def test_every_frame_is_what_the_store_says_row_by_row(store: SqliteStore, seed: int) -> None:
    history = CaseHistory(store, seed, NUL)
    assert read(store) == {}
    for batches in (1, 60, 0, 1, 3, 40, 1):
        history.go_on(batches)
        assert read(store) == by_rows(store)


def test_a_store_that_no_driver_reads_gives_the_same_frames(store: SqliteStore) -> None:
    memory = MemoryStore()
    for kept in (store, memory):
        CaseHistory(kept, 7, NUL).go_on(50)
    assert read(memory) == read(store) == by_rows(memory)


def test_later_frames_read_what_changed_alone(store: SqliteStore) -> None:
    history = CaseHistory(store, 1)
    history.go_on(200)
    wanted = Projection("cases", ("case", "amount"))
    first = store.source(TENANT, wanted)
    assert first is not None
    assert first.whole
    for number in (1, 9):
        store.append([batch(history.write(number))])
    later = store.source(TENANT, replace(wanted, after=first.mark))
    assert later is not None
    assert (later.whole, len(later.parts)) == (False, 1)
    with sqlite3.connect(later.uri, uri=True) as connection:
        rows = connection.execute(later.parts[0]).fetchall()
    connection.close()
    assert [case for case, _ in rows] == ["c1"]  # the other is a record


def test_a_log_that_is_another_one_is_read_anew(path: Path) -> None:
    for seed in (1, 2):
        store = SqliteStore(str(path))
        CaseHistory(store, seed).go_on(30)
        assert read(store) == by_rows(store)
        store.close()
        for file in path.parent.iterdir():
            file.unlink()


def test_parts_hold_every_case_once(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playbook.stores.sqlite_columns._SMALLEST_PART", 7)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    CaseHistory(store, 5).go_on(100)
    source = store.source(TENANT, Projection("cases", ("case",), parts=4))
    assert source is not None
    assert len(source.parts) == 4
    assert read(store) == by_rows(store)


def test_parts_of_a_file_whose_rows_were_numbered_anew_are_not_read(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playbook.stores.sqlite_columns._SMALLEST_PART", 7)
    CaseHistory(store, 5).go_on(100)
    source = store.source(TENANT, Projection("cases", ("case",), parts=2))
    assert source is not None
    assert len(source.parts) == 2
    reader = apart.Reader()
    assert len(reader.read(source)) == len(by_rows(store))
    with sqlite3.connect(path) as other:
        other.execute("VACUUM")
    other.close()
    with pytest.raises(StoreUnavailable, match=r"cannot be read: .*; try again"):
        reader.read(source)
    reader._end()


def test_a_file_that_is_gone_is_told_in_one_line(store: SqliteStore) -> None:
    CaseHistory(store, 1).go_on(5)
    whole = context(store)

    def source(projection: Projection) -> Source | None:
        found = whole.source(projection)
        return found and replace(found, uri="file:/nowhere/at/all.db?mode=ro")

    with pytest.raises(StoreUnavailable, match=r"the cases cannot be read: .*try again"):
        reading.cases(replace(whole, source=source))


def test_what_the_store_commits_beside_a_report_stays_though_another_process_writes(
    store: SqliteStore, path: Path
) -> None:
    """A driver in this process would free the store's locks by closing the file, whoever took them."""
    CaseHistory(store, 1).go_on(5)
    beside = sqlite3.connect(path, isolation_level=None)
    beside.execute("BEGIN IMMEDIATE")
    beside.execute("CREATE TABLE ours (a)")
    assert read(store) == by_rows(store)
    other = "import sqlite3, sys; sqlite3.connect(sys.argv[1], 0.1).execute('BEGIN IMMEDIATE')"
    done = subprocess.run([sys.executable, "-c", other, path], capture_output=True, text=True, check=False)
    assert "locked" in done.stderr
    beside.execute("COMMIT")
    beside.close()


def test_a_reader_that_was_killed_is_started_again(store: SqliteStore) -> None:
    CaseHistory(store, 1).go_on(5)
    reader = apart.Reader()
    source = store.source(TENANT, Projection("cases", ("case",)))
    assert source is not None
    first = reader.read(source)
    assert reader._child is not None
    reader._child.kill()
    reader._child.wait()
    assert reader.read(source).equals(first)
    reader._end()
