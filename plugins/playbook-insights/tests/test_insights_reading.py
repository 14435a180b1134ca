"""What is read by ADBC, at first and later, is what the store says row by row."""

from __future__ import annotations

import datetime as dt
import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from playbook import MemoryStore, Projection, ReportContext, Source, SqliteStore, Store, StoreUnavailable
from playbook.model.organization import Organization
from playbook.stores import IndexRow, Snapshot
from playbook.testing.batches import TENANT, batch, head_of, random_case, write
from playbook_insights import reading

TEXTS = ("Löwe", "שלום", "😀\U0010ffff", "a\0b", "it's", '"\\', "", " ", "x" * 5000)
FIELDS = ("product", "seats", "nothing", "größe")


class History:
    """Write random changes of random cases to a store, and remember heads."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.rng = random.Random(seed)
        self.heads: dict[tuple[str, str], Snapshot] = {}

    def go_on(self, batches: int) -> None:
        for _ in range(batches):
            tenant = self.rng.choice((TENANT, TENANT, TENANT, "other's"))
            numbers = self.rng.sample(range(60), self.rng.randrange(1, 4))
            writes = [self.write(tenant, number) for number in numbers]
            self.store.append([batch(*writes, tenant=tenant)])

    def write(self, tenant: str, number: int) -> Any:
        record = number % 10 == 9
        stream = f"record:account:{number}" if record else f"case:c{number}"
        row = msgspec.structs.replace(
            self.row(number), case=stream if record else f"c{number}",
            **({"playbook": "record:account"} if record else {}),
        )  # fmt: skip
        made = write(
            stream, self.rng.randbytes(4), after=self.heads.get((tenant, stream)), tenant=tenant, index=row
        )
        self.heads[tenant, stream] = head_of(made)
        return made

    def row(self, number: int) -> IndexRow:
        rng = self.rng
        values = (rng.choice(TEXTS), rng.randrange(10**6), 1.5, None, True, ["a", "b"], {"amount": "1.00"})
        fields = {name: rng.choice(values) for name in rng.sample(FIELDS, rng.randrange(4))}
        opened = rng.randrange(-(10**15), 2 * 10**15)
        return msgspec.structs.replace(
            random_case(number, rng), owner=rng.choice(TEXTS), stage=rng.choice(TEXTS), opened=opened,
            closed=rng.choice((None, opened + 1)), expected_close=rng.choice((None, "2026-03-01")),
            probability=rng.choice((None, "0.25")), fields=msgspec.json.encode(fields),
        )  # fmt: skip


def context(store: Store) -> ReportContext:
    def source(projection: Projection) -> Source | None:
        return store.source(TENANT, projection) if isinstance(store, SqliteStore) else None

    now = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    return ReportContext(lambda table: store.columns(TENANT, table), Organization(), {}, dt.UTC, now, source)


def read(store: Store, fields: Sequence[str] = FIELDS) -> dict[str, tuple[Any, ...]]:
    """Return the cases of a frame by id, fields as values; each stands once."""
    frame = reading.cases(context(store), tuple(fields))
    found = {}
    for row in frame.iter_rows(named=True):
        values = [
            json.loads(v) if n.startswith("fields.") and v else v for n, v in row.items() if n != "case"
        ]
        found[row["case"]] = tuple(None if value == "" else value for value in values)
    assert len(found) == len(frame)
    return found


def by_rows(store: Store) -> dict[str, tuple[Any, ...]]:
    """Return the cases as the store tells them row by row."""
    found = {}
    for chunk in store.columns(TENANT, "cases"):
        for values in zip(*chunk.values(), strict=True):
            row = dict(zip(chunk, values, strict=True))
            fields = json.loads(row["fields"])
            names = (
                "playbook",
                "stage",
                "outcome",
                "owner",
                "team",
                "currency",
                "probability",
                "expected_close",
            )
            texts = [row[name] or None for name in names]
            given = [None if fields.get(name) == "" else fields.get(name) for name in FIELDS]
            found[row["case"]] = (*texts, *given, row["amount"], row["opened"], row["closed"])
    return found


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
    history = History(store, seed)
    assert read(store) == {}
    for batches in (1, 60, 0, 1, 3, 40, 1):
        history.go_on(batches)
        assert read(store) == by_rows(store)


def test_a_store_that_no_driver_reads_gives_the_same_frames(store: SqliteStore) -> None:
    memory = MemoryStore()
    for kept in (store, memory):
        History(kept, 7).go_on(50)
    assert read(memory) == read(store) == by_rows(memory)


def test_later_frames_read_what_changed_alone(store: SqliteStore) -> None:
    history = History(store, 1)
    history.go_on(200)
    read(store)
    wanted = Projection("cases", ("case", "amount"))
    first = store.source(TENANT, wanted)
    assert first is not None
    assert first.whole
    for number in (1, 9):
        store.append([batch(history.write(TENANT, number))])
    later = store.source(TENANT, msgspec.structs.replace(wanted, after=first.mark))
    assert later is not None
    assert (later.whole, len(later.parts)) == (False, 1)
    rows = sqlite3.connect(later.uri, uri=True).execute(later.parts[0]).fetchall()
    assert [case for case, _ in rows] == ["c1"]  # the other is a record


def test_a_log_that_is_another_one_is_read_anew(path: Path) -> None:
    for seed in (1, 2):
        store = SqliteStore(str(path))
        History(store, seed).go_on(30)
        assert read(store) == by_rows(store)
        store.close()
        for file in path.parent.iterdir():
            file.unlink()


def test_parts_hold_every_case_once(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playbook.stores.sqlite_columns._SMALLEST_PART", 7)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    History(store, 5).go_on(100)
    source = store.source(TENANT, Projection("cases", ("case",), parts=4))
    assert source is not None
    assert len(source.parts) == 4
    assert read(store) == by_rows(store)


def test_a_file_that_is_gone_is_told_in_one_line(store: SqliteStore) -> None:
    History(store, 1).go_on(5)
    whole = context(store)

    def source(projection: Projection) -> Source | None:
        found = whole.source(projection)
        return found and msgspec.structs.replace(found, uri="file:/nowhere/at/all.db?mode=ro")

    with pytest.raises(StoreUnavailable, match=r"the cases cannot be read: .*try again"):
        reading.cases(msgspec.structs.replace(whole, source=source))
