"""Who sees a case: principals become tags of the case, and of one who asks; they see it where one is the same.

A case's tags name its owner and team as they are; who manages, leads or stands in for whom counts on the day
of asking. So an organization that changes changes no case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.model.organization import AUTOMATIC, OPERATOR

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from playbook.model.case import Case
    from playbook.model.organization import Organization
    from playbook.process.compiled import Compiled


def shown_to(definition: Compiled, case: Case) -> tuple[str, ...] | None:
    """Return the tags of those who see a case, None where everybody does."""
    if not definition.hides:
        return None
    who = definition.who["see"]
    return tuple(dict.fromkeys(tag for principal in who if (tag := _tag(principal, definition, case))))


def _tag(principal: str, definition: Compiled, case: Case) -> str:
    """Return the tag of a principal, nothing where the case has no such person."""
    if principal == "owner":
        return f"owner:{case.owner}" if case.owner else ""
    if principal == "manager":
        return f"managed:{case.owner}" if case.owner else f"led:{case.team}"
    if principal == "team":
        return f"team:{case.team}" if case.team else ""
    field = definition.fields.get(principal)
    if field is not None and field.type == "person":
        value = case.fields.get(principal)
        return f"named:{value}" if value and principal not in case.sealed else ""
    return f"is:{principal}"


def eyes_of(actor: str, organization: Organization, on: dt.date) -> frozenset[str] | None:
    """Return the tags of one who asks on a day, and of those they stand in for; None sees everything."""
    if actor == OPERATOR or actor in AUTOMATIC:
        return None
    everyone = (actor, *organization.stands_in_for(actor, on))
    return frozenset(tag for person in everyone for tag in _tags_of(person, organization, on))


def _tags_of(person: str, organization: Organization, on: dt.date) -> Iterator[str]:
    post = organization.post(person, on)
    yield from (f"owner:{person}", f"named:{person}", f"is:{person}")
    if post.role:
        yield f"is:{post.role}"
    if post.team:
        yield f"team:{post.team}"
    yield from (f"managed:{name}" for name in organization.people_of(person, on))
    yield from (f"led:{name}" for name in organization.teams_of(person, on))
