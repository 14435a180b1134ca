"""Fold events into the case as it stands."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.model.approving import CreditSplit, Skipped
from playbook.model.case import OPEN, Case, Entry, Sealed, Task, TimerState
from playbook.model.events import (
    ActionRefused,
    Assigned,
    CaseForgotten,
    Changed,
    ChildEnded,
    ChildReopened,
    Finished,
    ForecastSet,
    GuideOpened,
    Linked,
    Logged,
    Moved,
    Noticed,
    Opened,
    Planned,
    Posted,
    ProbabilitySet,
    Reopened,
    TimerFired,
    TimerPaused,
    TimersArmed,
)
from playbook.model.organization import AUTOMATIC
from playbook.process.answers import ANSWERS, spent
from playbook.process.codec import SEAL, is_sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.model.events import CaseEvent, Plan


def evolve(case: Case | None, id: str, event: CaseEvent, at: dt.datetime, actor: str) -> Case:  # noqa: A002
    """Return the case after an event; `case` is None before it was opened.

    Raises ValueError for a stream that does not begin with its opening.
    """
    if type(event) is Opened:
        return _opened(id, event, at)
    if case is None:
        raise ValueError(f"case {id} does not begin with its opening")
    changes = _FOLDS[type(event)](case, event, at, actor)
    changes["last"] = at
    if actor not in AUTOMATIC:
        changes.setdefault("touched", at)
    return replace(case, **changes)


def _opened(id: str, event: Opened, at: dt.datetime) -> Case:  # noqa: A002
    fields = event.fields
    sealed = {n: Sealed(v[SEAL], v["h"]) for n, v in fields.items() if type(v) is dict and is_sealed(v)}
    # what every case has goes by place: by name it takes twice as long
    return Case(
        id, event.playbook, event.digest, event.name, event.owner, event.team, event.stage, at, at, at, at,
        fields={name: value for name, value in fields.items() if name not in sealed}
        if sealed
        else {**fields},
        sealed=sealed,
        stamps={event.stage: event.stamp} if event.stamp else {},
        tasks=_tasks(event.plans, 1, at),
        visited=(event.stage,),
        parent=event.parent,
        territory=event.territory,
    )  # fmt: skip


def _tasks(plans: tuple[Plan, ...], visit: int, at: dt.datetime) -> tuple[Task, ...]:
    if not plans:
        return ()
    return tuple([Task(plan.id, visit, plan.n, at, plan.due, plan.assignee) for plan in plans])


def _changed(case: Case, event: Changed, at: dt.datetime, actor: str) -> dict[str, Any]:
    merged, sealed = {**case.fields, **event.fields}, case.sealed
    for name, value in event.fields.items():
        if name in sealed:
            sealed = {key: seal for key, seal in sealed.items() if key != name}
        if value is None:
            del merged[name]
        elif isinstance(value, dict) and is_sealed(value):
            del merged[name]
            sealed = {**sealed, name: Sealed(value[SEAL], value["h"])}
    changes = {"fields": merged, "changed": {**case.changed, **dict.fromkeys(event.fields, at)}}
    return changes if sealed is case.sealed else {**changes, "sealed": sealed}


def _probability(case: Case, event: ProbabilitySet, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"probability": event.probability}


def _forecast(case: Case, event: ForecastSet, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"forecast": event.category}


def _moved(case: Case, event: Moved, at: dt.datetime, actor: str) -> dict[str, Any]:
    visit = case.visit + 1
    dropped = case.tasks and tuple(
        [_left(task, "dropped", "", None) if task.status == OPEN else task for task in case.tasks]
    )
    changes: dict[str, Any] = {
        "stage": event.target,
        "visit": visit,
        "entered": at,
        "touched": at,
        "tasks": dropped + _tasks(event.plans, visit, at),
    }
    if event.target not in case.visited:
        changes["visited"] = (*case.visited, event.target)
    if event.stamp:
        first = case.stamps.get(event.target, {})
        changes["stamps"] = {**case.stamps, event.target: {**event.stamp, **first}}
        if first:
            changes["stamps_last"] = {**case.stamps_last, event.target: event.stamp}
    if event.outcome:
        changes["outcome"] = event.outcome
        changes["closed"] = at
        changes["closed_from"] = case.stage
    if case.approvals:
        changes["approvals"] = spent(case.approvals)
    return changes


def _reopened(case: Case, event: Reopened, at: dt.datetime, actor: str) -> dict[str, Any]:
    changes = _moved(
        case, Moved(case.stage, event.target, "reopen", plans=event.plans, stamp=event.stamp), at, actor
    )
    return {**changes, "outcome": OPEN, "closed": None}


def _skipped(case: Case, event: Skipped, at: dt.datetime, actor: str) -> dict[str, Any]:
    this = (event.activity, event.visit, event.n)
    return {"tasks": tuple(
        _left(task, "skipped", "", at) if (task.id, task.visit, task.n) == this else task for task in case.tasks
    )}  # fmt: skip


def _split(case: Case, event: CreditSplit, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"shares": event.shares}


def _finished(case: Case, event: Finished, at: dt.datetime, actor: str) -> dict[str, Any]:
    kept, found = [], False
    for task in case.tasks:
        if (task.id, task.visit, task.n) == (event.activity, event.visit, event.n):
            found = True
            kept.append(_ended(task, event, at))
        else:
            kept.append(task)
    if not found:
        kept.append(_ended(Task(event.activity, event.visit, event.n, at, assignee=actor), event, at))
    return {"tasks": (*kept, *_tasks(event.plans, event.visit, at))}


def _ended(task: Task, event: Finished, at: dt.datetime) -> Task:
    return _left(task, "done" if event.done else "again", event.outcome, at)


def _left(task: Task, status: str, outcome: str, at: dt.datetime | None) -> Task:
    return Task(task.id, task.visit, task.n, task.planned, task.due, task.assignee, status, outcome, at)


def _logged(case: Case, event: Logged, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"entries": (*case.entries, Entry(event.kind, at, actor, event.fields, event.text))}


def _assigned(case: Case, event: Assigned, at: dt.datetime, actor: str) -> dict[str, Any]:
    tasks = tuple(
        replace(task, assignee=event.owner) if task.status == OPEN and task.assignee == case.owner else task
        for task in case.tasks
    )
    changes = {"owner": event.owner, "team": event.team, "tasks": tasks, "territory": event.territory}
    return changes if event.owner == case.owner else {**changes, "assigned": at}


def _planned(case: Case, event: Planned, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"tasks": (*case.tasks, *_tasks(event.plans, case.visit, at))}


def _linked(case: Case, event: Linked, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"children": {**case.children, event.child: OPEN}}


def _child_ended(case: Case, event: ChildEnded, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"children": {**case.children, event.child: event.outcome}}


def _fired(case: Case, event: TimerFired, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"timers": {**case.timers, event.timer: TimerState(fired=event.base)}}


def _paused(case: Case, event: TimerPaused, at: dt.datetime, actor: str) -> dict[str, Any]:
    state = case.timers.get(event.timer, TimerState())
    held = state.held if state.since == event.base else 0
    if event.paused:
        state = TimerState(state.fired, at, held, event.base)
    elif state.paused is not None:
        counted = max(state.paused, event.base)
        state = TimerState(state.fired, None, held + max(at - counted, _NONE) // _MICROSECOND, event.base)
    return {"timers": {**case.timers, event.timer: state}}


def _armed(case: Case, event: TimersArmed, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"armed": event.since}


def _guided(case: Case, event: GuideOpened, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"guided": case.guided + 1, "touched": case.touched}  # reading changes nothing


def _child_reopened(case: Case, event: ChildReopened, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"children": {**case.children, event.child: OPEN}}


def _forgotten(case: Case, event: CaseForgotten, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {"touched": case.touched}  # nobody worked on it


def _nothing(case: Case, event: CaseEvent, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {}


_NONE = dt.timedelta(0)
_MICROSECOND = dt.timedelta(microseconds=1)

_FOLDS: dict[type, Callable[[Case, Any, dt.datetime, str], dict[str, Any]]] = {
    Changed: _changed,
    Moved: _moved,
    Finished: _finished,
    Logged: _logged,
    GuideOpened: _guided,
    Assigned: _assigned,
    **ANSWERS,
    Noticed: _nothing,
    Posted: _nothing,
    ActionRefused: _nothing,
    Planned: _planned,
    Reopened: _reopened,
    Skipped: _skipped,
    CreditSplit: _split,
    Linked: _linked,
    ChildEnded: _child_ended,
    ChildReopened: _child_reopened,
    CaseForgotten: _forgotten,
    TimerFired: _fired,
    TimerPaused: _paused,
    TimersArmed: _armed,
    ProbabilitySet: _probability,
    ForecastSet: _forecast,
}
