"""Commands: what someone asks for. Values are what was given; deciding reads them by the field's type."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec


class Pool(msgspec.Struct, frozen=True, gc=False):
    """Say whom one is picked from: people of a role, team and territory (`match` is the case's), and how."""

    role: str = ""
    team: str = ""
    territory: str = ""
    pick: str = "least_loaded"


class Open(msgspec.Struct, frozen=True, gc=False):
    """Open a case of a playbook; `owner` defaults to the actor where that is a person.

    `parent` is the case that this one follows up; an owner is picked from the pool `to`, else by the rules.
    """

    case: str
    playbook: str
    name: str = ""
    owner: str = ""
    fields: dict[str, Any] = {}
    parent: str = ""
    to: Pool | None = None


class Set(msgspec.Struct, frozen=True, gc=False):
    """Change fields; None clears one."""

    case: str
    fields: dict[str, Any]
    reason: str = ""


class Do(msgspec.Struct, frozen=True, gc=False):
    """Finish a planned activity with an outcome and the fields its form asks for."""

    case: str
    activity: str
    outcome: str = ""
    fields: dict[str, Any] = {}


class Log(msgspec.Struct, frozen=True, gc=False):
    """Log what was not planned: a call, a payment."""

    case: str
    kind: str
    fields: dict[str, Any] = {}
    text: str = ""


class Advance(msgspec.Struct, frozen=True, gc=False):
    """Move forward, to the stage that `next` gives or to the one named."""

    case: str
    to: str = ""
    reason: str = ""


class Back(msgspec.Struct, frozen=True, gc=False):
    """Move back to an earlier stage."""

    case: str
    to: str
    reason: str = ""


class Close(msgspec.Struct, frozen=True, gc=False):
    """Move to a final stage, setting fields on the way."""

    case: str
    to: str
    fields: dict[str, Any] = {}
    reason: str = ""


class Assign(msgspec.Struct, frozen=True, gc=False):
    """Give the case to another owner, or to one of a pool; the team follows unless named.

    The territory changes where it is named.
    """

    case: str
    owner: str
    team: str = ""
    territory: str = ""
    to: Pool | None = None


class Approve(msgspec.Struct, frozen=True, gc=False):
    """Say yes to a criterion that was asked for."""

    case: str
    criterion: str
    note: str = ""


class Refuse(msgspec.Struct, frozen=True, gc=False):
    """Say no to a criterion that was asked for."""

    case: str
    criterion: str
    reason: str = ""


class Waive(msgspec.Struct, frozen=True, gc=False):
    """Make an exception from a criterion until a day, included; without one, as long as the criterion says."""

    case: str
    criterion: str
    reason: str = ""
    until: dt.date | None = None


class SkipActivity(msgspec.Struct, frozen=True, gc=False):
    """Leave out a planned activity that nothing requires."""

    case: str
    activity: str
    reason: str = ""


class Reopen(msgspec.Struct, frozen=True, gc=False):
    """Open a closed case again in the stage it was closed from."""

    case: str
    reason: str = ""


class Guide(msgspec.Struct, frozen=True, gc=False):
    """Open the guidance for the case as it stands; who may see it may."""

    case: str


class Split(msgspec.Struct, frozen=True, gc=False):
    """Divide the credit for the case among people; shares are percentages that sum to 100%."""

    case: str
    shares: dict[str, Any]


Command = (
    Open | Set | Do | Log | Advance | Back | Close | Assign
    | Approve | Refuse | Waive | SkipActivity | Reopen | Split | Guide
)  # fmt: skip


class SetRecord(msgspec.Struct, frozen=True, gc=False):
    """Change fields of a record, named by its id, its name or a unique value; open one where `id` is empty."""

    kind: str
    id: str = ""
    fields: dict[str, Any] = {}
    reason: str = ""


class Merge(msgspec.Struct, frozen=True, gc=False):
    """Say that two records are one: `other` points to `keep` from now on, which takes over what it lacks."""

    kind: str
    keep: str
    other: str


RecordCommand = SetRecord | Merge


class Request(msgspec.Struct, frozen=True, gc=False):
    """Hold a command with who asks, when it happened, and whether a person asked."""

    command: Command
    actor: str
    at: dt.datetime
    historical: bool = False
