"""Who may do what: principals are owner, manager, team, anyone, a role, a person, or a person field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.model.organization import OPERATOR

if TYPE_CHECKING:
    from playbook.model.case import Case
    from playbook.model.organization import Organization


def permits(who: tuple[str, ...], actor: str, case: Case, organization: Organization) -> bool:
    """Return whether the actor is one of the principals; the operator and automation always are."""
    if "anyone" in who or actor in (OPERATOR, "system", "import"):
        return True
    if "owner" in who and actor == case.owner:
        return True
    if actor in who or any(case.fields.get(principal) == actor for principal in who):
        return True
    person = organization.people.get(actor)
    if person is None:
        return False
    post = person.post()
    if post.role in who or ("team" in who and case.team and post.team == case.team):
        return True
    return "manager" in who and _manages(actor, case, organization)


def _manages(actor: str, case: Case, organization: Organization) -> bool:
    if case.owner:
        return organization.manager_of(case.owner) == actor
    team = organization.teams.get(case.team)
    return team is not None and team.manager == actor
