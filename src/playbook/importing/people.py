"""Rows to people and teams of the organization."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import attrs

from playbook.errors import InputError
from playbook.importing.cells import RowFault, require_columns, text_reader
from playbook.importing.outcome import compared
from playbook.model.organization import AUTOMATIC, OPERATOR, PRINCIPALS, Organization, Person, Post, Team

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbook.engine import Engine
    from playbook.importing.outcome import Outcome
    from playbook.model.contributions import SourceRow
    from playbook.model.mapping import ImportMapping, PersonColumns

MANAGER = "manager"
"""The role given to a manager whom a row names and no row describes."""

RESERVED = (OPERATOR, *AUTOMATIC, *PRINCIPALS)
"""Ids that mean something else where people are named; nobody gets one from their name."""


def import_people(
    engine: Engine, mapping: ImportMapping, rows: Iterable[SourceRow], *, actor: str
) -> Outcome:
    """Bring the people of the rows, and the teams and managers they name, into the organization's stream."""
    columns = mapping.person
    if columns is None:
        raise InputError(f"mapping {mapping.id!r} goes into the organization and has no `person:`")
    wanted = _Wanted(engine.world.organization, mapping, columns)
    outcome = compared(mapping, rows, wanted.add)
    engine.enlist(Organization(teams=wanted.teams, people=wanted.people), actor=actor)
    return outcome


class _Wanted:
    """Gather people and teams; a row that describes a person counts over being named as a manager."""

    def __init__(self, organization: Organization, mapping: ImportMapping, columns: PersonColumns) -> None:
        self.people: dict[str, Person] = {}
        self.teams: dict[str, Team] = {}
        self._known = organization
        self._mapping = mapping
        self._columns = columns
        self._name, self._role = text_reader(columns.name), text_reader(columns.role)
        self._team, self._manager = text_reader(columns.team), text_reader(columns.manager)
        self._lines: dict[tuple[str, str], int] = {}
        self._ids = _Ids({*organization.people, *RESERVED}, "person")
        for person in organization.people.values():
            self._ids.know(person.name, person.id)
        self._team_ids = _Ids({*organization.teams, *RESERVED}, "team")
        for team in organization.teams.values():
            self._team_ids.know(team.title or team.id, team.id)

    def add(self, row: SourceRow) -> tuple[Person, Person | None]:
        """Add the person of a row with their team and manager; return them as wanted, and as known before.

        Raises RowFault for a bad row, of which nothing is added then.
        """
        if row.fault:
            raise RowFault(row.fault)
        cells = row.cells
        if not self._lines:
            self._require_columns(cells)
        name, boss, title = self._name(cells), self._manager(cells), self._team(cells)
        if not name:
            raise RowFault(f"{self._columns.name.column or 'name'}: the name is missing")
        self._require_new(row, self._mapping.key, cells[self._mapping.key].strip())
        if self._columns.name.column != self._mapping.key:
            self._require_new(row, self._columns.name.column, name)
        id_, manager, team = self._ids.of(name), self._ids.of(boss), self._team_ids.of(title)
        if team and team not in self._known.teams:
            self.teams.setdefault(team, Team(team, title))
        if manager and manager not in self._known.people:
            self.people.setdefault(manager, Person(manager, boss, posts=(Post(MANAGER, team),)))
        known = self._known.people.get(id_)
        person = _described(known or Person(id_, name), self._role(cells), team, manager)
        self.people[id_] = person
        return person, known

    def _require_columns(self, cells: Mapping[str, str]) -> None:
        columns = self._columns
        said = (columns.name, columns.role, columns.team, columns.manager)
        names = (self._mapping.key, *(cell.column for cell in said if cell and cell.column))
        require_columns(tuple(dict.fromkeys(names)), cells, self._mapping.id)

    def _require_new(self, row: SourceRow, column: str, key: str) -> None:
        if not key:
            raise RowFault(f"{column}: the key is missing")
        first = self._lines.setdefault((column, key), row.line)
        if first != row.line:
            raise RowFault(f"{column}: {key!r} stands on line {first} already")


def _described(known: Person, role: str, team: str, manager: str) -> Person:
    """Return a person with what a row says; what it leaves blank stays."""
    post, posts = known.post(), known.posts
    if not posts or (role or post.role, team or post.team) != (post.role, post.team):
        last = posts[-1] if posts else Post()
        posts = (*posts[:-1], attrs.evolve(last, role=role or post.role, team=team or post.team))
    own = "" if manager == known.id else manager
    return attrs.evolve(known, manager=own or known.manager, posts=posts)


class _Ids:
    """Give names their ids: known ones keep theirs, new ones get one that is free."""

    def __init__(self, taken: set[str], kind: str) -> None:
        self._taken = taken
        self._kind = kind
        self._ids: dict[str, str] = {}
        self._shared: set[str] = set()

    def know(self, name: str, id_: str) -> None:
        """Note the id of a name."""
        if self._ids.setdefault(name, id_) != id_:
            self._shared.add(name)

    def of(self, name: str) -> str:
        """Return the id of a name, "" for a blank one; raises RowFault where several have the name."""
        if name in self._shared:
            raise RowFault(f"several have the name {name!r}: tell them apart in the organization first")
        if name and name not in self._ids:
            wanted = slug(name) or self._kind
            ids = itertools.chain((wanted,), (f"{wanted}_{number}" for number in itertools.count(2)))
            self._ids[name] = next(id_ for id_ in ids if id_ not in self._taken)
            self._taken.add(self._ids[name])
        return self._ids.get(name, "")


def slug(name: str) -> str:
    """Return an id for a name: its letters and digits in lower case, anything else an underscore."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
