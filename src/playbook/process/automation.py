"""What a definition does by itself: which actions follow from events, and when timers are due."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import msgspec

from playbook.model.case import OPEN, latest
from playbook.model.events import ChildEnded, Moved, Opened, Reopened
from playbook.process.looking import looks
from playbook.process.parameters import Parameters
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook.expressions import Scope
    from playbook.model.case import Case, TimerState
    from playbook.model.contributions import ActionKind
    from playbook.model.events import CaseEvent
    from playbook.model.playbook import Playbook, Stage
    from playbook.model.rules import Action, Timer
    from playbook.process.criteria import Conditions, Test
    from playbook.process.facts import World

Reads = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]

_FIRST_DAY, _LAST_DAY = dt.date.min + dt.timedelta(2), dt.date.max - dt.timedelta(2)


class Effect(msgspec.Struct, frozen=True):
    """Hold one action that follows, the path under which it is written, and its expressions by field.

    `kind` is that of a plugin's verb; `reads` are the paths, and what is behind references, that expressions read.
    """

    action: Action
    path: str
    computed: Mapping[str, Test]
    kind: ActionKind | None = None
    reads: Mapping[str, Reads] = {}


class Armed(msgspec.Struct, frozen=True):
    """Hold a timer that will strike: what it counts from, and when it is due."""

    timer: str
    base: dt.datetime
    due: dt.datetime


class Automation:
    """Hold the timers, actions and parameters of one definition, their conditions compiled."""

    def __init__(self, playbook: Playbook, conditions: Conditions, kinds: Mapping[str, ActionKind]) -> None:
        self.playbook = playbook
        self._kinds = kinds
        self.tests: dict[int, Test] = {}
        self.timers = {timer.id: timer for timer in playbook.timers}
        self._by_stage = {
            stage.id: [t for t in playbook.timers if _runs_in(t, stage)] for stage in playbook.stages
        }
        self._stages = {stage.id: stage for stage in playbook.stages}
        self._parameters = Parameters(playbook, conditions)
        self._when = {t.id: conditions.test(t.when) for t in playbook.timers if t.when is not None}
        self._pauses = {
            t.id: conditions.test(t.pauses_when) for t in playbook.timers if t.pauses_when is not None
        }
        self.actions = dict(_actions(playbook))
        self._action_when = {
            path: conditions.test(action.when)
            for path, action in self.actions.items()
            if action.when is not None
        }
        self._computed = {
            path: {a.field: conditions.test(a.is_) for a in action.sets if a.is_ is not None}
            for path, action in self.actions.items()
        }
        self._reads: dict[str, dict[str, Reads]] = {
            path: {
                a.field: (conditions.reads(a.is_), conditions.follows(a.is_)) for a in action.sets if a.is_
            }
            for path, action in self.actions.items()
        }

        self._looks = looks(playbook)

    @classmethod
    def of(
        cls, playbook: Playbook, conditions: Conditions, kinds: Mapping[str, ActionKind]
    ) -> Automation | None:
        """Return the automation of a playbook, None where nothing happens by itself."""
        acts = any(s.on_enter or s.on_exit or s.by_itself for s in playbook.stages)
        return cls(playbook, conditions, kinds) if acts or playbook.timers or playbook.when_child else None

    def by_itself(self, stage: str) -> bool:
        """Return whether a stage advances by itself."""
        return self._stages[stage].by_itself

    def look(self, case: Case, world: World, since: dt.datetime) -> dt.datetime | None:
        """Return when to look whether a case advances by itself, after a look at it; None where that is no use."""
        found = self._looks.get(case.stage)
        return None if found is None or case.outcome != OPEN else found.after(case, world, since)

    def effects(self, events: tuple[CaseEvent, ...], before: str = "") -> Iterator[Effect]:
        """Yield the actions that events lead to, in the order of the file; `before` is the stage where it began."""
        for event in events:
            if isinstance(event, Opened):
                yield from self._listed(f"stages.{event.stage}.on_enter")
            elif isinstance(event, Moved):
                yield from self._listed(f"stages.{event.source}.on_exit")
                yield from self._listed(f"stages.{event.target}.on_enter")
            elif isinstance(event, Reopened):
                yield from self._listed(f"stages.{before}.on_exit")
                yield from self._listed(f"stages.{event.target}.on_enter")
            elif isinstance(event, ChildEnded):
                yield from self._listed(f"when_child.{event.playbook}.{event.outcome}")

    def struck(self, timer: str) -> Iterator[Effect]:
        """Yield the actions of a timer."""
        yield from self._listed(f"timers.{timer}.then")

    def applies(self, effect: Effect, scope: Scope) -> bool:
        """Return whether an action's `when` holds; an unknown one does not."""
        test = self._action_when.get(effect.path)
        return test is None or test(scope) is True

    def _listed(self, path: str) -> Iterator[Effect]:
        index = 0
        while (action := self.actions.get(name := f"{path}.{index}")) is not None:
            kind = self._kinds.get(action.verb)
            yield Effect(action, name, self._computed[name], kind, self._reads[name])
            index += 1

    # -- timers -------------------------------------------------------------------------------------

    def armed(self, case: Case, scope_at: Callable[[dt.datetime], Scope], world: World) -> tuple[Armed, ...]:
        """Return the timers that will strike as things are, earliest first; `when` is asked at that moment.

        Nothing depends on the time of asking, so what is due does not change by being looked at late.
        """
        found = []
        scope = scope_at(case.last)
        for timer in self._by_stage[case.stage]:
            state = case.timers.get(timer.id)
            if state is not None and state.paused is not None:
                continue
            base = self.base(timer, case, world)
            if base is not None and case.armed is not None and timer.kind != "before":
                base = max(base, case.armed)
            if base is None or (state is not None and state.fired == base):
                continue
            due = self._due(timer, base, scope, state)
            if due is not None and self._wanted(timer, scope_at, max(due, case.last)):
                found.append(Armed(timer.id, base, due))
        return tuple(sorted(found, key=lambda armed: (armed.due, armed.timer)))

    def idle(
        self, case: Case, scope_at: Callable[[dt.datetime], Scope], world: World
    ) -> Iterator[Armed | None]:
        """Yield the idle timers that hold where a case stands, struck or not; None for one that is paused.

        Imported history counts as it was: it has been quiet since whatever last happened.
        """
        scope = scope_at(case.last)
        for timer in self._by_stage[case.stage]:
            state = case.timers.get(timer.id)
            base = self.base(timer, case, world) if timer.kind == "idle" else None
            due = None if base is None else self._due(timer, base, scope, state)
            if base is not None and due is not None and self._wanted(timer, scope_at, max(due, case.last)):
                paused = state is not None and state.paused is not None
                yield None if paused else Armed(timer.id, base, due)

    def _due(
        self, timer: Timer, base: dt.datetime, scope: Scope, state: TimerState | None
    ) -> dt.datetime | None:
        """Return when a timer strikes that counts from a base; None for a time beyond the calendar."""
        by = self._parameters.said(scope)[timer.by[1:]] if timer.by.startswith("$") else timer.by
        try:
            due = scope.calendar.add(base, Duration.parse(by), sign=-1 if timer.kind == "before" else 1)
        except (OverflowError, ValueError):
            return None
        return due + dt.timedelta(microseconds=state.held) if state and state.since == base else due

    def _wanted(self, timer: Timer, scope_at: Callable[[dt.datetime], Scope], at: dt.datetime) -> bool:
        when = self._when.get(timer.id)
        return when is None or when(scope_at(at)) is True

    def pauses(self, case: Case, scope: Scope) -> Iterator[tuple[str, bool]]:
        """Yield the timers that are to be paused (True) in their stages, or resumed (False) wherever the case is."""
        for timer in self.playbook.timers:
            test, state = self._pauses.get(timer.id), case.timers.get(timer.id)
            paused = state is not None and state.paused is not None
            if test is not None and (paused or timer in self._by_stage[case.stage]):
                holds = test(scope) is True
                if paused != holds:
                    yield timer.id, holds

    def base(self, timer: Timer, case: Case, world: World) -> dt.datetime | None:
        """Return what a timer counts from, None while there is nothing."""
        if timer.kind == "in_stage":
            return max([case.entered, *_resets(timer, case)])
        if timer.kind == "idle":
            return max(_resets(timer, case), default=case.entered) if timer.resets_on else case.touched
        if timer.activity:
            return _ended(timer, case)
        value = None if timer.field in case.sealed else case.fields.get(timer.field)
        if isinstance(value, dt.datetime):
            return value
        if not isinstance(value, dt.date):
            return None
        # A period that ends on a date includes it; one that begins there begins with the day.
        if value >= _LAST_DAY or value <= _FIRST_DAY:
            return None  # beyond the calendar: a time that never comes
        return world.midnight(value + dt.timedelta(days=timer.kind == "after"))


