"""Rows to people and teams of the organization."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from playbook.errors import InputError
from playbook.importing.cells import RowFault, require_columns, text_reader
from playbook.importing.outcome import Outcome, Rejected
from playbook.model.organization import Organization, Person, Post, Team

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.engine import Engine
    from playbook.model.contributions import SourceRow
    from playbook.model.mapping import ImportMapping, PersonColumns

MANAGER = "manager"
"""The role given to a manager whom a row names and no row describes."""


def import_people(
    engine: Engine, mapping: ImportMapping, rows: Iterable[SourceRow], *, actor: str
) -> Outcome:
    """Bring the people of the rows, and the teams and managers they name, into the organization's stream."""
    columns = mapping.person
    if columns is None:
        raise InputError(f"mapping {mapping.id!r} goes into the organization and has no `person:`")
    outcome = Outcome()
    before = engine.world.organization
    wanted = _Wanted(before)
    names = tuple(
        c.column for c in (columns.name, columns.role, columns.team, columns.manager) if c and c.column
    )
    for row in rows:
        outcome.rows += 1
        try:
            if row.fault:
                raise RowFault(row.fault)
            if outcome.rows == 1:
                require_columns(names, row.cells, mapping.id)
            person = wanted.add(columns, row)
        except RowFault as fault:
            outcome.rejected.append(Rejected(row.line, str(fault)))
            continue
        known = before.people.get(person.id)
        outcome.opened += known is None
        outcome.changed += known is not None and known != person
        outcome.skipped += known == person
    if not (outcome.rejected and mapping.on_bad_row == "stop"):
        engine.enlist(Organization(teams=wanted.teams, people=wanted.people), actor=actor)
    return outcome


class _Wanted:
    """Gather people and teams; the first row that describes a person counts over being named as a manager."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.people: dict[str, Person] = {}
        self.teams: dict[str, Team] = {}
        self._ids = {person.name: person.id for person in organization.people.values()}
        self._team_ids = {team.title or team.id: team.id for team in organization.teams.values()}

    def add(self, columns: PersonColumns, row: SourceRow) -> Person:
        """Add the person of a row with their team and manager; raises RowFault without a name."""
        name = text_reader(columns.name)(row.cells)
        if not name:
            raise RowFault(f"{columns.name.column or 'name'}: the name is missing")
        team = self._team(text_reader(columns.team)(row.cells))
        manager_name = text_reader(columns.manager)(row.cells)
        manager = ""
        if manager_name:
            manager = self._id(manager_name)
            if manager not in self.organization.people:
                self.people.setdefault(manager, Person(manager, manager_name, posts=(Post(MANAGER, team),)))
        role = text_reader(columns.role)(row.cells)
        id_ = self._id(name)
        known = self.organization.people.get(id_, Person(id_, name))
        post = known.post()
        posts = known.posts
        if (role or post.role, team or post.team) != (post.role, post.team) or not posts:
            posts = (*posts[:-1], Post(role or post.role, team or post.team, post.territory, post.since))
        person = attrs.evolve(known, manager=manager or known.manager, posts=posts)
        self.people[id_] = person
        return person

    def _id(self, name: str) -> str:
        return self._ids.setdefault(name, slug(name))

    def _team(self, title: str) -> str:
        if not title:
            return ""
        id_ = self._team_ids.setdefault(title, slug(title))
        if id_ not in self.organization.teams:
            self.teams.setdefault(id_, Team(id_, title))
        return id_


def slug(name: str) -> str:
    """Return an id for a name: its letters and digits in lower case, anything else an underscore."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
