"""What operators do to values: by the exact classes of both sides; no attribute of a value is reached.

Values are int (64-bit), float, Decimal, Money, str, bool, None, date, datetime, Duration, Elapsed, tuple and
dict. Every operation returns a value, an Unknown (no rate) or an EvalError, and raises nothing.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.expressions.unknown import EvalError, Unknown
from playbook.money import CONTEXT, Money
from playbook.times import Duration, Elapsed, add_months

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions.scope import Scope

    Operation = Callable[[Scope, Any, Any], object]
    Table = dict[tuple[type, type], Operation]

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
MAX_TEXT, MAX_ITEMS = 100_000, 10_000
MAX_WORKING = 20_000
FAULTS = (ArithmeticError, ValueError, TypeError)
"""What known classes can raise: overflow, division by zero, dates out of range, a time without zone."""

_NAMES: dict[type, str] = {
    int: "a whole number", float: "a decimal number", Decimal: "a number", Money: "money", str: "a text",
    bool: "a yes or no", type(None): "null", dt.date: "a date", dt.datetime: "a time", tuple: "a list",
    Duration: "a duration", Elapsed: "a span of time", dict: "a row",
}  # fmt: skip
_NAN = (math.nan, 0.0)


def title(value: object) -> str:
    """Return what people call the value's type."""
    return _NAMES.get(value.__class__, value.__class__.__name__)


def _failed(error: Exception) -> EvalError:
    if isinstance(error, ZeroDivisionError):
        return EvalError("a division by zero")
    return EvalError("the result is out of range" if isinstance(error, ArithmeticError) else str(error))


def _bounded(duration: Duration) -> Duration:
    """Refuse working time that takes long to count, because it is counted day by day."""
    if duration.unit in ("wd", "wh") and abs(duration.count) > MAX_WORKING:
        raise ValueError(f"{duration} is too long: working time is counted up to {MAX_WORKING}")
    return duration


# --- comparing: align two values to a pair that Python compares -------------------------------------------


def _plain(scope: Scope, left: Any, right: Any) -> object:
    return left, right


def _float_right(scope: Scope, left: Any, right: float) -> object:
    return _NAN if math.isnan(right) else (left, right)


def _float_left(scope: Scope, left: float, right: Any) -> object:
    return _NAN if math.isnan(left) else (left, right)


def amount_in(scope: Scope, money: Money) -> Decimal | Unknown:
    """Return the amount in the organization's currency; no rate is unknown."""
    if money.currency == scope.currency:
        return money.amount
    converted = scope.convert(money, scope.currency)
    if converted is None:
        return Unknown((), f"no rate from {money.currency} to {scope.currency or 'no currency'}")
    return converted.amount


def _moneys(scope: Scope, left: Money, right: Money) -> object:
    if left.currency == right.currency:
        return left.amount, right.amount
    return _both(amount_in(scope, left), amount_in(scope, right))


def _both(left: Decimal | Unknown, right: Decimal | Unknown) -> object:
    if isinstance(left, Unknown):
        return left
    return right if isinstance(right, Unknown) else (left, right)


def _money_left(scope: Scope, left: Money, right: Any) -> object:
    amount = amount_in(scope, left)
    return amount if isinstance(amount, Unknown) else (amount, right)


def _money_right(scope: Scope, left: Any, right: Money) -> object:
    amount = amount_in(scope, right)
    return amount if isinstance(amount, Unknown) else (left, amount)


def _durations(scope: Scope, left: Duration, right: Duration) -> object:
    if left.unit == right.unit:
        return left.count, right.count
    if left.seconds is None or right.seconds is None:
        return EvalError(f"{left} and {right} cannot be compared: the length of one depends on the calendar")
    return left.seconds, right.seconds


def _elapsed_left(scope: Scope, left: Elapsed, right: Duration) -> object:
    return left.compare(_bounded(right), scope.calendar), 0


def _elapsed_right(scope: Scope, left: Duration, right: Elapsed) -> object:
    return 0, right.compare(_bounded(left), scope.calendar)


def _elapsed(scope: Scope, left: Elapsed, right: Elapsed) -> object:
    return left.now - left.since, right.now - right.since


def _day_left(scope: Scope, left: dt.date, right: dt.datetime) -> object:
    return left, right.astimezone(scope.zone).date()


def _day_right(scope: Scope, left: dt.datetime, right: dt.date) -> object:
    return left.astimezone(scope.zone).date(), right


_ALIGN: Table = {
    **{(kind, kind): _plain for kind in (int, float, Decimal, str, bool, dt.date, dt.datetime)},
    (int, Decimal): _plain, (Decimal, int): _plain, (int, float): _plain, (float, int): _plain,
    (Decimal, float): _float_right, (float, Decimal): _float_left,
    (Money, Money): _moneys, (Money, int): _money_left, (Money, Decimal): _money_left,
    (int, Money): _money_right, (Decimal, Money): _money_right,
    (Duration, Duration): _durations, (Elapsed, Duration): _elapsed_left, (Duration, Elapsed): _elapsed_right,
    (Elapsed, Elapsed): _elapsed, (dt.date, dt.datetime): _day_left, (dt.datetime, dt.date): _day_right,
}  # fmt: skip


