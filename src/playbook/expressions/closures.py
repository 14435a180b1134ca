"""The closures that gates run for every command: fields, comparisons with a literal, `and` and `or`."""

from __future__ import annotations

import datetime as dt
import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.expressions.arithmetic import calculate
from playbook.expressions.comparing import compare, contains, equals, failed, title
from playbook.expressions.unknown import EvalError, Unknown
from playbook.expressions.values import Uint
from playbook.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions.scope import Scope
    from playbook.times import Duration

    Closure = Callable[[Scope], object]

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
TESTS: dict[str, Callable[[Any, Any], bool]] = {**ORDERS, "eq": operator.eq, "ne": operator.ne}


def is_missing(value: object) -> bool:
    """Return whether a field's value counts as missing: None, blank text, an empty list."""
    if value is None:
        return True
    kind = value.__class__
    if kind is str:
        return not value.strip()  # type: ignore[attr-defined]
    return (kind is tuple or kind is list) and not value


def halts(value: object) -> bool:
    """Return whether the value is no value: unknown, or an error."""
    return value.__class__ is Unknown or value.__class__ is EvalError


def worse(left: object, right: object) -> Unknown | EvalError | None:
    """Return what two operands make of an operation that needs both: unknown, else error, else None."""
    if isinstance(left, Unknown):
        return left.merge(right) if isinstance(right, Unknown) else left
    if isinstance(right, Unknown):
        return right
    if isinstance(left, EvalError):
        return left
    return right if isinstance(right, EvalError) else None


def first_halt(values: tuple[object, ...]) -> Unknown | EvalError | None:
    """Return what makes an operation that needs all values halt: unknown, else error, else None."""
    found: Unknown | EvalError | None = None
    for value in values:
        if halts(value):
            found = worse(found, value)
    return found


def read_field(root: str, name: str) -> Closure:
    """Return the closure of a field."""
    unknown = Unknown((f"{root}.{name}",))

    def read(scope: Scope) -> object:
        holder = scope.roots.get(root)
        value = None if holder is None else holder.get(name)
        if not value or value.__class__ is str:
            return unknown if is_missing(value) else value
        return tuple(value) if value.__class__ is list else value

    return read


def filled_field(root: str, name: str) -> Closure:
    """Return the closure of `filled(root.name)`."""

    def filled(scope: Scope) -> object:
        holder = scope.roots.get(root)
        value = None if holder is None else holder.get(name)
        if value.__class__ is str:
            return value.strip() != ""
        return not is_missing(value)

    return filled


def null_test(operand: Closure, wanted: bool) -> Closure:
    """Return the closure of `x == null`, or of `x != null`."""

    def test(scope: Scope) -> object:
        value = operand(scope)
        if value.__class__ is EvalError:
            return value
        return (value is None or value.__class__ is Unknown) is wanted

    return test


def logic(parts: list[Closure], absorbing: bool) -> Closure:
    """Return the closure of `or` where `absorbing` is True, of `and` where it is False."""
    if len(parts) == 2:
        return _pair(parts[0], parts[1], absorbing)
    neutral = not absorbing

    def combined(scope: Scope) -> object:
        halted: Unknown | EvalError | None = None
        for part in parts:
            value = part(scope)
            if value is absorbing:
                return absorbing
            if value is not neutral:
                halted = worse(halted, logical(value))
        return neutral if halted is None else halted

    return combined


def _pair(left: Closure, right: Closure, absorbing: bool) -> Closure:
    """Return the closure of two parts, which most conditions have."""
    neutral = not absorbing

    def combined(scope: Scope) -> object:
        one = left(scope)
        if one is absorbing:
            return absorbing
        other = right(scope)
        if other is absorbing or (one is neutral and other is neutral):
            return other
        return worse(*[None if value is neutral else logical(value) for value in (one, other)])

    return combined


def logical(value: object) -> Unknown | EvalError:
    """Return what an answer that is neither yes nor no makes of what needs one."""
    if isinstance(value, (Unknown, EvalError)):
        return value
    return EvalError(f"a yes or no is needed, not {title(value)}")


