"""A playbook: what a team wrote, structured; references by id, conditions as text and stored tree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from playbook.model.rules import (
    Action,
    Approval,
    ChildRule,
    Condition,
    Invariant,
    Migration,
    Segment,
    Timer,
)

OUTCOMES = ("won", "lost", "disqualified", "done", "churned")
QUIT = frozenset(("lost", "disqualified", "churned"))
"""Outcomes that ask only the target's entry criteria."""

FORECASTS = ("pipeline", "best_case", "commit", "closed", "omitted")
"""Where a case may count in a forecast; what is closed is won."""

CRITERION_KINDS = ("that", "fields", "done", "approval", "unique")


@attrs.frozen
class Field:
    """Describe a field; `of` for lists, `columns` for tables, `to` for references, `is_` where computed."""

    id: str
    type: str
    title: str = ""
    help: str = ""
    default: Any = None
    options: tuple[str, ...] = ()
    of: Field | None = None
    columns: tuple[Field, ...] = ()
    to: str = ""
    required_from: str = ""
    locked_from: str = ""
    editable_after_close: bool = False
    personal: bool = False
    visible_to: tuple[str, ...] = ()
    is_: Condition | None = None


@attrs.frozen
class Criterion:
    """Describe a criterion; `kind` is that, fields, done, approval, unique or a plugin's, with its options.

    `unique` names fields whose values no other case (`among` open ones or all) may have.
    """

    id: str
    kind: str
    title: str = ""
    hint: str = ""
    when: Condition | None = None
    mode: str = "block"
    that: Condition | None = None
    fields: tuple[str, ...] = ()
    done: str = ""
    options: Any = None
    shared: bool = False
    waivable: bool = True
    approval: Approval | None = None
    unique: tuple[str, ...] = ()
    among: str = "open"
    covers: tuple[str, ...] = ()
    expires: str = ""


@attrs.frozen
class FormField:
    """Name a field that is asked for when an activity is done."""

    field: str
    optional: bool = False


@attrs.frozen
class Activity:
    """Describe work asked for in a stage; `outcomes` says which mean done and which again."""

    id: str
    kind: str
    title: str = ""
    required: bool = False
    when: Condition | None = None
    due: str = ""
    after: str = ""
    outcomes: tuple[tuple[str, str], ...] = ()
    form: tuple[FormField, ...] = ()
    once: bool = False
    assign: tuple[str, ...] = ()
    repeat: str = ""
    checklist: tuple[str, ...] = ()


@attrs.frozen
class Target:
    """Name a stage that may come next, and when."""

    to: str
    when: Condition | None = None


@attrs.frozen
class Stage:
    """Describe a stage; `start` holds the stages it can be reached from beside `next` (`any` for all)."""

    id: str
    title: str = ""
    probability: Decimal | None = None
    forecast: str = ""
    final: str = ""
    when: Condition | None = None
    start: tuple[str, ...] = ()
    activities: tuple[Activity, ...] = ()
    entry: tuple[Criterion, ...] = ()
    exit: tuple[Criterion, ...] = ()
    stamp: tuple[str, ...] = ()
    next: tuple[Target, ...] = ()
    guidance: Any = None
    on_enter: tuple[Action, ...] = ()
    on_exit: tuple[Action, ...] = ()
    by_itself: bool = False
    locked: bool = False


@attrs.frozen
class MoveRule:
    """Say who may skip, go back or reopen: `by` is empty for never; `within` a duration after close."""

    by: tuple[str, ...] = ()
    reason: bool = False
    not_to: tuple[str, ...] = ()
    approval: Approval | None = None
    within: str = ""


@attrs.frozen
class EntryKind:
    """Describe a dated fact that may be logged: its fields, and who may log it."""

    id: str
    fields: tuple[Field, ...] = ()
    by: tuple[str, ...] = ("anyone",)
    title: str = ""


@attrs.frozen
class Permission:
    """Say who may do one thing."""

    act: str
    who: tuple[str, ...]


@attrs.frozen
class About:
    """Name the fields that play the known parts."""

    amount: str = ""
    expected_close: str = ""
    account: str = ""
    source: str = ""
    starts: str = ""
    ends: str = ""


@attrs.frozen
class Share:
    """Give a principal a share of credit, as a fraction."""

    who: str
    share: Decimal


@attrs.frozen
class Playbook:
    """Describe a whole process; `parameters` are values as written by name, `timers` those of all stages."""

    id: str
    version: int
    subject: str
    title: str = ""
    maintainer: str = ""
    locale: str = "en"
    about: About = About()
    fields: tuple[Field, ...] = ()
    entries: tuple[EntryKind, ...] = ()
    who_may: tuple[Permission, ...] = ()
    skip: MoveRule = MoveRule()
    back: MoveRule = MoveRule(by=("anyone",))
    criteria: tuple[Criterion, ...] = ()
    stages: tuple[Stage, ...] = ()
    guidance: Any = None
    reopen: MoveRule = MoveRule()
    split: tuple[Share, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    segments: tuple[Segment, ...] = ()
    timers: tuple[Timer, ...] = ()
    when_child: tuple[ChildRule, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    migrate: tuple[Migration, ...] = ()
