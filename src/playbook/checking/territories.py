"""Checks of territories: cases that belong to two of them, or to none."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from playbook.checking.found import key_problem, unknown
from playbook.expressions import load
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.expressions import Node
    from playbook.model.organization import Organization
    from playbook.model.organization_rules import Territory
    from playbook.reading.project import Project, Reading

_EXACT = frozenset(("string", "int", "bool"))


def subjects(reading: Reading[Organization], project: Project | None) -> Iterator[Problem]:
    """Find subjects that no playbook has."""
    organization = reading.value
    assert organization is not None
    if project is None:
        return
    rules = organization.rules
    names: dict[Path, str] = {("territories", one.id, "for"): one.subject for one in rules.territories}
    names |= {("assignment", index, "for"): one.subject for index, one in enumerate(rules.assignment)}
    known = {playbook.value.subject for playbook in project.playbooks.values() if playbook.value}
    yield from unknown(reading, codes.UNKNOWN_SUBJECT, "playbook whose cases are called", names, known)


def territories(reading: Reading[Organization], project: Project | None) -> Iterator[Problem]:
    """Find territories without cases, that share some, or that leave some out."""
    organization = reading.value
    assert organization is not None
    by_subject: dict[str, list[Territory]] = {}
    for territory in organization.rules.territories:
        said = reading.source.get("territories", territory.id)
        if not said.broken and ("when" in said) == territory.otherwise:
            message = f"territory {territory.id!r} needs `when` or `otherwise: true`, and not both"
            yield key_problem(reading, codes.TERRITORY, message, ("territories", territory.id))
        by_subject.setdefault(territory.subject, []).append(territory)
    for subject, same in by_subject.items():
        yield from _overlaps(reading, same)
        yield from _gaps(reading, subject, same, project)


def _overlaps(reading: Reading[Organization], same: Sequence[Territory]) -> Iterator[Problem]:
    """Find territories of one subject that have values in common, where those can be told."""
    for first, second in itertools.combinations(same, 2):
        mine, theirs = _values(first), _values(second)
        shared = [value for value in mine.values if value in theirs.values] if mine.of == theirs.of else []
        said = ""
        if first.otherwise and second.otherwise:
            said = f"{first.id!r} is for all other cases already"
        elif mine.of and shared:
            said = f"{first.id!r} has cases of {', '.join(map(str, shared))} too, and comes first"
        if said:
            path = ("territories", second.id)
            hint = "a case belongs to the first that fits; let each case fit one"
            yield key_problem(reading, codes.TERRITORY_OVERLAP, said, path, hint, "warning")


def _gaps(
    reading: Reading[Organization], subject: str, same: Sequence[Territory], project: Project | None
) -> Iterator[Problem]:
    """Find subjects some of whose cases belong to no territory."""
    if any(territory.otherwise for territory in same):
        return
    found = [_values(territory) for territory in same]
    whole = _options(project, subject, found[0].of) if len({one.of for one in found}) == 1 else ()
    covered = {value for one in found for value in one.values}
    left = [option for option in whole if option not in covered]
    if whole and not left:
        return
    message = f"a {subject} of {', '.join(left)} belongs to no territory" if left else (
        f"a {subject} may belong to no territory"
    )  # fmt: skip
    hint = f"add one with `for: {subject}` and `otherwise: true`"
    yield key_problem(reading, codes.TERRITORY_GAP, message, ("territories", same[-1].id), hint, "advice")


def _options(project: Project | None, subject: str, path: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the options of a field of the subject, where it is a choice in every playbook that has it."""
    if project is None or path[:2] != ("field", subject):
        return ()
    playbooks = [
        one.value for one in project.playbooks.values() if one.value and one.value.subject == subject
    ]
    fields = [field for playbook in playbooks for field in playbook.fields if field.id == path[2]]
    if not fields or any(field.type != "choice" for field in fields):
        return ()
    return tuple(dict.fromkeys(option for field in fields for option in field.options))


class _Values:
    """Hold which values of one thing a condition lets through; nothing where that cannot be told."""

    def __init__(self, of: tuple[Any, ...] = (), values: tuple[Any, ...] = ()) -> None:
        self.of = of
        self.values = values


def _values(territory: Territory) -> _Values:
    if territory.when is None or territory.when.tree is None:
        return _Values()
    return _let_through(load(territory.when.tree))


def _let_through(node: Node) -> _Values:
    """Return the values that `x == a`, `x in [a, b]` or one or another of these let through."""
    if node.op == "or":
        parts = [_let_through(part) for part in node.args]
        if len({part.of for part in parts}) == 1:
            return _Values(parts[0].of, tuple(value for part in parts for value in part.values))
        return _Values()
    if node.op not in ("eq", "in"):
        return _Values()
    named, said = node.args
    if node.op == "eq" and named.op in _EXACT:
        named, said = said, named
    literals = said.args if said.op == "list" else (said,)
    if named.op not in ("field", "follow") or any(one.op not in _EXACT for one in literals):
        return _Values()
    return _Values((named.op, *named.args), tuple(one.args[0] for one in literals))


TERRITORY_CHECKS: tuple[Check, ...] = (subjects, territories)
