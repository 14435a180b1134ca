"""One unit of work: what a command and all that follows from it change, over several streams, in one batch."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.engine.claims import Claims, claimable
from playbook.engine.facts import fetch
from playbook.engine.guarding import guarded
from playbook.engine.records import Said, knowing
from playbook.engine.streams import case_stream
from playbook.engine.uniqueness import with_unstored
from playbook.errors import InputError, Refused
from playbook.model.case import OPEN
from playbook.model.commands import Advance, Open, Request
from playbook.model.contributions import Change
from playbook.model.events import (
    ActionRefused,
    Blocked,
    ChildEnded,
    ChildReopened,
    Linked,
    Moved,
    Noticed,
    Reopened,
    TimerPaused,
)
from playbook.model.stream_kinds import Asked
from playbook.process.actions import Acting, people, perform
from playbook.process.alike import Alike
from playbook.process.facts import Needs
from playbook.process.references import wanted
from playbook.stores.interface import Batch

if TYPE_CHECKING:
    import datetime as dt

    from playbook.engine.engine import Engine
    from playbook.engine.held import Held
    from playbook.engine.streams import CaseStream
    from playbook.model.commands import Command
    from playbook.model.events import CaseEvent
    from playbook.process.automation import Automation, Effect
    from playbook.process.compiled import Compiled
    from playbook.process.decide import Decision
    from playbook.process.facts import World
    from playbook.stores.interface import Claim, VaultRow, Write

SYSTEM = "system"
_DEEPEST = 50
_STREAM = attrgetter("stream")
_NO_DOCUMENTS: dict[str, bytes] = {}


class Unit(msgspec.Struct, eq=False, gc=False):
    """Carry out commands one after another on the cases they touch; nothing is stored before the end."""

    engine: Engine
    world: World
    reads: tuple[tuple[str, int], ...]
    fresh: bool
    now: dt.datetime
    streams: dict[str, CaseStream]
    claims: Claims | None = None

    def carry(self, stream: CaseStream, request: Request, trail: tuple[str, ...] = ()) -> Decision | Refused:
        """Decide a request, record its events, and carry out what follows; a refusal records nothing here."""
        definition, before = stream.definition, stream.case
        if definition.refers:
            request = self.engine.kept_records.meant(definition, request)
        answer = self.decide(stream, request)
        if isinstance(answer, Refused):
            return answer
        if before is None and type(request.command) is Open and request.command.parent:
            self._link(request, request.command)
        stream.record(answer.events, request.at, request.actor, self.engine.entropy)
        if definition.follows or self.world.follows:
            self._know(stream, request.at)
        if definition.automation is not None and not request.historical:
            stage = "" if before is None else before.stage
            effects = definition.automation.effects(answer.events, stage)
            self._go_on(stream, definition.automation, tuple(effects), request.at, trail)
        if before is not None and before.parent and not request.historical:
            self._tell_parent(stream, before.parent, answer.events, request.at, trail)
        return answer

    def _go_on(
        self,
        stream: CaseStream,
        automation: Automation,
        effects: tuple[Effect, ...],
        at: dt.datetime,
        trail: tuple[str, ...],
        child: CaseStream | None = None,
    ) -> None:
        """Carry out what follows by itself, from the end of a `child` too: actions, pauses, and an advance."""
        for effect in effects:
            self._effect(stream, automation, effect, at, trail, child)
        self._pause(stream, automation, at)
        self._advance_by_itself(stream, automation, at, trail)

    def strike(
        self, case: str, events: tuple[CaseEvent, ...], effects: tuple[Effect, ...], at: dt.datetime
    ) -> None:
        """Record that a timer struck, and carry out its actions."""
        stream = self.stream(case)
        self._record(stream, events, at, SYSTEM)
        automation = stream.definition.automation
        if automation is not None:
            self._go_on(stream, automation, effects, at, ())

    def look(self, case: str, at: dt.datetime) -> bool:
        """Look whether a case advances by itself as time has passed; return whether anything happened."""
        stream = self.stream(case)
        stream.looked = at
        automation = stream.definition.automation
        if automation is not None:
            self._advance_by_itself(stream, automation, at, ())
        return bool(stream.moments)

    def batch(
        self,
        key: str | None,
        fingerprint: bytes,
        answer: bytes,
        done: tuple[Claim, ...] = (),
        also: str = "",
    ) -> Batch:
        """Return all that was recorded as one batch, streams in order; `also` is written without events too."""
        tenant = self.engine.tenant
        writes: list[Write] = []
        vault: list[VaultRow] = []
        for stream in self.streams.values():
            if stream.moments or stream.name == also:
                writes.append(stream.write(tenant, self.now, self.world))
                vault += stream.vault
        if self.claims is not None and writes:
            writes += self.claims.writes(self.now)
        if len(writes) > 1:
            writes.sort(key=_STREAM)
        return Batch(
            tenant, tuple(writes), key, fingerprint, answer, _NO_DOCUMENTS, tuple(vault), done, self.reads
        )

    def guarded(self, request: Request) -> Refused | None:
        """Let the guards of plugins look at what is about to change; raises PluginError for one that fails."""
        tenant = self.engine.tenant
        changes = [
            Change(
                tenant, request.actor, stream.definition.playbook.id, stream.before, stream.case,
                tuple(event for event, _, _ in stream.moments), request.historical, "case", stream.id,
            )
            for _, stream in sorted(self.streams.items())
            if stream.moments and stream.case is not None
        ]  # fmt: skip
        return guarded(self.engine.registry, changes)

    def remember(self, batch: Batch, held: Held) -> None:
        """Hold the cases that a stored batch wrote."""
        for write in batch.writes:
            stream, events = self.streams.get(write.stream), write.events
            if stream is not None and stream.case is not None and events:
                version = write.expected + len(events)
                held.remember(write.stream, version, events[-1].hash, stream.case, write.index)

    def leave(self, request: Request, refused: Refused) -> None:
        """Record what a refused attempt leaves behind."""
        self._record(self.stream(request.command.case), refused.events, request.at, request.actor)

    def note(self, case: str, event: CaseEvent, actor: str) -> None:
        """Record an event on a case, from which nothing follows."""
        stream = self.stream(case)
        self._record(stream, (event,), _not_before(self.now, stream), actor)

    def people(self, stream: CaseStream, who: tuple[str, ...], at: dt.datetime) -> tuple[str, ...]:
        """Return the people behind principals of a case."""
        case = stream.case
        if case is None:
            return ()
        scope = stream.definition.scope(case, SYSTEM, at, self.world)
        return people(who, Acting(stream.definition, case, scope, self.world, at))

    # -- streams ------------------------------------------------------------------------------------

    def _touch(self, command: Command) -> CaseStream:
        """Return the stream that a command is about; that of a case to be opened is new."""
        name = case_stream(command.case)
        if isinstance(command, Open) and name not in self.streams:
            self.streams[name] = self.engine.touch(command)
        return self.stream(command.case)

    def version(self, case: str) -> int:
        """Return the version that a case had when this unit began."""
        head = self.stream(case).head
        return 0 if head is None else head.version

    def stream(self, case: str) -> CaseStream:
        """Return the stream of a case, as it stands in this unit."""
        name = case_stream(case)
        stream = self.streams.get(name)
        if stream is None:
            stream = self.streams[name] = self.engine.load_stream(case)
        if stream.definition.follows or self.world.follows:
            self._know(stream, self.now)
        return stream

    def _record(self, stream: CaseStream, events: tuple[CaseEvent, ...], at: dt.datetime, actor: str) -> None:
        stream.record(events, at, actor, self.engine.entropy)
        if stream.definition.follows or self.world.follows:
            self._know(stream, at)

    def _know(self, stream: CaseStream, at: dt.datetime) -> None:
        """Know what conditions may ask of the records that a case refers to."""
        self._learn(wanted(stream.definition, stream.case, None, self.world), at)

    def _learn(self, names: tuple[str, ...], at: dt.datetime) -> dict[str, Any]:
        """Return facts; records become part of the world, and the batch is refused where one moves on."""
        if claimed := claimable(names):
            self.claims = self.claims or Claims(self.engine.store, self.engine.tenant)
            self.claims.look(claimed)
        facts = fetch(self.engine, names, self.world, at)
        for name in claimed:
            if isinstance(facts[name], Alike):
                facts[name] = with_unstored(facts[name], name, self.streams.values(), self.world, at)
        said = {name: fact for name, fact in facts.items() if isinstance(fact, Said)}
        if said:
            self.reads += tuple(
                read for fact in said.values() for read in fact.reads if read not in self.reads
            )
            self.world = knowing(self.world, said.values())
        return {**facts, "world": self.world}

    def decide(self, stream: CaseStream, request: Request) -> Decision | Refused:
        """Decide a request, giving the facts that are asked for; nothing is recorded."""
        facts: dict[str, Any] = {"world": self.world}
        organization = self.world.organization
        for _ in range(_DEEPEST):
            asked = Asked(request.actor, request.at, organization, stream.definition, request, facts)
            answer: Decision | Refused | Needs = self.engine.decided(stream.case, request.command, asked)
            if type(answer) is not Needs:
                if self.claims is not None and not isinstance(answer, Refused):
                    self.claims.take(stream.id, claimable(facts), answer.events, request.actor)
                return answer
            facts |= self._learn(answer.facts, request.at)
        raise InputError(f"deciding on {request.command.case} asked for facts without end")

    # -- what follows -------------------------------------------------------------------------------

    def _effect(
        self,
        stream: CaseStream,
        automation: Automation,
        effect: Effect,
        at: dt.datetime,
        trail: tuple[str, ...],
        child: CaseStream | None = None,
    ) -> None:
        case = stream.case
        if case is None:
            return
        step = f"{case.playbook}:{effect.path}"
        if step in trail or len(trail) >= _DEEPEST:
            circle = " -> ".join((*trail[trail.index(step) :], step)) if step in trail else "too many steps"
            self._refused(stream, effect, f"this goes round in a circle: {circle}", (), at)
            return
        scope = stream.definition.scope(case, SYSTEM, at, self.world)
        if child is not None and child.case is not None:
            theirs = child.definition.scope(child.case, SYSTEM, at, self.world)
            scope.roots = {**scope.roots, "child": theirs.roots[child.definition.subject]}
        if not automation.applies(effect, scope):
            return
        try:
            of = None if child is None else child.definition
            performed = perform(effect, Acting(stream.definition, case, scope, self.world, at, of))
        except InputError as error:
            self._refused(stream, effect, error.discreet, (), at)
            return
        self._record(stream, performed.events, at, SYSTEM)
        for command in performed.commands:
            self._follow(stream, effect, command, performed.personal, at, (*trail, step))

    def _follow(
        self,
        stream: CaseStream,
        effect: Effect,
        command: Command,
        personal: tuple[str, ...],
        at: dt.datetime,
        trail: tuple[str, ...],
    ) -> None:
        """Carry out a command that an action leads to; a refusal is an event on the case."""
        if isinstance(command, Open):
            command = replace(command, case=self.engine.new_id(), parent=stream.id)
        try:
            there = self._touch(command)
            _must_stay_erasable(there.definition, personal)
            answer = self.carry(there, Request(command, SYSTEM, _not_before(at, there)), trail)
        except InputError as error:
            answer = Refused("blocked", error.discreet)
        if isinstance(answer, Refused):
            if isinstance(command, Open):
                self.streams.pop(case_stream(command.case), None)
            if command.case == stream.id:
                self._ask(stream, answer, at)
            self._refused(stream, effect, answer.message, tuple(b.criterion for b in answer.blockers), at)

    def _refused(
        self, stream: CaseStream, effect: Effect, message: str, criteria: tuple[str, ...], at: dt.datetime
    ) -> None:
        """Record that an action was refused; owner and manager hear of it."""
        told = self.people(stream, ("owner", "manager"), at)
        events = (ActionRefused(effect.path, message, criteria), Noticed(told, effect.path, message))
        self._record(stream, events, at, SYSTEM)

    def _advance_by_itself(
        self, stream: CaseStream, automation: Automation, at: dt.datetime, trail: tuple[str, ...]
    ) -> None:
        case = stream.case
        if case is None or case.outcome != OPEN or not automation.by_itself(case.stage):
            return
        step = f"{case.playbook}:stages.{case.stage}.advance"
        if step in trail:
            return
        answer = self.carry(stream, Request(Advance(case.id), SYSTEM, at), (*trail, step))
        if isinstance(answer, Refused):
            self._ask(stream, answer, at)

    def _ask(self, stream: CaseStream, refused: Refused, at: dt.datetime) -> None:
        """Record what a refused attempt asks for: one that happens by itself asks for approvals as anyone's does."""
        if any(isinstance(event, Blocked) and event.asked for event in refused.events):
            self._record(stream, refused.events, at, SYSTEM)

    def _pause(self, stream: CaseStream, automation: Automation, at: dt.datetime) -> None:
        case = stream.case
        if case is None:
            return
        scope = stream.definition.scope(case, SYSTEM, at, self.world)
        events = tuple(
            TimerPaused(timer, paused, base)
            for timer, paused in automation.pauses(case, scope)
            if (base := automation.base(automation.timers[timer], case, self.world)) is not None
        )
        self._record(stream, events, at, SYSTEM)

    def _link(self, request: Request, command: Open) -> None:
        """Record on a case that another follows it up, before anything that happens there."""
        above = self.stream(command.parent)
        linked = (Linked(command.case, command.playbook),)
        self._record(above, linked, _not_before(request.at, above), request.actor)

    def _tell_parent(
        self,
        stream: CaseStream,
        parent: str,
        events: tuple[CaseEvent, ...],
        at: dt.datetime,
        trail: tuple[str, ...],
    ) -> None:
        """Let the case that opened this one hear of its end, or that it was opened again."""
        case = stream.case
        if case is None:
            return
        told: tuple[CaseEvent, ...] = tuple(
            ChildEnded(case.id, case.playbook, event.outcome)
            if isinstance(event, Moved)
            else ChildReopened(case.id, case.playbook)
            for event in events
            if isinstance(event, Reopened) or (isinstance(event, Moved) and event.outcome)
        )
        if not told:
            return
        above = self.stream(parent)
        moment, automation = _not_before(at, above), above.definition.automation
        self._record(above, told, moment, SYSTEM)
        if automation is not None:
            self._go_on(above, automation, tuple(automation.effects(told)), moment, trail, stream)


def _must_stay_erasable(definition: Compiled, personal: tuple[str, ...]) -> None:
    """Raise InputError where something personal would go into fields whose values stand in events for ever."""
    plain = [name for name in personal if name in definition.fields and name not in definition.personal]
    if plain:
        names = ", ".join(plain)
        raise InputError(f"what is personal cannot go into {names}, which is not marked `personal: true`")


def _not_before(at: dt.datetime, stream: CaseStream) -> dt.datetime:
    """Return when something happens on a case that came to it from another: never before its last event."""
    return at if stream.case is None else max(at, stream.case.last)
