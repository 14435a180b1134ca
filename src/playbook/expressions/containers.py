"""Closures of lists, maps and rows: columns, keys, items."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.expressions.closures import first_halt, halts, is_missing, worse
from playbook.expressions.comparing import FAULTS, failed, title
from playbook.expressions.unknown import EvalError, Unknown
from playbook.expressions.values import ABSENT, Map, Uint
from playbook.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions.scope import Scope

    Closure = Callable[[Scope], object]

_PLAIN = frozenset((int, Decimal, Money, bool))
"""Classes of columns that are there when they are not false."""


def mapping(parts: list[Closure]) -> Closure:
    """Return the closure of a map, from the closures of keys and values in turns."""

    def build(scope: Scope) -> object:
        values = tuple([part(scope) for part in parts])
        halted = first_halt(values)
        if halted is not None:
            return halted
        scope.spend(len(values) + 5)
        try:
            return Map(zip(values[::2], values[1::2], strict=True))
        except FAULTS as error:
            return failed(error)

    return build


def read_column(holder: Closure, name: str) -> Closure:
    """Return the closure of a column of a row, or of a key of a map."""
    unknown = Unknown((name,))

    def read(scope: Scope) -> object:
        value: Any = holder(scope)
        if value.__class__ is Map:
            return _of_map(value, name)
        if value.__class__ is not dict:
            return value if halts(value) else EvalError(f"{title(value)} has no columns")
        found = value.get(name)
        if not found or found.__class__ is str:
            return unknown if is_missing(found) else found
        return tuple(found) if found.__class__ is list else found

    return read


def item_column(slot: int, name: str) -> Closure:
    """Return the closure of a column of the row that a macro looks at, quick where it has a value."""
    general = read_column(lambda scope: scope.variables[slot], name)

    def read(scope: Scope) -> object:
        row: Any = scope.variables[slot]
        if row.__class__ is dict:
            found = row.get(name)
            if found and found.__class__ in _PLAIN:
                return found
        return general(scope)

    return read


def has_key(holder: Closure, name: str) -> Closure:
    """Return the closure of `has(x.name)`: whether a row has a value there, or a map the key."""

    def test(scope: Scope) -> object:
        value: Any = holder(scope)
        if value.__class__ is Map:
            return value.get(name) is not ABSENT
        if value.__class__ is dict:
            return not is_missing(value.get(name))
        if halts(value):
            return False if value.__class__ is Unknown else value
        return EvalError(f"{title(value)} has no columns")

    return test


def pick(container: Closure, position: Closure) -> Closure:
    """Return the closure of `x[y]`."""

    def run(scope: Scope) -> object:
        items: Any = container(scope)
        at: Any = position(scope)
        halted = worse(items, at)
        if halted is not None:
            return halted
        if items.__class__ is Map:
            return _of_map(items, at)
        if items.__class__ is not tuple or not _is_place(at):
            return EvalError(f"{title(items)} has no item at {title(at)}")
        return (
            items[int(at)]
            if 0 <= at < len(items)
            else EvalError(f"there is no item {at}: {len(items)} items")
        )

    return run


def _is_place(at: Any) -> bool:
    return at.__class__ in (int, Uint) or (at.__class__ is float and at.is_integer())


def _of_map(items: Map, key: object) -> object:
    try:
        found = items.get(key)
    except FAULTS as error:
        return failed(error)
    return EvalError(f"the map has no key {str(key)[:40]!r}") if found is ABSENT else found
