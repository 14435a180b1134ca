"""A mapping from its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.model.mapping import (
    Cell,
    Columns,
    ImportMapping,
    PersonColumns,
    QuotaColumns,
    RateColumns,
    Reads,
    StageColumn,
)
from playbook.reading.source import Map, typed

if TYPE_CHECKING:
    from playbook.reading.kinds import Parsed


def mapping(parsed: Parsed) -> ImportMapping:
    """Return the mapping of a file."""
    root = parsed.root
    columns, person, stages = root.get("columns", Map()), root.get("person"), root.get("stages")
    fields = columns.get("fields", Map())
    for field in fields:
        parsed.where[f"columns.fields.{field}"] = parsed.source.key(fields, field)
    return ImportMapping(
        id=root.get("mapping", ""),
        into=root.get("into", ""),
        key=root.get("key", ""),
        reads=Reads(**root.get("reads", {})),
        shape=root.get("shape", "rows"),
        columns=Columns(
            name=_cell(columns.get("name")),
            owner=_cell(columns.get("owner")),
            opened=_cell(columns.get("opened")),
            closed=_cell(columns.get("closed")),
            fields={field: _some(value) for field, value in fields.items()},
        ),
        stages=None if stages is None else StageColumn(stages.get("column", ""), dict(stages.get("map", {}))),
        gates=root.get("gates", "observe"),
        on_bad_row=root.get("on_bad_row", "report"),
        person=None if person is None else _person(person),
        quota=_quota(root["quota"]) if "quota" in root else None,
        rate=_rate(root["rate"]) if "rate" in root else None,
    )


def _person(data: Map) -> PersonColumns:
    return PersonColumns(
        name=_some(data.get("name", "")),
        role=_cell(data.get("role")),
        team=_cell(data.get("team")),
        manager=_cell(data.get("manager")),
    )


def _quota(data: Map) -> QuotaColumns:
    return QuotaColumns(
        period=_some(data.get("period", "")),
        measure=_some(data.get("measure", "")),
        target=_some(data.get("target", "")),
        person=_cell(data.get("person")),
        team=_cell(data.get("team")),
        territory=_cell(data.get("territory")),
        since=_cell(data.get("from")),
        spread=_cell(data.get("spread")),
    )


def _rate(data: Map) -> RateColumns:
    return RateColumns(*(_some(data.get(name, "")) for name in ("date", "currency", "rate")))


def _cell(value: Any) -> Cell | None:
    return None if value is None else _some(value)


def _some(value: Any) -> Cell:
    if isinstance(value, str):
        return Cell(column=value)
    said: dict[str, Any] = {key: typed(item) for key, item in value.items() if key != "replace"}
    return Cell(replace={key: typed(item) for key, item in value.get("replace", {}).items()}, **said)
