"""What the parser refuses, said at its place and in words for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from playbook.errors import Span
from playbook.reading import codes, traps
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
    "did not find expected comment or line break": (
        "something follows | or > on its line",
        "begin the text on the next line, indented further than its key",
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
    found = error.problem_mark or error.context_mark
    # What was opened and never closed is found at the end; where it was opened is what helps.
    opened = sign or said == "found unexpected end of stream" or "expected ','" in said
    mark = (error.context_mark if opened else None) or found
    span = Span(source.file, mark.line + 1, mark.column + 1) if mark else source.top()
    met = Span(source.file, found.line + 1, found.column + 1) if found else span
    if sign:
        code, message = _SIGNS[sign]
        hint = "if the sign belongs to the text, put the text in quotes"
        if code == codes.YAML_TAG:
            hint = "a condition says `not`; put any other text in quotes"
        source.report(code, message, span, hint)
    elif not (_familiar(source, met, span) or (span.line != met.line and _familiar(source, span, span))):
        message, hint = _SYNTAX.get(
            said, (said or "this is not YAML", "check the indentation and the quotes")
        )
        if said == "did not find expected key" and not source.line(met.line)[: met.column - 1].strip():
            message = f"this line begins in column {met.column}, and no line beside it does"
            hint = "begin it in the column of the keys that it belongs to"
        source.report(codes.YAML_SYNTAX, message, span, hint)


_VALUE = r"(?:^|[:\-,{\[])[ \t]+"
_LONGEST = 2_000
"""How much of a line is looked at for what is known by its looks."""

_QUOTE_FIRST = re.compile(_VALUE + r"""((["'])(?:(?!\2).)*\2)[ \t]*[^\s,\]}#:'"]""")
_FIRST = r"""[^\s"'{\[|>#]"""
_COLON = re.compile(rf"^[ \t]*(?:- +)?([\w.-]+):[ \t]+({_FIRST}.*?:)(?:[ \t]|$)")
_COLON_IN_BRACES = re.compile(rf"""[{{,][ \t]*([\w.-]+):[ \t]+({_FIRST}[^{{}}\[\],"']*?:)(?:[ \t]|$)""")
_OPEN_QUOTE = re.compile(r"""(?:^|[:\-,{\[])[ \t]+(["'])(?:(?!\1).)*$""")
_IN_ITEM = re.compile(r"[ \t]*- +([^\s\"'{\[|>#][^{}\[\]\"']*?:) [^:]*: ")
_KEY = re.compile(r"([ ]*(?:- +)?)[\w.-]+:[ ]*([^ #]?)")
_JOINED = re.compile(r"[ \t]*(?:- +)?([a-z_]\w*)(?::(?! )| *=(?!=)|;) *(\S.*)")


def _familiar(source: Source, met: Span, opened: Span) -> bool:
    """Report a cause that is known by its looks, on the line where the parser stopped or the one above."""
    if _deeper(source, met) or _unclosed(source, met) or _without_colon(source, met):
        return True
    for number in (met.line, met.line - 1):
        text = source.line(number)[:_LONGEST]
        indent = text[: len(text) - len(text.lstrip())]
        if "\t" in indent:
            tab = Span(source.file, number, indent.index("\t") + 1)
            source.report(codes.TAB, "a tab in the indentation", tab, "use spaces, two for each level")
            return True
        if indent.strip(" "):
            odd = Span(source.file, number, len(indent) - len(indent.lstrip(" ")) + 1)
            message = "the line is indented with a special space, as other programs write it"
            source.report(codes.YAML_SYNTAX, message, odd, "type the spaces anew, two for each level")
            return True
        braces = _PLACEHOLDER.search(text)
        if braces:
            place = Span(source.file, number, braces.start(1) + 1, len(braces[1]))
            placeholder(source, braces[1], place)
            return True
        if _cut(source, number, text, opened):
            return True
    if source.line(met.line)[met.column - 1 : met.column] == "\t":
        source.report(codes.TAB, "a tab where none can stand", met, "use spaces")
        return True
    return False


def _deeper(source: Source, met: Span) -> bool:
    """Report a line that is indented further than the one above, which has its value already."""
    number = met.line - 1
    while number > 0 and not source.line(number).strip():
        number -= 1
    here, above = source.line(met.line)[:_LONGEST], source.line(number)[:_LONGEST]
    column = len(here) - len(here.lstrip()) + 1
    has_value = re.match(r"[ ]*(?:- +)?[\w.-]+:[ ]+[^\s|>{\[\"'#&]", above)
    key = re.match(r"[ ]*[\w.-]+:(?:[ ]|$)", here)
    if not (has_value and key and met.column == key.end() - (here[key.end() - 1] == " ")):
        return False
    if column <= len(above) - len(above.lstrip()) + 1 + 2 * above.lstrip().startswith("- "):
        return False
    message = "this line is indented further than the one above, which has its value already"
    span = Span(source.file, met.line, column, max(met.column - column, 1))
    source.report(codes.YAML_SYNTAX, message, span, "begin both in the same column")
    return True


def _without_colon(source: Source, met: Span) -> bool:
    """Report a key without its colon on the line above: reading stops at the colon of the next key."""
    number = met.line - 1
    here, above = (source.line(n)[:_LONGEST] for n in (met.line, number))
    key = re.match(r"[ ]*[\w.-]+:(?:[ ]|$)", here)
    bare = re.fullmatch(r"([ ]*)([A-Za-z_][\w.-]*)((?: [^:#=;]+)?)", above.rstrip())
    if not (key and bare and met.column <= key.end()):
        return False
    earlier = (source.line(n)[:_LONGEST] for n in range(number - 1, max(number - 100, 0), -1))
    before = next((found for found in map(_KEY.match, earlier) if found), None)
    if before and before[2] and len(bare[1]) > len(before[1]):  # a text in several lines
        return False
    span = Span(source.file, number, len(bare[1]) + 1, len(bare[2]) + len(bare[3]))
    holds = len(here) - len(here.lstrip()) > len(bare[1])
    hint = f"write `{bare[2]}{bare[3]}:`" if holds else f"write `{bare[2]}:{bare[3] or ' ...'}`"
    source.report(codes.NO_COLON, f"`{bare[2]}{bare[3]}` is a key without a colon", span, hint)
    return True


def _unclosed(source: Source, met: Span) -> bool:
    """Report a quote that was opened above and closed by the next one there is, on the line where reading stopped."""
    for number in range(met.line - 1, max(met.line - 100, 0), -1):
        opened = _OPEN_QUOTE.search(source.line(number)[:_LONGEST])
        if opened is None:
            continue
        between = (source.line(n) for n in range(number + 1, met.line))
        if any(opened[1] in text for text in between) or opened[1] not in source.line(met.line)[: met.column]:
            return False
        span = Span(source.file, number, opened.start(1) + 1)
        message = f"the quote that opens here is closed on line {met.line} only"
        source.report(codes.YAML_SYNTAX, message, span, "close it where the text ends")
        return True
    return False


def _cut(source: Source, number: int, text: str, opened: Span) -> bool:
    """Report a text that a quote, a colon or a hash cuts, or a key without its colon."""
    file = source.file
    if (quote := _QUOTE_FIRST.search(text)) is not None:
        span = Span(file, number, quote.end(), 1)
        other = "'" if quote[2] == '"' else '"'
        hint = f"put the whole text in {other}...{other}; a condition may begin with the name instead"
        source.report(
            codes.QUOTE_FIRST, f"the text ends with {quote[1]}, and something follows it", span, hint
        )
    elif (colon := _COLON.search(text) or _COLON_IN_BRACES.search(text)) is not None:
        rest = re.split(r"[,}]" if "{" in text[: colon.start(2)] else r"[ \t]#", text[colon.start(2) :])[0]
        hint = f"put the text in quotes: {colon[1]}: {traps.quoted(rest.strip())}"
        if re.fullmatch(r"[a-z_]+:", colon[2]):
            hint = f"put `{colon[2]}` on a line of its own, indented further; or, if it is text, in quotes"
        span = Span(file, number, colon.end(2), 1)
        source.report(codes.COLON_IN_TEXT, "a second `: ` where a text was being read", span, hint)
    elif (item := _IN_ITEM.match(text)) is not None:
        hint = f"put the text in quotes: - {traps.quoted(text.partition('-')[2].strip())}"
        span = Span(file, number, item.end(1), 1)
        source.report(codes.COLON_IN_TEXT, "a second `: ` where a text was being read", span, hint)
    elif (joined := _JOINED.fullmatch(text.rstrip())) is not None:
        hint = f"a key and its value are joined by a colon and a space: {joined[1]}: {joined[2]}"
        span = Span(file, number, joined.start(1) + 1, len(joined[1]) + 1)
        source.report(codes.NO_COLON, f"`{joined[0].strip()}` is one text", span, hint)
    elif opened.line == number and (hash_ := traps.HASH.search(text)) is not None:
        span = Span(file, number, hash_.start() + 2, 1)
        hint = "put the text in quotes; write the comment behind the closing bracket"
        # What is told already, as a warning, was the cause of this.
        source.problems = [one for one in source.problems if one.span.line != number]
        source.report(codes.HASH_CUT, "the # begins a comment, so the bracket is not closed", span, hint)
    else:
        return False
    return True


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
