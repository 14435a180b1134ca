"""The organization as it stands and stood: people, teams, settings; and the questions asked of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
from msgspec import UNSET, UnsetType

from playbook.model.organization_rules import Imported, Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.model.organization_rules import Quota, Rate

OPERATOR = "operator"
"""The default actor of the command line; may everything."""

AUTOMATIC = ("system", "import")
"""Actors that are no person."""

PRINCIPALS = ("owner", "manager", "team", "anyone")
"""Whoever these are for a case: what may stand where people are named and needs no organization."""


@attrs.frozen(slots=False)
class Post:
    """Say what a person did from a day on; without `since`, ever. A `manager` here goes before the team's."""

    role: str = ""
    team: str = ""
    territory: str = ""
    since: dt.date | None = None
    manager: str = ""


@attrs.frozen(slots=False)
class Away:
    """Say from when until when, both days included, a person is away, and who stands in for them."""

    since: dt.date
    until: dt.date
    delegate: str = ""

    def covers(self, on: dt.date) -> bool:
        """Return whether the person is away on a day."""
        return self.since <= on <= self.until


@attrs.frozen(slots=False)
class Person:
    """Describe a person: who they are and their posts, oldest first.

    `ramp` holds the shares of quota in the first months of employment; `calendar` goes before the team's. `left` is
    the last day of employment.
    """

    id: str
    name: str
    email: str = ""
    manager: str = ""
    locale: str = ""
    posts: tuple[Post, ...] = ()
    hired: dt.date | None = None
    away: tuple[Away, ...] = ()
    ramp: tuple[Decimal, ...] = ()
    calendar: str = ""
    left: dt.date | UnsetType = UNSET

    def post(self, on: dt.date | None = None) -> Post:
        """Return the post held on a day (the latest without one); an earlier value holds until changed."""
        role = team = territory = manager = ""
        since = None
        for post in self.posts:
            if on is None or post.since is None or post.since <= on:
                role, team, territory = post.role or role, post.team or team, post.territory or territory
                manager = post.manager or manager
                since = post.since
        return Post(role, team, territory, since, manager or self.manager)

    def absence(self, on: dt.date) -> Away | None:
        """Return why the person is not there on a day, or None."""
        return next((away for away in self.away if away.covers(on)), None)

    @property
    def employed(self) -> dt.date | None:
        """Return the day of hiring, else that of the first post; None for a post that was held ever."""
        return self.hired or next((post.since for post in self.posts), None)

    def is_employed(self, on: dt.date) -> bool:
        """Return whether the person works here on a day; before the first day nobody does, where there is one."""
        return (self.employed or on) <= on <= (self.left or on)

    def ramp_share(self, on: dt.date) -> Decimal:
        """Return the share of a quota that counts on a day: by whole months of employment, 1 after the ramp."""
        employed = self.employed
        if not self.ramp or employed is None:
            return Decimal(1)
        months = (on.year - employed.year) * 12 + on.month - employed.month - (on.day < employed.day)
        return self.ramp[max(0, months)] if months < len(self.ramp) else Decimal(1)


@attrs.frozen(slots=False)
class Team:
    """Describe a team in the tree; calendar and currency hold for the teams below that have none."""

    id: str
    title: str = ""
    parent: str = ""
    manager: str = ""
    calendar: str = ""
    currency: str = ""


@attrs.frozen(slots=False)
class Settings:
    """Hold what the organization decided for everyone; `fiscal_start` is a month, 1 to 12."""

    id: str = ""
    title: str = ""
    currency: str = ""
    timezone: str = "UTC"
    fiscal_start: int = 1
    fiscal_named_after: str = "end"
    approves_when_no_manager: str = ""


@attrs.frozen(slots=False)
class WasPerson:
    """Hold how a person was described until a day, which is not included."""

    until: dt.date
    person: Person


@attrs.frozen(slots=False)
class WasTeam:
    """Hold how a team was described until a day, which is not included."""

    until: dt.date
    team: Team


