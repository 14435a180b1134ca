"""How a batch becomes statements: all are sent at once, and what they changed is looked at together."""

from __future__ import annotations

import secrets
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import astuple
from psycopg import errors

from playbook.stores import CASE_COLUMNS, Claim, KeyReused, Receipt, VersionConflict, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.stores import Batch, DueRow, IndexRow, NewEvent, Write
    from playbook_postgres.piping import Answer as Found
    from playbook_postgres.piping import Pipe

    _Check = tuple[Found, str, int, tuple[str, tuple[str, ...]] | None]
    Answer = Receipt | VersionConflict | KeyReused

# Whoever writes holds the tenant's lock shared from before the position is drawn until the end, so that a reader
# who gets it alone for a moment knows that every position below is there.
_SHARE_TENANT = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"
# a stream that is not there has no row to lock
_LOCK_NAME = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"
_SHARE_NAME = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 1))"
# What stands in the way of a batch makes a statement fail, so that the commit can be sent along: a row that is
# there already, a version or a claim that is not (no row, so NULL or a division by zero).
_INSERT_STREAM = "INSERT INTO playbook.streams VALUES (%s, %s, %s, %s, %s, %s)"
_EVENT = (
    "INSERT INTO playbook.events (tenant, stream, version, kind, at, recorded, actor, data, hash) VALUES "
)
_INSERT_EVENT = f"{_EVENT}(%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING position"
_MOVE_STREAM = (
    "WITH head AS (UPDATE playbook.streams SET version = %s, hash = %s, fold = %s, snapshot = %s"
    " WHERE tenant = %s AND stream = %s AND version = %s RETURNING stream)"
    f" {_EVENT}(%s, (SELECT stream FROM head), %s, %s, %s, %s, %s, %s, %s) RETURNING position"
)
_UPDATE_SNAPSHOT = (
    "WITH head AS (UPDATE playbook.streams SET fold = %s, snapshot = %s"
    " WHERE tenant = %s AND stream = %s AND version = %s RETURNING stream) SELECT 1 / count(*) FROM head"
)
_VERSION = "SELECT version FROM playbook.streams WHERE tenant = %s AND stream = %s"
_CHECK_VERSION = f"SELECT 1 / (coalesce(({_VERSION} FOR SHARE), 0) = %s)::int"
_CASE = ", ".join(f'"{column}"' for column in CASE_COLUMNS)
_UPSERT_CASE = (
    f"INSERT INTO playbook.cases (tenant, {_CASE}) VALUES (%s, {', '.join(['%s'] * len(CASE_COLUMNS))})"
    ' ON CONFLICT (tenant, "case") DO UPDATE SET '
    + ", ".join(f'"{column}" = excluded."{column}"' for column in CASE_COLUMNS[1:])
)
# a conflict that is updated locks the row even where nothing changes, so what does is updated for itself
_REPLACE_TAGS = (
    'WITH gone AS (DELETE FROM playbook.tags WHERE tenant = %(tenant)s AND "case" = %(case)s'
    " AND NOT (newest = %(newest)s AND tag = ANY(%(tags)s::text[]))),"
    " moved AS (UPDATE playbook.tags SET playbook = %(playbook)s, part = %(part)s"
    ' WHERE tenant = %(tenant)s AND "case" = %(case)s AND newest = %(newest)s AND tag = ANY(%(tags)s::text[])'
    " AND (playbook <> %(playbook)s OR part <> %(part)s))"
    ' INSERT INTO playbook.tags (tenant, tag, newest, "case", playbook, part)'
    " SELECT %(tenant)s, unnest(%(tags)s::text[]), %(newest)s, %(case)s, %(playbook)s, %(part)s"
    " ON CONFLICT DO NOTHING"
)
_INSERT_DUE = (
    "INSERT INTO playbook.due (tenant, stream, id, queue, at, data, ready) VALUES (%s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (tenant, stream, id) DO UPDATE SET queue = excluded.queue, at = excluded.at,"
    " data = excluded.data, ready = excluded.ready, token = NULL, attempts = 0, error = '',"
    " worker = '', held_from = NULL, held_until = NULL"
    " WHERE (due.queue, due.at, due.data) IS DISTINCT FROM (excluded.queue, excluded.at, excluded.data)"
)
_CLEAR_DUE = "DELETE FROM playbook.due WHERE tenant = %s AND stream = %s AND NOT id = ANY(%s)"
_FINISH = (
    "WITH done AS (DELETE FROM playbook.due WHERE tenant = %s AND stream = %s AND id = %s AND token = %s"
    " RETURNING id) SELECT 1 / count(*) FROM done"
)
_ATTEMPTS = "SELECT attempts FROM playbook.due WHERE tenant = %s AND stream = %s AND id = %s"
# What one worker holds of a stream keeps others from the rest of it: its rows are worked off in their order. Those
# who claim take turns, so that each sees what the one before holds; a row that is just being finished is left out,
# and what comes after it in its stream too: it may come to nothing.
_IN_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))"
_CLAIM = (
    "WITH ripe AS MATERIALIZED (SELECT tenant AS t, stream AS s, id AS i, ready AS r FROM playbook.due AS free"
    " WHERE queue = %(queue)s AND ready <= %(now)s AND NOT EXISTS (SELECT 1 FROM playbook.due AS held"
    " WHERE held.tenant = free.tenant AND held.stream = free.stream AND held.queue = free.queue"
    " AND clock_timestamp() >= held.held_from AND clock_timestamp() < held.held_until"
    " AND (held.id = free.id OR held.worker <> %(worker)s))"
    " ORDER BY ready, tenant, stream, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"
    " UPDATE playbook.due SET token = %(token)s, worker = %(worker)s, held_from = clock_timestamp(),"
    " held_until = clock_timestamp() + %(lease)s * interval '1 microsecond', attempts = attempts + 1"
    " FROM ripe WHERE tenant = t AND stream = s AND id = i"
    " AND NOT EXISTS (SELECT 1 FROM playbook.due AS older WHERE older.tenant = t AND older.stream = s"
    " AND older.queue = %(queue)s AND (older.ready, older.id) < (r, i)"
    " AND NOT EXISTS (SELECT 1 FROM ripe AS mine WHERE mine.t = t AND mine.s = s AND mine.i = older.id)"
    " AND (older.worker <> %(worker)s OR clock_timestamp() >= older.held_until))"
    " RETURNING ready, tenant, stream, id, queue, at, data, attempts, token"
)
RELEASE = (
    "UPDATE playbook.due SET ready = %s, token = NULL, worker = '', held_from = NULL, held_until = NULL, error = %s"
    " WHERE tenant = %s AND stream = %s AND id = %s AND token = %s"
)
_INSERT_DOCUMENT = "INSERT INTO playbook.documents VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_INSERT_VAULT = "INSERT INTO playbook.vault VALUES (%s, %s, %s, %s, %s)"
_INSERT_RECEIPT = "INSERT INTO playbook.receipts VALUES (%s, %s, %s, %s, {})"
_RECEIPT_AFTER_EVENTS = _INSERT_RECEIPT.format("lastval()")
_RECEIPT_ALONE = _INSERT_RECEIPT.format("0")
RECEIPT = "SELECT fingerprint, answer, position FROM playbook.receipts WHERE tenant = %s AND key = %s"

