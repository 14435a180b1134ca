"""What a plan must mean: measures, roles and quotas that are there, tiers that rise, gates that open, no traps."""

from __future__ import annotations

from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING

from playbook_commission.exact import CONTEXT, ONE, ZERO, percent, plain
from playbook_commission.plans.cliffs import falls
from playbook_commission.spans import settlement_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from playbook import Problem, Project
    from playbook.model.organization import Organization
    from playbook.reading.project import Reading
    from playbook_commission.plans.plan import Component, Plan

    Check = Callable[[Reading[Plan], "Project | None"], Iterator[Problem]]

_LONGEST = 64
"""Letters that the name of a stream of a plugin may have."""
_PERIOD = "2027-Q1"
_MOST_OF_TARGET = Decimal(5)
"""Above how much of the target pay a tier is taken for a slip of the pen."""

CODES = {
    "plan-tiers": "Tiers are given by where they start, in rising order, and each lasts until the next one. Marginal"
    " and whole ones start at zero, so that nothing is left out silently.",
    "plan-rate": "How tiers are read does not fit what they pay: a value has no slices, a target pay is shared by"
    " attainment or by a value, and sums are paid for things counted, or once.",
    "plan-pays-nothing": "A component pays by tiers or by a spiff; one without either would never pay.",
    "plan-rule": "A rate has a mode of the language, or the name of a rate rule that a plugin adds; that says what"
    " stands under `with`, by what it is read, and whether it reads tiers.",
    "plan-measure": "A component pays for a measure of the organization.",
    "plan-role": "A plan applies to people by their role; nobody has this one.",
    "plan-who": "A plan applies to people, a team or a territory of the organization, and to somebody.",
    "plan-overlay": "An overlay credits a person whom the case names by `who`, or everyone of its team or territory,"
    " with a `share`; neither is said of people whom one manages.",
    "plan-gate": "A gate names another component, and gates do not wait for each other.",
    "plan-quota": "Tiers by attainment need a quota for the measure; without one nothing can be paid.",
    "plan-high-rate": "A rate above 100 % pays more than was sold, which mostly is a slip of the pen.",
    "plan-cliff": "With `mode: whole` all is paid at the rate reached, and with `interpolated` at one between the"
    " points: where that falls, selling more pays less.",
    "plan-name": "A settlement is called PERSON.PLAN.PERIOD, in 64 letters at most, or it cannot be settled.",
    "plan-days": "What lasts from a day to another has the earlier one first.",
    "plan-entry": "What is held or taken back waits for entries of a kind that the playbooks have, with the fields by"
    " which it is told how much: `amount`, or `term` and `used`.",
    "plan-currency": "All amounts in the tiers of a component are of one currency; so are a spiff and its budget.",
}


def tiers_rise(reading: Reading[Plan], _: Project | None) -> Iterator[Problem]:
    """Find tiers that do not rise, or leave out what lies below the first."""
    for component in components(reading):
        path = ("components", component.id, "tiers")
        starts = [tier.start for tier in component.tiers]
        for index, (before, start) in enumerate(pairwise(starts), start=1):
            if start <= before:
                yield problem(
                    reading, "plan-tiers", "tiers must rise: this one starts where the one before has begun",
                    (*path, index, "from"), "give each tier a higher start than the one before",
                )  # fmt: skip
        if starts and starts[0] != ZERO and component.rating.mode in ("marginal", "whole"):
            hint = "add one that starts at zero, with `pay: 0%` where nothing is paid"
            message = "the first tier does not start at zero, so what lies below would pay nothing silently"
            yield problem(reading, "plan-tiers", message, (*path, 0, "from"), hint)


def rates_fit(reading: Reading[Plan], _: Project | None) -> Iterator[Problem]:
    """Find ways of reading tiers that cannot be."""
    for one in components(reading):
        path, rating = ("components", one.id), one.rating
        if not one.rates and one.spiff is None:
            message = f"{one.id} has neither `tiers` nor a `spiff`, so it pays nothing"
            yield problem(reading, "plan-pays-nothing", message, path, "add what it pays")
        if not one.rates:
            continue
        if rating.by == "value" and rating.mode == "marginal":
            message = "a value has no slices that could be paid one by one"
            yield problem(
                reading, "plan-rate", message, (*path, "rate"), "write mode: whole, or interpolated"
            )
        if one.pays == "target_pay" and rating.by not in ("attainment", "value"):
            message = f"a share of target pay cannot be told by {rating.by}"
            yield problem(reading, "plan-rate", message, (*path, "rate"), "write by: attainment, or value")
        kinds = {str(tier.get("pay", "")).endswith("%") for tier in reading.source.get(*path, "tiers") or ()}
        if len(kinds) > 1:
            message = "some of these tiers pay a share, and others a sum"
            hint = "write shares in all, or sums in all; a second component may pay the others"
            yield problem(reading, "plan-rate", message, (*path, "tiers"), hint)
        elif one.sums and rating.mode == "marginal" and rating.by != "count":
            message = "slices of an amount are paid by a share, and these tiers pay sums"
            yield problem(reading, "plan-rate", message, (*path, "tiers"), "write pay: 5%, or by: count")


