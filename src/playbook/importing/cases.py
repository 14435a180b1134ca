"""Rows to cases: history as it was, one batch a row, many batches a transaction."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import attrs

from playbook.engine.streams import case_stream, write_case
from playbook.errors import InputError, KeyReused, nearest_hint
from playbook.importing.cells import (
    RowFault,
    day_reader,
    field_reader,
    person_reader,
    require_columns,
    text_reader,
)
from playbook.importing.outcome import Outcome, Rejected
from playbook.model.case import OPEN, Case
from playbook.model.events import Assigned, Changed, Moved, Opened
from playbook.model.values import encode
from playbook.process.criteria import Attempt
from playbook.stores.interface import Batch, Receipt
from playbook.times import to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from playbook.engine import Engine
    from playbook.model.contributions import SourceRow
    from playbook.model.events import CaseEvent
    from playbook.model.mapping import ImportMapping
    from playbook.process.compiled import Compiled

ACTOR = "import"
_CHUNK = 500


@attrs.frozen
class _Row:
    """Hold one row read: the case it is about, its key and what it says."""

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


def import_cases(engine: Engine, mapping: ImportMapping, rows: Iterable[SourceRow]) -> Outcome:
    """Import rows as cases of the mapping's playbook; a row that is wrong is named, the others go in.

    With `on_bad_row: stop` the import ends at the first bad row; the whole rows before it stay.
    """
    job = _Job(engine, mapping)
    chunk: list[_Row] = []
    for row in rows:
        job.outcome.rows += 1
        try:
            chunk.append(job.reader.read(row))
        except RowFault as fault:
            job.outcome.rejected.append(Rejected(row.line, str(fault)))
            if mapping.on_bad_row == "stop":
                break
        if len(chunk) == _CHUNK:
            job.store(chunk)
            chunk = []
    job.store(chunk)
    job.outcome.rejected.sort(key=lambda rejected: rejected.line)
    return job.outcome


class _Reader:
    """Read rows by the mapping: which columns, and what their cells mean."""

    def __init__(self, engine: Engine, mapping: ImportMapping, definition: Compiled) -> None:
        columns, world = mapping.columns, engine.world
        self._mapping = mapping
        self._definition = definition
        self._seen: dict[str, int] = {}
        unknown = [name for name in columns.fields if name not in definition.fields]
        if unknown:
            hint = nearest_hint(unknown[0], definition.fields)
            raise InputError(
                f"mapping {mapping.id!r}: {definition.playbook.id} has no field {unknown[0]!r}{hint}"
            )
        self._name = text_reader(columns.name)
        self._owner = person_reader(columns.owner, world.organization)
        self._opened = day_reader(columns.opened, mapping.reads, world.zone)
        self._otherwise_now = columns.opened is None or columns.opened.otherwise == "now"
        self._closed = day_reader(columns.closed, mapping.reads, world.zone)
        self._fields = {
            name: field_reader(name, cell, definition.fields[name], mapping.reads)
            for name, cell in columns.fields.items()
        }
        self.field_names = tuple(columns.fields)
        stage = mapping.stages
        self._stage_column = stage.column if stage else ""
        self._stages = {**{s: s for s in definition.stages}, **(stage.map if stage else {})}
        named = (columns.name, columns.owner, columns.opened, columns.closed, *columns.fields.values())
        cells = [cell.column for cell in named if cell is not None and cell.column]
        self._columns = tuple(dict.fromkeys((mapping.key, *cells, *filter(None, (self._stage_column,)))))

    def read(self, row: SourceRow) -> _Row:
        """Return what a row says; raises RowFault, and InputError where a column is missing altogether."""
        if row.fault:
            raise RowFault(row.fault)
        cells = row.cells
        if not self._seen:
            require_columns(self._columns, cells, self._mapping.id)
        key = cells[self._mapping.key].strip()
        if not key:
            raise RowFault(f"{self._mapping.key}: the key is missing")
        first = self._seen.setdefault(key, row.line)
        if first != row.line:
            raise RowFault(f"{self._mapping.key}: {key!r} stands on line {first} already")
        stage = self._stage(cells)
        opened, closed = self._opened(cells), self._closed(cells)
        self._check_times(stage, opened, closed)
        fields = {}
        for name, read in self._fields.items():
            value = read(cells)
            if value is not None:
                fields[name] = value
        digest = hashlib.sha256(encode([cells[column] for column in self._columns])).digest()
        return _Row(
            row.line,
            case_id(self._mapping.id, key),
            f"import:{self._mapping.id}:{key}:{digest.hex()[:32]}",
            digest,
            self._name(cells),
            self._owner(cells),
            stage,
            opened,
            closed,
            fields,
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
                raise RowFault(f"it was closed ({closed.date()}) before it was opened ({opened.date()})")
        elif closed is not None:
            raise RowFault(f"it has a closing date, and its stage {stage!r} is not final")


class _Job:
    """Hold one import while it runs."""

    def __init__(self, engine: Engine, mapping: ImportMapping) -> None:
        self.engine = engine
        self.outcome = Outcome()
        self.definition = engine.definitions.current(mapping.into, None)
        self.reader = _Reader(engine, mapping, self.definition)
        self._world = engine.world
        self._now = engine.clock()
        self._observes = mapping.gates == "observe"
        self._gates = {stage: self.definition.gates_to(stage) for stage in self.definition.stages}

    def store(self, rows: list[_Row]) -> None:
        """Store a chunk of rows in one transaction; those that are there already are skipped or brought up."""
        if not rows:
            return
        store, tenant = self.engine.store, self.engine.tenant
        heads = store.load(tenant, [case_stream(row.case) for row in rows])
        batches, opened = [], []
        for row in rows:
            if case_stream(row.case) not in heads:
                batches.append(self._open(row))
                opened.append(row)
            elif store.receipt(tenant, row.key) is not None:
                self.outcome.skipped += 1
            else:
                self._change(row)
        for row, answer in zip(opened, store.append(batches) if batches else (), strict=True):
            if isinstance(answer, Receipt):
                self.outcome.opened += not answer.repeated
                self.outcome.skipped += answer.repeated
            else:
                self.outcome.rejected.append(Rejected(row.line, _conflict(answer)))

    def _open(self, row: _Row) -> Batch:
        return self._batch(row, None, None, self._history(row))

    def _batch(
        self, row: _Row, head: Any, case: Case | None, events: list[tuple[CaseEvent, dt.datetime]]
    ) -> Batch:
        engine = self.engine
        made = write_case(
            engine.tenant, head, case, row.case, events, self.definition, to_micros(self._now), ACTOR, engine.entropy
        )  # fmt: skip
        return Batch(engine.tenant, (made.write,), row.key, row.fingerprint, b"{}", {}, made.vault)

    def _history(self, row: _Row) -> list[tuple[CaseEvent, dt.datetime]]:
        """Return the events of a new case: opened, and where it ended the move to its end."""
        definition = self.definition
        final = definition.stages[row.stage].final
        opened = row.opened or self._now
        start = definition.playbook.stages[0].id if final else row.stage
        observed = self._observe(row, opened)
        event = Opened(
            definition.playbook.id,
            definition.definition.digest,
            row.name,
            row.owner,
            self._team(row.owner, row.closed or opened),
            start,
            row.fields,
            (),
            self._stamp(start, row.fields),
            True,
        )
        if not final or row.closed is None:
            return [(event, opened)]
        return [(event, opened), (self._move(start, row, observed), row.closed)]

    def _move(self, source: str, row: _Row, observed: tuple[str, ...]) -> Moved:
        final = self.definition.stages[row.stage].final
        return Moved(
            source,
            row.stage,
            "import",
            final,
            "",
            (),
            self._stamp(row.stage, row.fields),
            (),
            (),
            observed,
            True,
        )

    def _change(self, row: _Row) -> None:
        """Bring a case up to a row that has changed; fields that the mapping does not name stay."""
        engine, stream = self.engine, case_stream(row.case)
        case, definition = engine.case_and_definition(row.case)
        if case.outcome != OPEN and case.stage != row.stage:
            self.outcome.rejected.append(
                Rejected(row.line, f"it was closed as {case.outcome}; reopen it first")
            )
            return
        at = max(case.last, row.closed or self._now)
        events = [(event, at) for event in self._differences(row, case, definition)]
        head = engine.store.load(engine.tenant, (stream,))[stream]
        batch = (
            self._batch(row, head, case, events)
            if events
            else Batch(engine.tenant, (), row.key, row.fingerprint, b"{}")
        )
        answer = engine.store.append([batch])[0]
        if isinstance(answer, Receipt):
            self.outcome.changed += 1
        else:
            self.outcome.rejected.append(Rejected(row.line, _conflict(answer)))

    def _differences(self, row: _Row, case: Case, definition: Compiled) -> Iterator[CaseEvent]:
        changes = {
            n: row.fields.get(n) for n in self.reader.field_names if case.fields.get(n) != row.fields.get(n)
        }
        if changes:
            yield Changed(changes, historical=True)
        if row.owner and row.owner != case.owner:
            yield Assigned(row.owner, self._team(row.owner, self._now), case.owner)
        if row.stage != case.stage:
            yield self._move(case.stage, row, self._observe(row, case.opened))

    def _observe(self, row: _Row, opened: dt.datetime) -> tuple[str, ...]:
        """Return the criteria on the way to the row's stage that would have blocked the case."""
        gate = self._gates[row.stage]
        if not self._observes or not gate:
            return ()
        at = row.closed or opened
        case = Case(
            row.case, self.definition.playbook.id, "", row.name, row.owner, "", row.stage, opened, opened, opened,
            opened, fields=row.fields,
        )  # fmt: skip
        scope = self._world.scope(self.definition.subject, self.definition.kinds, case, ACTOR, at)
        attempt = Attempt(case, scope, self._world.organization, observe=True)
        attempt.passes(gate)
        observed = tuple(
            dict.fromkeys(blocker.criterion for blocker in attempt.observed if blocker.mode == "block")
        )
        self.outcome.observe(observed)
        return observed

    def _team(self, owner: str, at: dt.datetime) -> str:
        person = self._world.organization.people.get(owner)
        return person.post(at.astimezone(self._world.zone).date()).team if person else ""

    def _stamp(self, stage: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        names = self.definition.stages[stage].stamp
        return {n: fields[n] for n in names if n in fields and n not in self.definition.personal}


def case_id(mapping: str, key: str) -> str:
    """Return the id of an imported case, derived from the mapping and the row's key."""
    digest = hashlib.sha256(f"{mapping}\0{key}".encode()).digest()
    return "c" + base64.b32encode(digest[:8]).decode()[:12].lower()


def _conflict(answer: object) -> str:
    if isinstance(answer, KeyReused):
        return "its key was used for other content"
    return "the case changed while it was imported; run the import again"
