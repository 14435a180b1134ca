"""Text to a tree of plain values, through the events of PyYAML; scalars by YAML 1.2, else as typed.

Events instead of nodes: nothing recurses, so depth and repetition are bounded before anything builds on them.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml

from playbook.errors import Problem, Span
from playbook.reading import codes, syntax, traps
from playbook.reading.source import List, Map, Source, describe, lines

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_REPEATED = 50_000
"""How many values aliases may repeat in one file."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_CURLY = frozenset("\u2018\u2019\u201c\u201d")
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)\.\d+", re.ASCII)
_NUMERIC = frozenset("-0123456789")


def read(text: str, file: str) -> Source:
    """Read a text into a Source; what is wrong is among its problems, nothing is raised."""
    source = Source(file, text.removeprefix("\ufeff"))
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        source.text, source.whole = "", False
        source.report(codes.TOO_LARGE, "the file has more than a million bytes", source.top(), "split it")
        return source
    try:
        _Builder(source).run()
    except yaml.MarkedYAMLError as error:
        source.whole = False
        syntax.refused(source, error)
    except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
        source.whole = False
        syntax.unreadable(source, error)
    return source


def decode(data: bytes, file: str) -> str | Problem:
    """Return the text of a file's bytes, or the Problem where they are not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        source = Source(file, data.decode("utf-8", "replace"))
        before = lines(data[: error.start].decode("utf-8"))
        span = Span(file, len(before), len(before[-1]) + 1)
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return source.problem(codes.ENCODING, message, span, "save the file as UTF-8")


def _scalar(event: Any) -> Any:
    text = event.value
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC:
        if _INTEGER.fullmatch(text):
            return int(text) if text != "-0" else text
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
    return text


class _Frame:
    """Hold an open map or list while its items come."""

    __slots__ = ("anchor", "before", "height", "holder", "key", "skip")

    def __init__(self, holder: Map | List, anchor: str | None, before: int) -> None:
        self.holder = holder
        self.anchor = anchor
        self.before = before
        self.height = 1
        self.key: Any = None
        self.skip = False


class _TooLargeError(Exception):
    """Stops reading a file that would grow beyond the limits."""


class _Builder:
    """Build the tree of one file from the events of the parser."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int, int] | None] = {}
        self.count = 0
        self.repeated = 0
        self.documents = 0
        self.hashes = traps.hashes(source.text)

    def run(self) -> None:
        parser = _Loader(self.source.text)
        handlers = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.opens,
            yaml.SequenceStartEvent: self.opens,
            yaml.MappingEndEvent: self.closes,
            yaml.SequenceEndEvent: self.closes,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.document,
        }
        try:
            while (event := parser.get_event()) is not None and self.documents < 2:
                handler = handlers.get(type(event))
                if handler is not None:
                    handler(event)
        except _TooLargeError:
            self.source.whole = False
        finally:
            parser.dispose()
        if not self.documents:
            self.source.report(
                codes.NOT_A_MAP, "the file is empty", self.source.top(), "begin with `playbook: an-id`"
            )

    def document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self.source.report(
                codes.SEVERAL_DOCUMENTS,
                "a second document begins here; a file holds one",
                self.source.span(event),
                "remove this line and what follows, or make it another file",
            )

    def scalar(self, event: Any) -> None:
        if event.tag is not None:
            self.tag(event)
        value = _scalar(event)
        if event.tag is not None and event.tag.startswith("!") and isinstance(value, str):
            # As a text it says what was meant, so that nothing follows from the tag.
            value = f"{event.tag} {value}"
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1, 0)
        text = event.value
        if text and text[0] in _CURLY and event.implicit[0] and text[-1] in _CURLY:
            self.source.report(
                codes.CURLY_QUOTES,
                "these curly quotes become part of the text",
                self.source.span(event),
                "use straight quotes, or none",
                "warning",
            )
        if self.hashes and event.end_mark.index in self.hashes and not event.style and text:
            traps.hash_cut(self.source, event)
        self.place(value, event)

    def opens(self, event: Any) -> None:
        if event.tag is not None:
            self.tag(event)
        if len(self.stack) >= MAX_DEPTH:
            self.too_large(event, f"nested more than {MAX_DEPTH} levels deep")
        holder: Map | List = Map() if isinstance(event, yaml.MappingStartEvent) else List()
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.place(holder, event)
        self.stack.append(_Frame(holder, event.anchor, self.count))

    def closes(self, event: Any) -> None:
        frame = self.stack.pop()
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.holder, self.count - frame.before + 1, frame.height)
        if self.stack:
            above = self.stack[-1]
            above.height = max(above.height, frame.height + 1)

    def alias(self, event: Any) -> None:
        known = self.anchors.get(event.anchor)
        if known is None:
            within = event.anchor in self.anchors
            said = "lies in what it repeats" if within else "repeats a name that nothing before it has"
            self.source.report(
                codes.ALIAS,
                f"*{event.anchor} {said}",
                self.source.span(event),
                "if the star belongs to the text, put the text in quotes",
            )
            self.place(f"*{event.anchor}", event)
            return
        value, size, height = known
        self.count += size
        self.repeated += size
        if self.repeated > MAX_REPEATED:
            self.too_large(event, f"aliases repeat more than {MAX_REPEATED:,} values")
        if len(self.stack) + height > MAX_DEPTH:
            self.too_large(event, f"nested more than {MAX_DEPTH} levels deep")
        self.place(value, event)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, height + 1)

    def place(self, value: Any, event: Any) -> None:
        self.count += 1
        if not self.stack:
            self.root(value, event)
            return
        frame = self.stack[-1]
        holder = frame.holder
        if isinstance(holder, List):
            holder.append(value)
            holder.places.append(event)
        elif frame.key is None:
            frame.key = event
            frame.skip = not self.fits(holder, value, event)
        else:
            if not (frame.skip or (value is None and self.is_cut(holder, frame.key, event))):
                holder[frame.key.value] = value
                holder.places[frame.key.value] = (frame.key, event)
            frame.key = None

    def is_cut(self, holder: Map, key: Any, event: Any) -> bool:
        """Return whether a key without value, inside braces, is the rest of a text; report it."""
        index = event.start_mark.index
        nothing = event.end_mark.index == index and event.__class__ is yaml.ScalarEvent
        if not nothing or key.style or self.source.text[key.end_mark.index : index].strip():
            return False
        # Outside of braces a key without value ends its line, with a colon.
        return traps.cut(self.source, holder, key)

    def fits(self, holder: Map, value: Any, event: Any) -> bool:
        """Return whether a key can be used; report it where not."""
        if not isinstance(event, yaml.ScalarEvent):
            placeholder = isinstance(event, yaml.MappingStartEvent) and event.flow_style
            hint = "put a text that begins with { in quotes" if placeholder else "write a text as the key"
            self.source.report(codes.BAD_KEY, "a key must be a text", self.source.span(event), hint)
            return False
        first = holder.places.get(event.value)
        if first is None:
            return True
        line = first[0].start_mark.line + 1
        here = self.source.span(event)
        self.source.report(
            codes.DUPLICATE_KEY,
            f"the key {event.value!r} stands on line {line} and again on line {here.line}",
            here,
            "remove or rename one of the two",
        )
        return False

    def root(self, value: Any, event: Any) -> None:
        if isinstance(value, Map):
            self.source.root = value
        elif value is None:
            self.source.report(
                codes.NOT_A_MAP, "the file is empty", self.source.top(), "begin with `playbook: an-id`"
            )
        else:
            self.source.report(
                codes.NOT_A_MAP,
                f"a map of keys and values was expected, found {describe(value)}",
                self.source.span(event),
                "begin with `playbook: an-id`",
            )

    def tag(self, event: Any) -> None:
        tag = event.tag if event.tag.startswith("!") else event.tag.replace("tag:yaml.org,2002:", "!!")
        self.source.report(
            codes.YAML_TAG,
            f"{tag!r} is a YAML tag, and no tags are used here",
            self.source.span(event),
            "a condition says `not`; put any other text in quotes",
        )

    def too_large(self, event: Any, message: str) -> None:
        self.source.report(codes.TOO_LARGE, message, self.source.span(event), "write it out plainly")
        raise _TooLargeError
