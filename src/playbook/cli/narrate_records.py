"""What happened to records as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import attrs

from playbook.cli.output import clean, shown
from playbook.errors import UnknownName
from playbook.model.record import RecordChanged, RecordForgotten, RecordMerged, RecordOpened
from playbook.process.codec import is_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from playbook.cli.session import Session
    from playbook.model.playbook import Field


@attrs.frozen
class RecordWords:
    """Name what belongs to a kind of record the way its file names it."""

    session: Session
    kind: str
    fields: Mapping[str, Field]

    @classmethod
    def of(cls, session: Session, kind: str) -> RecordWords:
        """Return the words for a kind; raises UnknownName."""
        return cls(session, kind, session.engine.kept_records.kinds.current(kind)[0].fields)

    def field(self, name: str) -> str:
        """Return the title of a field."""
        found = self.fields.get(name)
        return clean(found.title or name) if found else clean(name)

    def value(self, name: str, value: Any) -> str:
        """Return a field's value; a reference by the name of what it refers to."""
        return valued(self.session, value, self.fields.get(name))

    def told(self, event: Any) -> str:
        """Return one event in words."""
        return TELL[type(event)](self, event)


class Naming(Protocol):
    """Names fields and their values: of a record or of a case."""

    def field(self, name: str) -> str:
        """Return the title of a field."""

    def value(self, name: str, value: Any) -> str:
        """Return a field's value."""


def given(words: Naming, fields: Mapping[str, Any]) -> str:
    """Return fields with their values; of personal ones only that there is one."""
    return ", ".join(
        f"{words.field(name)} {'(personal)' if is_sealed(value) else words.value(name, value)}"
        for name, value in fields.items()
    )


def changed(words: Naming, fields: Mapping[str, Any], reason: str) -> str:
    """Return which fields were set and which were cleared, and why."""
    values = {name: value for name, value in fields.items() if value is not None}
    cleared = [words.field(name) for name, value in fields.items() if value is None]
    parts = [f"set {given(words, values)}"] if values else []
    parts += [f"cleared {', '.join(cleared)}"] if cleared else []
    return (" and ".join(parts) or "changed what you do not see") + because(reason)


def erased(words: Naming, fields: Iterable[str]) -> str:
    """Return of which fields the personal values were erased."""
    of = ", ".join(map(words.field, fields))
    return "had its personal values erased" + (f": {of}" if of else "")


def because(reason: str) -> str:
    """Return a reason as the end of a sentence; nothing where none was given."""
    return f", because: {clean(reason)}" if reason else ""


def valued(session: Session, value: Any, field: Field | None) -> str:
    """Return a value for people; a reference by the name of what it refers to."""
    if (
        field is not None
        and field.type == "list"
        and field.of is not None
        and isinstance(value, (list, tuple))
    ):
        return ", ".join(valued(session, item, field.of) for item in value)
    if field is not None and field.type == "reference" and isinstance(value, str):
        return _name(session, field.to, value)
    return shown(value, session.engine.world.zone, field)


def _name(session: Session, to: str, reference: str) -> str:
    engine = session.engine
    try:
        if engine.kept_records.kinds.find(to) is None:
            return clean(engine.case(reference, actor=session.actor).name) or clean(reference)
        return clean(engine.record(to, reference, actor=session.actor).name) or clean(reference)
    except UnknownName:  # not theirs to see, or from before records were kept
        return clean(reference)


def _opened(words: RecordWords, event: RecordOpened) -> str:
    return f"opened the {words.kind}, with {given(words, event.fields)}"


def _changed(words: RecordWords, event: RecordChanged) -> str:
    return changed(words, event.fields, event.reason)


def _merged(words: RecordWords, event: RecordMerged) -> str:
    return f"merged the {words.kind} {clean(event.other)} into {clean(event.kept)}"


def _forgotten(words: RecordWords, event: RecordForgotten) -> str:
    return erased(words, event.fields)


TELL: Mapping[type, Callable[[RecordWords, Any], str]] = {
    RecordOpened: _opened, RecordChanged: _changed, RecordMerged: _merged, RecordForgotten: _forgotten,
}  # fmt: skip
