"""Threads that store at the same moment share a transaction, and nothing else."""

from __future__ import annotations

import contextlib
import itertools
import random
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from playbook.errors import InputError, KeyReused, StoreUnavailable
from playbook.stores import combining
from playbook.stores.audit import audit
from playbook.stores.combining import Combining
from playbook.stores.interface import Receipt, VersionConflict
from playbook.stores.sqlite import SqliteStore
from playbook.testing.batches import TENANT, batch, case, receipts_of, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from playbook.stores.interface import Batch
    from playbook.stores.sqlite_write import Answer

    Told = list[Future[list[Answer]]]


# seconds within which everybody has an answer, long before one who was forgotten would look for himself
_SOON, _PATIENCE = 20, 60.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combining, "_PATIENCE", _PATIENCE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with contextlib.closing(SqliteStore(str(tmp_path / "store.db"))) as store:
        yield store


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


@pytest.fixture
def interrupted() -> Iterator[Callable[[float], contextlib.AbstractContextManager[None]]]:
    """Return what strikes the main thread with Ctrl-C after some seconds, unless the block ends before."""

    @contextlib.contextmanager
    def after(seconds: float) -> Iterator[None]:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield after
    signal.signal(signal.SIGALRM, before)


def keyed(key: str) -> Batch:
    return batch(write(f"case:{key}", b"1"), key=key)


def come(stored: Combining, pool: ThreadPoolExecutor, brought: Sequence[Sequence[Batch]]) -> Told:
    """Let threads come while another has the turn, in this order; return when all of them wait."""
    told = []
    for batches in brought:
        before = len(stored._waiting)
        told.append(pool.submit(stored.append, batches))
        while len(stored._waiting) == before:
            pass
    return told


@contextlib.contextmanager
def meeting(store: SqliteStore, pool: ThreadPoolExecutor, *brought: Sequence[Batch]) -> Iterator[Told]:
    """Let a thread come that has the turn for as long as the block, and others meanwhile; yield what all are told."""
    stored = store._combining
    with store._lock:
        told = [pool.submit(stored.append, [keyed("first")])]
        while not stored._turn.locked():
            pass
        told += come(stored, pool, brought)
        yield told


def commits(store: SqliteStore) -> list[None]:
    """Return a list that will have one item for each transaction that is kept."""
    seen: list[None] = []
    store._cursor.connection.set_trace_callback(lambda sql: seen.append(None) if sql == "COMMIT" else None)
    return seen


def test_all_who_wait_are_stored_in_one_transaction_in_order(
    store: SqliteStore, pool: ThreadPoolExecutor
) -> None:
    kept = commits(store)
    brought = [[keyed(f"k{n}") for n in range(first, first + 3)] for first in range(0, 18, 3)]
    with meeting(store, pool, *brought) as told:
        assert not any(one.done() for one in told)
    receipts = [receipts_of(one.result(_SOON)) for one in told]
    assert len(kept) == 2
    assert [[receipt.key for receipt in mine] for mine in receipts] == [
        ["first"],
        *([each.key for each in batches] for batches in brought),
    ]
    assert [receipt.position for mine in receipts for receipt in mine] == list(range(1, 20))
    assert list(audit(store, TENANT)) == []


def test_each_is_answered_for_what_it_brought(store: SqliteStore, pool: ThreadPoolExecutor) -> None:
    store.append([keyed("old")])
    kept = commits(store)
    late, reused = write("case:first", b"2"), batch(write("case:2", b"1"), key="old", fingerprint=b"other")
    again = batch(write("case:3", b"1"), key="old")
    with meeting(
        store, pool, [keyed("1")], [batch(late)], [reused], [again, keyed("4")], [keyed("1")]
    ) as told:
        pass
    first, one, conflict, other, two, twice = (future.result(_SOON) for future in told)
    assert len(kept) == 2
    assert [receipt.position for receipt in receipts_of([*first, *one, two[1]])] == [2, 3, 4]
    assert conflict == [VersionConflict("case:first", 0, 1)]
    assert isinstance(other[0], KeyReused)
    assert two[0] == Receipt("old", b"print", b"answer", 1, repeated=True)
    assert twice == [Receipt("1", b"print", b"answer", 3, repeated=True)]
    assert list(store.streams(TENANT)) == ["case:1", "case:4", "case:first", "case:old"]
    assert list(audit(store, TENANT)) == []


def test_what_cannot_be_stored_is_told_to_the_one_who_brought_it(
    store: SqliteStore, pool: ThreadPoolExecutor
) -> None:
    unfit = batch(write("case:0", b"1", index=case("c0", name="\ud800")))
    strange = batch(write("case:0", b"1", index=case("c0", opened="yesterday")))
    with meeting(store, pool, [keyed("1")], [unfit], [keyed("2")], [strange], [keyed("3")]) as told:
        pass
    first, one, bad, two, worse, three = told
    assert [len(receipts_of(good.result(_SOON))) for good in (first, one, two, three)] == [1] * 4
    for wrong in (bad, worse):
        with pytest.raises(InputError, match="cannot be stored"):
            wrong.result(_SOON)
    assert list(store.streams(TENANT)) == ["case:1", "case:2", "case:3", "case:first"]


