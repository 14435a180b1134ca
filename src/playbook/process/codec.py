"""Between values and stored bytes: events by their kind, cases as snapshots, values by their field's type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.errors import PlaybookError
from playbook.model.case import Case
from playbook.model.events import KINDS, Changed, Logged, Moved, Opened, Reopened
from playbook.model.values import encode, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.model.events import CaseEvent
    from playbook.model.playbook import Field
    from playbook.process.compiled import Compiled

SEAL = "$p"
"""The key under which a stored value refers to the vault; `h` beside it is the commitment."""

_DECODERS = {kind: msgspec.json.Decoder(cls) for kind, cls in KINDS.items()}
_CASE = msgspec.json.Decoder(Case)


def decode_event(kind: str, data: bytes) -> Any:
    """Return the event of stored bytes, its field values still as stored.

    Raises PlaybookError for an unknown kind.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise PlaybookError(
            f"this version does not know events of kind {kind!r}; a newer one may have written it"
        )
    return decoder.decode(data)


def revive(event: Any, definition: Compiled) -> CaseEvent:
    """Return a decoded event of a case with its values in the types of their fields."""
    if isinstance(event, (Opened, Moved, Reopened)) and event.stamp:
        event = replace(event, stamp=typed(event.stamp, definition.fields))
    if isinstance(event, (Opened, Changed)):
        return replace(event, fields=typed(event.fields, definition.fields))
    if isinstance(event, Logged):
        return replace(event, fields=typed(event.fields, definition.entry_fields(event.kind)))
    revived: CaseEvent = event
    return revived


def encode_case(case: Case) -> bytes:
    """Return the snapshot of a case; personal values stay out of it."""
    if case.sealed:
        case = replace(case, fields={k: v for k, v in case.fields.items() if k not in case.sealed})
    return encode(case)


def decode_case(data: bytes) -> Case:
    """Return the case of a snapshot, its values still as stored."""
    return _CASE.decode(data)


def revive_case(case: Case, definition: Compiled) -> Case:
    """Return a decoded case with its values in the types of their fields."""
    fields = definition.fields
    return replace(
        case,
        fields=typed(case.fields, fields),
        stamps={stage: typed(values, fields) for stage, values in case.stamps.items()},
        stamps_last={stage: typed(values, fields) for stage, values in case.stamps_last.items()},
        entries=tuple(
            replace(entry, fields=typed(entry.fields, definition.entry_fields(entry.kind)))
            for entry in case.entries
        ),
    )


def is_sealed(value: object) -> bool:
    """Return whether a stored value is a reference into the vault."""
    return isinstance(value, dict) and SEAL in value


def typed(values: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return stored values in the types of their fields; what is sealed stays so."""
    return {
        name: load(fields[name], value)
        if value is not None and name in fields and not is_sealed(value)
        else value
        for name, value in values.items()
    }
