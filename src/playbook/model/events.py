"""Events: what happened, for good. Their names, kinds and attributes are stored and never change meaning.

Attributes are stored in the order in which they are declared; without slots that order is certain.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from playbook.model.organization import Person, Settings, Team
from playbook.model.organization_rules import Rules


@attrs.frozen(slots=False)
class Plan:
    """Hold one activity that a stage asked for."""

    id: str
    n: int
    due: dt.datetime | None = None
    assignee: str = ""


@attrs.frozen(slots=False)
class Opened:
    """A case was opened in its first stage."""

    playbook: str
    digest: str
    name: str
    owner: str
    team: str
    stage: str
    fields: dict[str, Any] = attrs.field(factory=dict)
    plans: tuple[Plan, ...] = ()
    stamp: dict[str, Any] = attrs.field(factory=dict)
    historical: bool = False


@attrs.frozen(slots=False)
class Changed:
    """Fields changed; None means cleared."""

    fields: dict[str, Any]
    reason: str = ""
    historical: bool = False


@attrs.frozen(slots=False)
class Moved:
    """The case moved; `way` is forward, skip, back or close; `outcome` where the stage is final."""

    source: str
    target: str
    way: str
    outcome: str = ""
    reason: str = ""
    plans: tuple[Plan, ...] = ()
    stamp: dict[str, Any] = attrs.field(factory=dict)
    passed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    historical: bool = False


@attrs.frozen(slots=False)
class Blocked:
    """An attempt to advance was refused by these criteria."""

    target: str
    criteria: tuple[str, ...]


@attrs.frozen(slots=False)
class Finished:
    """A planned activity ended with an outcome; `done` says whether that satisfies it."""

    activity: str
    visit: int
    n: int
    outcome: str
    done: bool
    plans: tuple[Plan, ...] = ()


@attrs.frozen(slots=False)
class Logged:
    """A dated fact was logged."""

    kind: str
    fields: dict[str, Any] = attrs.field(factory=dict)
    text: str = ""


@attrs.frozen(slots=False)
class Assigned:
    """The case went to another owner or team."""

    owner: str
    team: str
    before: str = ""


@attrs.frozen(slots=False)
class Published:
    """A version of a playbook was published: the digests of its process and of its texts."""

    playbook: str
    version: int
    digest: str
    texts: str


@attrs.frozen(slots=False)
class SettingsSet:
    """The organization's settings were set."""

    settings: Settings


@attrs.frozen(slots=False)
class TeamSet:
    """A team was added or changed."""

    team: Team


@attrs.frozen(slots=False)
class PersonSet:
    """A person was added or changed."""

    person: Person


@attrs.frozen(slots=False)
class RulesSet:
    """Calendars, territories, assignment, measures, quotas and rates were laid down anew, all of them."""

    rules: Rules


CaseEvent = Opened | Changed | Moved | Blocked | Finished | Logged | Assigned
OrganizationEvent = SettingsSet | TeamSet | PersonSet | RulesSet
Event = CaseEvent | OrganizationEvent | Published

KINDS: dict[str, type[Any]] = {
    "case.opened/1": Opened,
    "case.changed/1": Changed,
    "case.moved/1": Moved,
    "case.blocked/1": Blocked,
    "case.assigned/1": Assigned,
    "activity.finished/1": Finished,
    "entry.logged/1": Logged,
    "playbook.published/1": Published,
    "organization.settings/1": SettingsSet,
    "organization.team/1": TeamSet,
    "organization.person/1": PersonSet,
    "organization.rules/1": RulesSet,
}
KIND_OF = {cls: kind for kind, cls in KINDS.items()}
