"""Turn trees into closures: scope in; value, Unknown or EvalError out. Nothing is raised while they run.

What can cost much (macros, patterns) has a budget: an evaluation that spends it is an EvalError as a whole.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.expressions.arithmetic import ARITHMETIC, calculate, negate
from playbook.expressions.closures import (
    FLIPPED,
    TESTS,
    against,
    among,
    can_shift,
    compared,
    field_against,
    filled_field,
    first_halt,
    halts,
    is_missing,
    logic,
    null_test,
    read_field,
    shifted,
    worse,
)
from playbook.expressions.comparing import contains, title
from playbook.expressions.containers import has_key, item_column, mapping, pick, read_column
from playbook.expressions.macros import MAKERS
from playbook.expressions.methods import METHODS
from playbook.expressions.nodes import MACROS
from playbook.expressions.scope import OutOfBudget
from playbook.expressions.unknown import EvalError, Unknown
from playbook.expressions.values import TypeValue, Uint
from playbook.money import Money
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.expressions.functions import Function
    from playbook.expressions.nodes import Node
    from playbook.expressions.scope import Scope

    Closure = Callable[[Scope], object]

BUDGET = 1_000_000
"""What an evaluation may cost: about one for each operation inside a macro, a second at most."""

_LITERALS: dict[str, Callable[..., object]] = {
    "null": lambda: None, "bool": bool, "string": str, "int": int, "double": float, "number": Decimal,
    "percent": Decimal, "money": lambda amount, currency: Money(Decimal(amount), currency),
    "duration": lambda count, unit: Duration(int(count), unit), "uint": lambda text: Uint(text),
    "bytes": bytes.fromhex, "type": TypeValue,
}  # fmt: skip
_CLOCK: dict[str, Closure] = {"today": lambda scope: scope.today, "now": lambda scope: scope.now}
_COSTLY = frozenset(("matches", "sum", "working_days"))
_CALLS = frozenset(("call", "method"))


def compile(node: Node, functions: Mapping[str, Function]) -> Closure:  # noqa: A001 - what it does
    """Return the closure of a checked or stored tree; it answers a value, an Unknown or an EvalError.

    A function that is not there makes an EvalError when it is called. Raises ValueError for an operation of
    a newer version.
    """
    closure = _Compiler(functions).closure(node)
    costly = any(one.op in MACROS or (one.op in _CALLS and one.args[0] in _COSTLY) for one, _ in node.walk())
    return _budgeted(closure) if costly else closure


def _budgeted(closure: Closure) -> Closure:
    def run(scope: Scope) -> object:
        before = scope.left, scope.variables
        scope.left, scope.variables = BUDGET, {}
        try:
            return closure(scope)
        except OutOfBudget:
            return EvalError("the condition looks at too much: make its lists or texts smaller")
        finally:
            scope.left, scope.variables = before

    return run


def _read_name(name: str) -> Closure:
    unknown = Unknown((name,))

    def read(scope: Scope) -> object:
        value = scope.roots.get(name)
        if value is None:
            return unknown
        return tuple(value) if value.__class__ is list else value

    return _CLOCK.get(name, read)


class _Compiler:
    """Make the closures of one tree."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = functions
        self.items: dict[str, int] = {}
        self.depth = 0

    def closure(self, node: Node) -> Closure:
        op = node.op
        if op in _LITERALS:
            value = _LITERALS[op](*node.args)
            return lambda scope: value
        if op in TESTS:
            return self._comparison(node)
        if op in ARITHMETIC:
            return self._arithmetic(node)
        if op in MACROS:
            return self._macro(node)
        make = getattr(self, f"_{op}", None)
        if make is None:
            raise ValueError(f"this version does not know the operation {op!r} of a condition")
        made: Closure = make(node)
        return made

    def _field(self, node: Node) -> Closure:
        return read_field(*node.args)

    def _follow(self, node: Node) -> Closure:
        root, name, over_there, target = node.args
        reference, unknown = read_field(root, name), Unknown((f"{root}.{name}.{over_there}",))

        def follow(scope: Scope) -> object:
            id_: Any = reference(scope)
            if id_.__class__ is not str:
                return id_ if id_.__class__ is Unknown else EvalError(f"{title(id_)} refers to nothing")
            value: Any = scope.follow(target, id_, over_there)
            if is_missing(value):
                return unknown
            return tuple(value) if value.__class__ is list else value

        return follow

    def _name(self, node: Node) -> Closure:
        return _read_name(*node.args)

    def _var(self, node: Node) -> Closure:
        slot = self.items.get(node.args[0])
        if slot is None:
            raise ValueError(f"no macro around a condition names its items {node.args[0]!r}")
        return lambda scope: scope.variables[slot]

    def _macro(self, node: Node) -> Closure:
        source, outside, slot = self.closure(node.args[0]), self.items, self.depth
        self.items, self.depth = {**outside, node.args[1]: slot}, slot + 1
        bodies = [self.closure(body) for body in node.args[2:]]
        self.items, self.depth = outside, slot
        cost = sum(1 for body in node.args[2:] for _ in body.walk())
        return MAKERS[node.op](source, slot, cost, *bodies)

    def _column(self, node: Node) -> Closure:
        holder, name = node.args
        if holder.op == "var" and holder.args[0] in self.items:
            return item_column(self.items[holder.args[0]], name)
        return read_column(self.closure(holder), name)

    def _list(self, node: Node) -> Closure:
        items = [self.closure(item) for item in node.args]
        if all(item.op in _LITERALS for item in node.args):
            constant = tuple(_LITERALS[item.op](*item.args) for item in node.args)
            return lambda scope: constant

        def build(scope: Scope) -> object:
            values = tuple([item(scope) for item in items])
            halted = first_halt(values)
            return values if halted is None else halted

        return build

    def _entries(self, node: Node) -> Closure:
        return mapping([self.closure(part) for part in node.args])

    def _index(self, node: Node) -> Closure:
        return pick(*map(self.closure, node.args))

    def _call(self, node: Node) -> Closure:
        name = node.args[0]
        function = self.functions.get(name)
        if function is None:
            missing = EvalError(f"the function {name!r} is not there: install the plugin that brings it")
            return lambda scope: missing
        return self._called(function, node)

    def _method(self, node: Node) -> Closure:
        function = METHODS.get(node.args[0])
        if function is None:
            missing = EvalError(f"there is no function {node.args[0]!r} of a value")
            return lambda scope: missing
        return self._called(function, node)

    def _called(self, function: Function, node: Node) -> Closure:
        unknown = Unknown((f"{function.name}({', '.join(map(_written, node.args[1:]))})",))
        run = _called(function, [self.closure(argument) for argument in node.args[1:]], unknown)
        return _charged(run) if self.depth else run

    def _filled(self, node: Node) -> Closure:
        if len(node.args) == 1 and node.args[0].op == "field":
            return filled_field(*node.args[0].args)
        parts = [self.closure(part) for part in node.args]

        def filled(scope: Scope) -> object:
            values = [part(scope) for part in parts]
            if any(value.__class__ is Unknown or is_missing(value) for value in values):
                return False
            return next((value for value in values if value.__class__ is EvalError), True)

        return filled

    def _has(self, node: Node) -> Closure:
        (part,) = node.args
        return (
            has_key(self.closure(part.args[0]), part.args[1]) if part.op == "column" else self._filled(node)
        )

    def _not(self, node: Node) -> Closure:
        operand = self.closure(node.args[0])

        def inverted(scope: Scope) -> object:
            value = operand(scope)
            if value is True:
                return False
            if value is False:
                return True
            return value if halts(value) else EvalError(f"'not' needs a yes or no, not {title(value)}")

        return inverted

    def _and(self, node: Node) -> Closure:
        return logic([self.closure(part) for part in node.args], absorbing=False)

    def _or(self, node: Node) -> Closure:
        return logic([self.closure(part) for part in node.args], absorbing=True)

    def _if(self, node: Node) -> Closure:
        test, then, otherwise = map(self.closure, node.args)

        def choose(scope: Scope) -> object:
            value = test(scope)
            if value is True:
                return then(scope)
            if value is False:
                return otherwise(scope)
            return value if halts(value) else EvalError(f"'?' needs a yes or no, not {title(value)}")

        return choose

    def _neg(self, node: Node) -> Closure:
        operand = self.closure(node.args[0])

        def negative(scope: Scope) -> object:
            value = operand(scope)
            return value if halts(value) else negate(value)

        return negative

    def _arithmetic(self, node: Node) -> Closure:
        if node.op in ("add", "sub") and node.args[1].op == "duration":
            length: Any = _LITERALS["duration"](*node.args[1].args)
            if can_shift(length):
                return shifted(1 if node.op == "add" else -1, self.closure(node.args[0]), length)
        name, (left, right) = node.op, map(self.closure, node.args)

        def calculated(scope: Scope) -> object:
            one, other = left(scope), right(scope)
            halted = worse(one, other)
            return calculate(name, scope, one, other) if halted is None else halted

        return calculated

    def _in(self, node: Node) -> Closure:
        item, items = map(self.closure, node.args)
        literals = node.args[1].args
        if node.args[1].op == "list" and literals and all(one.op in _LITERALS for one in literals):
            return among(item, tuple(_LITERALS[one.op](*one.args) for one in literals))

        def found(scope: Scope) -> object:
            one, others = item(scope), items(scope)
            halted = worse(one, others)
            return contains(scope, one, others) if halted is None else halted

        return found

    def _comparison(self, node: Node) -> Closure:
        op, (left, right) = node.op, node.args
        if left.op in _LITERALS and right.op not in _LITERALS:
            op, left, right = FLIPPED[op], right, left
        if op in ("eq", "ne") and "null" in (left.op, right.op):
            return null_test(self.closure(left if right.op == "null" else right), op == "eq")
        if left.op == "field" and right.op in _LITERALS:
            root, name = left.args
            return field_against(root, name, op, _LITERALS[right.op](*right.args))
        if right.op in _LITERALS:
            return against(op, self.closure(left), _LITERALS[right.op](*right.args))
        return compared(op, self.closure(left), self.closure(right))


