"""What the parser refuses, said at its place and in words for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from playbook.errors import Span
from playbook.reading import codes
from playbook.reading.source import lines

if TYPE_CHECKING:
    from playbook.reading.source import Source

_PLACEHOLDER = re.compile(r"(?:^|[:\-,\[])\s+(\{[\w. ]+\})\s*[^\s,\]}#]")

# What libyaml says, in words for people: message, hint.
_SYNTAX = {
    "mapping values are not allowed in this context": (
        "a second `: ` where a text was being read",
        "if the colon belongs to the text, put the text in quotes; else check the indentation",
    ),
    "did not find expected key": (
        "this does not fit the lines above",
        "check the indentation; a text after a closing quote or bracket needs quotes around the whole",
    ),
    "could not find expected ':'": ("a key without a colon", "write `key: value`"),
    "found unexpected end of stream": ("a quote was opened and never closed", "close the quote"),
    "did not find expected ',' or '}'": (
        "a comma or a closing } is missing",
        "close the bracket opened before",
    ),
    "did not find expected ',' or ']'": (
        "a comma or a closing ] is missing",
        "close the bracket opened before",
    ),
    "did not find expected '-' indicator": ("this does not fit the list above", "check the indentation"),
    "block sequence entries are not allowed in this context": (
        "a list item where none can stand",
        "start the list on a line of its own",
    ),
    "found character that cannot start any token": (
        "a text cannot begin with this sign",
        "put the text in quotes",
    ),
}


# What the parser was scanning when a sign turned out to belong to a text.
_SIGNS = {
    "an alias": (codes.ALIAS, "a text that begins with * repeats something to YAML"),
    "an anchor": (codes.ALIAS, "a text that begins with & names something to YAML"),
    "a tag": (codes.YAML_TAG, "a text that begins with ! is a tag to YAML, and no tags are used here"),
}


def refused(source: Source, error: yaml.MarkedYAMLError) -> None:
    """Report a syntax error at its place, with a friendly code where the cause is known."""
    said, during = (error.problem or "").strip(), error.context or ""
    sign = next((sign for sign in _SIGNS if during.endswith(sign)), None)
    # What was opened and never closed is found at the end; where it was opened is what helps.
    opened = sign or said == "found unexpected end of stream" or "expected ','" in said
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    span = Span(source.file, mark.line + 1, mark.column + 1) if mark else source.top()
    if sign:
        code, message = _SIGNS[sign]
        source.report(code, message, span, "if the sign belongs to the text, put the text in quotes")
    elif not _familiar(source, span):
        message, hint = _SYNTAX.get(
            said, (said or "this is not YAML", "check the indentation and the quotes")
        )
        source.report(codes.YAML_SYNTAX, message, span, hint)


def _familiar(source: Source, span: Span) -> bool:
    """Report a cause that is known by its looks, on the line or the one above; return whether one was."""
    for number in (span.line, span.line - 1):
        text = source.line(number)
        indent = text[: len(text) - len(text.lstrip())]
        if "\t" in indent:
            tab = Span(source.file, number, indent.index("\t") + 1)
            source.report(codes.TAB, "a tab in the indentation", tab, "use spaces, two for each level")
            return True
        braces = _PLACEHOLDER.search(text)
        if braces:
            place = Span(source.file, number, braces.start(1) + 1, len(braces[1]))
            placeholder(source, braces[1], place)
            return True
    if source.line(span.line)[span.column - 1 : span.column] == "\t":
        source.report(codes.TAB, "a tab where none can stand", span, "use spaces")
        return True
    return False


def placeholder(source: Source, text: str, span: Span) -> None:
    """Report a placeholder without quotes."""
    hint = "put the whole text in quotes"
    source.report(codes.PLACEHOLDER, f"{text} is read as a map, not as a text", span, hint)


def unreadable(source: Source, error: yaml.reader.ReaderError | UnicodeEncodeError) -> None:
    """Report a character that a text cannot hold."""
    at = error.start if isinstance(error, UnicodeEncodeError) else error.position
    text = source.text
    if isinstance(error, yaml.reader.ReaderError) and isinstance(error.character, int):
        bad = chr(error.character)
        at = text.find(bad) if bad in text else at
    before = lines(text[:at])
    span = Span(source.file, len(before), len(before[-1]) + 1)
    code = f"U+{ord(text[at]):04X}" if at < len(text) else "a character"
    source.report(
        codes.ENCODING, f"{code} cannot stand in a text", span, "remove it and save the file as UTF-8"
    )
