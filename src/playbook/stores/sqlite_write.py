"""How batches become rows of SQLite: one by one, or many at once table by table."""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import astuple

from playbook.errors import KeyReused
from playbook.stores import rows
from playbook.stores.interface import Receipt, VersionConflict

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from playbook.stores.interface import Batch, DueRow, IndexRow, Write

    Answer = Receipt | VersionConflict | KeyReused

INSERT_STREAM = "INSERT INTO streams VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
UPDATE_STREAM = (
    "UPDATE streams SET version = ?, hash = ?, fold = ?, snapshot = ?"
    " WHERE tenant = ? AND stream = ? AND version = ?"
)
UPDATE_SNAPSHOT = "UPDATE streams SET fold = ?, snapshot = ? WHERE tenant = ? AND stream = ? AND version = ?"
INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_RECEIPT = "INSERT INTO receipts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
INSERT_DOCUMENT = "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
INSERT_VAULT = "INSERT INTO vault VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
INSERT_DUE = (
    "INSERT OR REPLACE INTO due (tenant, stream, id, queue, at, data, ready) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
# what one worker holds of a stream keeps others from the rest of it: its rows are worked off in their order
SELECT_RIPE = (
    "SELECT tenant, stream, id, queue, at, data, attempts + 1 FROM due WHERE queue = :queue AND ready <= :now"
    " AND NOT EXISTS (SELECT 1 FROM due AS held WHERE held.tenant = due.tenant AND held.stream = due.stream"
    " AND held.queue = :queue AND held.held_from <= :clock AND held.held_until > :clock"
    " AND (held.id = due.id OR held.worker <> :worker)) ORDER BY ready, tenant, stream, id LIMIT :limit"
)
HOLD_DUE = (
    "UPDATE due SET token = ?, worker = ?, held_from = ?, held_until = ?, attempts = attempts + 1"
    " WHERE tenant = ? AND stream = ? AND id = ?"
)
DELETE_DUE = "DELETE FROM due WHERE tenant = ? AND stream = ? AND id = ?"
INSERT_TAG = "INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_DELETE_TAG = 'DELETE FROM tags WHERE tenant = ? AND tag = ? AND opened = ? AND "case" = ?'
_SELECT_TAGS = 'SELECT opened, part, playbook, tags FROM cases WHERE tenant = ? AND "case" = ?'
_COLUMNS = ("tenant", *rows.COLUMNS, "part")
_CASE = ", ".join(f'"{column}"' for column in _COLUMNS)
UPSERT_CASE = (
    f"INSERT INTO cases ({_CASE}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    ' ON CONFLICT (tenant, "case") DO UPDATE SET '
    + ", ".join(f"{column} = excluded.{column}" for column in (*rows.COLUMNS[1:], "part"))
)


class Update(NamedTuple):
    """Hold a statement that changes some columns of a case, and what picks its values from a `case_row`."""

    statement: str
    values: Callable[[tuple[Any, ...]], tuple[Any, ...]]


def _update(*changed: str) -> Update:
    """Return how to change columns of a case where the others are as given; its part tells outcome and closing."""
    changed = (*changed, "entered", "touched", "expected_close", "probability", "fields", "forecast")
    same = [column for column in _COLUMNS if column not in (*changed, "outcome", "closed")]
    news = ", ".join(f"{column} = ?" for column in changed)
    olds = " AND ".join(f'"{column}" {"IS" if column in _NULLABLE else "="} ?' for column in same)
    order = [_COLUMNS.index(column) for column in (*changed, *same)]
    return Update(f"UPDATE cases SET {news} WHERE {olds}", itemgetter(*order))


_NULLABLE = ("amount", "currency")
# SQLite rewrites every index, and asks every trigger, of a column that is named, changed or not: of an open case
# mostly none is changed, or only the amount, or the stage.
UPDATE_CASE = _update()
UPDATE_AMOUNT = _update("amount")
UPDATE_STAGE = _update("amount", "currency", "stage")
UPDATE_CLOSED = _update("amount", "currency", "stage", "outcome", "closed", "part")
# what is tried in turn: a case that was touched when it came into its stage did so just now
_STAYED, _MOVED, _CLOSED = (UPDATE_CASE, UPDATE_AMOUNT, UPDATE_STAGE), (UPDATE_STAGE,), (UPDATE_CLOSED,)
UPDATE_TAG = (
    'UPDATE tags SET part = ?, playbook = ? WHERE tenant = ? AND tag = ? AND opened = ? AND "case" = ?'
)
SELECT_HEAD = "SELECT version, hash, fold, snapshot FROM streams WHERE tenant = ? AND stream = ?"
SELECT_HEADS = (
    "SELECT stream, version, hash, fold, snapshot FROM streams"
    " WHERE tenant = ? AND stream IN (SELECT value FROM json_each(?))"
)
SELECT_VERSION = "SELECT version FROM streams WHERE tenant = ? AND stream = ?"
SELECT_RECEIPT = "SELECT fingerprint, answer, position FROM receipts WHERE tenant = ? AND key = ?"

_ABSENT = (0,)
_stream = attrgetter("stream")


class RejectedError(Exception):
    """Ends the transaction of a batch that is answered otherwise than by storing it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class ApartError(Exception):
    """Ends the transaction of several batches, one of which must be answered otherwise."""


class Writer:
    """Write batches through one cursor, inside a transaction that the caller holds."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self._run = cursor.execute

    def one(self, batch: Batch) -> Receipt:
        """Write a batch; raises RejectedError with the answer where it cannot be stored."""
        cursor, tenant, position = self._cursor, batch.tenant, 0
        if batch.done:
            self._finish(batch)
        for stream, version in batch.reads:
            (found,) = self._run(SELECT_VERSION, (tenant, stream)).fetchone() or _ABSENT
            if found != version:
                raise self._rejection(batch, stream, version, found)
        for write in batch.writes if len(batch.writes) < 2 else sorted(batch.writes, key=_stream):
            position = self._write(batch, write) or position
        if batch.documents:
            cursor.executemany(INSERT_DOCUMENT, _documents(batch))
        for v in batch.vault:
            self._run(INSERT_VAULT, (tenant, v.ref, v.subject, v.salt, v.value))
            if cursor.rowcount != 1:
                raise self._rejection(batch, v.ref)
        if batch.key is not None:
            self._run(INSERT_RECEIPT, (tenant, batch.key, batch.fingerprint, batch.answer, position))
            if cursor.rowcount != 1:
                raise self._rejection(batch, batch.key)
        return Receipt(batch.key, batch.fingerprint, batch.answer, position)

    def apart(self, batch: Batch) -> Answer:
        """Write a batch within a savepoint of its own; return how it is answered."""
        self._run("SAVEPOINT batch")
        try:
            answer: Answer = self.one(batch)
        except RejectedError as rejected:
            self._run("ROLLBACK TO batch")
            answer = rejected.answer
        self._run("RELEASE batch")
        return answer

    def together(self, batches: Sequence[Batch]) -> list[Answer]:
        """Write `independent` batches table by table; raises ApartError where one cannot be stored."""
        for tenant, stream, version in {(batch.tenant, *read) for batch in batches for read in batch.reads}:
            if (self._run(SELECT_VERSION, (tenant, stream)).fetchone() or _ABSENT) != (version,):
                raise ApartError
        (position,) = self._run("SELECT coalesce(max(position), 0) FROM events").fetchone()
        gathered = _Gathered(position)
        answers: list[Answer] = [gathered.add(batch) for batch in batches]
        if not gathered.write(self._cursor):
            raise ApartError
        if gathered.moved:
            self._replace(batches)
        return answers

    def _replace(self, batches: Sequence[Batch]) -> None:
        """Write what replaces rows of streams that were there before."""
        for batch in batches:
            for write in batch.writes:
                if write.expected and write.index is not None:
                    self._replace_case(batch.tenant, write.index)
                if write.expected and write.due is not None:
                    self._replace_due(batch.tenant, write.stream, write.due)

    def _write(self, batch: Batch, write: Write) -> int | None:
        run, tenant, stream = self._run, batch.tenant, write.stream
        version, events = write.expected, write.events
        if not version:
            run(INSERT_STREAM, (tenant, stream, len(events), events[-1].hash, write.fold, write.snapshot))
        elif events:
            after, head = version + len(events), events[-1].hash
            run(UPDATE_STREAM, (after, head, write.fold, write.snapshot, tenant, stream, version))
        else:
            run(UPDATE_SNAPSHOT, (write.fold, write.snapshot, tenant, stream, version))
        if self._cursor.rowcount != 1:
            found = run(SELECT_HEAD, (tenant, stream)).fetchone()
            raise self._rejection(batch, stream, version, found[0] if found else 0)
        for event in events:
            version += 1
            run(INSERT_EVENT, (None, tenant, stream, version, *astuple(event)))
        position = self._cursor.lastrowid if events else None
        if write.index is not None:
            if write.expected:
                self._replace_case(tenant, write.index)
            else:
                run(UPSERT_CASE, case_row(tenant, write.index))
                if write.index.tags:
                    self._cursor.executemany(INSERT_TAG, tag_rows(tenant, write.index))
        if write.due is not None:
            self._replace_due(tenant, stream, write.due)
        return position

    def _replace_case(self, tenant: str, row: IndexRow) -> None:
        """Store the row of a case that was there before, and its tags where they differ."""
        case = case_row(tenant, row)
        opened = _MOVED if row.entered == row.touched else _STAYED
        for way in opened if row.closed is None else _CLOSED:
            if self._run(way.statement, way.values(case)).rowcount == 1:
                if row.tags and way is UPDATE_CLOSED:
                    tags = [(*tag[4:], *tag[:4]) for tag in tag_rows(tenant, row)]
                    self._cursor.executemany(UPDATE_TAG, tags)
                return
        put_case(self._cursor, row, case)

    def _replace_due(self, tenant: str, stream: str, due: Sequence[DueRow]) -> None:
        """Store what differs: a row that stays as it was keeps its lease, its attempts and its error."""
        query = "SELECT id, queue, at, data FROM due WHERE tenant = ? AND stream = ?"
        present = {row[0]: row for row in self._run(query, (tenant, stream)).fetchall()}
        for d in due:
            if present.pop(d.id, None) != (d.id, d.queue, d.at, d.data):
                self._run(INSERT_DUE, (tenant, stream, d.id, d.queue, d.at, d.data, d.at))
        for gone in present:
            self._run(DELETE_DUE, (tenant, stream, gone))

    def _finish(self, batch: Batch) -> None:
        for claim in batch.done:
            key = (batch.tenant, claim.stream, claim.id)
            self._run(DELETE_DUE + " AND token = ?", (*key, claim.token))
            if self._cursor.rowcount != 1:
                query = "SELECT attempts FROM due WHERE tenant = ? AND stream = ? AND id = ?"
                found = self._run(query, key).fetchone()
                raise self._rejection(batch, claim.stream, claim.attempts, found[0] if found else 0)

    def _rejection(self, batch: Batch, name: str, expected: int = 0, actual: int = 1) -> RejectedError:
        """Return how to answer a batch that met a name taken or moved on: its key counts before that.

        So a key is looked up only where something went wrong, and not for every new command.
        """
        if batch.key is not None:
            found = self._run(SELECT_RECEIPT, (batch.tenant, batch.key)).fetchone()
            if found is not None:
                fingerprint, answer, position = found
                if fingerprint != batch.fingerprint:
                    return RejectedError(KeyReused(batch.key))
                return RejectedError(Receipt(batch.key, fingerprint, answer, position, repeated=True))
        return RejectedError(VersionConflict(name, expected, actual))


class _Gathered:
    """Gather the rows of many batches by table; `moved` are of streams that were there before."""

    def __init__(self, position: int) -> None:
        self._position = position
        self._new: list[tuple[Any, ...]] = []
        self.moved: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []
        self._cases: list[tuple[Any, ...]] = []
        self._tags: list[tuple[Any, ...]] = []
        self._due: list[tuple[Any, ...]] = []
        self._documents: list[tuple[Any, ...]] = []
        self._vault: list[tuple[Any, ...]] = []
        self._receipts: list[tuple[Any, ...]] = []

    def add(self, batch: Batch) -> Receipt:
        before, writes = self._position, batch.writes
        for write in writes if len(writes) < 2 else sorted(writes, key=_stream):
            self._add_write(batch.tenant, write)
        if batch.documents:
            self._documents += _documents(batch)
        if batch.vault:
            self._vault += _vault(batch)
        last = self._position if self._position > before else 0
        if batch.key is not None:
            self._receipts.append((batch.tenant, batch.key, batch.fingerprint, batch.answer, last))
        return Receipt(batch.key, batch.fingerprint, batch.answer, last)

    def _add_write(self, tenant: str, write: Write) -> None:
        stream, version, position = write.stream, write.expected, self._position
        for event in write.events:
            version += 1
            position += 1
            self._events.append((position, tenant, stream, version, *astuple(event)))
        self._position = position
        head = (version, write.events[-1].hash, write.fold, write.snapshot)
        if write.expected:
            self.moved.append((*head, tenant, stream, write.expected))
            return
        self._new.append((tenant, stream, *head))
        if write.index is not None:
            self._cases.append(case_row(tenant, write.index))
            if write.index.tags:
                self._tags += tag_rows(tenant, write.index)
        if write.due:
            self._due += [(tenant, stream, d.id, d.queue, d.at, d.data, d.at) for d in write.due]

    def write(self, cursor: sqlite3.Cursor) -> bool:
        """Write the rows; return False where a version, a key or a reference stood in the way."""
        for statement, gathered, exactly in (
            (INSERT_STREAM, self._new, True),
            (UPDATE_STREAM, self.moved, True),
            (INSERT_RECEIPT, self._receipts, True),
            (INSERT_VAULT, self._vault, True),
            (INSERT_EVENT, self._events, False),
            (UPSERT_CASE, self._cases, False),
            (INSERT_TAG, self._tags, False),
            (INSERT_DUE, self._due, False),
            (INSERT_DOCUMENT, self._documents, False),
        ):
            if gathered:
                cursor.executemany(statement, gathered)
                if exactly and cursor.rowcount != len(gathered):
                    return False
        return True


def independent(batches: Sequence[Batch]) -> bool:
    """Return whether the order of the batches does not matter, so that they can be written together."""
    streams, count = set(), 0
    for batch in batches:
        if batch.done:
            return False
        for write in batch.writes:
            if not write.events:
                return False
            streams.add((batch.tenant, write.stream))
            count += 1
    return len(streams) == count and not any(
        (batch.tenant, stream) in streams for batch in batches if batch.reads for stream, _ in batch.reads
    )


def case_row(tenant: str, row: IndexRow) -> tuple[Any, ...]:
    """Return the columns of `cases`."""
    tags = rows.tags_text(row.tags) if row.tags else ""
    return (tenant, *astuple(row)[:-2], tags, row.forecast, rows.part_of(row))


def put_case(cursor: sqlite3.Cursor, row: IndexRow, columns: tuple[Any, ...]) -> None:
    """Store a row, whose `case_row` is `columns`, whatever was there before, and its tags where they differ."""
    tenant: str = columns[0]
    old = cursor.execute(_SELECT_TAGS, (tenant, row.case)).fetchone()
    cursor.execute(UPSERT_CASE, columns)
    before = set[tuple[Any, ...]]()
    if old is not None:
        opened, part, playbook, tags = old
        before = {(tenant, tag, opened, row.case, part, playbook) for tag in rows.read_tags(tags)}
    after = set(tag_rows(tenant, row))
    cursor.executemany(_DELETE_TAG, (tag[:4] for tag in before - after))
    cursor.executemany(INSERT_TAG, after - before)


def tag_rows(tenant: str, row: IndexRow) -> list[tuple[Any, ...]]:
    """Return the rows of `tags`."""
    part = rows.part_of(row)
    return [(tenant, tag, row.opened, row.case, part, row.playbook) for tag in row.tags]


def _documents(batch: Batch) -> list[tuple[Any, ...]]:
    return [(batch.tenant, digest, data) for digest, data in batch.documents.items()]


def _vault(batch: Batch) -> list[tuple[Any, ...]]:
    return [(batch.tenant, v.ref, v.subject, v.salt, v.value) for v in batch.vault]
