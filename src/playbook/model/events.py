"""Events: what happened, for good. Their names, kinds and attributes are stored and never change meaning.

Attributes are stored in the order in which they are declared. None refers to itself, so none is tracked by the
garbage collector.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec

from playbook.model.approving import Approved, CreditSplit, Declined, Lapsed, Skipped, Waived
from playbook.model.organization import Person, Settings, Team
from playbook.model.organization_rules import Quota, Rate, Rules
from playbook.model.record import (
    KindPublished,
    RecordChanged,
    RecordEvent,
    RecordForgotten,
    RecordMerged,
    RecordOpened,
    UniqueHeld,
)


class Plan(msgspec.Struct, frozen=True, gc=False):
    """Hold one activity that a stage asked for."""

    id: str
    n: int
    due: dt.datetime | None = None
    assignee: str = ""


class Opened(msgspec.Struct, frozen=True, gc=False):
    """A case was opened in its first stage."""

    playbook: str
    digest: str
    name: str
    owner: str
    team: str
    stage: str
    fields: dict[str, Any] = {}
    plans: tuple[Plan, ...] = ()
    stamp: dict[str, Any] = {}
    historical: bool = False
    parent: str = ""
    territory: str = ""


class Changed(msgspec.Struct, frozen=True, gc=False):
    """Fields changed; None means cleared."""

    fields: dict[str, Any]
    reason: str = ""
    historical: bool = False


class ProbabilitySet(msgspec.Struct, frozen=True, gc=False):
    """How likely the case is won was set by hand, as a fraction; None means cleared."""

    probability: Decimal | None = None
    reason: str = ""
    historical: bool = False


class ForecastSet(msgspec.Struct, frozen=True, gc=False):
    """Where the case counts in a forecast was set by hand; "" means cleared."""

    category: str = ""
    reason: str = ""
    historical: bool = False


class Moved(msgspec.Struct, frozen=True, gc=False):
    """The case moved; `way` is forward, skip, back or close; `outcome` where the stage is final."""

    source: str
    target: str
    way: str
    outcome: str = ""
    reason: str = ""
    plans: tuple[Plan, ...] = ()
    stamp: dict[str, Any] = {}
    passed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    historical: bool = False
    waived: tuple[str, ...] = ()


class Blocked(msgspec.Struct, frozen=True, gc=False):
    """An attempt to advance was refused by these criteria; `asked` are the approvals that it asked for."""

    target: str
    criteria: tuple[str, ...]
    asked: tuple[str, ...] = ()


class Reopened(msgspec.Struct, frozen=True, gc=False):
    """A closed case was opened again in the stage it was closed from."""

    target: str
    reason: str = ""
    plans: tuple[Plan, ...] = ()
    stamp: dict[str, Any] = {}


class GuideOpened(msgspec.Struct, frozen=True, gc=False):
    """Someone opened the guidance of a stage."""

    stage: str


class Finished(msgspec.Struct, frozen=True, gc=False):
    """A planned activity ended with an outcome; `done` says whether that satisfies it."""

    activity: str
    visit: int
    n: int
    outcome: str
    done: bool
    plans: tuple[Plan, ...] = ()


class Logged(msgspec.Struct, frozen=True, gc=False):
    """A dated fact was logged."""

    kind: str
    fields: dict[str, Any] = {}
    text: str = ""


class Assigned(msgspec.Struct, frozen=True, gc=False):
    """The case went to another owner, team or territory."""

    owner: str
    team: str
    before: str = ""
    territory: str = ""


class Published(msgspec.Struct, frozen=True, gc=False):
    """A version of a playbook was published: the digests of its process and of its texts."""

    playbook: str
    version: int
    digest: str
    texts: str


class FilePublished(msgspec.Struct, frozen=True, gc=False):
    """A file of a kind that is stored was published, by the digest of what it says; withdrawn without one.

    `contract` is the version of the kind.
    """

    kind: str
    file: str
    contract: str
    digest: str = ""


class SettingsSet(msgspec.Struct, frozen=True, gc=False):
    """The organization's settings were set."""

    settings: Settings


class TeamSet(msgspec.Struct, frozen=True, gc=False):
    """A team was added or changed."""

    team: Team


class PersonSet(msgspec.Struct, frozen=True, gc=False):
    """A person was added or changed."""

    person: Person


class RulesSet(msgspec.Struct, frozen=True, gc=False):
    """Calendars, territories, assignment, measures, quotas and rates were laid down anew, all of them."""

    rules: Rules


class QuotasImported(msgspec.Struct, frozen=True, gc=False):
    """Rows of a file brought quotas: new ones, and others in place of those with the same key."""

    quotas: tuple[Quota, ...]


class RatesImported(msgspec.Struct, frozen=True, gc=False):
    """Rows of a file brought rates: new ones, and others in place of those of the same day and currency."""

    rates: tuple[Rate, ...]


