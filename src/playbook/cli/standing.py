"""Approvals, exceptions, timers, kin and credit of a case, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.cli.output import clean, moment, paint, percent
from playbook.errors import UnknownName
from playbook.model.case import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.cli.words import Words
    from playbook.process.standing import StandingApproval


def plain(words: Words) -> dict[str, Any]:
    """Return approvals, waivers and timers for JSON."""
    standing = words.standing
    return {
        "approvals": [_approval(one) for one in standing.approvals],
        "waivers": [
            {
                "criterion": one.criterion,
                "state": one.state,
                "by": one.waiver.by,
                "at": one.waiver.at,
                "reason": one.waiver.reason,
                "until": one.waiver.until,
            }
            for one in standing.waivers
        ],
        "timers": list(standing.timers),
    }


def _approval(one: StandingApproval) -> dict[str, Any]:
    asked = one.asked
    given = [(yes, True) for yes in asked.yes] + ([(asked.no, False)] if asked.no is not None else [])
    return {
        "criterion": one.criterion,
        "state": one.state,
        "asked_by": asked.by,
        "asked": asked.at,
        "target": asked.target,
        "answers": [
            {"by": a.by, "at": a.at, "yes": yes, "stands_for": a.stands_for, "note": a.note}
            for a, yes in given
        ],
        "waiting_for": one.waiting,
        "remind": one.remind,
        "expires": asked.expires,
    }


def approvals(words: Words) -> Iterator[tuple[str, str]]:
    """Yield each approval with how it stands."""
    for one in words.standing.approvals:
        yield words.criterion(one.criterion), _STATES[one.state](words, one)


def _asked(words: Words, one: StandingApproval) -> str:
    asked = one.asked
    said = f"; yes of {words.people(yes.by for yes in asked.yes)}" if asked.yes else ""
    remind = f"; reminded {moment(one.remind, words.zone)}" if one.remind is not None else ""
    on = moment(asked.at, words.zone)
    waiting = words.people(one.waiting) or "nobody who could answer"
    return (
        f"{paint('waits for', fg='yellow')} {waiting} (asked by {words.person(asked.by)} {on}{said}{remind})"
    )


def _given(words: Words, one: StandingApproval) -> str:
    asked = one.asked
    until = f", until {moment(asked.expires, words.zone)}" if asked.expires is not None else ""
    notes = "".join(f": {clean(yes.note)}" for yes in asked.yes[-1:] if yes.note)
    return f"{paint('approved', fg='green')} by {words.people(yes.by for yes in asked.yes)}{until}{notes}"


def _expired(words: Words, one: StandingApproval) -> str:
    asked = one.asked
    ended = "" if asked.expires is None else f" {moment(asked.expires, words.zone)}"
    return f"{paint('has expired', fg='red')}{ended} (the yes of {words.people(yes.by for yes in asked.yes)})"


def _refused(words: Words, one: StandingApproval) -> str:
    no = one.asked.no
    return "" if no is None else f"{paint('refused', fg='red')} by {words.person(no.by)}: {clean(no.note)}"


_STATES = {"asked": _asked, "approved": _given, "expired": _expired, "refused": _refused}


def waivers(words: Words) -> Iterator[tuple[str, str]]:
    """Yield each exception with how it stands."""
    for one in words.standing.waivers:
        verb = "holds" if one.state == "holds" else paint("held", fg="red")
        waiver = one.waiver
        by = f"{verb} until {waiver.until.isoformat()}, by {words.person(waiver.by)}"
        yield words.criterion(one.criterion), f"{by}: {clean(waiver.reason)}"


def timers(words: Words) -> Iterator[tuple[str, str]]:
    """Yield each timer with when it strikes, the next one first."""
    for one in words.standing.timers:
        yield clean(one.timer), "paused" if one.due is None else f"strikes {moment(one.due, words.zone)}"


def kin(words: Words) -> list[dict[str, Any]]:
    """Return the cases that this one follows up or that follow it up, of those that the actor sees."""
    case = words.case
    related = [("parent", case.parent)] if case.parent else []
    related += [("child", child) for child in case.children]
    found = ((how, _seen(words, other)) for how, other in related)
    return [
        {
            "kin": how,
            "case": other.id,
            "playbook": other.playbook,
            "name": other.name,
            "stage": other.stage,
            "outcome": other.outcome,
        }
        for how, other in found
        if other is not None
    ]


def _seen(words: Words, case: str) -> Any:
    try:
        return words.session.engine.case(case, actor=words.session.actor)
    except UnknownName:  # one that they do not see is as one that is not there
        return None


def told_kin(words: Words) -> Iterator[tuple[str, str]]:
    """Yield the cases that this one follows up or that follow it up."""
    for one in kin(words):
        how = "follows up" if one["kin"] == "parent" else "is followed by"
        state = one["stage"] if one["outcome"] == OPEN else one["outcome"]
        yield how, f"{clean(one['playbook'])} {one['case']} ({clean(one['name'])}), {clean(state)}"


def credit(words: Words) -> str:
    """Return who gets which share, as divided for this case or by default; "" where the owner gets all."""
    if words.case.shares:
        return ", ".join(f"{words.person(who)} {percent(share)}" for who, share in words.case.shares.items())
    return ", ".join(f"{words.person(s.who)} {percent(s.share)}" for s in words.definition.playbook.split)
