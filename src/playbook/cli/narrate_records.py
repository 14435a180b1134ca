"""What happened to records as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from playbook.cli.output import clean, shown
from playbook.errors import UnknownName
from playbook.model.record import RecordChanged, RecordForgotten, RecordMerged, RecordOpened
from playbook.process.codec import is_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
        tell = TELL.get(type(event))
        return tell(self, event) if tell else f"caused {type(event).__name__}"

    def values(self, given: Mapping[str, Any]) -> str:
        """Return fields with their values; of personal ones only that there is one."""
        return ", ".join(
            f"{self.field(name)} {'(personal)' if is_sealed(value) else self.value(name, value)}"
            for name, value in given.items()
        )


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
    return f"opened the {words.kind}, with {words.values(event.fields)}"


def _changed(words: RecordWords, event: RecordChanged) -> str:
    given = {name: value for name, value in event.fields.items() if value is not None}
    cleared = [words.field(name) for name, value in event.fields.items() if value is None]
    parts = [f"set {words.values(given)}"] if given else []
    parts += [f"cleared {', '.join(cleared)}"] if cleared else []
    return " and ".join(parts) + (f", because: {clean(event.reason)}" if event.reason else "")


def _merged(words: RecordWords, event: RecordMerged) -> str:
    return f"merged the {words.kind} {clean(event.other)} into {clean(event.kept)}"


def _forgotten(words: RecordWords, event: RecordForgotten) -> str:
    of = f": {', '.join(map(words.field, event.fields))}" if event.fields else ""
    return f"had its personal values erased{of}"


TELL: Mapping[type, Callable[[RecordWords, Any], str]] = {
    RecordOpened: _opened, RecordChanged: _changed, RecordMerged: _merged, RecordForgotten: _forgotten,
}  # fmt: skip
