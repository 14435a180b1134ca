"""The past: an engine over what was recorded by a time, so that what was computed then can be computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from playbook import Engine, Happened, Page, Query
from playbook.model.values import encode
from playbook.stores.interface import Snapshot
from playbook.times import from_micros, to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from playbook import Store
    from playbook.engine.plugin_streams import PluginStreams
    from playbook.stores.interface import IndexRow, StoredEvent

_FOLDED_ELSEWHERE = ("case", "record", "settlement")
_ORGANIZATION = "organization"
_UNKNOWN_FOLD = 0
_SAME = ("document", "streams", "vault")  # documents and names are asked for by what is read as known


def as_known(engine: Engine, known: dt.datetime) -> Engine:
    """Return an engine that knows what was recorded by a time, and takes that for the present; it only reads.

    That holds for cases, records, settlements, plans and the organization; a case's playbook is pinned anyway.
    """
    past = _Past(engine.store, engine.streams, to_micros(known))
    return Engine(
        cast("Store", past),
        engine.registry,
        project=engine.project,
        tenant=engine.tenant,
        clock=lambda: known,
    )


class _Past:
    """Show a store as it was: heads are made of the events that were recorded by then."""

    def __init__(self, store: Store, streams: PluginStreams, known: int) -> None:
        self._store = store
        self._streams = streams
        self._known = known

    def __getattr__(self, name: str) -> Any:
        if name not in _SAME:
            raise AttributeError(f"the past has no {name}")
        return getattr(self._store, name)

    def events(self, tenant: str, stream: str, *, after: int = 0) -> Iterator[StoredEvent]:
        """Yield a stream's events after a version, up to the first that was recorded later."""
        for event in self._store.events(tenant, stream, after=after):
            if event.recorded <= self._known:
                yield event

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
        return Page(tuple(row for row in page.items if self._was(tenant, row.case)), page.next)

    def _was(self, tenant: str, case: str) -> bool:
        stream = case if ":" in case else f"case:{case}"
        return next(self.events(tenant, stream), None) is not None

    def _head(self, tenant: str, stream: str, head: Snapshot) -> Snapshot | None:
        kind = stream.partition(":")[0]
        if kind not in (*_FOLDED_ELSEWHERE, "file", _ORGANIZATION):
            return head
        if kind in _FOLDED_ELSEWHERE:
            if next(self.events(tenant, stream), None) is None:
                return None
            return Snapshot(head.version, head.hash, _UNKNOWN_FOLD, b"")
        events = list(self.events(tenant, stream))
        if not events:
            return None
        last = events[-1]
        data = last.data if kind == "file" else self._organization(events)
        return Snapshot(last.version, last.hash, head.fold, data)

    def _organization(self, events: Sequence[StoredEvent]) -> bytes:
        kind = self._streams.of(_ORGANIZATION)
        state = kind.initial
        for stored in events:
            happened = Happened(_ORGANIZATION, from_micros(stored.at), stored.actor)
            state = kind.evolve(state, self._streams.decode(stored), happened)
        return encode(state)
