"""Read the text of a condition into a tree. The only module that uses lark, and not before it parses."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playbook.expressions import literals
from playbook.expressions.literals import LiteralError
from playbook.expressions.mistakes import Mistake, code_of, explain
from playbook.expressions.nodes import MACROS, Node
from playbook.expressions.values import INT_MAX, INT_MIN, UINT_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

    from lark import Lark

MAX_LENGTH, MAX_NODES, MAX_DEPTH = 10_000, 2_000, 50
RESERVED_WORDS = frozenset((
    "in", "true", "false", "null", "and", "or", "not", "as", "break", "const", "continue", "else", "for",
    "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
))  # fmt: skip
_BINARY = {
    "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "in": "in",
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod",
}  # fmt: skip
_SPECIAL = {"filled", "has"}


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Node | None, tuple[Mistake, ...]]:
    """Return the tree of a condition, or None and what is wrong with it.

    Texts over 10,000 characters, 2,000 operations or 50 levels are refused as a mistake.
    """
    if len(text) > MAX_LENGTH:
        return None, (_too_big(f"the condition is longer than {MAX_LENGTH} characters", len(text)),)
    from lark.exceptions import UnexpectedInput

    try:
        tree: Any = _parser().parse(text)
        _measure(tree, len(text))
    except _Wrong as wrong:
        return None, (wrong.mistake,)
    except UnexpectedInput as error:
        return None, (_syntax(text, error),)
    return tree, ()


@functools.cache
def _parser() -> Lark:
    from lark import Lark

    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", keep_all_tokens=True, transformer=_Builder())


def _syntax(text: str, error: Any) -> Mistake:
    at = getattr(error, "pos_in_stream", None)
    if at is None or getattr(getattr(error, "token", None), "type", "") == "$END":
        at = len(text.rstrip())
    message, hint = explain(text, at)
    length = len(getattr(error, "token", "")) or 1
    return Mistake(code_of(message), message, at, min(at + length, len(text)), hint)


def _too_big(message: str, length: int) -> Mistake:
    return Mistake("condition-size", message, 0, length, "split it into several criteria")


def _measure(tree: Node, length: int) -> None:
    """Refuse trees that are too large, and whole numbers out of range."""
    for count, (node, depth) in enumerate(tree.walk(), 1):
        if count > MAX_NODES:
            raise _Wrong(_too_big(f"the condition has more than {MAX_NODES} operations", length))
        if depth > MAX_DEPTH:
            raise _Wrong(_too_big(f"the condition is nested deeper than {MAX_DEPTH} levels", length))
        if node.op == "int" and not INT_MIN <= int(node.args[0]) <= INT_MAX:
            raise _wrong(node, "the whole number is out of range", f"64 bits hold up to {INT_MAX}")
        if node.op == "uint" and int(node.args[0]) > UINT_MAX:
            raise _wrong(node, "the whole number is out of range", f"64 bits hold up to {UINT_MAX}u")


class _Wrong(Exception):
    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.message)


def _wrong(part: Any, message: str, hint: str = "", code: str = "condition-syntax") -> _Wrong:
    start, end = _place(part, part)
    return _Wrong(Mistake(code, message, start, end, hint))


def _place(first: Any, last: Any) -> tuple[int, int]:
    start = first.start if isinstance(first, Node) else first.start_pos
    return start, last.end if isinstance(last, Node) else last.end_pos


def _node(parts: list[Any], op: str, *args: Any) -> Node:
    return Node(op, args, *_place(parts[0], parts[-1]))


class _Builder:
    """Make nodes while the parser reduces; each method gets the children of the rule it is named after."""

    def conditional(self, parts: list[Any]) -> Node:
        return _node(parts, "if", parts[0], parts[2], parts[4])

    def disjunction(self, parts: list[Any]) -> Node:
        return _chain(parts, "or")

    def conjunction(self, parts: list[Any]) -> Node:
        return _chain(parts, "and")

    def negation(self, parts: list[Any]) -> Node:
        return _node(parts, "not", parts[1])

    def binary(self, parts: list[Any]) -> Node:
        left, sign, right = parts
        return _node(parts, _BINARY[str(sign)], left, right)

    def minus(self, parts: list[Any]) -> Node:
        operand = parts[1]
        if operand.op in ("int", "number", "double") and not operand.args[0].startswith("-"):
            text = operand.args[0]
            if text != "0":
                return _node(parts, operand.op, f"-{text}")
            if operand.op == "int":
                return _node(parts, "int", "0")
        return _node(parts, "neg", operand)

    def select(self, parts: list[Any]) -> Node:
        value, _, name = parts
        if value.op == "name":
            return _node(parts, "field", value.args[0], str(name))
        return _node(parts, "select", value, str(name))

    def quoted_select(self, parts: list[Any]) -> Node:
        return _node(parts, "select", parts[0], str(parts[2])[1:-1])

    def method(self, parts: list[Any]) -> Node:
        target, name = parts[0], str(parts[2])
        arguments = [part for part in parts[3:] if isinstance(part, Node)]
        if name in MACROS and len(arguments) in MACROS[name]:
            return _macro(parts, name, target, arguments)
        return _node(parts, "method", name, target, *arguments)

    def index(self, parts: list[Any]) -> Node:
        return _node(parts, "index", parts[0], parts[2])

    def name(self, parts: list[Any]) -> Node:
        word = str(parts[0])
        if word in RESERVED_WORDS:
            raise _wrong(parts[0], f"{word!r} is a reserved word", "choose another name")
        return _node(parts, "name", word)

    def outer_name(self, parts: list[Any]) -> Node:
        return _node(parts, "name", "." + self.name(parts[1:]).args[0])

    def parameter(self, parts: list[Any]) -> Node:
        return _node(parts, "name", str(parts[0]))

    def call(self, parts: list[Any]) -> Node:
        name, arguments = str(parts[0]), [part for part in parts if isinstance(part, Node)]
        if name in _SPECIAL:
            return _special(parts, name, arguments)
        return _node(parts, "call", name, *arguments)

    def group(self, parts: list[Any]) -> Node:
        return _node(parts, parts[1].op, *parts[1].args)

    def items(self, parts: list[Any]) -> Node:
        return _node(parts, "list", *[part for part in parts if isinstance(part, Node)])

    def entries(self, parts: list[Any]) -> Node:
        return _node(parts, "entries", *[part for part in parts if isinstance(part, Node)])

    def boolean(self, parts: list[Any]) -> Node:
        return _node(parts, "bool", str(parts[0]) == "true")

    def null(self, parts: list[Any]) -> Node:
        return _node(parts, "null")

    def integer(self, parts: list[Any]) -> Node:
        return _node(parts, "int", literals.whole(str(parts[0])))

    def unsigned(self, parts: list[Any]) -> Node:
        return _node(parts, "uint", literals.whole(str(parts[0])[:-1]))

    def decimal(self, parts: list[Any]) -> Node:
        text = str(parts[0])
        op = "double" if "e" in text or "E" in text else "number"
        return _literal(parts, op, literals.double if op == "double" else literals.exact)

    def percent(self, parts: list[Any]) -> Node:
        return _literal(parts, "percent", literals.percent)

    def money(self, parts: list[Any]) -> Node:
        money = _read(parts, literals.money)
        return _node(parts, "money", str(money.amount), money.currency)

    def duration(self, parts: list[Any]) -> Node:
        duration = _read(parts, literals.duration)
        return _node(parts, "duration", str(duration.count), duration.unit)

    def bad_unit(self, parts: list[Any]) -> Node:
        _read(parts, literals.duration)
        raise _wrong(parts[0], f"{str(parts[0])!r} is neither a number nor a duration")

    def quoted(self, parts: list[Any]) -> Node:
        return _literal(parts, "string", literals.text_of)

    def raw(self, parts: list[Any]) -> Node:
        return _node(parts, "string", literals.unquoted(str(parts[0])[1:]))

    def quoted_bytes(self, parts: list[Any]) -> Node:
        return _literal(parts, "bytes", lambda text: literals.bytes_of(text[1:]).hex())

    def raw_bytes(self, parts: list[Any]) -> Node:
        return _node(parts, "bytes", literals.unquoted(str(parts[0])[2:]).encode().hex())


def _read(parts: list[Any], read: Callable[[str], Any]) -> Any:
    try:
        return read(str(parts[0]))
    except LiteralError as error:
        raise _wrong(parts[0], str(error), error.hint) from None


def _literal(parts: list[Any], op: str, read: Callable[[str], str]) -> Node:
    return _node(parts, op, _read(parts, read))


def _macro(parts: list[Any], name: str, items: Node, arguments: list[Node]) -> Node:
    variable, *bodies = arguments
    if variable.op != "name" or variable.args[0].startswith("."):
        hint = f"write {name}(item, ...) with a name of your own for each item"
        raise _wrong(variable, f"{name}() takes the name of each item first", hint, "condition-call")
    return _node(parts, name, items, variable.args[0], *bodies)


def _chain(parts: list[Any], op: str) -> Node:
    """Join what is already a chain, so that long ones stay flat."""
    left, _, right = parts
    return _node(parts, op, *(left.args if left.op == op else (left,)), right)


def _special(parts: list[Any], name: str, arguments: list[Node]) -> Node:
    if not arguments:
        raise _wrong(parts[0], f"{name}() needs a field", f"write {name}(deal.amount)", "condition-call")
    if name == "has" and (len(arguments) > 1 or arguments[0].op not in ("field", "select")):
        raise _wrong(parts[0], "has() takes one field", "write has(deal.amount)", "condition-call")
    return _node(parts, name, *arguments)
