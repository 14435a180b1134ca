"""Streams of the kinds that plugins add: commands on them, what they are found by, and their fold."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from playbook.engine.answers import Done, StreamView
from playbook.engine.guarding import guarded
from playbook.engine.keys import Turns, answered
from playbook.engine.past import happened
from playbook.engine.streams import ORGANIZATION, chained
from playbook.errors import InputError, PlaybookError, PluginError, Refused, UnknownName
from playbook.model.contributions import Change
from playbook.model.organization import OPERATOR
from playbook.model.record import STREAMS
from playbook.model.stream_kinds import Asked, Found, Happened
from playbook.model.values import encode
from playbook.process.definition import LEARNING
from playbook.stores.interface import Batch, IndexRow, Page, Query, Snapshot, Write
from playbook.stores.rows import pages, place
from playbook.times import from_micros, to_micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from playbook.engine.answers import HistoryItem
    from playbook.engine.engine import Engine
    from playbook.model.stream_kinds import StreamKind
    from playbook.process.facts import World
    from playbook.stores.interface import StoredEvent

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAMES = 500
State = TypeVar("State")


class _Standing(msgspec.Struct, Generic[State], frozen=True):
    """Hold a stream as it stands: the state, and when its first and last events happened."""

    opened: dt.datetime
    last: dt.datetime
    state: State


class PluginStreams:
    """Run the commands of plugins' kinds of streams, and read those streams, for one tenant.

    Where the engine shows the past, `present` are those that say who may look at it: whoever may now.
    """

    def __init__(
        self,
        engine: Engine,
        world_of: Callable[[Snapshot | None], World],
        present: PluginStreams | None = None,
    ) -> None:
        self._engine = engine
        self._world_of = world_of
        self.present: PluginStreams = present or self
        self._store = engine.store
        self._tenant = engine.tenant
        self._turns: Turns[Done | Refused] = Turns()
        self._kinds = {kind.name: kind for kind in engine.registry.streams.values() if kind.commands}
        self._of_command = {command: kind for kind in self._kinds.values() for command in kind.commands}
        events = [event for kind in engine.registry.streams.values() for event in kind.events.values()]
        with LEARNING:
            self._decoders = {event: msgspec.json.Decoder(event) for event in events}
            self._heads: dict[str, msgspec.json.Decoder[_Standing[Any]]] = {
                name: msgspec.json.Decoder(_Standing[kind.state or Any])  # type: ignore[misc]
                for name, kind in engine.registry.streams.items()
            }
        self._stored = {
            name: {event: stored for stored, event in kind.events.items()}
            for name, kind in self._kinds.items()
        }

    def of(self, stream: str) -> StreamKind:
        """Return the kind of a stream; raises PlaybookError for one that no plugin here knows."""
        name = stream.partition(":")[0]
        kind = self._engine.registry.streams.get(name)
        if kind is None:
            raise PlaybookError(f"no plugin here knows streams of the kind {name!r}; see `playbook plugins`")
        return kind

    def decode(self, stored: StoredEvent) -> Any:
        """Return the event of stored bytes; raises PlaybookError for a kind that is not known."""
        event = self.of(stored.stream).events.get(stored.kind)
        if event is None:
            raise PlaybookError(
                f"this version does not know events of kind {stored.kind!r}; a newer one may have written it"
            )
        return self._decoders[event].decode(stored.data)

    def asked(self, actor: str) -> Asked:
        """Return what says who asks to see something: the organization as it stands, and the time."""
        return Asked(actor, self._engine.clock(), self._engine.world.organization)

    def names(self) -> tuple[str, ...]:
        """Return the kinds of streams that have commands, in order."""
        return tuple(self._kinds)

    # -- changing -----------------------------------------------------------------------------------

    def run(
        self, command: Any, actor: str, key: str | None, fingerprint: bytes, at: dt.datetime
    ) -> Done | Refused:
        """Carry out a command, or say why not; raises InputError for an id that cannot be, KeyReused, PluginError."""
        kind = self._of_command.get(type(command))
        if kind is None:
            raise InputError(f"no plugin here carries out {type(command).__name__}; see `playbook plugins`")
        if not (isinstance(command.id, str) and _ID.fullmatch(command.id)):
            raise InputError(
                f"{command.id!r} cannot be the id of a {kind.name}: write 1 to 64 letters, digits, . - or _"
            )
        return self._turns.until_stored(
            lambda: self._try(kind, command, actor, key, fingerprint, at), f"{kind.name} {command.id}"
        )

    def _try(
        self, kind: StreamKind, command: Any, actor: str, key: str | None, fingerprint: bytes, at: dt.datetime
    ) -> Done | Refused | None:
        name = f"{kind.name}:{command.id}"
        heads = self._store.load(self._tenant, (name, ORGANIZATION))
        head, organization = heads.get(name), heads.get(ORGANIZATION)
        before = None if head is None else self._standing(kind, command.id, head)
        state = kind.initial if before is None else before.state
        moment = at if before is None else max(at, before.last)
        world = self._world_of(organization)
        events = self._decided(kind, command, state, Asked(actor, moment, world.organization))
        if isinstance(events, Refused):
            return events
        standing = self._after(kind, command.id, before, events, moment, actor)
        done = self._done(kind, command.id, standing, head, len(events))
        if events:
            change = Change(
                self._tenant, actor, "", state, standing.state, events, False, kind.name, command.id
            )
            refused = guarded(self._engine.registry, (change,))
            if refused is not None:
                return refused
        elif key is None:
            return done
        write = self._write(kind, command.id, head, standing, events, moment, actor)
        version = 0 if organization is None else organization.version
        batch = Batch(
            self._tenant, (write,) if events else (), key, fingerprint, encode(done) if key else b"",
            reads=((ORGANIZATION, version),),
        )  # fmt: skip
        receipt = self._store.append((batch,))[0]
        return answered(done, receipt, key, fingerprint)

    def _decided(self, kind: StreamKind, command: Any, state: Any, asked: Asked) -> tuple[Any, ...] | Refused:
        """Return what a command leads to; raises PluginError where the plugin's own code fails."""
        if kind.decide is None:
            raise PluginError(kind.name, "this kind of stream has commands and does not decide them")
        try:
            answer = kind.decide(state, command, asked)
            events = answer if isinstance(answer, Refused) else tuple(answer)
        except InputError:
            raise
        except Exception as error:
            raise _failed(kind, command.id, error) from error
        if not isinstance(events, Refused):
            for event in events:
                if type(event) not in self._stored[kind.name]:
                    raise PluginError(
                        kind.name, f"{event!r} is no event of this kind of stream; nothing was stored"
                    )
        return events

    def _after(
        self,
        kind: StreamKind,
        of: str,
        before: _Standing[Any] | None,
        events: Iterable[Any],
        at: dt.datetime,
        actor: str,
    ) -> _Standing[Any]:
        standing = _Standing(at, at, kind.initial) if before is None else before
        try:
            for event in events:
                state = kind.evolve(standing.state, event, Happened(of, at, actor))
                standing = _Standing(standing.opened, at, state)
        except Exception as error:
            raise _failed(kind, of, error) from error
        return standing

    def _done(
        self,
        kind: StreamKind,
        of: str,
        standing: _Standing[Any],
        head: Snapshot | None,
        count: int,
    ) -> Done:
        found = self._found(kind, standing.state)
        version = (head.version if head else 0) + count if count else 0  # 0 says that nothing changed
        return Done(of, found.stage, "open" if found.open else "closed", version)

    def _write(
        self,
        kind: StreamKind,
        of: str,
        head: Snapshot | None,
        standing: _Standing[Any],
        events: Iterable[Any],
        at: dt.datetime,
        actor: str,
    ) -> Write:
        stored, stream = self._stored[kind.name], f"{kind.name}:{of}"
        moments = [(event, at, actor) for event in events]
        made = chained(self._tenant, stream, head, moments, self._engine.clock(), stored)
        version = head.version if head else 0
        return Write(stream, version, made, encode(standing), kind.fold, self._row(kind, of, standing))

    # -- reading ------------------------------------------------------------------------------------

    def kind(self, name: str) -> StreamKind:
        """Return a kind of stream that has commands; raises UnknownName."""
        if name not in self._kinds:
            raise UnknownName("kind of stream", name, self._kinds)
        return self._kinds[name]

    def show(self, name: str, of: str, *, actor: str) -> StreamView:
        """Return a stream as it stands; raises UnknownName, also for one that the actor may not see."""
        found = self.those(name, (of,), actor=actor)
        if of not in found:
            rows = self._store.find(self._tenant, Query(playbook_of(name)), limit=_NAMES).items
            raise UnknownName(name, of, list(self.those(name, [_id_of(row) for row in rows], actor=actor)))
        return found[of]

    def those(self, name: str, ids: Sequence[str], *, actor: str) -> dict[str, StreamView]:
        """Return those streams of a kind that there are and that the actor may see, by id, as of one moment.

        A program that computes for several people asks as the operator, and says itself whom it shows what.
        Raises UnknownName for a kind that no plugin here knows.
        """
        kind, sees = self.kind(name), self._sees(name, actor)
        heads = self._store.load(self._tenant, [f"{name}:{of}" for of in ids])
        standing = ((of, heads.get(f"{name}:{of}")) for of in ids)
        views = (self._view(kind, of, self._standing(kind, of, head)) for of, head in standing if head)
        return {view.id: view for view in views if sees(view)}

    def page(
        self, name: str, called: str | None = None, after: str | None = None, limit: int = 50, *, actor: str
    ) -> Page[StreamView]:
        """Return the streams of a kind (those of a name) that the actor may see, the newest first, by pages.

        Each is full as long as there are more: neither its length nor where it ends tells of what is not seen.
        """
        query, found = Query(playbook_of(name), name=called), list[tuple[str, StreamView]]()
        self.kind(name)
        for page in pages(
            lambda next_: self._store.find(self._tenant, query, after=next_, limit=limit), after
        ):
            views = self.those(name, [_id_of(row) for row in page.items], actor=actor)
            known = ((place(row), views.get(_id_of(row))) for row in page.items)
            found += ((at, view) for at, view in known if view and called in (None, view.name))
            if len(found) >= limit:
                break
        more = len(found) > limit or (len(found) == limit and page.next is not None)
        shown = found[:limit]
        return Page(tuple(view for _, view in shown), shown[-1][0] if more else None)

    def history(self, name: str, of: str, *, actor: str) -> Iterator[HistoryItem]:
        """Yield what happened on a stream, oldest first; raises UnknownName, also where the actor may not see it."""
        self.show(name, of, actor=actor)
        return happened(self._engine, f"{name}:{of}", lambda event: event)

    def tell(self, name: str, item: HistoryItem) -> str:
        """Return what happened in the words of its kind, '' where that has none; raises UnknownName, PluginError."""
        kind = self.kind(name)
        if kind.tells is None:
            return ""
        try:
            return str(kind.tells(item.event))
        except Exception as error:
            raise PluginError(
                kind.name, f"{item.kind} cannot be told: {type(error).__name__}: {error}"
            ) from error

    def _sees(self, name: str, actor: str) -> Callable[[StreamView], bool]:
        """Return what says whether an actor may see a stream of a kind, or raises PluginError; raises UnknownName."""
        sees = self.kind(name).sees
        if actor == OPERATOR or sees is None:
            return lambda view: True
        asked = self.present.asked(actor)

        def seen(view: StreamView) -> bool:
            try:
                return sees(view.state, asked)
            except Exception as error:  # whose words, and the id, could tell what is not to be seen
                said = f"who may see a {name} cannot be told: {type(error).__name__}"
                raise PluginError(name, said) from error

        return seen

    def fold(self, stream: str) -> tuple[bytes, IndexRow | None]:
        """Return the snapshot and the index row that a stream's events make; raises ValueError without any."""
        name, _, id_ = stream.partition(":")
        kind = self.kind(name)
        standing = self._folded(kind, id_, self._store.events(self._tenant, stream))
        if standing is None:
            raise ValueError("there are none")
        return encode(standing), self._row(kind, id_, standing)

    def _view(self, kind: StreamKind, of: str, standing: _Standing[Any]) -> StreamView:
        found = self._found(kind, standing.state)
        return StreamView(
            kind.name, of, found.name, standing.state, dict(found.fields), standing.opened, standing.last
        )

    def _standing(self, kind: StreamKind, of: str, head: Snapshot) -> _Standing[Any]:
        if head.fold == kind.fold and head.data:
            return self._heads[kind.name].decode(head.data)
        standing = self._folded(kind, of, self._store.events(self._tenant, f"{kind.name}:{of}"))
        if standing is None:
            raise UnknownName(kind.name, of)
        return standing

    def _folded(self, kind: StreamKind, of: str, events: Iterator[StoredEvent]) -> _Standing[Any] | None:
        standing: _Standing[Any] | None = None
        for stored in events:
            event = self.decode(stored)
            standing = self._after(kind, of, standing, (event,), from_micros(stored.at), stored.actor)
        return standing

    @staticmethod
    def _found(kind: StreamKind, state: Any) -> Found:
        return Found() if kind.index is None else kind.index(state)

    def _row(self, kind: StreamKind, of: str, standing: _Standing[Any]) -> IndexRow | None:
        if kind.index is None:
            return None
        found = self._found(kind, standing.state)
        opened, last = to_micros(standing.opened), to_micros(standing.last)
        return IndexRow(
            f"{kind.name}:{of}", playbook_of(kind.name), found.name, found.stage,
            "open" if found.open else "closed", found.owner, "", opened, None if found.open else last, opened,
            last, None, None, None, None, encode(dict(found.fields)), opened,
        )  # fmt: skip


def _failed(kind: StreamKind, of: str, error: Exception) -> PluginError:
    said = f"{type(error).__name__}: {error}"
    return PluginError(kind.name, f"{kind.name} {of}: {said}; nothing was stored")


def _id_of(row: IndexRow) -> str:
    return row.case.partition(":")[2]


def playbook_of(kind: str) -> str:
    """Return the playbook of index rows of a kind."""
    return STREAMS + kind
