"""Functions of the condition language: what plugins contribute, and the standard ones."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from playbook.expressions import conversions
from playbook.expressions.arithmetic import calculate
from playbook.expressions.comparing import MAX_WORKING, order
from playbook.expressions.matching import machine
from playbook.expressions.patterns import PatternError
from playbook.expressions.types import (
    BOOL,
    BYTES,
    DATE,
    DAY,
    DOUBLE,
    DURATION,
    DYN,
    ELAPSED,
    INT,
    MONEY,
    NUMBER,
    SAME,
    SIZED,
    TEXT,
    TIMESTAMP,
    TYPE,
    UINT,
    Type,
    list_of,
    one_of,
)
from playbook.expressions.unknown import EvalError, Unknown
from playbook.expressions.values import type_of
from playbook.times import parse_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.expressions.scope import Scope


@attrs.frozen
class Function:
    """Add a function to conditions.

    `call` is pure, gets plain values (never unknown; the Scope first where `takes_scope`) and returns a
    value, None or Unknown where the answer is not known, or EvalError. Lists are tuples, texts str, money
    Money, number and percent Decimal. `variadic` repeats the last parameter; the last `optional` ones may be
    left out. `reads_ids` names the kind of ids (`activity`, `criterion`, `entry`) that the first argument
    must be one of.
    """

    name: str
    params: tuple[Type, ...]
    result: Type
    call: Callable[..., object]
    version: str = "1"
    variadic: bool = False
    takes_scope: bool = False
    doc: str = ""
    reads_ids: str = ""
    optional: int = 0


def _ask(question: str) -> Callable[..., object]:
    def asked(scope: Scope, *arguments: object) -> object:
        return scope.ask(question, *arguments)

    return asked


def _day(scope: Scope, value: dt.date) -> dt.date:
    return value.astimezone(scope.zone).date() if isinstance(value, dt.datetime) else value


def _days(scope: Scope, start: dt.date, end: dt.date) -> int:
    return (_day(scope, end) - _day(scope, start)).days


def _date(text: str) -> object:
    try:
        return parse_date(text)
    except ValueError as error:
        return EvalError(str(error))


def _extreme(sign: int) -> Callable[..., object]:
    def choose(scope: Scope, *values: Any) -> object:
        best = values[0]
        for value in values[1:]:
            found = order(scope, value, best)
            if isinstance(found, (Unknown, EvalError)):
                return found
            if found * sign > 0:
                best = value
        return best

    return choose


def _sum(scope: Scope, values: tuple[Any, ...]) -> object:
    scope.spend(len(values))
    total: object = values[0] if values else 0
    for value in values[1:]:
        total = calculate("add", scope, total, value)
        if isinstance(total, (Unknown, EvalError)):
            return total
    return total


def _working_days(scope: Scope, start: dt.date, end: dt.date) -> object:
    first, last = _day(scope, start), _day(scope, end)
    count = abs((last - first).days)
    if count > MAX_WORKING:
        return EvalError(f"{count} days are too many: working days are counted over up to {MAX_WORKING}")
    scope.spend(count)
    return scope.calendar.working_days(first, last)


def matches(scope: Scope, text: str, pattern: str) -> object:
    """Return whether a pattern of RE2's language occurs in the text, in time linear to its length."""
    try:
        return machine(pattern, scope.spend).search(text, scope.spend)
    except PatternError as error:
        return EvalError(str(error))


def _table(*functions: Function) -> Mapping[str, Function]:
    return MappingProxyType({function.name: function for function in functions})


_WRITABLE = one_of(TEXT, BOOL, INT, UINT, DOUBLE, NUMBER, MONEY, DATE, TIMESTAMP, DURATION, ELAPSED, BYTES)

STANDARD: Mapping[str, Function] = _table(
    Function("size", (SIZED,), INT, len, doc="How many characters a text has, or items a list or a map"),
    Function("date", (TEXT,), DATE, _date, doc="The date of a text like 2026-03-01"),
    Function("days", (DAY, DAY), INT, _days, takes_scope=True, doc="Calendar days from one day to another"),
    Function(
        "working_days", (DAY, DAY), INT, _working_days, takes_scope=True,
        doc="Working days after one day up to and including another",
    ),
    Function("least", (SAME,), SAME, _extreme(-1), variadic=True, takes_scope=True, doc="The smallest"),
    Function("greatest", (SAME,), SAME, _extreme(1), variadic=True, takes_scope=True, doc="The largest"),
    Function("sum", (list_of(SAME),), SAME, _sum, takes_scope=True, doc="All items of a list together"),
    Function(
        "matches", (TEXT, TEXT), BOOL, matches, takes_scope=True,
        doc="Whether a pattern (RE2) occurs in a text",
    ),
    Function(
        "done", (TEXT,), BOOL, _ask("done"), takes_scope=True, reads_ids="activity",
        doc="Whether the activity was done in this stay",
    ),
    Function(
        "approved", (TEXT,), BOOL, _ask("approved"), takes_scope=True, reads_ids="criterion",
        doc="Whether the criterion has its approval, and it still holds",
    ),
    Function(
        "waived", (TEXT,), BOOL, _ask("waived"), takes_scope=True, reads_ids="criterion",
        doc="Whether the criterion was waived, and that still holds",
    ),
    Function(
        "count", (TEXT,), INT, _ask("count"), takes_scope=True, reads_ids="entry",
        doc="How many entries of a kind were logged",
    ),
    Function(
        "last", (TEXT,), TIMESTAMP, _ask("last"), takes_scope=True, reads_ids="entry",
        doc="When the last entry of a kind was logged",
    ),
    Function(
        "total", (TEXT,), MONEY, _ask("total"), takes_scope=True, reads_ids="entry",
        doc="The sum of the amounts of a kind of entry",
    ),
    Function(
        "int", (one_of(INT, UINT, DOUBLE, NUMBER, TEXT, TIMESTAMP),), INT, conversions.to_int,
        doc="A whole number; the seconds of a time since 1970",
    ),
    Function(
        "uint", (one_of(UINT, INT, DOUBLE, NUMBER, TEXT),), UINT, conversions.to_uint,
        doc="An unsigned whole number",
    ),
    Function(
        "double", (one_of(DOUBLE, INT, UINT, NUMBER, TEXT),), DOUBLE, conversions.to_double,
        doc="A binary floating-point number",
    ),
    Function("bool", (one_of(BOOL, TEXT),), BOOL, conversions.to_bool, doc="True or false of a text"),
    Function("bytes", (one_of(BYTES, TEXT),), BYTES, conversions.to_bytes, doc="The bytes of a text in UTF-8"),
    Function("string", (_WRITABLE,), TEXT, conversions.to_string, doc="The text of a value"),
    Function(
        "timestamp", (one_of(TIMESTAMP, TEXT, INT),), TIMESTAMP, conversions.to_timestamp,
        doc="The time of a text like 2026-03-01T09:00:00Z, or of seconds since 1970",
    ),
    Function(
        "duration", (one_of(ELAPSED, TEXT),), ELAPSED, conversions.to_span,
        doc="The exact span of time of a text like 1h30m; a literal like 90d follows the calendar",
    ),
    Function("type", (DYN,), TYPE, type_of, doc="The type of a value"),
)  # fmt: skip
