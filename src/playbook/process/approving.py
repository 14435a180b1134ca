"""Answers to criteria: a yes, a no, an exception."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import InputError, UnknownName
from playbook.model.approving import Approved, Declined, Waived, Yes
from playbook.model.events import Blocked
from playbook.model.organization import OPERATOR
from playbook.process.answers import MOVES
from playbook.process.approvals import spoken_for
from playbook.process.covering import seen
from playbook.process.permission import permits

if TYPE_CHECKING:
    import datetime as dt

    from playbook.model.approving import Asked
    from playbook.model.commands import Approve, Refuse, Waive
    from playbook.model.events import CaseEvent
    from playbook.process.approvals import ApprovalRule
    from playbook.process.deciding import Deciding


def approve(deciding: Deciding, command: Approve) -> tuple[CaseEvent, ...]:
    """Say yes, seeing the values as they are now; the last yes that is needed completes the approval."""
    rule, asked = _asked(deciding, command.criterion)
    if asked is None:
        return ()
    name, request = rule.criterion.id, deciding.request
    principals = _turn(deciding, rule, asked)
    if deciding.blockers:
        return ()
    stands_for = _speaks_for(deciding, rule, principals)
    yes = (*asked.yes, Yes(request.actor, request.at, principals))
    lasts = None if rule.expires is None else deciding.scope().calendar.add(request.at, rule.expires)
    values = seen(deciding.definition, name, deciding.scope(), deciding.world)
    away = "" if stands_for == request.actor else stands_for
    return (Approved(name, values, principals, rule.complete(yes), command.note, away, lasts),)


def refuse(deciding: Deciding, command: Refuse) -> tuple[CaseEvent, ...]:
    """Say no, also after a yes; the case goes back where the approval says so, if that stage takes it."""
    rule, asked = _asked(deciding, command.criterion)
    if asked is None:
        return ()
    name = rule.criterion.id
    _reason(deciding, command.reason, "a refusal", f"playbook refuse {deciding.case.id} {name} --reason ...")
    if deciding.blockers:
        return ()
    stands_for = _speaks_for(deciding, rule, rule.approval.by)
    away = "" if stands_for == deciding.request.actor else stands_for
    values = seen(deciding.definition, name, deciding.scope(), deciding.world)
    return (Declined(name, values, command.reason, away), *_sent_back(deciding, rule, command.reason))


def waive(deciding: Deciding, command: Waive) -> tuple[CaseEvent, ...]:
    """Make an exception from a criterion or a required activity for a while."""
    definition, case = deciding.definition, deciding.case
    name = command.criterion
    if name not in definition.waivable:
        raise UnknownName("criterion", name, definition.waivable)
    until = command.until or _until(deciding, name)
    if until < deciding.today:
        raise InputError(f"{until.isoformat()} lies in the past: an exception ends on a day to come")
    deciding.permit("waive")
    if not deciding.must_be_open():
        return ()
    if not definition.waivable[name]:
        deciding.wrong_state(f"this playbook allows no exception from {name}")
    _reason(deciding, command.reason, "an exception", f"playbook waive {case.id} {name} --reason ...")
    if deciding.blockers:
        return ()
    return (Waived(name, seen(definition, name, deciding.scope(), deciding.world), command.reason, until),)


def _until(deciding: Deciding, name: str) -> dt.date:
    lasts = deciding.definition.lasting.get(name)
    if lasts is None:
        raise InputError(
            f"an exception from {name} needs its last day: "
            f"playbook waive {deciding.case.id} {name} --until YYYY-MM-DD --reason ..."
        )
    end = deciding.scope().calendar.add(deciding.request.at, lasts)
    return deciding.world.day(end)


def _reason(deciding: Deciding, reason: str, what: str, fix: str) -> None:
    if not reason.strip():
        deciding.wrong_state(f"{what} needs a reason", fix=fix)


def _asked(deciding: Deciding, name: str) -> tuple[ApprovalRule, Asked | None]:
    """Return an approval as it was asked for; note every reason why the actor cannot answer it."""
    definition, case = deciding.definition, deciding.case
    rule = definition.approvals.get(name)
    if rule is None:
        raise UnknownName("approval", name, definition.approvals)
    asked = case.approvals.get(name)
    _may(deciding, rule, asked)
    if not name.startswith(MOVES) and not deciding.must_be_open():
        return rule, None
    if asked is None or asked.no is not None:
        deciding.wrong_state(f"nobody is asking for {name} now", fix=f"playbook advance {case.id}")
        return rule, None
    return rule, asked


def _may(deciding: Deciding, rule: ApprovalRule, asked: Asked | None) -> None:
    """Note a reason where the actor is none of those who are asked, or must be another than they are."""
    name, actor = rule.criterion.id, deciding.request.actor
    for who in (rule.approval.by, deciding.definition.who["approve"]):
        stands_for = _speaks_for(deciding, rule, who)
        if not stands_for:
            deciding.not_permitted(f"approve {name} of", who)
            return
        own = {deciding.case.owner, "" if asked is None else asked.by}
        if rule.approval.separate and actor != OPERATOR and own & {actor, stands_for}:
            others = tuple(one for one in deciding.people(rule.approval.by) if one not in own)
            deciding.not_permitted(f"approve {name} of their own", others)
            return


def _turn(deciding: Deciding, rule: ApprovalRule, asked: Asked) -> tuple[str, ...]:
    """Return the principals for whom the actor speaks now; note why it is not their turn."""
    name, request = rule.criterion.id, deciding.request
    if asked.complete:
        said = ", ".join(yes.by for yes in asked.yes)
        expired = asked.expired(request.at)
        state, fix = ("has expired", f"playbook advance {deciding.case.id}") if expired else ("is enough", "")
        deciding.wrong_state(f"the yes of {said} to {name} {state}", fix=fix)
        return ()
    if deciding.blockers:
        return ()
    mine, later = spoken_for(rule, asked, lambda who: bool(_speaks_for(deciding, rule, (who,))))
    if later:
        deciding.wrong_state(f"{rule.waiting(asked.yes)[0]} comes before {later[0]} in {name}")
    elif not mine or (rule.approval.mode == "quorum" and any(yes.by == request.actor for yes in asked.yes)):
        deciding.wrong_state(f"{request.actor} has said yes to {name} already")
    return mine


def _speaks_for(deciding: Deciding, rule: ApprovalRule, who: tuple[str, ...]) -> str:
    """Return the actor where they are one of the principals, else who of those is away and left it to them."""
    actor, world = deciding.request.actor, deciding.world
    others = world.organization.stands_in_for(actor, deciding.today) if rule.approval.delegate else ()
    candidates = (actor, *others)
    return next(
        (one for one in candidates if permits(who, one, deciding.case, world.organization, deciding.today)),
        "",
    )


def _sent_back(deciding: Deciding, rule: ApprovalRule, reason: str) -> tuple[CaseEvent, ...]:
    definition, case, target = deciding.definition, deciding.case, rule.approval.refused_back
    if not target or case.stage == target or definition.later(case.stage, target):
        return ()
    blocked = deciding.ask(definition.entries_of[target])
    if blocked:
        return (Blocked(target, tuple(blocker.criterion for blocker in blocked)),)
    return deciding.moved("back", target, reason)