def test_nobody_is_told_of_success_where_the_transaction_cannot_be_kept(
    store: SqliteStore, pool: ThreadPoolExecutor
) -> None:
    store._cursor.execute("PRAGMA max_page_count = 45")
    small = [[keyed(f"k{n}")] for n in range(4)]
    with meeting(store, pool, *small, [batch(write("case:large", b"x" * 900_000))]) as told:
        pass
    receipts_of(told[0].result(_SOON))
    for one in told[1:]:
        with pytest.raises(StoreUnavailable, match="the disk is full"):
            one.result(_SOON)
    assert list(store.streams(TENANT)) == ["case:first"]
    receipts_of(store.append(small[0]))


def test_a_leader_that_is_ended_from_outside_leaves_nobody_waiting(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(combining, "_PATIENCE", 0.01)  # nobody calls when the block below ends
    ended: list[int] = []

    def append(batches: Sequence[Batch], written: Callable[[], None]) -> list[Answer]:
        if len(batches) > 1 and not ended:
            ended.append(len(batches))
            raise SystemExit
        return [Receipt(each.key, each.fingerprint, each.answer, 0) for each in batches]

    stored = Combining(append)
    with stored._turn:
        told = come(stored, pool, [[keyed("1")], [keyed("2")], [keyed("3")]])
    raised = [type(one.exception(_SOON)) for one in told]
    assert ended == [3]
    assert raised.count(SystemExit) == 1
    assert raised.count(StoreUnavailable) == 2
    assert receipts_of(stored.append([keyed("4")]))


def test_the_main_thread_which_signals_strike_leads_nobody_elses(pool: ThreadPoolExecutor) -> None:
    main = threading.current_thread()

    def append(batches: Sequence[Batch], written: Callable[[], None]) -> list[Answer]:
        if threading.current_thread() is main:
            raise KeyboardInterrupt
        while batches[0].key == "first" and len(stored._waiting) < 4:
            pass
        return [Receipt(each.key, each.fingerprint, each.answer, 0) for each in batches]

    def after_main(key: str) -> list[Answer]:
        while not stored._waiting:
            pass
        return stored.append([keyed(key)])

    stored = Combining(append)
    told = [pool.submit(stored.append, [keyed("first")])]
    while not stored._turn.locked():
        pass
    told += [pool.submit(after_main, key) for key in "123"]
    with pytest.raises(KeyboardInterrupt):
        stored.append([keyed("mine")])
    assert [len(receipts_of(one.result(_SOON))) for one in told] == [1] * 4


def test_who_was_served_goes_on_while_the_next_are_kept(pool: ThreadPoolExecutor) -> None:
    seen: list[tuple[int, bool, bool]] = []
    told: Told = []

    def append(batches: Sequence[Batch], written: Callable[[], None]) -> list[Answer]:
        if batches[0].key == "1":  # two more come while these are stored
            told.extend(come(stored, pool, [[keyed("3")], [keyed("4")]]))
        before = told[1].done()
        written()
        if batches[0].key == "3":
            told[0].result(_SOON)
            told[1].result(_SOON)
        seen.append((len(batches), before, told[1].done()))
        return [Receipt(each.key, each.fingerprint, each.answer, 0) for each in batches]

    stored = Combining(append)
    with stored._turn:
        told += come(stored, pool, [[keyed("1")], [keyed("2")]])
    stored._call_next()
    assert [len(receipts_of(one.result(_SOON))) for one in told] == [1] * 4
    assert seen == [(2, False, False), (2, False, True)]


def test_one_who_is_not_called_looks_for_himself(
    store: SqliteStore, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(combining, "_PATIENCE", 0.01)
    with store._combining._turn:  # and nobody calls when this ends
        told = come(store._combining, pool, [[keyed("1")], [keyed("2")]])
    assert [len(receipts_of(one.result(_SOON))) for one in told] == [1, 1]


def test_one_who_is_interrupted_while_waiting_stores_nothing_and_holds_up_nobody(
    store: SqliteStore,
    pool: ThreadPoolExecutor,
    interrupted: Callable[[float], contextlib.AbstractContextManager[None]],
) -> None:
    with (
        meeting(store, pool, [keyed("1")]) as told,
        pytest.raises(KeyboardInterrupt),
        interrupted(0.02),
    ):
        store.append([keyed("mine")])
    assert [len(receipts_of(one.result(_SOON))) for one in told] == [1, 1]
    assert list(store.streams(TENANT)) == ["case:1", "case:first"]


def test_ctrl_c_at_any_moment_leaves_everyone_elses_batches_alone(
    store: SqliteStore,
    pool: ThreadPoolExecutor,
    interrupted: Callable[[float], contextlib.AbstractContextManager[None]],
) -> None:
    chance, done = random.Random(3), threading.Event()

    def others(name: int) -> int:
        for number in itertools.count():
            receipts_of(store.append([keyed(f"{name}-{number}")]))
            if done.is_set():
                return number + 1
        raise AssertionError

    told = [pool.submit(others, name) for name in range(3)]
    mine = 0
    for strike in range(150):
        with contextlib.suppress(KeyboardInterrupt), interrupted(chance.uniform(0.0001, 0.003)):
            for number in itertools.count():
                receipts_of(store.append([keyed(f"mine-{strike}-{number}")]))
                mine += 1
    done.set()
    theirs = sum(one.result(_SOON) for one in told)
    stored = [stream.startswith("case:mine") for stream in store.streams(TENANT, limit=10**9)]
    assert stored.count(False) == theirs
    assert mine <= stored.count(True) <= mine + 150
    assert list(audit(store, TENANT)) == []
