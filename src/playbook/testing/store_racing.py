"""What a store promises to many who use it at once: threads of one process, and many processes where it is shared."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from playbook.stores.audit import audit
from playbook.stores.interface import DueRow, Receipt, Store, VersionConflict
from playbook.testing.batches import TENANT, batch, head_of, receipts_of, whole_log, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook.errors import KeyReused
    from playbook.stores.interface import StoredEvent, Write

_WORKERS = 4
_LEASE = 3_600_000_000


class RaceContract:
    """What a store promises to many threads."""

    def test_one_who_follows_the_log_misses_nothing(self, store: Store) -> None:
        """While threads write, a follower sees every event once, each stream in order of its versions."""
        done = threading.Event()
        with ThreadPoolExecutor(_WORKERS + 1) as pool:
            following = pool.submit(lambda: list(follow(store, done.is_set)))
            written = sum(pool.map(partial(_write_on, store, 25), range(_WORKERS)))
            done.set()
            seen = following.result()
        assert len(seen) == written == _WORKERS * 25 * 4
        assert seen == whole_log(store)
        assert [e.version for e in seen if e.stream == "shared"] == list(range(1, _WORKERS * 25 + 1))
        assert list(audit(store, TENANT)) == []

    def test_every_version_has_one_winner(self, store: Store) -> None:
        """Of threads that expect the same version one is told it was stored, all others of the conflict."""
        first = write("case:1", b"0")
        receipts_of(store.append([batch(first)]))
        head = head_of(first)
        for turn in range(20):
            start = threading.Barrier(_WORKERS)
            tried = [write("case:1", b"%d by %d" % (turn, n), after=head) for n in range(_WORKERS)]
            with ThreadPoolExecutor(_WORKERS) as pool:
                answers = list(pool.map(partial(_store_at, store, start), tried))
            won = [made for made, answer in zip(tried, answers, strict=True) if isinstance(answer, Receipt)]
            assert len(won) == 1, answers
            lost = [answer for answer in answers if not isinstance(answer, Receipt)]
            assert lost == [VersionConflict("case:1", turn + 1, turn + 2)] * (_WORKERS - 1)
            head = head_of(won[0])
            assert store.load(TENANT, ["case:1"]) == {"case:1": head}
        assert list(audit(store, TENANT)) == []

    def test_a_key_that_many_send_at_once_is_stored_once(self, store: Store) -> None:
        """All get the same answer, and all but one are told that it was a repetition."""
        for turn in range(10):
            start, made = (
                threading.Barrier(_WORKERS),
                [write(f"case:{turn}.{n}", b"1") for n in range(_WORKERS)],
            )
            with ThreadPoolExecutor(_WORKERS) as pool:
                asked = pool.map(lambda one: _store_at(store, start, one, key=f"k{turn}"), made)  # noqa: B023
                answers = receipts_of(list(asked))
            assert sorted(answer.repeated for answer in answers) == [False] + [True] * (_WORKERS - 1)
            assert {answer.position for answer in answers} == {whole_log(store)[-1].position}
        assert len(store.streams(TENANT)) == 10

    def test_of_two_that_each_read_what_the_other_writes_one_is_told(self, store: Store) -> None:
        """Nobody decides on what another changes at that moment, and a stream that is being made is there."""
        for turn in range(20):
            first = [write(f"case:{turn}.{n}", b"1") for n in range(2)]
            moved = [write(one.stream, b"2", after=head_of(one)) for one in first]
            for tried in (first, moved):
                start = threading.Barrier(2)
                with ThreadPoolExecutor(2) as pool:
                    answers = list(pool.map(partial(_decide_at, store, start), tried, reversed(tried)))
                for made, answer in zip(tried, answers, strict=True):
                    if isinstance(answer, VersionConflict):
                        receipts_of(store.append([batch(made)]))
                assert sorted(type(answer).__name__ for answer in answers) == ["Receipt", "VersionConflict"]

    def test_what_one_batch_stores_is_seen_together(self, store: Store) -> None:
        """Whoever loads streams that are always written together finds them at the same version."""
        names, done = [f"case:{n}" for n in range(8)], threading.Event()

        def work() -> None:
            heads = [write(name, b"0") for name in names]
            receipts_of(store.append([batch(*heads)]))
            for _ in range(60):
                heads = [
                    write(name, b"x", after=head_of(head)) for name, head in zip(names, heads, strict=True)
                ]
                receipts_of(store.append([batch(*heads)]))

        def watch() -> int:
            looks = 0
            while not done.is_set() or not looks:
                heads = store.load(TENANT, names)
                assert len({head.version for head in heads.values()}) < 2, heads
                assert len(heads) in (0, len(names))
                looks += 1
            return looks

        with ThreadPoolExecutor(2) as pool:
            watching = pool.submit(watch)
            try:
                work()
            finally:
                done.set()
            assert watching.result()


class ShareContract:
    """What a store promises to many processes; give the fixture `opener`, which other processes call.

    @pytest.fixture
    def opener(self, store, tmp_path):
        return functools.partial(MyStore, tmp_path / "store")  # the same store; it is pickled
    """

    def test_processes_write_while_one_follows(self, store: Store, opener: Callable[[], Store]) -> None:
        """Who follows in another process misses nothing; of one key sent by all, one is stored."""
        with _processes() as pool:
            working = [pool.submit(_write_as_process, opener, number) for number in range(_WORKERS)]
            seen = list(follow(store, lambda: all(work.done() for work in working)))
            written = [work.result() for work in working]
        assert seen == whole_log(store)
        assert len(seen) == sum(count for count, _ in written) + 1
        assert sorted(repeated for _, repeated in written) == [False] + [True] * (_WORKERS - 1)
        assert len([event for event in seen if event.stream.startswith("once:")]) == 1
        assert [e.version for e in seen if e.stream == "shared"] == list(range(1, _WORKERS * 15 + 1))
        assert list(audit(store, TENANT)) == []

    def test_processes_share_out_what_is_due(self, store: Store, opener: Callable[[], Store]) -> None:
        """None twice, none left; what one has finished is gone for all."""
        due = [batch(write(f"case:{n:02}", b"1", due=(DueRow("t", "q", n % 7),))) for n in range(60)]
        receipts_of(store.append(due))
        with _processes() as pool:
            taken = list(pool.map(partial(_work_off, opener), range(_WORKERS)))
        assert sorted(stream for mine in taken for stream in mine) == [f"case:{n:02}" for n in range(60)]
        assert store.claim("q", now=10**15, limit=9, lease=1, worker="w") == []


def follow(store: Store, done: Callable[[], bool]) -> Iterator[StoredEvent]:
    """Yield the events of the log as they come, until it is done and there are no more."""
    after: str | None = None
    while True:
        last = done()
        page = store.log(TENANT, after=after, limit=7)
        yield from page.items
        after = page.next or after
        if last and not page.items:
            return


def _store_at(
    store: Store, start: threading.Barrier, made: Write, key: str | None = None
) -> Receipt | VersionConflict | KeyReused:
    start.wait()
    return store.append([batch(made, key=key)])[0]


def _decide_at(
    store: Store, start: threading.Barrier, mine: Write, other: Write
) -> Receipt | VersionConflict | KeyReused:
    start.wait()
    return store.append([replace(batch(mine), reads=((other.stream, other.expected),))])[0]


def _write_on(store: Store, times: int, number: int) -> int:
    """Append own streams alone, and together with a shared one until no other was quicker; return how many events."""
    for n in range(times):
        own = write(f"case:{number}-{n}", b"1", b"2")
        receipts_of(store.append([batch(write(f"alone:{number}-{n}", b"1"))]))
        while True:
            shared = write("shared", b"s", after=store.load(TENANT, ["shared"]).get("shared"))
            if isinstance(store.append([batch(shared, own)])[0], Receipt):
                break
    return 4 * times


def _processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(_WORKERS, multiprocessing.get_context("spawn"))


def _write_as_process(opener: Callable[[], Store], number: int) -> tuple[int, bool]:
    store = opener()
    try:
        count = _write_on(store, 15, number)
        (once,) = receipts_of(store.append([batch(write(f"once:{number}", b"1"), key="once")]))
        return count, once.repeated
    finally:
        store.close()


def _work_off(opener: Callable[[], Store], number: int) -> list[str]:
    store, mine = opener(), list[str]()
    try:
        while taken := store.claim("q", now=10, limit=3, lease=_LEASE, worker=f"w{number}"):
            receipts_of(store.append([batch(done=(claim,)) for claim in taken]))
            mine += [claim.stream for claim in taken]
        return mine
    finally:
        store.close()
