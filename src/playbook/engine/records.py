"""Records: opening and changing them, finding one by how people name it, and what cases may know of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.engine.answers import RecordView
from playbook.engine.keys import Turns, answered
from playbook.engine.kinds import Kinds
from playbook.engine.record_streams import (
    PEPPER,
    RecordStream,
    holder,
    load_record,
    revealed,
    sealed_record,
    unique_stream,
)
from playbook.engine.recording import Work
from playbook.engine.sources import brought
from playbook.errors import AmbiguousName, InputError, Refused, UnknownName
from playbook.model.commands import Log, SetRecord
from playbook.model.record import RECORDS, record_stream
from playbook.model.values import encode, parse
from playbook.process.references import found, refers, wanted
from playbook.stores.interface import Page, Query

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from playbook.engine.answers import Done
    from playbook.engine.engine import Engine
    from playbook.model.case import Case
    from playbook.model.commands import RecordCommand, Request
    from playbook.model.playbook import Field
    from playbook.model.record import RecordState
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World
    from playbook.process.recording import Kind
    from playbook.stores.interface import Snapshot

_MATCHES = 6
_NAMES = 500


class Said(msgspec.Struct, frozen=True):
    """Hold what a record says, named by what a reference is `to` and its id, and the versions it was read from.

    `personal` are those of its fields that are; `case` is the case, where it is one, with its definition.
    """

    of: tuple[str, str]
    fields: Mapping[str, Any]
    reads: tuple[tuple[str, int], ...]
    personal: frozenset[str] = frozenset()
    case: tuple[Compiled, Case] | None = None


def knowing(world: World, said: Iterable[Said]) -> World:
    """Return a world that knows what records say."""
    facts = tuple(said)
    personal = frozenset((one.of[0], name) for one in facts for name in one.personal)
    cases = {one.of: one.case for one in facts if one.case is not None}
    return world.knowing({one.of: one.fields for one in facts}, personal, cases)


class Records:
    """Keep the records of one tenant."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._store = engine.store
        self._tenant = engine.tenant
        self._pepper = b""
        self._turns: Turns[Done | Refused] = Turns()
        self.kinds = Kinds(engine.store, engine.tenant, engine.registry)

    # -- changing -----------------------------------------------------------------------------------

    def run(
        self, command: RecordCommand, actor: str, key: str | None, fingerprint: bytes, at: dt.datetime
    ) -> Done | Refused:
        """Carry out a command on a record, or say why not; raises KeyReused."""
        return self._turns.until_stored(
            lambda: self._try(command, actor, key, fingerprint, at), f"records of kind {command.kind}"
        )

    def _try(
        self, command: RecordCommand, actor: str, key: str | None, fingerprint: bytes, at: dt.datetime
    ) -> Done | Refused | None:
        work = Work(self, command.kind, actor, at)
        done = work.set(command) if isinstance(command, SetRecord) else work.merge(command)
        if isinstance(done, Refused) or (key is None and not work.changed):
            return done
        refused = work.guarded()
        if refused is not None:
            return refused
        receipt = self._store.append((work.batch(key, fingerprint, encode(done)),))[0]
        return answered(done, receipt, key, fingerprint)

    # -- finding ------------------------------------------------------------------------------------

    def stream(self, kind: Kind, id: str) -> RecordStream | None:  # noqa: A002
        """Return a record as it stands, None where there is none of this id."""
        source = self.engine.registry.records.get(kind.id)
        if source is not None:
            state = brought(source, kind, id, self.engine.clock())
            return None if state is None else RecordStream(id, kind, None, state)
        name = record_stream(kind.id, id)
        head = self._store.load(self._tenant, (name,)).get(name)
        if head is None:
            return None
        return RecordStream(id, kind, head, load_record(self._store, self._tenant, kind, id, head))

    def kept(self, kind: Kind, id: str) -> RecordStream | None:  # noqa: A002
        """Return the record that an id leads to, past those that were merged."""
        way = tuple(self._way(kind, id))
        return way[-1] if way else None

    def resolve(self, kind: Kind, reference: str) -> RecordStream:
        """Return the record of a kind that is named by its id, a unique value, its name, or how its id begins.

        Raises UnknownName naming the nearest, AmbiguousName naming the matches.
        """
        by_id = self.kept(kind, reference)
        if by_id is not None:
            return by_id
        for name in kind.unique:
            owner = holder(self._held(kind, name, reference))
            named = self.kept(kind, owner) if owner else None
            if named is not None:
                return named
        playbook, prefix = RECORDS + kind.id, record_stream(kind.id, reference)
        for query in (Query(playbook, "", name=reference), Query(playbook, "", prefix=prefix)):
            rows = self._store.find(self._tenant, query, limit=_MATCHES).items
            if len(rows) > 1:
                raise AmbiguousName(
                    kind.id, reference, [f"{self._id(row.case)} ({row.name})" for row in rows]
                )
            if rows and (one := self.kept(kind, self._id(rows[0].case))) is not None:
                return one
        known = self._store.find(self._tenant, Query(playbook, ""), limit=_NAMES).items
        raise UnknownName(
            kind.id, reference, [name for row in known for name in (row.name, self._id(row.case)) if name]
        )

    def show(self, kind: str, reference: str) -> RecordView:
        """Return the record that a reference names, as people see it."""
        stream = self.resolve(self.kinds.current(kind)[0], reference)
        if stream.state is None:
            raise UnknownName(kind, reference)
        return self.view(stream.kind, stream.state)

    def page(self, kind_id: str, name: str | None, after: str | None, limit: int) -> Page[RecordView]:
        """Return the records of a kind, the newest first, by pages; those that were merged are left out."""
        kind, _ = self.kinds.current(kind_id)
        query = Query(RECORDS + kind.id, "", name=name)
        page = self._store.find(self._tenant, query, after=after, limit=limit)
        heads = self._store.load(self._tenant, [row.case for row in page.items])
        states = [
            sealed_record(self._store, self._tenant, kind, self._id(row.case), heads[row.case])
            for row in page.items
        ]
        return Page(
            tuple(self.view(kind, revealed(self._store, self._tenant, kind, s)) for s in states), page.next
        )

    @staticmethod
    def view(kind: Kind, state: RecordState) -> RecordView:
        """Return a record as people see it."""
        return RecordView(
            kind.id, state.id, kind.name_of(state), kind.values(state), state.opened, state.last, state.merged,
            state.forgotten,
        )  # fmt: skip

    @staticmethod
    def _id(stream: str) -> str:
        return stream.split(":", 2)[2]

    def _held(self, kind: Kind, name: str, value: Any) -> Snapshot | None:
        """Return the head of the stream of a unique value, given as people write it."""
        try:
            read = parse(kind.fields[name], value)
        except ValueError:
            return None
        stream = unique_stream(kind, name, read, self.pepper())
        return self._store.load(self._tenant, (stream,)).get(stream)

    def pepper(self) -> bytes:
        """Return the secret that hides personal values in names of streams, b"" where there is none yet."""
        if not self._pepper:
            row = self._store.vault(self._tenant, (PEPPER,)).get(PEPPER)
            self._pepper = row.value if row else b""
        return self._pepper

    def unclaimed(self, kind_id: str, id: str) -> Iterator[str]:  # noqa: A002
        """Yield the unique fields whose value is not held for a record; one that was merged holds none."""
        kind, _ = self.kinds.current(kind_id)
        stream = self.stream(kind, id)
        if stream is None or stream.state is None or stream.state.into:
            return
        for name in kind.unique:
            value = stream.state.fields.get(name)
            owner = "" if value is None else holder(self._held(kind, name, value))
            held = self.kept(kind, owner) if owner else None
            if value is not None and (held is None or held.id != id):
                yield name

    # -- what cases know ------------------------------------------------------------------------------

    def find(self, to: str, reference: str, actor: str) -> str:
        """Return the id of what a reference names: a record of a kind, or a case of a playbook."""
        known = self.kinds.find(to)
        if known is not None:
            return self.resolve(known[0], reference).id
        if to in self.engine.definitions.names():
            return self.engine.resolve(reference, actor=actor)
        raise UnknownName("kind of record", to, self.kinds.names())

    def referring(self, fields: Iterable[Field], given: Mapping[str, Any], actor: str) -> dict[str, Any]:
        """Return given values with ids in place of names in references; what cannot be read stays as it is."""
        values = dict(given)
        for field in fields:
            if values.get(field.id) not in (None, "") and refers(field):
                try:
                    read = parse(field, values[field.id])
                except ValueError:
                    continue
                try:
                    values[field.id] = found(field, read, lambda to, name: self.find(to, name, actor))
                except InputError as error:  # whatever it was named by, and what is near, may be personal
                    error.discreet = f"{field.id} names what is not there, or several"
                    raise
        return values

    def meant(self, definition: Compiled, request: Request) -> Request:
        """Return a request with ids in the place of names that its references give."""
        given = getattr(request.command, "fields", None)
        if not given:
            return request
        kind = request.command.kind if isinstance(request.command, Log) else None
        fields = definition.fields if kind is None else definition.entry_fields(kind)
        values = self.referring(fields.values(), given, request.actor)
        command: Any = request.command
        command = replace(command, fields=values)
        return msgspec.structs.replace(request, command=command)

    def known(self, world: World, definition: Compiled, case: Case) -> World:
        """Return a world that knows what conditions may ask of the records that a case refers to."""
        if not (definition.follows or world.follows):
            return world
        names = wanted(definition, case, None, world)
        said = [self.said(*name.removeprefix(RECORDS).split(":", 1)) for name in names]
        return knowing(world, said)

    def said(self, to: str, id: str) -> Said:  # noqa: A002
        """Return what a record says, or the fields of a case."""
        known = self.kinds.find(to)
        if known is None:
            case = self.engine.load_stream(id)
            fields = {} if case.case is None else {"id": id, **case.case.fields}
            read = (case.name, case.head.version if case.head else 0)
            kept = None if case.case is None else (case.definition, case.case)
            return Said((to, id), fields, (read,), case.definition.personal, kept)
        way = tuple(self._way(known[0], id))
        reads = tuple((one.name, one.head.version if one.head else 0) for one in way)
        if not way or way[-1].state is None:
            return Said((to, id), {}, ((record_stream(to, id), 0),))
        fields = {"id": way[-1].id, **known[0].values(way[-1].state)}
        return Said((to, id), fields, reads, known[0].private)

    def _way(self, kind: Kind, id: str) -> Iterator[RecordStream]:  # noqa: A002
        """Yield a record and what it was merged into, on and on; that never leads in a circle."""
        stream = self.stream(kind, id)
        while stream is not None and stream.state is not None:
            yield stream
            stream = self.stream(kind, stream.state.into) if stream.state.into else None
