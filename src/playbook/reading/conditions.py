"""Conditions: parsed and checked once what they may name is known, each mistake at its character."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from playbook import expressions
from playbook.errors import Span
from playbook.model.rules import Condition
from playbook.reading.source import offset

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from playbook.expressions import Environment, Mistake
    from playbook.reading.pending import Pending
    from playbook.reading.source import Source

    EnvironmentOf = Callable[[str], Environment]

T = TypeVar("T")

_TYPED = frozenset(("condition-type", "condition-value", "condition-call"))
_PLAIN = frozenset((
    "str", "int", "bool", "Any", "Decimal", "Decimal | None", "tuple[str, ...]", "tuple[tuple[str, str], ...]",
    "tuple[int, ...]", "dt.date", "dt.time", "tuple[dt.date, ...]",
))  # fmt: skip
"""Types of attributes that hold no condition."""


def resolve(source: Source, value: T, env_of: EnvironmentOf, broken: re.Pattern[str] | None = None) -> T:
    """Return a value with the stored tree of every Condition in place of its Pending; report every mistake.

    `env_of` says what a condition may name, by what its Pending is about. `broken` finds names of fields that
    were refused in part: what follows from them is not told again.
    """
    resolved: T = _Resolver(source, env_of, broken).value(value)
    return resolved


class _Resolver:
    """Resolve the conditions of one file; one that stands in several places is told once."""

    def __init__(self, source: Source, env_of: EnvironmentOf, broken: re.Pattern[str] | None) -> None:
        self.source = source
        self.env_of = env_of
        self.broken = broken
        self.known: dict[int, Condition] = {}
        self.kinds: dict[type[Any], tuple[str, ...]] = {}

    def holding(self, kind: type[Any]) -> tuple[str, ...]:
        """Return the attributes of a class that may hold conditions."""
        found = self.kinds.get(kind)
        if found is None:
            parts = attrs.fields(kind) if attrs.has(kind) else ()
            found = self.kinds[kind] = tuple(part.name for part in parts if part.type not in _PLAIN)
        return found

    def value(self, value: Any) -> Any:
        if isinstance(value, tuple):
            items = tuple(map(self.value, value))
            return value if all(map(_same, items, value)) else items
        if isinstance(value, Condition):
            if id(value) not in self.known:
                self.known[id(value)] = self.condition(value)
            return self.known[id(value)]
        changed = {}
        for name in self.holding(type(value)):
            before = getattr(value, name)
            if before is not None and (after := self.value(before)) is not before:
                changed[name] = after
        return attrs.evolve(value, **changed) if changed else value

    def condition(self, condition: Condition) -> Condition:
        """Return the condition with its tree; None as tree where it has mistakes."""
        pending: Pending = condition.tree
        node, mistakes = expressions.parse(condition.text)
        tree = None
        if node is not None:
            checked = expressions.check(node, self.env_of(pending.about), pending.wanted)
            tree = None if mistakes or checked.mistakes else expressions.dump(checked.node)
            mistakes = (*mistakes, *(m for m in checked.mistakes if not self.follows(m, condition.text)))
        for mistake in mistakes:
            span = span_of(self.source, pending.event, mistake.start, mistake.end)
            message, _, near = mistake.message.partition("; ")
            self.source.report(mistake.code, message, span, mistake.hint or near)
        return Condition(condition.text, tree)

    def follows(self, mistake: Mistake, text: str) -> bool:
        """Return whether the mistake only follows from a field that was refused in part."""
        return self.broken is not None and mistake.code in _TYPED and bool(self.broken.search(text))


def _same(one: object, other: object) -> bool:
    return one is other


def span_of(source: Source, event: Any, start: int, end: int) -> Span:
    """Return where the characters from `start` to `end` of a scalar's value stand."""
    first = offset(source, event, start)
    last = offset(source, event, max(end - 1, start))
    if first is None or last is None:
        return source.span(event)
    length = last.column - first.column + 1 if last.line == first.line else 1
    return Span(first.file, first.line, first.column, max(length, 1))
