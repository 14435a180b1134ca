"""The rules of a playbook beyond stages and criteria: approvals, timers, actions, parameters."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen(slots=False)  # stands in events too, in the order of its attributes
class Condition:
    """Hold a condition as it was written and as its stored syntax tree."""

    text: str
    tree: Any


@attrs.frozen
class Approval:
    """Say whose yes is needed: `mode` is any, all, in_order or quorum (of `needed`); `by` are principals.

    Durations are as written; `refused_back` is the stage that a no leads back to.
    """

    by: tuple[str, ...]
    mode: str = "any"
    needed: int = 1
    when: Condition | None = None
    separate: bool = False
    delegate: bool = True
    remind: str = ""
    expires: str = ""
    refused_back: str = ""


@attrs.frozen
class Assignment:
    """Say what a field is set to: a literal as it is stored, or `is`, an expression's value."""

    field: str
    value: Any = None
    is_: Condition | None = None


@attrs.frozen
class Action:
    """Describe what happens by itself: one verb and its options.

    `notify` has `who` and `say`; `assign` has `who`, or the `team`, `role` and `territory` that one is picked
    from; `set` and `close` (`target`, the stage) have `sets`; `schedule` has `target`, an activity, and `due`;
    `open` has `target`, a playbook, `copy` (their field, my field) and an owner as `assign` has; `advance` may
    have `target`; `webhook` has `target`, an address; a plugin's verb has `options`.
    """

    verb: str
    target: str = ""
    who: tuple[str, ...] = ()
    pick: str = ""
    say: str = ""
    sets: tuple[Assignment, ...] = ()
    copy: tuple[tuple[str, str], ...] = ()
    due: str = ""
    when: Condition | None = None
    options: Any = None
    team: str = ""
    role: str = ""
    territory: str = ""


@attrs.frozen
class Timer:
    """Describe a timer of some stages: `kind` is in_stage, idle, before (a field) or after (a field or activity).

    No `stages` are all of them; `by` is a duration or `$parameter`; `resets_on` holds move, entry.KIND or
    field.NAME.
    """

    id: str
    stages: tuple[str, ...]
    kind: str
    by: str
    field: str = ""
    activity: str = ""
    outcome: str = ""
    then: tuple[Action, ...] = ()
    when: Condition | None = None
    pauses_when: Condition | None = None
    resets_on: tuple[str, ...] = ()


@attrs.frozen
class Segment:
    """Give parameters other values where a condition holds."""

    when: Condition
    set: tuple[tuple[str, str], ...]


@attrs.frozen
class ChildRule:
    """Say what the end of a follow-up case does here."""

    playbook: str
    outcome: str
    then: tuple[Action, ...]


@attrs.frozen
class Invariant:
    """Name a condition that holds after every command."""

    id: str
    that: Condition


@attrs.frozen
class Migration:
    """Say how cases of an earlier version move: old stages and fields with the new; `otherwise` for the rest."""

    version: int
    stages: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    otherwise: str = "keep"
    after: str = ""
