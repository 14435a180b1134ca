"""Checks that personal values stay erasable: nothing copies one to where events hold it in the open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import problem
from playbook.checking.parts import actions, criteria, playbook_of, timers
from playbook.process.criteria import Conditions
from playbook.process.preparing import personal
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.playbook import Field, Playbook
    from playbook.model.rules import Action, Condition
    from playbook.reading.project import Project, Reading

_CONDITIONS = Conditions({})
_SETS = {"set": "set", "close": "with"}
_MEND = "mark it `personal: true` as well, or leave it out"


def copies(reading: Reading[Playbook], project: Project | None) -> Iterator[Problem]:
    """Find actions that put what is personal into a field that is not."""
    playbook = playbook_of(reading)
    private = personal(playbook.fields, _CONDITIONS)
    for path, action, _ in actions(reading):
        if action.verb == "open":
            yield from _copied(reading, project, path, action, private)
        for given in action.sets:
            if given.is_ is None or _marked(playbook.fields, given.field):
                continue
            if _tells(reading, project, given.is_, path, private):
                message = f"{given.field!r} is not personal, and what it is set to is"
                where = (*path, _SETS[action.verb], given.field)
                yield problem(reading, codes.PERSONAL, message, where, _MEND)


def _copied(
    reading: Reading[Playbook], project: Project | None, path: Path, action: Action, private: frozenset[str]
) -> Iterator[Problem]:
    target = project.playbooks.get(action.target) if project is not None else None
    if target is None or target.value is None:
        return
    known = {field.id for field in target.value.fields}
    for theirs, mine in action.copy:
        if mine in private and theirs in known and not _marked(target.value.fields, theirs):
            message = f"{mine!r} is personal, and {theirs!r} in playbook {action.target!r} is not"
            yield problem(reading, codes.PERSONAL, message, (*path, "copy", theirs), _MEND)


def _marked(fields: tuple[Field, ...], name: str) -> bool:
    return any(field.id == name and field.personal for field in fields)


def _tells(
    reading: Reading[Playbook],
    project: Project | None,
    condition: Condition,
    path: Path,
    private: frozenset[str],
) -> bool:
    """Return whether an expression reads something personal: here, on a follow-up case, or behind a reference."""
    playbook = playbook_of(reading)
    for read in _CONDITIONS.reads(condition):
        root, _, name = read.partition(".")
        if root == playbook.subject and name in private:
            return True
        child = _child(reading, path) if root == "child" else ""
        if child and name in _personal(project, child):
            return True
    return any(name in _personal(project, to) for to, name in _CONDITIONS.follows(condition))


def _child(reading: Reading[Playbook], path: Path) -> str:
    """Return the playbook of the follow-up case whose end leads to an action."""
    return str(reading.source.get(*path[:-2], "playbook") or "") if path[0] == "when_child" else ""


def _personal(project: Project | None, name: str) -> frozenset[str]:
    """Return the personal fields of a record or a playbook."""
    for files in (project.records, project.playbooks) if project is not None else ():
        found = files.get(name)
        if found is not None and found.value is not None:
            return personal(found.value.fields, _CONDITIONS)
    return frozenset()


def told_by_time(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find timers on personal dates, which their events would tell for ever."""
    private = personal(playbook_of(reading).fields, _CONDITIONS)
    for path, timer in timers(reading):
        if timer.field in private:
            message = f"{timer.field!r} is personal, and what a timer counts from stands in events for ever"
            yield problem(reading, codes.PERSONAL, message, (*path, timer.kind), "count from another date")


def looked_for(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find criteria that look for personal values, which the index of cases never holds."""
    private = personal(playbook_of(reading).fields, _CONDITIONS)
    for path, criterion in criteria(playbook_of(reading)):
        for index, name in enumerate(criterion.unique):
            if name in private:
                message = f"{name!r} is personal, and cases cannot be found by what is"
                hint = "refer to a record, such as a contact, and name that"
                yield problem(reading, codes.PERSONAL, message, (*path, "unique", "by", index), hint)


PERSONAL_CHECKS: tuple[Check, ...] = (copies, told_by_time, looked_for)
