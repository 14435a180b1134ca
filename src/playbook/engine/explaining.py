"""Why: what `advance` would answer; guidance: what helps where a case stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.engine.answers import Explanation
from playbook.errors import Refused, UnknownName
from playbook.model.commands import Advance, Request
from playbook.model.events import Blocked, Moved
from playbook.process.guiding import guidance
from playbook.process.moving import reachable

if TYPE_CHECKING:
    from playbook.engine.engine import Engine
    from playbook.process.guiding import Guidance


def explain(engine: Engine, case: str, to: str, actor: str) -> Explanation:
    """Explain what stands between a case and its next stage (or `to`); raises UnknownName as if it were not there."""
    now = engine.clock()
    unit = engine.unit(case, now)
    stream = unit.stream(case)
    definition, current = stream.definition, stream.case
    if current is None or not unit.world.sees(actor, definition, current, now):
        raise UnknownName("case", case)
    request = Request(Advance(case, to), actor, max(now, current.last))
    answer = unit.decide(stream, request)
    if engine.registry.before_commit and not isinstance(answer, Refused):
        unit.carry(stream, request)
        answer = unit.guarded(request) or answer
    ways = reachable(definition, current)
    if isinstance(answer, Refused):
        target = next((event.target for event in answer.events if isinstance(event, Blocked)), to)
        return Explanation(
            case, current.stage, False, ways, target, answer.code, answer.message, answer.blockers, ()
        )
    target = next((event.target for event in answer.events if isinstance(event, Moved)), "")
    return Explanation(case, current.stage, True, ways, target, "", "", (), answer.warned)


def guided(engine: Engine, case: str, actor: str) -> Guidance:
    """Return what helps with a case where it stands, and what published files add to it."""
    found, definition = engine.case_and_definition(case, actor=actor)
    world = engine.kept_records.known(engine.world, definition, found)
    scope = definition.scope(found, actor, engine.clock(), world)
    said = guidance(definition.playbook, found.stage)
    return attrs.evolve(said, beside=tuple(engine.files.beside(scope)))
