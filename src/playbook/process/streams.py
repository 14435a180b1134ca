"""The kinds of streams that ship: what happens on each, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import attrs
import msgspec
from msgspec.structs import replace

from playbook.errors import UnknownName
from playbook.model.case import FOLD, Case
from playbook.model.events import (
    KINDS,
    CaseEvent,
    Claimed,
    FilePublished,
    OrganizationEvent,
    PersonForgotten,
    Published,
    QuotasImported,
    RatesImported,
    RulesSet,
    SettingsSet,
    TeamSet,
)
from playbook.model.organization import Organization
from playbook.model.organization_rules import Imported
from playbook.model.record import RECORD_FOLD, KindPublished, RecordEvent, RecordState, UniqueHeld
from playbook.model.stream_kinds import StreamKind
from playbook.process.decide import decide
from playbook.process.evolve import evolve
from playbook.process.recording import evolve_record
from playbook.times import zone

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from playbook.errors import Refused
    from playbook.model.stream_kinds import Asked, Happened
    from playbook.process.decide import Decision
    from playbook.process.facts import Needs


class Versions(msgspec.Struct, frozen=True):
    """Hold every published version of one playbook, oldest first: the fold of its stream."""

    published: tuple[Published, ...] = ()

    @property
    def current(self) -> Published:
        """Return the version that new cases are opened with."""
        return self.published[-1]

    def texts_of(self, digest: str) -> str:
        """Return the digest of the newest texts of a process; raises UnknownName for another digest."""
        for published in reversed(self.published):
            if published.digest == digest:
                return published.texts
        raise UnknownName("published definition", digest[:12])


class KindVersions(msgspec.Struct, frozen=True):
    """Hold every published form of one kind of record, oldest first: the fold of its stream."""

    published: tuple[KindPublished, ...] = ()

    def binding(self) -> Iterator[KindPublished]:
        """Yield the forms that there may be records of, the newest first."""
        for published in reversed(self.published):
            yield published
            if published.first:
                return


def fold_organization(organization: Organization, event: OrganizationEvent, at: dt.datetime) -> Organization:
    """Return the organization after an event; what it changes counts from that day in the organization's zone."""
    if isinstance(event, SettingsSet):
        return attrs.evolve(organization, settings=event.settings)
    if isinstance(event, PersonForgotten):
        return organization
    if isinstance(event, RulesSet):
        return attrs.evolve(organization, rules=event.rules)
    if isinstance(event, QuotasImported):
        return organization.with_imported(Imported(quotas=event.quotas))
    if isinstance(event, RatesImported):
        return organization.with_imported(Imported(rates=event.rates))
    day = at.astimezone(zone(organization.settings.timezone)).date()
    if isinstance(event, TeamSet):
        return organization.with_team(event.team, day)
    return organization.with_person(event.person, day)


def _case_after(case: Case | None, event: Any, happened: Happened) -> Case:
    return evolve(case, happened.id, event, happened.at, happened.actor)


def _case_decided(case: Case | None, _: Any, asked: Asked) -> Decision | Refused | Needs:
    return decide(asked.definition, case, asked.request, asked.facts)


def _organization_after(organization: Organization, event: Any, happened: Happened) -> Organization:
    return fold_organization(organization, event, happened.at)


def _record_after(state: RecordState | None, event: Any, happened: Happened) -> RecordState:
    return evolve_record(state, happened.id.partition(":")[2], event, happened.at)


def _version_added(versions: Any, event: Any, _: Happened) -> Any:
    return replace(versions, published=(*versions.published, event))


def _latest(_: Any, event: Any, __: Happened) -> Any:
    return event


def _of(events: Any) -> Mapping[str, type[Any]]:
    """Return the events of a union, or the one, by the kind they are stored as."""
    wanted = get_args(events) or (events,)
    return {kind: event for kind, event in KINDS.items() if event in wanted}


STANDARD_STREAMS: tuple[StreamKind, ...] = (
    StreamKind("claim", "1", _of(Claimed), _latest, doc="What only one case gets at a time: values, a turn"),
    StreamKind(
        "case",
        "1",
        _of(CaseEvent),
        _case_after,
        Case,
        decide=_case_decided,
        fold=FOLD,
        doc="One run of a playbook",
    ),
    StreamKind("file", "1", _of(FilePublished), _latest, doc="A published file of a plugin's kind"),
    StreamKind("kind", "1", _of(KindPublished), _version_added, KindVersions, KindVersions(), doc="A kind of record"),
    StreamKind(
        "organization", "1", _of(OrganizationEvent), _organization_after, Organization, Organization(),
        doc="People, teams and rules",
    ),
    StreamKind("playbook", "1", _of(Published), _version_added, Versions, Versions(), doc="Published versions"),
    StreamKind("record", "1", _of(RecordEvent), _record_after, RecordState, fold=RECORD_FOLD, doc="An account, ..."),
    StreamKind("unique", "1", _of(UniqueHeld), _latest, fold=RECORD_FOLD, doc="A value of one record alone"),
)  # fmt: skip
"""The kinds of streams that ship. Who decides on other things than cases is the engine: it needs the store."""
