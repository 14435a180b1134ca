"""What a store promises a program that goes on after Ctrl-C, a notebook say: whole batches, and nothing held."""

from __future__ import annotations

import gc
import itertools
import random
import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import pytest

from playbook.stores.audit import audit
from playbook.stores.interface import Query, Receipt
from playbook.testing.batches import TENANT, batch, full_batch, receipts_of, write
from playbook.testing.strikes import moments, promptly, strike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playbook.stores.interface import Batch, Claim, Store

T = TypeVar("T")

_LOOKS = 100
_PAUSE = 0.01
_ASKED: dict[str, Callable[[Store], object]] = {
    "load": lambda store: store.load(TENANT, ["case:1", "case:2"]),
    "find": lambda store: store.find(TENANT, Query(), limit=9),
    "tally": lambda store: store.tally(TENANT, Query(), ["stage"]),
    "events": lambda store: list(store.events(TENANT, "case:1")),
    "log": lambda store: store.log(TENANT, after=None, limit=9),
    "receipt": lambda store: store.receipt(TENANT, "k1.0"),
    "columns": lambda store: list(store.columns(TENANT, "cases")),
    "a key that came before": lambda store: store.append(_given()[:1]),
    "keys that came before": lambda store: store.append(_given()),
    "a conflict": lambda store: store.append([batch(write("case:1", b"1"))]),
    "conflicts": lambda store: store.append([batch(write(f"case:{n}", b"1")) for n in "12"]),
}


def _given() -> list[Batch]:
    chance = random.Random(7)
    return [full_batch(name, chance) for name in "123"]


# what was opened, and struck before it had a name, only Python closes, which newer ones tell of
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
class StrikeContract:
    """What a store promises a program that goes on after Ctrl-C, at whatever moment it struck."""

    @pytest.fixture(autouse=True)
    def _collected(self) -> Iterator[None]:
        """Let Python close here what it closes."""
        yield
        gc.collect()

    @pytest.mark.parametrize("count", [1, 3])
    def test_ctrl_c_leaves_whole_batches_or_none(
        self, store: Store, reopen: Callable[[], Store], count: int
    ) -> None:
        """What was being appended is there or not; given again with its keys it is there once, and all goes on."""
        other, names, chance = reopen(), itertools.count(1), random.Random(7)
        for at in moments():
            given = [full_batch(str(next(names)), chance) for _ in range(count)]
            struck = strike(at, partial(store.append, given))
            there = [_is_there(other, one) for one in given]
            assert struck or all(there)
            _goes_on(store, other, at)
            again = receipts_of(promptly(partial(store.append, given)))
            # what was under way may still have come
            assert all(receipt.repeated or not was for receipt, was in zip(again, there, strict=True))
            assert all(_is_there(store, one) for one in given)
            if not struck:
                break
        assert at > 1
        assert store.tally(TENANT, Query(), [])[0].count == next(names) - 1
        assert list(audit(store, TENANT)) == []

    @pytest.mark.parametrize("asked", _ASKED)
    def test_ctrl_c_in_a_question_holds_up_nobody(
        self, store: Store, reopen: Callable[[], Store], asked: str
    ) -> None:
        """It is answered as before when it is asked again, and whoever writes goes on."""
        other = reopen()
        store.append(_given())
        answer = _ASKED[asked](store)
        for at in moments():
            struck = strike(at, partial(_ASKED[asked], store))
            assert promptly(partial(_ASKED[asked], store)) == answer
            _goes_on(store, other, at, tenant="other")
            if not struck:
                break

    def test_ctrl_c_while_work_is_taken_and_given_back_loses_none(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """What was being taken is taken by the next once its lease has ended, and what was erased is erased."""
        other, chance = reopen(), random.Random(7)
        for at in moments():
            one = full_batch(str(at), chance)
            store.append([one])
            take = partial(store.claim, f"timer {at}", now=9, limit=9, lease=0, worker="w")
            struck = [strike(at, take)]
            (claim,) = _soon(partial(other.claim, f"timer {at}", now=9, limit=9, lease=0, worker="v"))
            struck.append(strike(at, partial(store.release, claim, retry_at=9, error="struck")))
            struck.append(strike(at, partial(store.erase, TENANT, "ann")))
            promptly(partial(other.erase, TENANT, "ann"))
            assert set(store.vault(TENANT, [row.ref for row in one.vault]).values()) == {None}
            _finish(store, take)
            if not any(struck):
                break


def _finish(store: Store, take: Callable[[], Sequence[Claim]]) -> None:
    """Take a timer and do its work, again where what was under way when Ctrl-C struck took it meanwhile."""
    for _ in range(_LOOKS):
        (claim,) = _soon(take)
        (answer,) = promptly(partial(store.append, [batch(done=(claim,))]))
        if isinstance(answer, Receipt):
            return
    raise AssertionError("what was taken is taken away again and again")


def _soon(ask: Callable[[], Sequence[T]]) -> Sequence[T]:
    """Return what is found, perhaps not at once: what was under way when Ctrl-C struck may still come."""
    for _ in range(_LOOKS):
        if found := promptly(ask):
            return found
        time.sleep(_PAUSE)
    raise AssertionError("what was taken did not come back")


def _is_there(store: Store, one: Batch) -> bool:
    """Return whether all of a batch is there; fails where some of it is, and the rest does not come."""
    found = _parts(store, one)
    for _ in range(_LOOKS):
        if len(set(found.values())) == 1:
            break
        time.sleep(_PAUSE)
        found = _parts(store, one)
    assert len(set(found.values())) == 1, found
    return found["head"]


def _parts(store: Store, one: Batch) -> dict[str, bool]:
    """Return which parts of a batch are there; they are looked at one after the other."""
    (new,), (personal,) = one.writes, one.vault
    assert new.index is not None
    assert one.key is not None
    events = [event.data for event in store.events(TENANT, new.stream)]
    return {
        "head": new.stream in store.load(TENANT, [new.stream]),
        "receipt": store.receipt(TENANT, one.key) is not None,
        "events": events == [event.data for event in new.events],
        "no event": bool(events),
        "row": new.index in store.find(TENANT, Query(prefix=new.index.case), limit=9999).items,
        "document": store.document(TENANT, one.key) is not None,
        "value": store.vault(TENANT, [personal.ref])[personal.ref] is not None,
        "due": bool(store.claim(f"timer {new.stream[5:]}", now=9, limit=9, lease=0, worker="w")),
    }


def _goes_on(store: Store, other: Store, at: int, tenant: str = TENANT) -> None:
    """Append with the store and with another on the same data."""
    for n, each in enumerate((store, other)):
        beside = batch(write(f"case:beside {at} {n}", b"1", tenant=tenant), tenant=tenant)
        receipts_of(promptly(partial(each.append, [beside])))
