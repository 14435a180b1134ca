"""What the conditions of a playbook may name: its fields, the case, the actor, stamped values, ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.expressions import Environment
from playbook.expressions.parse import RESERVED_WORDS
from playbook.expressions.types import (
    BOOL,
    DATE,
    DURATION,
    ELAPSED,
    INT,
    MONEY,
    NUMBER,
    PERCENT,
    PERSON,
    REFERENCE,
    TEXT,
    TIMESTAMP,
    Type,
    choice_of,
    list_of,
    row_of,
)
from playbook.model.case import OPEN
from playbook.model.playbook import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from playbook.expressions import Function
    from playbook.model.playbook import Field, Playbook

ROOTS = frozenset(("case", "actor", "activity", "entry", "child", "score"))
NAMES: Mapping[str, Type] = {"today": DATE, "now": TIMESTAMP}
RESERVED = RESERVED_WORDS | ROOTS | frozenset(NAMES)
"""Names that may not be ids: reserved words of CEL, and the roots."""

ENTRIES = ("call", "email", "meeting", "note")
"""Kinds of entry that every playbook has."""

_PLAIN = {
    "money": MONEY, "percent": PERCENT, "number": NUMBER, "integer": INT, "date": DATE, "datetime": TIMESTAMP,
    "duration": DURATION, "boolean": BOOL, "person": PERSON, "reference": REFERENCE,
}  # fmt: skip
_ACTOR = {"id": PERSON, "role": TEXT, "team": TEXT}


def type_of(field: Field) -> Type:
    """Return the type that a field's value has in conditions; kinds of text are text."""
    if field.type == "choice":
        return choice_of(field.options)
    if field.type == "list":
        return list_of(TEXT if field.of is None else type_of(field.of))
    if field.type == "table":
        return list_of(row_of({column.id: type_of(column) for column in field.columns}))
    return _PLAIN.get(field.type, TEXT)


def environment(playbook: Playbook, functions: Mapping[str, Function]) -> Environment:
    """Return what the conditions of the playbook may name.

    Roots: the subject, `case`, `actor`, and each stage that stamps fields (`discovery.amount`).
    """
    fields = {field.id: type_of(field) for field in playbook.fields}
    stamped = {
        stage.id: {name: fields[name] for name in stage.stamp if name in fields}
        for stage in playbook.stages
        if stage.stamp
    }
    roots = {**stamped, playbook.subject: fields, "case": _case(playbook), "actor": _ACTOR}
    return Environment(roots=roots, names=NAMES, functions=functions, ids=_ids(playbook))


def _case(playbook: Playbook) -> dict[str, Type]:
    stages = choice_of([stage.id for stage in playbook.stages])
    return {
        "id": TEXT, "name": TEXT, "owner": PERSON, "team": TEXT, "stage": stages,
        "opened": TIMESTAMP, "closed": TIMESTAMP, "age": ELAPSED, "in_stage": ELAPSED, "idle": ELAPSED,
        "outcome": choice_of((OPEN, *OUTCOMES)), "probability": PERCENT,
    }  # fmt: skip


def _ids(playbook: Playbook) -> dict[str, Collection[str]]:
    return {
        "activity": [activity.id for stage in playbook.stages for activity in stage.activities],
        "criterion": list(dict.fromkeys(_criteria(playbook))),
        "entry": [*ENTRIES, *(kind.id for kind in playbook.entries)],
    }


def _criteria(playbook: Playbook) -> Iterator[str]:
    for criterion in playbook.criteria:
        yield criterion.id
    for stage in playbook.stages:
        for criterion in (*stage.entry, *stage.exit):
            yield criterion.id
