"""How a batch becomes statements: all are sent at once, and what they changed is looked at together."""

from __future__ import annotations

import selectors
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec.structs import astuple
from psycopg.rows import tuple_row

from playbook.stores import CASE_COLUMNS, KeyReused, Receipt, VersionConflict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from playbook.stores import Batch, DueRow, IndexRow, Write

    Cursor = psycopg.Cursor[tuple[Any, ...]]
    Connection = psycopg.Connection[Any]
    Answer = Receipt | VersionConflict | KeyReused

# Whoever writes holds the tenant's lock shared from before the position is drawn until the end, so that a reader
# who gets it alone for a moment knows that every position below is there.
_SHARE_TENANT = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"
# a stream that is not there has no row to lock
_LOCK_NAME = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"
_SHARE_NAME = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 1))"
_INSERT_STREAM = "INSERT INTO playbook.streams VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
_UPDATE_STREAM = (
    "UPDATE playbook.streams SET version = %s, hash = %s, fold = %s, snapshot = %s"
    " WHERE tenant = %s AND stream = %s AND version = %s"
)
_UPDATE_SNAPSHOT = (
    "UPDATE playbook.streams SET fold = %s, snapshot = %s WHERE tenant = %s AND stream = %s AND version = %s"
)
_READ_VERSION = "SELECT version FROM playbook.streams WHERE tenant = %s AND stream = %s FOR SHARE"
_VERSION = "SELECT version FROM playbook.streams WHERE tenant = %s AND stream = %s"
_INSERT_EVENT = (
    "INSERT INTO playbook.events (tenant, stream, version, kind, at, recorded, actor, data, hash)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING position"
)
_CASE = ", ".join(f'"{column}"' for column in CASE_COLUMNS)
_UPSERT_CASE = (
    f"INSERT INTO playbook.cases (tenant, {_CASE}) VALUES (%s, {', '.join(['%s'] * len(CASE_COLUMNS))})"
    ' ON CONFLICT (tenant, "case") DO UPDATE SET '
    + ", ".join(f'"{column}" = excluded."{column}"' for column in CASE_COLUMNS[1:])
)
_REPLACE_TAGS = (
    'WITH gone AS (DELETE FROM playbook.tags WHERE tenant = %(tenant)s AND "case" = %(case)s'
    " AND NOT (newest = %(newest)s AND tag = ANY(%(tags)s::text[])))"
    " INSERT INTO playbook.tags SELECT %(tenant)s, unnest(%(tags)s::text[]), %(newest)s, %(case)s"
    " ON CONFLICT DO NOTHING"
)
_INSERT_DUE = (
    "INSERT INTO playbook.due (tenant, stream, id, queue, at, data, ready) VALUES (%s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (tenant, stream, id) DO UPDATE SET queue = excluded.queue, at = excluded.at,"
    " data = excluded.data, ready = excluded.ready, token = NULL, attempts = 0, error = ''"
    " WHERE (due.queue, due.at, due.data) IS DISTINCT FROM (excluded.queue, excluded.at, excluded.data)"
)
_CLEAR_DUE = "DELETE FROM playbook.due WHERE tenant = %s AND stream = %s AND NOT id = ANY(%s)"
_FINISH = "DELETE FROM playbook.due WHERE tenant = %s AND stream = %s AND id = %s AND token = %s"
_ATTEMPTS = "SELECT attempts FROM playbook.due WHERE tenant = %s AND stream = %s AND id = %s"
_INSERT_DOCUMENT = "INSERT INTO playbook.documents VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_INSERT_VAULT = "INSERT INTO playbook.vault VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
_INSERT_RECEIPT = "INSERT INTO playbook.receipts VALUES (%s, %s, %s, %s, {}) ON CONFLICT DO NOTHING"
_RECEIPT_AFTER_EVENTS = _INSERT_RECEIPT.format("lastval()")
_RECEIPT_ALONE = _INSERT_RECEIPT.format("0")
RECEIPT = "SELECT fingerprint, answer, position FROM playbook.receipts WHERE tenant = %s AND key = %s"

_stream = attrgetter("stream")


class RejectedError(Exception):
    """Ends the transaction of a batch that something stood in the way of; `actual` asks what is there."""

    def __init__(
        self, batch: Batch, name: str, expected: int, actual: tuple[str, tuple[str, ...]] | None
    ) -> None:
        self._batch, self._name, self._expected, self._actual = batch, name, expected, actual

    def answer(self, connection: Connection) -> Answer:
        """Return how the batch is answered: its key counts before what stood in the way."""
        batch = self._batch
        if batch.key is not None:
            found = ask(connection, RECEIPT, (batch.tenant, batch.key)).fetchone()
            if found is not None:
                if found[0] != batch.fingerprint:
                    return KeyReused(batch.key)
                fingerprint, answer, position = found
                return Receipt(batch.key, fingerprint, answer, position, repeated=True)
        if self._actual is None:
            return VersionConflict(self._name, self._expected, 1)
        found = ask(connection, *self._actual).fetchone()
        return VersionConflict(self._name, self._expected, found[0] if found else 0)


def ask(connection: Connection, statement: str, values: Sequence[Any] | dict[str, Any] = ()) -> Cursor:
    """Return the cursor of a statement, whose rows are tuples however the host set its connection."""
    cursor = connection.cursor(binary=True, row_factory=tuple_row)
    return cursor.execute(statement.encode(), values)


