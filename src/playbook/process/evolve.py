"""Fold events into the case as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from playbook.model.case import OPEN, Case, Entry, Sealed, Task
from playbook.model.events import Assigned, Blocked, Changed, Finished, Logged, Moved, Opened
from playbook.process.codec import SEAL, is_sealed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from playbook.model.events import CaseEvent, Plan

AUTOMATIC = ("system", "import")
"""Actors that are no person: what they do does not end idleness."""


def evolve(case: Case | None, id: str, event: CaseEvent, at: dt.datetime, actor: str) -> Case:  # noqa: A002
    """Return the case after an event; `case` is None before it was opened.

    Raises ValueError for a stream that does not begin with its opening.
    """
    if isinstance(event, Opened):
        return _opened(id, event, at)
    if case is None:
        raise ValueError(f"case {id} does not begin with its opening")
    changes = _FOLDS[type(event)](case, event, at, actor)
    changes["last"] = at
    if actor not in AUTOMATIC and "touched" not in changes and not isinstance(event, Blocked):
        changes["touched"] = at
    return _with(case, changes)


def _with(case: Case, changes: dict[str, Any]) -> Case:
    after = Case.__new__(Case)
    after.__dict__.update(case.__dict__)
    after.__dict__.update(changes)
    return after


def _opened(id: str, event: Opened, at: dt.datetime) -> Case:  # noqa: A002
    return Case(
        id=id,
        playbook=event.playbook,
        digest=event.digest,
        name=event.name,
        owner=event.owner,
        team=event.team,
        stage=event.stage,
        opened=at,
        entered=at,
        touched=at,
        last=at,
        fields={name: value for name, value in event.fields.items() if not is_sealed(value)},
        sealed={
            name: Sealed(value[SEAL], value["h"]) for name, value in event.fields.items() if is_sealed(value)
        },
        stamps={event.stage: event.stamp} if event.stamp else {},
        tasks=_tasks(event.plans, 1, at),
        visited=(event.stage,),
    )


def _tasks(plans: tuple[Plan, ...], visit: int, at: dt.datetime) -> tuple[Task, ...]:
    return tuple([Task(plan.id, visit, plan.n, at, plan.due, plan.assignee) for plan in plans])


def _changed(case: Case, event: Changed, at: dt.datetime, actor: str) -> dict[str, Any]:
    merged, sealed = {**case.fields, **event.fields}, case.sealed
    for name, value in event.fields.items():
        if name in sealed:
            sealed = {key: seal for key, seal in sealed.items() if key != name}
        if value is None:
            del merged[name]
        elif is_sealed(value):
            del merged[name]
            sealed = {**sealed, name: Sealed(value[SEAL], value["h"])}
    return {"fields": merged} if sealed is case.sealed else {"fields": merged, "sealed": sealed}


def _moved(case: Case, event: Moved, at: dt.datetime, actor: str) -> dict[str, Any]:
    visit = case.visit + 1
    dropped = tuple(
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
    return changes


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
        attrs.evolve(task, assignee=event.owner)
        if task.status == OPEN and task.assignee == case.owner
        else task
        for task in case.tasks
    )
    return {"owner": event.owner, "team": event.team, "tasks": tasks}


def _blocked(case: Case, event: Blocked, at: dt.datetime, actor: str) -> dict[str, Any]:
    return {}


_FOLDS: dict[type, Callable[[Case, Any, dt.datetime, str], dict[str, Any]]] = {
    Changed: _changed,
    Moved: _moved,
    Finished: _finished,
    Logged: _logged,
    Assigned: _assigned,
    Blocked: _blocked,
}
