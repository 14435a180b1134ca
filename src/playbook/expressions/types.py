"""The types of the condition language, and which of them go together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from playbook.expressions.functions import Function


@attrs.frozen
class Type:
    """Name a type.

    `args` are a list's item, a map's key and value, a choice's options, a row's (column, type) pairs, what a
    reference refers to, or the types that a parameter takes.
    """

    name: str
    args: tuple[Any, ...] = ()

    def __str__(self) -> str:
        if self.name == "list":
            return f"a list of {self.args[0].plural}"
        if self.name == "one_of":
            *most, last = map(str, self.args)
            return f"{', '.join(most)} or {last}"
        return _TITLES.get(self.name, self.name)

    @property
    def plural(self) -> str:
        """Return the name of several, for messages."""
        return _PLURALS.get(self.name, f"{self.name}s")


_TITLES = {
    "int": "a whole number", "double": "a decimal number", "number": "a number", "percent": "a percentage",
    "bool": "a yes or no", "date": "a date", "timestamp": "a time", "duration": "a duration",
    "elapsed": "a span of time", "choice": "a choice", "person": "a person", "reference": "a reference",
    "row": "a row", "day": "a date or a time", "sized": "a text, a list or a map", "dyn": "a value",
    "uint": "an unsigned whole number", "map": "a map", "type": "a type",
}  # fmt: skip
_PLURALS = {
    "money": "money", "text": "texts", "bool": "yes or no", "int": "whole numbers", "dyn": "values",
    "double": "decimal numbers", "person": "people", "percent": "percentages", "same": "values",
    "uint": "unsigned whole numbers", "elapsed": "spans of time", "bytes": "bytes", "number": "numbers",
}  # fmt: skip

NULL = Type("null")
BOOL = Type("bool")
INT = Type("int")
UINT = Type("uint")
DOUBLE = Type("double")
NUMBER = Type("number")
PERCENT = Type("percent")
MONEY = Type("money")
TEXT = Type("text")
PERSON = Type("person")
REFERENCE = Type("reference")
BYTES = Type("bytes")
TYPE = Type("type")
DATE = Type("date")
TIMESTAMP = Type("timestamp")
DURATION = Type("duration")
ELAPSED = Type("elapsed")
"""A span of time: between two times, or exact like `duration("90s")`."""
DYN = Type("dyn")
"""Any type: nothing is known before it runs."""

DAY = Type("day")
"""A parameter that takes a date or a time."""
SIZED = Type("sized")
"""A parameter that takes what has a size."""
SAME = Type("same")
"""Parameters and a result that share one type."""


def list_of(item: Type) -> Type:
    """Return the type of a list."""
    return Type("list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """Return the type of a map."""
    return Type("map", (key, value))


def one_of(*types: Type) -> Type:
    """Return a parameter that takes a value of any of the types."""
    return Type("one_of", types)


def reference_to(target: str) -> Type:
    """Return the type of a reference to a record, whose fields `Environment.records` names."""
    return Type("reference", (target,))


def choice_of(options: Collection[str]) -> Type:
    """Return the type of a text that is one of the options."""
    return Type("choice", tuple(options))


def row_of(columns: Mapping[str, Type]) -> Type:
    """Return the type of a table's row."""
    return Type("row", tuple(columns.items()))


@attrs.frozen
class Environment:
    """Say what a condition may name.

    `roots` maps roots such as `deal` to their fields, `names` are values by themselves such as `today`, `ids`
    the ids of a kind (`activity`, `criterion`, `entry`) for functions that take one, `records` the fields of
    what a reference may refer to, and of a `person`. The name of a root or a value may have dots.
    """

    roots: Mapping[str, Mapping[str, Type]] = attrs.field(factory=dict)
    names: Mapping[str, Type] = attrs.field(factory=dict)
    functions: Mapping[str, Function] = attrs.field(factory=dict)
    ids: Mapping[str, Collection[str]] = attrs.field(factory=dict)
    records: Mapping[str, Mapping[str, Type]] = attrs.field(factory=dict)


TEXTS = frozenset(("text", "choice", "person", "reference"))
EXACT = frozenset(("number", "percent", "money"))
NUMERIC = frozenset(("int", "double", "number", "percent"))
_FAMILIES = (
    TEXTS,
    NUMERIC | {"uint"},
    frozenset(("money", "int", "number")),
    frozenset(("date", "timestamp")),
    frozenset(("elapsed", "duration")),
)


def comparable(left: Type, right: Type) -> bool:
    """Return whether values of the two types can be ordered or be equal."""
    if DYN in (left, right):
        return True
    if left.name == right.name == "list":
        return comparable(left.args[0], right.args[0])
    if left.name == right.name == "map":
        return all(map(comparable, left.args, right.args))
    return left.name == right.name or any({left.name, right.name} <= family for family in _FAMILIES)


def ordered(type_: Type) -> bool:
    """Return whether values of the type have an order."""
    return type_.name not in ("list", "row", "map", "type")


def join(left: Type, right: Type) -> Type | None:
    """Return the one type that both values have, or None where they differ."""
    if left == right or right == DYN:
        return left
    if left == DYN:
        return right
    if left.name == right.name == "list":
        item = join(left.args[0], right.args[0])
        return None if item is None else list_of(item)
    if left.name == right.name == "map":
        key, value = map(join, left.args, right.args)
        return None if key is None or value is None else map_of(key, value)
    pair = {left.name, right.name}
    if pair <= TEXTS:
        return TEXT
    if pair <= {"money", "int", "number"} and "money" in pair:
        return MONEY
    if pair == {"int", "double"}:
        return DOUBLE
    return NUMBER if pair <= {"int", "number", "percent"} else None


def accepts(parameter: Type, argument: Type) -> bool:
    """Return whether a parameter takes an argument of this type."""
    if DYN in (parameter, argument) or parameter in (SAME, argument):
        return True
    if parameter.name == "day":
        return argument.name in ("date", "timestamp")
    if parameter.name == "one_of":
        return any(accepts(one, argument) for one in parameter.args)
    if parameter.name == "sized":
        return argument.name in ("list", "map", "bytes") or argument.name in TEXTS
    if parameter.name == "list":
        return argument.name == "list" and accepts(parameter.args[0], argument.args[0])
    if parameter.name == "choice":
        return argument.name in TEXTS
    pair = {parameter.name, argument.name}
    return pair <= TEXTS or (parameter.name == "number" and argument.name in ("int", "percent"))