_DIRECT = frozenset((int, Uint, Decimal, str, bool, bytes, dt.date))
"""Classes of which Python compares two values as the language does, and raises nothing."""


def compared(op: str, left: Closure, right: Closure) -> Closure:
    """Return the closure of a comparison."""
    answer, test = _comparer(op), TESTS[op]

    def run(scope: Scope) -> object:
        one, other = left(scope), right(scope)
        if one.__class__ is other.__class__ and one.__class__ in _DIRECT:
            return test(one, other)
        halted = worse(one, other)
        return answer(scope, one, other) if halted is None else halted

    return run


def against(op: str, left: Closure, literal: Any) -> Closure:
    """Return the closure of a comparison with a literal."""
    answer, test, kind = _comparer(op), TESTS[op], literal.__class__
    direct = kind in _DIRECT

    def run(scope: Scope) -> object:
        value = left(scope)
        if direct and value.__class__ is kind:
            return test(value, literal)
        return value if halts(value) else answer(scope, value, literal)

    return run


def among(item: Closure, literals: tuple[Any, ...]) -> Closure:
    """Return the closure of `x in [...]` with literals of one class, which are hashed."""
    kind = literals[0].__class__ if len({literal.__class__ for literal in literals}) == 1 else None
    known: frozenset[Any] = frozenset(literals if kind in _DIRECT else ())

    def run(scope: Scope) -> object:
        value = item(scope)
        if known and value.__class__ is kind:
            return value in known
        return value if halts(value) else contains(scope, value, literals)

    return run


_DAYS = {"d": 1, "w": 7}


def can_shift(duration: Duration) -> bool:
    """Return whether a date moves by the duration without a calendar, and not out of all range."""
    return duration.unit in _DAYS and duration.count < 1_000_000


def shifted(sign: int, day: Closure, duration: Duration) -> Closure:
    """Return the closure of a date plus or minus a literal of days or weeks."""
    name = "add" if sign > 0 else "sub"
    step = dt.timedelta(days=sign * duration.count * _DAYS[duration.unit])

    def run(scope: Scope) -> object:
        value: Any = day(scope)
        if value.__class__ is not dt.date:
            return value if halts(value) else calculate(name, scope, value, duration)
        try:
            return value + step
        except OverflowError as error:
            return failed(error)

    return run


def _comparer(op: str) -> Callable[[Scope, Any, Any], object]:
    if op == "eq":
        return equals
    if op == "ne":
        return _differs
    test = ORDERS[op]
    return lambda scope, left, right: compare(test, scope, left, right)


def _differs(scope: Scope, left: Any, right: Any) -> object:
    same = equals(scope, left, right)
    return same if halts(same) else not same


def field_against(root: str, name: str, op: str, literal: Any) -> Closure:
    """Return the closure of `root.name <op> literal`, quick where money meets money or equal classes meet."""
    if literal.__class__ is str:
        return _text_against(root, name, op, literal)
    read, answer, test = read_field(root, name), _comparer(op), TESTS[op]
    kind = literal.__class__
    amount = literal.amount if kind is Money else Decimal(literal) if kind in (int, Decimal) else None
    currency = literal.currency if kind is Money else None
    direct = kind in (int, Decimal, bool)

    def run(scope: Scope) -> object:
        holder = scope.roots.get(root)
        value: Any = None if holder is None else holder.get(name)
        if value.__class__ is Money and amount is not None:
            if value.currency == (currency or scope.currency):
                return test(value.amount, amount)
        elif direct and value.__class__ is kind:
            return test(value, literal)
        value = read(scope)
        return value if value.__class__ is Unknown else answer(scope, value, literal)

    return run


def _text_against(root: str, name: str, op: str, literal: str) -> Closure:
    read, answer, test = read_field(root, name), _comparer(op), TESTS[op]

    def run(scope: Scope) -> object:
        holder = scope.roots.get(root)
        value: Any = None if holder is None else holder.get(name)
        if value.__class__ is str and value.strip():
            return test(value, literal)
        value = read(scope)
        return value if value.__class__ is Unknown else answer(scope, value, literal)

    return run