def _runs_in(timer: Timer, stage: Stage) -> bool:
    """Return whether a timer runs in a stage; at an end timers run on in `done` alone."""
    return (not timer.stages or stage.id in timer.stages) and stage.final in ("", "done")


def _ended(timer: Timer, case: Case) -> dt.datetime | None:
    """Return when the timer's activity last ended in its newest stay, if with the outcome that is meant."""
    newest = latest(case, timer.activity)
    if newest is None:
        return None
    ended = [t for t in case.tasks if t.id == timer.activity and t.visit == newest.visit and t.outcome]
    if not ended:
        return None
    last = ended[-1]
    return (
        last.at if timer.outcome in ("", last.outcome) and (timer.outcome or last.status == "done") else None
    )


def _resets(timer: Timer, case: Case) -> list[dt.datetime]:
    found = []
    for what in timer.resets_on:
        kind, _, name = what.partition(".")
        if kind == "move":
            found.append(case.entered)
        elif kind == "entry":
            found += [entry.at for entry in case.entries if entry.kind == name][-1:]
        elif name in case.changed:
            found.append(case.changed[name])
    return found


def _actions(playbook: Playbook) -> Iterator[tuple[str, Action]]:
    lists: list[tuple[str, tuple[Action, ...]]] = []
    for stage in playbook.stages:
        lists.append((f"stages.{stage.id}.on_exit", stage.on_exit))
        lists.append((f"stages.{stage.id}.on_enter", stage.on_enter))
    lists += [(f"timers.{timer.id}.then", timer.then) for timer in playbook.timers]
    lists += [(f"when_child.{rule.playbook}.{rule.outcome}", rule.then) for rule in playbook.when_child]
    for path, actions in lists:
        yield from ((f"{path}.{index}", action) for index, action in enumerate(actions))


def rendered(text: str, value_of: Callable[[str], object]) -> str:
    """Return a text with its placeholders, names like {case.owner}, replaced; what is missing becomes nothing.

    In one pass, so that a value which looks like a placeholder stays what it is.
    """
    return _PLACEHOLDER.sub(lambda found: "" if (value := value_of(found[1])) is None else str(value), text)


_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
