"""The closures that gates run for every command: fields, comparisons with a literal, `and` and `or`."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.expressions.comparing import compare, equals, title
from playbook.expressions.unknown import EvalError, Unknown
from playbook.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions.scope import Scope

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
    neutral = not absorbing

    def combined(scope: Scope) -> object:
        halted: Unknown | EvalError | None = None
        for part in parts:
            value = part(scope)
            if value is absorbing:
                return absorbing
            if value is not neutral:
                halted = worse(halted, value if halts(value) else _not_logical(value))
        return neutral if halted is None else halted

    return combined


def _not_logical(value: object) -> EvalError:
    return EvalError(f"'and' and 'or' need a yes or no, not {title(value)}")


def compared(op: str, left: Closure, right: Closure) -> Closure:
    """Return the closure of a comparison."""
    answer = _comparer(op)

    def run(scope: Scope) -> object:
        one, other = left(scope), right(scope)
        halted = worse(one, other)
        return answer(scope, one, other) if halted is None else halted

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
    read, answer, test = read_field(root, name), _comparer(op), TESTS[op]
    kind = literal.__class__
    amount = literal.amount if kind is Money else literal if kind in (int, Decimal) else None
    currency = literal.currency if kind is Money else None
    direct, textual = kind in (int, Decimal, bool), kind is str

    def run(scope: Scope) -> object:
        holder = scope.roots.get(root)
        value: Any = None if holder is None else holder.get(name)
        if value.__class__ is Money and amount is not None:
            if value.currency == (currency or scope.currency):
                return test(value.amount, amount)
        elif value.__class__ is kind and (direct or (textual and value.strip())):
            return test(value, literal)
        value = read(scope)
        return value if value.__class__ is Unknown else answer(scope, value, literal)

    return run
