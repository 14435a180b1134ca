"""What operators make of types, and how people call them."""

from __future__ import annotations

from playbook.expressions.types import (
    BYTES,
    DATE,
    DOUBLE,
    DURATION,
    DYN,
    ELAPSED,
    INT,
    MONEY,
    NUMBER,
    NUMERIC,
    PERCENT,
    TEXT,
    TEXTS,
    TIMESTAMP,
    UINT,
    Type,
    join,
)

SYMBOLS = {
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%",
}  # fmt: skip
NEGATABLE = frozenset(("int", "double", "number", "percent", "money", "duration", "decimal", "dyn"))

_BESIDE_MONEY = ("int", "number")
_FACTORS = ("int", "number", "percent")
_DAYS = {"date": DATE, "timestamp": TIMESTAMP}
_UINTS = {("uint", "uint"): UINT}
_RESULTS: dict[str, dict[tuple[str, str], Type]] = {
    "add": {
        ("duration", "duration"): DURATION,
        **{(name, "duration"): result for name, result in _DAYS.items()},
        **{("duration", name): result for name, result in _DAYS.items()},
        **{("money", name): MONEY for name in ("money", *_BESIDE_MONEY)},
        **{(name, "money"): MONEY for name in _BESIDE_MONEY},
        **{(left, right): TEXT for left in TEXTS for right in TEXTS},
        ("bytes", "bytes"): BYTES, ("elapsed", "elapsed"): ELAPSED,
        ("timestamp", "elapsed"): TIMESTAMP, ("elapsed", "timestamp"): TIMESTAMP, **_UINTS,
    },
    "sub": {
        ("duration", "duration"): DURATION,
        **{(name, "duration"): result for name, result in _DAYS.items()},
        **{(left, right): ELAPSED for left in _DAYS for right in _DAYS},
        ("elapsed", "elapsed"): ELAPSED, ("timestamp", "elapsed"): TIMESTAMP, **_UINTS,
        **{("money", name): MONEY for name in ("money", *_BESIDE_MONEY)},
        **{(name, "money"): MONEY for name in _BESIDE_MONEY},
    },
    "mul": {
        **_UINTS,
        ("duration", "int"): DURATION, ("int", "duration"): DURATION,
        **{("money", name): MONEY for name in _FACTORS},
        **{(name, "money"): MONEY for name in _FACTORS},
    },
    "div": {**_UINTS, ("money", "money"): NUMBER, **{("money", name): MONEY for name in _FACTORS}},
    "mod": _UINTS,
}  # fmt: skip


def result_of(op: str, left: Type, right: Type) -> Type | None:
    """Return the type that an arithmetic operator makes, or None where it has no meaning."""
    if DYN in (left, right):
        return DYN
    names = left.name, right.name
    if NUMERIC.issuperset(names):
        return _number(op, left, right)
    if op == "add" and names == ("list", "list"):
        return join(left, right) or Type("list", (DYN,))
    return _RESULTS[op].get(names)


def _number(op: str, left: Type, right: Type) -> Type | None:
    if left == right == INT:
        return INT
    if op == "mod":
        return None
    if DOUBLE in (left, right):
        return DOUBLE if {left, right} <= {INT, DOUBLE} else None
    return PERCENT if left == right == PERCENT and op in ("add", "sub") else NUMBER
