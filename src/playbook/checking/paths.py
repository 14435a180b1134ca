"""Checks of the ways through a playbook: stages that nothing reaches or leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import key_problem, problem
from playbook.errors import nearest
from playbook.model.playbook import QUIT
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.checking.found import Check
    from playbook.errors import Problem
    from playbook.model.playbook import Playbook
    from playbook.reading.project import Project, Reading


def unreachable_stages(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find stages that no case can come to."""
    onward = ways(reading)
    if not onward:
        return
    reached = closure(onward, {next(iter(onward))})
    for stage in onward:
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
    onward = ways(reading)
    back: dict[str, set[str]] = {stage: set() for stage in onward}
    for stage, targets in onward.items():
        for target in targets:
            back[target].add(stage)
    leaving = closure(back, finals)
    for stage in onward:
        if stage not in leaving:
            message = f"a case in stage {stage!r} can never end"
            hint = "add `next`, or `final` if a case ends here"
            yield key_problem(reading, codes.DEAD_END, message, ("stages", stage), hint)


def only_losses(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find stages that lead nowhere, and that a case leaves by being lost alone."""
    onward = ways(reading)
    ends = {stage.id: stage.final for stage in reading.value.stages} if reading.value else {}
    for stage in reading.value.stages if reading.value else ():
        left_for = {ends[target] for target in onward[stage.id]}
        if not stage.final and not stage.next and left_for and left_for <= QUIT:
            message = (
                f"stage {stage.id!r} leads nowhere: a case there can only be {' or '.join(sorted(left_for))}"
            )
            hint = "add `next`, or `final: won` if a case ends here"
            yield key_problem(reading, codes.DEAD_END, message, ("stages", stage.id), hint, "advice")


def final_with_next(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find final stages that name a next one."""
    for stage in reading.value.stages if reading.value else ():
        if stage.final and stage.next:
            message = f"stage {stage.id!r} is final and has a `next`"
            yield key_problem(
                reading, codes.FINAL_WITH_NEXT, message, ("stages", stage.id, "next"), "remove one of the two"
            )


def ways(reading: Reading[Playbook]) -> dict[str, set[str]]:
    """Return where each stage leads.

    A misspelt stage counts as the nearest one, and a stage that was refused in part leads everywhere: each of
    them has its own Problem, and what follows from it would only repeat that.
    """
    playbook = reading.value
    assert playbook is not None
    stages = {stage.id: stage for stage in playbook.stages}
    onward: dict[str, set[str]] = {}
    for stage in playbook.stages:
        targets = [target.to for target in stage.next]
        near = (target if target in stages else nearest(target, stages) for target in targets)
        onward[stage.id] = {target for target in near if target}
        if (
            reading.source.get("stages", stage.id).broken or len(onward[stage.id]) < len(set(targets))
        ) and not stage.final:
            onward[stage.id] = set(stages)
    starts = [other.id for other in playbook.stages if not other.final]
    for stage in playbook.stages:
        for start in starts if stage.start == ("any",) else stage.start:
            source = start if start in stages else nearest(start, stages)
            if source and source != stage.id:
                onward[source].add(stage.id)
    return onward


def closure(onward: Mapping[str, set[str]], begin: set[str]) -> set[str]:
    """Return what is reached from some stages, themselves included."""
    reached, left = set(begin), list(begin)
    while left:
        for target in onward[left.pop()] - reached:
            reached.add(target)
            left.append(target)
    return reached


PATH_CHECKS: tuple[Check, ...] = (unreachable_stages, dead_ends, only_losses, final_with_next)
