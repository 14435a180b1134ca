"""A definition made ready to run: gates, branches, the machine, and who may do what."""

from __future__ import annotations

import itertools
from types import MappingProxyType
from typing import TYPE_CHECKING

from playbook.model.chances import settable
from playbook.model.organization import AUTOMATIC
from playbook.model.playbook import QUIT
from playbook.model.values import load
from playbook.process import preparing
from playbook.process.answers import MOVES
from playbook.process.approvals import approval_check
from playbook.process.automation import Automation
from playbook.process.computed import Fields
from playbook.process.criteria import (
    Conditions,
    compile_activity,
    compile_criterion,
    compile_required,
    missing_plugins,
)
from playbook.process.machine import Process
from playbook.process.parameters import Parameters
from playbook.process.references import followed, refers, steps_in
from playbook.times import Duration

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from playbook.expressions import Function, Scope
    from playbook.model.case import Case
    from playbook.model.contributions import ActionKind, CriterionKind
    from playbook.model.playbook import Field, Playbook, Stage
    from playbook.model.rules import Condition
    from playbook.process.automation import Armed
    from playbook.process.criteria import Check, Test
    from playbook.process.definition import Definition
    from playbook.process.facts import World

_FALLBACK = {"advance": "edit", "close": "advance", "back": "advance"}
_UNSAID = {"assign": ("owner", "manager"), "waive": ("manager",)}
ACTS = ("see", "open", "edit", "advance", "close", "back", "assign", "approve", "waive", "reopen")
BUILT_IN_ENTRIES = ("call", "email", "meeting", "note")

_NONE: Mapping[str, ActionKind] = MappingProxyType({})


