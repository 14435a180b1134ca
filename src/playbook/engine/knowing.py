"""The past: a store that shows what was recorded by a time, so that what was computed then can be computed again."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from playbook.engine.streams import ORGANIZATION, case_stream
from playbook.model.stream_kinds import Happened
from playbook.model.values import encode
from playbook.stores.interface import Page, Query, Snapshot
from playbook.times import from_micros

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playbook.engine.plugin_streams import PluginStreams
    from playbook.stores.interface import IndexRow, Store, StoredEvent

_FOLDED = ("case", "record")
_WHOLE = ("file", ORGANIZATION)
_UNKNOWN_FOLD = 0
_SAME = ("document", "streams", "vault")  # documents and names are asked for by what is read as known


def past(store: Store, streams: PluginStreams, known: int) -> Store:
    """Return a store that shows what was recorded by a time, in microseconds; it is only read."""
    return cast("Store", _Past(store, streams, known))


class _Past:
    """Show a store as it was: heads are made of the events that were recorded by then."""

    def __init__(self, store: Store, streams: PluginStreams, known: int) -> None:
        self._store = store
        self._streams = streams
        self._known = known
        self._heads: dict[tuple[str, str, bytes], Snapshot | None] = {}
        self._versions: dict[tuple[str, str], int] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in _SAME:
            raise AttributeError(f"the past has no {name}")
        return getattr(self._store, name)

    def events(self, tenant: str, stream: str, *, after: int = 0) -> Iterator[StoredEvent]:
        """Yield a stream's events after a version, up to the first that was recorded later.

        What comes after that one was decided on it, also where another clock was behind.
        """
        events = self._store.events(tenant, stream, after=after)
        return takewhile(lambda event: event.recorded <= self._known, events)

    def load(self, tenant: str, streams: Sequence[str]) -> Mapping[str, Snapshot]:
        """Return the heads of those streams that there were."""
        found = {}
        for name, head in self._store.load(tenant, streams).items():
            then = self._head(tenant, name, head)
            if then is not None:
                found[name] = then
        return found

    def find(self, tenant: str, query: Query, *, after: str | None = None, limit: int) -> Page[IndexRow]:
        """Return rows of what there was of a playbook, whatever else is asked: what rows say is of the present."""
        page = self._store.find(tenant, Query(playbook=query.playbook), after=after, limit=limit)
        self._versions.clear()  # of the page before
        return Page(tuple(row for row in page.items if self._was(tenant, row.case)), page.next)

    def _was(self, tenant: str, case: str) -> bool:
        stream = case if ":" in case else case_stream(case)
        version = self._versions[tenant, stream] = self._version(tenant, stream)
        return version > 0

    def _version(self, tenant: str, stream: str) -> int:
        """Return the version that a stream had; 0 where there was none."""
        return max((event.version for event in self.events(tenant, stream)), default=0)

    def _head(self, tenant: str, stream: str, head: Snapshot) -> Snapshot | None:
        kind = stream.partition(":")[0]
        if kind in _WHOLE:  # asked for all the time, and the same as long as nothing was appended
            asked = (tenant, stream, head.hash)
            if asked not in self._heads:
                self._heads[asked] = self._whole(tenant, stream, head)
            return self._heads[asked]
        if kind not in (*_FOLDED, *self._streams.names()):
            return head
        version = self._versions.get((tenant, stream)) or self._version(tenant, stream)
        if not version:
            return None
        if version == head.version:  # nothing was recorded since
            return head
        return Snapshot(head.version, head.hash, _UNKNOWN_FOLD, b"")

    def _whole(self, tenant: str, stream: str, head: Snapshot) -> Snapshot | None:
        """Return the head of a stream whose snapshot is no fold that is made anew where it is unknown."""
        events = list(self.events(tenant, stream))
        if not events:
            return None
        last = events[-1]
        data = self._organization(events) if stream == ORGANIZATION else last.data
        return Snapshot(last.version, last.hash, head.fold, data)

    def _organization(self, events: Sequence[StoredEvent]) -> bytes:
        kind = self._streams.of(ORGANIZATION)
        state = kind.initial
        for stored in events:
            happened = Happened(ORGANIZATION, from_micros(stored.at), stored.actor)
            state = kind.evolve(state, self._streams.decode(stored), happened)
        return encode(state)
