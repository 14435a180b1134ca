"""Claims: what is decided by looking at other cases is written down, so that of two who look at once one looks again.

Two cases that pass `unique` with the same values, or get the next in turn, meet in one stream: the store takes
one, and the other is decided anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.engine.streams import chained, not_before
from playbook.model.events import Assigned, Claimed, Opened
from playbook.model.values import encode
from playbook.process.alike import UNIQUE, question_of
from playbook.process.assignment import LOAD
from playbook.stores.interface import Write

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from playbook.model.events import CaseEvent
    from playbook.stores.interface import Snapshot, Store

FOLD = 1


class Claims:
    """Hold the claims of one unit of work: the streams as they were before anything was looked at."""

    __slots__ = ("_heads", "_store", "_taken", "_tenant")

    def __init__(self, store: Store, tenant: str) -> None:
        self._store = store
        self._tenant = tenant
        self._heads: dict[str, Snapshot | None] = {}
        self._taken: dict[str, tuple[Claimed, str]] = {}

    def look(self, facts: Iterable[str]) -> None:
        """Read the streams that facts may lead to claim, before the facts are."""
        names = [name for fact in facts if (name := stream_of(fact)) not in self._heads]
        if names:
            heads = self._store.load(self._tenant, names)
            self._heads |= {name: heads.get(name) for name in names}

    def take(self, case: str, facts: Iterable[str], events: Iterable[CaseEvent], actor: str) -> None:
        """Claim for a case what was decided by facts: its values, and the turn of whom it went to."""
        owners = {event.owner for event in events if isinstance(event, (Opened, Assigned))}
        for fact in facts:
            if fact.startswith(UNIQUE) or fact.removeprefix(LOAD) in owners:
                self._taken[stream_of(fact)] = Claimed(case), actor

    def writes(self, now: dt.datetime) -> tuple[Write, ...]:
        """Return the writes of what was claimed."""
        return tuple(self._write(name, *taken, now) for name, taken in self._taken.items())

    def _write(self, stream: str, event: Claimed, actor: str, now: dt.datetime) -> Write:
        head = self._heads[stream]
        at = not_before(self._store, self._tenant, stream, head, now)
        made = chained(self._tenant, stream, head, [(event, at, actor)], now)
        return Write(stream, 0 if head is None else head.version, made, encode(event), FOLD)


def claimable(facts: Iterable[str]) -> list[str]:
    """Return those of some facts that lead to claims."""
    return [fact for fact in facts if fact.startswith((UNIQUE, LOAD))]


def stream_of(fact: str) -> str:
    """Return the stream that is claimed by whoever decides on a fact."""
    if fact.startswith(LOAD):
        return f"claim:turn:{fact.removeprefix(LOAD)}"
    return f"claim:{question_of(fact).mark}"
