"""Rows to records: accounts, contacts, products, a team's own; one batch a row, many batches a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from playbook.engine.recording import Work
from playbook.errors import InputError, KeyReused, Refused, nearest_hint
from playbook.importing.cells import RowFault, field_reader
from playbook.importing.job import ACTOR, CHUNK, NO_ANSWER, Job
from playbook.importing.rows import Identity, case_id, row_key, turn_of
from playbook.stores.interface import Receipt, VersionConflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.engine import Engine
    from playbook.importing.outcome import Outcome
    from playbook.model.contributions import SourceRow
    from playbook.model.mapping import ImportMapping
    from playbook.process.recording import Kind
    from playbook.stores.interface import Batch

_TRIES = 5


class _Row(msgspec.Struct, frozen=True, gc=False):
    """Hold what a row says of a record; `key` names the row, `fingerprint` its content, the `turn`-th it has had."""

    line: int
    record: str
    key: str
    turn: int
    fingerprint: bytes
    fields: dict[str, Any]


def import_records(engine: Engine, mapping: ImportMapping, rows: Iterable[SourceRow]) -> Outcome:
    """Import rows as records of the mapping's kind; a row that is wrong is named, the others go in.

    A row may refer to another of the same file, wherever that stands. With `on_bad_row: stop` the import ends at the
    first bad row; the whole rows before it stay.
    """
    job = _Job(engine, mapping)
    for row in rows:
        job.outcome.rows += 1
        job.take(row)
        if job.stopped:
            break
    job.finish()
    return job.told()


class _Job(Job):
    """Hold one import of records while it runs: rows that are ready, and those that wait for another row."""

    def __init__(self, engine: Engine, mapping: ImportMapping) -> None:
        super().__init__(engine, mapping)
        self._mapping = mapping
        self._kind = engine.kept_records.kinds.current(mapping.into)[0]
        self._identity = Identity(mapping)
        self._readers = tuple(_readers(mapping, self._kind, engine))
        self._ready: list[_Row] = []
        self._waiting: list[_Row] = []
        self._began = False

    def take(self, source: SourceRow) -> None:
        """Take a row: to be stored, to wait for what it refers to, or to be named as bad."""
        try:
            row = self._read(source)
        except RowFault as fault:
            self.reject(source.line, str(fault))
            return
        if row is None:
            self.outcome.skipped += 1
            return
        self._place(row)
        # The first row goes in alone: with it the secret is made that hides personal values which are unique.
        if not self._began or len(self._ready) >= CHUNK or (self._stops and self._waiting):
            self._store()
            if self._stops:
                self.finish()

    def finish(self) -> None:
        """Store what is ready, then what waited for it, and name what still finds nothing to refer to."""
        self._store()
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for row in waiting:
                self._place(row)
            if not self._ready:
                for row in self._waiting:
                    self.reject(row.line, self._missing(row))
                self._waiting = []
            self._store()

    def _read(self, source: SourceRow) -> _Row | None:
        """Return what a row says, or None where it was imported as it is."""
        named, fingerprint = self._identity.of(source)
        key = row_key(self._mapping.id, named)
        turn = turn_of(self.engine.store, self.engine.tenant, key, fingerprint)
        if turn is None:
            return None
        fields = {name: read(source.cells) for name, read in self._readers}
        record = f"r{case_id(self._mapping.id, named)[1:]}"
        return _Row(source.line, record, key, turn, fingerprint, fields)

    def _place(self, row: _Row) -> None:
        """Put a row among those that are ready, or those that wait for another."""
        (self._waiting if self._missing(row) else self._ready).append(row)

    def _missing(self, row: _Row) -> str:
        """Return why what a row refers to cannot be told, "" where it can."""
        try:
            self._meant(row)
        except InputError as error:
            return str(error)
        return ""

    def _meant(self, row: _Row) -> dict[str, Any]:
        """Return what a row says, with ids in place of the names of records."""
        if not self._kind.refers:
            return row.fields
        return self._named(self._kind.fields, row.fields)

    def _store(self) -> None:
        """Store what is ready in one transaction; a row that another got in the way of is tried again alone."""
        rows, self._ready = self._ready, []
        self._began = self._began or bool(rows)
        planned = [(row, plan) for row in rows if (plan := self._plan(row)) is not None]
        answers = self.engine.store.append([batch for _, (_, batch) in planned]) if planned else ()
        for (row, (work, _)), answer in zip(planned, answers, strict=True):
            if isinstance(answer, VersionConflict):
                self._again(row)
            else:
                self._count(row, work, answer)

    def _again(self, row: _Row) -> None:
        """Store a row by itself, on what is there now."""
        for _ in range(_TRIES):
            plan = self._plan(row)
            if plan is None:
                return
            answer = self.engine.store.append([plan[1]])[0]
            if not isinstance(answer, VersionConflict):
                self._count(row, plan[0], answer)
                return
        self.reject(row.line, "the record kept changing while it was imported; run the import again")

    def _plan(self, row: _Row) -> tuple[Work, Batch] | None:
        """Return what a row changes as a batch, or None where it is bad, which is told."""
        records = self.engine.kept_records
        work = Work(records, self._kind.id, ACTOR, self.engine.clock(), historical=True)
        try:
            answer = work.put(row.record, self._meant(row))
        except InputError as error:
            self.reject(row.line, str(error))
            return None
        refused = answer if isinstance(answer, Refused) else work.guarded()
        if refused is not None:
            self.reject(row.line, refused.message)
            return None
        return work, work.batch(f"{row.key}:{row.turn}", row.fingerprint, NO_ANSWER)

    def _count(self, row: _Row, work: Work, answer: Receipt | KeyReused) -> None:
        if isinstance(answer, KeyReused):
            self.reject(
                row.line, "another import brought other content of this row at the same time; run it again"
            )
        elif answer.repeated or not work.changed:
            self.outcome.skipped += 1
        else:
            self.outcome.opened += work.opens
            self.outcome.changed += not work.opens


def _readers(mapping: ImportMapping, kind: Kind, engine: Engine) -> Iterator[tuple[str, Any]]:
    """Yield a function for every field that gives its value; raises InputError for fields that are not there."""
    fields, world = mapping.columns.fields, engine.world
    faults = [
        f"mapping {mapping.id!r}: {kind.id} has no field {name!r}{nearest_hint(name, kind.fields)}"
        for name in fields
        if name not in kind.fields
    ]
    if faults:
        raise InputError("\n".join(faults))
    for name, cell in fields.items():
        reader = field_reader(name, cell, kind.fields[name], mapping.reads, world.zone, world.organization)
        yield name, reader
