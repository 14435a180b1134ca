"""What a case can be found and counted by: its row of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.model.values import encode
from playbook.money import Money
from playbook.process.alike import marks
from playbook.process.computed import indexed
from playbook.process.references import links, once
from playbook.process.visibility import shown_to
from playbook.stores.interface import IndexRow
from playbook.times import to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from playbook.model.case import Case
    from playbook.process.compiled import Compiled

_NO_TAGS: tuple[str, ...] = ()


def index_row(
    case: Case,
    definition: Compiled,
    last: int | None = None,
    before: Case | None = None,
    row: IndexRow | None = None,
) -> IndexRow:
    """Return what the case can be found and counted by; personal values are not among it.

    `last` is when its last event happened. Where the fields are those of `before`, what they say is taken
    from its `row`: most commands leave them alone.
    """
    hidden, tags = False, _NO_TAGS
    ended, fields = case.last, case.fields
    last = to_micros(ended) if last is None else last
    if row is None or before is None:
        opened = _at(case.opened, ended, last)
        entered = opened if case.entered is case.opened else _at(case.entered, ended, last)
    else:
        opened = row.opened
        entered = row.entered if before.entered is case.entered else _at(case.entered, ended, last)
    if row is not None and before is not None and before.fields is fields and not definition.derives:
        minor, currency, expected, said = row.amount, row.currency, row.expected_close, row.fields
    else:
        if definition.computed or case.sealed:
            fields = indexed(definition, case)
        minor, currency, expected = _figures(definition, fields)
        said = encode(fields)
        if definition.derives:
            hidden, tags = _tags(definition, case, fields)
    return IndexRow(
        case.id,
        case.playbook,
        case.name,
        case.stage,
        case.outcome,
        case.owner,
        case.team,
        opened,
        None if case.closed is None else _at(case.closed, ended, last),
        entered,
        _at(case.touched, ended, last),
        minor,
        currency,
        expected,
        None if case.probability is None else str(case.probability),
        said,
        opened if case.assigned is None else to_micros(case.assigned),
        hidden,
        tags,
        case.forecast or None,
    )


def _at(moment: dt.datetime, last: dt.datetime, micros: int) -> int:
    """Return a moment in microseconds; of the last event they are known."""
    return micros if moment is last else to_micros(moment)


def _figures(definition: Compiled, fields: Mapping[str, Any]) -> tuple[int | None, str | None, str | None]:
    amount, expected = fields.get(definition.amount), fields.get(definition.expected_close)
    day = None if expected is None else expected.isoformat()
    return (amount.minor, amount.currency, day) if isinstance(amount, Money) else (None, None, day)


def _tags(definition: Compiled, case: Case, fields: Mapping[str, Any]) -> tuple[bool, tuple[str, ...]]:
    """Return whether the case is hidden from others, and the tags that it is found by."""
    shown = shown_to(definition, case) if definition.hides else None
    linked = _linked_by(case, definition) if definition.refers else ()
    if definition.alike:
        linked = (*linked, *marks(definition, fields))
    return shown is not None, (*shown, *linked) if shown else linked


def _linked_by(case: Case, definition: Compiled) -> tuple[str, ...]:
    """Return the tags of what a case refers to, in its fields and entries, and of what it referred to once."""
    now = links(definition.playbook.fields, case.fields, definition.personal)
    if definition.referring:
        noted = (links(definition.referring.get(entry.kind, ()), entry.fields) for entry in case.entries)
        now = tuple(dict.fromkeys((*now, *(tag for tags in noted for tag in tags))))
    return (*now, *(once(tag) for tag in case.former if tag not in now))
