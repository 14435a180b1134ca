"""Why: what `advance` would answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.engine.answers import Explanation
from playbook.errors import Refused, UnknownName
from playbook.model.commands import Advance, Request
from playbook.model.events import Blocked, Moved
from playbook.process.moving import reachable

if TYPE_CHECKING:
    from playbook.engine.engine import Engine


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
