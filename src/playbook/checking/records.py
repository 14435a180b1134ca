"""Checks of a record: names that nothing has, ids, fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import items, unknown
from playbook.checking.playbooks import incomplete, reserved
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.record import Record
    from playbook.reading.project import Project, Reading


def unknown_fields(reading: Reading[Record], _: Project | None) -> Iterator[Problem]:
    """Find fields that are named and not there."""
    record = _record(reading)
    names = items(("unique",), record.unique)
    return unknown(reading, codes.UNKNOWN_FIELD, "field", names, [field.id for field in record.fields])


def fields(reading: Reading[Record], _: Project | None) -> Iterator[Problem]:
    """Find fields that conditions could not name, and those whose type asks for more."""
    record = _record(reading)
    paths: list[Path] = [("fields", field.id) for field in record.fields]
    yield from reserved(reading, paths)
    yield from incomplete(reading, zip(paths, record.fields, strict=True))


def references(reading: Reading[Record], project: Project | None) -> Iterator[Problem]:
    """Find references to a record or playbook that is not there."""
    if project is None:
        return
    names: dict[Path, str] = {}
    for field in _record(reading).fields:
        names["fields", field.id, "to"] = field.to
        names["fields", field.id, "of", "to"] = field.of.to if field.of else ""
    known = (*project.records, *project.playbooks)
    yield from unknown(reading, codes.UNKNOWN_RECORD, "record or playbook", names, known)


def _record(reading: Reading[Record]) -> Record:
    assert reading.value is not None
    return reading.value


RECORD_CHECKS: tuple[Check, ...] = (unknown_fields, fields, references)
