"""One file: its text, the tree of plain values with the place of each, and what was found wrong."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from playbook.errors import Problem, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
TRUTH = {"yes": True, "on": True, "no": False, "off": False}
"""Words that stay text unless a boolean is asked for."""


class Map(dict[str, Any]):
    """Hold a map with the events of each key and value; `broken` where something in it was refused."""

    __slots__ = ("broken", "places")

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, tuple[Any, Any]] = {}
        self.broken = False


class List(list[Any]):
    """Hold a list with the event of each item."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Any] = []


class Source:
    """Hold one file: its text, the tree (`root` is None where there is none) and what was found wrong.

    `whole` is false where reading stopped before the end, so that what is missing means nothing. Where it
    starts from other files, `bases` holds them by name and `origins` whose each of their events is.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.root: Map | None = None
        self.problems: list[Problem] = []
        self.whole = True
        self.bases: dict[str, Source] = {}
        self.origins: dict[int, Source] = {}
        self._lines: list[str] | None = None

    def line(self, number: int) -> str:
        """Return a line of the text, counted from 1."""
        if self._lines is None:
            self._lines = lines(self.text)
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def report(self, code: str, message: str, span: Span, hint: str = "", severity: str = "error") -> None:
        """Add a Problem with the line it is on."""
        self.problems.append(self.problem(code, message, span, hint, severity))

    def problem(
        self, code: str, message: str, span: Span, hint: str = "", severity: str = "error"
    ) -> Problem:
        """Return a Problem with the line it is on."""
        return Problem(code, message, span, severity, self.bases.get(span.file, self).line(span.line), hint)

    def top(self) -> Span:
        """Return the beginning of the file."""
        return Span(self.file, 1, 1)

    def key(self, holder: Map, key: str) -> Span:
        """Return where a key of a map stands; the top where the map has no such key."""
        place = holder.places.get(key)
        return self.span(place[0]) if place else self.top()

    def value(self, holder: Map | List, key: str | int) -> Span:
        """Return where a value stands; of an indented map or list, its key."""
        if isinstance(holder, List):
            return self.span(holder.places[int(key)])
        place = holder.places.get(str(key))
        if place is None:
            return self.top()
        return self.span(place[0] if _is_block(place[1]) else place[1])

    def at(self, *path: str | int) -> Span:
        """Return where the value at a path of keys and positions stands; else of its holder."""
        here: Any = self.root
        found = self.top()
        for part in path:
            if not isinstance(here, Map | List) or not _has(here, part):
                break
            found = self.value(here, part)
            here = here[part]  # type: ignore[index]
        return found

    def get(self, *path: str | int) -> Any:
        """Return the value at a path of keys and positions; None where there is none."""
        here: Any = self.root
        for part in path:
            if not isinstance(here, Map | List) or not _has(here, part):
                return None
            here = here[part]  # type: ignore[index]
        return here

    def place(self, *path: str | int) -> Any:
        """Return the event of the value at a path of keys and positions; None where there is none."""
        holder = self.get(*path[:-1])
        if not isinstance(holder, Map | List) or not _has(holder, path[-1]):
            return None
        return holder.places[int(path[-1])] if isinstance(holder, List) else holder.places[str(path[-1])][1]

    def owner(self, event: Any) -> Source:
        """Return the file in which an event stands."""
        return self.origins.get(id(event), self) if self.origins else self

    def span(self, event: Any) -> Span:
        """Return the place of an event; its length where it ends on the same line."""
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if end.line == start.line else 1
        return Span(self.owner(event).file, start.line + 1, start.column + 1, max(length, 1))


def lines(text: str) -> list[str]:
    """Return the lines of a text, broken where YAML breaks them."""
    return _BREAK.split(text)


def typed(value: object) -> str:
    """Return a scalar as it was typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return "null" if value is None else str(value)


def describe(value: object) -> str:
    """Return what a value is, for a message."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return typed(value)
    if isinstance(value, int | Decimal):
        return f"the number {typed(value)}"
    text = str(value)
    return f"the text {text!r}" if len(text) <= 40 else f"the text {text[:37] + '...'!r}"


def plain(value: Any, number: Callable[[Decimal], object] = typed) -> Any:
    """Return a value without positions; `number` says what becomes of decimal numbers."""
    if isinstance(value, dict):
        return {key: plain(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, number) for item in value]
    return number(value) if isinstance(value, Decimal) else value


def offset(source: Source, scalar: Any, index: int) -> Span | None:
    """Return where the character at `index` of a scalar's value stands; None for what is no scalar.

    Folding changes only white space, so the characters that are not white space correspond one to one.
    """
    if not isinstance(scalar, yaml.ScalarEvent):
        return None
    event: Any = scalar
    source = source.owner(event)
    wanted = sum(not char.isspace() for char in event.value[:index])
    at = event.start_mark.index
    for char, here in _characters(source.text, event):
        if char.isspace():
            continue
        if wanted == 0:
            at = here
            break
        wanted, at = wanted - 1, here + 1
    before = lines(source.text[:at])
    return Span(source.file, len(before), len(before[-1]) + 1)


_ESCAPED = {"x": 2, "u": 4, "U": 8}
_BLANK_ESCAPES = frozenset("tnrvfNLP _\t\n\r")


def _characters(text: str, event: Any) -> Iterator[tuple[str, int]]:
    """Yield the characters of a written scalar with their index; an escape is one character."""
    at, last, style = event.start_mark.index, event.end_mark.index, event.style
    if style in ("|", ">"):
        at = text.index("\n", at)
    elif style in ("'", '"'):
        at, last = at + 1, last - 1
    while at < last:
        step, char = 1, text[at]
        if style == "'" and char == "'":
            step = 2
        elif style == '"' and char == "\\":
            char = text[at + 1]
            step = 2 + _ESCAPED.get(char, 0)
            char = " " if char in _BLANK_ESCAPES else "x"
        yield char, at
        at += step


def _has(holder: Map | List, part: str | int) -> bool:
    return part in holder if isinstance(holder, Map) else isinstance(part, int) and part < len(holder)


def _is_block(event: Any) -> bool:
    return isinstance(event, yaml.CollectionStartEvent) and not event.flow_style
