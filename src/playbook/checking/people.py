"""Checks of who: principals that are nobody, and approvals that nobody can give."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from playbook.checking.found import one_or_items, problem, unknown
from playbook.checking.parts import actions, activities, approvals, moves, playbook_of
from playbook.model.mapping import ORGANIZATION
from playbook.model.organization import PRINCIPALS
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.organization import Organization
    from playbook.model.playbook import Playbook
    from playbook.model.rules import Approval
    from playbook.reading.project import Project, Reading

_WHO = "person, role or field with a person"


def unknown_who(reading: Reading[Playbook], project: Project | None) -> Iterator[Problem]:
    """Find principals that are no person, no role that anybody has, and no field with a person."""
    playbook = playbook_of(reading)
    known = _known(playbook, project)
    if known is None:
        return
    names: dict[Path, str] = {}
    for permission in playbook.who_may:
        names |= one_or_items(reading, ("who_may", permission.act), permission.who)
    for path, move in moves(playbook):
        if reading.source.get(*path, "by") is not None:
            names |= one_or_items(reading, (*path, "by"), move.by)
    for kind in playbook.entries:
        names |= one_or_items(reading, ("entries", kind.id, "by"), kind.by)
        for field in kind.fields:
            path = ("entries", kind.id, "fields", field.id, "visible_to")
            names |= one_or_items(reading, path, field.visible_to)
    for field in playbook.fields:
        names |= one_or_items(reading, ("fields", field.id, "visible_to"), field.visible_to)
    for path, activity in activities(playbook):
        names |= one_or_items(reading, (*path, "assign"), activity.assign)
    for path, action, _ in actions(reading):
        key = "owner" if action.verb == "open" else action.verb
        names |= one_or_items(reading, (*path, key), action.who)
        names[*path, key, "role"] = action.role
    names |= {("split", share.who): share.who for share in playbook.split}
    yield from unknown(reading, codes.UNKNOWN_WHO, _WHO, names, known, "warning")


def _known(playbook: Playbook, project: Project | None) -> Collection[str] | None:
    """Return who there is; None where people are not all in files, or there are none."""
    organization = _organization(project)
    if organization is None:
        return None
    fields = [field.id for field in playbook.fields if field.type == "person"]
    roles = {post.role for person in organization.people.values() for post in person.posts if post.role}
    return (*PRINCIPALS, *fields, *sorted(roles), *organization.people)


def _organization(project: Project | None) -> Organization | None:
    """Return the organization where all of its people are in files."""
    organization = project.organization.value if project and project.organization else None
    if project is None or organization is None or not organization.people:
        return None
    imported = any(one.value and one.value.into == ORGANIZATION for one in project.mappings.values())
    return None if imported else organization


def approvals_of_nobody(reading: Reading[Playbook], project: Project | None) -> Iterator[Problem]:
    """Find approvals that can never be given, and approvers who are nobody."""
    playbook = playbook_of(reading)
    known = _known(playbook, project)
    organization = _organization(project)
    fields = {field.id for field in playbook.fields if field.type == "person"}
    for path, approval in approvals(playbook):
        there = {name: _people(name, approval, organization, fields) for name in approval.by}
        possible = _possible(approval, there)
        if known is not None and not set(approval.by) <= set(known):
            yield from _unknown_approvers(reading, path, approval, known, possible=possible)
        elif approval.by and not possible:
            hint = "with `separate` the owner cannot approve; name somebody else"
            if not (approval.separate and "owner" in approval.by):
                hint = "name more people, or ask for fewer"
            yield problem(reading, codes.NOBODY_APPROVES, _cannot(approval, there), path, hint)


def _people(name: str, approval: Approval, organization: Organization | None, fields: set[str]) -> float:
    """Return how many people there are behind a principal at most."""
    if name == "owner":
        return 0 if approval.separate else 1
    if name == "manager" or name in fields:
        return 1
    if name in PRINCIPALS or organization is None:
        return math.inf
    if name in organization.people:
        return 1
    return sum(person.post().role == name for person in organization.people.values())


def _possible(approval: Approval, there: Mapping[str, float]) -> bool:
    if approval.mode in ("all", "in_order"):
        return all(there.values())
    return sum(there.values(), start=0.0) >= approval.needed


def _cannot(approval: Approval, there: Mapping[str, float]) -> str:
    people = sum(there.values(), start=0.0)
    if approval.mode == "quorum" and people:
        return f"{approval.needed} people have to approve, and only {people:.0f} can"
    return "this approval can never be given"


def _unknown_approvers(
    reading: Reading[Playbook], path: Path, approval: Approval, known: Collection[str], *, possible: bool
) -> Iterator[Problem]:
    severity = "warning" if possible else "error"
    code = codes.UNKNOWN_WHO if possible else codes.NOBODY_APPROVES
    said = reading.source.get(*path)
    key = next(name for name in ("by", "any", "all", "in_order", "quorum") if name in said)
    for name in approval.by:
        names: dict[Path, str] = {(*path, key): name}
        if isinstance(said[key], list):
            names = {(*path, key, approval.by.index(name)): name}
        yield from unknown(reading, code, _WHO, names, known, severity)


PEOPLE_CHECKS: tuple[Check, ...] = (unknown_who, approvals_of_nobody)
