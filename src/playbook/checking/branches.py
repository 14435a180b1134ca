"""Checks of branches: those never taken, those that fit the same cases, cases that fit none."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from playbook.checking.found import key_problem, problem
from playbook.checking.regions import EVERYTHING, TooManyError
from playbook.checking.witness import witnesses
from playbook.expressions import load, reads
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Path
    from playbook.checking.gates import Gates
    from playbook.checking.meaning import Meaning
    from playbook.errors import Problem
    from playbook.model.playbook import Playbook, Stage, Target
    from playbook.model.rules import Condition
    from playbook.reading.project import Reading

    Branch = tuple[Path, Target, Meaning]


_MOST = 20
"""How many branches of a stage are thought about."""


def branches(reading: Reading[Playbook], gates: Gates) -> Iterator[Problem]:
    """Find branches that are never taken or fit the same cases, and cases that fit none."""
    for stage in gates.playbook.stages:
        try:
            found = _of(gates, stage)
            if found and len(found) <= _MOST:
                yield from _overlapping(reading, gates, stage, found)
                yield from _gap(reading, gates, stage, found)
        except TooManyError:
            continue


def _of(gates: Gates, stage: Stage) -> list[Branch]:
    """Return the branches with a condition; nothing where one of them has a mistake."""
    found: list[Branch] = []
    for index, target in enumerate(stage.next):
        meaning = gates.reader.meaning(target.when)
        if meaning is None:
            return []
        if target.when is not None:
            found.append((("stages", stage.id, "next", index, "when"), target, meaning))
    return found


def _overlapping(
    reading: Reading[Playbook], gates: Gates, stage: Stage, found: list[Branch]
) -> Iterator[Problem]:
    before = EVERYTHING
    for path, target, meaning in found:
        if not meaning.holds.empty and before.both(meaning.holds).empty:
            message = (
                f"the way to {target.to!r} is never taken: what fits it fits one before it, which comes first"
            )
            hint = "put the narrower condition first"
            yield problem(reading, codes.BRANCH_OVERLAP, message, path, hint, "warning")
        before = before.both(meaning.fails)
    for (_, one, first), (path, other, second) in itertools.combinations(found, 2):
        shared = first.holds.both(second.holds)
        # A wider condition after a narrower one is how "else" is written.
        if shared.empty or first.holds.within(second.holds) or second.holds.within(first.holds):
            continue
        whens = _conditions(one, other)
        if len({reads(load(when.tree)) for when in whens}) > 1:
            continue
        for shown in witnesses(gates.playbook, gates.out(stage).both(shared)):
            if shown.shows([(when, True) for when in whens], {}):
                message = f"{shown} fits {one.to!r} and {other.to!r}; the first is taken"
                hint = "let the conditions meet without both having the value, like < and >="
                yield problem(reading, codes.BRANCH_OVERLAP, message, path, hint, "advice")
                break


def _conditions(*targets: Target) -> list[Condition]:
    return [target.when for target in targets if target.when is not None]


def _gap(reading: Reading[Playbook], gates: Gates, stage: Stage, found: list[Branch]) -> Iterator[Problem]:
    if len(found) < len(stage.next) or not gates.understood(stage):
        return
    left = gates.out(stage)
    for _, _, meaning in found:
        left = left.both(meaning.fails)
    whens = _conditions(*(target for _, target, _ in found))
    for shown in witnesses(gates.playbook, left):
        if shown.fails(whens):
            none = {1: "does not pass it", 2: "passes neither"}.get(len(found), "passes none of them")
            message = f"{shown} {none}: such a case stands still in stage {stage.id!r}"
            hint = "add a last way without `when`, or widen one"
            path = ("stages", stage.id, "next")
            yield key_problem(reading, codes.BRANCH_GAP, message, path, hint, "warning")
            return
