"""The store in a PostgreSQL database, or in a host's own connection."""

from __future__ import annotations

import functools
import threading
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from playbook.stores import (
    CASE_COLUMNS,
    Page,
    Receipt,
    Snapshot,
    StoredEvent,
    VaultRow,
    check_batches,
    check_projection,
    check_table,
    clean,
    place,
    read_position,
)
from playbook_postgres import archive, columns, counting, finding, paging, writing
from playbook_postgres.connecting import Pool, begin, hosted
from playbook_postgres.faults import DOING, READING, STORING, TRANSLATED, Overtaken, translated
from playbook_postgres.piping import Pipe
from playbook_postgres.places import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import psycopg

    from playbook import Projection, Source
    from playbook.stores import Batch, Claim, IndexRow, Query, Row, Tally
    from playbook_postgres.places import Place
    from playbook_postgres.writing import Answer

T = TypeVar("T")

# rows of a projection, and events of a stream, that are read at a time
_CHUNK = 10_000
_EVENTS = 1_000
_SELECT_EVENTS = (
    "SELECT stream, version, position, kind, at, recorded, actor, data, hash FROM playbook.events"
)
_HEADS = "SELECT stream, version, hash, fold, snapshot FROM playbook.streams WHERE tenant = %s AND stream = ANY(%s)"
_VAULT = "SELECT ref, subject, salt, value FROM playbook.vault WHERE tenant = %s AND ref = ANY(%s)"
_TENANTS = (
    "WITH RECURSIVE found (name) AS (SELECT min(tenant) FROM playbook.streams UNION ALL"
    " SELECT (SELECT min(tenant) FROM playbook.streams WHERE tenant > name) FROM found WHERE name IS NOT NULL)"
    " SELECT name FROM found WHERE name IS NOT NULL"
)
# how much of the log of writes there is, in bytes, and whether a copy has so much of it
_WRITTEN = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
_THERE = "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn >= %s"
_PAUSE = 0.01
# the server waits a second each time before it ends one, so more are no contention but a fault
_OVERTAKEN = 10
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_BOUND = "SELECT max(position) FROM playbook.events WHERE tenant = %s"


