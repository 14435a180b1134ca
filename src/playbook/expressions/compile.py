"""Turn trees into closures: scope in; value, Unknown or EvalError out. Nothing is raised while they run.

The common shapes (a field beside a literal, `and`/`or`, `filled`) have closures of their own, because gates
run them for every command.
"""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.expressions.arithmetic import ARITHMETIC, calculate, negate
from playbook.expressions.comparing import compare, contains, equals, title
from playbook.expressions.unknown import EvalError, Unknown
from playbook.money import Money
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.expressions.functions import Function
    from playbook.expressions.nodes import Node
    from playbook.expressions.scope import Scope

    Closure = Callable[[Scope], object]

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
_FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_TESTS: dict[str, Callable[[Any, Any], bool]] = {**_ORDERS, "eq": operator.eq, "ne": operator.ne}
_LITERALS: dict[str, Callable[..., object]] = {
    "null": lambda: None, "bool": bool, "string": str, "int": int, "double": float, "number": Decimal,
    "percent": Decimal, "money": lambda amount, currency: Money(Decimal(amount), currency),
    "duration": lambda count, unit: Duration(int(count), unit),
}  # fmt: skip
_CLOCK: dict[str, Closure] = {"today": lambda scope: scope.today, "now": lambda scope: scope.now}


def compile(node: Node, functions: Mapping[str, Function]) -> Closure:  # noqa: A001 - what it does
    """Return the closure of a checked or stored tree; it answers a value, an Unknown or an EvalError.

    A function that is not there makes an EvalError when it is called. Raises ValueError for an operation of
    a newer version.
    """
    return _Compiler(functions).closure(node)


def is_missing(value: object) -> bool:
    """Return whether a field's value counts as missing: None, blank text, an empty list."""
    if value is None:
        return True
    kind = value.__class__
    if kind is str:
        return not value.strip()  # type: ignore[attr-defined]
    return (kind is tuple or kind is list) and not value


def _halts(value: object) -> bool:
    return value.__class__ is Unknown or value.__class__ is EvalError


def _worse(left: object, right: object) -> Unknown | EvalError | None:
    """Return what two operands make of an operation that needs both: unknown, else error, else None."""
    if isinstance(left, Unknown):
        return left.merge(right) if isinstance(right, Unknown) else left
    if isinstance(right, Unknown):
        return right
    if isinstance(left, EvalError):
        return left
    return right if isinstance(right, EvalError) else None


def _read_field(root: str, name: str) -> Closure:
    unknown = Unknown((f"{root}.{name}",))

    def read(scope: Scope) -> object:
        holder = scope.roots.get(root)
        value = None if holder is None else holder.get(name)
        if not value or value.__class__ is str:
            return unknown if is_missing(value) else value
        return tuple(value) if value.__class__ is list else value

    return read


def _read_name(name: str) -> Closure:
    unknown = Unknown((name,))

    def read(scope: Scope) -> object:
        value = scope.roots.get(name)
        if is_missing(value):
            return unknown
        return tuple(value) if value.__class__ is list else value

    return _CLOCK.get(name, read)


