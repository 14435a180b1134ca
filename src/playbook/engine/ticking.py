"""Timers that are due: claimed in order, each struck once, all that follows in one batch."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import TYPE_CHECKING

from playbook.engine.rearming import REARM, rearm
from playbook.engine.streams import LOOK, ORGANIZATION, REMINDER, timers_queue
from playbook.engine.unit import SYSTEM
from playbook.errors import InputError, PlaybookError, PluginError, StoreUnavailable
from playbook.model.commands import Advance, Request
from playbook.model.events import Noticed, TimerFired
from playbook.process.approvals import reminders
from playbook.stores.interface import VersionConflict
from playbook.times import from_micros, to_micros

if TYPE_CHECKING:
    from playbook.engine.engine import Engine
    from playbook.engine.unit import Unit
    from playbook.stores.interface import Claim

LEASE = dt.timedelta(minutes=1)
"""How long a worker may hold the timers that it takes at once."""

_MICROSECOND = dt.timedelta(microseconds=1)
_AGAIN = 3_600_000_000
_SOON = 1_000_000
_AT_ONCE = 100
_TRIES = 20


def tick(engine: Engine, now: dt.datetime, limit: int, worker: str, lease: dt.timedelta) -> int:
    """Strike what is due at a time, earliest first, until nothing is or `limit` is reached; return how many.

    Of each case one at a time: what one leads to may be due before the next; and none before a page of cases is
    reckoned anew by calendars that changed. A timer whose case cannot be worked on is parked with its error, and the
    others go on; one that a plugin fails is tried again in an hour, one whose case kept changing in a second. Raises
    StoreUnavailable; what was taken by then is free when its lease ends.
    """
    struck = 0
    holder = f"{worker}:{secrets.token_hex(6)}"  # nobody else, whatever names the others go by
    while struck < limit:
        claims = engine.store.claim(
            timers_queue(engine.tenant),
            now=to_micros(now),
            limit=min(limit - struck, _AT_ONCE),
            lease=lease // _MICROSECOND,
            worker=holder,
        )
        if not claims:
            break
        worked_on = set[str]()
        for claim in claims:
            if not worked_on.isdisjoint((claim.stream, ORGANIZATION)):
                engine.store.release(claim, retry_at=claim.at, error="")
                continue
            worked_on.add(claim.stream)
            try:
                if claim.id == REARM:
                    rearm(engine, claim, now)
                else:
                    struck += _strike(engine, claim, now)
            except StoreUnavailable:
                raise  # nothing is wrong with the timer: it is taken again when its lease has ended
            except PluginError as error:
                engine.store.release(claim, retry_at=to_micros(now) + _AGAIN, error=str(error))
            except PlaybookError as error:
                engine.store.release(claim, retry_at=None, error=str(error))
    return struck


def _strike(engine: Engine, claim: Claim, now: dt.datetime) -> bool:
    """Strike one timer, if it is due when its row says; otherwise its case's due rows are written as they are now.

    What is due later than its row says would strike before others that are due earlier by now.
    """
    case = claim.stream.partition(":")[2]
    for _ in range(_TRIES):
        unit = engine.unit(case, now)
        if missing := unit.stream(case).definition.missing:
            raise PluginError(missing[0], f"is not installed, and the timer {claim.id!r} waits for it")
        struck = _struck(unit, case, claim)
        refused = unit.guarded(Request(Advance(case), SYSTEM, now)) if engine.registry.before_commit else None
        if refused is not None and claim.id == LOOK:
            engine.store.release(claim, retry_at=to_micros(now) + _AGAIN, error=refused.message)
            return False
        if refused is not None:
            raise InputError(refused.message)
        batch = unit.batch(None, b"", b"", (claim,), also=claim.stream)
        answer = engine.store.append((batch,))[0]
        if not isinstance(answer, VersionConflict):
            engine.hold(unit, batch)
            return struck
        taken = answer.stream == claim.stream and answer.expected == claim.attempts
        if taken and claim.attempts != unit.version(case):
            return False  # another worker took it over; a case that moved on is decided anew
    engine.store.release(claim, retry_at=to_micros(now) + _SOON, error="its case kept changing")
    return False


def _struck(unit: Unit, case: str, claim: Claim) -> bool:
    if claim.id.startswith(REMINDER):
        return _remind(unit, case, claim)
    if claim.id == LOOK:
        stream = unit.stream(case)
        due = from_micros(claim.at)
        return unit.look(case, due if stream.case is None else max(due, stream.case.last))
    return _fire(unit, case, claim)


def _fire(unit: Unit, case: str, claim: Claim) -> bool:
    stream = unit.stream(case)
    automation = stream.definition.automation
    if automation is None or stream.case is None:
        return False
    armed = stream.definition.armed(stream.case, unit.world)
    timer = next((one for one in armed if one.timer == claim.id and to_micros(one.due) == claim.at), None)
    if timer is None:
        return False
    at = max(timer.due, stream.case.last)
    fired = (TimerFired(timer.timer, timer.base, timer.due),)
    unit.strike(case, fired, tuple(automation.struck(timer.timer)), at)
    return True


def _remind(unit: Unit, case: str, claim: Claim) -> bool:
    """Tell those whose yes is waited for."""
    stream, world = unit.stream(case), unit.world
    if stream.case is None:
        return False
    name = claim.id.removeprefix(REMINDER)
    calendar = world.calendar_of(stream.case.owner, stream.case.team, stream.case.last)
    due = dict(reminders(stream.case, stream.definition, calendar)).get(name)
    if due is None or to_micros(due) != claim.at:
        return False
    asked, rule = stream.case.approvals[name], stream.definition.approvals[name]
    told = Noticed(
        unit.people(stream, rule.waiting(asked.yes), due), f"approval.{name}", rule.criterion.title or name
    )
    unit.strike(case, (TimerFired(claim.id, asked.at, due), told), (), max(due, stream.case.last))
    return True
