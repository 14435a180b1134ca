"""Check a tree against what it may name, and resolve it to the form that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.expressions.check_calls import Calls
from playbook.expressions.check_names import Names
from playbook.expressions.check_operators import Operators
from playbook.expressions.decimals import DECIMAL, as_double, as_exact
from playbook.expressions.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    EXACT,
    INT,
    MONEY,
    NULL,
    PERCENT,
    TEXT,
    UINT,
    Environment,
    Type,
    accepts,
    comparable,
)

if TYPE_CHECKING:
    from playbook.expressions.mistakes import Mistake
    from playbook.expressions.nodes import Node

    Typed = tuple[Node, Type]

_LITERALS = {
    "null": NULL, "bool": BOOL, "string": TEXT, "bytes": BYTES, "int": INT, "uint": UINT, "double": DOUBLE,
    "number": DECIMAL, "percent": PERCENT, "money": MONEY, "duration": DURATION,
}  # fmt: skip


@attrs.frozen
class Checked:
    """Hold the resolved tree (what is stored), its type and every mistake."""

    node: Node
    type: Type
    mistakes: tuple[Mistake, ...] = ()


def check(node: Node, env: Environment, expected: Type | None = None) -> Checked:
    """Check the types and names of a parsed tree, every mistake at once.

    `expected` is BOOL for conditions, the field's type for computed values, or None for any.
    """
    checker = _Checker(env)
    resolved, found = checker.visit(node)
    if expected is None or expected.name not in EXACT:
        resolved, found = as_double(resolved, found)
    else:
        found = as_exact(found)
    if expected is not None and not (accepts(expected, found) or comparable(expected, found)):
        wanted = "true or false" if expected == BOOL else str(expected)
        hint = "compare it with something" if expected == BOOL else ""
        checker.wrong(node, "type", f"this is {found}, and {wanted} is needed", hint)
    mistakes = sorted(checker.mistakes, key=lambda mistake: (mistake.start, mistake.end))
    return Checked(resolved, found, tuple(mistakes))


class _Checker(Names, Operators, Calls):
    """Visit every operation."""

    def visit(self, node: Node) -> Typed:
        literal = _LITERALS.get(node.op)
        return super().visit(node) if literal is None else (node, literal)
