"""Moves: which way leads where, what the gate says, and what entering a stage plans and stamps."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import attrs

from playbook.errors import Blocker, Refused, UnknownName
from playbook.expressions import Unknown
from playbook.model.case import OPEN
from playbook.model.events import Blocked, Moved, Plan
from playbook.model.playbook import QUIT
from playbook.process.criteria import Attempt
from playbook.process.permission import permits
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.expressions import Scope
    from playbook.model.case import Case
    from playbook.model.commands import Request
    from playbook.model.events import CaseEvent
    from playbook.model.playbook import Activity, MoveRule
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World


class Deciding:
    """Hold one decision while it is made: the reasons against it come in the order in which they are told."""

    __slots__ = ("_scope", "attempt", "blockers", "case", "definition", "request", "target", "world")

    def __init__(self, definition: Compiled, case: Case, request: Request, world: World) -> None:
        self.definition = definition
        self.case = case
        self.request = request
        self.world = world
        self.blockers: list[Blocker] = []
        self.attempt: Attempt | None = None
        self.target = ""
        self._scope: Scope | None = None

    @property
    def today(self) -> dt.date:
        """Return the day of the request in the organization's zone."""
        return self.request.at.astimezone(self.world.zone).date()

    def scope(self) -> Scope:
        """Return what conditions see, made once."""
        if self._scope is None:
            definition, request = self.definition, self.request
            self._scope = self.world.scope(
                definition.subject, definition.kinds, self.case, request.actor, request.at
            )
        return self._scope

    def permit(self, act: str) -> None:
        """Note a reason where the actor may not do this."""
        who = self.definition.who[act]
        if not permits(who, self.request.actor, self.case, self.world.organization):
            self.not_permitted(act, who)

    def not_permitted(self, act: str, who: tuple[str, ...]) -> None:
        """Note that the actor may not, and who may."""
        people = self.people(who)
        self.blockers.append(
            Blocker(
                criterion=f"who_may.{act.partition(' ')[0]}",
                kind="not_permitted",
                title=f"{self.request.actor} may not {act} this {self.definition.subject}",
                who=people,
                fix=f"ask {' or '.join(people)}" if people else "",
            )
        )

    def wrong_state(self, title: str, fix: str = "") -> None:
        """Note that the case is not in a state for this."""
        self.blockers.append(Blocker(criterion=self.case.stage, kind="wrong_state", title=title, fix=fix))

    def must_be_open(self) -> bool:
        """Note a reason where the case is closed; return whether it is open."""
        if self.case.outcome != OPEN:
            self.wrong_state(f"{self.case.id} was closed as {self.case.outcome}")
        return self.case.outcome == OPEN

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
            events = (Blocked(self.target, tuple(b.criterion for b in criteria)),)
        return Refused(code, message, blockers, events)

    def gate_entry(self, stage: str) -> None:
        """Run the entry criteria of the stage in which a case is opened."""
        gate = self.definition.opening
        if gate:
            self._attempt().passes(gate)
            self._collect(stage)

    def gate(self, way: str, target: str) -> None:
        """Drive the machine one move, noting every reason against it."""
        machine = self.definition.machine
        if machine.has(way, self.case.stage, target):
            if not machine.move(way, self.case.stage, target, self._attempt()):
                self._collect(target)
        else:
            self.wrong_state(f"{self.case.stage!r} does not lead to {target!r}", fix=self._ways())

    def gate_exit(self) -> None:
        """Run the exit criteria of the case's stage where no target is known, so that every reason is told."""
        gate = self.definition.exits[self.case.stage]
        if not self._attempt().passes(gate):
            branch, self.blockers = self.blockers, []
            self._collect(self.case.stage)
            self.blockers.extend(branch)

    def _attempt(self) -> Attempt:
        self.attempt = Attempt(
            self.case, self.scope(), self.world.organization, self.definition.editors, self.request.historical
        )
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
        """Return what an outcome plans: the same again, or what comes after."""
        if not done:
            return (self._plan(activity, n + 1),)
        self.case, self._scope = attrs.evolve(self.case, fields=fields), None
        followers = self.definition.followers(activity.id)
        return tuple(self._plan(f, 1) for f in followers if self._applies(f) and not self._spent(f))

    def stamp(self, stage: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that entering a stage keeps for ever; personal ones never."""
        personal = self.definition.personal
        return {
            name: fields[name]
            for name in self.definition.stages[stage].stamp
            if name in fields and name not in personal
        }

    def _plan(self, activity: Activity, n: int) -> Plan:
        due = None
        if activity.due:
            due = self.world.calendar.add(self.request.at, Duration.parse(activity.due))
        return Plan(activity.id, n, due, self.case.owner)

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


def _names(blockers: list[Blocker]) -> tuple[str, ...]:
    return tuple([blocker.criterion for blocker in blockers]) if blockers else ()


def advance(deciding: Deciding, to: str, reason: str) -> tuple[CaseEvent, ...]:
    """Move forward: to the stage `next` gives, to one of its targets, or ahead where skipping is allowed."""
    definition, case = deciding.definition, deciding.case
    if to and to not in definition.stages:
        raise UnknownName("stage", to, definition.stages)
    deciding.permit("advance")
    if not deciding.must_be_open():
        return ()
    way, target, passed = resolve(deciding, to)
    if not target:
        deciding.gate_exit()
        return ()
    if way == "skip":
        _rule(deciding, "skip", definition.playbook.skip, reason)
    if deciding.blockers and not definition.machine.has(way, case.stage, target):
        return ()
    deciding.gate(way, target)
    return deciding.moved(way, target, reason, passed)


def back(deciding: Deciding, to: str, reason: str) -> tuple[CaseEvent, ...]:
    """Move back to an earlier stage; only its entry criteria are asked."""
    definition, case = deciding.definition, deciding.case
    if to not in definition.stages:
        raise UnknownName("stage", to, definition.stages)
    deciding.permit("back")
    if not deciding.must_be_open():
        return ()
    if definition.later(case.stage, to) or to == case.stage:
        deciding.wrong_state(f"{to!r} does not come before {case.stage!r}")
        return ()
    rule = definition.playbook.back
    _rule(deciding, "back", rule, reason)
    if to in rule.not_to:
        deciding.wrong_state(f"this playbook never goes back to {to!r}")
    if definition.machine.has("back", case.stage, to):
        deciding.gate("back", to)
    return deciding.moved("back", to, reason)


def close(deciding: Deciding, to: str, reason: str) -> tuple[CaseEvent, ...]:
    """Move to a final stage: through the exit criteria where it is a forward target, else by its entry alone."""
    definition, case = deciding.definition, deciding.case
    finals = [stage.id for stage in definition.playbook.stages if stage.final]
    if to not in finals:
        raise UnknownName("final stage", to, finals)
    deciding.permit("close")
    if not deciding.must_be_open():
        return ()
    way = "forward" if definition.machine.has("forward", case.stage, to) else "close"
    deciding.gate(way, to)
    return deciding.moved(way, to, reason)


def _rule(deciding: Deciding, act: str, rule: MoveRule, reason: str) -> None:
    if not rule.by:
        deciding.wrong_state(f"this playbook never lets a {deciding.definition.subject} {_ACTS[act]}")
    elif not permits(rule.by, deciding.request.actor, deciding.case, deciding.world.organization):
        deciding.not_permitted(act, rule.by)
    if rule.by and rule.reason and not reason:
        deciding.wrong_state(f"to {_ACTS[act]} needs a reason", fix="--reason TEXT")


_ACTS = {"skip": "skip stages", "back": "go back"}


def resolve(deciding: Deciding, to: str) -> tuple[str, str, tuple[str, ...]]:
    """Return the way and the stage that an advance leads to, and the stages passed by rule.

    An empty stage means that there is none, and that why is noted.
    """
    definition, case = deciding.definition, deciding.case
    straight = definition.straight.get(case.stage)
    if straight is not None and to in ("", straight[1]):
        return straight
    if not to:
        target, skipped = _onward(deciding, case.stage)
        return (_way(definition, target) if target else "", target, skipped)
    if any(target.to == to for target in definition.stages[case.stage].next):
        return _way(definition, to), _branch(deciding, case.stage, to) and _applying(deciding, to), ()
    passed = _passing(deciding, to)
    if passed:
        return "forward", to, passed
    if definition.stages[to].final:
        return "close", to, ()
    if definition.later(case.stage, to):
        return "skip", to, ()
    if to == case.stage:
        deciding.wrong_state(f"{case.id} is in stage {to!r} already")
    else:
        deciding.wrong_state(f"{to!r} comes before {case.stage!r}", fix=f"playbook back {case.id} --to {to}")
    return "", "", ()


def _way(definition: Compiled, to: str) -> str:
    return "close" if definition.stages[to].final in QUIT else "forward"


def _onward(deciding: Deciding, stage: str) -> tuple[str, tuple[str, ...]]:
    """Follow `next` past the stages that a rule skips."""
    passed: list[str] = []
    while True:
        target = _branch(deciding, stage, "")
        answer = _applies(deciding, target)
        if answer is True or not target:
            return target, tuple(passed)
        if answer is not False:
            _undecided(deciding, f"whether {target} applies", answer)
            return "", ()
        if target in passed:
            deciding.wrong_state(f"every stage after {deciding.case.stage!r} is skipped by its `when`")
            return "", ()
        passed.append(target)
        stage = target


def _passing(deciding: Deciding, to: str) -> tuple[str, ...]:
    """Return the stages between here and a stage, where a rule skips each of them; else nothing."""
    stages = deciding.definition.stages
    queue: list[tuple[tuple[str, ...], str]] = [((), deciding.case.stage)]
    seen = {deciding.case.stage}
    while queue:
        passed, stage = queue.pop(0)
        for name in (target.to for target in stages[stage].next):
            if name == to and passed:
                return passed
            if name not in seen and _applies(deciding, name) is False:
                seen.add(name)
                queue.append(((*passed, name), name))
    return ()


def _applies(deciding: Deciding, stage: str) -> object:
    test = deciding.definition.stage_when.get(stage)
    return True if test is None else test(deciding.scope())


def _applying(deciding: Deciding, stage: str) -> str:
    """Return the stage if it applies; note why it does not."""
    answer = _applies(deciding, stage)
    if answer is True:
        return stage
    if answer is False:
        deciding.wrong_state(
            f"{stage!r} is skipped by its `when`", fix=f"playbook advance {deciding.case.id}"
        )
    else:
        _undecided(deciding, f"whether {stage} applies", answer)
    return ""


def _branch(deciding: Deciding, stage: str, to: str) -> str:
    """Return the first target whose `when` holds, else the only one without `when`; note why there is none."""
    branch, open_ways = deciding.definition.branch, list[str]()
    for target in deciding.definition.stages[stage].next:
        if to and target.to != to:
            continue
        test = branch.get((stage, target.to))
        if test is None:
            open_ways.append(target.to)
            continue
        answer = test(deciding.scope())
        if answer is True:
            return target.to
        if answer is not False:
            _undecided(deciding, f"whether {stage} leads to {target.to}", answer)
            return ""
    if len(open_ways) == 1:
        return open_ways[0]
    if to:
        deciding.wrong_state(f"the condition of the way from {stage!r} to {to!r} does not hold")
    elif open_ways:
        choices = ", ".join(open_ways)
        fix = f"playbook advance {deciding.case.id} --to {open_ways[0]}"
        deciding.wrong_state(f"{stage!r} leads to several stages: choose one of {choices}", fix=fix)
    else:
        deciding.wrong_state(f"no way leads forward from {stage!r} as things are")
    return ""


def _undecided(deciding: Deciding, what: str, answer: object) -> None:
    paths = answer.paths if isinstance(answer, Unknown) else ()
    names = tuple(
        path.partition(".")[2] for path in paths if path.startswith(f"{deciding.definition.subject}.")
    )
    deciding.target = deciding.case.stage
    deciding.blockers.append(
        Blocker(
            criterion="next",
            kind="branch",
            title=f"It is not known {what}: {', '.join(paths) or 'the condition cannot be evaluated'}",
            missing=paths,
            who=deciding.people(deciding.definition.editors),
            fix=f"playbook set {deciding.case.id} " + " ".join(f"{n}=..." for n in names) if names else "",
        )
    )


def reachable(definition: Compiled, case: Case) -> tuple[str, ...]:
    """Return the stages to which a case may move from here by `next`."""
    if case.outcome != OPEN:
        return ()
    return tuple(
        target.to
        for target in definition.stages[case.stage].next
        if definition.stages[target.to].final not in QUIT
    )
