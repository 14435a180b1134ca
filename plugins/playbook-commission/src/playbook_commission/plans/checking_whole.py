"""What a plan must mean beside all else: days in order, quotas of whom it pays, entries that are waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import InputError
from playbook_commission.exact import ONE
from playbook_commission.plans.checking import components, may_be_paid, nearest, organization_of, problem
from playbook_commission.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Problem, Project
    from playbook.model.organization import Organization
    from playbook.model.organization_rules import Quota
    from playbook.model.playbook import EntryKind
    from playbook.reading.project import Reading
    from playbook_commission.plans.checking import Check
    from playbook_commission.plans.plan import Plan, Spiff

_BUILT_IN = ("call", "email", "meeting", "note")
_ASKED = {
    "by_amount_paid": ("amount",),
    "of_amount_refunded": ("amount",),
    "of_unused_term": ("term", "used"),
}


def days_in_order(reading: Reading[Plan], _: Project | None) -> Iterator[Problem]:
    """Find what ends before it begins."""
    plan = reading.value
    if plan is None:
        return
    found: list[tuple[tuple[str, ...], Plan | Spiff]] = [(("effective",), plan)]
    found += [
        (("components", one.id, "spiff"), one.spiff) for one in plan.components if one.spiff is not None
    ]
    for path, said in found:
        if said.since is not None and said.until is not None and said.until < said.since:
            message = f"it would end on {said.until}, before it begins on {said.since}"
            yield problem(reading, "plan-days", message, (*path, "to"), "write the later day as `to`")


def shares_there(reading: Reading[Plan], _: Project | None) -> Iterator[Problem]:
    """Find more held back than there is."""
    hold = None if reading.value is None else reading.value.hold
    if hold is not None and hold.share > ONE:
        message = "more would be held back than is paid"
        yield problem(reading, "plan-rate", message, ("hold", "share"), "write 100% at most")


def entries_there(reading: Reading[Plan], project: Project | None) -> Iterator[Problem]:
    """Find kinds of entries that nothing of what is paid for has, or that do not tell how much."""
    plan, kinds = reading.value, _kinds(reading, project)
    if plan is None or kinds is None:
        return
    hold, clawback = plan.hold, plan.clawback
    waits = [
        *([] if hold is None else [(("hold", "until"), hold.entry, hold.release)]),
        *([] if clawback is None else [(("clawback", "on"), clawback.entry, clawback.share)]),
    ]
    for path, entry, how in waits:
        known = [kind for kind in kinds if kind.id == entry]
        if not known and entry not in _BUILT_IN:
            hint = nearest(entry, {*(kind.id for kind in kinds), *_BUILT_IN})
            yield problem(reading, "plan-entry", f"there are no entries {entry!r}", path, hint)
            continue
        fields = {field.id for kind in known for field in kind.fields}
        missing = [name for name in _ASKED.get(how, ()) if name not in fields]
        if missing:
            message = f"{entry} has no field {' and no field '.join(missing)}, by which {how} is told"
            yield problem(reading, "plan-entry", message, path, "add it to the entry in the playbook")


def _kinds(reading: Reading[Plan], project: Project | None) -> list[EntryKind] | None:
    """Return the kinds of entries of what a plan pays for; None where not all of its playbooks are there."""
    organization = organization_of(project)
    if project is None or organization is None:
        return None
    measures = {one.id: one for one in organization.rules.measures}
    asked = {
        name for one in components(reading) for name in (one.measure, *_parts(organization, one.measure))
    }
    wanted = {measures[name].playbook for name in asked if name in measures} - {""}
    found = [project.playbooks[name].value for name in wanted if name in project.playbooks]
    if not wanted or len(found) < len(wanted):
        return None
    return [kind for playbook in found if playbook is not None for kind in playbook.entries]


def _parts(organization: Organization, measure: str) -> tuple[str, ...]:
    return next((tuple(one.ratio) for one in organization.rules.measures if one.id == measure), ())


def quotas_there(reading: Reading[Plan], project: Project | None) -> Iterator[Problem]:
    """Find what is read by a quota that nobody has whom the plan pays, in its days."""
    organization, plan = organization_of(project), reading.value
    if organization is None or plan is None:
        return
    ratios = {one.id for one in organization.rules.measures if one.ratio}
    known = {one.id for one in organization.rules.measures}
    waits = {one.gate.component: one.id for one in plan.components if one.gate is not None}
    for one in plan.components:
        if one.measure in ratios or one.measure not in known:
            continue
        quotas = [quota for quota in organization.quotas if quota.measure == one.measure]
        there = any(_counts(organization, plan, quota) for quota in quotas)
        who = "nobody whom this plan pays has" if quotas else "nobody has"
        said, hint = (
            f"{who} a quota for {one.measure}",
            "add one to the organization's quotas, or import them",
        )
        if one.rates and one.rating.by == "attainment" and not there:
            message = f"{said}, so its attainment cannot be told"
            yield problem(reading, "plan-quota", message, ("components", one.id, "rate"), hint, "warning")
        if one.higher_once is not None and not there:
            message = f"{said}, so the higher tiers never count"
            yield problem(
                reading, "plan-quota", message, ("components", one.id, "higher_once"), hint, "warning"
            )
        if one.id in waits and not there:
            message, path = f"{said}, so the gate never opens", ("components", waits[one.id], "gate", "of")
            yield problem(reading, "plan-quota", message, path, hint, "warning")


def _counts(organization: Organization, plan: Plan, quota: Quota) -> bool:
    """Return whether a quota is one of those whom a plan pays, in its days; that it pays nobody is told elsewhere."""
    paid = [name for name in organization.people if may_be_paid(organization, plan, name)]
    try:
        span = Span.of(quota.period, organization)
    except InputError:  # told where it stands
        return False
    until = max(plan.until or span.since, plan.since)
    return (quota.person in paid or not paid) and span.until >= plan.since and span.since <= until


MORE: tuple[Check, ...] = (days_in_order, shares_there, entries_there, quotas_there)
