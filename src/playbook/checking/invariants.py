"""Checks of invariants: ways on which every criterion is met and one would no longer hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import problem
from playbook.checking.gates import standing
from playbook.checking.paths import closure, ways
from playbook.checking.regions import Region, TooManyError, region
from playbook.checking.witness import Witness, witnesses
from playbook.expressions import Node, load, reads
from playbook.model.case import OPEN
from playbook.model.playbook import QUIT
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.checking.gates import Gates
    from playbook.errors import Problem
    from playbook.model.playbook import Playbook, Stage
    from playbook.model.rules import Invariant
    from playbook.reading.project import Reading

_MOVING = frozenset(("case.stage", "case.outcome"))
"""What a move changes, so that an invariant which reads one of them may hold before it and not after."""


def breaches(reading: Reading[Playbook], gates: Gates) -> Iterator[Problem]:
    """Find the first way, from the beginning on, by which a case passes every gate and breaks an invariant."""
    if not gates.playbook.invariants:
        return
    routes, onward = _routes(gates.playbook), ways(reading)
    for invariant in gates.playbook.invariants:
        if invariant.that.tree is None or not _MOVING & reads(load(invariant.that.tree)):
            continue
        for route in routes:
            found = _breach(gates, invariant, route, onward)
            if found is not None:
                message = (
                    f"on the way {' -> '.join(stage.id for stage in route)} this would no longer hold:"
                    f" {found} passes every criterion"
                )
                stage = route[-2].id
                hint = f"let a criterion of stage {stage!r} ask for it too; else the move is refused for no criterion"
                path = ("invariants", invariant.id)
                yield problem(reading, codes.INVARIANT_BREACH, message, path, hint, "warning")
                break


def _routes(playbook: Playbook) -> list[tuple[Stage, ...]]:
    """Return the shortest way to every branch that `next` names, the shorter first."""
    stages = {stage.id: stage for stage in playbook.stages}
    routes: list[tuple[Stage, ...]] = []
    longest = 20  # further on, a way says nothing that a person would follow
    queue: list[tuple[Stage, ...]] = [playbook.stages[:1]] if playbook.stages else []
    seen = set()
    while queue:
        route = queue.pop(0)
        if route[-1].id in seen or len(route) > longest:
            continue
        seen.add(route[-1].id)
        onward = [stages[one.to] for one in route[-1].next if one.to in stages]
        routes += [(*route, target) for target in onward]
        queue += [(*route, target) for target in onward]
    return routes


def _breach(
    gates: Gates, invariant: Invariant, route: tuple[Stage, ...], onward: Mapping[str, set[str]]
) -> Witness | None:
    """Return values with which a case passes the last step of a way and breaks an invariant by it."""
    start, target = route[-2:]
    if not all(map(gates.understood, route)):
        return None
    try:
        meaning = gates.reader.of(load(invariant.that.tree))
        before = standing(meaning.holds, start.id, start.final or OPEN)
        after = standing(meaning.holds.rest(), target.id, target.final or OPEN)
        left = gates.way(start, target).both(before).both(after)
        for index in range(len(route) - 2):
            passed = gates.way(route[index], route[index + 1])
            left = left.both(_kept(gates, passed, _locked(gates.playbook, onward, route[index + 1 : -1])))
    except TooManyError:
        return None
    surely = _surely_filled(gates.playbook, target, onward)
    cases: tuple[tuple[Mapping[str, str], bool], ...] = (
        ({"stage": start.id, "outcome": start.final or OPEN}, True),
        ({"stage": target.id, "outcome": target.final or OPEN}, False),
    )
    for found in witnesses(gates.playbook, left):
        missing = {name for name, value in found.values.items() if value is None}
        if not missing & surely and all(
            found.shows([(invariant.that, wanted)], case) for case, wanted in cases
        ):
            return found
    return None


def _locked(playbook: Playbook, onward: Mapping[str, set[str]], stages: tuple[Stage, ...]) -> set[str]:
    """Return the fields that nobody changes in any of the stages."""
    found = {field.id for field in playbook.fields}
    for stage in stages:
        if not stage.locked:
            found &= {
                field.id
                for field in playbook.fields
                if field.locked_from in onward and stage.id in closure(onward, {field.locked_from})
            }
    return found


def _kept(gates: Gates, passed: Region, locked: set[str]) -> Region:
    """Return what still holds of what passed a gate, where only some fields cannot change after it."""
    names = {f"{gates.playbook.subject}.{name}" for name in locked}
    of_approval = {
        criterion.id: reads(load(criterion.when.tree))
        if criterion.when and criterion.when.tree
        else frozenset()
        for stage in gates.playbook.stages
        for criterion in stage.exit
        if criterion.approval is not None
    }

    def stays(node: Node) -> bool:
        if node.op == "call" and node.args[0] == "approved" and node.args[1].op == "string":
            return of_approval.get(node.args[1].args[0], frozenset()) <= names
        read = reads(node)
        return bool(read) and read <= names

    return region({key: values for key, values in box.items() if stays(key[1])} for box in passed.boxes)


def _surely_filled(playbook: Playbook, stage: Stage, onward: Mapping[str, set[str]]) -> set[str]:
    """Return the fields that a case has in a stage without a criterion asking: by default, computed, or required."""
    found = {field.id for field in playbook.fields if field.default is not None or field.is_ is not None}
    if stage.final in QUIT:
        return found
    for field in playbook.fields:
        if field.required_from in onward and stage.id in closure(onward, {field.required_from}):
            found.add(field.id)
    return found
