"""Read the text of a condition into a tree. The only module that uses lark, and not before it parses."""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playbook.expressions.arithmetic import INT_MAX, INT_MIN
from playbook.expressions.mistakes import Mistake, explain
from playbook.expressions.nodes import Node
from playbook.money import Money, digits
from playbook.times import Duration

if TYPE_CHECKING:
    from lark import Lark

MAX_LENGTH, MAX_NODES, MAX_DEPTH, MAX_DIGITS = 10_000, 2_000, 50, 34
RESERVED_WORDS = frozenset((
    "in", "true", "false", "null", "and", "or", "not", "as", "break", "const", "continue", "else", "for",
    "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
))  # fmt: skip
_BINARY = {
    "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "in": "in",
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))"
)
_ESCAPED = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v",
    "\\": "\\", '"': '"', "'": "'", "`": "`", "?": "?",
}  # fmt: skip
_SPECIAL = {"filled", "has"}


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
    return Mistake("condition-syntax", message, at, min(at + length, len(text)), hint)


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
            raise _wrong(node, "the whole number is out of range", "64 bits hold up to 9223372036854775807")


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
            return _node(parts, operand.op, "0" if text == "0" else f"-{text}")
        return _node(parts, "neg", operand)

    def select(self, parts: list[Any]) -> Node:
        value, _, name = parts
        if value.op == "name":
            return _node(parts, "field", value.args[0], str(name))
        return _node(parts, "select", value, str(name))

    def index(self, parts: list[Any]) -> Node:
        return _node(parts, "index", parts[0], parts[2])

    def name(self, parts: list[Any]) -> Node:
        word = str(parts[0])
        if word in RESERVED_WORDS:
            raise _wrong(parts[0], f"{word!r} is a reserved word", "choose another name")
        return _node(parts, "name", word)

    def call(self, parts: list[Any]) -> Node:
        name, arguments = str(parts[0]), [part for part in parts if isinstance(part, Node)]
        if name in _SPECIAL:
            return _special(parts, name, arguments)
        return _node(parts, "call", name, *arguments)

    def group(self, parts: list[Any]) -> Node:
        return _node(parts, parts[1].op, *parts[1].args)

    def items(self, parts: list[Any]) -> Node:
        return _node(parts, "list", *[part for part in parts if isinstance(part, Node)])

    def boolean(self, parts: list[Any]) -> Node:
        return _node(parts, "bool", str(parts[0]) == "true")

    def null(self, parts: list[Any]) -> Node:
        return _node(parts, "null")

    def integer(self, parts: list[Any]) -> Node:
        text = str(parts[0])
        return _node(parts, "int", str(int(text, 16 if text[:2] in ("0x", "0X") else 10)))

    def decimal(self, parts: list[Any]) -> Node:
        text = str(parts[0])
        if "e" not in text and "E" not in text:
            return _node(parts, "number", _canonical(parts[0], text))
        value = float(text)
        if value == float("inf"):
            raise _wrong(parts[0], "the number is too large")
        return _node(parts, "double", repr(value))

    def percent(self, parts: list[Any]) -> Node:
        shifted = Decimal(str(parts[0])[:-1]).scaleb(-2)
        return _node(parts, "percent", _canonical(parts[0], format(shifted, "f")))

    def money(self, parts: list[Any]) -> Node:
        text = str(parts[0])
        amount, currency = text[:-3].strip(), text[-3:]
        if len(amount.partition(".")[2]) > digits(currency):
            hint = "the point begins the cents: write 25000 EUR or 25000.50 EUR"
            raise _wrong(parts[0], f"{text!r} has more digits than {currency} has", hint)
        try:
            money = Money.of(amount, currency)
        except ValueError as error:
            raise _wrong(parts[0], str(error)) from None
        return _node(parts, "money", str(money.amount), money.currency)

    def duration(self, parts: list[Any]) -> Node:
        duration = Duration.parse(str(parts[0]))
        return _node(parts, "duration", str(duration.count), duration.unit)

    def bad_unit(self, parts: list[Any]) -> Node:
        text = str(parts[0])
        try:
            Duration.parse(text)
        except ValueError as error:
            raise _wrong(parts[0], str(error)) from None
        raise _wrong(parts[0], f"{text!r} is neither a number nor a duration")

    def quoted(self, parts: list[Any]) -> Node:
        token = parts[0]
        body = _unquoted(str(token))
        return _node(parts, "string", _ESCAPE.sub(lambda found: _character(token, found), body))

    def raw(self, parts: list[Any]) -> Node:
        return _node(parts, "string", _unquoted(str(parts[0])[1:]))


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


def _canonical(token: Any, text: str) -> str:
    whole, _, fraction = text.partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    if len(whole) + len(fraction) > MAX_DIGITS:
        raise _wrong(token, f"the number has more than {MAX_DIGITS} digits")
    return f"{whole}.{fraction}" if fraction else whole


def _unquoted(text: str) -> str:
    width = 3 if len(text) >= 6 and text[:3] in ('"""', "'''") else 1
    return text[width:-width]


def _character(token: Any, found: re.Match[str]) -> str:
    hexadecimal = found[1] or found[2] or found[3] or found[4]
    if hexadecimal or found[5]:
        code = int(hexadecimal, 16) if hexadecimal else int(found[5], 8)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise _wrong(token, f"{found[0]} is not a character")
        return chr(code)
    if found[6] not in _ESCAPED:
        raise _wrong(
            token, f"{found[0]!r} is not an escape", 'write \\\\ for a backslash, or r"..." for raw text'
        )
    return _ESCAPED[found[6]]
