"""Who may do what: principals are owner, manager, team, anyone, a role, a person, or a person field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from playbook.model.organization import AUTOMATIC, OPERATOR

if TYPE_CHECKING:
    import datetime as dt

    from playbook.model.case import Case
    from playbook.model.organization import Organization
    from playbook.model.playbook import Activity


class Owned(Protocol):
    """Say whose a case is: what of it decides who may."""

    @property
    def owner(self) -> str: ...  # noqa: D102

    @property
    def team(self) -> str: ...  # noqa: D102

    @property
    def fields(self) -> Mapping[str, Any]: ...  # noqa: D102


def permits(
    who: tuple[str, ...], actor: str, case: Owned, organization: Organization, on: dt.date | None = None
) -> bool:
    """Return whether the actor is one of the principals on a day; the operator and automation always are."""
    if "anyone" in who or actor == OPERATOR or actor in AUTOMATIC:
        return True
    if "owner" in who and actor == case.owner:
        return True
    if actor in who or any(case.fields.get(principal) == actor for principal in who):
        return True
    if actor not in organization.people:
        return False
    post = organization.post(actor, on)
    if post.role in who or ("team" in who and case.team and post.team == case.team):
        return True
    return "manager" in who and _manages(actor, case, organization, on)


def person_for(principal: str, case: Case, organization: Organization, on: dt.date) -> str:
    """Return the one person behind a principal on a day; "" where that is nobody, or several have the role."""
    if principal == "owner":
        return case.owner
    if principal == "manager":
        return organization.manager_of(case.owner, on)
    if principal in organization.people:
        return principal
    named = case.fields.get(principal)
    if isinstance(named, str):
        return named if named in organization.people else ""
    holders = [name for name in sorted(organization.people) if organization.post(name, on).role == principal]
    same_team = [name for name in holders if organization.post(name, on).team == case.team]
    for group in (holders, same_team):
        if len(group) == 1:
            return group[0]
    return ""


def doer(activity: Activity, case: Case, organization: Organization, on: dt.date) -> str:
    """Return who is asked to do an activity on a day: the first one person it is assigned to, else the owner."""
    named = (person_for(who, case, organization, on) for who in activity.assign)
    return next(filter(None, named), case.owner)


def _manages(actor: str, case: Owned, organization: Organization, on: dt.date | None) -> bool:
    if case.owner:
        return organization.manager_of(case.owner, on) == actor
    team = organization.team(case.team, on)
    return team is not None and team.manager == actor
