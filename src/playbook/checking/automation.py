"""Checks of what happens by itself: follow-up cases, timers that never fire, actions that are always refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import key_problem, problem, unknown, unknown_keys
from playbook.checking.parts import actions, activities, children, criteria, playbook_of, timers
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.playbook import Playbook, Stage
    from playbook.model.rules import Timer
    from playbook.reading.project import Project, Reading


def follow_ups(reading: Reading[Playbook], project: Project | None) -> Iterator[Problem]:
    """Find playbooks that are named and not there, and fields and outcomes that theirs do not have."""
    if project is None:
        return
    for path, action, _ in actions(reading):
        if action.verb == "open":
            names: dict[Path, str] = {(*path, "open"): action.target}
            yield from unknown(reading, codes.UNKNOWN_PLAYBOOK, "playbook", names, project.playbooks)
            target = _playbook(project, action.target)
            if target is not None:
                fields = [field.id for field in target.fields]
                kind = f"field in playbook {target.id!r} called"
                yield from unknown_keys(reading, codes.UNKNOWN_FIELD, kind, (*path, "copy"), fields)
    for path, _ in children(reading):
        names = {(*path[:-1], "playbook"): reading.source.get(*path[:-1], "playbook") or ""}
        yield from unknown(reading, codes.UNKNOWN_PLAYBOOK, "playbook", names, project.playbooks)
        target = _playbook(project, next(iter(names.values())))
        if target is not None and path[-1] not in {stage.final for stage in target.stages}:
            message = f"no case of playbook {target.id!r} ends as {path[-1]!r}"
            yield key_problem(reading, codes.UNKNOWN_OUTCOME, message, path, "remove it")


def _playbook(project: Project, name: str) -> Playbook | None:
    found = project.playbooks.get(name)
    return found.value if found else None


def references(reading: Reading[Playbook], project: Project | None) -> Iterator[Problem]:
    """Find references to a record or playbook that is not there."""
    if project is None:
        return
    names: dict[Path, str] = {}
    for field in playbook_of(reading).fields:
        names["fields", field.id, "to"] = field.to
        names["fields", field.id, "of", "to"] = field.of.to if field.of else ""
        names |= {("fields", field.id, "columns", one.id, "to"): one.to for one in field.columns}
    for kind in playbook_of(reading).entries:
        names |= {("entries", kind.id, "fields", one.id, "to"): one.to for one in kind.fields}
    known = (*project.records, *project.playbooks)
    yield from unknown(reading, codes.UNKNOWN_RECORD, "record or playbook", names, known)


def timers_that_never_fire(reading: Reading[Playbook], project: Project | None) -> Iterator[Problem]:
    """Find timers on fields that hold no date or that nothing asks for, and in stages where none runs."""
    playbook = playbook_of(reading)
    types = {field.id: field.type for field in playbook.fields}
    filled = set(_filled(reading, project)) if project is not None else set(types)
    ended = {stage.id for stage in playbook.stages if stage.final not in ("", "done")}
    for path, timer in timers(reading):
        yield from _never(reading, path, timer, types, ended)
        if types.get(timer.field) in ("date", "datetime") and timer.field not in filled:
            message = f"nothing asks for {timer.field!r}, so the timer fires only where somebody sets it"
            hint = "ask for it in a criterion or a form, or copy it on opening"
            where = (*path, timer.kind)
            yield problem(reading, codes.TIMER_NEVER, message, where, hint, severity="advice")


def _never(
    reading: Reading[Playbook], path: Path, timer: Timer, types: dict[str, str], ended: set[str]
) -> Iterator[Problem]:
    type_ = types.get(timer.field, "")
    if type_ and type_ not in ("date", "datetime"):
        message = f"field {timer.field!r} is {type_} and holds no date, so the timer never fires"
        yield problem(reading, codes.TIMER_NEVER, message, (*path, timer.kind), "name a date field")
    if timer.stages and set(timer.stages) <= ended:
        message = "timers stop when a case ends, so this one never fires"
        yield key_problem(reading, codes.TIMER_NEVER, message, path, "move it to a stage that cases wait in")


def _filled(reading: Reading[Playbook], project: Project | None) -> Iterator[str]:
    """Yield the fields that something asks for, sets, copies or imports."""
    playbook = playbook_of(reading)
    for field in playbook.fields:
        if field.required_from or field.default is not None or field.is_ is not None:
            yield field.id
    for _, criterion in criteria(playbook):
        yield from criterion.fields
    for _, activity in activities(playbook):
        yield from (item.field for item in activity.form)
    for _, action, _ in actions(reading):
        yield from (one.field for one in action.sets)
    for other in project.playbooks.values() if project else ():
        for _, action, _ in actions(other) if other.value else ():
            yield from (theirs for theirs, _ in action.copy if action.target == playbook.id)
    for mapping in project.mappings.values() if project else ():
        if mapping.value and mapping.value.into == playbook.id:
            yield from mapping.value.columns.fields


def refused_actions(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find actions that close a case where it cannot be closed, or without what closing asks for."""
    playbook = playbook_of(reading)
    stages = {stage.id: stage for stage in playbook.stages}
    filled = {field.id for field in playbook.fields if field.default is not None or field.is_ is not None}
    for path, action, there in actions(reading):
        target = stages.get(action.target) if action.verb == "close" else None
        if target is None:
            continue
        if not target.final:
            message = f"a case is not closed in stage {target.id!r}, which is not final"
            yield problem(reading, codes.ACTION_REFUSED, message, (*path, "close"), "name a final stage")
            continue
        closed_from = [stage for stage in there if _leads(stage, target)]
        if there and not closed_from:
            message = f"a case cannot be closed in stage {target.id!r} from {there[0].id!r}"
            yield problem(
                reading, codes.ACTION_REFUSED, message, (*path, "close"), "see the `from` of that stage"
            )
        missing = sorted(set(_asked(target)) - filled - {one.field for one in action.sets})
        if missing:
            message = f"closing in stage {target.id!r} asks for {', '.join(missing)}, which may be missing"
            hint = "say what it is under `with`"
            yield problem(reading, codes.ACTION_REFUSED, message, (*path, "close"), hint, severity="warning")


def _leads(stage: Stage, target: Stage) -> bool:
    named = stage.id in target.start or target.start == ("any",)
    return named or any(one.to == target.id for one in stage.next)


def _asked(target: Stage) -> Iterator[str]:
    """Yield the fields without which a case cannot be closed here."""
    for criterion in target.entry:
        if criterion.when is None and criterion.mode == "block":
            yield from criterion.fields


AUTOMATION_CHECKS: tuple[Check, ...] = (
    follow_ups,
    references,
    timers_that_never_fire,
    refused_actions,
)