_REJECTED = (errors.UniqueViolation, errors.NotNullViolation, errors.DivisionByZero)

_stream = attrgetter("stream")


class RejectedError(Exception):
    """Ends the transaction of a batch that something stood in the way of; `actual` asks what is there."""

    def __init__(
        self, batch: Batch, name: str, expected: int, actual: tuple[str, tuple[str, ...]] | None
    ) -> None:
        self._batch, self._name, self._expected, self._actual = batch, name, expected, actual

    def answer(self, pipe: Pipe) -> Answer:
        """Return how the batch is answered: its key counts before what stood in the way."""
        batch = self._batch
        if batch.key is not None:
            found = pipe.ask(RECEIPT, (batch.tenant, batch.key)).fetchone()
            if found is not None:
                if found[0] != batch.fingerprint:
                    return KeyReused(batch.key)
                fingerprint, answer, position = found
                return Receipt(batch.key, fingerprint, answer, position, repeated=True)
        if self._actual is None:
            return VersionConflict(self._name, self._expected, 1)
        found = pipe.ask(*self._actual).fetchone()
        return VersionConflict(self._name, self._expected, found[0] if found else 0)


def store(pipe: Pipe, batches: Sequence[Batch]) -> list[Answer]:
    """Write batches in one transaction and one round trip.

    Raises RejectedError for the first that cannot be stored, InDoubtError where nobody can know whether they were.
    """
    sendings: list[_Sending] = []
    try:
        with pipe.transaction():
            for tenant in sorted({batch.tenant for batch in batches}):
                pipe.send(_SHARE_TENANT, (tenant,))
            sendings += (_Sending(pipe, batch) for batch in batches)
    except _REJECTED as error:
        for sending in sendings:
            sending.blame(error)
        raise
    return [sending.receipt() for sending in sendings]


def take(pipe: Pipe, asked: dict[str, Any]) -> list[Claim]:
    """Take due rows for a worker, one who asks after the other."""
    asked["token"] = f"{asked['worker']}:{secrets.token_hex(12)}"
    with pipe.transaction():
        pipe.send(_IN_TURN, (asked["queue"],))
        taken = pipe.send(_CLAIM, asked)
    return [Claim(*row[1:]) for row in sorted(taken.fetchall(), key=lambda row: row[:4])]


def replace_tags(tenant: str, row: IndexRow) -> tuple[str, dict[str, Any]]:
    """Return what brings the tags of a case to what its row says, and its values."""
    return _REPLACE_TAGS, {
        "tenant": tenant, "case": row.case, "newest": -row.opened, "tags": list(row.tags),
        "playbook": row.playbook, "part": part_of(row),
    }  # fmt: skip


