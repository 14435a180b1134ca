"""Checks of the ways through a playbook: stages that nothing reaches or leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import key_problem, problem
from playbook.errors import nearest
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.checking.found import Check
    from playbook.errors import Problem
    from playbook.model.playbook import Playbook
    from playbook.reading.project import Project, Reading


def unreachable_stages(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find stages that no case can come to."""
    ways = _ways(reading)
    if not ways:
        return
    reached = _closure(ways, {next(iter(ways))})
    for stage in ways:
        if stage not in reached:
            hint = "name it in the `next` of a stage, or say where it is reached `from`"
            message = f"no case can come to stage {stage!r}"
            yield key_problem(reading, codes.UNREACHABLE_STAGE, message, ("stages", stage), hint)


def dead_ends(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find stages from which no final stage can be reached; without any final stage, say that alone."""
    playbook = reading.value
    assert playbook is not None
    finals = {stage.id for stage in playbook.stages if stage.final}
    if not finals:
        if not any(reading.source.get("stages", stage.id).broken for stage in playbook.stages):
            hint = "add `final: won` to the stage that ends a case, and one with `final: lost`"
            yield problem(reading, codes.NO_FINAL_STAGE, "no stage ends a case", ("stages",), hint)
        return
    ways = _ways(reading)
    back: dict[str, set[str]] = {stage: set() for stage in ways}
    for stage, targets in ways.items():
        for target in targets:
            back[target].add(stage)
    leaving = _closure(back, finals)
    for stage in ways:
        if stage not in leaving:
            message = f"a case in stage {stage!r} can never end"
            hint = "add `next`, or `final` if a case ends here"
            yield key_problem(reading, codes.DEAD_END, message, ("stages", stage), hint)


def final_with_next(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find final stages that name a next one."""
    for stage in reading.value.stages if reading.value else ():
        if stage.final and stage.next:
            message = f"stage {stage.id!r} is final and has a `next`"
            yield key_problem(
                reading, codes.FINAL_WITH_NEXT, message, ("stages", stage.id, "next"), "remove one of the two"
            )


def _ways(reading: Reading[Playbook]) -> dict[str, set[str]]:
    """Return where each stage leads.

    A misspelt stage counts as the nearest one, and a stage that was refused in part leads everywhere: each of
    them has its own Problem, and what follows from it would only repeat that.
    """
    playbook = reading.value
    assert playbook is not None
    stages = {stage.id: stage for stage in playbook.stages}
    ways: dict[str, set[str]] = {}
    for stage in playbook.stages:
        targets = [target.to for target in stage.next]
        near = (target if target in stages else nearest(target, stages) for target in targets)
        ways[stage.id] = {target for target in near if target}
        if (
            reading.source.get("stages", stage.id).broken or len(ways[stage.id]) < len(set(targets))
        ) and not stage.final:
            ways[stage.id] = set(stages)
    for stage in playbook.stages:
        starts = [other.id for other in playbook.stages if not other.final]
        for start in starts if stage.start == ("any",) else stage.start:
            source = start if start in stages else nearest(start, stages)
            if source and source != stage.id:
                ways[source].add(stage.id)
    return ways


def _closure(ways: Mapping[str, set[str]], begin: set[str]) -> set[str]:
    reached, left = set(begin), list(begin)
    while left:
        for target in ways[left.pop()] - reached:
            reached.add(target)
            left.append(target)
    return reached


PATH_CHECKS: tuple[Check, ...] = (unreachable_stages, dead_ends, final_with_next)
