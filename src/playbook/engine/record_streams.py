"""Streams of records between store and process, and those of values that only one record may have."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.engine.streams import chained, sealed
from playbook.errors import PlaybookError
from playbook.model.case import OPEN
from playbook.model.record import (
    RECORD_FOLD,
    RECORDS,
    RecordChanged,
    RecordOpened,
    RecordState,
    UniqueHeld,
    record_stream,
)
from playbook.model.values import encode, load
from playbook.process.recording import decode_record, encode_record, evolve_record, fold_record, remembering
from playbook.process.references import links, once
from playbook.stores.interface import IndexRow, Write
from playbook.times import to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    from playbook.model.record import RecordEvent
    from playbook.process.recording import Kind
    from playbook.stores.interface import Snapshot, Store, VaultRow

MERGED = "merged"
UNIQUE = "unique:"
PEPPER = "unique"
"""The reference of the secret in the vault without which nobody can tell a personal value from its stream's name."""

_HELD = msgspec.json.Decoder(UniqueHeld)


class RecordStream:
    """Hold one record while commands change it: its head, the record as it stands, and what is to be appended."""

    __slots__ = ("before", "head", "id", "kind", "moments", "name", "state", "vault")

    def __init__(self, id: str, kind: Kind, head: Snapshot | None, state: RecordState | None) -> None:  # noqa: A002
        self.id = id
        self.kind = kind
        self.name = record_stream(kind.id, id)
        self.head = head
        self.before = state
        self.state = state
        self.moments: list[tuple[RecordEvent, dt.datetime, str]] = []
        self.vault: list[VaultRow] = []

    def record(
        self, events: Iterable[RecordEvent], at: dt.datetime, actor: str, entropy: Callable[[int], bytes]
    ) -> None:
        """Record events; personal values go into the vault, and the record still knows them."""
        for event in events:
            known: dict[str, Any] = {}
            if self.kind.personal and isinstance(event, (RecordOpened, RecordChanged)):
                values = sealed(event.fields, self.kind.fields, self.name, entropy, self.vault, known)
                event = replace(event, fields=values)
            moment = at if self.state is None else max(at, self.state.last)
            self.moments.append((event, moment, actor))
            after = evolve_record(self.state, self.id, event, moment)
            after = remembering(self.kind, self.state, after)
            self.state = replace(after, fields={**after.fields, **known})

    def write(self, tenant: str, now: dt.datetime) -> Write:
        """Return the write that appends what was recorded; raises PlaybookError where that is nothing."""
        if self.state is None:
            raise PlaybookError(f"nothing was decided for the {self.kind.id} {self.id}")
        return Write(
            self.name,
            0 if self.head is None else self.head.version,
            chained(tenant, self.name, self.head, self.moments, now),
            encode_record(self.state),
            RECORD_FOLD,
            record_row(self.state, self.kind),
        )


def load_record(store: Store, tenant: str, kind: Kind, id: str, head: Snapshot) -> RecordState:  # noqa: A002
    """Return the record of a head, with the personal values that the vault still has."""
    return revealed(store, tenant, kind, sealed_record(store, tenant, kind, id, head))


def sealed_record(store: Store, tenant: str, kind: Kind, id: str, head: Snapshot) -> RecordState:  # noqa: A002
    """Return the record of a head, its personal values sealed."""
    if head.fold == RECORD_FOLD and head.data:
        return decode_record(head.data, kind)
    state = fold_record(kind, id, store.events(tenant, record_stream(kind.id, id)))
    if state is None:
        raise PlaybookError(f"the stream of the {kind.id} {id} is empty")
    return state


def revealed(store: Store, tenant: str, kind: Kind, state: RecordState) -> RecordState:
    """Return a record with the personal values that the vault still has."""
    if not state.sealed:
        return state
    rows = store.vault(tenant, [seal.ref for seal in state.sealed.values()])
    known = {
        name: load(kind.fields[name], msgspec.json.decode(row.value))
        for name, seal in state.sealed.items()
        if (row := rows.get(seal.ref)) is not None and name in kind.fields
    }
    return replace(state, fields={**state.fields, **known})


def record_row(state: RecordState, kind: Kind) -> IndexRow:
    """Return what a record can be found by: its name, also where that is personal, until it is forgotten."""
    opened, last = to_micros(state.opened), to_micros(state.last)
    private = kind.personal | state.sealed.keys()
    plain = {name: value for name, value in state.fields.items() if name not in private}
    fields = encode(kind.values(replace(state, fields=plain)))
    merged = MERGED if state.into else ""
    now = links(kind.fields.values(), plain)
    return IndexRow(
        record_stream(kind.id, state.id), RECORDS + kind.id, kind.name_of(state), merged, merged or OPEN, "", "",
        opened, last if merged else None, opened, last, None, None, None, None, fields, opened, False,
        (*now, *(once(tag) for tag in state.former if tag not in now)),
    )  # fmt: skip


def is_record(stream: str) -> bool:
    """Return whether a stream is a record's."""
    return stream.startswith(RECORDS)


def unique_stream(kind: Kind, name: str, value: Any, pepper: bytes) -> str:
    """Return the stream of a value that only one record may have; nobody reads a personal one out of its name."""
    same = kind.same(name, value)
    keyed = hmac.new(pepper, same, hashlib.sha256) if name in kind.personal else hashlib.sha256(same)
    return f"{UNIQUE}{kind.id}:{name}:{keyed.hexdigest()}"


def holder(head: Snapshot | None) -> str:
    """Return the record that has a unique value, "" where none has."""
    return "" if head is None else _HELD.decode(head.data).record


def held_by(
    stream: str,
    head: Snapshot | None,
    record: str,
    tenant: str,
    at: dt.datetime,
    actor: str,
    now: dt.datetime,
) -> Write:
    """Return the write that gives a unique value to a record, or to none."""
    event = UniqueHeld(record)
    made = chained(tenant, stream, head, [(event, at, actor)], now)
    return Write(stream, 0 if head is None else head.version, made, encode(event), RECORD_FOLD)
