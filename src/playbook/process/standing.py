"""How a case stands beside its fields: whose yes is waited for, which exceptions hold, when timers strike."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from playbook.model.approving import Asked, Waiver
from playbook.model.case import OPEN
from playbook.process.answers import MOVES
from playbook.process.approvals import reminders, waited_for
from playbook.process.criteria import Attempt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.model.case import Case
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World


class StandingApproval(msgspec.Struct, frozen=True):
    """Show an approval that was asked for: `state` is asked, approved, refused or expired.

    `waiting` are the people (or roles) whose answer is waited for; `remind` is when they hear of it again.
    """

    criterion: str
    state: str
    asked: Asked
    waiting: tuple[str, ...] = ()
    remind: dt.datetime | None = None


class StandingWaiver(msgspec.Struct, frozen=True):
    """Show an exception from a criterion; `state` is holds or expired."""

    criterion: str
    state: str
    waiver: Waiver


class Strike(msgspec.Struct, frozen=True):
    """Show a timer that will strike; one that is paused has no time."""

    timer: str
    due: dt.datetime | None


class Standing(msgspec.Struct, frozen=True):
    """Hold how a case stands at a moment; `timers` strike in this order."""

    approvals: tuple[StandingApproval, ...]
    waivers: tuple[StandingWaiver, ...]
    timers: tuple[Strike, ...]


def standing(definition: Compiled, case: Case, at: dt.datetime, world: World) -> Standing:
    """Return how a case stands at a moment."""
    return Standing(
        tuple(standing_approvals(definition, case, at, world)),
        tuple(
            StandingWaiver(name, "expired" if waiver.expired(world.day(at)) else "holds", waiver)
            for name, waiver in case.waivers.items()
        ),
        tuple(_timers(definition, case, world)),
    )


def standing_approvals(
    definition: Compiled, case: Case, at: dt.datetime, world: World
) -> Iterator[StandingApproval]:
    """Yield the approvals that were asked for, with how each stands at a moment."""
    remind = dict(reminders(case, definition, world.calendar_of(case.owner, case.team, at)))
    for name, asked in case.approvals.items():
        rule = definition.approvals.get(name)
        if rule is None or (asked.pending and case.outcome != OPEN and not name.startswith(MOVES)):
            continue
        attempt = Attempt(case, definition.scope(case, asked.by, at, world), world.organization)
        yield StandingApproval(
            name, _state(asked, at), asked, waited_for(rule, attempt, asked), remind.get(name)
        )


def _state(asked: Asked, at: dt.datetime) -> str:
    if asked.no is not None:
        return "refused"
    if asked.pending:
        return "asked"
    return "expired" if asked.expired(at) else "approved"


def _timers(definition: Compiled, case: Case, world: World) -> Iterator[Strike]:
    if definition.automation is None:
        return
    yield from (Strike(one.timer, one.due) for one in definition.armed(case, world))
    yield from (Strike(name, None) for name, state in case.timers.items() if state.paused is not None)
