"""Records that a plugin brings from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import InputError, PluginError
from playbook.model.record import RecordState
from playbook.process.setting import read_fields

if TYPE_CHECKING:
    import datetime as dt

    from playbook.model.contributions import RecordSource
    from playbook.process.recording import Kind


def brought(source: RecordSource, kind: Kind, id: str, now: dt.datetime) -> RecordState | None:  # noqa: A002
    """Return a record as its source knows it now, None where it has none of this id; raises PluginError."""
    try:
        given = source.get((id,)).get(id)
    except Exception as error:  # whatever a stranger's code raises is that plugin's fault alone
        raise PluginError(
            source.name, f"asked for the {kind.id} {id}: {type(error).__name__}: {error}"
        ) from error
    if given is None:
        return None
    try:
        values = read_fields(kind.fields, given, f"field of {kind.id}")
    except InputError as error:
        raise PluginError(source.name, f"the {kind.id} {id} is not as its file says: {error}") from error
    return RecordState(
        id, kind.id, now, now, {name: value for name, value in values.items() if value is not None}
    )
