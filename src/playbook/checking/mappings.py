"""Checks of a mapping against what its rows become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import key_problem, problem, unknown
from playbook.model.chances import settable
from playbook.model.mapping import ORGANIZATION
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.mapping import ImportMapping
    from playbook.model.playbook import Field, Playbook
    from playbook.reading.project import Project, Reading


_HOUSE = ("person", "quota", "rate")
"""What rows for the organization become, one of them."""


def target_parts(reading: Reading[ImportMapping], project: Project | None) -> Iterator[Problem]:
    """Find mappings that lack the part their target needs, or have one of another target."""
    root = reading.source.root
    assert root is not None
    if "into" not in root or root.broken:
        return
    into = root["into"]
    becomes, needed = "cases", "columns"
    foreign: tuple[str, ...] = _HOUSE
    if into == ORGANIZATION:
        needed = next((part for part in _HOUSE if part in root), _HOUSE[0])
        becomes = {"person": "people", "quota": "quotas", "rate": "rates"}[needed]
        foreign = (*(part for part in _HOUSE if part != needed), "columns", "stages")
    elif project is not None and into in project.records and into not in project.playbooks:
        becomes, foreign = "records", (*_HOUSE, "stages", "gates")
        for part in root.get("columns", ()):
            if part != "fields":
                message = f"rows that become records have no `{part}`, only `fields`"
                yield key_problem(reading, codes.MAPPING_COLUMNS, message, ("columns", part), "name a field")
    if needed not in root:
        message = f"rows that become {becomes} need `{needed}`"
        yield problem(reading, codes.MAPPING_COLUMNS, message, ("into",), f"add `{needed}`")
    if "key" not in root and needed not in ("quota", "rate"):
        message = f"rows that become {becomes} need a `key`"
        yield problem(
            reading, codes.MAPPING_COLUMNS, message, ("into",), "add the column that identifies a row"
        )
    for part in foreign:
        if part in root:
            message = f"rows that become {becomes} have no `{part}`"
            yield key_problem(reading, codes.MAPPING_COLUMNS, message, (part,), "remove it")


def cells(reading: Reading[ImportMapping], _: Project | None) -> Iterator[Problem]:
    """Find cells that say neither a column nor a value, or both."""
    source = reading.source
    for holder in (("columns",), ("columns", "fields"), *((part,) for part in _HOUSE)):
        for name, cell in (source.get(*holder) or {}).items():
            said = isinstance(cell, dict) and not (holder == ("columns",) and name == "fields")
            if said and not cell.broken and ("column" in cell) == ("value" in cell):
                message = f"`{name}` needs a `column` or a `value`, and not both"
                yield key_problem(reading, codes.MAPPING_COLUMNS, message, (*holder, name))


def unknown_targets(reading: Reading[ImportMapping], project: Project | None) -> Iterator[Problem]:
    """Find playbooks, kinds of records, fields and stages that are named and not there."""
    mapping = reading.value
    assert mapping is not None
    if project is None or mapping.into in ("", ORGANIZATION):
        return
    into: dict[Path, str] = {("into",): mapping.into}
    known = (*project.playbooks, *project.records, ORGANIZATION)
    yield from unknown(reading, codes.UNKNOWN_PLAYBOOK, "playbook or record", into, known)
    target = project.playbooks.get(mapping.into)
    record = None if target is not None else project.records.get(mapping.into)
    if record is not None and record.value is not None:
        yield from _unknown_fields(reading, mapping, record.value.fields)
    if target is not None and target.value is not None:
        yield from _unknown_fields(reading, mapping, settable(target.value.fields).values())
        yield from _unknown_stages(reading, mapping, target.value)


def _unknown_fields(
    reading: Reading[ImportMapping], mapping: ImportMapping, fields: Iterable[Field]
) -> Iterator[Problem]:
    known = {field.id for field in fields}
    for name in mapping.columns.fields:
        path: Path = ("columns", "fields", name)
        for found in unknown(reading, codes.UNKNOWN_FIELD, "field", {path: name}, known):
            yield key_problem(reading, found.code, found.message, path, found.hint)


def _unknown_stages(
    reading: Reading[ImportMapping], mapping: ImportMapping, playbook: Playbook
) -> Iterator[Problem]:
    if mapping.stages is not None:
        stages: dict[Path, str] = {
            ("stages", "map", text): stage for text, stage in mapping.stages.map.items()
        }
        known = [stage.id for stage in playbook.stages]
        yield from unknown(reading, codes.UNKNOWN_STAGE, "stage", stages, known)


MAPPING_CHECKS: tuple[Check, ...] = (target_parts, cells, unknown_targets)
