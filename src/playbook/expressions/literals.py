"""The values of literals: numbers, texts, bytes, money."""

from __future__ import annotations

import re
from decimal import Decimal

from playbook.money import Money, digits
from playbook.times import Duration

MAX_DIGITS = 34
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))"
)
_ESCAPED = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v",
    "\\": "\\", '"': '"', "'": "'", "`": "`", "?": "?",
}  # fmt: skip


class LiteralError(ValueError):
    """Say what is wrong with a literal, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


def whole(text: str) -> str:
    """Return the decimal digits of a whole number, which may be written in hexadecimal."""
    return str(int(text, 16 if text[:2] in ("0x", "0X") else 10))


def exact(text: str) -> str:
    """Return the shortest form of a decimal number."""
    before, _, after = text.partition(".")
    before, after = before.lstrip("0") or "0", after.rstrip("0")
    if len(before) + len(after) > MAX_DIGITS:
        raise LiteralError(f"the number has more than {MAX_DIGITS} digits")
    return f"{before}.{after}" if after else before


def double(text: str) -> str:
    """Return the shortest form of a binary floating-point number."""
    value = float(text)
    if value == float("inf"):
        raise LiteralError("the number is too large")
    return repr(value)


def percent(text: str) -> str:
    """Return the fraction of `20%`."""
    return exact(format(Decimal(text[:-1]).scaleb(-2), "f"))


def money(text: str) -> Money:
    """Return the money of `25000 EUR`."""
    amount, currency = text[:-3].strip(), text[-3:]
    if len(amount.partition(".")[2]) > digits(currency):
        hint = "the point begins the cents: write 25000 EUR or 25000.50 EUR"
        raise LiteralError(f"{text!r} has more digits than {currency} has", hint)
    try:
        return Money.of(amount, currency)
    except ValueError as error:
        raise LiteralError(str(error)) from None


def duration(text: str) -> Duration:
    """Return the duration of `90d`."""
    if text[-1:] in "kK":
        raise LiteralError(f"{text!r} is not a number", f"write it out: {text[:-1]}000")
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise LiteralError(str(error)) from None


def unquoted(text: str) -> str:
    """Return what stands between the quotation marks, one or three."""
    width = 3 if len(text) >= 6 and text[:3] in ('"""', "'''") else 1
    return text[width:-width]


def text_of(quoted: str) -> str:
    """Return the text of a literal with its escapes."""
    return _ESCAPE.sub(_character, unquoted(quoted))


def _character(found: re.Match[str]) -> str:
    code = _code(found)
    if code is None:
        return _plain(found)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise LiteralError(f"{found[0]} is not a character")
    return chr(code)


def _code(found: re.Match[str]) -> int | None:
    hexadecimal = found[1] or found[2] or found[3] or found[4]
    if hexadecimal:
        return int(hexadecimal, 16)
    return int(found[5], 8) if found[5] else None


def _plain(found: re.Match[str]) -> str:
    if found[6] not in _ESCAPED:
        raise LiteralError(
            f"{found[0]!r} is not an escape", 'write \\\\ for a backslash, or r"..." for raw text'
        )
    return _ESCAPED[found[6]]


def bytes_of(quoted: str) -> bytes:
    r"""Return the bytes of a literal: \xFF is a byte, other characters are UTF-8."""
    body, parts, at = unquoted(quoted), [], 0
    for found in _ESCAPE.finditer(body):
        parts.append(body[at : found.start()].encode())
        parts.append(_byte(found))
        at = found.end()
    return b"".join((*parts, body[at:].encode()))


def _byte(found: re.Match[str]) -> bytes:
    if found[3] or found[4]:
        raise LiteralError(f"{found[0]} is a character, and bytes are written like \\x41")
    code = _code(found)
    return _plain(found).encode() if code is None else bytes((code,))
