"""Approvals, exceptions, timers, kin and credit of a case, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.cli import lengths
from playbook.cli.output import clean, moment, paint, percent
from playbook.errors import UnknownName
from playbook.model.case import OPEN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Container, Iterator

    from playbook.cli.words import Words
    from playbook.process.standing import StandingApproval, Strike


def plain(words: Words) -> dict[str, Any]:
    """Return approvals, waivers and timers for JSON."""
    standing = words.standing
    return {
        "approvals": [_approval(words, one) for one in standing.approvals],
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
        "timers": [
            {"timer": one.timer, "due": one.due, "does": _does(words, one)} for one in standing.timers
        ],
    }


def _approval(words: Words, one: StandingApproval) -> dict[str, Any]:
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
        "values": words.read(asked.values),
        "waiting_for": one.waiting,
        "remind": one.remind,
        "expires": asked.expires,
    }


def approvals(words: Words, but: Container[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield each approval with how it stands, but for some."""
    for one in words.standing.approvals:
        if one.criterion not in but:
            yield words.criterion(one.criterion), _STATES[one.state](words, one)


def answers(words: Words, criterion: str) -> Iterator[tuple[str, str]]:
    """Yield what an approval that blocks waits for, behind labels: who asked, who answered, what they saw."""
    one = next((one for one in words.standing.approvals if one.criterion == criterion), None)
    if one is None:
        yield "asked", "not yet; trying to advance asks for it"
        return
    asked = one.asked
    yield "asked", f"by {words.person(asked.by)} {when(words, asked.at)}"
    for yes in asked.yes:
        note = f": {clean(yes.note)}" if yes.note else ""
        yield "yes", f"of {words.person(yes.by)} {when(words, yes.at)}{note}"
    if asked.no is not None:
        yield "refused", f"by {words.person(asked.no.by)} {when(words, asked.no.at)}: {clean(asked.no.note)}"
    if asked.complete and asked.expires is not None:
        yield "expired", when(words, asked.expires)
    if saw := words.values(words.read(asked.values)):
        yield "saw", saw
    if one.remind is not None:
        yield "remind", when(words, one.remind)


def when(words: Words, at: dt.datetime) -> str:
    """Return a time, and how long ago or how soon that is."""
    now = words.now
    apart = lengths.ahead(at, now, words.zone) if at > now else lengths.ago(at, now, words.zone)
    return f"{moment(at, words.zone)} ({apart})"


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
    saw = words.values(words.read(asked.values))
    said = f"{paint('approved', fg='green')} by {words.people(yes.by for yes in asked.yes)}{until}{notes}"
    return said + (f" (saw: {saw})" if saw else "")


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
    """Yield each timer with when it strikes and what it will do, the next one first."""
    for one in words.standing.timers:
        name, does = clean(one.timer.replace("_", " ")), "; ".join(_does(words, one))
        yield _strikes(words, one.due), f"{name} will {does}" if does else name


def _strikes(words: Words, due: dt.datetime | None) -> str:
    if due is None:
        return "paused"
    return when(words, due) if due > words.now else f"any moment (was due {moment(due, words.zone)})"


def _does(words: Words, one: Strike) -> list[str]:
    from playbook.cli.foretell import will_do  # only where something will happen by itself

    return will_do(words, one.timer)


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
