"""Conditions: parsed and checked once the whole playbook is known, each mistake at its character."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from playbook import expressions
from playbook.errors import Span
from playbook.expressions.types import BOOL
from playbook.model.rules import Condition
from playbook.model.vocabulary import environment
from playbook.reading.source import offset
from playbook.reading.structure import maps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.expressions import Environment, Function, Mistake
    from playbook.model.playbook import Activity, Criterion, Playbook, Stage
    from playbook.reading.source import Source

_TYPED = frozenset(("condition-type", "condition-value", "condition-call"))


def resolve(source: Source, playbook: Playbook, functions: Mapping[str, Function]) -> Playbook:
    """Return the playbook with the stored tree of every condition; report every mistake."""
    return _Resolver(source, playbook, functions).playbook(playbook)


class _Resolver:
    """Resolve the conditions of one playbook."""

    def __init__(self, source: Source, playbook: Playbook, functions: Mapping[str, Function]) -> None:
        fields = maps(source.root, "fields") if source.root is not None else ()
        broken = [name for name, data in fields if data.broken]
        self.source = source
        self.env: Environment = environment(playbook, functions)
        # A field that was refused in part has its own Problem; what follows from it would only repeat that.
        self.broken = re.compile(rf"\.({'|'.join(map(re.escape, broken))})\b") if broken else None
        self.shared: dict[str, Criterion] = {}

    def playbook(self, playbook: Playbook) -> Playbook:
        shared = tuple(self.criterion(item) for item in playbook.criteria)
        self.shared = {item.id: attrs.evolve(item, shared=True) for item in shared}
        return attrs.evolve(
            playbook, criteria=shared, stages=tuple(self.stage(stage) for stage in playbook.stages)
        )

    def stage(self, stage: Stage) -> Stage:
        return attrs.evolve(
            stage,
            when=self.condition(stage.when),
            activities=tuple(self.activity(item) for item in stage.activities),
            entry=tuple(self.criterion(item) for item in stage.entry),
            exit=tuple(self.criterion(item) for item in stage.exit),
            next=tuple(attrs.evolve(item, when=self.condition(item.when)) for item in stage.next),
        )

    def activity(self, activity: Activity) -> Activity:
        return attrs.evolve(activity, when=self.condition(activity.when))

    def criterion(self, item: Criterion) -> Criterion:
        if item.shared:
            return self.shared[item.id]
        if item.when is None and item.that is None:
            return item
        return attrs.evolve(item, when=self.condition(item.when), that=self.condition(item.that))

    def condition(self, condition: Condition | None) -> Condition | None:
        """Return the condition with its tree in place of its event; None as tree where it has mistakes."""
        if condition is None:
            return None
        node, mistakes = expressions.parse(condition.text)
        tree = None
        if node is not None:
            checked = expressions.check(node, self.env, BOOL)
            mistakes = (*mistakes, *(m for m in checked.mistakes if not self.follows(m, condition.text)))
            tree = expressions.dump(checked.node)
        for mistake in mistakes:
            span = _span(self.source, condition.tree, mistake)
            message, _, near = mistake.message.partition("; ")
            self.source.report(mistake.code, message, span, mistake.hint or near)
        return Condition(condition.text, tree)

    def follows(self, mistake: Mistake, text: str) -> bool:
        """Return whether the mistake only follows from a field that was refused in part."""
        return self.broken is not None and mistake.code in _TYPED and bool(self.broken.search(text))


def _span(source: Source, event: Any, mistake: Mistake) -> Span:
    start = offset(source, event, mistake.start)
    last = offset(source, event, max(mistake.end - 1, mistake.start))
    if start is None or last is None:
        return source.span(event)
    length = last.column - start.column + 1 if last.line == start.line else 1
    return Span(start.file, start.line, start.column, max(length, 1))
