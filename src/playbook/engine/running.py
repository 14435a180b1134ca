"""Running commands on cases: decided on what is held, appended, and tried anew where another changed it meanwhile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from playbook.engine.finding import must_see
from playbook.engine.keys import Turns, answered, first_answer
from playbook.engine.unit import Unit
from playbook.errors import InputError, Refused
from playbook.model.commands import Request
from playbook.model.values import encode
from playbook.stores.interface import VersionConflict
from playbook.times import in_utc

if TYPE_CHECKING:
    import datetime as dt

    from playbook.engine.answers import Done
    from playbook.engine.engine import Engine
    from playbook.engine.held import Held
    from playbook.engine.streams import CaseStream
    from playbook.model.commands import Command
    from playbook.process.decide import Decision


class CaseRunner:
    """Carry out commands on the cases of one tenant."""

    def __init__(self, engine: Engine, held: Held) -> None:
        self._engine = engine
        self._held = held
        self._turns: Turns[Done | Refused] = Turns()

    def run(
        self, command: Command, actor: str, key: str | None, fingerprint: bytes, at: dt.datetime | None
    ) -> Done | Refused:
        """Carry out a command, or say every reason why not; without a time it happens now. Raises KeyReused."""
        answer = self._try(command, actor, key, fingerprint, at, False)
        if answer is not None:
            return answer
        again = partial(self._try, command, actor, key, fingerprint, at, True)
        return self._turns.until_stored(again, command.case)

    def _try(
        self,
        command: Command,
        actor: str,
        key: str | None,
        fingerprint: bytes,
        at: dt.datetime | None,
        fresh: bool,
    ) -> Done | Refused | None:
        """Decide and append; None where what was decided on had moved on meanwhile."""
        engine = self._engine
        now = engine.clock()
        unit, stream, request, answer = self._decide(command, actor, now, at, fresh)
        if isinstance(answer, Refused):
            return first_answer(engine, key, fingerprint) or self._refuse(unit, request, answer)
        guarded = unit.guarded(request) if engine.registry.before_commit else None
        if guarded is not None:
            return (first_answer(engine, key, fingerprint) or guarded) if unit.fresh else None
        done = stream.done(answer)
        if not stream.moments and key is None:
            return done
        batch = unit.batch(key, fingerprint, encode(done) if key else b"")
        stored = answered(done, engine.store.append((batch,))[0], key, fingerprint)
        if stored is done:
            unit.remember(batch, self._held)
        elif stored is None:
            self._held.forget(stream.name)
        return stored

    def _decide(
        self, command: Command, actor: str, now: dt.datetime, at: dt.datetime | None, fresh: bool
    ) -> tuple[Unit, CaseStream, Request, Decision | Refused]:
        """Decide on what is held; an answer that appends nothing is given only on what was read afresh.

        What happens now happens after the last event of the case, also where another's clock is ahead.
        """
        stream, world, reads, fresh = self._held.basis(command, fresh)
        case, moment = stream.case, in_utc(at or now)
        if at is None and case is not None and case.last > moment:
            moment = case.last
        unit = Unit(self._engine, world, reads, fresh, now, {stream.name: stream})
        request = Request(command, actor, moment)
        try:
            if case is not None and stream.definition.hides:
                must_see(case, stream.definition, actor, now, world)
            answer = unit.carry(stream, request)
        except InputError:
            if fresh:
                raise
        else:
            if fresh or (stream.moments and not isinstance(answer, Refused)):
                return unit, stream, request, answer
        return self._decide(command, actor, now, at, fresh=True)

    def _refuse(self, unit: Unit, request: Request, refused: Refused) -> Refused | None:
        """Store what a refused attempt leaves behind; None where the case had moved on meanwhile."""
        if not refused.events:
            return refused
        unit.leave(request, refused)
        batch = unit.batch(None, b"", b"")
        if isinstance(self._engine.store.append((batch,))[0], VersionConflict):
            return None
        unit.remember(batch, self._held)
        return refused
