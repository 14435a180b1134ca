"""The case of a scenario before its first step: opened, placed in a stage, or gone there through gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.engine.answers import Done
from playbook.engine.streams import CaseStream, case_stream
from playbook.errors import InputError, Refused
from playbook.model.commands import Advance, Approve, Do, Open, SetRecord
from playbook.model.events import Finished, Moved, Opened
from playbook.model.organization import OPERATOR
from playbook.process.setting import apart, judgements, read_fields
from playbook.stores.interface import Batch
from playbook.times import to_micros

if TYPE_CHECKING:
    from playbook.engine import Engine
    from playbook.errors import Blocker
    from playbook.model.commands import Command
    from playbook.model.scenario import Scenario
    from playbook.process.compiled import Compiled

_PLACED = "cgiven"
_NAME = "Acme"


class Setup:
    """Set the case of a scenario up; `placed` says how many of its events are no work of its playbook.

    `refused` is why the case cannot be opened, or cannot come to the stage that it is to reach.
    """

    def __init__(self, engine: Engine, scenario: Scenario) -> None:
        self.engine = engine
        self.scenario = scenario
        self.given = scenario.given
        self.actor = scenario.actor or self.given.owner or OPERATOR
        self.case = ""
        self.placed = 0
        self.refused: Refused | None = None

    def run(self) -> None:
        """Set it up; raises InputError or UnknownName for wrong names and values."""
        for kind, fields in self.scenario.records:
            answer = self.engine.run(SetRecord(kind, fields=fields), actor=OPERATOR)
            if isinstance(answer, Refused):
                self.refused = answer
                return
        if self.given.placed:
            self._place(self.engine.definitions.current(self.scenario.playbook, None))
            return
        self._open()
        if self.given.reach and self.refused is None:
            self.refused = self._reach(self.given.reach)

    # -- placed without gates -----------------------------------------------------------------------

    def _place(self, definition: Compiled) -> None:
        """Store the case as imported history would be: nothing is planned, told or asked."""
        engine, given, stages = self.engine, self.given, definition.stages
        if given.placed not in stages:
            raise InputError(f"{self.scenario.playbook} has no stage {given.placed!r}")
        first = definition.playbook.stages[0].id
        meant = engine.kept_records.referring(definition.fields.values(), given.fields, OPERATOR)
        said, values = apart(read_fields(definition.settable, meant, "field"), definition.fields)
        values = definition.defaults | values
        fields = {name: value for name, value in values.items() if value is not None}
        owner, now = given.owner or self.scenario.actor, engine.clock()
        team = engine.world.organization.post(owner, engine.world.day(now)).team
        digest = definition.definition.digest
        here = {activity.id for activity in stages[given.placed].activities}
        done = {name: _done(definition, name) for name in given.done}
        events: list[Any] = [
            Opened(definition.playbook.id, digest, given.name or _NAME, owner, team, first, fields),
            *judgements(said),
        ]
        moved = given.placed != first
        events += [
            Finished(n, 1, 1, outcome, True) for n, outcome in done.items() if not moved or n not in here
        ]
        if moved:
            stamp = {name: fields[name] for name in stages[given.placed].stamp if name in fields}
            events.append(Moved(first, given.placed, "forward", stages[given.placed].final, stamp=stamp))
            events += [Finished(n, 2, 1, outcome, True) for n, outcome in done.items() if n in here]
        stream = CaseStream(_PLACED, case_stream(_PLACED), None, None, None, definition)
        stream.record(events, now, owner or OPERATOR, engine.entropy)
        write = stream.write(engine.tenant, to_micros(now), engine.world)
        engine.store.append([Batch(engine.tenant, (write,), vault=tuple(stream.vault))])
        self.case, self.placed = _PLACED, len(events)

    # -- through the gates --------------------------------------------------------------------------

    def _open(self) -> None:
        given = self.given
        opening = Open("", self.scenario.playbook, given.name or _NAME, given.owner, given.fields)
        answer = self.engine.run(opening, actor=self.actor)
        if isinstance(answer, Refused):
            self.refused = answer
        else:
            self.case = answer.case

    def _reach(self, target: str) -> Refused | None:
        """Go from stage to stage; what people do about a gate is done, values are those that are given."""
        definition = self.engine.case_and_definition(self.case)[1]
        ways = _ways(definition, target)
        while (stage := self.engine.case(self.case).stage) != target:
            if stage not in ways:
                raise InputError(f"no way leads from {stage!r} to {target!r}")
            refused = self._advance(ways[stage])
            if refused is not None:
                return refused
        return None

    def _advance(self, to: str) -> Refused | None:
        while True:
            answer = self._run(Advance(self.case))
            if isinstance(answer, Refused) and answer.code == "wrong_state":
                answer = self._run(Advance(self.case, to))
            if isinstance(answer, Done):
                return None
            if not [blocker for blocker in answer.blockers if self._mended(blocker)]:
                return answer

    def _mended(self, blocker: Blocker) -> bool:
        """Do an activity or give an approval that a gate asks for; return whether that was possible."""
        who = self._person(blocker.who[0]) if blocker.who else ""
        if blocker.kind in ("activity", "done"):
            return isinstance(self._run(Do(self.case, blocker.missing[0]), who), Done)
        if blocker.kind == "approval" and who:
            return isinstance(self._run(Approve(self.case, blocker.criterion), who), Done)
        return False

    def _person(self, principal: str) -> str:
        """Return a person, of a role the first in order of id."""
        world = self.engine.world
        people, today = world.organization.people, world.day(self.engine.clock())
        if principal in people:
            return principal
        return next((name for name in sorted(people) if people[name].post(today).role == principal), "")

    def _run(self, command: Command, actor: str = "") -> Done | Refused:
        owner = self.engine.case(self.case).owner
        return self.engine.run(command, actor=actor or self.scenario.actor or owner or OPERATOR)


def _ways(definition: Compiled, target: str) -> dict[str, str]:
    """Return for every stage that leads to the target the one that comes next on the shortest way."""
    ways: dict[str, str] = {}
    queue = [target]
    while queue:
        to = queue.pop(0)
        for stage in definition.playbook.stages:
            if stage.id not in (target, *ways) and any(one.to == to for one in stage.next):
                ways[stage.id] = to
                queue.append(stage.id)
    return ways


def _done(definition: Compiled, name: str) -> str:
    """Return the outcome that means that an activity is done; raises InputError where there is no such activity."""
    activity = definition.activities.get(name)
    if activity is None:
        raise InputError(f"{definition.playbook.id} has no activity {name!r}")
    return next((outcome for outcome, means in activity.outcomes if means == "done"), "done")