def store(connection: Connection, batches: Sequence[Batch]) -> list[Answer]:
    """Write batches in one transaction, or raise RejectedError for the first that cannot be stored.

    Takes two round trips: one for all statements, one for the commit.
    """
    with connection.pipeline() as pipeline, connection.transaction():
        for tenant in sorted({batch.tenant for batch in batches}):
            ask(connection, _SHARE_TENANT, (tenant,))
        sendings = [_Sending(connection, batch) for batch in batches]
        _flush(connection)
        pipeline.sync()
        return [sending.receipt() for sending in sendings]


def _flush(connection: Connection) -> None:
    """Hand everything to the system, and wait until there is room for more.

    The driver stops sending when it begins to wait for results, and waits for ever where something is left.
    """
    server = connection.pgconn
    with selectors.DefaultSelector() as selector:
        selector.register(server.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while True:
            left = server.flush()
            ready = selector.select()[0][1]
            if ready & selectors.EVENT_READ:
                server.consume_input()
            if ready & selectors.EVENT_WRITE and not left:
                return


class _Sending:
    """Send the statements of one batch; locks are taken in order of stream, so that no two wait for each other."""

    def __init__(self, connection: Connection, batch: Batch) -> None:
        self._connection = connection
        self._batch = batch
        self._tenant = batch.tenant
        self._checks: list[Callable[[], RejectedError | None]] = []
        self._last: Cursor | None = None
        self._send()

    def receipt(self) -> Receipt:
        """Return the receipt once all has been sent; raises RejectedError where something stood in the way."""
        for check in self._checks:
            rejected = check()
            if rejected is not None:
                raise rejected
        batch = self._batch
        position = 0
        if self._last is not None:
            (position,) = self._last.fetchone() or (0,)
        return Receipt(batch.key, batch.fingerprint, batch.answer, position)

    def _ask(self, statement: str, values: Sequence[Any] | dict[str, Any]) -> Cursor:
        return ask(self._connection, statement, values)

    def _send(self) -> None:
        batch, tenant = self._batch, self._tenant
        heads: list[Write | _Read] = [*batch.writes, *(_Read(*read) for read in batch.reads)]
        for head in sorted(heads, key=_stream):
            if isinstance(head, _Read):
                self._read(head)
            else:
                self._head(head)
        for claim in batch.done:
            key = (tenant, claim.stream, claim.id)
            done = self._ask(_FINISH, (*key, claim.token))
            self._one(done, claim.stream, claim.attempts, (_ATTEMPTS, key))
        for write in sorted(batch.writes, key=_stream):
            self._body(write)
        for digest, data in batch.documents.items():
            self._ask(_INSERT_DOCUMENT, (tenant, digest, data))
        for v in batch.vault:
            self._one(self._ask(_INSERT_VAULT, (tenant, v.ref, v.subject, v.salt, v.value)), v.ref)
        if batch.key is not None:
            statement = _RECEIPT_ALONE if self._last is None else _RECEIPT_AFTER_EVENTS
            kept = self._ask(statement, (tenant, batch.key, batch.fingerprint, batch.answer))
            self._one(kept, batch.key)

    def _read(self, read: _Read) -> None:
        key = (self._tenant, read.stream)
        if not read.version:
            self._ask(_SHARE_NAME, ("/".join(key),))
        found = self._ask(_READ_VERSION, key)

        def check() -> RejectedError | None:
            row = found.fetchone()
            if (row[0] if row else 0) == read.version:
                return None
            return RejectedError(self._batch, read.stream, read.version, (_VERSION, key))

        self._checks.append(check)

    def _head(self, write: Write) -> None:
        key, version, events = (self._tenant, write.stream), write.expected, write.events
        if not version:
            self._ask(_LOCK_NAME, ("/".join(key),))
            made = (*key, len(events), events[-1].hash, write.fold, write.snapshot)
            changed = self._ask(_INSERT_STREAM, made)
        elif events:
            head = (version + len(events), events[-1].hash, write.fold, write.snapshot)
            changed = self._ask(_UPDATE_STREAM, (*head, *key, version))
        else:
            changed = self._ask(_UPDATE_SNAPSHOT, (write.fold, write.snapshot, *key, version))
        self._one(changed, write.stream, version, (_VERSION, key))

    def _body(self, write: Write) -> None:
        version = write.expected
        for e in write.events:
            version += 1
            row = (self._tenant, write.stream, version, e.kind, e.at, e.recorded, e.actor, e.data, e.hash)
            self._last = self._ask(_INSERT_EVENT, row)
        if write.index is not None:
            self._case(write.index, new=not write.expected)
        if write.due is not None:
            self._due(write.stream, write.due, new=not write.expected)

    def _case(self, row: IndexRow, *, new: bool) -> None:
        tags = list(row.tags)
        self._ask(_UPSERT_CASE, (self._tenant, *astuple(row)[:-1], tags))
        if tags or not new:
            values = {"tenant": self._tenant, "case": row.case, "newest": -row.opened, "tags": tags}
            self._ask(_REPLACE_TAGS, values)

    def _due(self, stream: str, due: Sequence[DueRow], *, new: bool) -> None:
        if not new:
            self._ask(_CLEAR_DUE, (self._tenant, stream, [d.id for d in due]))
        for d in due:
            self._ask(_INSERT_DUE, (self._tenant, stream, d.id, d.queue, d.at, d.data, d.at))

    def _one(
        self, cursor: Cursor, name: str, expected: int = 0, actual: tuple[str, tuple[str, ...]] | None = None
    ) -> None:
        """Ask that a statement changed one row."""

        def check() -> RejectedError | None:
            return None if cursor.rowcount == 1 else RejectedError(self._batch, name, expected, actual)

        self._checks.append(check)


class _Read:
    """Name a stream that was read, and the version on which the batch was decided."""

    __slots__ = ("stream", "version")

    def __init__(self, stream: str, version: int) -> None:
        self.stream = stream
        self.version = version
