"""Times and exact lengths of time as CEL writes and reads them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from playbook.expressions.comparing import FAULTS, failed
from playbook.expressions.values import Span, nanos_of
from playbook.times import from_micros, to_micros, zone

if TYPE_CHECKING:
    from collections.abc import Callable

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_PART = re.compile(r"(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(h|ms|m|s|us|µs|ns)")
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)
_NANOS = {
    "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "µs": 1_000,
    "ns": 1,
}  # fmt: skip


def parse_timestamp(text: str) -> dt.datetime:
    """Read `2026-03-01T09:00:00Z` (RFC 3339), to the microsecond; raises ValueError or OverflowError."""
    found = _TIMESTAMP.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is not a time: write it like 2026-03-01T09:00:00Z")
    fraction = (found[3] or ".0")[:7]
    offset = "+00:00" if found[4] in "Zz" else found[4]
    return dt.datetime.fromisoformat(f"{found[1]}T{found[2]}{fraction:0<7}{offset}").astimezone(dt.UTC)


def from_seconds(seconds: int) -> dt.datetime:
    """Return the time of whole seconds since 1970; raises OverflowError."""
    return from_micros(seconds * 1_000_000)


def to_seconds(at: dt.datetime) -> int:
    """Return the whole seconds since 1970."""
    return to_micros(at) // 1_000_000


def timestamp_text(at: dt.datetime) -> str:
    """Write a time in UTC as RFC 3339."""
    text = at.astimezone(dt.UTC).replace(tzinfo=None).isoformat()
    return f"{text.rstrip('0') if '.' in text else text}Z"


def parse_span(text: str) -> Span:
    """Read `1h30m`, `-1.5s`, `10ns`; raises ValueError or OverflowError."""
    sign, body = (-1 if text[:1] == "-" else 1), text[1:] if text[:1] in ("-", "+") else text
    if body == "0":
        return Span(0)
    total, at = 0, 0
    while found := _PART.match(body, at):
        fraction = found[2] or found[3] or ""
        scale = _NANOS[found[4]]
        total += int(found[1] or 0) * scale + int(fraction or 0) * scale // 10 ** len(fraction)
        at = found.end()
    if at < len(body) or not body:
        raise ValueError(
            f"{text[:40]!r} is not a span of time: write it like 1h30m or 10s, or a literal like 90d"
        )
    return Span(sign * total)


def span_text(value: Any) -> str:
    """Write a length of time in seconds: `90s`, `-1.5s`."""
    nanos = nanos_of(value)
    whole, part = divmod(abs(nanos), 1_000_000_000)
    fraction = f".{part:09d}".rstrip("0").rstrip(".")
    return f"{'-' if nanos < 0 else ''}{whole}{fraction}s"


def _zone(name: str) -> dt.tzinfo:
    offset = _OFFSET.fullmatch(name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return dt.timezone(dt.timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return zone(name)
    except OSError:  # the name of a folder of zones
        raise ValueError(f"{name!r} is not a time zone; write one like Europe/Berlin") from None


def accessor(
    part: Callable[[Any], int], of_span: Callable[[int], int] | None = None
) -> Callable[..., object]:
    """Return the function of an accessor such as getHours: of a time in a zone (UTC), a date, or a span."""

    def get(value: Any, name: str = "UTC") -> object:
        try:
            if isinstance(value, dt.datetime):
                return part(value.astimezone(_zone(name)))
            return part(value) if of_span is None else of_span(nanos_of(value))
        except FAULTS as error:
            return failed(error)

    return get


def towards_zero(scale: int) -> Callable[[int], int]:
    """Return the function that counts whole units of so many nanoseconds."""
    return lambda nanos: nanos // scale if nanos >= 0 else -(-nanos // scale)
