"""Check operators: what they take, what they make, and literals that can never fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import nearest_hint
from playbook.expressions.check_base import Base, title
from playbook.expressions.decimals import DECIMAL, common, settled
from playbook.expressions.operators import NEGATABLE, SYMBOLS, result_of
from playbook.expressions.types import (
    BOOL,
    DYN,
    INT,
    NULL,
    PERCENT,
    Type,
    comparable,
    list_of,
    map_of,
    ordered,
)

if TYPE_CHECKING:
    from playbook.expressions.nodes import Node

    Typed = tuple[Node, Type]


class Operators(Base):
    """Visit operators, lists and maps."""

    def _and(self, node: Node) -> Typed:
        before = len(self.mistakes)
        resolved = node.replace(node.op, *[self.boolean(part) for part in node.args])
        return resolved, BOOL if len(self.mistakes) == before else DYN

    _or = _not = _and

    def _list(self, node: Node) -> Typed:
        parts = [self.visit(item) for item in node.args]
        if not all(type_ in (DECIMAL, INT) for _, type_ in parts):
            parts = settled(parts)
        item = common([type_ for _, type_ in parts])
        return node.replace("list", *[part for part, _ in parts]), list_of(item or DYN)

    def _entries(self, node: Node) -> Typed:
        keys = settled(map(self.visit, node.args[::2]))
        values = settled(map(self.visit, node.args[1::2]))
        for key, (_, type_) in zip(node.args[::2], keys, strict=True):
            if type_ != DYN and type_.name not in ("int", "uint", "bool", "text"):
                self.wrong(key, "type", f"{title(type_)} cannot be a key of a map")
        parts = [part for pair in zip(keys, values, strict=True) for part, _ in pair]
        key, value = (common([type_ for _, type_ in side]) or DYN for side in (keys, values))
        return node.replace("entries", *parts), map_of(key, value)

    def _comparison(self, node: Node) -> Typed:
        (left, one), (right, other) = parts = settled(map(self.visit, node.args))
        resolved = node.replace(node.op, left, right)
        if NULL in (one, other):
            if node.op not in ("eq", "ne"):
                self.wrong(
                    node, "type", f"null cannot be compared with {SYMBOLS[node.op]}", "use == null or != null"
                )
            return resolved, BOOL
        unordered = not (node.op in ("eq", "ne") or (ordered(one) and ordered(other)))
        if unordered or not comparable(one, other):
            self._incomparable(node, one, other)
            return resolved, BOOL
        for (literal, _), (_, beside) in (parts, parts[::-1]):
            self._literal(literal, beside)
        return resolved, BOOL

    _eq = _ne = _lt = _le = _gt = _ge = _comparison

    def _incomparable(self, node: Node, one: Type, other: Type) -> None:
        hint, pair = "", {one.name, other.name}
        if pair == {"date", "text"} or pair == {"date", "int"}:
            hint = 'write a date as date("2026-03-01")'
        elif pair & {"elapsed", "duration"} and "int" in pair:
            hint = "write a duration, like 30d"
        elif pair & {"money", "number", "percent"} and "double" in pair:
            hint = "write the number without e"
        elif pair == {"money", "text"}:
            hint = "write money without quotes, like 25000 EUR"
        elif one == BOOL:
            hint = "join two comparisons with 'and'"
        self.wrong(node, "type", f"{title(one)} cannot be compared with {title(other)}", hint)

    def _literal(self, literal: Node, beside: Type) -> None:
        """Refuse a literal that what stands beside it can never equal."""
        if beside.name == "choice" and literal.op == "string" and literal.args[0] not in beside.args:
            known = nearest_hint(literal.args[0], beside.args)
            self.wrong(literal, "value", f"{literal.args[0]!r} is not an option{known}")
        if beside == PERCENT and literal.op == "int" and abs(int(literal.args[0])) > 1:
            self.wrong(
                literal, "value", "a percentage is compared with a percentage", f"write {literal.args[0]}%"
            )

    def _in(self, node: Node) -> Typed:
        (item, one), (items, other) = settled(map(self.visit, node.args))
        resolved = node.replace("in", item, items)
        if other == DYN:
            return resolved, BOOL
        if other.name not in ("list", "map"):
            hint = 'ask for a part of a text with text.contains("part")' if other.name == "text" else ""
            message = f"'in' needs a list or a map on its right, not {title(other)}"
            self.wrong(node.args[1], "type", message, hint)
        elif not comparable(one, other.args[0]):
            self.wrong(node, "type", f"{title(one)} cannot be in {title(other)}")
        else:
            self._literal(item, other.args[0])
            for literal in items.args if items.op == "list" else ():
                self._literal(literal, one)
        return resolved, BOOL

    def _arithmetic(self, node: Node) -> Typed:
        parts = [self.visit(part) for part in node.args]
        types = [type_ for _, type_ in parts]
        if DECIMAL in types and all(type_ in (DECIMAL, INT) for type_ in types) and node.op != "mod":
            return node.replace(node.op, *[part for part, _ in parts]), DECIMAL
        (left, one), (right, other) = settled(parts)
        found = result_of(node.op, one, other)
        if found is None:
            message = f"{title(one)} {SYMBOLS[node.op]} {title(other)} has no meaning"
            hint = "add a duration, like today + 90d" if {"date", "int"} == {one.name, other.name} else ""
            found = self.wrong(node, "type", message, hint)
        return node.replace(node.op, left, right), found

    _add = _sub = _mul = _div = _mod = _arithmetic

    def _neg(self, node: Node) -> Typed:
        operand, found = self.visit(node.args[0])
        if found.name not in NEGATABLE:
            found = self.wrong(node, "type", f"- {title(found)} has no meaning")
        return node.replace("neg", operand), found

    def _if(self, node: Node) -> Typed:
        test = self.boolean(node.args[0])
        parts = [self.visit(part) for part in node.args[1:]]
        if not all(type_ in (DECIMAL, INT) for _, type_ in parts):
            parts = settled(parts)
        (then, one), (otherwise, other) = parts
        found = (
            common([type_ for type_ in (one, other) if type_ != NULL])
            if NULL in (one, other)
            else common([one, other])
        )
        if found is None:
            found = self.wrong(
                node, "type", f"this is either {title(one)} or {title(other)}", "give both one type"
            )
        return node.replace("if", test, then, otherwise), found
