"""The store in one SQLite file, or in a host's own connection."""

from __future__ import annotations

import secrets
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from playbook.errors import DamagedStore
from playbook.stores import limits, rows, sqlite_columns, sqlite_counting, sqlite_pages
from playbook.stores.combining import Combining
from playbook.stores.interface import Claim, IndexRow, Page, Receipt, Snapshot, StoredEvent, VaultRow
from playbook.stores.sqlite_archive import SqliteMoment, moment, restore
from playbook.stores.sqlite_damage import SELECT_EVENTS, up_to_fault
from playbook.stores.sqlite_file import MEMORY, SYNCHRONOUS, check_host, log_of, open_file, read_url
from playbook.stores.sqlite_log import LogCopier
from playbook.stores.sqlite_use import Joined, Readers, Transaction
from playbook.stores.sqlite_write import (
    HOLD_DUE,
    SELECT_HEAD,
    SELECT_HEADS,
    SELECT_RECEIPT,
    SELECT_RIPE,
    ApartError,
    RejectedError,
    Writer,
    independent,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from playbook.model.projections import Projection, Source
    from playbook.stores.archive import Row
    from playbook.stores.interface import Batch, Query, Tally
    from playbook.stores.sqlite_write import Answer

T = TypeVar("T")

# rows of a projection, and events of a stream, that are read at a time
_CHUNK = 10_000
_EVENTS = 1_000
_SELECT_TENANTS = (
    "WITH RECURSIVE found (name) AS (SELECT min(tenant) FROM streams UNION ALL"
    " SELECT (SELECT min(tenant) FROM streams WHERE tenant > name) FROM found WHERE name IS NOT NULL)"
    " SELECT name FROM found WHERE name IS NOT NULL"
)


def _nothing() -> None:
    """Do nothing."""


def _clock() -> int:
    return time.time_ns() // 1000


class _Connected:
    """Do the work of a store; what writes uses one connection, for one caller at a time."""

    _kind = Transaction

    def __init__(self, connection: sqlite3.Connection, path: str, timeout: float | None) -> None:
        cursor = connection.cursor()
        cursor.row_factory = None  # a host may have set its own
        self._lock = threading.Lock()
        self._cursor = cursor
        self._writer = Writer(cursor)
        self._readers = Readers(cursor, self._lock, path, timeout)
        self._transaction = self._kind(cursor, path)

    def append(self, batches: Sequence[Batch]) -> list[Answer]:
        """Store batches in one transaction, each whole or not at all; answers are in the order given."""
        limits.check(batches)
        return self._append(batches)

    def _append(self, batches: Sequence[Batch], written: Callable[[], None] = _nothing) -> list[Answer]:
        """Store batches; `written` is called when that was written and is about to be kept."""
        writer = self._writer
        try:
            if len(batches) == 1:
                return self._keep(lambda: [writer.one(batches[0])], written)
            if independent(batches):
                return self._keep(lambda: writer.together(batches), written)
        except RejectedError as rejected:
            return [rejected.answer]
        except ApartError:
            pass  # which of them it is shows when they are stored one by one
        return self._keep(lambda: [writer.apart(batch) for batch in batches], written)

    def receipt(self, tenant: str, key: str) -> Receipt | None:
        """Return the first answer given for a key."""
        found = self._all(SELECT_RECEIPT, (tenant, key), short=True)
        if not found:
            return None
        fingerprint, answer, position = found[0]
        return Receipt(key, fingerprint, answer, position, repeated=True)

    def vault(self, tenant: str, refs: Sequence[str]) -> Mapping[str, VaultRow | None]:
        """Return personal values by reference; None where one was erased."""
        found: dict[str, VaultRow | None] = {}
        query = "SELECT subject, salt, value FROM vault WHERE tenant = ? AND ref = ?"
        for ref in refs:
            row = self._all(query, (tenant, ref), short=True)
            found[ref] = VaultRow(ref, *row[0]) if row else None
        return found

    def load(self, tenant: str, streams: Sequence[str]) -> Mapping[str, Snapshot]:
        """Return the heads of those of the streams that exist, all as they were at one moment."""
        if len(streams) == 1:
            found = self._all(SELECT_HEAD, (tenant, *streams), short=True)
            return {stream: Snapshot(*head) for stream, head in zip(streams, found, strict=False)}
        found = self._all(SELECT_HEADS, (tenant, rows.array(streams)), short=True)
        return {stream: Snapshot(*head) for stream, *head in found}

    def streams(self, tenant: str, *, after: str = "", limit: int = 1000) -> Sequence[str]:
        """Return names of streams in order, after one."""
        query = "SELECT stream FROM streams WHERE tenant = ? AND stream > ? ORDER BY stream LIMIT ?"
        return [stream for (stream,) in self._all(query, (tenant, after, limit))]

    def tenants(self) -> Sequence[str]:
        """Return the tenants that have streams, in order."""
        return [tenant for (tenant,) in self._all(_SELECT_TENANTS, ())]

    def events(self, tenant: str, stream: str, *, after: int = 0) -> Iterator[StoredEvent]:
        """Yield a stream's events after a version."""
        where = "WHERE tenant = ? AND stream = ? AND version > ? ORDER BY version LIMIT ?"
        more = True
        while more:
            found, fault = self._events(where, (tenant, stream, after, _EVENTS))
            for row in found:
                yield StoredEvent(*row)
                after = row[1]
            if fault is not None:
                raise fault
            more = len(found) == _EVENTS

    def log(self, tenant: str, *, after: str | None, limit: int) -> Page[StoredEvent]:
        """Return events of all streams after an opaque position; `next` is None where there were none."""
        where = f"{log_of(tenant)} AND position > ? ORDER BY position LIMIT ?"
        found, fault = self._events(where, (tenant, rows.read_position(after), limit))
        if fault is not None:
            raise fault
        return Page(tuple(StoredEvent(*row) for row in found), str(found[-1][2]) if found else None)

    def _events(self, where: str, values: Sequence[Any]) -> tuple[list[Any], DamagedStore | None]:
        """Return events up to the first that cannot be read, and what to raise for that one."""
        try:
            return self._all(f"{SELECT_EVENTS} {where}", values), None
        except DamagedStore as error:
            return self._readers.read(partial(up_to_fault, where, values, error))

    def find(self, tenant: str, query: Query, *, after: str | None = None, limit: int) -> Page[IndexRow]:
        """Return index rows, newest opened first, by keyset pages."""
        found = self._readers.read(lambda cursor: sqlite_pages.find(cursor, tenant, query, after, limit + 1))
        more = len(found) > limit
        items = tuple(found[:limit])
        return Page(items, rows.place(items[-1]) if more and items else None)

    def tally(self, tenant: str, query: Query, by: Sequence[str]) -> Sequence[Tally]:
        """Return counts and exact sums grouped by columns of the index, in order of group."""
        return sqlite_counting.tallies(self._all(*sqlite_counting.counts(tenant, query, by)))

    def last_assigned(self, tenant: str, owner: str) -> int:
        """Return when an owner last got one of the cases that are theirs now, closed ones too; 0 without any."""
        records = sqlite_counting.NO_RECORDS[1]
        found = self._all(sqlite_counting.LAST_ASSIGNED, (tenant, owner, *records), short=True)
        return found[0][0] if found else 0

    def claim(self, queue: str, *, now: int, limit: int, lease: int, worker: str) -> Sequence[Claim]:
        """Take due rows whose time has come, oldest first; each is one worker's until its lease ends.

        Leases are by the clock of the machine, which all who use the file share.
        """
        wanted = {"queue": queue, "now": now, "worker": worker, "limit": limit}
        if not self._all(SELECT_RIPE, {**wanted, "clock": _clock(), "limit": 1}, short=True):
            return []  # a worker that asks in vain does not stop those who write
        return self._keep(lambda: self._claim(wanted, lease, worker))

    def _claim(self, wanted: Mapping[str, Any], lease: int, worker: str) -> list[Claim]:
        clock = _clock()
        found = self._cursor.execute(SELECT_RIPE, {**wanted, "clock": clock}).fetchall()
        claims = [Claim(*row) for row in ((*row, f"{worker}:{secrets.token_hex(12)}") for row in found)]
        held = (worker, clock, clock + lease)
        self._cursor.executemany(
            HOLD_DUE, [(claim.token, *held, claim.tenant, claim.stream, claim.id) for claim in claims]
        )
        return claims

    def release(self, claim: Claim, *, retry_at: int | None, error: str) -> None:
        """Give a claim back to be taken again at a time; None parks it; nothing happens if it was lost."""
        release = (
            "UPDATE due SET ready = ?, token = NULL, worker = '', held_from = 0, held_until = 0, error = ?"
            " WHERE tenant = ? AND stream = ? AND id = ? AND token = ?"
        )
        values = (retry_at, limits.clean(error), claim.tenant, claim.stream, claim.id, claim.token)
        self._keep(lambda: self._cursor.execute(release, values))

    def document(self, tenant: str, digest: str) -> bytes | None:
        """Return a published document by its digest."""
        found = self._all(
            "SELECT data FROM documents WHERE tenant = ? AND digest = ?", (tenant, digest), short=True
        )
        return found[0][0] if found else None

    def columns(
        self, tenant: str, table: str, *, after: str | None = None
    ) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Yield a projection as chunks of columns in order of case, after a case."""
        rows.check_table(table)
        return self._columns(tenant, after or "")

    def _columns(self, tenant: str, after: str) -> Iterator[Mapping[str, Sequence[Any]]]:
        records, bounds = sqlite_counting.NO_RECORDS
        query = (
            f"SELECT {sqlite_pages.COLUMNS} FROM cases INDEXED BY cases_case"
            f' WHERE tenant = ? AND "case" > ? AND {records} ORDER BY "case" LIMIT {_CHUNK}'
        )
        while found := self._all(query, (tenant, after, *bounds)):
            columns: dict[str, list[Any]] = dict(
                zip(rows.COLUMNS, map(list, zip(*found, strict=True)), strict=True)
            )
            columns["hidden"] = list(map(bool, columns["hidden"]))
            columns["tags"] = list(map(rows.read_tags, columns["tags"]))
            yield columns
            after = found[-1][0]

    def erase(self, tenant: str, subject: str) -> int:
        """Delete every personal value of a subject from the vault; return how many there were.

        The bytes are overwritten. In a host's transaction the write-ahead log may hold them until the host
        makes a checkpoint; so may it where another process reads at this moment.
        """
        query = "DELETE FROM vault WHERE tenant = ? AND subject = ?"
        return self._keep(lambda: self._cursor.execute(query, (tenant, subject)).rowcount)

    def bind(self, connection: Any) -> HostedStore:
        """Return a store that works in the host's own connection and transaction, which the host ends.

        The connection is sqlite3's, to a file that SqliteStore made. Raises ForeignStore for another file.
        """
        return HostedStore(connection)

    def _all(
        self, statement: str, values: Sequence[Any] | Mapping[str, Any], *, short: bool = False
    ) -> list[Any]:
        return self._readers.read(lambda cursor: cursor.execute(statement, values).fetchall(), short=short)

    def _keep(self, work: Callable[[], T], written: Callable[[], None] = _nothing) -> T:
        with self._lock:
            return self._transaction.run(work, written)


class SqliteStore(_Connected):
    """Keep everything in one SQLite file in WAL mode; safe for many threads and processes.

    `timeout` is how many seconds to wait for another process. A command that was answered is there after the
    program was killed; with `synchronous` "full" after a power cut too, where "normal" may lose the last ones.
    Raises StoreUnavailable, ForeignStore or NewerStore, each with one line that says what to do.
    """

    def __init__(self, path: str, *, timeout: float = 5.0, synchronous: str = SYNCHRONOUS[0]) -> None:
        super().__init__(open_file(path, timeout, synchronous), path, None if path == MEMORY else timeout)
        self._path, self._timeout = path, timeout
        self._combining = Combining(self._append)
        self._log = LogCopier(self._readers, self._lock)

    def append(self, batches: Sequence[Batch]) -> list[Answer]:
        """Store batches, each whole or not at all; those of threads that meet share a transaction."""
        limits.check(batches)
        answers = self._combining.append(batches)
        self._log.wrote(len(batches))
        return answers

    def source(self, tenant: str, projection: Projection) -> Source | None:
        """Return how a driver of ADBC reads a projection; None where everything is in memory."""
        rows.check_projection(projection)
        if self._path == MEMORY:
            return None
        path = Path(self._path).absolute()
        return self._readers.read(lambda cursor: sqlite_columns.source(cursor, path, tenant, projection))

    def erase(self, tenant: str, subject: str) -> int:
        """Delete every personal value of a subject, in the write-ahead log too; return how many there were."""
        count = super().erase(tenant, subject)
        with self._log.still():
            self._all("PRAGMA wal_checkpoint(TRUNCATE)", ())
        return count

    def moment(self) -> AbstractContextManager[SqliteMoment]:
        """Lend what the file has now, for a block; writers go on. A store without a file has no moments."""
        return moment(self._path, self._timeout)

    def restore(self, table: str, rows: Sequence[Row], gone: Sequence[Row]) -> None:
        """Write rows as they are, in place of those with the same keys, and delete rows by their keys, as one."""
        self._keep(lambda: restore(self._cursor, table, rows, gone))
        self._log.wrote(len(rows))

    def integrity(self) -> list[str]:
        """Return what SQLite itself finds wrong with the file: pages, indexes, types; at most 100 faults."""
        return [line for (line,) in self._all("PRAGMA integrity_check", ()) if line != "ok"]

    def close(self) -> None:
        """Close the file."""
        with self._log.still():
            self._readers.close()


class HostedStore(_Connected):
    """Work in the connection and transaction of a host, who commits, rolls back and closes."""

    _kind = Joined

    def __init__(self, connection: sqlite3.Connection) -> None:
        check_host(connection)
        connection.execute("PRAGMA secure_delete = ON")
        super().__init__(connection, "the host's database", None)

    def close(self) -> None:
        """Leave the connection to the host."""


def open_url(url: str) -> SqliteStore:
    """Open the store that a URL names, as `read_url` has it; raises InputError."""
    path, synchronous = read_url(url)
    return SqliteStore(path, synchronous=synchronous)
