"""Checks of measures and quotas: what is counted, whose target it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import circles, key_problem, problem, unknown
from playbook.model.targets import misfit
from playbook.model.vocabulary import ENTRIES
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.organization import Organization
    from playbook.reading.project import Project, Reading


_WHOSE = ("person", "team", "territory")


def unknown_measures(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find measures that are named and not there, and ratios of themselves."""
    organization = reading.value
    assert organization is not None
    measures = {measure.id: measure for measure in organization.rules.measures}
    names: dict[Path, str] = {
        ("measures", one.id, "ratio", index): name
        for one in measures.values()
        for index, name in enumerate(one.ratio)
    }
    names |= {
        ("quotas", index, "measure"): one.get("measure", "")
        for index, one in enumerate(reading.source.get("quotas") or ())
    }
    yield from unknown(reading, codes.UNKNOWN_MEASURE, "measure", names, measures)
    for part in (0, 1):
        for circle in circles({one.id: one.ratio[part] for one in measures.values() if len(one.ratio) == 2}):
            message = "measures are ratios of each other: " + " of ".join((*circle, circle[0]))
            yield problem(reading, codes.CIRCLE, message, ("measures", circle[0], "ratio"))


def measures_of_what(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find measures that do not say what they count, or say it twice."""
    for name, said in (reading.source.get("measures") or {}).items():
        if said.broken:
            continue
        path: Path = ("measures", name)
        if ("ratio" in said) == ("playbook" in said):
            message = f"measure {name!r} needs a `playbook` or a `ratio`, and not both"
            yield key_problem(reading, codes.MEASURE, message, path)
        elif "playbook" in said and ("amount" in said) == ("count" in said):
            message = f"measure {name!r} needs an `amount` or `count: true`, and not both"
            yield key_problem(reading, codes.MEASURE, message, path)
        elif "playbook" in said and "date" not in said and "entry" not in said:
            message = f"measure {name!r} does not say when a case counts"
            yield key_problem(reading, codes.MEASURE, message, path, "add `date`, like `date: case.closed`")
        elif "entry" in said and "outcome" in said:
            message = f"measure {name!r} counts entries, and those have no outcome"
            yield key_problem(reading, codes.MEASURE, message, (*path, "outcome"), "remove one of the two")


def measured_playbooks(reading: Reading[Organization], project: Project | None) -> Iterator[Problem]:
    """Find playbooks of measures that are not there, and what theirs do not have."""
    organization = reading.value
    assert organization is not None
    for measure in organization.rules.measures if project is not None else ():
        assert project is not None
        path: Path = ("measures", measure.id)
        names: dict[Path, str] = {(*path, "playbook"): measure.playbook}
        yield from unknown(reading, codes.UNKNOWN_PLAYBOOK, "playbook", names, project.playbooks)
        target = project.playbooks.get(measure.playbook)
        if target is None or target.value is None:
            continue
        entries: dict[Path, str] = {(*path, "entry"): measure.entry}
        known = (*ENTRIES, *(kind.id for kind in target.value.entries))
        yield from unknown(reading, codes.UNKNOWN_ENTRY, "entry", entries, known)
        outcomes: dict[Path, str] = {(*path, "outcome"): measure.outcome}
        ends = [stage.final for stage in target.value.stages if stage.final]
        here = f"final stage in playbook {target.id!r} with the outcome"
        yield from unknown(reading, codes.UNKNOWN_OUTCOME, here, outcomes, ends)


def quotas(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find quotas of nobody, of two at once, and targets that are not of the kind that is counted."""
    organization = reading.value
    assert organization is not None
    measures = {measure.id: measure for measure in organization.rules.measures}
    for index, said in enumerate(reading.source.get("quotas") or ()):
        path: Path = ("quotas", index)
        if said.broken:
            continue
        if sum(name in said for name in _WHOSE) != 1:
            message = "a quota is of a `person`, of a `team` or of a `territory`, and of one of them"
            yield problem(reading, codes.QUOTA, message, path)
        fault = misfit(measures.get(said["measure"]), str(said["target"]))
        if fault:
            message, hint = fault.split(": ")
            yield problem(reading, codes.QUOTA, message, (*path, "target"), hint)


def quotas_once(reading: Reading[Organization], _: Project | None) -> Iterator[Problem]:
    """Find quotas that two rows say anew from the same day on; what is said without a day adds up."""
    organization = reading.value
    assert organization is not None
    first: dict[tuple[object, ...], int] = {}
    rows = [i for i, said in enumerate(reading.source.get("quotas") or ()) if not said.broken]
    for index, quota in zip(rows, organization.rules.quotas, strict=True):
        if quota.since and first.setdefault(quota.key, index) != index:
            line = reading.source.at("quotas", first[quota.key]).line
            message = f"the quota from {quota.since} stands on line {line} already"
            yield problem(reading, codes.QUOTA, message, ("quotas", index, "from"), "remove one of the two")


MEASURE_CHECKS: tuple[Check, ...] = (
    unknown_measures,
    measures_of_what,
    measured_playbooks,
    quotas,
    quotas_once,
)
