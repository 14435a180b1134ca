"""When to look again at a case that advances by itself, though nothing has happened to it.

What lets it advance may be time alone, or something that changes elsewhere. The moments are a pure function of
the case: lengths that its gate names, counted from every moment that the case knows, and the beginning of each day.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from playbook.expressions import load
from playbook.model.playbook import CRITERION_KINDS, Criterion
from playbook.model.rules import Condition
from playbook.process.definition import values_in
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.expressions import Node
    from playbook.model.case import Case
    from playbook.model.playbook import Playbook, Stage
    from playbook.process.facts import World

_AFTER = dt.timedelta(microseconds=1)
_PASSING = frozenset((("case", "age"), ("case", "in_stage"), ("case", "idle")))
_NOW = frozenset(("now", "today"))


class Looks(msgspec.Struct, frozen=True):
    """Hold the lengths of time that a gate names."""

    lengths: tuple[Duration, ...]

    def after(self, case: Case, world: World, since: dt.datetime) -> dt.datetime:
        """Return the first moment after another at which the answer may be another than before."""
        midnight = world.midnight(world.day(since) + dt.timedelta(days=1))
        given = list(_given(case))
        counted = (one for base in (*given, *_known(case)) for one in self._from(base, case, world))
        exact = (*given, *counted)
        return min(
            (m for one in exact for m in (one, one + _AFTER) if since < m < midnight), default=midnight
        )

    def _from(self, base: dt.datetime, case: Case, world: World) -> Iterator[dt.datetime]:
        calendar = world.calendar_of(case.owner, case.team, base)
        for length in self.lengths:
            for sign in (1, -1):
                try:
                    yield calendar.add(base, length, sign)
                except (OverflowError, ValueError):
                    continue  # beyond the calendar: a time that never comes


def looks(playbook: Playbook) -> dict[str, Looks]:
    """Return, for each stage that advances by itself, what to look for, where looking again may help."""
    computed = [field.is_ for field in playbook.fields if field.is_ is not None]
    written = [
        text for holder in (playbook.parameters, *(s.set for s in playbook.segments)) for _, text in holder
    ]
    found = {}
    for stage in playbook.stages:
        if not stage.by_itself:
            continue
        parts = (stage.exit, stage.activities, stage.next, tuple(_entered(playbook, stage)), tuple(computed))
        values = list(values_in(parts))
        nodes = [node for value in values if isinstance(value, Condition) for node in _nodes(value)]
        foreign = any(isinstance(one, Criterion) and one.kind not in CRITERION_KINDS for one in values)
        if foreign or any(map(_passes, nodes)):
            found[stage.id] = Looks(tuple(dict.fromkeys((*_lengths(nodes), *_parameters(written)))))
    return found


def _entered(playbook: Playbook, stage: Stage) -> Iterator[object]:
    """Yield what the stages ask that a stage leads to, those beyond one that a rule may skip too."""
    stages, queue, seen = {one.id: one for one in playbook.stages}, [stage], {stage.id}
    while queue:
        for target in queue.pop(0).next:
            there = stages.get(target.to)
            if there is not None and there.id not in seen:
                seen.add(there.id)
                yield from (there.entry, there.when)
                if there.when is not None:
                    yield there.next
                    queue.append(there)


def _nodes(condition: Condition) -> list[Node]:
    return [node for node, _ in load(condition.tree).walk()] if condition.tree else []


def _passes(node: Node) -> bool:
    """Return whether what a node reads changes with time, or elsewhere."""
    if node.op == "name":
        return node.args[0] in _NOW
    return node.op == "follow" or (node.op == "field" and tuple(node.args[:2]) in _PASSING)


def _lengths(nodes: list[Node]) -> Iterator[Duration]:
    for node in nodes:
        if node.op == "duration":
            yield Duration(int(node.args[0]), node.args[1])


def _parameters(written: list[str]) -> Iterator[Duration]:
    for text in written:
        try:
            yield Duration.parse(text)
        except ValueError:
            continue  # it is no duration


def _given(case: Case) -> Iterator[dt.datetime]:
    """Yield the moments that fields hold; personal ones stay out of what is stored beside events, too."""
    given = (value for name, value in case.fields.items() if name not in case.sealed)
    return (value for value in given if isinstance(value, dt.datetime))


def _known(case: Case) -> Iterator[dt.datetime]:
    """Yield the moments that lie behind, from which a gate may count."""
    yield from (case.opened, case.entered, case.touched)
    yield from (entry.at for entry in case.entries)
    yield from (task.at for task in case.tasks if task.at is not None)
