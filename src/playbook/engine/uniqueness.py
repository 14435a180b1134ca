"""Which cases have the same values: the fact that a `unique` criterion asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.model.case import OPEN
from playbook.process.alike import Alike, Question
from playbook.stores.interface import Query
from playbook.stores.rows import pages

if TYPE_CHECKING:
    import datetime as dt

    from playbook.engine.engine import Engine
    from playbook.process.facts import World

_PAGE = 100


def cases_alike(engine: Engine, asked: Question, world: World, at: dt.datetime) -> Alike:
    """Return the cases of a playbook that have the same values."""
    query = Query(asked.playbook, status=OPEN if asked.among == OPEN else None, link=asked.mark)
    eyes = world.eyes(asked.actor, at)
    found = pages(lambda after: engine.store.find(engine.tenant, query, after=after, limit=_PAGE))
    rows = [row for page in found for row in page.items]
    seen = (row for row in rows if eyes is None or not row.hidden or not eyes.isdisjoint(row.tags))
    return Alike(tuple(sorted(row.case for row in rows)), frozenset(row.case for row in seen))
