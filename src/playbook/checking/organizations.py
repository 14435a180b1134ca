"""Checks of an organization: people and teams that are named, and circles among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import circles, problem, unknown
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.organization import Organization
    from playbook.reading.project import Project, Reading


def unknown_people(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find people who are named and not there."""
    organization = reading.value
    assert organization is not None
    names: dict[Path, str] = {("approves_when_no_manager",): organization.settings.approves_when_no_manager}
    names |= {("teams", team.id, "manager"): team.manager for team in organization.teams.values()}
    names |= {("people", one.id, "manager"): one.manager for one in organization.people.values()}
    return unknown(reading, codes.UNKNOWN_PERSON, "person", names, organization.people)


def unknown_teams(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find teams that are named and not there."""
    organization = reading.value
    assert organization is not None
    names: dict[Path, str] = {
        ("teams", team.id, "parent"): team.parent for team in organization.teams.values()
    }
    for person in organization.people.values():
        data = reading.source.get("people", person.id)
        names["people", person.id, "team"] = data.get("team", "")
        for index, row in enumerate(data.get("history", ())):
            names["people", person.id, "history", index, "team"] = row.get("team", "")
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


ORGANIZATION_CHECKS: tuple[Check, ...] = (unknown_people, unknown_teams, organization_circles)