@attrs.frozen(slots=False)
class Organization:
    """Hold the folded organization stream; what people and teams were before is kept, oldest first.

    A day of None asks for what is described now, whatever day it begins.
    """

    settings: Settings = Settings()
    teams: dict[str, Team] = attrs.field(factory=dict)
    people: dict[str, Person] = attrs.field(factory=dict)
    rules: Rules = attrs.field(factory=Rules)
    were_people: dict[str, tuple[WasPerson, ...]] = attrs.field(factory=dict)
    were_teams: dict[str, tuple[WasTeam, ...]] = attrs.field(factory=dict)
    imported: Imported | UnsetType = UNSET

    @property
    def quotas(self) -> tuple[Quota, ...]:
        """Return all quotas: those of the file, and those imported that the file does not say otherwise."""
        imported = self.imported.quotas if self.imported else ()
        said = {quota.key for quota in self.rules.quotas} if imported else set()
        return (*self.rules.quotas, *(quota for quota in imported if quota.key not in said))

    @property
    def rates(self) -> tuple[Rate, ...]:
        """Return all rates: those of the file, and those imported that the file does not say otherwise."""
        imported = self.imported.rates if self.imported else ()
        said = {rate.key for rate in self.rules.rates} if imported else set()
        return (*self.rules.rates, *(rate for rate in imported if rate.key not in said))

    def person(self, person_id: str, on: dt.date | None = None) -> Person | None:
        """Return a person as described on a day.

        A dated post counts from its day, whenever it was written; what has no date from when it was written.
        """
        person = self.people.get(person_id)
        if person is None or on is None or person_id not in self.were_people:
            return person
        dated = None
        for was in reversed(self.were_people[person_id]):
            if on >= was.until:
                break
            if dated is None and any(post.since and post.since <= on for post in person.posts):
                dated = person.posts
            person = was.person
        if dated is None:
            return person
        ever = (post for post in person.posts if post.since is None)
        return attrs.evolve(person, posts=(*ever, *(post for post in dated if post.since)))

    def changes(self, person_id: str) -> tuple[dt.date, ...]:
        """Return the days, in order, from which on who a person is, their post or any team may be otherwise."""
        were = self.were_people.get(person_id, ())
        found = {was.until for was in were}
        found |= {was.until for every in self.were_teams.values() for was in every}
        for who in filter(None, (self.people.get(person_id), *(was.person for was in were))):
            found |= {day for day in (who.hired, *(post.since for post in who.posts)) if day is not None}
            if who.left:
                found.add(who.left + dt.timedelta(1))
        return tuple(sorted(found))

    def name_of(self, person_id: str) -> str:
        """Return what a person is called: by the id where there is no such person, or no name."""
        who = self.people.get(person_id)
        return person_id if who is None else who.name or person_id

    def post(self, person_id: str, on: dt.date | None = None) -> Post:
        """Return the post a person held on a day; an empty one for who is unknown."""
        person = self.person(person_id, on)
        return Post() if person is None else person.post(on)

    def team(self, team_id: str, on: dt.date | None = None) -> Team | None:
        """Return a team as it was on a day."""
        if on is not None:
            for was in self.were_teams.get(team_id, ()):
                if on < was.until:
                    return was.team
        return self.teams.get(team_id)

    def lineage(self, team_id: str, on: dt.date | None = None) -> tuple[Team, ...]:
        """Return a team and those above it, the nearest first, as they were on a day."""
        found: dict[str, Team] = {}
        team = self.team(team_id, on)
        while team is not None and team.id not in found:
            found[team.id] = team
            team = self.team(team.parent, on)
        return tuple(found.values())

    def manager_of(self, person_id: str, on: dt.date | None = None) -> str:
        """Return who manages the person on a day: their own, else the team's, else the parent team's."""
        if person_id not in self.people:
            return ""
        post = self.post(person_id, on)
        if post.manager:
            return post.manager
        for team in self.lineage(post.team, on):
            if team.manager and team.manager != person_id:
                return team.manager
        return self.settings.approves_when_no_manager

    def people_of(self, manager: str, on: dt.date | None = None) -> tuple[str, ...]:
        """Return whom a person manages on a day, in order of id."""
        return tuple(name for name in sorted(self.people) if self.manager_of(name, on) == manager)

    def teams_of(self, manager: str, on: dt.date | None = None) -> tuple[str, ...]:
        """Return the teams that a person leads on a day, in order of id."""
        teams = ((name, self.team(name, on)) for name in sorted(self.teams))
        return tuple(name for name, team in teams if team is not None and team.manager == manager)

    def stands_in_for(self, actor: str, on: dt.date) -> tuple[str, ...]:
        """Return those away on a day whose delegate is the actor, directly or through another who is away."""
        found: list[str] = []
        queue = [actor]
        while queue:
            for name in self._delegating(queue.pop(0), on):
                if name != actor and name not in found:
                    found.append(name)
                    queue.append(name)
        return tuple(found)

    def _delegating(self, delegate: str, on: dt.date) -> tuple[str, ...]:
        absences = ((name, self.people[name].absence(on)) for name in sorted(self.people))
        return tuple(name for name, away in absences if away is not None and away.delegate == delegate)

    def with_person(self, person: Person, on: dt.date | None = None) -> Organization:
        """Return the organization with a person added, or described anew from a day on."""
        was = self.people.get(person.id)
        kept = self.were_people
        if was is not None and on is not None:
            kept = _keep(kept, person.id, WasPerson(on, was))
        return attrs.evolve(self, people={**self.people, person.id: person}, were_people=kept)

    def with_imported(self, more: Imported) -> Organization:
        """Return the organization with what rows of files brought."""
        return attrs.evolve(self, imported=(self.imported or Imported()).plus(more))

    def with_team(self, team: Team, on: dt.date | None = None) -> Organization:
        """Return the organization with a team added, or described anew from a day on."""
        was = self.teams.get(team.id)
        kept = self.were_teams
        if was is not None and on is not None:
            kept = _keep(kept, team.id, WasTeam(on, was))
        return attrs.evolve(self, teams={**self.teams, team.id: team}, were_teams=kept)


def _keep(
    kept: Mapping[str, tuple[Any, ...]], name: str, was: WasPerson | WasTeam
) -> dict[str, tuple[Any, ...]]:
    """Add what was; a description that was in force for no whole day is not kept."""
    before = kept.get(name, ())
    if before and before[-1].until >= was.until:
        return dict(kept)
    return {**kept, name: (*before, was)}
