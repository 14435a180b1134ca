"""Reckoning anew when timers strike, after calendars or zones changed: a page of cases at a time, from a due row.

A case that changes meanwhile reckons by itself, by the organization as it is then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.engine.streams import ORGANIZATION, timers_queue
from playbook.stores.interface import Batch, DueRow, Query, VersionConflict, Write

if TYPE_CHECKING:
    import datetime as dt

    from playbook.engine.engine import Engine
    from playbook.model.organization import Organization
    from playbook.stores.interface import Claim

REARM = "rearm:"
"""Names the due row of the organization that has timers reckoned anew; its data is how far that has come."""

_PAGE = 200


def hours_of(organization: Organization) -> Any:
    """Return what of an organization decides when timers strike."""
    zone, calendars = organization.settings.timezone, organization.rules.calendars
    if not calendars:
        return zone
    people = {p.id: (p.calendar, p.posts) for p in organization.people.values()}
    return zone, calendars, people, {t.id: (t.calendar, t.parent) for t in organization.teams.values()}


def rearming(tenant: str, after: str = "") -> DueRow:
    """Return the due row that has the timers of all cases reckoned anew, those after one where some were.

    It is due before all of them, so that they strike in the order in which they are due by then.
    """
    return DueRow(REARM, timers_queue(tenant), 0, after.encode())


def rearm(engine: Engine, claim: Claim, now: dt.datetime) -> None:
    """Write the due rows of a page of cases anew, and who comes next."""
    store, tenant = engine.store, engine.tenant
    page = store.find(tenant, Query(), after=claim.data.decode() or None, limit=_PAGE)
    world = engine.world
    streams = [engine.load_stream(row.case) for row in page.items]
    writes = [stream.write(tenant, now, world) for stream in streams if stream.definition.awaits]
    store.append([Batch(tenant, (write,)) for write in writes])
    head = store.load(tenant, (ORGANIZATION,))[ORGANIZATION]
    due = () if page.next is None else (rearming(tenant, page.next),)
    onward = Write(ORGANIZATION, head.version, (), head.data, head.fold, due=due)
    answer = store.append([Batch(tenant, (onward,), done=(claim,))])[0]
    if isinstance(answer, VersionConflict):  # the organization changed: this page comes again
        store.release(claim, retry_at=claim.at, error="")
