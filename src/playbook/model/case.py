"""A case as it stands: the fold of its events."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec

from playbook.model.approving import Asked, Waiver

FOLD = 3
"""The version of the fold; a snapshot of another version means folding anew. It leaves out what has its default."""

OPEN = "open"


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """Refer to a personal value in the vault, with the salted commitment that the event holds."""

    ref: str
    commitment: str


class Task(msgspec.Struct, frozen=True, gc=False):
    """Hold one planned activity: `n` counts within the visit; status is open, done or dropped."""

    id: str
    visit: int
    n: int
    planned: dt.datetime
    due: dt.datetime | None = None
    assignee: str = ""
    status: str = OPEN
    outcome: str = ""
    at: dt.datetime | None = None


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Hold one dated fact that was logged."""

    kind: str
    at: dt.datetime
    actor: str
    fields: dict[str, Any] = {}
    text: str = ""


class TimerState(msgspec.Struct, frozen=True, gc=False):
    """Hold what happened to a timer: the base it fired for, since when it is paused, and for how long it was.

    `held` are microseconds that count for the base `since`.
    """

    fired: dt.datetime | None = None
    paused: dt.datetime | None = None
    held: int = 0
    since: dt.datetime | None = None


class Case(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Hold everything a decision needs to know of one case; `visit` counts moves from 1.

    `children` gives the outcome of each follow-up case ("open" until it ends), `changed` when a field last was;
    `assigned` when the owner got it, where that was not when it was opened; `guided` how often its guidance
    was opened; `former` tells what it referred to once. `probability` and `forecast` are those set by hand.
    """

    id: str
    playbook: str
    digest: str
    name: str
    owner: str
    team: str
    stage: str
    opened: dt.datetime
    entered: dt.datetime
    touched: dt.datetime
    last: dt.datetime
    visit: int = 1
    outcome: str = OPEN
    closed: dt.datetime | None = None
    fields: dict[str, Any] = {}
    sealed: dict[str, Sealed] = {}
    stamps: dict[str, dict[str, Any]] = {}
    stamps_last: dict[str, dict[str, Any]] = {}
    tasks: tuple[Task, ...] = ()
    entries: tuple[Entry, ...] = ()
    visited: tuple[str, ...] = ()
    probability: Decimal | None = None
    parent: str = ""
    children: dict[str, str] = {}
    timers: dict[str, TimerState] = {}
    changed: dict[str, dt.datetime] = {}
    approvals: dict[str, Asked] = {}
    waivers: dict[str, Waiver] = {}
    shares: dict[str, Decimal] = {}
    closed_from: str = ""
    territory: str = ""
    assigned: dt.datetime | None = None
    armed: dt.datetime | None = None
    guided: int = 0
    former: tuple[str, ...] = ()
    forecast: str = ""


def waiting(case: Case, activity: str) -> Task | None:
    """Return the planning of an activity that is open, the earliest where there are several."""
    for task in case.tasks:
        if task.id == activity and task.status == OPEN:
            return task
    return None


def latest(case: Case, activity: str) -> Task | None:
    """Return the newest planning of an activity."""
    for task in reversed(case.tasks):
        if task.id == activity:
            return task
    return None
