"""Syntax trees. Their dumped form is stored with published definitions and never changes meaning.

A dumped node is a list: the operation, then its arguments; a bare string or boolean is a literal's text.

    ["null"] ["bool", true] ["string", "x"]       literals
    ["int", "-5"] ["double", "1.5"]               a 64-bit integer; a binary floating-point number
    ["number", "1.5"]                             an exact decimal (beside money, percent or number)
    ["percent", "0.2"]                            20%, as a fraction
    ["money", "25000.00", "EUR"] ["duration", "90", "d"]
    ["list", item, ...]
    ["name", "today"]                             a value that stands by itself
    ["field", "deal", "amount"]                   a field of a root
    ["column", table row, "name"]                 a column of a row; missing is unknown
    ["index", list, index]
    ["call", "days", argument, ...]               a function
    ["filled", x, ...] ["has", field]             whether values are there; never unknown
    ["and", x, y, ...] ["or", x, y, ...] ["not", x] ["if", test, then, else]
    ["eq", x, y] ne lt le gt ge in                comparison
    ["add", x, y] sub mul div mod ["neg", x]      arithmetic

The parser writes `number` for a decimal literal and `select` for any other `x.name`; the checker turns a
number with nothing exact beside it into a double, and a select into a column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator


@attrs.frozen
class Node:
    """Hold one operation; `start` and `end` are offsets in the text and do not count in equality."""

    op: str
    args: tuple[Any, ...] = ()
    start: int = attrs.field(default=0, eq=False)
    end: int = attrs.field(default=0, eq=False)

    def replace(self, op: str, *args: Any) -> Node:
        """Return another operation at the same place."""
        return Node(op, args, self.start, self.end)

    def walk(self) -> Iterator[tuple[Node, int]]:
        """Yield every node with its depth, from 1; not recursive, whatever the depth."""
        open_nodes = [(self, 1)]
        while open_nodes:
            node, depth = open_nodes.pop()
            yield node, depth
            open_nodes += [(arg, depth + 1) for arg in reversed(node.args) if isinstance(arg, Node)]


def dump(node: Node) -> list[Any]:
    """Return the tree as JSON-able lists without positions."""
    return [node.op, *(dump(arg) if isinstance(arg, Node) else arg for arg in node.args)]


def load(tree: Any) -> Node:
    """Return the tree of its dumped form."""
    return Node(tree[0], tuple(load(arg) if isinstance(arg, (list, tuple)) else arg for arg in tree[1:]))


def reads(node: Node) -> frozenset[str]:
    """Return the fields that are read, as `deal.amount`."""
    return frozenset(".".join(found.args) for found, _ in node.walk() if found.op == "field")
