"""Syntax trees. Their dumped form is stored with published definitions and never changes meaning.

A dumped node is a list: the operation, then its arguments; a bare string or boolean is a literal's text.

    ["null"] ["bool", true] ["string", "x"]       literals
    ["int", "-5"] ["double", "1.5"]               a 64-bit integer; a binary floating-point number
    ["uint", "5"] ["bytes", "00ff"]               an unsigned 64-bit integer; bytes in hexadecimal
    ["number", "1.5"]                             an exact decimal (beside money, percent or number)
    ["percent", "0.2"]                            20%, as a fraction
    ["money", "25000.00", "EUR"] ["duration", "90", "d"]
    ["type", "int"]                               a type as a value
    ["list", item, ...]
    ["entries", key, value, key, value, ...]      a map
    ["name", "today"]                             a value that stands by itself, or a parameter "$limit"
    ["var", "i"]                                  the item that a macro looks at
    ["field", "deal", "amount"]                   a field of a root; roots may have dots: "discovery.last"
    ["follow", "deal", "account", "country", "account"]
                                                  a root's reference, a field of what it refers to, and what
                                                  that is: a record, or "person"
    ["column", x, "name"]                         a column of a row (missing is unknown), or of a map the value
                                                  of a key (missing is an error)
    ["index", list or map, index or key]
    ["call", "days", argument, ...]               a function
    ["method", "contains", x, argument, ...]      a function called on a value
    ["filled", x, ...] ["has", field]             whether values are there; never unknown
    ["and", x, y, ...] ["or", x, y, ...] ["not", x] ["if", test, then, else]
    ["eq", x, y] ne lt le gt ge in                comparison
    ["add", x, y] sub mul div mod ["neg", x]      arithmetic
    ["all", list or map, "i", test]               macros: the test with `i` as each item, or key of a map
    ["exists", ...] ["exists_one", ...] ["filter", ...]
    ["map", list or map, "i", value]              or with a test before the value

The parser writes `number` for a decimal literal and `select` for any other `x.name`; the checker turns a
number with nothing exact beside it into a double, and a select into what it means.

Two kinds of duration live together: the literal `90d` is a Duration, which follows the calendar, and
`duration("90s")` a Span, which is exact; `today - deal.close` is an Elapsed, which is compared with the former
by the calendar and with the latter exactly. A Span beside a Duration of min, h, d or w takes its nominal
length; beside other units it is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

MACROS = {"all": (2,), "exists": (2,), "exists_one": (2,), "map": (2, 3), "filter": (2,)}
"""Macros, and how many arguments they take; with another number of them it is a method."""


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
    """Return the fields that are read, as `deal.amount`; of a reference that is followed, the reference."""
    return frozenset(".".join(found.args[:2]) for found, _ in node.walk() if found.op in ("field", "follow"))


def follows(node: Node) -> frozenset[tuple[str, str, str, str]]:
    """Return what is read through references: root, field, field over there, and the kind of target."""
    return frozenset(found.args for found, _ in node.walk() if found.op == "follow")
