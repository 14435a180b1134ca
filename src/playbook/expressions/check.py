"""Check a tree against what it may name, and resolve it to the form that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.errors import nearest, nearest_hint
from playbook.expressions.decimals import DECIMAL, as_double, as_exact, common, is_exact, settled
from playbook.expressions.mistakes import Mistake
from playbook.expressions.nodes import Node
from playbook.expressions.operators import NEGATABLE, SYMBOLS, result_of
from playbook.expressions.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    EXACT,
    INT,
    MONEY,
    NULL,
    PERCENT,
    SAME,
    TEXT,
    Environment,
    Type,
    accepts,
    comparable,
    list_of,
    ordered,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from playbook.expressions.functions import Function

    Typed = tuple[Node, Type]

_LITERALS = {
    "null": NULL, "bool": BOOL, "string": TEXT, "int": INT, "double": DOUBLE, "number": DECIMAL,
    "percent": PERCENT, "money": MONEY, "duration": DURATION,
}  # fmt: skip


@attrs.frozen
class Checked:
    """Hold the resolved tree (what is stored), its type and every mistake."""

    node: Node
    type: Type
    mistakes: tuple[Mistake, ...] = ()


def check(node: Node, env: Environment, expected: Type | None = None) -> Checked:
    """Check the types and names of a parsed tree, every mistake at once.

    `expected` is BOOL for conditions, the field's type for computed values, or None for any.
    """
    checker = _Checker(env)
    resolved, found = checker.visit(node)
    if expected is None or expected.name not in EXACT:
        resolved, found = as_double(resolved, found)
    else:
        found = as_exact(found)
    if expected is not None and not (accepts(expected, found) or comparable(expected, found)):
        wanted = "true or false" if expected == BOOL else str(expected)
        hint = "compare it with something" if expected == BOOL else ""
        checker.wrong(node, "type", f"this is {found}, and {wanted} is needed", hint)
    mistakes = sorted(checker.mistakes, key=lambda mistake: (mistake.start, mistake.end))
    return Checked(resolved, found, tuple(mistakes))


class _Checker:
    """Visit a tree; each method returns the resolved node and its type, DYN after a mistake."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.mistakes: list[Mistake] = []

    def wrong(self, node: Node, code: str, message: str, hint: str = "") -> Type:
        self._wrong_at(node.start, node.end, code, message, hint)
        return DYN

    def _wrong_at(self, start: int, end: int, code: str, message: str, hint: str = "") -> None:
        self.mistakes.append(Mistake(f"condition-{code}", message, start, end, hint))

    def visit(self, node: Node) -> Typed:
        op = node.op
        if op in _LITERALS:
            return node, _LITERALS[op]
        if op in ("and", "or", "not"):
            before = len(self.mistakes)
            resolved = node.replace(op, *[self._bool(part) for part in node.args])
            return resolved, BOOL if len(self.mistakes) == before else DYN
        if op in ("filled", "has"):
            return node.replace(op, *[as_double(*self.visit(part))[0] for part in node.args]), BOOL
        if op in ("eq", "ne", "lt", "le", "gt", "ge"):
            return self._comparison(node)
        if op in ("add", "sub", "mul", "div", "mod"):
            return self._arithmetic(node)
        visited: Typed = getattr(self, f"_{op}")(node)
        return visited

    def _bool(self, node: Node) -> Node:
        resolved, found = self.visit(node)
        if found not in (BOOL, DYN):
            self.wrong(node, "type", f"this is {_title(found)}, and true or false is needed", "compare it")
        return resolved

    # --- names ---

    def _name(self, node: Node) -> Typed:
        name = node.args[0]
        found = self.env.names.get(name)
        if found is None:
            if name in self.env.roots:
                first = next(iter(self.env.roots[name]), "name")
                found = self.wrong(
                    node, "name", f"{name!r} is not a value", f"write one of its fields: {name}.{first}"
                )
            else:
                found = self.wrong(node, "name", f"there is no {name!r}{self._nearest(name)}")
        return node, found

    def _nearest(self, name: str) -> str:
        return self._other(name, [*self.env.names, *self.env.roots, "true", "false", "null"])

    def _other(self, name: str, known: Collection[str]) -> str:
        """Return a hint at a known name, or at the field of another root."""
        if nearest(name, known) is None:
            for root, fields in self.env.roots.items():
                if name in fields:
                    return f"; did you mean '{root}.{name}'?"
        return nearest_hint(name, known)

    def _field(self, node: Node) -> Typed:
        root, name = node.args
        fields = self.env.roots.get(root)
        if fields is None and root in self.env.names:
            value = Node("name", (root,), node.start, min(node.start + len(root), node.end))
            return self._select(node.replace("select", value, name))
        if fields is None:
            message = f"there is no {root!r}{nearest_hint(root, self.env.roots)}"
            self._wrong_at(node.start, min(node.start + len(root), node.end), "name", message)
            return node, DYN
        found = fields.get(name)
        if found is None:
            message = f"{root!r} has no field {name!r}{self._other(name, fields)}"
            self._wrong_at(max(node.end - len(name), node.start), node.end, "name", message)
        return node, found or DYN

    def _select(self, node: Node) -> Typed:
        resolved, found = self.visit(node.args[0])
        name = node.args[1]
        if found != DYN and found.name != "row":
            hint = "take one of its rows, like [0]" if found.name == "list" else ""
            found = self.wrong(node, "type", f"{_title(found)} has no fields to read", hint)
        columns = dict(found.args)
        if columns and name not in columns:
            message = f"there is no column {name!r}{nearest_hint(name, columns)}"
            self._wrong_at(max(node.end - len(name), node.start), node.end, "name", message)
        return node.replace("column", resolved, name), columns.get(name, DYN)

    def _column(self, node: Node) -> Typed:
        return self._select(node)

    def _index(self, node: Node) -> Typed:
        (items, found), (at, position) = map(self.visit, node.args)
        if position not in (INT, DYN):
            self.wrong(node.args[1], "type", f"a place in a list is a whole number, not {_title(position)}")
        if found.name != "list":
            if found != DYN:
                self.wrong(node.args[0], "type", f"{_title(found)} is not a list")
            return node.replace("index", items, at), DYN
        return node.replace("index", items, at), found.args[0]

    def _list(self, node: Node) -> Typed:
        parts = [self.visit(item) for item in node.args]
        if not all(type_ in (DECIMAL, INT) for _, type_ in parts):
            parts = settled(parts)
        item = common([type_ for _, type_ in parts])
        return node.replace("list", *[part for part, _ in parts]), list_of(item or DYN)

    # --- operators ---

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

    def _incomparable(self, node: Node, one: Type, other: Type) -> None:
        hint, pair = "", {one.name, other.name}
        if pair == {"date", "text"}:
            hint = 'write a date as date("2026-03-01")'
        elif pair & {"elapsed", "duration"} and "int" in pair:
            hint = "write a duration, like 30d"
        elif pair & {"money", "number", "percent"} and "double" in pair:
            hint = "write the number without e"
        elif one == BOOL:
            hint = "join two comparisons with 'and'"
        self.wrong(node, "type", f"{_title(one)} cannot be compared with {_title(other)}", hint)

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
        if other.name != "list":
            self.wrong(node.args[1], "type", f"'in' needs a list on its right, not {_title(other)}")
        elif not comparable(one, other.args[0]):
            self.wrong(node, "type", f"{_title(one)} cannot be in {_title(other)}")
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
            message = f"{_title(one)} {SYMBOLS[node.op]} {_title(other)} has no meaning"
            hint = "add a duration, like today + 90d" if {"date", "int"} == {one.name, other.name} else ""
            found = self.wrong(node, "type", message, hint)
        return node.replace(node.op, left, right), found

    def _neg(self, node: Node) -> Typed:
        operand, found = self.visit(node.args[0])
        if found.name not in NEGATABLE:
            found = self.wrong(node, "type", f"- {_title(found)} has no meaning")
        return node.replace("neg", operand), found

    def _if(self, node: Node) -> Typed:
        test = self._bool(node.args[0])
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
                node, "type", f"this is either {_title(one)} or {_title(other)}", "give both one type"
            )
        return node.replace("if", test, then, otherwise), found

    # --- functions ---

    def _call(self, node: Node) -> Typed:
        name, *arguments = node.args
        function = self.env.functions.get(name)
        if function is None:
            known = nearest_hint(name, [*self.env.functions, "filled", "has"])
            self._wrong_at(
                node.start,
                min(node.start + len(name), node.end),
                "name",
                f"there is no function {name!r}{known}",
            )
            return node.replace("call", name, *[self.visit(argument)[0] for argument in arguments]), DYN
        parts = [
            self._id(argument, function) if function.reads_ids and n == 0 else self.visit(argument)
            for n, argument in enumerate(arguments)
        ]
        return self._applied(node, function, parts)

    def _applied(self, node: Node, function: Function, parts: list[Typed]) -> Typed:
        params, name = function.params, function.name
        if len(parts) < len(params) or (len(parts) > len(params) and not function.variadic):
            wanted = f"{len(params)}{' or more' if function.variadic else ''}"
            self.wrong(node, "call", f"{name}() takes {wanted} argument(s), and {len(parts)} were given")
            return node.replace("call", name, *[part for part, _ in parts]), DYN
        padded = [*params, *[params[-1]] * (len(parts) - len(params))] if params else []
        if SAME in padded:
            parts = settled(parts)
        else:
            parts = [
                (part, as_exact(found)) if is_exact(param) else as_double(part, found)
                for (part, found), param in zip(parts, padded, strict=True)
            ]
        for argument, (_, found), param in zip(node.args[1:], parts, padded, strict=True):
            if not accepts(param, found):
                self.wrong(argument, "call", f"{name}() takes {param} here, not {_title(found)}")
        result = function.result
        if result == SAME:
            result = self._shared(
                node, [found for (_, found), p in zip(parts, padded, strict=True) if p == SAME]
            )
        return node.replace("call", name, *[part for part, _ in parts]), result

    def _shared(self, node: Node, types: list[Type]) -> Type:
        found = common(types)
        if found is None:
            titles = " and ".join(dict.fromkeys(map(_title, types)))
            return self.wrong(node, "call", f"{node.args[0]}() needs arguments of one type, not {titles}")
        if not ordered(found):
            return self.wrong(node, "call", f"{node.args[0]}() cannot order {_title(found)}")
        return found

    def _id(self, argument: Node, function: Function) -> Typed:
        kind = function.reads_ids
        known: Collection[str] | None = self.env.ids.get(kind)
        if argument.op == "name" and argument.args[0] not in self.env.roots:
            argument = argument.replace("string", argument.args[0])
        if argument.op != "string":
            self.visit(argument)
            self.wrong(
                argument,
                "call",
                f"{function.name}() takes the id of an {kind}",
                f'write {function.name}("id")',
            )
        elif known is not None and argument.args[0] not in known:
            self.wrong(
                argument,
                "value",
                f"there is no {kind} {argument.args[0]!r}{nearest_hint(argument.args[0], known)}",
            )
        return argument, TEXT


def _title(type_: Type) -> str:
    return str(as_exact(type_))