class PersonForgotten(msgspec.Struct, frozen=True, gc=False):
    """The personal values that name a person were erased, on every stream."""

    person: str


class CaseForgotten(msgspec.Struct, frozen=True, gc=False):
    """The personal values of a case were erased, those of these fields among them."""

    fields: tuple[str, ...] = ()


class ChildReopened(msgspec.Struct, frozen=True, gc=False):
    """A follow-up case that had ended was opened again."""

    child: str
    playbook: str


class Claimed(msgspec.Struct, frozen=True, gc=False):
    """A case got what only one may at a time: values that no other has, or somebody's turn."""

    case: str


class Planned(msgspec.Struct, frozen=True, gc=False):
    """Activities were planned by automation."""

    plans: tuple[Plan, ...]


class Noticed(msgspec.Struct, frozen=True, gc=False):
    """People are to be told something; delivering it is another's work."""

    to: tuple[str, ...]
    about: str
    say: str = ""


class Posted(msgspec.Struct, frozen=True, gc=False):
    """An address outside is to be told."""

    url: str
    about: str


class TimerFired(msgspec.Struct, frozen=True, gc=False):
    """A timer struck; `base` is what it counted from."""

    timer: str
    base: dt.datetime
    due: dt.datetime


class TimerPaused(msgspec.Struct, frozen=True, gc=False):
    """A timer stopped counting (`base` is what it counts from), or goes on where `paused` is false."""

    timer: str
    paused: bool
    base: dt.datetime


class TimersArmed(msgspec.Struct, frozen=True, gc=False):
    """Imported history is quiet: timers count from here at the earliest."""

    since: dt.datetime


class ActionRefused(msgspec.Struct, frozen=True, gc=False):
    """An action that was to happen by itself was refused; it is not tried again."""

    action: str
    message: str
    criteria: tuple[str, ...] = ()


class Linked(msgspec.Struct, frozen=True, gc=False):
    """A follow-up case was opened."""

    child: str
    playbook: str


class ChildEnded(msgspec.Struct, frozen=True, gc=False):
    """A follow-up case ended."""

    child: str
    playbook: str
    outcome: str


Automatic = (
    Planned
    | Noticed
    | Posted
    | TimerFired
    | TimerPaused
    | TimersArmed
    | ActionRefused
    | Linked
    | ChildEnded
    | ChildReopened
)
Answer = Approved | Declined | Waived | Lapsed
CaseEvent = (
    Opened | Changed | Moved | Blocked | Reopened | Finished | Skipped | Logged | Assigned | CreditSplit | Answer
    | GuideOpened | CaseForgotten | Automatic | ProbabilitySet | ForecastSet
)  # fmt: skip
OrganizationEvent = (
    SettingsSet | TeamSet | PersonSet | RulesSet | QuotasImported | RatesImported | PersonForgotten
)
Event = (
    CaseEvent | OrganizationEvent | RecordEvent | Published | FilePublished | KindPublished | UniqueHeld | Claimed
)  # fmt: skip

KINDS: dict[str, type[Any]] = {
    "case.opened/1": Opened,
    "case.changed/1": Changed,
    "case.moved/1": Moved,
    "case.blocked/1": Blocked,
    "case.assigned/1": Assigned,
    "activity.finished/1": Finished,
    "entry.logged/1": Logged,
    "case.reopened/1": Reopened,
    "case.split/1": CreditSplit,
    "activity.skipped/1": Skipped,
    "approval.given/1": Approved,
    "approval.refused/1": Declined,
    "approval.lapsed/1": Lapsed,
    "criterion.waived/1": Waived,
    "activity.planned/1": Planned,
    "notice.asked/1": Noticed,
    "webhook.asked/1": Posted,
    "timer.fired/1": TimerFired,
    "timer.paused/1": TimerPaused,
    "timers.armed/1": TimersArmed,
    "action.refused/1": ActionRefused,
    "case.linked/1": Linked,
    "child.ended/1": ChildEnded,
    "guide.opened/1": GuideOpened,
    "playbook.published/1": Published,
    "file.published/1": FilePublished,
    "organization.settings/1": SettingsSet,
    "organization.team/1": TeamSet,
    "organization.person/1": PersonSet,
    "organization.rules/1": RulesSet,
    "organization.quotas/1": QuotasImported,
    "organization.rates/1": RatesImported,
    "kind.published/1": KindPublished,
    "record.opened/1": RecordOpened,
    "record.changed/1": RecordChanged,
    "record.merged/1": RecordMerged,
    "record.forgotten/1": RecordForgotten,
    "unique.held/1": UniqueHeld,
    "case.forgotten/1": CaseForgotten,
    "person.forgotten/1": PersonForgotten,
    "child.reopened/1": ChildReopened,
    "claim.made/1": Claimed,
    "probability.set/1": ProbabilitySet,
    "forecast.set/1": ForecastSet,
}
KIND_OF = {cls: kind for kind, cls in KINDS.items()}
