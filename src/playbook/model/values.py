"""Field types: reading what people write, loading what was stored, and canonical JSON.

In memory: money is Money; number and percent are Decimal (a percent is a fraction); integer is int; date,
datetime and Duration are themselves; boolean is bool; list and table are tuples; everything else is text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from playbook.money import Money
from playbook.times import Duration, parse_date, parse_datetime

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.model.playbook import Field

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _text_of(value: object) -> str:
    if isinstance(value, Duration):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _decimal(value: object, what: str) -> Decimal:
    text = str(value).strip()
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not {what}: write digits and a point, like 1250.50")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not {what}") from None


def plain(number: Decimal) -> Decimal:
    """Return the number in its canonical form: no exponent, no trailing zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Decimal("0" if text in ("-0", "") else text)


SHARES = ("percent", "probability")
"""Types of fields that hold a fraction, which people write with a %."""


def percentage(share: Decimal) -> str:
    """Return a fraction as people write it, all of its digits: 20%."""
    return f"{(share * 100).normalize():f}%"


def _money(field: Field, value: object) -> Money:
    if isinstance(value, str):
        return Money.parse(value)
    if isinstance(value, Money):
        return Money.of(value.amount, value.currency)
    if isinstance(value, Mapping):
        return Money.of(str(value.get("amount")), str(value.get("currency")))
    return Money.parse(str(value))


def _percent(field: Field, value: object) -> Decimal:
    text = str(value).strip()
    if text.endswith("%"):
        return plain(_decimal(text[:-1], "a percentage") / 100)
    if isinstance(value, Decimal):
        return plain(value)
    raise ValueError(f"{text!r} is not a percentage: write one like 20%")


def _probability(field: Field, value: object) -> Decimal:
    share = _percent(field, value)
    if not 0 <= share <= 1:
        raise ValueError(f"{percentage(share)} is not a probability: write 0% to 100%")
    return share


def _integer(field: Field, value: object) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise ValueError(f"{text!r} is not an integer: write a whole number, like 12")
    return int(text)


def _date(field: Field, value: object) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    return parse_date(str(value).strip())


def _datetime(field: Field, value: object) -> dt.datetime:
    moment = value if isinstance(value, dt.datetime) else parse_datetime(str(value).strip())
    return moment.astimezone(dt.UTC)


def _duration(field: Field, value: object) -> Duration:
    return value if isinstance(value, Duration) else Duration.parse(str(value))


def _boolean(field: Field, value: object) -> bool:
    known = value if isinstance(value, bool) else _BOOLEANS.get(str(value).strip().lower())
    if known is None:
        raise ValueError(f"{str(value)!r} is not a boolean: write true or false")
    return known


def _choice(field: Field, value: object) -> str:
    text = str(value).strip()
    if text not in field.options:
        from playbook.errors import nearest_hint

        raise ValueError(f"{text!r} is not an option{nearest_hint(text, field.options)}")
    return text


def _text(field: Field, value: object) -> str:
    if not isinstance(value, str) and isinstance(value, (Mapping, list, tuple)):
        raise ValueError("a text was expected")  # noqa: TRY004 - every wrong value is a ValueError here
    return str(value)


def _email(field: Field, value: object) -> str:
    text = str(value).strip()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise ValueError(f"{text!r} is not an e-mail address")
    return text


def _list(field: Field, value: object) -> tuple[object, ...]:
    items = value if isinstance(value, (list, tuple)) else [part.strip() for part in str(value).split(",")]
    of = field.of
    kept = [item for item in items if not is_blank(item)]
    return tuple(kept if of is None else (parse(of, item) for item in kept))


def _table(field: Field, value: object) -> tuple[object, ...]:
    rows = msgspec.json.decode(value) if isinstance(value, str) else value
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError("a table was expected: a list of rows, each a map of columns")
    columns = {column.id: column for column in field.columns}
    for row in rows:
        for name in row:
            if name not in columns:
                from playbook.errors import nearest_hint

                raise ValueError(f"there is no column {name!r}{nearest_hint(name, columns)}")
    return tuple({k: parse(columns[k], v) for k, v in row.items() if not is_blank(v)} for row in rows)


_PARSERS: dict[str, Callable[[Field, object], object]] = {
    "money": _money, "percent": _percent, "integer": _integer, "date": _date, "datetime": _datetime,
    "number": lambda field, value: plain(_decimal(value, "a number")), "duration": _duration, "boolean": _boolean,
    "choice": _choice, "probability": _probability, "list": _list, "table": _table, "email": _email,
}  # fmt: skip


def is_blank(value: object) -> bool:
    """Return whether a value counts as absent: None, blank text, an empty list; 0 and false do not."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (tuple, list)) and not value)


def parse(field: Field, value: object) -> object:
    """Read what a person or a file gave for the field; raises ValueError saying what was expected."""
    return _PARSERS.get(field.type, _text)(field, value)


def _load_list(field: Field, value: Any) -> object:
    of = field.of
    return tuple(value if of is None else (load(of, item) for item in value))


def _load_table(field: Field, value: Any) -> object:
    columns = {column.id: column for column in field.columns}
    return tuple({k: load(columns[k], v) if k in columns else v for k, v in row.items()} for row in value)


_LOADERS: dict[str, Callable[[Field, Any], object]] = {
    "money": lambda field, value: Money(Decimal(value["amount"]), value["currency"]),
    "percent": lambda field, value: Decimal(value), "probability": lambda field, value: Decimal(value),
    "number": lambda field, value: Decimal(value),
    "date": lambda field, value: dt.date.fromisoformat(value),
    "datetime": lambda field, value: dt.datetime.fromisoformat(value),
    "duration": lambda field, value: Duration.parse(value), "list": _load_list, "table": _load_table,
}  # fmt: skip


def load(field: Field, stored: object) -> object:
    """Return the value of its stored JSON form."""
    loader = _LOADERS.get(field.type)
    return stored if loader is None else loader(field, stored)


_ENCODER = msgspec.json.Encoder(enc_hook=_text_of)
_SORTED = msgspec.json.Encoder(enc_hook=_text_of, order="deterministic")

encode = _ENCODER.encode
"""Return the stored JSON bytes of a value, in the order in which it was built."""

canonical = _SORTED.encode
"""Return JSON bytes with sorted keys, for digests and fingerprints."""


def builtins(value: object) -> Any:
    """Return the value as plain JSON types, the way it is stored and printed."""
    return msgspec.json.decode(encode(value))


def sparse(value: object) -> Any:
    """Return a model as plain JSON types, without what has its default.

    What is stored by it or hashed over it stays the same when a later version adds an attribute.
    """
    kind: type[Any] = type(value)
    if attrs.has(kind):
        kept = ((a.name, getattr(value, a.name), a.default) for a in attrs.fields(kind))
        return {name: sparse(said) for name, said, default in kept if said != default}
    return [sparse(item) for item in value] if isinstance(value, tuple) else builtins(value)
