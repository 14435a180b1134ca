"""Commands: what someone asks for. Values are what was given; deciding reads them by the field's type."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import msgspec


@attrs.frozen
class Pool:
    """Say whom one is picked from: people of a role, team and territory (`match` is the case's), and how."""

    role: str = ""
    team: str = ""
    territory: str = ""
    pick: str = "least_loaded"


@attrs.frozen
class Open:
    """Open a case of a playbook; `owner` defaults to the actor where that is a person.

    `parent` is the case that this one follows up; an owner is picked from the pool `to`, else by the rules.
    """

    case: str
    playbook: str
    name: str = ""
    owner: str = ""
    fields: dict[str, Any] = attrs.field(factory=dict)
    parent: str = ""
    to: Pool | None = None


@attrs.frozen
class Set:
    """Change fields; None clears one."""

    case: str
    fields: dict[str, Any]
    reason: str = ""


@attrs.frozen
class Do:
    """Finish a planned activity with an outcome and the fields its form asks for."""

    case: str
    activity: str
    outcome: str = ""
    fields: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Log:
    """Log what was not planned: a call, a payment."""

    case: str
    kind: str
    fields: dict[str, Any] = attrs.field(factory=dict)
    text: str = ""


@attrs.frozen
class Advance:
    """Move forward, to the stage that `next` gives or to the one named."""

    case: str
    to: str = ""
    reason: str = ""


@attrs.frozen
class Back:
    """Move back to an earlier stage."""

    case: str
    to: str
    reason: str = ""


@attrs.frozen
class Close:
    """Move to a final stage, setting fields on the way."""

    case: str
    to: str
    fields: dict[str, Any] = attrs.field(factory=dict)
    reason: str = ""


@attrs.frozen
class Assign:
    """Give the case to another owner, or to one of a pool; the team follows unless named.

    The territory changes where it is named.
    """

    case: str
    owner: str
    team: str = ""
    territory: str = ""
    to: Pool | None = None


@attrs.frozen
class Approve:
    """Say yes to a criterion that was asked for."""

    case: str
    criterion: str
    note: str = ""


@attrs.frozen
class Refuse:
    """Say no to a criterion that was asked for."""

    case: str
    criterion: str
    reason: str = ""


@attrs.frozen
class Waive:
    """Make an exception from a criterion until a day, included; without one, as long as the criterion says."""

    case: str
    criterion: str
    reason: str = ""
    until: dt.date | None = None


@attrs.frozen
class SkipActivity:
    """Leave out a planned activity that nothing requires."""

    case: str
    activity: str
    reason: str = ""


@attrs.frozen
class Reopen:
    """Open a closed case again in the stage it was closed from."""

    case: str
    reason: str = ""


@attrs.frozen
class Guide:
    """Open the guidance for the case as it stands; who may see it may."""

    case: str


@attrs.frozen
class Split:
    """Divide the credit for the case among people; shares are percentages that sum to 100%."""

    case: str
    shares: dict[str, Any]


Command = (
    Open | Set | Do | Log | Advance | Back | Close | Assign
    | Approve | Refuse | Waive | SkipActivity | Reopen | Split | Guide
)  # fmt: skip


@attrs.frozen
class SetRecord:
    """Change fields of a record, named by its id, its name or a unique value; open one where `id` is empty."""

    kind: str
    id: str = ""
    fields: dict[str, Any] = attrs.field(factory=dict)
    reason: str = ""


@attrs.frozen
class Merge:
    """Say that two records are one: `other` points to `keep` from now on, which takes over what it lacks."""

    kind: str
    keep: str
    other: str


RecordCommand = SetRecord | Merge


class Request(msgspec.Struct, frozen=True):
    """Hold a command with who asks, when it happened, and whether a person asked."""

    command: Command
    actor: str
    at: dt.datetime
    historical: bool = False