class Compiled:
    """Hold one definition compiled with the plugins that are there.

    A plugin the definition was published with, absent or of another contract version, blocks every move.
    """

    def __init__(
        self,
        definition: Definition,
        functions: Mapping[str, Function],
        kinds: Mapping[str, CriterionKind],
        contracts: Mapping[str, str],
        actions: Mapping[str, ActionKind] = _NONE,
    ) -> None:
        playbook = definition.playbook
        self.definition = definition
        self.playbook = playbook
        self.subject = playbook.subject
        self._tabulate(playbook)
        self._permit(playbook)
        self.missing = tuple(
            f"{p} {v}" for p, v in sorted(definition.plugins.items()) if contracts.get(p) != v
        )
        self.whole = not self.missing
        self._conditions = Conditions(functions if self.whole else {})
        self._kinds = kinds
        self.branch: dict[tuple[str, str], Test] = {}
        self.stage_when: dict[str, Test] = {}
        self.activity_when: dict[str, Test] = {}
        if self.whole:
            self._compile_tests()
        self.automation = Automation.of(playbook, self._conditions, actions) if self.whole else None
        self._prepare(self._conditions)
        self.awaits = self.automation is not None or bool(self.approvals)
        self.derives = bool(self.computed or self.hides or self.refers or self.alike)
        self._gates(playbook)
        self.parameters = Parameters(playbook, self._conditions) if self._conditions.parameters else None

    def _tabulate(self, playbook: Playbook) -> None:
        """Lay down what is looked up by id."""
        self.fields = {field.id: field for field in playbook.fields}
        self.settable = settable(playbook.fields)
        self.by_hand = self.settable.keys() - self.fields.keys()
        self.defaults = {f.id: load(f, f.default) for f in playbook.fields if f.default is not None}
        self.personal = frozenset(field.id for field in playbook.fields if field.personal)
        self.seals = bool(self.personal) or any(f.personal for e in playbook.entries for f in e.fields)
        self.steps = steps_in(playbook)
        self.follows = followed(self.steps.values())
        self.refers = any(map(refers, (*playbook.fields, *(f for e in playbook.entries for f in e.fields))))
        self.alike = tuple(dict.fromkeys(c.unique for _, c in preparing.criteria(playbook) if c.unique))
        self.referring = {
            e.id: found
            for e in playbook.entries
            if (found := tuple(f for f in e.fields if refers(f) and not f.personal))
        }
        self.amount = playbook.about.amount or "amount"
        self.expected_close = playbook.about.expected_close or "expected_close"
        self.stages = {stage.id: stage for stage in playbook.stages}
        self.order = {stage.id: index for index, stage in enumerate(playbook.stages)}
        self.entries = {entry.id: entry for entry in playbook.entries}
        self._entry_fields = {e.id: {f.id: f for f in e.fields} for e in playbook.entries}
        self.activities = {a.id: a for stage in playbook.stages for a in stage.activities}
        self.kinds = {name: activity.kind for name, activity in self.activities.items()}
        self.due = {name: Duration.parse(a.due) for name, a in self.activities.items() if a.due}
        self.followers = {
            name: tuple(a for a in self.activities.values() if a.after == name) for name in self.activities
        }

    def _permit(self, playbook: Playbook) -> None:
        """Lay down who may do what."""
        named = {permission.act: permission.who for permission in playbook.who_may}
        self.who = {act: _who(act, named) for act in ACTS}
        self.editors = self.who["edit"]
        self.free = frozenset(act for act, who in self.who.items() if "anyone" in who)
        self.hides = "anyone" not in self.who["see"]

    def _gates(self, playbook: Playbook) -> None:
        """Lay down what stands between stages, and the machine that moves between them."""
        self.straight = dict(self._straight())
        self.locked = {s: self._from(s, "locked_from") for s in self.stages}
        self.required = {s: self._from(s, "required_from") for s in self.stages}
        block = () if self.whole else (missing_plugins(self.missing),)
        self.reopening = block or self._approval("reopen", "")
        self.opening = block or tuple(self._opening(playbook.stages[0]))
        self.exits = {s.id: block or (() if s.final else tuple(self._exit(s))) for s in playbook.stages}
        self.machine = Process(
            self.stages,
            ((way, a.id, b.id, block or self._gate(way, a, b)) for way, a, b in self._moves()),
        )

    def scope(self, case: Case, actor: str, now: dt.datetime, world: World) -> Scope:
        """Return what conditions of this definition see of a case at a moment."""
        scope = world.scope(self.subject, self.kinds, self.stages, case, actor, now)
        if self.computed:
            scope.roots = {**scope.roots, self.subject: Fields(case.fields, self.computed, scope)}
        if self.parameters is not None:
            scope.roots = {**scope.roots, **self.parameters.values(scope)}
        return scope

    def armed(self, case: Case, world: World) -> tuple[Armed, ...]:
        """Return the timers of a case that will strike as things are, earliest first."""
        if self.automation is None:
            return ()
        return self.automation.armed(case, lambda at: self.scope(case, AUTOMATIC[0], at, world), world)

    def _prepare(self, conditions: Conditions) -> None:
        """Make ready what few definitions have; nothing of it where a plugin is missing, since all is blocked."""
        whole, playbook = self.whole, self.playbook
        self.covered = preparing.covered(playbook, conditions) if whole else {}
        self.approvals = (
            preparing.approvals(self.definition, conditions, self.covered, self.steps) if whole else {}
        )
        self.waivable = preparing.waivable(playbook)
        self.lasting = preparing.lasting(playbook)
        self.computed = preparing.computed(playbook, conditions) if whole else {}
        self.guarded = preparing.guarded(playbook, conditions)
        self.private = preparing.private(playbook, conditions)
        self.behind = preparing.behind(playbook, conditions) if self.computed else {}
        self.invariants = preparing.invariants(self.definition, conditions) if whole else ()
        backs = {rule.approval.refused_back for rule in self.approvals.values()} & self.stages.keys()
        self.entries_of = {stage: tuple(self._criteria(self.stages[stage], "entry")) for stage in backs}

    def entry_fields(self, kind: str) -> Mapping[str, Field]:
        """Return the fields of a kind of entry; built-in kinds have none."""
        return self._entry_fields.get(kind, {})

    def gates_to(self, stage: str) -> tuple[Check, ...]:
        """Return the checks on the shortest way by `next` from the first stage to a stage, or its entry alone."""
        if not self.whole or self.stages[stage].final in QUIT:
            return tuple(self._criteria(self.stages[stage], "entry")) if self.whole else ()
        ways: dict[str, tuple[str, ...]] = {self.playbook.stages[0].id: ()}
        queue = [self.playbook.stages[0].id]
        while queue and stage not in ways:
            source = queue.pop(0)
            for target in self.stages[source].next:
                if target.to not in ways:
                    ways[target.to] = (*ways[source], source)
                    queue.append(target.to)
        passed = [*ways.get(stage, ()), stage]
        steps = itertools.pairwise(passed)
        return tuple(c for a, b in steps for c in self._gate("forward", self.stages[a], self.stages[b]))

    def later(self, source: str, target: str) -> bool:
        """Return whether the target stands after the source in the file."""
        return self.order[target] > self.order[source]

    def _compile_tests(self) -> None:
        test = self._conditions.test
        for stage in self.playbook.stages:
            if stage.when is not None:
                self.stage_when[stage.id] = test(stage.when)
            for target in stage.next:
                if target.when is not None:
                    self.branch[stage.id, target.to] = test(target.when)
            for activity in stage.activities:
                if activity.when is not None:
                    self.activity_when[activity.id] = test(activity.when)

    def _straight(self) -> Iterator[tuple[str, tuple[str, str, tuple[str, ...]]]]:
        """Yield the stages from which one way leads on, without a condition, and what `advance` resolves to."""
        for stage in self.playbook.stages:
            if len(stage.next) == 1 and stage.next[0].when is None:
                target = self.stages[stage.next[0].to]
                if target.when is None:
                    yield stage.id, ("close" if target.final in QUIT else "forward", target.id, ())

    def _moves(self) -> Iterator[tuple[str, Stage, Stage]]:
        rules = self.playbook
        for source in self.playbook.stages:
            if source.final:
                continue
            ahead = self._ahead(source)
            for target in self.playbook.stages:
                if target is source:
                    continue
                onward = target.id in ahead
                if onward and target.final not in QUIT:
                    yield "forward", source, target
                elif target.final and (onward or {"any", source.id} & set(target.start)):
                    yield "close", source, target
                if target.final:
                    continue
                if not self.later(source.id, target.id):
                    if rules.back.by and target.id not in rules.back.not_to:
                        yield "back", source, target
                elif not onward and rules.skip.by and target.id not in rules.skip.not_to:
                    yield "skip", source, target

    def _ahead(self, source: Stage) -> dict[str, None]:
        """Return the targets of `next`, and those beyond a stage that a rule may skip."""
        found: dict[str, None] = {}
        queue = [target.to for target in source.next]
        while queue:
            name = queue.pop(0)
            if name not in found:
                found[name] = None
                if self.stages[name].when is not None:
                    queue.extend(target.to for target in self.stages[name].next)
        return found

    def _gate(self, way: str, source: Stage, target: Stage) -> tuple[Check, ...]:
        checks: list[Check] = []
        if way in ("forward", "skip"):
            checks.extend(self._exit(source))
            required = self.required[target.id]
            if required:
                checks.append(compile_required(required, self.definition))
        checks.extend(self._criteria(target, "entry"))
        checks.extend(self._approval(way, target.id))
        return tuple(checks)

    def _opening(self, first: Stage) -> Iterator[Check]:
        if self.required[first.id]:
            yield compile_required(self.required[first.id], self.definition)
        yield from self._criteria(first, "entry")

    def _approval(self, way: str, target: str) -> tuple[Check, ...]:
        """Return the check that a way of moving is approved, where it asks for that."""
        rule = self.approvals.get(MOVES + way)
        if rule is None:
            return ()
        return (self._asking(MOVES + way, approval_check(rule, target), rule.approval.when),)

    def _exit(self, source: Stage) -> Iterator[Check]:
        for activity in source.activities:
            if activity.required:
                path = f"stages.{source.id}.activities.{activity.id}"
                check = compile_activity(activity, path, self.definition, self._conditions)
                yield self._asking(path, check, activity.when)
        yield from self._criteria(source, "exit")

    def _criteria(self, stage: Stage, side: str) -> Iterator[Check]:
        for criterion in stage.exit if side == "exit" else stage.entry:
            path = (
                f"criteria.{criterion.id}" if criterion.shared else f"stages.{stage.id}.{side}.{criterion.id}"
            )
            check = compile_criterion(
                criterion, path, self.definition, self._conditions, self._kinds, self.approvals
            )
            asked = None if criterion.approval is None else criterion.approval.when
            yield self._asking(path, check, criterion.when, asked)

    def _asking(self, path: str, check: Check, *when: Condition | None) -> Check:
        """Return what a gate asks for the check at a path, which applies `when`: here, the check itself."""
        return check

    def _from(self, stage: str, attribute: str) -> tuple[str, ...]:
        """Return the fields that hold on a stage: named for it or for one it is reachable from."""
        if self.stages[stage].final in QUIT:
            return ()
        return tuple(
            field.id for field in self.playbook.fields
            if (start := getattr(field, attribute)) and stage in self._reach(start)
        )  # fmt: skip

    def _reach(self, start: str) -> set[str]:
        reached, queue = set[str](), [start]
        while queue:
            name = queue.pop()
            if name in self.stages and name not in reached:
                reached.add(name)
                queue.extend(target.to for target in self.stages[name].next)
        return reached


def _who(act: str, named: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the principals who may do something; what the file leaves out follows `edit`."""
    if act in named:
        return named[act]
    if act in _UNSAID:
        return _UNSAID[act] if "edit" in named else ("anyone",)
    fallback = _FALLBACK.get(act)
    return _who(fallback, named) if fallback else ("anyone",)
