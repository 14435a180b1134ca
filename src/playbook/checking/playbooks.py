"""Checks of a playbook: names that nothing has, ids, fields, probabilities."""

from __future__ import annotations

from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

import attrs

from playbook.checking.found import circles, items, key_problem, problem, unknown, unknown_keys
from playbook.checking.parts import actions, activities, approvals, criteria, moves, playbook_of, timers
from playbook.expressions import load, reads
from playbook.model.chances import BY_HAND, settable
from playbook.model.parameters import parameter
from playbook.model.values import percentage
from playbook.model.vocabulary import ENTRIES, RESERVED
from playbook.reading import codes
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.playbook import Field, Playbook
    from playbook.reading.project import Project, Reading

_ASKS = {"choice": "options", "list": "of", "table": "columns", "reference": "to"}
"""What the type of a field asks for."""

_SETS = {"set": "set", "close": "with"}
"""Under which key an action says what it sets."""


def unknown_stages(reading: Reading[Playbook], __: Project | None) -> Iterator[Problem]:
    """Find stages that are named and not there."""
    playbook = playbook_of(reading)
    names: dict[Path, str] = {}
    for field in playbook.fields:
        names["fields", field.id, "required_from"] = field.required_from
        names["fields", field.id, "locked_from"] = field.locked_from
    for path, move in moves(playbook):
        names |= items((*path, "not_to"), move.not_to)
    for path, timer in timers(reading):
        names |= items((*path, "in"), timer.stages if path[0] == "timers" else ())
    for path, action, _ in actions(reading):
        if action.verb in ("close", "advance"):
            names[*path, action.verb] = action.target
    for path, approval in approvals(playbook):
        names[*path, "refused", "back"] = approval.refused_back
    for index, migration in enumerate(playbook.migrate):
        names |= {("migrate", index, "stages", old): new for old, new in migration.stages}
    for stage in playbook.stages:
        names |= {
            ("stages", stage.id, "next", index, "to"): target.to for index, target in enumerate(stage.next)
        }
        if stage.start != ("any",):
            names |= items(("stages", stage.id, "from"), stage.start)
    return unknown(reading, codes.UNKNOWN_STAGE, "stage", names, [stage.id for stage in playbook.stages])


def unknown_fields(reading: Reading[Playbook], __: Project | None) -> Iterator[Problem]:
    """Find fields that are named and not there."""
    playbook = playbook_of(reading)
    names: dict[Path, str] = {("about", part): name for part, name in attrs.asdict(playbook.about).items()}
    for path, criterion in criteria(playbook):
        names |= items((*path, "fields"), criterion.fields)
        names |= items((*path, "covers"), criterion.covers)
        names |= items((*path, "unique", "by"), criterion.unique)
    for path, activity in activities(playbook):
        names |= items((*path, "form"), [item.field for item in activity.form])
    for stage in playbook.stages:
        names |= items(("stages", stage.id, "stamp"), stage.stamp)
    for path, timer in timers(reading):
        names[*path, timer.kind] = timer.field
        names |= items((*path, "resets_on"), [_after_dot(name, "field") for name in timer.resets_on])
    for index, migration in enumerate(playbook.migrate):
        names |= {("migrate", index, "fields", old): new for old, new in migration.fields}
    known = [field.id for field in playbook.fields]
    for path, action, _ in actions(reading):
        names |= {(*path, "copy", theirs): mine for theirs, mine in action.copy}
        fields = settable(playbook.fields) if action.verb == "set" else known
        yield from unknown_keys(
            reading, codes.UNKNOWN_FIELD, "field", (*path, _SETS.get(action.verb, "")), fields
        )
    yield from unknown(reading, codes.UNKNOWN_FIELD, "field", names, known)


def _after_dot(name: str, kind: str) -> str:
    """Return what `kind.` is followed by; nothing where it is of another kind."""
    return name.removeprefix(f"{kind}.") if name.startswith(f"{kind}.") else ""


