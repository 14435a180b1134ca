"""What is wrong with a condition, in words: `Mistake`, and the hints for slips of syntax."""

# ruff: noqa: RUF001 - the look-alikes are what people type

from __future__ import annotations

import re

import attrs


@attrs.frozen
class Mistake:
    """Describe a mistake in a condition; `start` and `end` are offsets in its text.

    Codes: condition-syntax, condition-size, condition-name (nothing has that name), condition-value (not an
    option or id), condition-type (types that do not go together), condition-call (wrong arguments); and
    comma-in-number and curly-quotes, as everywhere in a file.
    """

    code: str
    message: str
    start: int
    end: int
    hint: str = ""


_SIGNS = {
    "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/", "–": "-", "—": "-", "−": "-", "&": "and", "|": "or",
}  # fmt: skip
_WORDS = {
    "AND": "and", "And": "and", "OR": "or", "Or": "or", "NOT": "not", "Not": "not", "IN": "in", "In": "in",
}  # fmt: skip
FAMILIAR = {
    "and": "write a and b", "or": "write a or b", "not": "write not a",
    "if": "leave the `if` out, or write test ? a : b",
    "iif": "leave it out, or write test ? a : b", "isblank": "write not filled(...), or x == null",
    "isempty": "write not filled(...), or x == null", "exists": "write filled(...)", "max": "write greatest(a, b)",
    "min": "write least(a, b)", "len": "write size(...)", "length": "write size(...)", "counta": "write size(...)",
    "between": "write x >= a and x <= b", "contains": 'write text.contains("part"), or "x" in list',
    "datediff": "write days(a, b)", "networkdays": "write working_days(a, b)", "text": "write string(...)",
    "value": "write double(...)", "today": "write today, without brackets", "now": "write now, without brackets",
}  # fmt: skip
"""Functions of spreadsheets, in small letters, and what is written here instead."""

_LAST_WORD = re.compile(r"([A-Za-z]+)\s*\Z")
_NEXT_WORD = re.compile(r"[A-Za-z_]\w*")
_CURRENCY = "a currency is three capital letters after the amount", "write it like 25000 EUR"

_COMMA = "a number has no comma inside"
_CURLY = (
    r"",
    r"[“”„«»‘’‚`´]",
    "these quotation marks are not plain ones",
    'write "text" with straight quotes',
)
# What stands before the place and what after it, what is wrong, what to do. The first that fits is told.
_SLIPS: tuple[tuple[str, str, str, str], ...] = (
    (r"\d\Z", r",\d{3}(?!\d)", _COMMA, "write 25000 instead of 25,000"),
    (r"\d\Z", r",\d", _COMMA, "write the point: 0.15 instead of 0,15"),
    (r"\b\d{1,2}\.\d{1,2}\Z", r"\.\d{2,4}", "a date is written in another way", 'write date("2026-12-31")'),
    (r"\bif\s+\Z", r"", "the word `if` has no place here", "leave it out: a condition is a test already"),
    (r"<\Z", r">", "'<>' does not compare", "write != for 'is not equal'"),
    (r"=\Z", r"[<>]", "a comparison is written with = last", "write >= or <="),
    (r"==\Z|!=\Z", r"=", "there is one = too many", "write == for 'is equal', != for 'is not equal'"),
    (r"\A\s*\Z", r"=", "a condition does not begin with =, as a formula does", "leave the = out"),
    (r"", r"=", "'=' does not compare", "write == for 'is equal'"),
    _CURLY,
    (r"", r"[\"']", "the text that begins here has no end", "close it with the same quotation mark"),
    (r"", r"[$€£¥]", *_CURRENCY),
    (r"\d\s*\Z", r"[A-Za-z]{3}\b|(?i:euros?|dollars?)\b", *_CURRENCY),
    (r"\b[A-Z]{3}\s*\Z", r"\d", *_CURRENCY),
    (
        r"",
        r"(greater|less|more|bigger|smaller|larger|above|below|after|before|at)\b",
        "words do not compare",
        "write >, >=, <, <=, == or !=",
    ),
    (r"\b(and|or)\s+\Z", r"[<>=!]", "a comparison has two sides", "name the value again: x > 1 and x < 3"),
    (r"\d\s+\Z", r"(min|h|d|w|mo|wd|wh)\b", "a duration has no space inside", "write 90d instead of 90 d"),
    (r"\w\s+\Z", r"(?i:between)\b", "'between' is not an operator", "write x >= 1 and x <= 5"),
    (r"", r"(is|equals)\b", "'is' does not compare", "write == for 'is equal', filled(...) for 'is there'"),
    (
        r"",
        r"(contains|includes)\b",
        "that word is not an operator",
        'write text.contains("x"), or "x" in list',
    ),
    (r"\bnot\s*\Z", r"in\b", "'not in' is not an operator", "write not (x in list)"),
    (r"\w\s+\Z", r"not\s+in\b", "'not in' is not an operator", "write not (x in list)"),
    (r"", r"not\b", "'not' cannot stand here", "put brackets around it: (not ...), or write !"),
)


_EVERYWHERE = {_COMMA: "comma-in-number", _CURLY[2]: "curly-quotes"}
"""Slips that are made outside of conditions too, and their codes."""


def code_of(message: str) -> str:
    """Return the code of what `explain` says."""
    return _EVERYWHERE.get(message, "condition-syntax")


def explain(text: str, at: int) -> tuple[str, str]:
    """Return what is wrong at an offset of a text that cannot be read, and what to do (or nothing)."""
    before, after = text[:at], text[at:]
    for found in (_NEXT_WORD.match(after), _LAST_WORD.search(before)):
        if found and found[0].strip() in _WORDS:
            word = found[0].strip()
            return f"{word!r} is not an operator", f"write {_WORDS[word]}"
    if not text.strip():
        return "the condition is empty", ""
    if not after.strip():
        if text.count("(") > text.count(")"):
            return "a bracket is not closed", "add ) where it ends"
        return "the condition ends too early", "something is missing after its last word or sign"
    for head, tail, message, hint in _SLIPS:
        if re.search(head, before) and re.match(tail, after):
            return message, hint
    if after[0] in _SIGNS:
        return f"{after[0]!r} is not an operator", f"write {_SIGNS[after[0]]}"
    found = _NEXT_WORD.match(after)
    join = "join two conditions with 'and' or 'or'" if found and re.search(r"[\w\"')\]]\s+\Z", before) else ""
    return f"{(found[0] if found else after[0])!r} was not expected here", join
