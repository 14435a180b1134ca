"""Check calls: functions, functions called on a value, and macros."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from playbook.errors import nearest_hint
from playbook.expressions.check_base import Base, title
from playbook.expressions.decimals import as_double, as_exact, common, is_exact, settled
from playbook.expressions.matching import machine
from playbook.expressions.methods import METHODS
from playbook.expressions.mistakes import FAMILIAR
from playbook.expressions.nodes import MACROS, Node
from playbook.expressions.patterns import PatternError
from playbook.expressions.types import BOOL, DYN, SAME, TEXT, Type, accepts, list_of, ordered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from playbook.expressions.functions import Function

    Typed = tuple[Node, Type]

_SAMES = list_of(SAME)
_SUMMABLE = frozenset(("int", "uint", "double", "number", "percent", "money", "duration", "elapsed", "dyn"))


class Calls(Base):
    """Visit calls."""

    def _filled(self, node: Node) -> Typed:
        return node.replace(node.op, *[as_double(*self.visit(part))[0] for part in node.args]), BOOL

    _has = _filled

    def _call(self, node: Node) -> Typed:
        name, *arguments = node.args
        if name == "dyn" and len(arguments) == 1:
            return as_double(*self.visit(arguments[0]))[0], DYN
        function = self.env.functions.get(name)
        if function is None:
            return self._unknown(node, name, arguments, [*self.env.functions, "filled", "has", "dyn"])
        parts = [
            self._id(argument, function) if function.reads_ids and n == 0 else self.visit(argument)
            for n, argument in enumerate(arguments)
        ]
        return self._applied(node, function, parts)

    def _method(self, node: Node) -> Typed:
        name, *arguments = node.args
        function = METHODS.get(name)
        if function is None:
            return self._unknown(node, name, arguments, [*METHODS, *MACROS])
        return self._applied(node, function, [self.visit(argument) for argument in arguments])

    def _unknown(self, node: Node, name: str, arguments: list[Node], known: Collection[str]) -> Typed:
        start = node.start if node.op == "call" else arguments[0].end
        end = min(start + len(name) + (node.op == "method"), node.end)
        familiar = FAMILIAR.get(name.lower(), "")
        near = "" if familiar else nearest_hint(name, known)
        self.wrong_at(start, end, "name", f"there is no function {name!r}{near}", familiar)
        return node.replace(node.op, name, *[as_double(*self.visit(one))[0] for one in arguments]), DYN

    def _applied(self, node: Node, function: Function, parts: list[Typed]) -> Typed:
        params, name = function.params, function.name
        hidden = 1 if node.op == "method" else 0
        least = len(params) - function.optional
        if len(parts) < least or (len(parts) > len(params) and not function.variadic):
            wanted = f"{least - hidden}{' or more' if function.variadic else ''}"
            if function.optional:
                wanted = f"{wanted} to {len(params) - hidden}"
            given = len(parts) - hidden
            self.wrong(node, "call", f"{name}() takes {wanted} argument(s), and {given} were given")
            return node.replace(node.op, name, *[part for part, _ in parts]), DYN
        padded = [*params, *[params[-1]] * (len(parts) - len(params))][: len(parts)] if params else []
        parts = _settled(parts, padded)
        for argument, (_, found), param in zip(node.args[1:], parts, padded, strict=True):
            if not accepts(param, found):
                self.wrong(argument, "call", f"{name}() takes {param} here, not {title(found)}")
        resolved = node.replace(node.op, name, *[part for part, _ in parts])
        if name == "matches":
            self._pattern(parts[1][0])
        if function.result == SAME:
            return resolved, self._shared(node, padded, [found for _, found in parts])
        return resolved, function.result

    def _shared(self, node: Node, params: list[Type], given: list[Type]) -> Type:
        """Return the type that the arguments share, or the items of a list."""
        name, pairs = node.args[0], list(zip(params, given, strict=True))
        items = [found.args[0] for param, found in pairs if param == _SAMES and found.name == "list"]
        types = [*items, *(found for param, found in pairs if param == SAME)]
        found = common(types)
        if found is None:
            titles = " and ".join(dict.fromkeys(map(title, types)))
            return self.wrong(node, "call", f"{name}() needs arguments of one type, not {titles}")
        if items and found.name not in _SUMMABLE:
            return self.wrong(node, "call", f"{name}() cannot add {found.plural}")
        if not ordered(found):
            return self.wrong(node, "call", f"{name}() cannot order {title(found)}")
        return found

    def _pattern(self, literal: Node) -> None:
        if literal.op == "string":
            try:
                machine(literal.args[0])
            except PatternError as error:
                self.wrong(literal, "value", str(error))

    def _id(self, argument: Node, function: Function) -> Typed:
        kind = function.reads_ids
        known: Collection[str] | None = self.env.ids.get(kind)
        if argument.op == "name" and argument.args[0] not in self.env.roots:
            argument = argument.replace("string", argument.args[0])
        if argument.op != "string":
            resolved = as_double(*self.visit(argument))[0]
            a = "an" if kind[0] in "aeiou" else "a"
            message = f"{function.name}() takes the id of {a} {kind}"
            self.wrong(argument, "call", message, f'write {function.name}("id")')
            return resolved, TEXT
        if known is not None and argument.args[0] not in known:
            self.wrong(
                argument,
                "value",
                f"there is no {kind} {argument.args[0]!r}{nearest_hint(argument.args[0], known)}",
            )
        return argument, TEXT

    # --- macros ---

    def _all(self, node: Node) -> Typed:
        return self._tested(node)[0], BOOL

    _exists = _exists_one = _all

    def _filter(self, node: Node) -> Typed:
        resolved, item = self._tested(node)
        return resolved, list_of(item)

    def _tested(self, node: Node) -> Typed:
        """Return a macro with its test resolved, and the type of the items."""
        source, item = self._source(node)
        name, test = node.args[1:]
        with self._item(name, item):
            return node.replace(node.op, source, name, self.boolean(test)), item

    def _map(self, node: Node) -> Typed:
        source, item = self._source(node)
        name, *tests, value = node.args[1:]
        with self._item(name, item):
            tests = [self.boolean(test) for test in tests]
            body, found = as_double(*self.visit(value))
        return node.replace("map", source, name, *tests, body), list_of(found)

    def _source(self, node: Node) -> Typed:
        """Return what a macro goes through, and the type of the items."""
        source, found = as_double(*self.visit(node.args[0]))
        if found.name in ("list", "map"):
            return source, found.args[0]
        if found != DYN:
            self.wrong(node.args[0], "type", f"{node.op}() needs a list or a map, not {title(found)}")
        return source, DYN

    @contextmanager
    def _item(self, name: str, type_: Type) -> Iterator[None]:
        outside = self.items
        self.items = {**outside, name: type_}
        yield
        self.items = outside


def _settled(parts: list[Typed], params: list[Type]) -> list[Typed]:
    """Decide whether open decimals are exact, by what the parameters take."""
    if SAME in params or _SAMES in params:
        return settled(parts)
    return [
        (part, as_exact(found)) if is_exact(param) else as_double(part, found)
        for (part, found), param in zip(parts, params, strict=True)
    ]