def unknown_entries(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find kinds of entry that are named and not there."""
    known = [*ENTRIES, *(kind.id for kind in playbook_of(reading).entries)]
    names: dict[Path, str] = {}
    for path, timer in timers(reading):
        names |= items((*path, "resets_on"), [_after_dot(name, "entry") for name in timer.resets_on])
    return unknown(reading, codes.UNKNOWN_ENTRY, "entry", names, known)


def unknown_parameters(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find parameters that are named and not there, and those that are no duration where one is needed."""
    playbook = playbook_of(reading)
    known = dict(playbook.parameters)
    waits: dict[Path, str] = {}
    for path, timer in timers(reading):
        if timer.by.startswith("$"):
            waits[*path, "by" if timer.kind in ("before", "after") else timer.kind] = timer.by[1:]
    yield from unknown(reading, codes.UNKNOWN_PARAMETER, "parameter", waits, known)
    for index in range(len(reading.source.get("segments") or ())):
        path = ("segments", index, "set")
        yield from unknown_keys(reading, codes.UNKNOWN_PARAMETER, "parameter", path, known)
    holders: list[Path] = [("parameters",)]
    holders += [("segments", index, "set") for index in range(len(reading.source.get("segments") or ()))]
    for path in holders:
        for name, text in (reading.source.get(*path) or {}).items():
            if name in waits.values() and not isinstance(parameter(str(text)), Duration):
                message = f"{str(text)!r} is not a duration, and a timer waits for ${name}"
                yield problem(reading, codes.MALFORMED, message, (*path, name), "write one like 14d")


def unknown_activities(reading: Reading[Playbook], __: Project | None) -> Iterator[Problem]:
    """Find activities that are named and not there; `after` names one of its own stage."""
    playbook = playbook_of(reading)
    every = [activity.id for _, activity in activities(playbook)]
    done: dict[Path, str] = {(*path, "done"): item.done for path, item in criteria(playbook)}
    done |= {(*path, "after", "done"): timer.activity for path, timer in timers(reading)}
    for path, action, _ in actions(reading):
        if action.verb == "schedule":
            done[*path, "schedule"] = action.target
    yield from unknown(reading, codes.UNKNOWN_ACTIVITY, "activity", done, every)
    for stage in playbook.stages:
        after: dict[Path, str] = {
            ("stages", stage.id, "activities", item.id, "after"): item.after for item in stage.activities
        }
        here = f"activity in stage {stage.id!r} called"
        yield from unknown(
            reading, codes.UNKNOWN_ACTIVITY, here, after, [item.id for item in stage.activities]
        )


def unknown_outcomes(reading: Reading[Playbook], __: Project | None) -> Iterator[Problem]:
    """Find outcomes that an activity cannot have."""
    found = {activity.id: activity for _, activity in activities(playbook_of(reading))}
    for path, timer in timers(reading):
        known = [name for name, _ in found[timer.activity].outcomes] if timer.activity in found else []
        if timer.activity in found:
            names: dict[Path, str] = {(*path, "after", "outcome"): timer.outcome}
            yield from unknown(reading, codes.UNKNOWN_OUTCOME, "outcome", names, known)


def waiting_circles(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find activities that wait for each other."""
    for stage in playbook_of(reading).stages:
        for circle in circles({item.id: item.after for item in stage.activities if item.after}):
            message = "activities wait for each other: " + " after ".join((*circle, circle[0]))
            path = ("stages", stage.id, "activities", circle[0], "after")
            yield problem(reading, codes.CIRCLE, message, path, "remove one `after`")


def computed_circles(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find fields that are computed from each other."""
    computed = {field.id: field.is_ for field in playbook_of(reading).fields if field.is_ is not None}
    from_: dict[str, list[str]] = {}
    for name, condition in computed.items():
        read = reads(load(condition.tree)) if condition.tree is not None else ()
        from_[name] = sorted(field for path in read if (field := path.partition(".")[2]) in computed)
    try:
        TopologicalSorter(from_).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        message = "fields are computed from each other: " + " from ".join(circle)
        yield problem(reading, codes.CIRCLE, message, ("fields", circle[0], "is"), "type one of them in")


def splits(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find shares of credit that are not the whole."""
    shares = playbook_of(reading).split
    total = sum((share.share for share in shares), start=Decimal(0))
    if shares and total != 1 and not _refused(reading, ("split",)):
        message = f"the shares are {percentage(total)} together"
        yield key_problem(reading, codes.SPLIT, message, ("split",), "let them be 100%")


def probabilities(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find probabilities that are none."""
    for stage in playbook_of(reading).stages:
        share = stage.probability
        if share is not None and not 0 <= share <= 1:
            message = f"{percentage(share)} is not a probability"
            bare = "%" not in str(reading.source.get("stages", stage.id)["probability"])
            hint = f"write {share}% if that is meant" if bare and 0 <= share <= 100 else "write 0% to 100%"
            yield problem(reading, codes.PROBABILITY, message, ("stages", stage.id, "probability"), hint)


def hidden_by_fields(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find fields that take the place of what is set by hand of every case."""
    for field in playbook_of(reading).fields:
        if field.id in BY_HAND:
            message = f"every case has a {field.id} that is set by hand, which this field hides"
            hint = f"remove the field: `set {field.id}=...` works without it"
            yield key_problem(reading, codes.HIDES_BY_HAND, message, ("fields", field.id), hint, "warning")


def duplicate_ids(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find ids that two activities or criteria share."""
    playbook = playbook_of(reading)
    first: dict[str, Path] = {}
    named: Iterable[tuple[Path, Any]] = (*criteria(playbook), *activities(playbook))
    for path, item in sorted(named, key=lambda pair: _line(reading, pair[0])):
        if item.id in first:
            line = _line(reading, first[item.id])[0]
            shareable = "criteria" in (path[0], first[item.id][0]) and "activities" not in path
            hint = (
                f"write `{item.id}: shared` to take the shared one" if shareable else "rename one of the two"
            )
            message = f"the id {item.id!r} is taken on line {line}"
            yield key_problem(reading, codes.DUPLICATE_ID, message, path, hint)
        first.setdefault(item.id, path)
    places: dict[str, Path] = {}
    for path, timer in sorted(timers(reading), key=lambda pair: _line(reading, pair[0])):
        if timer.id in places:
            message = f"timer {timer.id!r} stands on line {_line(reading, places[timer.id])[0]} already"
            yield key_problem(reading, codes.DUPLICATE_ID, message, path, "rename one of the two")
        places.setdefault(timer.id, path)


def _line(reading: Reading[Any], path: Path) -> tuple[int, int]:
    span = reading.source.key(reading.source.get(*path[:-1]), str(path[-1]))
    return span.line, span.column


def reserved_ids(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find ids that conditions could not name."""
    playbook = playbook_of(reading)
    if playbook.subject in RESERVED:
        message = f"{playbook.subject!r} is a word of the condition language"
        yield problem(reading, codes.RESERVED_ID, message, ("subject",), "call the case something else")
    paths: list[Path] = [("fields", field.id) for field in playbook.fields]
    paths += [("entries", kind.id) for kind in playbook.entries]
    paths += [("stages", stage.id) for stage in playbook.stages]
    paths += [path for path, _ in (*criteria(playbook), *activities(playbook))]
    yield from reserved(reading, paths)
    for path in paths:
        if path == ("stages", playbook.subject):
            message = f"{path[-1]!r} is what a case is called, so a stage cannot be"
            yield key_problem(reading, codes.RESERVED_ID, message, path, "rename the stage")


def reserved(reading: Reading[Any], paths: Iterable[Path]) -> Iterator[Problem]:
    """Yield a Problem for each id, by its path, that conditions could not name."""
    for path in paths:
        if path[-1] in RESERVED:
            message = f"{path[-1]!r} is a word of the condition language"
            yield key_problem(reading, codes.RESERVED_ID, message, path, f"write {path[-1]}_ or another word")


def incomplete_fields(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find fields whose type asks for more than is said."""
    playbook = playbook_of(reading)
    fields: list[tuple[Path, Field]] = [(("fields", field.id), field) for field in playbook.fields]
    for kind in playbook.entries:
        fields += [(("entries", kind.id, "fields", field.id), field) for field in kind.fields]
    return incomplete(reading, fields)


def incomplete(reading: Reading[Any], found: Iterable[tuple[Path, Field]]) -> Iterator[Problem]:
    """Yield a Problem for each field, by its path, whose type asks for more than is said."""
    fields = list(found)
    while fields:
        path, field = fields.pop()
        asked = _ASKS.get(field.type, "")
        if asked and not getattr(field, asked) and not _refused(reading, path):
            message = f"field {field.id!r} is a {field.type} without `{asked}`"
            yield key_problem(reading, codes.INCOMPLETE_FIELD, message, path, f"add `{asked}`")
        fields += [((*path, "columns", column.id), column) for column in field.columns]
        if field.of is not None:
            fields.append(((*path, "of"), field.of))


def _refused(reading: Reading[Any], path: Path) -> bool:
    """Return whether something in the map was refused already, so that what is missing means nothing."""
    return bool(getattr(reading.source.get(*path), "broken", False))


PLAYBOOK_CHECKS: tuple[Check, ...] = (
    unknown_stages, unknown_fields, unknown_entries, unknown_parameters, unknown_activities, unknown_outcomes,
    waiting_circles, computed_circles, probabilities, hidden_by_fields, splits, duplicate_ids, reserved_ids,
    incomplete_fields,
)  # fmt: skip