class _Compiler:
    """Make the closures of one tree."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = functions

    def closure(self, node: Node) -> Closure:
        op = node.op
        if op in _LITERALS:
            value = _LITERALS[op](*node.args)
            return lambda scope: value
        if op in _TESTS:
            return self._comparison(node)
        if op in ARITHMETIC:
            return self._arithmetic(node)
        make = getattr(self, f"_{op}", None)
        if make is None:
            raise ValueError(f"this version does not know the operation {op!r} of a condition")
        made: Closure = make(node)
        return made

    def _field(self, node: Node) -> Closure:
        return _read_field(*node.args)

    def _name(self, node: Node) -> Closure:
        return _read_name(*node.args)

    def _column(self, node: Node) -> Closure:
        row, name = self.closure(node.args[0]), node.args[1]
        unknown = Unknown((name,))

        def read(scope: Scope) -> object:
            value = row(scope)
            if value.__class__ is not dict:
                return value if _halts(value) else EvalError(f"{title(value)} has no columns")
            found = value.get(name)
            return unknown if is_missing(found) else found

        return read

    def _list(self, node: Node) -> Closure:
        items = [self.closure(item) for item in node.args]
        if all(item.op in _LITERALS for item in node.args):
            constant = tuple(_LITERALS[item.op](*item.args) for item in node.args)
            return lambda scope: constant

        def build(scope: Scope) -> object:
            values = tuple([item(scope) for item in items])
            halted = _first_halt(values)
            return values if halted is None else halted

        return build

    def _index(self, node: Node) -> Closure:
        container, position = map(self.closure, node.args)

        def pick(scope: Scope) -> object:
            items, at = container(scope), position(scope)
            halted = _worse(items, at)
            if halted is not None:
                return halted
            if not isinstance(items, tuple) or at.__class__ is not int:
                return EvalError(f"{title(items)} has no item at {title(at)}")
            assert isinstance(at, int)
            return (
                items[at] if 0 <= at < len(items) else EvalError(f"there is no item {at}: {len(items)} items")
            )

        return pick

    def _call(self, node: Node) -> Closure:
        name = node.args[0]
        function = self.functions.get(name)
        if function is None:
            missing = EvalError(f"the function {name!r} is not there: install the plugin that brings it")
            return lambda scope: missing
        return _called(function, [self.closure(argument) for argument in node.args[1:]])

    def _filled(self, node: Node) -> Closure:
        if len(node.args) == 1 and node.args[0].op == "field":
            return _filled_field(*node.args[0].args)
        parts = [self.closure(part) for part in node.args]

        def filled(scope: Scope) -> object:
            values = [part(scope) for part in parts]
            if any(value.__class__ is Unknown or is_missing(value) for value in values):
                return False
            return next((value for value in values if value.__class__ is EvalError), True)

        return filled

    _has = _filled

    def _not(self, node: Node) -> Closure:
        operand = self.closure(node.args[0])

        def inverted(scope: Scope) -> object:
            value = operand(scope)
            if value is True:
                return False
            if value is False:
                return True
            return value if _halts(value) else EvalError(f"'not' needs a yes or no, not {title(value)}")

        return inverted

    def _and(self, node: Node) -> Closure:
        return _logic([self.closure(part) for part in node.args], absorbing=False)

    def _or(self, node: Node) -> Closure:
        return _logic([self.closure(part) for part in node.args], absorbing=True)

    def _if(self, node: Node) -> Closure:
        test, then, otherwise = map(self.closure, node.args)

        def choose(scope: Scope) -> object:
            value = test(scope)
            if value is True:
                return then(scope)
            if value is False:
                return otherwise(scope)
            return value if _halts(value) else EvalError(f"'?' needs a yes or no, not {title(value)}")

        return choose

    def _neg(self, node: Node) -> Closure:
        operand = self.closure(node.args[0])

        def negative(scope: Scope) -> object:
            value = operand(scope)
            return value if _halts(value) else negate(value)

        return negative

    def _arithmetic(self, node: Node) -> Closure:
        name, (left, right) = node.op, map(self.closure, node.args)

        def calculated(scope: Scope) -> object:
            one, other = left(scope), right(scope)
            halted = _worse(one, other)
            return calculate(name, scope, one, other) if halted is None else halted

        return calculated

    def _in(self, node: Node) -> Closure:
        item, items = map(self.closure, node.args)

        def found(scope: Scope) -> object:
            one, others = item(scope), items(scope)
            halted = _worse(one, others)
            return contains(scope, one, others) if halted is None else halted

        return found

    def _comparison(self, node: Node) -> Closure:
        op, (left, right) = node.op, node.args
        if left.op in _LITERALS and right.op == "field":
            op, left, right = _FLIPPED[op], right, left
        if op in ("eq", "ne") and "null" in (left.op, right.op):
            return _null_test(self.closure(left if right.op == "null" else right), op == "eq")
        if left.op == "field" and right.op in _LITERALS:
            root, name = left.args
            return _field_against(root, name, op, _LITERALS[right.op](*right.args))
        return _compared(op, self.closure(left), self.closure(right))


def _first_halt(values: tuple[object, ...]) -> Unknown | EvalError | None:
    found: Unknown | EvalError | None = None
    for value in values:
        if _halts(value):
            found = _worse(found, value)
    return found


def _called(function: Function, arguments: list[Closure]) -> Closure:
    call, takes_scope, name = function.call, function.takes_scope, function.name

    def run(scope: Scope) -> object:
        values = tuple([argument(scope) for argument in arguments])
        halted = _first_halt(values)
        if halted is not None:
            return halted
        try:
            answer = call(scope, *values) if takes_scope else call(*values)
        except Exception as error:  # noqa: BLE001 - a plugin's failure is an answer that names the function
            return EvalError(f"{name}() failed: {error}")
        if answer is None:
            return Unknown((f"{name}({', '.join(map(str, values))})",))
        return tuple(answer) if answer.__class__ is list else answer

    return run


def _filled_field(root: str, name: str) -> Closure:
    def filled(scope: Scope) -> object:
        holder = scope.roots.get(root)
        value = None if holder is None else holder.get(name)
        return not is_missing(value)

    return filled


def _null_test(operand: Closure, wanted: bool) -> Closure:
    def test(scope: Scope) -> object:
        value = operand(scope)
        if value.__class__ is EvalError:
            return value
        return (value is None or value.__class__ is Unknown) is wanted

    return test


def _logic(parts: list[Closure], absorbing: bool) -> Closure:
    neutral = not absorbing

    def combined(scope: Scope) -> object:
        halted: Unknown | EvalError | None = None
        for part in parts:
            value = part(scope)
            if value is absorbing:
                return absorbing
            if value is not neutral:
                halted = _worse(halted, value if _halts(value) else _not_logical(value))
        return neutral if halted is None else halted

    return combined


def _not_logical(value: object) -> EvalError:
    return EvalError(f"'and' and 'or' need a yes or no, not {title(value)}")


def _compared(op: str, left: Closure, right: Closure) -> Closure:
    answer = _comparer(op)

    def run(scope: Scope) -> object:
        one, other = left(scope), right(scope)
        halted = _worse(one, other)
        return answer(scope, one, other) if halted is None else halted

    return run


def _comparer(op: str) -> Callable[[Scope, Any, Any], object]:
    if op == "eq":
        return equals
    if op == "ne":
        return _differs
    test = _ORDERS[op]
    return lambda scope, left, right: compare(test, scope, left, right)


def _differs(scope: Scope, left: Any, right: Any) -> object:
    same = equals(scope, left, right)
    return same if _halts(same) else not same


def _field_against(root: str, name: str, op: str, literal: Any) -> Closure:
    """Return the closure of `root.name <op> literal`, quick where money meets money or equal classes meet."""
    read, answer, test = _read_field(root, name), _comparer(op), _TESTS[op]
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
