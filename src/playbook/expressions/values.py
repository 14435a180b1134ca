"""Values that CEL has and Python has not: unsigned integers, exact lengths of time, maps and types."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from playbook.money import Money
from playbook.times import Duration, Elapsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1
MAX_TEXT, MAX_ITEMS = 100_000, 10_000
ABSENT = object()
"""What a map answers for a key that it has not; null is a value."""


class Uint(int):
    """Hold an unsigned 64-bit integer, written `5u`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{int(self)}u"


@attrs.frozen
class Span:
    """Hold an exact length of time in nanoseconds, 64 bits: what CEL calls a duration.

    A Duration follows the calendar (`1d` is 23 hours in a night of spring), a Span never does.
    """

    nanos: int = attrs.field()

    @nanos.validator
    def _check(self, attribute: object, value: int) -> None:
        if not INT_MIN <= value <= INT_MAX:
            raise OverflowError("a span of time holds up to 292 years")


@attrs.frozen
class TypeValue:
    """Hold a type as a value: `type(1) == int`."""

    name: str


class Map:
    """Hold a map of CEL: keys are text, yes or no, and whole numbers, of which 1 and 1u are the same key."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[object, object]]) -> None:
        self._pairs: dict[object, tuple[object, object]] = {}
        for key, value in pairs:
            if key.__class__ not in _KEYS:
                raise ValueError("a key of a map is a text, a whole number, or true or false")
            place = _place(key)
            if place in self._pairs:
                raise ValueError(f"the map has the key {key!r} twice")
            self._pairs[place] = key, value

    def get(self, key: object) -> object:
        """Return the value of a key, or ABSENT; raises TypeError for what can be no key."""
        if key.__class__ not in _LOOKED_UP:
            raise TypeError("a key of a map is a text, a whole number, or true or false")
        found = self._pairs.get(_place(key))
        return ABSENT if found is None else found[1]

    def keys(self) -> tuple[object, ...]:
        """Return the keys in the order they were written in."""
        return tuple(key for key, _ in self._pairs.values())

    def items(self) -> Iterator[tuple[object, object]]:
        """Yield the pairs of key and value."""
        yield from self._pairs.values()

    def __len__(self) -> int:
        return len(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Map) and self._pairs == other._pairs

    def __hash__(self) -> int:
        return hash(frozenset(self._pairs))

    def __repr__(self) -> str:
        return f"Map({list(self.items())!r})"


_KEYS = frozenset((str, bool, int, Uint))
_LOOKED_UP = _KEYS | {float}


def _place(key: object) -> object:
    """Return the key as Python's dictionary tells it apart: True and 1 are not one key."""
    return (key,) if key.__class__ is bool else key


_TYPES: dict[type, str] = {
    int: "int", Uint: "uint", float: "double", bool: "bool", str: "string", bytes: "bytes", tuple: "list",
    Map: "map", type(None): "null_type", TypeValue: "type", dt.datetime: "google.protobuf.Timestamp",
    Span: "google.protobuf.Duration", Elapsed: "google.protobuf.Duration", Decimal: "number", Money: "money",
    dt.date: "date", Duration: "duration", dict: "row",
}  # fmt: skip
TYPE_NAMES = frozenset((
    "int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type",
    "google.protobuf.Timestamp", "google.protobuf.Duration",
))  # fmt: skip
"""Names that stand for a type where a value is meant."""


def type_of(value: object) -> TypeValue:
    """Return the type of a value."""
    return TypeValue(_TYPES.get(value.__class__, "dyn"))


def nanos_of(value: Any) -> int:
    """Return the nanoseconds of a Span or an Elapsed."""
    if isinstance(value, Span):
        return value.nanos
    elapsed: dt.timedelta = value.now - value.since
    return elapsed // dt.timedelta(microseconds=1) * 1000
