"""Arithmetic on values, by the exact classes of both sides; it raises nothing but OutOfBudget."""

from __future__ import annotations

import datetime as dt
import math
import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.expressions.comparing import FAULTS, aligned, bounded, failed, title
from playbook.expressions.unknown import EvalError
from playbook.expressions.values import INT_MAX, INT_MIN, MAX_ITEMS, MAX_TEXT, UINT_MAX, Span, Uint, nanos_of
from playbook.money import CONTEXT, Money
from playbook.times import Duration, Elapsed, add_months, from_micros, to_micros

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions.scope import Scope

    Operation = Callable[[Scope, Any, Any], object]
    Table = dict[tuple[type, type], Operation]


def _int(number: int) -> object:
    return number if INT_MIN <= number <= INT_MAX else EvalError("a whole number left the range of 64 bits")


def _ints(apply: Callable[[int, int], int]) -> Operation:
    return lambda scope, left, right: _int(apply(left, right))


def _uints(apply: Callable[[int, int], int]) -> Operation:
    def run(scope: Scope, left: int, right: int) -> object:
        number = apply(left, right)
        if 0 <= number <= UINT_MAX:
            return Uint(number)
        return EvalError("an unsigned whole number left the range of 64 bits")

    return run


def _floats(apply: Callable[[float, float], float]) -> Operation:
    return lambda scope, left, right: apply(float(left), float(right))


def _numbers(apply: Callable[[Any, Any], Decimal]) -> Operation:
    return lambda scope, left, right: apply(left, right)


