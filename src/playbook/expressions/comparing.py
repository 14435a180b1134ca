"""Compare values, by the exact classes of both sides; no attribute of a value is reached.

Values are int (64-bit), Uint, float, Decimal, Money, str, bytes, bool, None, date, datetime, Duration,
Elapsed, Span, TypeValue, tuple, Map and dict (a row). Every operation returns a value, an Unknown (no rate)
or an EvalError, and raises nothing but OutOfBudget.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.expressions.unknown import EvalError, Unknown
from playbook.expressions.values import ABSENT, Map, Span, TypeValue, Uint, nanos_of
from playbook.money import Money
from playbook.times import Duration, Elapsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions.scope import Scope

    Operation = Callable[[Scope, Any, Any], object]
    Table = dict[tuple[type, type], Operation]

MAX_WORKING = 20_000
FAULTS = (ArithmeticError, ValueError, TypeError)
"""What known classes can raise: overflow, division by zero, dates out of range, a time without zone."""

_NAMES: dict[type, str] = {
    int: "a whole number", float: "a decimal number", Decimal: "a number", Money: "money", str: "a text",
    bool: "a yes or no", type(None): "null", dt.date: "a date", dt.datetime: "a time", tuple: "a list",
    Duration: "a duration", Elapsed: "a span of time", dict: "a row", Uint: "an unsigned whole number",
    bytes: "bytes", Span: "a span of time", Map: "a map", TypeValue: "a type",
}  # fmt: skip
_NAN = (math.nan, 0.0)


def title(value: object) -> str:
    """Return what people call the value's type."""
    return _NAMES.get(value.__class__, value.__class__.__name__)


def failed(error: Exception) -> EvalError:
    """Return what a fault answers."""
    if isinstance(error, ZeroDivisionError):
        return EvalError("a division by zero")
    return EvalError("the result is out of range" if isinstance(error, ArithmeticError) else str(error))


def bounded(scope: Scope, duration: Duration) -> Duration:
    """Refuse working time that takes long to count, because it is counted day by day."""
    if duration.unit in ("wd", "wh"):
        if abs(duration.count) > MAX_WORKING:
            raise ValueError(f"{duration} is too long: working time is counted up to {MAX_WORKING}")
        scope.spend(abs(duration.count))
    return duration


def _plain(scope: Scope, left: Any, right: Any) -> object:
    return left, right


def _as_floats(scope: Scope, left: Any, right: Any) -> object:
    """Compare whole numbers with doubles as doubles, as CEL does; Python would compare exactly."""
    return float(left), float(right)


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
    return left.compare(bounded(scope, right), scope.calendar), 0


def _elapsed_right(scope: Scope, left: Duration, right: Elapsed) -> object:
    return 0, right.compare(bounded(scope, left), scope.calendar)


def _elapsed(scope: Scope, left: Elapsed, right: Elapsed) -> object:
    return left.now - left.since, right.now - right.since


def _nanos(scope: Scope, left: Any, right: Any) -> object:
    return nanos_of(left), nanos_of(right)


def _span_left(scope: Scope, left: Span, right: Duration) -> object:
    if right.seconds is None:
        return EvalError(f"{right} has no exact length: it depends on the calendar")
    return left.nanos, right.seconds * 1_000_000_000


def _span_right(scope: Scope, left: Duration, right: Span) -> object:
    pair: Any = _span_left(scope, right, left)
    return pair[::-1] if pair.__class__ is tuple else pair


def _day_left(scope: Scope, left: dt.date, right: dt.datetime) -> object:
    return left, right.astimezone(scope.zone).date()


def _day_right(scope: Scope, left: dt.datetime, right: dt.date) -> object:
    return left.astimezone(scope.zone).date(), right


