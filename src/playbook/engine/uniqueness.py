"""Which cases have the same values: the fact that a `unique` criterion asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.model.case import OPEN
from playbook.process.alike import Alike, Question, marks, question_of
from playbook.process.computed import indexed
from playbook.stores.interface import Query
from playbook.stores.rows import pages

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from playbook.engine.engine import Engine
    from playbook.engine.streams import CaseStream
    from playbook.model.case import Case
    from playbook.process.compiled import Compiled
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


def with_unstored(
    found: Alike, fact: str, streams: Iterable[CaseStream], world: World, at: dt.datetime
) -> Alike:
    """Return what a fact says with the cases that the same unit has changed, which the index does not know yet."""
    asked = question_of(fact)
    cases, seen = set(found.cases), set(found.seen)
    for stream in streams:
        case, definition = stream.case, stream.definition
        if case is None or not stream.moments:
            continue
        cases.discard(case.id)
        seen.discard(case.id)
        if _is_alike(asked, definition, case):
            cases.add(case.id)
            if world.sees(asked.actor, definition, case, at):
                seen.add(case.id)
    return Alike(tuple(sorted(cases)), frozenset(seen))


def _is_alike(asked: Question, definition: Compiled, case: Case) -> bool:
    if case.playbook != asked.playbook or (asked.among == OPEN and case.outcome != OPEN):
        return False
    return asked.mark in marks(definition, indexed(definition, case))
