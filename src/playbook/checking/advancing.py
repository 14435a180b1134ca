"""Checks of moves that happen by themselves, where the criteria of a stage may not be met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import problem
from playbook.checking.parts import actions
from playbook.checking.regions import TooManyError
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.gates import Gates
    from playbook.errors import Problem
    from playbook.model.playbook import Playbook, Stage
    from playbook.model.rules import Action
    from playbook.reading.project import Reading


def refused_advances(reading: Reading[Playbook], gates: Gates) -> Iterator[Problem]:
    """Find actions that move a case on where the criteria of its stage may not be met."""
    for path, action, there in actions(reading):
        guarded = path[-2] == "then" and reading.source.get(*path[:-2], "when") is not None
        if action.verb != "advance" or guarded:
            continue
        asked = [_unsure(gates, action, stage) for stage in there]
        # Where one of several stages lets it pass, it may be meant for that one.
        if asked and all(asked):
            stage, names = there[0].id, ", ".join(asked[0])
            message = f"moving on from stage {stage!r} asks for {names}, which may be unmet"
            hint = "say `when` with what they ask; else the move is refused, and owner and manager hear of it"
            yield problem(reading, codes.ACTION_REFUSED, message, (*path, "advance"), hint, severity="advice")


def _unsure(gates: Gates, action: Action, stage: Stage) -> list[str]:
    """Return the criteria and activities of a stage of which its action does not say that they are met."""
    asked = [criterion.id for criterion in stage.exit if criterion.mode == "block"]
    asked += [activity.id for activity in stage.activities if activity.required]
    try:
        when = gates.reader.meaning(action.when)
        sure = when is None or (gates.decided(stage) and when.holds.within(gates.out(stage)))
    except TooManyError:
        sure = True
    return [] if sure else asked