class _Connected(ABC):
    """Do the work of a store in connections that are lent for it."""

    @abstractmethod
    def _run(self, fate: str, work: Callable[[Pipe], T]) -> T:
        """Return what work returns; `fate` says what became of what it asks for where it fails."""

    def append(self, batches: Sequence[Batch]) -> list[Answer]:
        """Store batches in one transaction, each whole or not at all; answers are in the order given."""
        check_batches(batches)
        if not batches:
            return []
        return self._run(STORING, lambda pipe: self._store(pipe, batches))

    def _store(self, pipe: Pipe, batches: Sequence[Batch]) -> list[Answer]:
        try:
            return writing.store(pipe, batches)
        except writing.RejectedError as rejected:
            if len(batches) == 1:
                return [rejected.answer(pipe)]
        with pipe.transaction():
            return [self._apart(pipe, batch) for batch in batches]

    @staticmethod
    def _apart(pipe: Pipe, batch: Batch) -> Answer:
        try:
            return writing.store(pipe, [batch])[0]
        except writing.RejectedError as rejected:
            return rejected.answer(pipe)

    def receipt(self, tenant: str, key: str) -> Receipt | None:
        """Return the first answer given for a key."""
        for fingerprint, answer, position in self._all(writing.RECEIPT, (tenant, key)):
            return Receipt(key, fingerprint, answer, position, repeated=True)
        return None

    def vault(self, tenant: str, refs: Sequence[str]) -> Mapping[str, VaultRow | None]:
        """Return personal values by reference; None where one was erased."""
        found = {row[0]: VaultRow(*row) for row in self._all(_VAULT, (tenant, list(refs)))}
        return {ref: found.get(ref) for ref in refs}

    def load(self, tenant: str, streams: Sequence[str]) -> Mapping[str, Snapshot]:
        """Return the heads of those of the streams that exist."""
        return {stream: Snapshot(*head) for stream, *head in self._all(_HEADS, (tenant, list(streams)))}

    def streams(self, tenant: str, *, after: str = "", limit: int = 1000) -> Sequence[str]:
        """Return names of streams in order, after one."""
        query = (
            "SELECT stream FROM playbook.streams WHERE tenant = %s AND stream > %s ORDER BY stream LIMIT %s"
        )
        return [stream for (stream,) in self._all(query, (tenant, after, limit))]

    def tenants(self) -> Sequence[str]:
        """Return the tenants that have streams, in order."""
        return [tenant for (tenant,) in self._all(_TENANTS, ())]

    def events(self, tenant: str, stream: str, *, after: int = 0) -> Iterator[StoredEvent]:
        """Yield a stream's events after a version."""
        query = (
            _SELECT_EVENTS + " WHERE tenant = %s AND stream = %s AND version > %s ORDER BY version LIMIT %s"
        )
        more = True
        while more:
            found = self._all(query, (tenant, stream, after, _EVENTS))
            for row in found:
                yield StoredEvent(*row)
                after = row[1]
            more = len(found) == _EVENTS

    def log(self, tenant: str, *, after: str | None, limit: int) -> Page[StoredEvent]:
        """Return events of all streams after an opaque position; `next` is None where there were none.

        Writers wait for the moment in which the upper bound is read; below it nothing can still come.
        """
        position = read_position(after)
        query = (
            _SELECT_EVENTS
            + " WHERE tenant = %s AND position > %s AND position <= %s ORDER BY position LIMIT %s"
        )

        def read(pipe: Pipe) -> list[tuple[Any, ...]]:
            with pipe.transaction():
                pipe.send(_ALONE, (tenant,))
                bound = pipe.send(_BOUND, (tenant,))
            (highest,) = bound.fetchone() or (None,)
            return pipe.ask(query, (tenant, position, highest or 0, limit)).fetchall()

        found = self._run(READING, read)
        return Page(tuple(StoredEvent(*row) for row in found), str(found[-1][2]) if found else None)

    def find(self, tenant: str, query: Query, *, after: str | None = None, limit: int) -> Page[IndexRow]:
        """Return index rows, newest opened first, by keyset pages."""

        def read(pipe: Pipe) -> list[Any]:
            with self._still(pipe, paging.PREPARED):
                return paging.find(
                    lambda *asked: pipe.ask(*asked).fetchall(), tenant, query, after, limit + 1
                )

        found = self._run(READING, read)
        items = tuple(map(finding.row_of, found[:limit]))
        return Page(items, place(items[-1]) if len(found) > limit and items else None)

    @contextmanager
    def _still(self, pipe: Pipe, *settings: str) -> Iterator[None]:
        """Show what the database has now, for a block with some settings; writers go on."""
        with pipe.transaction():
            for setting in (archive.STILL, *settings):
                pipe.send(setting)
            yield

    def tally(self, tenant: str, query: Query, by: Sequence[str]) -> Sequence[Tally]:
        """Return counts and exact sums grouped by columns of the index, in order of group."""
        return self._run(READING, lambda pipe: self._tally(pipe, tenant, query, by))

    @staticmethod
    def _tally(pipe: Pipe, tenant: str, query: Query, by: Sequence[str]) -> Sequence[Tally]:
        return counting.tally(pipe, tenant, query, by)[0]

    def last_assigned(self, tenant: str, owner: str) -> int:
        """Return when an owner last got one of the cases that are theirs now, closed ones too; 0 without any."""
        found = self._all(finding.LAST_ASSIGNED, (tenant, owner, *finding.NO_RECORDS[1]))
        return int(found[0][0]) if found else 0

    def claim(self, queue: str, *, now: int, limit: int, lease: int, worker: str) -> Sequence[Claim]:
        """Take due rows whose time has come, oldest first; each is one worker's until its lease ends.

        Leases are by the clock of the server.
        """
        asked = {"queue": queue, "now": now, "limit": limit, "lease": lease, "worker": worker}
        return self._run(DOING, lambda pipe: writing.take(pipe, asked))

    def release(self, claim: Claim, *, retry_at: int | None, error: str) -> None:
        """Give a claim back to be taken again at a time; None parks it; nothing happens if it was lost."""
        key = (claim.tenant, claim.stream, claim.id, claim.token)
        self._run(DOING, lambda pipe: pipe.ask(writing.RELEASE, (retry_at, clean(error), *key)))

    def document(self, tenant: str, digest: str) -> bytes | None:
        """Return a published document by its digest."""
        found = self._all(
            "SELECT data FROM playbook.documents WHERE tenant = %s AND digest = %s", (tenant, digest)
        )
        return found[0][0] if found else None

    def columns(
        self, tenant: str, table: str, *, after: str | None = None
    ) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Yield a projection as chunks of columns in order of case, after a case."""
        check_table(table)
        return self._columns(tenant, after or "")

    def _columns(self, tenant: str, after: str) -> Iterator[Mapping[str, Sequence[Any]]]:
        records, bounds = finding.NO_RECORDS
        query = (
            f'SELECT {finding.COLUMNS} FROM playbook.cases WHERE tenant = %s AND "case" > %s AND {records}'
            ' ORDER BY "case" LIMIT %s'
        )
        while found := self._all(query, (tenant, after, *bounds, _CHUNK)):
            chunk = dict(zip(CASE_COLUMNS, map(list, zip(*found, strict=True)), strict=True))
            chunk["tags"] = list(map(tuple, chunk["tags"]))
            yield chunk
            after = found[-1][0]

    def erase(self, tenant: str, subject: str) -> int:
        """Delete every personal value of a subject from the vault; return how many there were.

        The bytes leave the disk with the next VACUUM, and the write-ahead log and backups when they are recycled.
        """
        query = "DELETE FROM playbook.vault WHERE tenant = %s AND subject = %s"
        return self._run(DOING, lambda pipe: pipe.ask(query, (tenant, subject)).rowcount)

    def bind(self, connection: psycopg.Connection[Any]) -> HostedStore:
        """Return a store that works in the host's own connection and transaction, which the host ends.

        The connection is psycopg's, to a database that PostgresStore made. Raises ForeignStore for another.
        """
        return HostedStore(connection)

    def _all(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._run(READING, lambda pipe: pipe.ask(statement, values).fetchall())


class PostgresStore(_Connected):
    """Keep everything in the schema `playbook` of a PostgreSQL database; for many threads, processes, machines.

    `url` is what libpq takes, with `replica=URL` for a copy that lists and reports are read from; `timeout` is how
    many seconds to wait for a connection. Raises StoreUnavailable, ForeignStore or NewerStore, each with one line
    that says what to do.
    """

    def __init__(self, url: str, *, timeout: float = 5.0, connections: int = 16) -> None:
        place, replica = read(url)
        self._conninfo = place.conninfo
        self._pool = Pool(place, timeout, connections)
        self._replica = None if replica is None else _Replica(self, replica, timeout, connections)

    def append(self, batches: Sequence[Batch]) -> list[Answer]:
        """Store batches in one transaction, each whole or not at all; answers are in the order given."""
        for _ in range(_OVERTAKEN):
            try:
                return super().append(batches)
            except Overtaken:
                continue  # the database ended one of two that waited for each other; the other has moved on
        return super().append(batches)

    def source(self, tenant: str, projection: Projection) -> Source:
        """Return how a driver of ADBC reads a projection; writers wait for the moment in which its mark is read.

        A replica is read once it has all up to the mark.
        """
        check_projection(projection)
        return self._run(READING, lambda pipe: self._source(pipe, tenant, projection))

    def _source(self, pipe: Pipe, tenant: str, projection: Projection) -> Source:
        with pipe.transaction():
            pipe.send(_ALONE, (tenant,))
            last = columns.end(pipe, tenant)
        if self._replica is not None:
            (written,) = pipe.ask(_WRITTEN).fetchone() or (0,)
            conninfo = self._replica.conninfo
            found = self._replica.caught_up(
                written, lambda copy: columns.source(copy, conninfo, tenant, projection, last)
            )
            if found is not None:
                return found
        return columns.source(pipe, self._conninfo, tenant, projection, last)

    def replica(self) -> _Connected:
        """Return what lists and reports are read from: the replica where the URL names one."""
        return self._replica or self

    @contextmanager
    def moment(self) -> Iterator[archive.PostgresMoment]:
        """Lend what the database has now, for a block; writers go on."""
        with self._pool.apart(READING) as pipe, self._still(pipe):
            pipe.ask("SELECT 1")  # the moment is that of the first question
            yield archive.PostgresMoment(pipe)

    def restore(self, table: str, rows: Sequence[Row], gone: Sequence[Row]) -> None:
        """Write rows as they are, in place of those with the same keys, and delete rows by their keys, as one."""
        self._run(DOING, lambda pipe: archive.restore(pipe, table, rows, gone))

    def _run(self, fate: str, work: Callable[[Pipe], T]) -> T:
        return self._pool.run(fate, work)

    @staticmethod
    def _tally(pipe: Pipe, tenant: str, query: Query, by: Sequence[str]) -> Sequence[Tally]:
        found, due = counting.tally(pipe, tenant, query, by)
        if due:
            counting.fold(pipe, tenant)
        return found

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()
        if self._replica is not None:
            self._replica.close()


class _Replica(_Connected):
    """Read from a copy, to which connections are made when it is first asked: what is stored must not wait for it."""

    def __init__(self, first: PostgresStore, place: Place, timeout: float, connections: int) -> None:
        self._first = first
        self.conninfo = place.conninfo
        self._patience = timeout
        self._open = functools.partial(Pool, place, timeout, connections, replica=True)
        self._opening = threading.Lock()
        self._pool: Pool | None = None

    def _run(self, fate: str, work: Callable[[Pipe], T]) -> T:
        try:
            return self._copy().run(fate, work)
        except Overtaken:  # the copy had to take over what the question still needed
            return self._first._run(fate, work)

    def _copy(self) -> Pool:
        with self._opening:
            if self._pool is None:
                self._pool = self._open()
        return self._pool

    def caught_up(self, written: int, work: Callable[[Pipe], T]) -> T | None:
        """Do a work once the copy has what the first server had written; None where that takes too long."""
        begun = time.monotonic()

        def wait(pipe: Pipe) -> T | None:
            while pipe.ask(_THERE, (written,)).fetchone() != (True,):
                if time.monotonic() - begun > self._patience:
                    return None
                time.sleep(_PAUSE)
            return work(pipe)

        return self._copy().run(READING, wait)

    def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            self._pool.close()


class HostedStore(_Connected):
    """Work in the connection and transaction of a host, who commits, rolls back and closes."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        hosted(connection)
        self._connection = connection
        # the host may at any time make the server forget what was prepared
        self._pipe = Pipe(connection, prepare=False)

    def _run(self, fate: str, work: Callable[[Pipe], T]) -> T:
        try:
            begin(self._connection)
            return work(self._pipe)
        except TRANSLATED as error:
            raise translated(error, "the host's database", fate) from error
        except Exception:
            raise
        except BaseException:
            self._connection.close()  # it is in the middle of something, which the host can only undo
            raise

    @contextmanager
    def _still(self, pipe: Pipe, *settings: str) -> Iterator[None]:
        yield  # how long one state is shown is for the host to say

    def close(self) -> None:
        """Leave the connection to the host."""
