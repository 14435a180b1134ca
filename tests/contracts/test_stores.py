from __future__ import annotations

import contextlib
import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.contracts import first_version

from playbook.errors import ForeignStore, KeyReused
from playbook.stores.interface import (
    GENESIS,
    Batch,
    Claim,
    DueRow,
    Query,
    Snapshot,
)
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore
from playbook.testing.batches import TENANT, batch, case, write
from playbook.testing.stores import ArchiveContract, HostContract, ShareContract, StoreContract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playbook.stores.interface import Store


class TestMemory(StoreContract, ArchiveContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()

    @pytest.fixture
    def reopen(self, store: Store) -> Callable[[], Store]:
        return lambda: store


class TestSqlite(StoreContract, ArchiveContract, ShareContract, HostContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = SqliteStore(str(tmp_path / "store.db"))
        yield store
        store.close()

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Iterator[Callable[[], Store]]:
        opened: list[SqliteStore] = []

        def again() -> Store:
            opened.append(SqliteStore(str(tmp_path / "store.db")))
            return opened[-1]

        yield again
        for store in opened:
            store.close()

    @pytest.fixture
    def opener(self, store: Store, tmp_path: Path) -> Callable[[], Store]:
        return partial(SqliteStore, str(tmp_path / "store.db"))

    @pytest.fixture
    def host(self, store: Store, tmp_path: Path) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(tmp_path / "store.db")
        connection.row_factory = sqlite3.Row
        connection.execute("CREATE TABLE invoices (number TEXT)")
        yield connection
        connection.close()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "store.db")


@pytest.fixture
def sqlite(path: str) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


def test_binding_needs_a_file_that_has_a_store(sqlite: SqliteStore, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        with pytest.raises(ForeignStore, match="make it once"):
            sqlite.bind(other)
        other.execute("CREATE TABLE invoices (number TEXT)")
        with pytest.raises(ForeignStore, match="another program"):
            sqlite.bind(other)


def test_a_file_of_the_first_version_keeps_everything(path: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.executescript(first_version.SQLITE.read_text(encoding="utf-8"))
        (token,) = old.execute("SELECT token FROM due WHERE token IS NOT NULL").fetchone()
        assert old.execute("PRAGMA user_version").fetchone() == (1,)
    with contextlib.closing(SqliteStore(path)) as store:
        first_version.check(store, token)
    with contextlib.closing(SqliteStore(path)) as again:
        assert again.integrity() == []
        assert again.receipt(TENANT, "next")


_STREAMS = st.sampled_from(["case:1", "case:2", "case:3"])
_DUE = st.none() | st.lists(
    st.builds(DueRow, st.sampled_from("ab"), st.just("q"), st.integers(0, 5)),
    max_size=2,
    unique_by=lambda d: d.id,
).map(tuple)
_CHANGES = st.fixed_dictionaries(
    {
        "stage": st.sampled_from(["new", "won"]),
        "owner": st.sampled_from(["ann", "bob"]),
        "closed": st.sampled_from([None, 7]),
        "amount": st.sampled_from([None, 5, 2**62]),
    }
)
_WRITES = st.lists(
    st.tuples(_STREAMS, st.integers(-1, 1), st.integers(0, 2), _CHANGES, _DUE), min_size=1, max_size=2
)
_STEPS = st.one_of(
    st.tuples(
        st.just("append"), st.lists(st.tuples(_WRITES, st.sampled_from([None, "k1", "k2"])), max_size=4)
    ),
    st.tuples(
        st.just("claim"), st.tuples(st.integers(0, 9), st.sampled_from([0, 10**12]), st.sampled_from("vw"))
    ),
    st.tuples(st.just("release"), st.none() | st.integers(0, 9)),
    st.tuples(st.just("finish"), st.just(0)),
)


class _Twin:
    """Does the same to both stores; tokens differ, so claims are kept in pairs."""

    def __init__(self, path: str) -> None:
        self.stores: tuple[Store, Store] = (MemoryStore(), SqliteStore(path))
        self.claims: list[tuple[Claim, Claim]] = []

    def both(self, ask: Callable[[Store], Any]) -> Any:
        memory, sqlite = map(ask, self.stores)
        assert _comparable(memory) == _comparable(sqlite)
        return memory

    def do(self, step: tuple[str, Any]) -> None:
        name, value = step
        if name == "append":
            batches = [self._batch(writes, key) for writes, key in value]
            self.both(lambda store: store.append(batches))
        elif name == "claim":
            now, lease, worker = value
            found = [
                list(store.claim("q", now=now, limit=2, lease=lease, worker=worker)) for store in self.stores
            ]
            assert _comparable(found[0]) == _comparable(found[1])
            self.claims += zip(*found, strict=True)
        elif self.claims:
            pair = dict(zip(self.stores, self.claims.pop(), strict=True))
            if name == "release":
                self.both(lambda store: store.release(pair[store], retry_at=value, error="e"))
            else:
                self.both(lambda store: store.append([batch(done=(pair[store],))]))

    def _batch(self, writes: list[Any], key: str | None) -> Batch:
        made = []
        for stream, off, count, changes, due in writes:
            head = self.stores[0].load(TENANT, [stream]).get(stream) or Snapshot(0, GENESIS, 1, b"")
            head = replace(head, version=max(0, head.version + off * (off == 1)))
            row = case(stream[5:], **changes)
            made.append(write(stream, *[b"x"] * (count or head.version == 0), after=head, index=row, due=due))
        return batch(*made, key=key, fingerprint=str(len(writes)).encode())


def _comparable(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_comparable(item) for item in answer]
    if isinstance(answer, Claim):
        return replace(answer, token="")
    return (KeyReused, answer.key) if isinstance(answer, KeyReused) else answer


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(_STEPS, max_size=12))
def test_sqlite_does_what_memory_does(steps: list[tuple[str, Any]]) -> None:
    twin = _Twin(":memory:")
    for step in steps:
        twin.do(step)
    queries = (Query(), Query(owner="ann"), Query(stage="won", status="open"))
    twin.both(lambda store: [store.find(TENANT, query, limit=9) for query in queries])
    twin.both(lambda store: [list(store.tally(TENANT, query, ["stage", "status"])) for query in queries])
    names = twin.both(lambda store: list(store.streams(TENANT)))
    twin.both(lambda store: store.load(TENANT, names))
    twin.both(lambda store: store.log(TENANT, after=None, limit=999))
    twin.both(lambda store: [store.receipt(TENANT, key) for key in ("k1", "k2")])
    twin.both(lambda store: list(store.claim("q", now=99, limit=99, lease=1, worker="w")))
    twin.stores[1].close()
