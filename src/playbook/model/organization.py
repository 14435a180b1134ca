"""The organization as it stands: people, teams, settings; and the questions asked of it."""

from __future__ import annotations

import datetime as dt

import attrs

OPERATOR = "operator"
"""The default actor of the command line; may everything."""


@attrs.frozen(slots=False)
class Post:
    """Say what a person did from a day on; without `since`, ever."""

    role: str = ""
    team: str = ""
    territory: str = ""
    since: dt.date | None = None


@attrs.frozen(slots=False)
class Person:
    """Describe a person: who they are and their posts, oldest first."""

    id: str
    name: str
    email: str = ""
    manager: str = ""
    locale: str = ""
    posts: tuple[Post, ...] = ()

    def post(self, on: dt.date | None = None) -> Post:
        """Return the post held on a day (the latest without one); an earlier value holds until changed."""
        role = team = territory = ""
        since = None
        for post in self.posts:
            if on is None or post.since is None or post.since <= on:
                role, team, territory = post.role or role, post.team or team, post.territory or territory
                since = post.since
        return Post(role, team, territory, since)


@attrs.frozen(slots=False)
class Team:
    """Describe a team in the tree."""

    id: str
    title: str = ""
    parent: str = ""
    manager: str = ""


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
class Organization:
    """Hold the folded organization stream."""

    settings: Settings = Settings()
    teams: dict[str, Team] = attrs.field(factory=dict)
    people: dict[str, Person] = attrs.field(factory=dict)

    def manager_of(self, person_id: str, on: dt.date | None = None) -> str:
        """Return who manages the person on a day: their own, else the team's, else the parent team's."""
        person = self.people.get(person_id)
        if person is None:
            return ""
        if person.manager:
            return person.manager
        team = self.teams.get(person.post(on).team)
        seen: set[str] = set()
        while team is not None and team.id not in seen:
            if team.manager and team.manager != person_id:
                return team.manager
            seen.add(team.id)
            team = self.teams.get(team.parent)
        return self.settings.approves_when_no_manager

    def with_person(self, person: Person) -> Organization:
        """Return the organization with a person added or replaced."""
        return attrs.evolve(self, people={**self.people, person.id: person})

    def with_team(self, team: Team) -> Organization:
        """Return the organization with a team added or replaced."""
        return attrs.evolve(self, teams={**self.teams, team.id: team})
