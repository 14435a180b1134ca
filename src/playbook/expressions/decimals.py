"""Decimal literals: whether 1.5 is exact or a double depends on what stands beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.expressions.types import DOUBLE, DYN, EXACT, INT, NUMBER, Type, join, list_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.expressions.nodes import Node

    Typed = tuple[Node, Type]

DECIMAL = Type("decimal")
"""A decimal literal, and arithmetic on such, while it is open whether it is exact or a double."""

_CARRIERS = {"list": 0, "add": 0, "sub": 0, "mul": 0, "div": 0, "neg": 0, "index": 0, "if": 1}
"""Operations that hand on an open decimal, and from which argument on."""


def is_open(type_: Type) -> bool:
    """Return whether the type is still open."""
    return type_ == DECIMAL or (type_.name == "list" and is_open(type_.args[0]))


def as_exact(type_: Type) -> Type:
    """Return the type with open decimals as exact numbers."""
    if type_.name == "list":
        return list_of(as_exact(type_.args[0]))
    return NUMBER if type_ == DECIMAL else type_


def as_double(node: Node, type_: Type) -> Typed:
    """Return the node with open decimals as doubles."""
    return (_doubled(node), _doubled_type(type_)) if is_open(type_) else (node, type_)


def _doubled_type(type_: Type) -> Type:
    return list_of(_doubled_type(type_.args[0])) if type_.name == "list" else DOUBLE


def _doubled(node: Node) -> Node:
    if node.op == "number":
        return node.replace("double", repr(float(node.args[0])))
    first = _CARRIERS.get(node.op)
    if first is None:
        return node
    last = 1 if node.op == "index" else len(node.args)
    parts = [_doubled(arg) if first <= n < last else arg for n, arg in enumerate(node.args)]
    return node.replace(node.op, *parts)


def is_exact(type_: Type) -> bool:
    """Return whether decimals beside this type are exact."""
    return type_.name in EXACT or (type_.name == "list" and is_exact(type_.args[0]))


def settled(parts: Iterable[Typed]) -> list[Typed]:
    """Decide open decimals: exact where something exact is beside them, else doubles."""
    parts = list(parts)
    if any(is_exact(type_) for _, type_ in parts):
        return [(node, as_exact(type_)) for node, type_ in parts]
    return [as_double(*part) for part in parts]


def common(types: Iterable[Type]) -> Type | None:
    """Return the one type that all have, or None."""
    found: Type | None = DYN
    for type_ in types:
        if found is None:
            return None
        found = DECIMAL if {found, type_} == {DECIMAL, INT} else join(found, type_)
    return found
