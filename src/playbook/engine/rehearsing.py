"""What a command would be answered: decided on the case as it stands, and nothing of it stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.engine.answers import Done
from playbook.errors import Refused, UnknownName
from playbook.model.commands import Request
from playbook.process.decide import Decision, fold
from playbook.times import in_utc

if TYPE_CHECKING:
    import datetime as dt

    from playbook.engine.engine import Engine
    from playbook.model.case import Case
    from playbook.model.commands import Command
    from playbook.process.compiled import Compiled


@attrs.frozen
class Rehearsal:
    """Hold what a command would be answered: the case before it and, where it would be done, after it."""

    definition: Compiled
    before: Case
    answer: Decision | Refused
    after: Case
    version: int

    @property
    def done(self) -> Done | Refused:
        """Return the answer as the engine would give it; version 0 says that nothing would change."""
        answer = self.answer
        if isinstance(answer, Refused):
            return answer
        version = self.version + len(answer.events) if answer.events else 0
        after = self.after
        return Done(after.id, after.stage, after.outcome, version, answer.warned, answer.observed)


def rehearse(
    engine: Engine, command: Command, actor: str, *, seen_by: str, at: dt.datetime | None = None
) -> Rehearsal:
    """Decide a command on a case as it stands, now or `at` another time; nothing is stored.

    Raises UnknownName for a case that is not there, or that the one who looks does not see, and InputError.
    """
    now = engine.clock()
    unit = engine.unit(command.case, now)
    stream = unit.stream(command.case)
    definition, case = stream.definition, stream.case
    if case is None or not unit.world.sees(seen_by, definition, case, now):
        raise UnknownName("case", command.case)
    request = Request(command, actor, max(now, case.last) if at is None else in_utc(at))
    if definition.refers:
        request = engine.kept_records.meant(definition, request)
    answer = unit.decide(stream, request)
    if isinstance(answer, Refused):
        return Rehearsal(definition, case, answer, case, unit.version(case.id))
    after = fold(case, answer.events, request)
    if not engine.registry.before_commit:
        return Rehearsal(definition, case, answer, after, unit.version(case.id))
    unit.carry(stream, request)
    return Rehearsal(definition, case, unit.guarded(request) or answer, after, unit.version(case.id))
