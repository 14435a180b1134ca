"""Commands: what someone asks for. Values are what was given; deciding reads them by the field's type."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs


@attrs.frozen
class Open:
    """Open a case of a playbook; `owner` defaults to the actor where that is a person."""

    case: str
    playbook: str
    name: str = ""
    owner: str = ""
    fields: dict[str, Any] = attrs.field(factory=dict)


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
    """Give the case to another owner; the team follows unless named."""

    case: str
    owner: str
    team: str = ""


Command = Open | Set | Do | Log | Advance | Back | Close | Assign


@attrs.frozen
class Request:
    """Hold a command with who asks, when it happened, and whether a person asked."""

    command: Command
    actor: str
    at: dt.datetime
    historical: bool = False
