"""Records: a kind of them made ready, what a command changes in one, and the fold of its events. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.errors import InputError
from playbook.model.case import Sealed
from playbook.model.record import (
    RecordChanged,
    RecordForgotten,
    RecordMerged,
    RecordOpened,
    RecordState,
)
from playbook.model.values import canonical, encode, load
from playbook.process.codec import SEAL, decode_event, is_sealed, typed
from playbook.process.computed import NOWHERE, Fields
from playbook.process.criteria import Conditions
from playbook.process.preparing import personal
from playbook.process.references import former, links, refers
from playbook.process.setting import read_fields
from playbook.times import from_micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbook.expressions import Function
    from playbook.model.record import Record, RecordEvent
    from playbook.stores.interface import StoredEvent

_STATE = msgspec.json.Decoder(RecordState)


class Kind:
    """Hold one published kind of record, made ready: its fields by id, and which of them are what."""

    def __init__(self, record: Record, functions: Mapping[str, Function]) -> None:
        self.record = record
        self.id = record.id
        self.fields = {field.id: field for field in record.fields}
        self.personal = frozenset(field.id for field in record.fields if field.personal)
        self.unique = tuple(name for name in record.unique if name in self.fields)
        self.defaults = {f.id: load(f, f.default) for f in record.fields if f.default is not None}
        self.refers = any(map(refers, record.fields))
        self.name = "name" if "name" in self.fields else next(iter(self.fields), "")
        conditions = Conditions(functions)
        self.private = personal(record.fields, conditions)
        self._tests = {f.id: conditions.test(f.is_) for f in record.fields if f.is_ is not None}

    def values(self, state: RecordState) -> dict[str, Any]:
        """Return the values of a record with its computed ones, in the order of the file."""
        given = state.fields
        if self._tests:
            scope = NOWHERE.plain(state.last)
            root = Fields(given, self._tests, scope)
            scope.roots = {self.id: root}
            given = {**given, **{name: root.get(name) for name in self._tests}}
        return {name: given[name] for name in self.fields if given.get(name) is not None}

    def name_of(self, state: RecordState) -> str:
        """Return what a record is called."""
        value = state.fields.get(self.name)
        return "" if value is None else str(value)

    def same(self, name: str, value: Any) -> bytes:
        """Return what two values of a field have in common where they count as the same: case does not matter."""
        return canonical(value.strip().casefold() if isinstance(value, str) else value)


def changes(
    kind: Kind, state: RecordState | None, given: Mapping[str, Any], reason: str
) -> tuple[RecordEvent, ...]:
    """Return the events of setting fields of a record, or of opening one; none where nothing changes.

    Raises InputError, with every mistake at once, for names and values that are wrong in themselves.
    """
    values = read_fields(kind.fields, given, f"field of {kind.id}")
    if state is not None:
        changed = {name: value for name, value in values.items() if state.fields.get(name) != value}
        return (RecordChanged(changed, reason),) if changed else ()
    if all(value is None for value in values.values()):
        raise InputError(f"a new {kind.id} needs a value, like {kind.name}=...")
    return (RecordOpened(kind.id, {n: v for n, v in {**kind.defaults, **values}.items() if v is not None}),)


def merging(kind: Kind, kept: RecordState, other: RecordState) -> tuple[RecordEvent, ...]:
    """Return the events that one record leaves on the one that is kept, which takes over what it lacks.

    Raises InputError where both are the same.
    """
    if kept.id == other.id:
        raise InputError(f"{kept.id} and {other.id} are the same {kind.id} already")
    lacked = {n: v for n, v in other.fields.items() if n in kind.fields and kept.fields.get(n) is None}
    merged = RecordMerged(kept.id, other.id)
    return (merged, RecordChanged(lacked, f"merged with {other.id}")) if lacked else (merged,)


def evolve_record(
    state: RecordState | None,
    id: str,  # noqa: A002
    event: RecordEvent,
    at: dt.datetime,
) -> RecordState:
    """Return the record after an event; raises ValueError for a stream that does not begin with its opening."""
    if isinstance(event, RecordOpened):
        state = RecordState(id, event.kind, at, at)
    if state is None:
        raise ValueError(f"record {id} does not begin with its opening")
    state = replace(state, last=at)
    if isinstance(event, (RecordOpened, RecordChanged)):
        return _set(state, event.fields)
    if isinstance(event, RecordForgotten):
        return replace(_set(state, dict.fromkeys(event.fields)), forgotten=at)
    if event.other == id:
        return replace(state, into=event.kept)
    return replace(state, merged=(*state.merged, event.other))


def _set(state: RecordState, values: Mapping[str, Any]) -> RecordState:
    fields = {name: value for name, value in state.fields.items() if name not in values}
    sealed = {name: seal for name, seal in state.sealed.items() if name not in values}
    for name, value in values.items():
        if is_sealed(value):
            sealed[name] = Sealed(value[SEAL], value["h"])
        elif value is not None:
            fields[name] = value
    return replace(state, fields=fields, sealed=sealed)


def fold_record(kind: Kind, id: str, events: Iterable[StoredEvent]) -> RecordState | None:  # noqa: A002
    """Fold stored events of a record; personal values stay sealed."""
    state = None
    for stored in events:
        event = revive_record(decode_event(stored.kind, stored.data), kind)
        state = remembering(kind, state, evolve_record(state, id, event, from_micros(stored.at)))
    return state


def remembering(kind: Kind, before: RecordState | None, after: RecordState) -> RecordState:
    """Return a record after an event, which remembers what it referred to before."""
    if before is None or not kind.refers:
        return after
    was, now = (links(kind.fields.values(), state.fields, kind.personal) for state in (before, after))
    return after if was == now else replace(after, former=former(before.former, was, now))


def revive_record(event: Any, kind: Kind) -> Any:
    """Return a decoded event of a record with its values in the types of their fields."""
    if isinstance(event, (RecordOpened, RecordChanged)):
        return replace(event, fields=typed(event.fields, kind.fields))
    return event


def encode_record(state: RecordState) -> bytes:
    """Return the snapshot of a record; personal values stay out of it."""
    return encode(replace(state, fields={k: v for k, v in state.fields.items() if k not in state.sealed}))


def decode_record(data: bytes, kind: Kind) -> RecordState:
    """Return the record of a snapshot, its personal values sealed."""
    state = _STATE.decode(data)
    return replace(state, fields=typed(state.fields, kind.fields))
