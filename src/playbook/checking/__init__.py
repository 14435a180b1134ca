"""Meaning beyond shape: one function per check, over what was read."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.checking.automation import AUTOMATION_CHECKS
from playbook.checking.carrying import CARRYING_CHECKS
from playbook.checking.conditions import CONDITION_CHECKS
from playbook.checking.mappings import MAPPING_CHECKS
from playbook.checking.measures import MEASURE_CHECKS
from playbook.checking.organizations import ORGANIZATION_CHECKS
from playbook.checking.paths import PATH_CHECKS
from playbook.checking.people import PEOPLE_CHECKS
from playbook.checking.personal import PERSONAL_CHECKS
from playbook.checking.playbooks import PLAYBOOK_CHECKS
from playbook.checking.records import RECORD_CHECKS
from playbook.checking.scenarios import SCENARIO_CHECKS
from playbook.checking.territories import TERRITORY_CHECKS
from playbook.checking.translations import TRANSLATION_CHECKS
from playbook.checking.unused import ADVICE_CHECKS
from playbook.reading.codes import UNKNOWN_PLAYBOOK
from playbook.reading.project import Project, Reading, in_order
from playbook.reading.shapes import shape as _shape
from playbook.reading.standard import STANDARD_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.checking.found import Check
    from playbook.errors import Problem
    from playbook.reading.kinds import Shape

CHECKS: dict[str, tuple[Check, ...]] = {
    "playbook": (
        *PLAYBOOK_CHECKS, *PATH_CHECKS, *AUTOMATION_CHECKS, *CARRYING_CHECKS, *PEOPLE_CHECKS,
        *PERSONAL_CHECKS, *CONDITION_CHECKS, *ADVICE_CHECKS,
    ),
    "record": RECORD_CHECKS,
    "translation": TRANSLATION_CHECKS,
    "scenario": SCENARIO_CHECKS,
    "organization": (*ORGANIZATION_CHECKS, *TERRITORY_CHECKS, *MEASURE_CHECKS),
    "mapping": MAPPING_CHECKS,
}  # fmt: skip
"""The checks of every kind of file, by name of the kind."""


def shape(kind: str) -> Shape:
    """Return the shape of a kind of file that ships, with its checks."""
    return replace(_shape(kind), checks=CHECKS.get(kind, ()))


def check(target: Reading[Any] | Project) -> tuple[Problem, ...]:
    """Return what is wrong in meaning with a file or a whole project, in order of place.

    What reading found is not repeated: see `problems_of`. A file alone is not checked against others.
    """
    if isinstance(target, Reading):
        return in_order(_of(target, None))
    found = (problem for reading in _readings(target) for problem in _of(reading, target))
    return in_order(found if not _unread(target) else (one for one in found if one.code != UNKNOWN_PLAYBOOK))


def problems_of(target: Reading[Any] | Project) -> tuple[Problem, ...]:
    """Return everything that is wrong with a file or a project, of shape and of meaning, in order of place."""
    return in_order((*target.problems, *check(target)))


def hindering(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the errors that forbid to publish; scenarios are not published, so theirs forbid nothing."""
    pattern = STANDARD_KINDS["scenario"].patterns[0]
    return tuple(
        problem
        for problem in problems
        if problem.severity == "error" and not fnmatchcase(problem.span.file, pattern)
    )


def _unread(project: Project) -> bool:
    """Return whether a playbook could not be read at all: a name that is not known may be its own."""
    (pattern,) = STANDARD_KINDS["playbook"].patterns
    files = {problem.span.file for problem in project.problems if fnmatchcase(problem.span.file, pattern)}
    return bool(files - {reading.file for reading in project.playbooks.values()})


def _of(reading: Reading[Any], project: Project | None) -> Iterator[Problem]:
    if reading.value is not None:
        # What was read without a registry knows the kinds that ship without their checks, which lie here.
        for one in reading.checks or CHECKS.get(reading.kind, ()):
            yield from one(reading, project)


def _readings(project: Project) -> Iterator[Reading[Any]]:
    yield from project.playbooks.values()
    yield from project.records.values()
    yield from project.mappings.values()
    yield from project.translations.values()
    yield from project.scenarios.values()
    for found in project.others.values():
        yield from found.values()
    if project.organization is not None:
        yield project.organization
