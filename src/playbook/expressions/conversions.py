"""Make a value of another type: int(x), string(x), timestamp(x) and so on."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.expressions.comparing import FAULTS, failed, title
from playbook.expressions.instants import (
    from_seconds,
    parse_span,
    parse_timestamp,
    span_text,
    timestamp_text,
    to_seconds,
)
from playbook.expressions.unknown import EvalError
from playbook.expressions.values import INT_MAX, INT_MIN, UINT_MAX, Span, Uint
from playbook.money import Money
from playbook.times import Duration, Elapsed

if TYPE_CHECKING:
    from collections.abc import Callable

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_DOUBLE = re.compile(
    r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE
)
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "false", "FALSE", "False"), False),
}


def converter(name: str, cases: dict[type, Callable[[Any], object]]) -> Callable[[Any], object]:
    """Return the function of a conversion, by the class of what is converted."""

    def convert(value: Any) -> object:
        case = cases.get(value.__class__)
        if case is None:
            return EvalError(f"{name}() does not take {title(value)}")
        try:
            return case(value)
        except FAULTS as error:
            return failed(error)

    return convert


def _same(value: object) -> object:
    return value


def _int(number: int) -> int:
    if not INT_MIN <= number <= INT_MAX:
        raise OverflowError
    return number


def _uint(number: int) -> Uint:
    if not 0 <= number <= UINT_MAX:
        raise OverflowError
    return Uint(number)


def _whole(number: float) -> int:
    """Cut a double; 2 to the 63 itself is out, as doubles there are 1024 apart."""
    if not math.isfinite(number) or abs(number) >= 2.0**64:
        raise OverflowError
    return math.trunc(number)


def _whole_int(number: float) -> int:
    if abs(number) >= 2.0**63:
        raise OverflowError
    return _whole(number)


def _digits(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a whole number")
    return int(text)


def _double(text: str) -> float:
    if not _DOUBLE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a decimal number")
    return float(text)


def _double_text(number: float) -> str:
    """Write the fewest digits that tell the double, with an exponent below 0.0001 and from a million on."""
    if not math.isfinite(number):
        return str(number)
    exact = Decimal(repr(number)).normalize()
    place = exact.adjusted()
    if -4 <= place < 6:
        return format(exact, "f")
    return f"{format(exact.scaleb(-place), 'f')}e{place:+03d}"


def _bool(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError(f"{text[:40]!r} is neither true nor false")
    return _BOOLEANS[text]


to_int = converter("int", {
    int: _same, Uint: lambda value: _int(int(value)), float: _whole_int, str: lambda text: _int(_digits(text)),
    dt.datetime: to_seconds, Decimal: lambda number: _int(int(number)),
})  # fmt: skip
to_uint = converter("uint", {
    Uint: _same, int: _uint, float: lambda number: _uint(_whole(number)), str: lambda text: _uint(_digits(text)),
    Decimal: lambda number: _uint(int(number)),
})  # fmt: skip
to_double = converter("double", {float: _same, int: float, Uint: float, Decimal: float, str: _double})
to_bool = converter("bool", {bool: _same, str: _bool})
to_bytes = converter("bytes", {bytes: _same, str: str.encode})
to_timestamp = converter("timestamp", {dt.datetime: _same, int: from_seconds, str: parse_timestamp})
to_span = converter("duration", {Span: _same, Elapsed: _same, str: parse_span})
to_string = converter("string", {
    str: _same, int: str, Uint: lambda value: str(int(value)), float: _double_text, bytes: bytes.decode,
    bool: lambda value: "true" if value else "false", dt.datetime: timestamp_text, Span: span_text,
    Elapsed: span_text, Decimal: lambda number: format(number, "f"), Money: str, dt.date: dt.date.isoformat,
    Duration: str,
})  # fmt: skip
