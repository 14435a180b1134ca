"""One scenario while it runs: the case is set up, people do things, time passes, all with a pretended clock."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.authoring.scenarios.commanding import command, in_words
from playbook.authoring.scenarios.expecting import Seen, mismatches, of_plugins
from playbook.authoring.scenarios.results import Failure
from playbook.authoring.scenarios.setting_up import Setup
from playbook.engine import Done, Engine
from playbook.engine.streams import timers_queue
from playbook.errors import InputError, PlaybookError, Refused, UnknownName
from playbook.model.expectations import Mismatch, Scene
from playbook.model.organization import OPERATOR
from playbook.process.references import found
from playbook.stores.interface import Query
from playbook.times import Duration, from_micros, in_utc, parse_datetime, to_micros

if TYPE_CHECKING:
    from playbook.authoring.scenarios.coverage import Watch
    from playbook.engine.answers import Forgotten, HistoryItem
    from playbook.engine.definitions import Compiler
    from playbook.model.playbook import Field
    from playbook.model.scenario import Scenario, Step
    from playbook.plugins import Registry
    from playbook.stores.interface import StoredEvent
    from playbook.stores.memory import MemoryStore

_PAGE = 1000
_WORKER = "scenario"
_LATER = dt.timedelta(hours=1)


class Play:
    """Run one scenario over a store in which its playbooks are published."""

    def __init__(
        self,
        scenario: Scenario,
        store: MemoryStore,
        registry: Registry,
        compiler: Compiler,
        folder: str = "",
    ) -> None:
        self.scenario = scenario
        self._folder = folder
        self.now = from_micros(0)
        # Ids are the same in every run, so that what is said about them can be expected.
        entropy = random.Random(0).randbytes
        self.engine = Engine.open(
            None, store=store, registry=registry, clock=lambda: self.now, entropy=entropy
        )
        self.engine.definitions.compiler = compiler
        self._setup = Setup(self.engine, scenario)
        self._log: list[StoredEvent] = []
        self._since = 0

    def run(self) -> Failure | None:
        """Run step by step until one does not lead to what it expects; return that, None where all do."""
        setup = self._setup
        try:
            self.now = in_utc(parse_datetime(self.scenario.clock, self.engine.world.zone))
            setup.run()
        except (PlaybookError, ValueError) as error:
            return Failure(None, "given", message=str(error))
        if setup.refused is not None:
            return self._not_given(setup.refused)
        for index, step in enumerate(self.scenario.steps):
            failure = self._step(index, step)
            if failure is not None:
                return failure
        return None

    def _not_given(self, refused: Refused) -> Failure:
        reach = self.scenario.given.reach
        wanted, fact = (f"reach {reach}" if reach else "opened"), f"refused: {refused.code}"
        if self._setup.case:
            fact = f"{refused.code} in {self.engine.case(self._setup.case).stage}"
        return Failure(None, "given", (Mismatch("", wanted, fact),), refused.message, refused.blockers)

    def follow(self, watch: Watch) -> None:
        """Note everything that happened, but for how the case was placed."""
        placed = self._setup.placed
        self._position()
        events = [e for e in self._log if e.version > placed.get(e.stream, 0)]
        watch.follow(events, lambda case: self.engine.case_and_definition(case)[1])

    def _position(self) -> int:
        """Return the position of the last event in the log of all streams."""
        while True:
            after = str(self._log[-1].position) if self._log else None
            page = self.engine.store.log(self.engine.tenant, after=after, limit=_PAGE)
            self._log += page.items
            if len(page.items) < _PAGE:
                return self._log[-1].position if self._log else 0

    # -- steps --------------------------------------------------------------------------------------

    def _step(self, index: int, step: Step) -> Failure | None:
        actor = ""
        try:
            case = self._meant(step)
            actor = self._actor(step, case)
            if step.verb:  # one that only looks, looks at what came of the last that did something
                self._since = self._position()
            answer = self._carried_out(step, case, actor)
            if step.verb == "open" and isinstance(answer, Done):
                case = answer.case
            expect = step.expect
            wrong = list(mismatches(expect, self._seen(case, actor, answer))) if expect else []
            scene = Scene(self.engine, case, actor, self._folder)
            wrong += of_plugins(expect, self.engine.registry.expectations, scene)
        except (PlaybookError, ValueError) as error:
            return Failure(index, in_words(step, actor or OPERATOR), message=str(error))
        refused = answer if isinstance(answer, Refused) else None
        if refused is not None and not expect.keys() & {"refused", "blocked"}:
            wrong.insert(0, Mismatch("", "carried out", f"refused: {refused.code}"))
        if not wrong:
            return None
        message, blockers = (refused.message, refused.blockers) if refused else ("", ())
        return Failure(index, in_words(step, actor), tuple(wrong), message, blockers)

    def _actor(self, step: Step, case: str) -> str:
        said = step.said.get("as") or self.scenario.actor or self.scenario.given.owner
        return said or self.engine.case(case).owner or OPERATOR

    def _meant(self, step: Step) -> str:
        """Return the case that a step is about; raises InputError where there is none."""
        if "case" in step.said:
            return self.engine.resolve(str(step.said["case"]))
        if "of" not in step.said:
            return self._setup.case
        newest = self.engine.find(Query(step.said["of"]), actor=OPERATOR, limit=1).items
        if not newest:
            raise InputError(f"there is no case of {step.said['of']!r} by now")
        return newest[0].id

    def _carried_out(self, step: Step, case: str, actor: str) -> Done | Refused | Forgotten | None:
        """Carry a step out; a wrong name or value is a refusal too."""
        if not step.verb:
            return None
        if step.verb == "wait":
            self._wait(step.what, case)
            return None
        try:
            if step.verb == "forget":
                return self.engine.forget(step.what, actor=actor)
            return self.engine.run(command(step, case, self.scenario.playbook), actor=actor)
        except InputError as error:
            return Refused("wrong_input", str(error))

    def _wait(self, length: str, case: str) -> None:
        """Let time pass by the calendar of the owner; timers strike at their moments."""
        engine, there = self.engine, self.engine.case(case)
        calendar = engine.world.calendar_of(there.owner, there.team, self.now)
        end = calendar.add(self.now, Duration.parse(length))
        before: tuple[str, str, int] | None = None
        while (due := self._due(end)) is not None:
            again = due == before  # a plugin failed: it is tried again later
            self.now = max(self.now + _LATER * again, from_micros(due[2]))
            if self.now > end:
                break
            engine.tick()
            before = due
        self.now = end

    def _due(self, end: dt.datetime) -> tuple[str, str, int] | None:
        """Return the stream, name and time of the timer that strikes next, None where none does until then."""
        queue, store = timers_queue(self.engine.tenant), self.engine.store
        for claim in store.claim(queue, now=to_micros(end), limit=1, lease=1, worker=_WORKER):
            store.release(claim, retry_at=claim.at, error="")
            return claim.stream, claim.id, claim.at
        return None

    def _seen(self, case: str, actor: str, answer: Any) -> Seen:
        engine, since = self.engine, self._since
        try:
            view = engine.view(case, actor=actor)
        except UnknownName:
            view = engine.view(case, actor=OPERATOR)  # the actor does not see it, and is refused for that
        whole, definition = engine.case_and_definition(case)
        view = replace(view, children=whole.children)  # they are part of what happened, whoever sees them

        def new() -> tuple[HistoryItem, ...]:
            happened = engine.history(case, actor=OPERATOR)
            return tuple(item for item in happened if item.position > since)

        return Seen(answer, view, definition, new, engine.world.zone, self._refer)

    def _refer(self, field: Field, value: Any) -> Any:
        return found(field, value, lambda to, name: self.engine.kept_records.find(to, name, OPERATOR))