def compare(test: Callable[[Any, Any], bool], scope: Scope, left: Any, right: Any) -> object:
    """Return whether `test` (an ordering of the operator module) holds."""
    align = _ALIGN.get((left.__class__, right.__class__))
    if align is None:
        return EvalError(f"{title(left)} cannot be compared with {title(right)}")
    try:
        pair: Any = align(scope, left, right)
        return test(*pair) if pair.__class__ is tuple else pair
    except FAULTS as error:
        return _failed(error)


def order(scope: Scope, left: Any, right: Any) -> int | Unknown | EvalError:
    """Return -1, 0 or 1 as left is less than, equal to or more than right."""
    below, above = compare(operator.lt, scope, left, right), compare(operator.gt, scope, left, right)
    if isinstance(below, (Unknown, EvalError)):
        return below
    return (above is True) - (below is True)


def equals(scope: Scope, left: Any, right: Any) -> object:
    """Return whether the values are equal; values of different kinds are not."""
    pair = left.__class__, right.__class__
    if pair == (tuple, tuple):
        return _all_equal(scope, left, right)
    if pair == (dict, dict):
        if left.keys() != right.keys():
            return False
        return _all_equal(scope, tuple(left.values()), tuple(right[key] for key in left))
    if pair not in _ALIGN:
        return left is None and right is None
    return compare(operator.eq, scope, left, right)


def _all_equal(scope: Scope, left: tuple[Any, ...], right: tuple[Any, ...]) -> object:
    if len(left) != len(right):
        return False
    answer: object = True
    for one, other in zip(left, right, strict=True):
        found = equals(scope, one, other)
        if found is False:
            return False
        answer = answer if found is True else found
    return answer


def contains(scope: Scope, item: Any, items: Any) -> object:
    """Return whether a list has an equal item."""
    if items.__class__ is not tuple:
        return EvalError(f"'in' needs a list on its right, not {title(items)}")
    answer: object = False
    for other in items:
        found = equals(scope, item, other)
        if found is True:
            return True
        answer = answer if found is False else found
    return answer


# --- arithmetic -------------------------------------------------------------------------------------------


def _int(number: int) -> object:
    return number if INT_MIN <= number <= INT_MAX else EvalError("a whole number left the range of 64 bits")


def _ints(apply: Callable[[int, int], int]) -> Operation:
    return lambda scope, left, right: _int(apply(left, right))


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
        pair: Any = _ALIGN[left.__class__, right.__class__](scope, left, right)
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
    pair: Any = _moneys(scope, left, right)
    return CONTEXT.divide(*pair) if pair.__class__ is tuple else pair


def _join_texts(scope: Scope, left: str, right: str) -> object:
    if len(left) + len(right) > MAX_TEXT:
        return EvalError(f"a text grew longer than {MAX_TEXT} characters")
    return left + right


def _join_lists(scope: Scope, left: tuple[Any, ...], right: tuple[Any, ...]) -> object:
    if len(left) + len(right) > MAX_ITEMS:
        return EvalError(f"a list grew longer than {MAX_ITEMS} items")
    return left + right


def _moved(sign: int) -> Operation:
    def move(scope: Scope, at: dt.datetime, duration: Duration) -> object:
        return scope.calendar.add(at, _bounded(duration), sign)

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
        return scope.calendar.add(midnight, _bounded(duration), sign).astimezone(zone).date()

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

ARITHMETIC: dict[str, Table] = {
    "add": {
        **_numeric(_ints(operator.add), _floats(operator.add), _numbers(CONTEXT.add)),
        **dict.fromkeys(_MONEY_PAIRS, _sum_of_money(CONTEXT.add)),
        (str, str): _join_texts, (tuple, tuple): _join_lists, (Duration, Duration): _sum_of_durations(1),
        (dt.date, Duration): _moved_day(1), (dt.datetime, Duration): _moved(1),
        (Duration, dt.date): _swapped(_moved_day(1)), (Duration, dt.datetime): _swapped(_moved(1)),
    },
    "sub": {
        **_numeric(_ints(operator.sub), _floats(operator.sub), _numbers(CONTEXT.subtract)),
        **dict.fromkeys(_MONEY_PAIRS, _sum_of_money(CONTEXT.subtract)),
        (Duration, Duration): _sum_of_durations(-1),
        (dt.date, Duration): _moved_day(-1), (dt.datetime, Duration): _moved(-1),
        **{(end, start): _between for end in _DAYS for start in _DAYS},
    },
    "mul": {
        **_numeric(_ints(operator.mul), _floats(operator.mul), _numbers(CONTEXT.multiply)),
        (Money, int): _scaled(CONTEXT.multiply), (Money, Decimal): _scaled(CONTEXT.multiply),
        (int, Money): _scaled_right, (Decimal, Money): _scaled_right,
        (Duration, int): lambda scope, left, right: Duration(left.count * right, left.unit),
        (int, Duration): lambda scope, left, right: Duration(left * right.count, right.unit),
    },
    "div": {
        **_numeric(_ints(_truncated), _floats(_divide_floats), _numbers(CONTEXT.divide)),
        (Money, int): _scaled(CONTEXT.divide), (Money, Decimal): _scaled(CONTEXT.divide),
        (Money, Money): _ratio,
    },
    "mod": {(int, int): _ints(_remainder)},
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
        return _failed(error)


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
