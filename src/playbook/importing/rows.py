"""Rows of a source as cases: what each says, checked by itself and against the rows before it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from playbook.engine.streams import case_id_of
from playbook.errors import InputError, nearest_hint
from playbook.importing.cells import (
    RowFault,
    day_reader,
    field_reader,
    person_reader,
    require_columns,
    text_reader,
)
from playbook.model.values import encode

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from playbook.model.contributions import SourceRow
    from playbook.model.mapping import Cell, ImportMapping
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World
    from playbook.stores.interface import Store

NOW = "now"
"""What `otherwise` says of an opening date where the moment of the import stands in for a blank cell."""


_NOTHING: dict[str, Any] = {}


class Row(msgspec.Struct, frozen=True, gc=False):
    """Hold what a row says of a case; `key` names the row, `fingerprint` its content.

    `by_hand` has what the mapping gives beside fields, None where the cell is blank.
    """

    line: int
    case: str
    key: str
    fingerprint: bytes
    name: str
    owner: str
    stage: str
    opened: dt.datetime | None
    closed: dt.datetime | None
    fields: dict[str, Any]
    by_hand: dict[str, Any]


class Identity:
    """Tell rows apart: the key of each, which stands once in a file, and what tells its content."""

    def __init__(self, mapping: ImportMapping) -> None:
        self._mapping = mapping
        self._columns = _columns(mapping)
        self._seen: dict[str, int] = {}

    def of(self, row: SourceRow) -> tuple[str, bytes]:
        """Return the key of a row and the fingerprint of its content.

        Raises RowFault, and InputError where a column is missing altogether.
        """
        if row.fault:
            raise RowFault(row.fault)
        if not self._seen:
            require_columns(self._columns, row.cells, self._mapping.id)
        content = encode([row.cells[column] for column in self._columns])
        return self._key(row), hashlib.sha256(content).digest()

    def _key(self, row: SourceRow) -> str:
        column = self._mapping.key
        key = row.cells[column].strip()
        if not key:
            raise RowFault(f"{column}: the key is missing")
        first = self._seen.setdefault(key, row.line)
        if first != row.line:
            raise RowFault(f"{column}: {key!r} stands on line {first} already")
        return key


class RowReader:
    """Read rows by a mapping: which columns, and what their cells mean."""

    def __init__(self, mapping: ImportMapping, definition: Compiled, world: World) -> None:
        columns, reads = mapping.columns, mapping.reads
        self._mapping = mapping
        self._definition = definition
        self._zone = world.zone
        self._identity = Identity(mapping)
        self._stage_column = mapping.stages.column if mapping.stages else ""
        self._stages = {stage: stage for stage in definition.stages}
        if mapping.stages:
            self._stages |= mapping.stages.map
        self._require_targets()
        self._name = text_reader(columns.name)
        self._owner = person_reader(columns.owner, world.organization)
        self._otherwise_now = columns.opened is None or columns.opened.otherwise == NOW
        opened = columns.opened
        if opened is not None and self._otherwise_now:
            opened = attrs.evolve(opened, otherwise="")
        self._opened = day_reader(opened, reads, world.zone)
        self._closed = day_reader(columns.closed, reads, world.zone)
        readers = {
            name: field_reader(name, cell, definition.settable[name], reads, world.zone, world.organization)
            for name, cell in columns.fields.items()
        }
        self._fields = [(name, read) for name, read in readers.items() if name in definition.fields]
        self._by_hand = [(name, read) for name, read in readers.items() if name not in definition.fields]
        self.field_names = tuple(name for name, _ in self._fields)

    def _require_targets(self) -> None:
        """Raise InputError for every field and stage that the mapping names and the playbook does not have."""
        definition, targets = self._definition, self._mapping.stages
        wanted = [("field", name, [*definition.settable]) for name in self._mapping.columns.fields]
        wanted += [
            ("stage", name, [*definition.stages]) for name in (targets.map.values() if targets else ())
        ]
        faults = [
            f"{definition.playbook.id} has no {kind} {name!r}{nearest_hint(name, known)}"
            for kind, name, known in wanted
            if name not in known
        ]
        if faults:
            raise InputError("\n".join(f"mapping {self._mapping.id!r}: {fault}" for fault in faults))

    def read(self, row: SourceRow) -> Row:
        """Return what a row says; raises RowFault, and InputError where a column is missing altogether."""
        key, fingerprint = self._identity.of(row)
        cells = row.cells
        stage, opened, closed = self._stage(cells), self._opened(cells), self._closed(cells)
        self._check_times(stage, opened, closed)
        fields = {name: value for name, read in self._fields if (value := read(cells)) is not None}
        return Row(
            row.line,
            case_id(self._mapping.id, key),
            row_key(self._mapping.id, key),
            fingerprint,
            self._name(cells),
            self._owner(cells),
            stage,
            opened,
            closed,
            fields,
            {name: read(cells) for name, read in self._by_hand} if self._by_hand else _NOTHING,
        )

    def _stage(self, cells: Mapping[str, str]) -> str:
        if not self._stage_column:
            return self._definition.playbook.stages[0].id
        text = cells[self._stage_column].strip()
        stage = self._stages.get(text)
        if stage is None:
            raise RowFault(f"{self._stage_column}: {text!r} is no stage{nearest_hint(text, self._stages)}")
        return stage

    def _check_times(self, stage: str, opened: dt.datetime | None, closed: dt.datetime | None) -> None:
        if opened is None and not self._otherwise_now:
            raise RowFault("it is not said when it was opened")
        if self._definition.stages[stage].final:
            if closed is None:
                raise RowFault(f"stage {stage!r} is final, and it is not said when it was closed")
            if opened is None:
                raise RowFault("it was closed, and it is not said when it was opened")
            if closed < opened:
                days = [at.astimezone(self._zone).date() for at in (closed, opened)]
                raise RowFault(f"it was closed ({days[0]}) before it was opened ({days[1]})")
        elif closed is not None:
            raise RowFault(f"it has a closing date, and its stage {stage!r} is not final")


def _columns(mapping: ImportMapping) -> tuple[str, ...]:
    """Return the columns that a mapping reads; what they say is the content of a row."""
    return tuple(dict.fromkeys((mapping.key, *_read(mapping))))


def _read(mapping: ImportMapping) -> Iterator[str]:
    columns = mapping.columns
    cells: tuple[Cell | None, ...] = (columns.name, columns.owner, columns.opened, columns.closed)
    yield from (cell.column for cell in (*cells, *columns.fields.values()) if cell and cell.column)
    if mapping.stages:
        yield mapping.stages.column


def row_key(mapping: str, key: str) -> str:
    """Return the beginning of the idempotency keys of a row."""
    return f"import:{mapping}:{key}"


def turn_of(store: Store, tenant: str, key: str, fingerprint: bytes) -> int | None:
    """Return how many contents were imported of a row, or None where this one was the last."""
    turn, last = 0, b""
    while receipt := store.receipt(tenant, f"{key}:{turn}"):
        turn, last = turn + 1, receipt.fingerprint
    return None if last == fingerprint else turn


def case_id(mapping: str, key: str) -> str:
    """Return the id of an imported case, derived from the mapping and the row's key."""
    digest = hashlib.sha256(f"{mapping}\0{key}".encode()).digest()
    return case_id_of(digest)
