"""Moves: forward, skipping, back and to an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import UnknownName
from playbook.model.case import OPEN
from playbook.model.playbook import QUIT
from playbook.process.branching import resolve

if TYPE_CHECKING:
    from playbook.model.case import Case
    from playbook.model.events import CaseEvent
    from playbook.model.playbook import MoveRule
    from playbook.process.compiled import Compiled
    from playbook.process.deciding import Deciding


def advance(deciding: Deciding, to: str, reason: str) -> tuple[CaseEvent, ...]:
    """Move forward: to the stage `next` gives, to one of its targets, or ahead where skipping is allowed."""
    definition, case = deciding.definition, deciding.case
    if to and to not in definition.stages:
        raise UnknownName("stage", to, definition.stages)
    deciding.permit("advance")
    if not deciding.must_be_open():
        return ()
    way, target, passed = resolve(deciding, to)
    if not target:
        deciding.gate_exit()
        return ()
    if way == "skip":
        may_move(deciding, "skip", definition.playbook.skip, target, reason)
    if deciding.blockers and not definition.machine.has(way, case.stage, target):
        return ()
    deciding.gate(way, target)
    return deciding.moved(way, target, reason, passed)


def back(deciding: Deciding, to: str, reason: str) -> tuple[CaseEvent, ...]:
    """Move back to an earlier stage; only its entry criteria are asked."""
    definition, case = deciding.definition, deciding.case
    if to not in definition.stages:
        raise UnknownName("stage", to, definition.stages)
    deciding.permit("back")
    if not deciding.must_be_open():
        return ()
    if definition.later(case.stage, to) or to == case.stage:
        deciding.wrong_state(f"{deciding.called(to)} does not come before {deciding.called(case.stage)}")
        return ()
    rule = definition.playbook.back
    may_move(deciding, "back", rule, to, reason)
    if to in rule.not_to:
        deciding.wrong_state(f"this playbook never goes back to {deciding.called(to)}")
    if definition.machine.has("back", case.stage, to):
        deciding.gate("back", to)
    return deciding.moved("back", to, reason)


def close(deciding: Deciding, to: str, reason: str) -> tuple[CaseEvent, ...]:
    """Move to a final stage: through the exit criteria where it is a forward target, else by its entry alone."""
    definition, case = deciding.definition, deciding.case
    finals = [stage.id for stage in definition.playbook.stages if stage.final]
    if to not in finals:
        raise UnknownName("final stage", to, finals)
    deciding.permit("close")
    if not deciding.must_be_open():
        return ()
    way = "forward" if definition.machine.has("forward", case.stage, to) else "close"
    deciding.gate(way, to)
    return deciding.moved(way, to, reason)


def may_move(deciding: Deciding, act: str, rule: MoveRule, to: str, reason: str) -> None:
    """Note a reason where the rule of a way of moving does not allow it to the actor, or asks for a reason."""
    if not rule.by:
        deciding.wrong_state(f"this playbook never lets a {deciding.definition.subject} {_ACTS[act]}")
    elif not deciding.permits(rule.by):
        deciding.not_permitted(act, rule.by)
    if rule.by and rule.reason and not reason:
        to = f" --to {to}" if act != "reopen" else ""
        fix = f"playbook {_COMMANDS[act]} {deciding.case.id}{to} --reason ..."
        deciding.wrong_state(f"to {_ACTS[act]} needs a reason", fix=fix)


_ACTS = {"skip": "skip stages", "back": "go back", "reopen": "open again"}
_COMMANDS = {"skip": "advance", "back": "back", "reopen": "reopen"}


def reachable(definition: Compiled, case: Case) -> tuple[str, ...]:
    """Return the stages to which a case may move from here by `next`."""
    if case.outcome != OPEN:
        return ()
    return tuple(
        target.to
        for target in definition.stages[case.stage].next
        if definition.stages[target.to].final not in QUIT
    )
