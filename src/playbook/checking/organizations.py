"""Checks of an organization: names that nothing has, circles, people whom nobody manages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import circles, key_problem, problem, unknown
from playbook.model.organization_rules import MATCH
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.organization import Organization
    from playbook.reading.project import Project, Reading
    from playbook.reading.source import Map


def unknown_people(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find people who are named and not there."""
    organization = reading.value
    assert organization is not None
    names: dict[Path, str] = {("approves_when_no_manager",): organization.settings.approves_when_no_manager}
    names |= {("teams", team.id, "manager"): team.manager for team in organization.teams.values()}
    names |= {("people", one.id, "manager"): one.manager for one in organization.people.values()}
    for path, row in _rows(reading, "history"):
        names[*path, "manager"] = row.get("manager", "")
    for path, row in _rows(reading, "away"):
        names[*path, "delegate"] = row.get("delegate", "")
    names |= {("quotas", i, "person"): one.get("person", "") for i, one in _list(reading, "quotas")}
    return unknown(reading, codes.UNKNOWN_PERSON, "person", names, organization.people)


def unknown_teams(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find teams that are named and not there."""
    organization = reading.value
    assert organization is not None
    names: dict[Path, str] = {
        ("teams", team.id, "parent"): team.parent for team in organization.teams.values()
    }
    for person in organization.people:
        names["people", person, "team"] = reading.source.get("people", person).get("team", "")
    for path, row in _rows(reading, "history"):
        names[*path, "team"] = row.get("team", "")
    names |= {("territories", one.id, "team"): one.team for one in organization.rules.territories}
    names |= {
        ("assignment", i, "to", "team"): one.team for i, one in enumerate(organization.rules.assignment)
    }
    names |= {("quotas", i, "team"): one.get("team", "") for i, one in _list(reading, "quotas")}
    return unknown(reading, codes.UNKNOWN_TEAM, "team", names, organization.teams)


def organization_circles(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find teams above each other, and people who manage each other."""
    organization = reading.value
    assert organization is not None
    parents = {team.id: team.parent for team in organization.teams.values() if team.parent}
    for circle in circles(parents):
        message = "teams lie above each other: " + " under ".join((*circle, circle[0]))
        path = ("teams", circle[0], "parent")
        yield problem(reading, codes.CIRCLE, message, path, "one of them has no `parent`")
    managers = {one.id: one.manager for one in organization.people.values() if one.manager}
    for circle in circles(managers):
        message = "people manage each other: " + " under ".join((*circle, circle[0]))
        path = ("people", circle[0], "manager")
        yield problem(reading, codes.CIRCLE, message, path, "one of them has no `manager`")


def people_without_manager(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find people whom nobody manages, so that nobody approves for them; who leads a team may stand above all."""
    organization = reading.value
    assert organization is not None
    leading = {team.manager for team in organization.teams.values()}
    leading |= {organization.manager_of(name) for name in organization.people}
    for name in organization.people:
        if name not in leading and not organization.manager_of(name):
            hint = "give the person or the team a manager, or say who `approves_when_no_manager`"
            message = f"nobody manages {name!r}, so what needs the manager stands still"
            yield key_problem(reading, codes.NO_MANAGER, message, ("people", name), hint, "warning")


def unknown_calendars(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find calendars that are named and not there."""
    organization = reading.value
    assert organization is not None
    names: dict[Path, str] = {
        ("teams", one.id, "calendar"): one.calendar for one in organization.teams.values()
    }
    names |= {("people", one.id, "calendar"): one.calendar for one in organization.people.values()}
    known = [calendar.id for calendar in organization.rules.calendars]
    return unknown(reading, codes.UNKNOWN_CALENDAR, "calendar", names, known)


def unknown_territories(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find territories that are named and not there."""
    organization = reading.value
    assert organization is not None
    names: dict[Path, str] = {}
    for person in organization.people:
        names["people", person, "territory"] = reading.source.get("people", person).get("territory", "")
    for path, row in _rows(reading, "history"):
        names[*path, "territory"] = row.get("territory", "")
    for index, rule in enumerate(organization.rules.assignment):
        names["assignment", index, "to", "territory"] = "" if rule.territory == MATCH else rule.territory
    names |= {("quotas", i, "territory"): one.get("territory", "") for i, one in _list(reading, "quotas")}
    known = [territory.id for territory in organization.rules.territories]
    return unknown(reading, codes.UNKNOWN_TERRITORY, "territory", names, known)


def unknown_roles(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find roles in assignment that nobody has; people may come by an import too, so this is a warning."""
    organization = reading.value
    assert organization is not None
    roles = {post.role for person in organization.people.values() for post in person.posts}
    names: dict[Path, str] = {
        ("assignment", i, "to", "role"): rule.role for i, rule in enumerate(organization.rules.assignment)
    }
    if organization.people:
        yield from unknown(reading, codes.UNKNOWN_WHO, "person with the role", names, roles, "warning")


def _rows(reading: Reading[Organization], key: str) -> Iterator[tuple[Path, Map]]:
    """Yield the rows of a list that every person has, with their path."""
    for person, data in (reading.source.get("people") or {}).items():
        for index, row in enumerate(data.get(key, ())):
            yield ("people", person, key, index), row


def _list(reading: Reading[Organization], key: str) -> Iterator[tuple[int, Map]]:
    return enumerate(reading.source.get(key) or ())


ORGANIZATION_CHECKS: tuple[Check, ...] = (
    unknown_people, unknown_teams, organization_circles, people_without_manager, unknown_calendars,
    unknown_territories, unknown_roles,
)  # fmt: skip
