"""Why: what `advance` would answer; guidance: what helps where a case stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from msgspec.structs import replace

from playbook.engine.answers import Explanation
from playbook.engine.rehearsing import rehearse
from playbook.errors import Refused
from playbook.model.commands import Advance
from playbook.model.events import Blocked, Moved
from playbook.process.guiding import guidance
from playbook.process.moving import reachable

if TYPE_CHECKING:
    from playbook.engine.engine import Engine
    from playbook.errors import Blocker
    from playbook.process.guiding import Guidance


def explain(engine: Engine, case: str, to: str, actor: str) -> Explanation:
    """Explain what stands between a case and its next stage (or `to`); raises UnknownName as if it were not there."""
    found = rehearse(engine, Advance(case, to), actor, seen_by=actor)
    answer, stage = found.answer, found.before.stage
    ways = reachable(found.definition, found.before)
    if isinstance(answer, Refused):
        blocked = next((event for event in answer.events if isinstance(event, Blocked)), None)
        target = to if blocked is None else blocked.target
        blockers = _askable(answer.blockers, () if blocked is None else blocked.asked, case, to)
        return Explanation(
            case, stage, False, ways, target, answer.code, answer.message, blockers, answer.warned
        )
    target = next((event.target for event in answer.events if isinstance(event, Moved)), "")
    return Explanation(case, stage, True, ways, target, "", "", (), answer.warned)


def _askable(
    blockers: tuple[Blocker, ...], unasked: tuple[str, ...], case: str, to: str
) -> tuple[Blocker, ...]:
    """Return blockers so that what nobody has asked for yet is asked for first, which the attempt itself does."""
    fix = f"playbook advance {case}" + (f" --to {to}" if to else "")
    return tuple(attrs.evolve(one, fix=fix) if one.criterion in unasked else one for one in blockers)


def guided(engine: Engine, case: str, actor: str) -> Guidance:
    """Return what helps with a case where it stands, and what published files add to it."""
    found, definition = engine.case_and_definition(case, actor=actor)
    world = engine.kept_records.known(engine.world, definition, found)
    scope = definition.scope(found, actor, engine.clock(), world)
    said = guidance(definition.playbook, found.stage)
    return replace(said, beside=tuple(engine.files.beside(scope)))
