"""Who gets a case: its territory, the first rule that fits, and one of those whom the rule names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.model.organization_rules import MATCH
from playbook.process.facts import Needs

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from playbook.expressions import Scope
    from playbook.model.case import Case
    from playbook.model.commands import Pool, Request
    from playbook.model.organization import Organization
    from playbook.model.organization_rules import AssignmentRule, Territory
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World

LOAD = "load:"
"""Begins the fact of a person's Load."""


class Load(msgspec.Struct, frozen=True):
    """Say how many open cases a person has, and when they last got one, in microseconds (0 for never)."""

    open: int = 0
    assigned: int = 0


def place(
    definition: Compiled,
    case: Case,
    request: Request,
    world: World,
    facts: Mapping[str, Any],
    pool: Pool | None = None,
) -> Case | Needs:
    """Return a case that is being opened with its territory, owner and team.

    Who is named as owner is; else one of the pool; else whom the rules find; else the actor where that is a
    person. The team is the owner's, else the territory's.
    """
    organization, day = world.organization, world.day(request.at)
    owner, team = case.owner, ""
    if organization.rules.territories or organization.rules.assignment:
        scope = definition.scope(case, request.actor, request.at, world)
        territory = territory_of(world, definition.subject, scope)
        if territory is not None:
            team = territory.team
            case = replace(case, territory=territory.id)
            scope = definition.scope(case, request.actor, request.at, world)
        if not owner and pool is None and not request.historical:
            chosen = assignee(world, definition.subject, case.territory, scope, day, facts)
            if isinstance(chosen, Needs):
                return chosen
            owner = chosen
    if not owner and pool is not None:
        chosen = from_pool(organization, pool, case.territory, day, facts)
        if isinstance(chosen, Needs):
            return chosen
        owner = chosen
    if not owner and request.actor in organization.people:
        owner = request.actor
    return replace(case, owner=owner, team=organization.post(owner, day).team or team)


def territory_of(world: World, subject: str, scope: Scope) -> Territory | None:
    """Return the territory that a case belongs to: the first whose `when` holds, else the one that is the rest."""
    found = [t for t in world.organization.rules.territories if t.subject == subject]
    for territory in found:
        if territory.when is not None and world.holds(territory.when, scope):
            return territory
    return next((territory for territory in found if territory.otherwise), None)


def assignee(
    world: World, subject: str, territory: str, scope: Scope, on: dt.date, facts: Mapping[str, Any]
) -> str | Needs:
    """Return who gets a case by the first rule that holds and names somebody who is there; "" for nobody."""
    for rule in world.organization.rules.assignment:
        if rule.subject != subject or (rule.when is not None and not world.holds(rule.when, scope)):
            continue
        chosen = from_pool(world.organization, rule, territory, on, facts)
        if chosen:
            return chosen
    return ""


def from_pool(
    organization: Organization,
    pool: Pool | AssignmentRule,
    territory: str,
    on: dt.date,
    facts: Mapping[str, Any],
) -> str | Needs:
    """Return one of a pool for a case of a territory; "" where nobody is there."""
    wanted = territory if pool.territory == MATCH else pool.territory
    if pool.territory and not wanted:
        return ""
    names = candidates(organization, on, role=pool.role, team=pool.team, territory=wanted)
    return pick(names, pool.pick, facts) if names else ""


def candidates(
    organization: Organization, on: dt.date, *, role: str = "", team: str = "", territory: str = ""
) -> tuple[str, ...]:
    """Return the people of a role, team and territory who work here and are there on a day, in order of id."""
    found = []
    for name, person in sorted(organization.people.items()):
        post = organization.post(name, on)
        fits = role in ("", post.role) and team in ("", post.team) and territory in ("", post.territory)
        if fits and (post.role or post.team) and person.is_employed(on) and person.absence(on) is None:
            found.append(name)
    return tuple(found)


def pick(names: tuple[str, ...], how: str, facts: Mapping[str, Any]) -> str | Needs:
    """Return one of several: with the fewest open cases, or to whom the last was given longest ago.

    Without their Loads among the facts the answer is Needs; ties go by the other measure, then by id.
    """
    if len(names) == 1:
        return names[0]
    wanted = tuple(f"{LOAD}{name}" for name in names)
    if not all(fact in facts for fact in wanted):
        return Needs(wanted)
    loads: dict[str, Load] = {name: facts[f"{LOAD}{name}"] for name in names}
    if how == "round_robin":
        return min(names, key=lambda name: (loads[name].assigned, loads[name].open, name))
    return min(names, key=lambda name: (loads[name].open, loads[name].assigned, name))
