"""Check what is named: values, fields of roots, what references refer to, columns, items of lists and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import nearest, nearest_hint
from playbook.expressions.check_base import Base, title
from playbook.expressions.decimals import as_double
from playbook.expressions.nodes import Node
from playbook.expressions.types import DYN, INT, TYPE, UINT, Type, comparable
from playbook.expressions.values import TYPE_NAMES

if TYPE_CHECKING:
    from collections.abc import Collection

    Typed = tuple[Node, Type]


class Names(Base):
    """Visit names and what is read from them."""

    def _name(self, node: Node) -> Typed:
        name = node.args[0]
        if name in self.items:
            return node.replace("var", name), self.items[name]
        return self._outer(node, name.lstrip("."))

    def _var(self, node: Node) -> Typed:
        return node, self.items.get(node.args[0], DYN)

    def _type(self, node: Node) -> Typed:
        return node, TYPE

    def _outer(self, node: Node, name: str) -> Typed:
        """Visit a name that is not the item of a macro."""
        found = self.env.names.get(name)
        if found is not None:
            return node.replace("name", name), found
        if name in TYPE_NAMES:
            return node.replace("type", name), TYPE
        if name in self.env.roots:
            first = next(iter(self.env.roots[name]), "name")
            hint = f"write one of its fields: {name}.{first}"
            return node, self.wrong(node, "name", f"{name!r} is not a value", hint)
        return node.replace("name", name), self.wrong(
            node, "name", f"there is no {name!r}{self._nearest(name)}"
        )

    def _nearest(self, name: str) -> str:
        if any(
            name in type_.args
            for of in self.env.roots.values()
            for type_ in of.values()
            if type_.name == "choice"
        ):
            return f'; put an option in quotes: "{name}"'
        known = [*self.items, *self.env.names, *self.env.roots, "true", "false", "null"]
        return self._other(name, known)

    def _other(self, name: str, known: Collection[str]) -> str:
        """Return a hint at a known name, or at the field of another root."""
        if nearest(name, known) is None:
            for root, fields in self.env.roots.items():
                if name in fields:
                    return f"; did you mean '{root}.{name}'?"
        return nearest_hint(name, known)

    # --- dots ---

    def _field(self, node: Node) -> Typed:
        return self._dotted(node) or self._root_field(node, *node.args)

    def _select(self, node: Node) -> Typed:
        return self._dotted(node) or self._selected(node)

    _column = _select

    def _dotted(self, node: Node) -> Typed | None:
        """Visit a whole chain like `a.b.c` that is a name, or a field of a root like `discovery.last`."""
        path = _path(node)
        if path is None or path[0] in self.items:
            return None
        root, name = ".".join(path[:-1]).lstrip("."), path[-1]
        whole = f"{root}.{name}"
        if whole in self.env.names or whole in TYPE_NAMES:
            return self._outer(node, whole)
        return self._root_field(node, root, name) if root in self.env.roots else None

    def _root_field(self, node: Node, root: str, name: str) -> Typed:
        fields = self.env.roots.get(root)
        if fields is None or root in self.items:
            end = min(node.start + len(root), node.end)
            value = Node("name", (root,), node.start, end)
            if root in self.env.names or root in self.items:
                return self._selected(node.replace("select", value, name))
            message = f"there is no {root!r}{nearest_hint(root, self.env.roots)}"
            self.wrong_at(node.start, end, "name", message)
            return node, DYN
        found = fields.get(name)
        if found is None:
            message = f"{root!r} has no field {name!r}{self._other(name, fields)}"
            self.wrong_at(max(node.end - len(name), node.start), node.end, "name", message)
        return node.replace("field", root, name), found or DYN

    def _selected(self, node: Node) -> Typed:
        resolved, found = self.visit(node.args[0])
        name = node.args[1]
        if found.name in ("reference", "person") and resolved.op in ("field", "follow"):
            return self._followed(node, resolved, found)
        if found.name == "map":
            return node.replace("column", resolved, name), found.args[1]
        if found != DYN and found.name != "row":
            hint = "take one of its rows, like [0], or all of them with all(), exists() or map()"
            found = self.wrong(
                node, "type", f"{title(found)} has no fields to read", hint if found.name == "list" else ""
            )
        columns = dict(found.args)
        if columns and name not in columns:
            message = f"there is no column {name!r}{nearest_hint(name, columns)}"
            self.wrong_at(max(node.end - len(name), node.start), node.end, "name", message)
        return node.replace("column", resolved, name), columns.get(name, DYN)

    def _followed(self, node: Node, reference: Node, type_: Type) -> Typed:
        """Visit a field of what a field refers to: one step, from the case's own values."""
        name, target = node.args[1], type_.args[0] if type_.args else type_.name
        if reference.op == "follow":
            hint = "copy the value to a field of the case where it is needed"
            return node, self.wrong(
                node, "name", "a reference is followed one step, and this is the second", hint
            )
        fields = self.env.records.get(target)
        if fields is None:
            return node, self.wrong(node, "name", f"nothing is known of the fields of {target!r}")
        found = fields.get(name)
        if found is None:
            message = f"{target!r} has no field {name!r}{nearest_hint(name, fields)}"
            self.wrong_at(max(node.end - len(name), node.start), node.end, "name", message)
        return node.replace("follow", *reference.args, name, target), found or DYN

    def _follow(self, node: Node) -> Typed:
        return node, self.env.records.get(node.args[3], {}).get(node.args[2], DYN)

    # --- items ---

    def _index(self, node: Node) -> Typed:
        items, found = self.visit(node.args[0])
        at, position = as_double(*self.visit(node.args[1]))
        if found.name == "map":
            if not comparable(position, found.args[0]):
                self.wrong(node.args[1], "type", f"{title(position)} cannot be a key of this map")
            return node.replace("index", items, at), found.args[1]
        if found.name == "list" and position not in (INT, UINT, DYN):
            self.wrong(node.args[1], "type", f"a place in a list is a whole number, not {title(position)}")
        elif found.name != "list" and found != DYN:
            found = self.wrong(node.args[0], "type", f"{title(found)} is not a list or a map")
        return node.replace("index", items, at), found.args[0] if found.name == "list" else DYN


def _path(node: Node) -> tuple[str, ...] | None:
    """Return the names of a chain like `a.b.c`, or None where it begins with anything else."""
    if node.op == "field":
        return tuple(node.args)
    if node.op == "name":
        return (node.args[0],)
    if node.op != "select":
        return None
    before = _path(node.args[0])
    return None if before is None else (*before, node.args[1])
