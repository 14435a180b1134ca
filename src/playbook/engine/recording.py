"""What one command changes in records, as one batch: their streams, and the values that only one may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.engine.answers import Done
from playbook.engine.guarding import guarded
from playbook.engine.kinds import kind_stream
from playbook.engine.record_streams import PEPPER, RecordStream, held_by, holder, unique_stream
from playbook.engine.streams import case_id_of, not_before
from playbook.errors import Blocker, InputError, Refused
from playbook.model.contributions import Change
from playbook.process.recording import changes, merging
from playbook.stores.interface import Batch, VaultRow

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from playbook.engine.engine import Engine
    from playbook.engine.records import Records
    from playbook.model.commands import Merge, SetRecord
    from playbook.model.record import RecordState
    from playbook.process.recording import Kind
    from playbook.stores.interface import Write


class Work:
    """Make one batch of what a command changes in records."""

    def __init__(
        self, records: Records, kind: str, actor: str, at: dt.datetime, *, historical: bool = False
    ) -> None:
        self._records = records
        self._engine = records.engine
        self.kind, version = records.kinds.current(kind)
        if kind in records.engine.registry.records:
            raise InputError(
                f"records of the kind {kind} come from a plugin, and change where it has them from"
            )
        self._reads = ((kind_stream(kind), version),)
        self._actor = actor
        self._at = at
        self._historical = historical
        self._streams: list[RecordStream] = []
        self._writes: list[Write] = []
        self._vault: list[VaultRow] = []
        self._taken: list[Blocker] = []

    @property
    def changed(self) -> bool:
        """Return whether anything is to be stored."""
        return any(stream.moments for stream in self._streams)

    @property
    def opens(self) -> bool:
        """Return whether a record is opened."""
        return any(stream.moments and stream.before is None for stream in self._streams)

    def set(self, command: SetRecord) -> Done | Refused:
        """Change fields of a record, or open one."""
        kind, records = self.kind, self._records
        given = (
            records.referring(kind.record.fields, command.fields, self._actor)
            if kind.refers
            else command.fields
        )
        if command.id:
            stream = records.resolve(kind, command.id)
        else:
            stream = RecordStream(new_id(self._engine), kind, None, None)
        return self._change(stream, given, command.reason)

    def put(self, id: str, given: Mapping[str, Any]) -> Done | Refused:  # noqa: A002
        """Change fields of the record of an id; open it where there is none.

        Raises InputError where it was merged into another, which may say otherwise, or where its personal values were
        forgotten: what brings it does not bring them back.
        """
        stream = self._records.stream(self.kind, id) or RecordStream(id, self.kind, None, None)
        state = stream.state
        if state is not None and state.into:
            raise InputError(f"the {self.kind.id} was merged into {state.into}; change that one")
        if state is not None and state.forgotten is not None:
            raise InputError(f"what is personal of the {self.kind.id} was forgotten, so it is not brought up")
        return self._change(stream, given, "")

    def _change(self, stream: RecordStream, given: Mapping[str, Any], reason: str) -> Done | Refused:
        events = changes(self.kind, stream.state, given, reason)
        stream.record(events, self._at, self._actor, self._engine.entropy)
        self._claim(stream.before, stream)
        return self._done(stream)

    def merge(self, command: Merge) -> Done | Refused:
        """Let one record point to another."""
        keep, other = (self._records.resolve(self.kind, name) for name in (command.keep, command.other))
        kept, gone = keep.state, other.state
        if kept is None or gone is None:
            raise InputError("nothing is there to merge")
        events = merging(self.kind, kept, gone)
        keep.record(events, self._at, self._actor, self._engine.entropy)
        other.record(events[:1], self._at, self._actor, self._engine.entropy)
        self._streams.append(other)
        self._claim(kept, keep, (other.id,))
        return self._done(keep)

    def _done(self, stream: RecordStream) -> Done | Refused:
        if self._taken:
            said = "; ".join(blocker.title for blocker in self._taken)
            return Refused("taken", said, tuple(self._taken))
        self._streams.append(stream)
        version = (stream.head.version if stream.head else 0) + len(stream.moments)
        return Done(stream.id, "", "", version)

    def _claim(self, before: RecordState | None, stream: RecordStream, own: tuple[str, ...] = ()) -> None:
        """Take the unique values that a record has now and free those it had; note those that others have."""
        after = stream.state
        for name in self.kind.unique:
            had, has = (None if s is None else s.fields.get(name) for s in (before, after))
            if had is not None and has is not None and self.kind.same(name, had) == self.kind.same(name, has):
                continue
            if had is not None:
                self._hold(name, had, stream, "", own)
            if has is not None:
                self._hold(name, has, stream, stream.id, own)

    def _hold(self, name: str, value: Any, stream: RecordStream, to: str, own: tuple[str, ...]) -> None:
        engine, kind = self._engine, self.kind
        place = unique_stream(kind, name, value, self._pepper(name))
        head = engine.store.load(engine.tenant, (place,)).get(place)
        owner = holder(head)
        other = self._records.kept(kind, owner) if owner else None
        mine = owner in (stream.id, *own) or (other is not None and other.id == stream.id)
        if other is not None and not mine:
            if to:
                self._taken.append(_taken(kind, name, value, other))
        elif owner != to:
            at = not_before(engine.store, engine.tenant, place, head, self._at)
            self._writes.append(held_by(place, head, to, engine.tenant, at, self._actor, engine.clock()))

    def _pepper(self, name: str) -> bytes:
        pepper = self._records.pepper()
        if name in self.kind.personal and not pepper:
            pepper = next((row.value for row in self._vault), b"") or self._engine.entropy(32)
            if not self._vault:
                self._vault.append(VaultRow(PEPPER, PEPPER, b"", pepper))
        return pepper

    def free(self, stream: RecordStream, name: str, value: Any) -> None:
        """Let others have a unique value."""
        self._hold(name, value, stream, "", ())

    def add(self, stream: RecordStream) -> None:
        """Write what was recorded in a stream."""
        self._streams.append(stream)

    def guarded(self) -> Refused | None:
        """Let the guards of plugins look at what is about to change."""
        engine = self._engine
        changes = [
            Change(
                engine.tenant, self._actor, "", one.before, one.state, tuple(event for event, _, _ in one.moments),
                self._historical, "record", one.name.partition(":")[2],
            )
            for one in self._streams if one.moments
        ]  # fmt: skip
        return guarded(engine.registry, changes)

    def batch(self, key: str | None = None, fingerprint: bytes = b"", answer: bytes = b"") -> Batch:
        """Return everything as one batch."""
        engine = self._engine
        now = engine.clock()
        writes = [stream.write(engine.tenant, now) for stream in self._streams if stream.moments]
        vault = [*self._vault, *(row for stream in self._streams for row in stream.vault)]
        ordered = sorted((*writes, *self._writes), key=lambda write: write.stream)
        return Batch(
            engine.tenant, tuple(ordered), key, fingerprint, answer if key else b"", vault=tuple(vault),
            reads=self._reads,
        )  # fmt: skip


def _taken(kind: Kind, name: str, value: Any, other: RecordStream) -> Blocker:
    called = kind.name_of(other.state) if other.state is not None else ""
    who = f"{called} ({other.id})" if called else other.id
    return Blocker(
        criterion=f"unique.{name}",
        kind="taken",
        title=f"{name} {value!s} belongs to the {kind.id} {who}",
        missing=(f"{kind.id}.{name}",),
        actual={f"{kind.id}.{name}": str(value)},
        fix=f"playbook record {kind.id} {other.id} {name}=...",
    )


def new_id(engine: Engine) -> str:
    """Return the id of a new record: `r` where a case has `c`."""
    return f"r{case_id_of(engine.entropy(8))[1:]}"
