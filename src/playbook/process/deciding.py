"""One decision while it is made: the reasons against it, the gates it runs, what entering a stage asks for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from msgspec.structs import replace

from playbook.errors import Blocker, Refused
from playbook.model.case import OPEN, latest
from playbook.model.events import Blocked, Moved, Plan
from playbook.model.organization import AUTOMATIC
from playbook.process.approvals import newly_asked
from playbook.process.computed import discreet, hidden_fields
from playbook.process.criteria import Attempt
from playbook.process.discretion import is_private
from playbook.process.permission import doer, permits
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playbook.expressions import Scope
    from playbook.model.case import Case
    from playbook.model.commands import Request
    from playbook.model.events import CaseEvent
    from playbook.model.playbook import Activity
    from playbook.process.compiled import Compiled
    from playbook.process.criteria import Check
    from playbook.process.facts import World


class Deciding(msgspec.Struct, eq=False, gc=False):
    """Hold one decision while it is made: the reasons against it come in the order in which they are told."""

    definition: Compiled
    case: Case
    request: Request
    world: World
    facts: Mapping[str, Any]
    needs: tuple[str, ...] = ()
    blockers: list[Blocker] = []
    attempt: Attempt | None = None
    target: str = ""
    lapsed: tuple[str, ...] = ()
    _scope: Scope | None = None

    @property
    def today(self) -> dt.date:
        """Return the day of the request in the organization's zone."""
        return self.world.day(self.request.at)

    def scope(self) -> Scope:
        """Return what conditions see, made once."""
        if self._scope is None:
            request = self.request
            self._scope = self.definition.scope(self.case, request.actor, request.at, self.world)
        return self._scope

    def change(self, case: Case) -> None:
        """Go on deciding on the case as it will be."""
        self.case, self._scope = case, None

    def permit(self, act: str) -> None:
        """Note a reason where the actor may not do this."""
        definition = self.definition
        if act not in definition.free and not self.permits(definition.who[act]):
            self.not_permitted(act, definition.who[act])

    def permits(self, who: tuple[str, ...]) -> bool:
        """Return whether the actor is one of the principals today."""
        return "anyone" in who or permits(
            who, self.request.actor, self.case, self.world.organization, self.today
        )

    def not_permitted(self, act: str, who: tuple[str, ...]) -> None:
        """Note that the actor may not, and who may."""
        self.blockers.append(
            Blocker(
                criterion=f"who_may.{act.partition(' ')[0]}",
                kind="not_permitted",
                title=f"{self.request.actor} may not {act} this {self.definition.subject}",
                who=self.people(who),
            )
        )

    def wrong_state(self, title: str, fix: str = "") -> None:
        """Note that the case is not in a state for this."""
        self.blockers.append(Blocker(criterion=self.case.stage, kind="wrong_state", title=title, fix=fix))

    def called(self, stage: str) -> str:
        """Return the title of a stage as it stands in a reason, its id where it has none."""
        return repr(self.definition.stages[stage].title or stage)

    def must_be_open(self) -> bool:
        """Note a reason where the case is closed; return whether it is open."""
        if self.case.outcome != OPEN:
            self.wrong_state(f"{self.case.id} was closed as {self.case.outcome}")
        return self.case.outcome == OPEN

    def must_be_unlocked(self) -> None:
        """Note a reason where the stage allows no edits; what happens by itself goes on."""
        if self.definition.stages[self.case.stage].locked and self.request.actor not in AUTOMATIC:
            self.wrong_state(
                f"nothing can be edited in stage {self.called(self.case.stage)}, which is locked"
            )

    def form_incomplete(self, activity: Activity, asked: tuple[str, ...]) -> None:
        """Note the fields that an activity's form still asks for."""
        place = self.definition.definition.place(f"stages.{self.case.stage}.activities.{activity.id}")
        values = " ".join(f"{name}=..." for name in asked)
        self.blockers.append(
            Blocker(
                criterion=activity.id,
                kind="form",
                title=f"{activity.title or activity.id} asks for {', '.join(asked)}",
                missing=tuple(f"{self.definition.subject}.{name}" for name in asked),
                file=place.file,
                line=place.line,
                fix=f"playbook do {self.case.id} {activity.id} {values}",
            )
        )

    def refusal(self) -> Refused:
        """Return every reason, in order: not permitted, wrong state, criteria."""
        order = {"not_permitted": 0, "wrong_state": 1}
        blockers = tuple(sorted(self.blockers, key=lambda b: order.get(b.kind, 2)))
        first = blockers[0]
        criteria = [b for b in blockers if b.kind not in order]
        code = first.kind if first.kind in order else "blocked"
        message = (
            first.title
            if code != "blocked"
            else f"{len(criteria)} unmet: " + "; ".join(b.title for b in criteria)
        )
        events: tuple[CaseEvent, ...] = ()
        if code == "blocked" and self.target and not self.request.historical:
            wanted = newly_asked(self.case, self.target, criteria)
            asked = tuple(name for name in wanted if name not in self.lapsed)  # a refusal leaves their yes
            events = (Blocked(self.target, tuple(b.criterion for b in criteria), asked),)
        warned = () if self.attempt is None else self.kept(self.attempt.warned)
        return Refused(code, message, self.discreet(blockers), events, warned)

    def discreet(self, blockers: tuple[Blocker, ...]) -> tuple[Blocker, ...]:
        """Return blockers without the values that the actor may not see."""
        if not (self.definition.guarded or self.world.cases) or not blockers:
            return blockers
        request = self.request
        return discreet(
            blockers, hidden_fields(self.definition, self.case, request.actor, request.at, self.world)
        )

    def kept(self, blockers: Sequence[Blocker]) -> tuple[Blocker, ...]:
        """Return blockers as an answer holds them that is kept with its key: without personal values, too."""
        shown = self.discreet(tuple(blockers))
        return tuple(
            attrs.evolve(b, actual={path: v for path, v in b.actual.items() if not self._private(path)})
            for b in shown
        )

    def _private(self, path: str) -> bool:
        return is_private(self.definition, self.world, path)

    def ask(self, gate: tuple[Check, ...]) -> tuple[Blocker, ...]:
        """Run checks and return what blocks; it is not yet a reason against the command."""
        attempt = self._attempt()
        attempt.passes(gate)
        return attempt.blocked

    def gate_entry(self, stage: str, gate: tuple[Check, ...]) -> None:
        """Run the checks that are asked when a case is opened, or opened again, in a stage."""
        if gate:
            self.ask(gate)
            self._collect(stage)

    def gate(self, way: str, target: str) -> None:
        """Drive the machine one move, noting every reason against it."""
        machine = self.definition.machine
        if machine.has(way, self.case.stage, target):
            if not machine.move(way, self.case.stage, target, self._attempt()):
                self._collect(target)
        else:
            leads = f"{self.called(self.case.stage)} does not lead to {self.called(target)}"
            self.wrong_state(leads, fix=self._ways())

    def gate_exit(self) -> None:
        """Run the exit criteria of the case's stage where no target is known, so that every reason is told."""
        gate = self.definition.exits[self.case.stage]
        if not self._attempt().passes(gate):
            branch, self.blockers = self.blockers, []
            self._collect(self.case.stage)
            self.blockers.extend(branch)

    def _attempt(self) -> Attempt:
        definition = self.definition
        self.attempt = Attempt(
            self.case, self.scope(), self.world.organization, definition.editors, self.request.historical,
            definition.subject, self.facts,
        )  # fmt: skip
        return self.attempt

    def _collect(self, target: str) -> None:
        if self.attempt is not None and self.attempt.blocked:
            self.target = target
            self.blockers.extend(self.attempt.blocked)

    def moved(
        self, way: str, target: str, reason: str, passed: tuple[str, ...] = ()
    ) -> tuple[CaseEvent, ...]:
        """Return the event of a move that nothing spoke against."""
        attempt, stage = self.attempt, self.definition.stages[target]
        if self.blockers or attempt is None:
            return ()
        return (
            Moved(
                self.case.stage,
                target,
                way,
                stage.final,
                reason,
                () if self.request.historical or not stage.activities else self.plans(target, self.case),
                self.stamp(target, self.case.fields) if stage.stamp else {},
                passed,
                _names(attempt.warned),
                _names(attempt.observed),
                self.request.historical,
                _names(attempt.waived),
            ),
        )

    def plans(self, stage: str, case: Case) -> tuple[Plan, ...]:
        """Return the activities that entering a stage asks for now."""
        return tuple(
            self._plan(activity, 1)
            for activity in self.definition.stages[stage].activities
            if not activity.after and self._applies(activity) and not self._spent(activity)
        )

    def plans_after(self, activity: Activity, n: int, done: bool, fields: dict[str, Any]) -> tuple[Plan, ...]:
        """Return what an outcome plans: the same again, at once or when it repeats, and what comes after."""
        if not done:
            return (self._plan(activity, max(n, self._number(activity)) + 1),)
        again: tuple[Plan, ...] = ()
        if activity.repeat:
            n = max(n, self._number(activity)) + 1
            again = (self._plan(activity, n, Duration.parse(activity.repeat)),)
        followers = [f for f in self.definition.followers[activity.id] if not self._met(f)]
        if followers:
            self.change(replace(self.case, fields=fields))
        return again + tuple(
            self._plan(f, self._number(f) + 1) for f in followers if self._applies(f) and not self._spent(f)
        )

    def stamp(self, stage: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that entering a stage keeps for ever; personal ones never."""
        definition, found = self.definition, {}
        for name in definition.stages[stage].stamp:
            given = name not in definition.computed
            value = fields.get(name) if given else self.scope().roots[definition.subject].get(name)
            if value is not None and not self._private(f"{definition.subject}.{name}"):
                found[name] = value
        return found

    def _plan(self, activity: Activity, n: int, later: Duration | None = None) -> Plan:
        within = later or self.definition.due.get(activity.id)
        case, world, at = self.case, self.world, self.request.at
        assignee = doer(activity, case, world.organization, self.today)
        due = None if within is None else world.calendar_of(assignee, case.team, at).add(at, within)
        return Plan(activity.id, n, due, assignee)

    def _number(self, activity: Activity) -> int:
        """Return how often an activity was planned in this visit."""
        task = latest(self.case, activity.id)
        return task.n if task is not None and task.visit == self.case.visit else 0

    def _met(self, activity: Activity) -> bool:
        """Return whether an activity is planned or done in this visit already."""
        task = latest(self.case, activity.id)
        return task is not None and task.visit == self.case.visit and task.status in (OPEN, "done")

    def _applies(self, activity: Activity) -> bool:
        test = self.definition.activity_when.get(activity.id)
        return test is None or test(self.scope()) is True

    def _spent(self, activity: Activity) -> bool:
        return activity.once and any(t.id == activity.id and t.status == "done" for t in self.case.tasks)

    def people(self, who: tuple[str, ...]) -> tuple[str, ...]:
        """Return the people behind principals."""
        return Attempt(self.case, self.scope(), self.world.organization).who(who)

    def _ways(self) -> str:
        names = [target.to for target in self.definition.stages[self.case.stage].next]
        return f"playbook advance {self.case.id} --to {names[0]}" if names else ""


def _names(blockers: Sequence[Blocker]) -> tuple[str, ...]:
    return tuple([blocker.criterion for blocker in blockers]) if blockers else ()
