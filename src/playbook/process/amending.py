"""What changes a case beside its fields and stage: leaving work out, opening again, dividing the credit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from playbook.errors import InputError, UnknownName
from playbook.model.approving import CreditSplit, Skipped
from playbook.model.case import OPEN, waiting
from playbook.model.events import Reopened
from playbook.model.playbook import Field
from playbook.model.values import parse, percentage
from playbook.process.moving import may_move
from playbook.times import Duration

if TYPE_CHECKING:
    from playbook.model.commands import Reopen, SkipActivity, Split
    from playbook.model.events import CaseEvent
    from playbook.process.deciding import Deciding

_SHARE = Field("share", "percent")


def skip_activity(deciding: Deciding, command: SkipActivity) -> tuple[CaseEvent, ...]:
    """Leave out a planned activity; a required one only where it is excepted by a waiver."""
    definition, case, name = deciding.definition, deciding.case, command.activity
    activity = definition.activities.get(name)
    if activity is None:
        raise UnknownName("activity", name, definition.activities)
    deciding.permit("edit")
    if not deciding.must_be_open():
        return ()
    task = waiting(case, name)
    waiver = case.waivers.get(name)
    if task is None:
        deciding.wrong_state(f"{name} is not planned")
    if activity.required and (waiver is None or waiver.expired(deciding.today)):
        fix = f"playbook waive {case.id} {name} --reason ..."
        deciding.wrong_state(f"{name} is required: only a waiver excepts from it", fix=fix)
    if not command.reason.strip():
        fix = f"playbook skip-activity {case.id} {name} --reason ..."
        deciding.wrong_state(f"leaving out {name} needs a reason", fix=fix)
    if deciding.blockers or task is None:
        return ()
    return (Skipped(name, task.visit, task.n, command.reason),)


def reopen(deciding: Deciding, command: Reopen) -> tuple[CaseEvent, ...]:
    """Open a closed case in the stage it was closed from, a new visit; only an approval may be asked for."""
    definition, case, request = deciding.definition, deciding.case, deciding.request
    rule = definition.playbook.reopen
    deciding.permit("reopen")
    if case.outcome == OPEN or case.closed is None:
        deciding.wrong_state(f"{case.id} is not closed")
        return ()
    target = case.closed_from or definition.playbook.stages[0].id
    may_move(deciding, "reopen", rule, target, command.reason)
    if rule.within and request.at > deciding.scope().calendar.add(case.closed, Duration.parse(rule.within)):
        day = deciding.world.day(case.closed).isoformat()
        deciding.wrong_state(f"{case.id} was closed on {day}, and may be reopened within {rule.within} only")
    if rule.by:
        deciding.gate_entry(target, definition.reopening)
    if deciding.blockers:
        return ()
    return (
        Reopened(target, command.reason, deciding.plans(target, case), deciding.stamp(target, case.fields)),
    )


def split(deciding: Deciding, command: Split) -> tuple[CaseEvent, ...]:
    """Divide the credit among people; the shares sum to exactly 100 %."""
    shares = _shares(deciding, command)
    deciding.permit("assign")
    deciding.must_be_open()
    deciding.must_be_unlocked()
    return () if deciding.blockers or shares == deciding.case.shares else (CreditSplit(shares),)


def _shares(deciding: Deciding, command: Split) -> dict[str, Decimal]:
    people = deciding.world.organization.people
    shares: dict[str, Decimal] = {}
    faults = []
    for who, said in command.shares.items():
        if people and who not in people:
            raise UnknownName("person", who, people)
        try:
            shares[who] = Decimal(str(parse(_SHARE, said)))
        except ValueError as error:
            faults.append(f"{who}: {error}")
        else:
            if shares[who] <= 0:
                faults.append(f"{who}: a share is more than 0%")
    total = sum(shares.values(), Decimal(0))
    if not faults and total != 1:
        faults.append(f"shares sum to 100%, not to {percentage(total)}")
    if faults:
        raise InputError("\n".join(faults))
    return dict(sorted(shares.items()))
