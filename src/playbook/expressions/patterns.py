"""Read a regular expression of RE2's language into a tree: no backreferences, no look-around.

Trees are tuples: ("chars", Chars), ("join", parts), ("either", parts), ("repeat", part, least, most or None)
and ("at", place) with the places `start end line_start line_end boundary inside`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import attrs

MAX_GROUPS, MAX_REPEAT, MAX_PATTERN, LAST = 100, 1000, 2000, 0x10FFFF
_DIGITS, _SPACES = ((48, 57),), ((9, 10), (12, 13), (32, 32))
_WORDS = ((48, 57), (65, 90), (95, 95), (97, 122))
_PERL = {"d": _DIGITS, "s": _SPACES, "w": _WORDS}
_POSIX: dict[str, tuple[tuple[int, int], ...]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)), "alpha": ((65, 90), (97, 122)), "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)), "cntrl": ((0, 31), (127, 127)), "digit": _DIGITS, "graph": ((33, 126),),
    "lower": ((97, 122),), "print": ((32, 126),), "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)), "upper": ((65, 90),), "word": _WORDS,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}  # fmt: skip
_CONTROLS = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11, "a": 7}
_PLACES = {"A": "start", "z": "end", "b": "boundary", "B": "inside"}
_REPEAT = re.compile(r"\{([0-9]{1,5})(,([0-9]{0,5}))?\}")
_GROUP = re.compile(r"\?(?:P?<[A-Za-z_][A-Za-z0-9_]*>|([imsU]*)(?:-([imsU]+))?([:)]))")
_CODE = re.compile(r"x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|([0-7]{3})")
_PROPERTY = re.compile(r"[pP](?:\{(\^?)([A-Z][a-z]?)\}|([A-Z]))")
_CLASS_NAME = re.compile(r"\[:(\^?)([a-z]+):\]")


class PatternError(ValueError):
    """Say what is wrong with a pattern."""


@attrs.frozen
class Chars:
    """Hold a set of characters: ranges of code points, and parts that are sets themselves."""

    ranges: tuple[tuple[int, int], ...] = ()
    parts: tuple[Chars, ...] = ()
    category: str = ""
    negated: bool = False
    fold: bool = False

    def has(self, char: str) -> bool:
        """Return whether the set has the character."""
        same = {char, char.lower(), char.upper(), char.casefold()} if self.fold else (char,)
        return any(self._has(one) for one in same if len(one) == 1) is not self.negated

    def _has(self, char: str) -> bool:
        code = ord(char)
        if any(low <= code <= high for low, high in self.ranges) or any(
            part.has(char) for part in self.parts
        ):
            return True
        return bool(self.category) and unicodedata.category(char).startswith(self.category)


Tree = tuple[Any, ...]
_NEWLINE = ((10, 10),)


class _Reader:
    """Read one pattern from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.flags: frozenset[str] = frozenset()

    def left(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> bool:
        if self.text.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def found(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        match = expression.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def either(self) -> Tree:
        parts = [self.join()]
        while self.take("|"):
            parts.append(self.join())
        return parts[0] if len(parts) == 1 else ("either", tuple(parts))

    def join(self) -> Tree:
        parts: list[Tree] = []
        while self.left() and self.left() not in "|)":
            parts.append(self.repeated())
        return ("join", tuple(parts))

    def repeated(self) -> Tree:
        if self.left() in tuple("*+?"):
            raise PatternError(f"nothing stands before {self.left()!r}")
        part = self.single()
        bounds = self.bounds()
        if bounds is None:
            return part
        self.take("?")
        if self.left() in tuple("*+?"):
            raise PatternError(f"{self.left()!r} follows a repetition")
        return ("repeat", part, *bounds)

    def bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return bounds
        found = self.found(_REPEAT)
        if found is None:
            return None
        least = int(found[1])
        most = least if not found[2] else int(found[3]) if found[3] else None
        if least > MAX_REPEAT or (most is not None and (most > MAX_REPEAT or most < least)):
            raise PatternError(
                f"{found[0]} is no repetition: up to {MAX_REPEAT} times, the smaller number first"
            )
        return least, most

    def single(self) -> Tree:
        char = self.left()
        self.at += 1
        if char == "(":
            return self.group()
        if char == "[":
            return ("chars", self.bracket())
        if char == ".":
            return ("chars", Chars(((0, LAST),)) if "s" in self.flags else Chars(_NEWLINE, negated=True))
        if char == "^":
            return ("at", "line_start" if "m" in self.flags else "start")
        if char == "$":
            return ("at", "line_end" if "m" in self.flags else "end")
        if char == "\\":
            return self.escape()
        return self.literal(ord(char))

    def literal(self, code: int) -> Tree:
        return ("chars", Chars(((code, code),), fold="i" in self.flags))

    def group(self) -> Tree:
        before = self.flags
        if self.left() == "?":
            found = self.found(_GROUP)
            if found is None:
                raise PatternError("(? begins no group: names, flags and (?: are there, look-around is not")
            if found[3]:
                self.flags = (before | set(found[1])) - set(found[2] or "")
                if found[3] == ")":
                    return ("join", ())
        inner = self.either()
        if not self.take(")"):
            raise PatternError("a bracket ( is not closed")
        self.flags = before
        return inner

    def escape(self) -> Tree:
        char = self.left()
        if char in _PLACES:
            self.at += 1
            return ("at", _PLACES[char])
        if self.take("Q"):
            literal, _, _ = self.text[self.at :].partition("\\E")
            self.at += len(literal) + 2
            return ("join", tuple(self.literal(ord(one)) for one in literal))
        found = self.escaped()
        return self.literal(found) if isinstance(found, int) else ("chars", found)

    def escaped(self) -> int | Chars:
        """Return the character or the set that stands after a backslash."""
        code, named = self.found(_CODE), self.found(_PROPERTY)
        if code:
            value = int(code[3], 8) if code[3] else int(code[1] or code[2], 16)
            if value > LAST:
                raise PatternError(f"\\{code[0]} is not a character")
            return value
        if named:
            negated = (named[0][0] == "P") is not (named[1] == "^")
            return Chars(category=named[2] or named[3], negated=negated)
        char = self.left()
        self.at += 1
        if char.lower() in _PERL:
            return Chars(_PERL[char.lower()], negated=char.isupper())
        if char in _CONTROLS:
            return _CONTROLS[char]
        if not char or char.isalnum():
            raise PatternError(f"\\{char} has no meaning in a pattern")
        return ord(char)

    def bracket(self) -> Chars:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        parts: list[Chars] = []
        first = True
        while first or self.left() != "]":
            first = False
            low = self.member()
            if isinstance(low, Chars):
                parts.append(low)
            else:
                ranges.append((low, self.upper(low)))
        self.at += 1
        return Chars(tuple(ranges), tuple(parts), negated=negated, fold="i" in self.flags)

    def upper(self, low: int) -> int:
        """Return the end of a range that begins with `low`, or `low` where there is none."""
        if self.left() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return low
        self.at += 1
        high = self.member()
        if isinstance(high, Chars) or high < low:
            raise PatternError("a range like a-z ends before it begins")
        return high

    def member(self) -> int | Chars:
        named = self.found(_CLASS_NAME)
        if named:
            if named[2] not in _POSIX:
                raise PatternError(f"{named[0]} is not a class of characters")
            return Chars(_POSIX[named[2]], negated=bool(named[1]))
        char = self.left()
        if not char:
            raise PatternError("a bracket [ is not closed")
        self.at += 1
        return self.escaped() if char == "\\" else ord(char)


def read(pattern: str) -> Tree:
    """Return the tree of a pattern; raises PatternError saying what is wrong."""
    if len(pattern) > MAX_PATTERN or pattern.count("(") > MAX_GROUPS:
        raise PatternError(f"a pattern has up to {MAX_PATTERN} characters and {MAX_GROUPS} groups")
    reader = _Reader(pattern)
    tree = reader.either()
    if reader.at < len(pattern):
        raise PatternError("a bracket ) was not opened")
    return tree
