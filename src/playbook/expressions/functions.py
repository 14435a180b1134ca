"""Functions of the condition language: what plugins contribute, and the standard ones."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from playbook.expressions.comparing import order
from playbook.expressions.types import BOOL, DATE, DAY, INT, MONEY, SAME, SIZED, TEXT, TIMESTAMP, Type
from playbook.expressions.unknown import EvalError, Unknown
from playbook.times import parse_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.expressions.scope import Scope


@attrs.frozen
class Function:
    """Add a function to conditions.

    `call` is pure, gets plain values (never unknown; the Scope first where `takes_scope`) and returns a
    value, None or Unknown where the answer is not known, or EvalError. Lists are tuples, texts str, money
    Money, number and percent Decimal. `variadic` repeats the last parameter. `reads_ids` names the kind
    of ids (`activity`, `criterion`, `entry`) that the first argument must be one of.
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


def _table(*functions: Function) -> Mapping[str, Function]:
    return MappingProxyType({function.name: function for function in functions})


STANDARD: Mapping[str, Function] = _table(
    Function("size", (SIZED,), INT, len, doc="How many characters a text has, or items a list"),
    Function("date", (TEXT,), DATE, _date, doc="The date of a text like 2026-03-01"),
    Function("days", (DAY, DAY), INT, _days, takes_scope=True, doc="Calendar days from one day to another"),
    Function("least", (SAME,), SAME, _extreme(-1), variadic=True, takes_scope=True, doc="The smallest"),
    Function("greatest", (SAME,), SAME, _extreme(1), variadic=True, takes_scope=True, doc="The largest"),
    Function(
        "done", (TEXT,), BOOL, _ask("done"), takes_scope=True, reads_ids="activity",
        doc="Whether the activity was done in this stay",
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
)  # fmt: skip