def _charged(run: Closure) -> Closure:
    """Let a call inside a macro cost what it makes."""

    def charged(scope: Scope) -> object:
        answer: Any = run(scope)
        if isinstance(answer, (str, bytes, tuple)):
            scope.spend(len(answer) // 10)
        return answer

    return charged


def _written(argument: Node) -> str:
    """Return an argument as it is written, never its value: what is unknown is told where values may not be."""
    if argument.op in ("field", "follow"):
        return ".".join(argument.args[:3] if argument.op == "follow" else argument.args)
    plain = bool(argument.args) and all(isinstance(part, (str, bool)) for part in argument.args)
    return (
        " ".join(str(part).lower() if part in (True, False) else part for part in argument.args)
        if plain
        else "..."
    )


def _called(function: Function, arguments: list[Closure], unknown: Unknown) -> Closure:
    call, takes_scope, name = function.call, function.takes_scope, function.name

    def run(scope: Scope) -> object:
        values = tuple([argument(scope) for argument in arguments])
        halted = first_halt(values)
        if halted is not None:
            return halted
        try:
            answer = call(scope, *values) if takes_scope else call(*values)
        except OutOfBudget:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin's failure is an answer that names the function
            return EvalError(f"{name}() failed: {error}")
        if answer is None:
            return unknown
        return tuple(answer) if answer.__class__ is list else answer

    return run
