"""Flat combining: of the threads that want to store at the same moment, one stores for all, in one transaction."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from playbook.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playbook.stores.interface import Batch
    from playbook.stores.sqlite_write import Answer

    Outcome = list[Answer] | StoreUnavailable

# seconds after which one who waits looks for itself, should its leader have been killed in mid-call
_PATIENCE = 1.0
_INTERRUPTED = (
    "the thread that stored this together with its own was interrupted; the key, or the history, tells whether"
    " it was kept"
)


class Combining:
    """Call `append`, which stores batches in one transaction, for one thread at a time.

    A thread that meets no other calls it with its own batches. Of those that meet one, the first to find the turn
    free leads: it stores what everyone brought who waits, itself among them, and then calls the one that has
    waited longest. So nobody leads for longer than its own batches need, and nobody waits for more than the
    transaction under way and the one after it.

    Those whose batches were kept go on when the next transaction has been written and is being kept: `append` says
    when that is. What they do then takes the time in which the disk is waited for; earlier it would hold up the one
    who leads, who needs Python's lock again after every statement.
    """

    def __init__(self, append: Callable[[Sequence[Batch], Callable[[], None]], list[Answer]]) -> None:
        self._append = append
        self._turn = threading.Lock()
        self._waiting: deque[_Caller] = deque()
        self._served: deque[_Caller] = deque()

    def append(self, batches: Sequence[Batch]) -> list[Answer]:
        """Store batches, perhaps with those of others; answers are in the order given.

        Raises what `append` raises for these batches, never for another's, and StoreUnavailable where the
        transaction they were in could not be kept.
        """
        if self._waiting or self._turn.locked():
            return self._wait(_Caller(batches))
        try:
            with self._turn:
                return self._append(batches, self._tell)
        finally:
            if self._waiting:
                self._call_next()

    def _wait(self, caller: _Caller) -> list[Answer]:
        """Wait until a leader has stored this caller's batches, or lead."""
        # Who ends a turn looks for callers after it. So one who queues first and then finds the turn taken
        # will be called: none is forgotten.
        try:
            self._waiting.append(caller)
            while caller.outcome is None:
                if self._turn.locked():
                    caller.sleep()
                else:
                    self._lead(caller)
        except BaseException:
            self._leave(caller)
            self._call_next()  # who leaves may have been called to lead
            raise
        if isinstance(caller.outcome, StoreUnavailable):
            raise caller.outcome
        return caller.outcome

    def _lead(self, leader: _Caller) -> None:
        """Store what everyone brought who waits, the leader among them, unless another did meanwhile."""
        try:
            with self._turn:
                group = self._group(leader)
                if len(group) > 1:
                    self._store(group)
                elif leader.outcome is None:
                    leader.outcome = self._append(leader.batches, self._tell)
                    self._leave(leader)
        finally:
            self._call_next()

    def _group(self, leader: _Caller) -> list[_Caller]:
        # signals strike in the main thread: Ctrl-C there must leave everyone else's batches alone
        if (
            leader.alone
            or leader.outcome is not None
            or threading.current_thread() is threading.main_thread()
        ):
            return [leader]
        return [caller for caller in self._waiting.copy() if not caller.alone]

    def _store(self, group: list[_Caller]) -> None:
        """Store what a group brought and tell each how it went; nobody is told before all is kept."""
        outcomes: list[Outcome] = [StoreUnavailable(_INTERRUPTED) for _ in group]
        try:
            brought = [batch for caller in group for batch in caller.batches]
            answers = iter(self._append(brought, self._tell))
            outcomes = [list(islice(answers, len(caller.batches))) for caller in group]
        except StoreUnavailable as error:
            outcomes = [StoreUnavailable(str(error)) for _ in group]
        except Exception:  # noqa: BLE001 - whose it is shows when each stores its own
            outcomes = []
            for caller in group:
                caller.alone = True
        finally:
            for caller, outcome in zip(group, outcomes, strict=False):
                caller.outcome = outcome
                self._leave(caller)
                self._served.append(caller)

    def _leave(self, caller: _Caller) -> None:
        with suppress(ValueError):  # one that was interrupted has left already
            self._waiting.remove(caller)

    def _call_next(self) -> None:
        try:
            self._waiting[0].wake()
        except IndexError:  # nobody waits: no other transaction follows
            self._tell()

    def _tell(self) -> None:
        """Wake those whose batches were stored."""
        for caller in self._served.copy():
            caller.wake()
            with suppress(ValueError):  # another told it too
                self._served.remove(caller)


class _Caller:
    """Hold the batches of a thread that waits, and how it went with them; `alone`, they share no transaction."""

    __slots__ = ("_gate", "alone", "batches", "outcome")

    def __init__(self, batches: Sequence[Batch]) -> None:
        self.batches = batches
        self.alone = False
        self.outcome: Outcome | None = None
        self._gate: SimpleQueue[None] = SimpleQueue()

    def sleep(self) -> None:
        """Wait to be woken; that it was is no promise of anything."""
        with suppress(Empty):
            self._gate.get(timeout=_PATIENCE)

    def wake(self) -> None:
        """End the sleep, or the next one."""
        self._gate.put(None)
