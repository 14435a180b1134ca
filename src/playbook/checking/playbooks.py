"""Checks of a playbook: names that nothing has, ids, fields, probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from playbook.checking.found import circles, items, key_problem, problem, unknown
from playbook.model.vocabulary import RESERVED
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.playbook import Activity, Criterion, Field, Playbook
    from playbook.reading.project import Project, Reading

_ASKS = {"choice": "options", "list": "of", "table": "columns", "reference": "to"}
"""What the type of a field asks for."""


def criteria(playbook: Playbook) -> Iterator[tuple[Path, Criterion]]:
    """Yield every criterion with its path, a shared one once."""
    for criterion in playbook.criteria:
        yield ("criteria", criterion.id), criterion
    for stage in playbook.stages:
        for side in ("entry", "exit"):
            for criterion in getattr(stage, side):
                if not criterion.shared:
                    yield ("stages", stage.id, side, criterion.id), criterion


def activities(playbook: Playbook) -> Iterator[tuple[Path, Activity]]:
    """Yield every activity with its path."""
    for stage in playbook.stages:
        for activity in stage.activities:
            yield ("stages", stage.id, "activities", activity.id), activity


def unknown_stages(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find stages that are named and not there."""
    playbook = _playbook(reading)
    names: dict[Path, str] = {}
    for field in playbook.fields:
        names["fields", field.id, "required_from"] = field.required_from
        names["fields", field.id, "locked_from"] = field.locked_from
    for move in ("skip", "back"):
        names |= items(("moves", move, "not_to"), getattr(playbook, move).not_to)
    for stage in playbook.stages:
        names |= {
            ("stages", stage.id, "next", index, "to"): target.to for index, target in enumerate(stage.next)
        }
        if stage.start != ("any",):
            names |= items(("stages", stage.id, "from"), stage.start)
    return unknown(reading, codes.UNKNOWN_STAGE, "stage", names, [stage.id for stage in playbook.stages])


def unknown_fields(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find fields that are named and not there."""
    playbook = _playbook(reading)
    names: dict[Path, str] = {("about", part): name for part, name in attrs.asdict(playbook.about).items()}
    for path, criterion in criteria(playbook):
        names |= items((*path, "fields"), criterion.fields)
    for path, activity in activities(playbook):
        names |= items((*path, "form"), [item.field for item in activity.form])
    for stage in playbook.stages:
        names |= items(("stages", stage.id, "stamp"), stage.stamp)
    return unknown(reading, codes.UNKNOWN_FIELD, "field", names, [field.id for field in playbook.fields])


def unknown_activities(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find activities that are named and not there; `after` names one of its own stage."""
    playbook = _playbook(reading)
    every = [activity.id for _, activity in activities(playbook)]
    done: dict[Path, str] = {(*path, "done"): item.done for path, item in criteria(playbook)}
    yield from unknown(reading, codes.UNKNOWN_ACTIVITY, "activity", done, every)
    for stage in playbook.stages:
        after: dict[Path, str] = {
            ("stages", stage.id, "activities", item.id, "after"): item.after for item in stage.activities
        }
        here = f"activity in stage {stage.id!r} called"
        yield from unknown(
            reading, codes.UNKNOWN_ACTIVITY, here, after, [item.id for item in stage.activities]
        )


def waiting_circles(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find activities that wait for each other."""
    for stage in _playbook(reading).stages:
        for circle in circles({item.id: item.after for item in stage.activities if item.after}):
            message = "activities wait for each other: " + " after ".join((*circle, circle[0]))
            path = ("stages", stage.id, "activities", circle[0], "after")
            yield problem(reading, codes.CIRCLE, message, path, "remove one `after`")


def probabilities(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find probabilities that are none."""
    for stage in _playbook(reading).stages:
        share = stage.probability
        if share is not None and not 0 <= share <= 1:
            message = f"{format((share * 100).normalize(), 'f')}% is not a probability"
            bare = "%" not in str(reading.source.get("stages", stage.id)["probability"])
            hint = f"write {share}% if that is meant" if bare and 0 <= share <= 100 else "write 0% to 100%"
            yield problem(reading, codes.PROBABILITY, message, ("stages", stage.id, "probability"), hint)


def duplicate_ids(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find ids that two activities or criteria share."""
    playbook = _playbook(reading)
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


def _line(reading: Reading[Any], path: Path) -> tuple[int, int]:
    span = reading.where[".".join(str(part) for part in path)]
    return span.line, span.column


def reserved_ids(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find ids that conditions could not name."""
    playbook = _playbook(reading)
    if playbook.subject in RESERVED:
        message = f"{playbook.subject!r} is a word of the condition language"
        yield problem(reading, codes.RESERVED_ID, message, ("subject",), "call the case something else")
    paths: list[Path] = [("fields", field.id) for field in playbook.fields]
    paths += [("entries", kind.id) for kind in playbook.entries]
    paths += [("stages", stage.id) for stage in playbook.stages]
    paths += [path for path, _ in (*criteria(playbook), *activities(playbook))]
    for path in paths:
        if path[-1] in RESERVED:
            message = f"{path[-1]!r} is a word of the condition language"
            yield key_problem(reading, codes.RESERVED_ID, message, path, f"write {path[-1]}_ or another word")
        elif path == ("stages", playbook.subject):
            message = f"{path[-1]!r} is what a case is called, so a stage cannot be"
            yield key_problem(reading, codes.RESERVED_ID, message, path, "rename the stage")


def incomplete_fields(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find fields whose type asks for more than is said."""
    playbook = _playbook(reading)
    fields: list[tuple[Path, Field]] = [(("fields", field.id), field) for field in playbook.fields]
    for kind in playbook.entries:
        fields += [(("entries", kind.id, "fields", field.id), field) for field in kind.fields]
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


def _playbook(reading: Reading[Playbook]) -> Playbook:
    assert reading.value is not None
    return reading.value


PLAYBOOK_CHECKS: tuple[Check, ...] = (
    unknown_stages, unknown_fields, unknown_activities, waiting_circles, probabilities, duplicate_ids,
    reserved_ids, incomplete_fields,
)  # fmt: skip
