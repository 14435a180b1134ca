"""What the parts of the checker share: what may be named, the mistakes so far, the items of macros."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.expressions.decimals import as_exact
from playbook.expressions.mistakes import Mistake
from playbook.expressions.types import BOOL, DYN, Environment, Type

if TYPE_CHECKING:
    from playbook.expressions.nodes import Node

    Typed = tuple[Node, Type]


_COMPARE = 'compare it; one of several is written as x in ["a", "b"]'


class Base:
    """Visit a tree; each method returns the resolved node and its type, DYN after a mistake."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.mistakes: list[Mistake] = []
        self.items: dict[str, Type] = {}

    def wrong(self, node: Node, code: str, message: str, hint: str = "") -> Type:
        """Note a mistake at a node."""
        self.wrong_at(node.start, node.end, code, message, hint)
        return DYN

    def wrong_at(self, start: int, end: int, code: str, message: str, hint: str = "") -> None:
        """Note a mistake at a part of the text."""
        self.mistakes.append(Mistake(f"condition-{code}", message, start, end, hint))

    def visit(self, node: Node) -> Typed:
        """Return the resolved node and its type."""
        visited: Typed = getattr(self, f"_{node.op}")(node)
        return visited

    def boolean(self, node: Node) -> Node:
        """Return the resolved node, which must be true or false."""
        resolved, found = self.visit(node)
        if found not in (BOOL, DYN):
            self.wrong(node, "type", f"this is {title(found)}, and true or false is needed", _COMPARE)
        return resolved


def title(type_: Type) -> str:
    """Return what people call a type."""
    return str(as_exact(type_))