def _truncated(left: int, right: int) -> int:
    """Divide towards zero, as CEL does and Python does not."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: int, right: int) -> int:
    return left - right * _truncated(left, right)


def _divide_floats(left: float, right: float) -> float:
    if right:
        return left / right
    if left == 0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _sum_of_money(apply: Callable[[Any, Any], Decimal]) -> Operation:
    def add(scope: Scope, left: Any, right: Any) -> object:
        pair: Any = aligned(scope, left, right)
        if pair.__class__ is not tuple:
            return pair
        same = left.__class__ is right.__class__ and left.currency == right.currency
        return Money(apply(*pair), left.currency if same else scope.currency)

    return add


def _scaled(apply: Callable[[Any, Any], Decimal]) -> Operation:
    return lambda scope, money, number: Money(apply(money.amount, number), money.currency)


def _scaled_right(scope: Scope, number: Any, money: Money) -> object:
    return Money(CONTEXT.multiply(money.amount, number), money.currency)


def _ratio(scope: Scope, left: Money, right: Money) -> object:
    pair: Any = aligned(scope, left, right)
    return CONTEXT.divide(*pair) if pair.__class__ is tuple else pair


def _join_texts(scope: Scope, left: Any, right: Any) -> object:
    if len(left) + len(right) > MAX_TEXT:
        return EvalError(f"a text grew longer than {MAX_TEXT} characters")
    scope.spend((len(left) + len(right)) // 10)
    return left + right


def _join_lists(scope: Scope, left: tuple[Any, ...], right: tuple[Any, ...]) -> object:
    if len(left) + len(right) > MAX_ITEMS:
        return EvalError(f"a list grew longer than {MAX_ITEMS} items")
    scope.spend(len(left) + len(right))
    return left + right


def _moved(sign: int) -> Operation:
    def move(scope: Scope, at: dt.datetime, duration: Duration) -> object:
        return scope.calendar.add(at, bounded(scope, duration), sign)

    return move


def _moved_day(sign: int) -> Operation:
    def move(scope: Scope, day: dt.date, duration: Duration) -> object:
        count = sign * duration.count
        if duration.unit in ("d", "w"):
            return day + dt.timedelta(days=count * (7 if duration.unit == "w" else 1))
        if duration.unit == "mo":
            return add_months(day, count)
        zone = scope.calendar.zone
        midnight = dt.datetime.combine(day, dt.time(), zone)
        return scope.calendar.add(midnight, bounded(scope, duration), sign).astimezone(zone).date()

    return move


def _swapped(operation: Operation) -> Operation:
    return lambda scope, left, right: operation(scope, right, left)


_SMALL = {"min": ("min", 1), "h": ("min", 60), "d": ("d", 1), "w": ("d", 7)}


def _sum_of_durations(sign: int) -> Operation:
    def add(scope: Scope, left: Duration, right: Duration) -> object:
        if left.unit == right.unit:
            return Duration(left.count + sign * right.count, left.unit)
        (unit, one), (other_unit, other) = _SMALL.get(left.unit, ("", 0)), _SMALL.get(right.unit, ("", 0))
        if not unit or unit != other_unit:
            return EvalError(
                f"{left} and {right} have no common unit: add them to a date one after the other"
            )
        return Duration(left.count * one + sign * right.count * other, unit)

    return add


def _sum_of_spans(sign: int) -> Operation:
    return lambda scope, left, right: Span(nanos_of(left) + sign * nanos_of(right))


def _moved_exactly(sign: int) -> Operation:
    def move(scope: Scope, at: dt.datetime, length: Span | Elapsed) -> object:
        return from_micros((to_micros(at) * 1000 + sign * nanos_of(length)) // 1000)

    return move


def _time_between(scope: Scope, end: dt.datetime, start: dt.datetime) -> object:
    elapsed = Elapsed(start, end)
    Span(nanos_of(elapsed))
    return elapsed


def _between(scope: Scope, end: dt.date, start: dt.date) -> object:
    return Elapsed(_instant(scope, start), _instant(scope, end))


def _instant(scope: Scope, value: dt.date) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time(), scope.calendar.zone).astimezone(dt.UTC)


def _numeric(on_ints: Operation, on_floats: Operation, on_decimals: Operation) -> Table:
    return {
        (int, int): on_ints, (float, float): on_floats, (int, float): on_floats, (float, int): on_floats,
        (Decimal, Decimal): on_decimals, (int, Decimal): on_decimals, (Decimal, int): on_decimals,
    }  # fmt: skip


_MONEY_PAIRS = ((Money, Money), (Money, int), (Money, Decimal), (int, Money), (Decimal, Money))
_DAYS = (dt.date, dt.datetime)
_LENGTHS = (Span, Elapsed)
_PAIRS_OF_LENGTHS = tuple((left, right) for left in _LENGTHS for right in _LENGTHS)

ARITHMETIC: dict[str, Table] = {
    "add": {
        **_numeric(_ints(operator.add), _floats(operator.add), _numbers(CONTEXT.add)),
        **dict.fromkeys(_MONEY_PAIRS, _sum_of_money(CONTEXT.add)),
        (Uint, Uint): _uints(operator.add), **dict.fromkeys(_PAIRS_OF_LENGTHS, _sum_of_spans(1)),
        **{(dt.datetime, length): _moved_exactly(1) for length in _LENGTHS},
        **{(length, dt.datetime): _swapped(_moved_exactly(1)) for length in _LENGTHS},
        (str, str): _join_texts, (bytes, bytes): _join_texts, (tuple, tuple): _join_lists,
        (Duration, Duration): _sum_of_durations(1),
        (dt.date, Duration): _moved_day(1), (dt.datetime, Duration): _moved(1),
        (Duration, dt.date): _swapped(_moved_day(1)), (Duration, dt.datetime): _swapped(_moved(1)),
    },
    "sub": {
        **_numeric(_ints(operator.sub), _floats(operator.sub), _numbers(CONTEXT.subtract)),
        **dict.fromkeys(_MONEY_PAIRS, _sum_of_money(CONTEXT.subtract)),
        (Duration, Duration): _sum_of_durations(-1),
        (dt.date, Duration): _moved_day(-1), (dt.datetime, Duration): _moved(-1),
        **{(end, start): _between for end in _DAYS for start in _DAYS},
        (dt.datetime, dt.datetime): _time_between, (Uint, Uint): _uints(operator.sub),
        **dict.fromkeys(_PAIRS_OF_LENGTHS, _sum_of_spans(-1)),
        **{(dt.datetime, length): _moved_exactly(-1) for length in _LENGTHS},
    },
    "mul": {
        **_numeric(_ints(operator.mul), _floats(operator.mul), _numbers(CONTEXT.multiply)),
        (Uint, Uint): _uints(operator.mul),
        (Money, int): _scaled(CONTEXT.multiply), (Money, Decimal): _scaled(CONTEXT.multiply),
        (int, Money): _scaled_right, (Decimal, Money): _scaled_right,
        (Duration, int): lambda scope, left, right: Duration(left.count * right, left.unit),
        (int, Duration): lambda scope, left, right: Duration(left * right.count, right.unit),
    },
    "div": {
        **_numeric(_ints(_truncated), _floats(_divide_floats), _numbers(CONTEXT.divide)),
        (Uint, Uint): _uints(operator.floordiv),
        (Money, int): _scaled(CONTEXT.divide), (Money, Decimal): _scaled(CONTEXT.divide),
        (Money, Money): _ratio,
    },
    "mod": {(int, int): _ints(_remainder), (Uint, Uint): _uints(operator.mod)},
}  # fmt: skip
_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%"}


def calculate(name: str, scope: Scope, left: Any, right: Any) -> object:
    """Return what `add`, `sub`, `mul`, `div` or `mod` makes of two values."""
    operation = ARITHMETIC[name].get((left.__class__, right.__class__))
    if operation is None:
        return EvalError(f"{title(left)} {_SYMBOLS[name]} {title(right)} has no meaning")
    try:
        return operation(scope, left, right)
    except FAULTS as error:
        return failed(error)


def negate(value: Any) -> object:
    """Return minus the value."""
    kind = value.__class__
    if kind is int:
        return _int(-value)
    if kind is float:
        return -value
    if kind is Decimal:
        return CONTEXT.minus(value)
    if kind is Money:
        return Money(CONTEXT.minus(value.amount), value.currency)
    if kind is Duration:
        return Duration(-value.count, value.unit)
    return EvalError(f"- {title(value)} has no meaning")