_ALIGN: Table = {
    **{(kind, kind): _plain for kind in (int, Uint, float, Decimal, str, bytes, bool, dt.date, dt.datetime)},
    (int, Decimal): _plain, (Decimal, int): _plain, (int, Uint): _plain, (Uint, int): _plain,
    (Decimal, Uint): _plain, (Uint, Decimal): _plain,
    **{(kind, float): _as_floats for kind in (int, Uint)}, **{(float, kind): _as_floats for kind in (int, Uint)},
    (Decimal, float): _float_right, (float, Decimal): _float_left,
    (Money, Money): _moneys, (Money, int): _money_left, (Money, Decimal): _money_left,
    (int, Money): _money_right, (Decimal, Money): _money_right,
    (Duration, Duration): _durations, (Elapsed, Duration): _elapsed_left, (Duration, Elapsed): _elapsed_right,
    (Elapsed, Elapsed): _elapsed, (Span, Span): _nanos, (Elapsed, Span): _nanos, (Span, Elapsed): _nanos,
    (Span, Duration): _span_left, (Duration, Span): _span_right,
    (dt.date, dt.datetime): _day_left, (dt.datetime, dt.date): _day_right,
}  # fmt: skip


def aligned(scope: Scope, left: Any, right: Any) -> object:
    """Return the two values as a tuple of what Python compares, Unknown, or EvalError; may raise FAULTS."""
    align = _ALIGN.get((left.__class__, right.__class__))
    if align is None:
        return EvalError(f"{title(left)} cannot be compared with {title(right)}")
    return align(scope, left, right)


def compare(test: Callable[[Any, Any], bool], scope: Scope, left: Any, right: Any) -> object:
    """Return whether `test` (an ordering of the operator module) holds."""
    try:
        pair: Any = aligned(scope, left, right)
        return test(*pair) if pair.__class__ is tuple else pair
    except FAULTS as error:
        return failed(error)


def order(scope: Scope, left: Any, right: Any) -> int | Unknown | EvalError:
    """Return -1, 0 or 1 as left is less than, equal to or more than right."""
    below, above = compare(operator.lt, scope, left, right), compare(operator.gt, scope, left, right)
    if isinstance(below, (Unknown, EvalError)):
        return below
    return (above is True) - (below is True)


def equals(scope: Scope, left: Any, right: Any) -> object:
    """Return whether the values are equal; values of different kinds are not."""
    pair = left.__class__, right.__class__
    if pair in _ALIGN:
        return compare(operator.eq, scope, left, right)
    if pair == (tuple, tuple):
        return _all_equal(scope, left, right)
    if pair == (Map, Map):
        return _maps_equal(scope, left, right)
    if pair == (dict, dict):
        if left.keys() != right.keys():
            return False
        return _all_equal(scope, tuple(left.values()), tuple(right[key] for key in left))
    if pair == (TypeValue, TypeValue):
        return bool(left == right)
    return left is None and right is None


def _maps_equal(scope: Scope, left: Map, right: Map) -> object:
    if len(left) != len(right):
        return False
    values, others = [], []
    for key, value in left.items():
        other = right.get(key)
        if other is ABSENT:
            return False
        values.append(value)
        others.append(other)
    return _all_equal(scope, tuple(values), tuple(others))


def _all_equal(scope: Scope, left: tuple[Any, ...], right: tuple[Any, ...]) -> object:
    if len(left) != len(right):
        return False
    scope.spend(len(left))
    answer: object = True
    for one, other in zip(left, right, strict=True):
        found = equals(scope, one, other)
        if found is False:
            return False
        answer = answer if found is True else found
    return answer


def contains(scope: Scope, item: Any, items: Any) -> object:
    """Return whether a list has an equal item, or a map the key."""
    if items.__class__ is Map:
        try:
            return items.get(item) is not ABSENT
        except FAULTS as error:
            return failed(error)
    if items.__class__ is not tuple:
        return EvalError(f"'in' needs a list or a map on its right, not {title(items)}")
    scope.spend(len(items))
    answer: object = False
    for other in items:
        found = equals(scope, item, other)
        if found is True:
            return True
        answer = answer if found is False else found
    return answer
