"""The case of a scenario before its first step: opened, placed in a stage, or gone there through gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.authoring.scenarios.placing import NAME, Placing
from playbook.engine.answers import Done
from playbook.errors import InputError, Refused
from playbook.model.commands import Advance, Approve, Do, Open, SetRecord
from playbook.model.organization import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.engine import Engine
    from playbook.errors import Blocker
    from playbook.model.commands import Command
    from playbook.model.scenario import Scenario
    from playbook.process.compiled import Compiled


class Setup:
    """Set the case of a scenario up, and what happened before; `placed` says what is no work of its playbooks.

    `refused` is why the case cannot be opened, or cannot come to the stage that it is to reach.
    """

    def __init__(self, engine: Engine, scenario: Scenario) -> None:
        self.engine = engine
        self.scenario = scenario
        self.given = scenario.given
        self.actor = scenario.actor or self.given.owner or OPERATOR
        self.case = ""
        self.refused: Refused | None = None
        self._placing = Placing(engine, scenario)

    @property
    def placed(self) -> Mapping[str, int]:
        """Return how many events of a stream are no work of its playbook."""
        return self._placing.events

    def run(self) -> None:
        """Set it up; raises InputError or UnknownName for wrong names and values."""
        for kind, fields in self.scenario.records:
            answer = self.engine.run(SetRecord(kind, fields=fields), actor=OPERATOR)
            if isinstance(answer, Refused):
                self.refused = answer
                return
        for number, said in enumerate(self.given.history, start=1):
            self._placing.past(number, said)
        if self.given.placed:
            self.case = self._placing.given()
            return
        self._open()
        if self.given.reach and self.refused is None:
            self.refused = self._reach(self.given.reach)

    # -- through the gates --------------------------------------------------------------------------

    def _open(self) -> None:
        given = self.given
        opening = Open("", self.scenario.playbook, given.name or NAME, given.owner, given.fields)
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
