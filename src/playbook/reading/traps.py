"""What YAML reads in another way than a writer means: texts that a comma, a hash or a colon cuts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs
import yaml

from playbook.errors import Span
from playbook.reading import codes

if TYPE_CHECKING:
    from playbook.reading.source import Map, Source

HASH = re.compile(r"[ \t]#(?=[^\s#!=*-])")
"""A hash that looks like part of a text: a comment has a space after it."""

IN_NUMBER = re.compile(r"\d,\d")
_WORDS = re.compile(r"[\w-]+(,\s*[\w-]+)+")
_LONGEST = 1_000
"""How far the commas of one text are followed; what comes after them was told with the first."""

_THOUSANDS = re.compile(r"(?:^|\D)\d{1,3}\Z"), re.compile(r"\d{3}(?!\d)")
_NO_COLON = re.compile(r"\s*([\w-]+)\s*(?::|=)(?!=)\s*(\S.*)", re.DOTALL)


def quoted(text: str) -> str:
    """Return a text in quotes, as it would be written in YAML."""
    return f'"{text}"' if '"' not in text and "\\" not in text else "'" + text.replace("'", "''") + "'"


def cut(source: Source, holder: Map, key: Any) -> bool:
    """Report a key without value in braces, which a comma makes of the rest of a text; return whether it is one.

    The text before it gets its rest back, so that nothing follows from this.
    """
    before = next(reversed(holder.places), None)
    if before is None:
        return _no_colon(source, holder, key)
    text, end = holder[before], holder.places[before][1].end_mark.index
    if not isinstance(text, int | str) or _style(holder.places[before][1]):
        return False
    if holder.broken and key.end_mark.index - end > _LONGEST:
        return True
    between = source.text[end : key.start_mark.index]
    head, tail = _THOUSANDS
    if between == "," and head.search(str(text)) and tail.match(key.value):
        message = f"a comma ends the value here: {text},{key.value} is read as two"
        hint = f"write numbers without a comma: {before}: {text}{key.value}"
        code, holder[before] = codes.COMMA_IN_NUMBER, f"{text}{key.value}"
    else:
        whole = source.text[holder.places[before][1].start_mark.index : key.end_mark.index]
        message = f"a comma ends the text here; `{key.value}` is read as a key without a value"
        hint = f"put the text in quotes: {before}: {quoted(' '.join(whole.split()))}"
        if _WORDS.fullmatch(whole):
            hint = f"write {before}: [{whole}] for several, or {before}: {quoted(whole)} for one text"
        code, holder[before] = codes.COMMA_CUT, whole
        if holder.broken and whole != f"{text}{between}{key.value}":
            # One more comma of the same text: the first place stays, the hint has all of it.
            source.problems[-1] = attrs.evolve(source.problems[-1], hint=hint)
            return True
    holder.broken = True
    source.report(code, message, source.span(key), hint)
    return True


def _style(event: Any) -> str:
    """Return how a scalar is quoted, nothing where it is not; of anything else that it is another thing."""
    return event.style or "" if isinstance(event, yaml.ScalarEvent) else "another"


def _no_colon(source: Source, holder: Map, key: Any) -> bool:
    """Report `{that = 5}` and `{that:5}`."""
    found = _NO_COLON.fullmatch(key.value)
    if found is None or found[2].startswith("="):
        return False
    holder.broken = True
    message = f"`{key.value}` is read as a key without a value"
    hint = f"a key and its value are joined by a colon and a space: {found[1]}: {found[2]}"
    source.report(codes.NO_COLON, message, source.span(key), hint)
    return True


def hashes(text: str) -> frozenset[int]:
    """Return the indices at which a hash stands that looks like part of a text."""
    return frozenset(found.start() for found in HASH.finditer(text))


def hash_cut(source: Source, event: Any) -> None:
    """Report a text that a hash ends: what follows is a comment, and lost."""
    mark = event.end_mark
    rest = source.line(mark.line + 1)[mark.column :].rstrip()
    whole = f"{event.value}{rest}"
    span = Span(source.file, mark.line + 1, mark.column + 2, max(len(rest) - 1, 1))
    message = f"the text ends before the #: `{rest.strip()}` is a comment"
    hint = f"put the text in quotes: {quoted(whole)}; or write `# ` with a space, if a comment is meant"
    source.report(codes.HASH_CUT, message, span, hint, "warning")