def budgets_fit(reading: Reading[Plan], _: Project | None) -> Iterator[Problem]:
    """Find budgets of spiffs in another currency than these."""
    for one in components(reading):
        spiff, path = one.spiff, ("components", one.id, "spiff")
        if spiff is None:
            continue
        if spiff.budget is not None and spiff.budget.currency != spiff.pay.currency:
            message = f"the spiff is in {spiff.pay.currency} and its budget in {spiff.budget.currency}"
            hint = f"write the budget in {spiff.pay.currency}"
            yield problem(reading, "plan-currency", message, (*path, "budget"), hint)


def measures_there(reading: Reading[Plan], project: Project | None) -> Iterator[Problem]:
    """Find measures that the organization does not have, and values of what is no ratio."""
    organization = organization_of(project)
    if organization is None:
        return
    measures = {measure.id: measure for measure in organization.rules.measures}
    for one in components(reading):
        path = ("components", one.id, "of")
        measure = measures.get(one.measure)
        if measure is None:
            message = f"the organization has no measure {one.measure!r}"
            yield problem(reading, "plan-measure", message, path, nearest(one.measure, measures))
        elif bool(measure.ratio) != (one.rating.by == "value") and one.rates:
            said = (
                "is a ratio, which is read `by: value`"
                if measure.ratio
                else "is no ratio, so it has no value"
            )
            yield problem(
                reading, "plan-measure", f"{one.measure} {said}", path, "change `rate`, or the measure"
            )
        elif one.by_value and one.pays == "amount" and not one.sums:
            message = f"{one.measure} is a ratio, and has no amount of which a share could be paid"
            hint = "write pays: share_of_target_pay, or sums to be paid"
            yield problem(reading, "plan-rate", message, ("components", one.id, "tiers"), hint)
        elif measure.amount is None and not measure.ratio and one.tiers:
            yield from _counts_fit(reading, one)


def _counts_fit(reading: Reading[Plan], one: Component) -> Iterator[Problem]:
    """Find amounts asked of a measure that only counts things."""
    if one.rating.by == "amount":
        message = f"{one.measure} counts things, and has no amount that tiers could be read by"
        hint = "write by: count, or attainment"
        yield problem(reading, "plan-rate", message, ("components", one.id, "rate"), hint)
    elif one.pays == "amount" and not one.sums:
        message = f"{one.measure} counts things, and has no amount of which a share could be paid"
        hint = "write sums to be paid, or pays: share_of_target_pay"
        yield problem(reading, "plan-rate", message, ("components", one.id, "tiers"), hint)


def roles_there(reading: Reading[Plan], project: Project | None) -> Iterator[Problem]:
    """Find roles that nobody has."""
    organization = organization_of(project)
    if organization is None or not organization.people or reading.value is None:
        return
    roles = {post.role for person in organization.people.values() for post in person.posts if post.role}
    if reading.value.role and reading.value.role not in roles:
        message = f"nobody has the role {reading.value.role!r}"
        yield problem(
            reading, "plan-role", message, ("applies_to", "role"), nearest(reading.value.role, roles)
        )


def whom_there(reading: Reading[Plan], project: Project | None) -> Iterator[Problem]:
    """Find plans for nobody, and people, teams and territories that are not there."""
    organization, plan = organization_of(project), reading.value
    if plan is None:
        return
    if not (plan.role or plan.people or plan.team or plan.territory):
        message, hint = "nobody is paid by this plan", "write {role: ae}, or a person, a team, a territory"
        yield problem(reading, "plan-who", message, ("applies_to",), hint)
    if organization is None:
        return
    territories = [territory.id for territory in organization.rules.territories]
    for kind, names, known in (
        ("person", plan.people or (), organization.people), ("team", (plan.team or "",), organization.teams),
        ("territory", (plan.territory or "",), territories),
    ):  # fmt: skip
        listed = isinstance(reading.source.get("applies_to", kind), list)
        for index, name in enumerate(names):
            if name and name not in known:
                path = ("applies_to", kind, *((index,) if listed else ()))
                yield problem(reading, "plan-who", f"there is no {kind} {name!r}", path, nearest(name, known))