class _Sending:
    """Send the statements of one batch; locks are taken in order of stream, so that no two wait for each other."""

    def __init__(self, pipe: Pipe, batch: Batch) -> None:
        self._ask = pipe.send
        self._batch = batch
        self._tenant = batch.tenant
        self._checks: list[_Check] = []
        self._last: Found | None = None
        self._send()

    def blame(self, error: Exception) -> None:
        """Raise RejectedError where a statement of this batch failed since something stood in its way."""
        for answer, name, expected, actual in self._checks:
            if answer.failed:
                raise RejectedError(self._batch, name, expected, actual) from error

    def receipt(self) -> Receipt:
        """Return the receipt once all is stored."""
        batch = self._batch
        position = 0
        if self._last is not None:
            (position,) = self._last.fetchone() or (0,)
        return Receipt(batch.key, batch.fingerprint, batch.answer, position)

    def _send(self) -> None:
        batch, tenant = self._batch, self._tenant
        heads: list[Write | _Read] = [*(_Read(*read) for read in batch.reads), *batch.writes]
        for head in sorted(heads, key=_stream):
            if isinstance(head, _Read):
                self._read(head)
            else:
                self._head(head)
                self._events(head)
        for claim in batch.done:
            key = (tenant, claim.stream, claim.id)
            done = self._ask(_FINISH, (*key, claim.token))
            self._check(done, claim.stream, claim.attempts, (_ATTEMPTS, key))
        for write in sorted(batch.writes, key=_stream):
            self._body(write)
        for digest, data in batch.documents.items():
            self._ask(_INSERT_DOCUMENT, (tenant, digest, data))
        for v in batch.vault:
            self._check(self._ask(_INSERT_VAULT, (tenant, v.ref, v.subject, v.salt, v.value)), v.ref)
        if batch.key is not None:
            statement = _RECEIPT_ALONE if self._last is None else _RECEIPT_AFTER_EVENTS
            kept = self._ask(statement, (tenant, batch.key, batch.fingerprint, batch.answer))
            self._check(kept, batch.key)

    def _read(self, read: _Read) -> None:
        key = (self._tenant, read.stream)
        if not read.version:
            self._ask(_SHARE_NAME, ("/".join(key),))
        found = self._ask(_CHECK_VERSION, (*key, read.version))
        self._check(found, read.stream, read.version, (_VERSION, key))

    def _head(self, write: Write) -> None:
        """Make a stream, or move one on with its first event."""
        key, version, events = (self._tenant, write.stream), write.expected, write.events
        if not version:
            self._ask(_LOCK_NAME, ("/".join(key),))
            made = (*key, len(events), events[-1].hash, write.fold, write.snapshot)
            changed = self._ask(_INSERT_STREAM, made)
        elif events:
            head = (version + len(events), events[-1].hash, write.fold, write.snapshot, *key, version)
            changed = self._last = self._ask(
                _MOVE_STREAM, (*head, self._tenant, *_row(version + 1, events[0]))
            )
        else:
            changed = self._ask(_UPDATE_SNAPSHOT, (write.fold, write.snapshot, *key, version))
        self._check(changed, write.stream, version, (_VERSION, key))

    def _events(self, write: Write) -> None:
        """Add the other events; those of the next stream come after them."""
        first = 1 if write.expected else 0
        for version, event in enumerate(write.events[first:], start=write.expected + first + 1):
            row = (self._tenant, write.stream, *_row(version, event))
            self._last = self._ask(_INSERT_EVENT, row)
            self._check(self._last, write.stream, write.expected, (_VERSION, (self._tenant, write.stream)))

    def _body(self, write: Write) -> None:
        """Replace what is derived of a stream."""
        if write.index is not None:
            self._case(write.index, new=not write.expected)
        if write.due is not None:
            self._due(write.stream, write.due, new=not write.expected)

    def _case(self, row: IndexRow, *, new: bool) -> None:
        self._ask(_UPSERT_CASE, (self._tenant, *astuple(row)[:-2], list(row.tags), row.forecast))
        if row.tags or not new:
            self._ask(*replace_tags(self._tenant, row))

    def _due(self, stream: str, due: Sequence[DueRow], *, new: bool) -> None:
        if not new:
            self._ask(_CLEAR_DUE, (self._tenant, stream, [d.id for d in due]))
        for d in due:
            self._ask(_INSERT_DUE, (self._tenant, stream, d.id, d.queue, d.at, d.data, d.at))

    def _check(
        self, answer: Found, name: str, expected: int = 0, actual: tuple[str, tuple[str, ...]] | None = None
    ) -> None:
        """Note what it says where a statement fails: that a stream, a claim or a key is not as expected."""
        self._checks.append((answer, name, expected, actual))


def _row(version: int, event: NewEvent) -> tuple[Any, ...]:
    return (version, event.kind, event.at, event.recorded, event.actor, event.data, event.hash)


class _Read(Struct, frozen=True, gc=False):
    """Name a stream that was read, and the version on which the batch was decided."""

    stream: str
    version: int
