"""References: which fields refer to records or cases, to which, and what a condition finds behind one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.expressions import follows, load
from playbook.model.commands import Open
from playbook.model.record import record_stream
from playbook.model.rules import Condition
from playbook.process.definition import values_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from playbook.model.case import Case
    from playbook.model.commands import Command
    from playbook.model.playbook import Field
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World

    Find = Callable[[str, str], str]
    Step = tuple[str, str, str]
    Path = tuple[str, str, str, str]

FACT = "record:"
"""Begins the name of the fact what a record says; what a reference is `to` and its id follow."""


def refers(field: Field) -> bool:
    """Return whether a field refers to something, itself or in what it holds."""
    if field.type == "reference":
        return bool(field.to)
    return any(map(refers, field.columns)) or (field.of is not None and refers(field.of))


def found(field: Field, value: Any, find: Find) -> Any:
    """Return a value with what each reference names in place of how it was named."""
    if value is None:
        return None
    if field.type == "reference":
        return find(field.to, value) if field.to else value
    if field.of is not None and field.type == "list":
        return tuple(found(field.of, item, find) for item in value)
    if field.type == "table":
        columns = {column.id: column for column in field.columns}
        return tuple({name: found(columns[name], cell, find) for name, cell in row.items()} for row in value)
    return value


def referred(field: Field, value: Any) -> Iterator[tuple[str, str]]:
    """Yield what a value refers to, as pairs of `to` and id."""
    if field.type == "reference" and field.to and isinstance(value, str):
        yield field.to, value
    elif field.of is not None and isinstance(value, tuple):
        for item in value:
            yield from referred(field.of, item)
    elif field.type == "table" and isinstance(value, tuple):
        for row in value:
            for column in field.columns:
                yield from referred(column, row.get(column.id))


def links(fields: Iterable[Field], values: Mapping[str, Any], private: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the tags of what values refer to, each once; personal ones are not among them."""
    pairs = (pair for f in fields if f.id not in private for pair in referred(f, values.get(f.id)))
    return tuple(dict.fromkeys(record_stream(to, id_) for to, id_ in pairs))


def former(of: Sequence[str], before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    """Return the tags of what was referred to once: those `of` before, and what was until now and is no more."""
    return (*of, *(tag for tag in before if tag not in now and tag not in of))


def once(tag: str) -> str:
    """Return the tag of what referred to something once."""
    return f"was:{tag}"


def steps_in(model: Any) -> dict[str, Path]:
    """Return what conditions in a model read behind references, by path: root, field, field there, and `to`."""
    trees = (load(value.tree) for value in values_in(model) if isinstance(value, Condition) and value.tree)
    return {".".join(step[:3]): step for tree in trees for step in follows(tree)}


def followed(steps: Iterable[Path]) -> frozenset[Step]:
    """Return the references that lead to records: root, field, and what it is `to`."""
    return frozenset((root, name, to) for root, name, _, to in steps if to != "person")


def wanted(definition: Compiled, case: Case | None, command: Command | None, world: World) -> tuple[str, ...]:
    """Return the facts about records that conditions may follow a reference to, and that are not known yet."""
    given = getattr(command, "fields", {})
    if isinstance(command, Open):
        given = {**definition.defaults, **given}
    names = dict[str, None]()
    for root, name, to in sorted(definition.follows | world.follows):
        for values in behind(root, definition.subject, case, given):
            id_ = values.get(name)
            if isinstance(id_, str) and (to, id_) not in world.records:
                names[f"{FACT}{to}:{id_}"] = None
    return tuple(names)


def behind(
    root: str, subject: str, case: Case | None, given: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Yield the values that a root may have now, and after the command."""
    if root == subject:
        yield given
        if case is not None:
            yield case.fields
    elif case is not None:
        stage, _, last = root.partition(".")
        kept = case.stamps_last if last else case.stamps
        yield kept.get(stage, {})