def names_fit(reading: Reading[Plan], project: Project | None) -> Iterator[Problem]:
    """Find plans whose settlements could not be called what they are called."""
    organization, plan = organization_of(project), reading.value
    if organization is None or plan is None:
        return
    paid = [name for name in organization.people if may_be_paid(organization, plan, name)]
    longest = max(sorted(paid), key=len, default="")
    name = settlement_id(longest, plan.id, _PERIOD)
    if longest and len(name) > _LONGEST:
        message = (
            f"the settlements of {longest} could not be named: {name!r} has {len(name)} letters of {_LONGEST}"
        )
        hint = f"give the plan an id of {max(_LONGEST - len(name) + len(plan.id), 1)} letters at most"
        yield problem(reading, "plan-name", message, ("plan",), hint)


def gates_open(reading: Reading[Plan], _: Project | None) -> Iterator[Problem]:
    """Find gates of components that are not there, and gates that wait for each other."""
    gates = {one.id: one.gate.component for one in components(reading) if one.gate is not None}
    known = [one.id for one in components(reading)]
    for name, other in gates.items():
        path = ("components", name, "gate", "of")
        said = reading.source.get("components", name, "gate") or {}
        if ("from" in said) == ("above" in said):
            what = "both `from` and `above`" if "from" in said else "no point that is to be reached"
            hint = "write from: 90%, or above: 90%"
            yield problem(reading, "plan-gate", f"the gate has {what}", path[:3], hint)
        if other not in known:
            yield problem(
                reading, "plan-gate", f"there is no component {other!r}", path, nearest(other, known)
            )
            continue
        way = [name]
        while way[-1] in gates and gates[way[-1]] not in way:
            way.append(gates[way[-1]])
        if gates.get(way[-1]) == name and name == min(way):
            message = f"gates wait for each other: {' -> '.join((*way, name))}"
            yield problem(reading, "plan-gate", message, path, "take one of the gates away")


def rates_plausible(reading: Reading[Plan], _: Project | None) -> Iterator[Problem]:
    """Find rates above 100 %, and places where selling more pays less."""
    for one in components(reading):
        path = ("components", one.id, "tiers")
        most = _MOST_OF_TARGET if one.pays == "target_pay" else ONE
        for index, tier in enumerate(one.tiers):
            rate = CONTEXT.multiply(tier.pay, one.multiplier)
            if not one.sums and rate > most:
                what = f"a rate of {percent(rate)} pays more than was sold"
                if one.pays == "target_pay":
                    what = f"a share of {percent(rate)} pays the target pay {plain(rate)} times"
                hint = f"write {percent(CONTEXT.divide(tier.pay, Decimal(100)))} if that was meant"
                yield problem(reading, "plan-high-rate", what, (*path, index, "pay"), hint, "warning")
        for fall in falls(one):
            yield problem(
                reading, "plan-cliff", f"selling more pays less: {fall.told(one)}", (*path, fall.tier, "pay"),
                "write mode: marginal, or let what is paid rise", "warning",
            )  # fmt: skip


CHECKS: tuple[Check, ...] = (
    names_fit, tiers_rise, rates_fit, budgets_fit, measures_there, roles_there, whom_there, gates_open,
    rates_plausible,
)  # fmt: skip


def components(reading: Reading[Plan]) -> tuple[Component, ...]:
    """Return the components of what could be read."""
    return () if reading.value is None else reading.value.components


def may_be_paid(organization: Organization, plan: Plan, person: str) -> bool:
    """Return whether a plan pays a person at some time, by role and name."""
    roles = {"", *(post.role for post in organization.people[person].posts)}
    return plan.role in roles and person in (plan.people or (person,))


def organization_of(project: Project | None) -> Organization | None:
    """Return the organization beside a plan, where there is one that could be read."""
    return None if project is None or project.organization is None else project.organization.value


def problem(
    reading: Reading[Plan],
    code: str,
    message: str,
    path: tuple[str | int, ...],
    hint: str,
    severity: str = "error",
) -> Problem:
    """Return what is wrong at a place of a plan."""
    return reading.source.problem(code, message, reading.source.at(*path), hint, severity)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return what to write in place of a name: the nearest one, else all there are."""
    names = sorted(known)
    close = get_close_matches(name, names, 1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(names) or 'none'}"
