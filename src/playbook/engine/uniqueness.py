"""Which cases have the same values: the fact that a `unique` criterion asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from playbook.model.case import OPEN
from playbook.stores.interface import Query

if TYPE_CHECKING:
    import datetime as dt

    from playbook.engine.engine import Engine
    from playbook.process.facts import World

_PAGE = 1000


def cases_alike(engine: Engine, name: str, world: World, at: dt.datetime) -> tuple[str, ...]:
    """Return the ids of the cases of a playbook that have the values of `playbook:among:{fields as JSON}`."""
    playbook, among, values = name.split(":", 2)
    wanted = msgspec.json.decode(values)
    query = Query(playbook=playbook, status=OPEN if among == OPEN else None)
    found: list[str] = []
    after: str | None = None
    while True:
        page = engine.store.find(engine.tenant, query, after=after, limit=_PAGE)
        for row in page.items:
            fields = msgspec.json.decode(row.fields)
            if all(fields.get(field) == value for field, value in wanted.items()):
                found.append(row.case)
        after = page.next
        if after is None:
            return tuple(sorted(found))
