"""The store in a PostgreSQL database, or in a host's own connection."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playbook.stores import (
    CASE_COLUMNS,
    Claim,
    Page,
    Receipt,
    Snapshot,
    StoredEvent,
    VaultRow,
    check_batches,
    check_projection,
    check_table,
    place,
    read_position,
)
from playbook_postgres import columns, finding, writing
from playbook_postgres.connecting import TRANSLATED, Overtaken, Pool, begin, hosted, translated
from playbook_postgres.piping import Pipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import psycopg

    from playbook import Projection, Source
    from playbook.stores import Batch, IndexRow, Query, Tally
    from playbook_postgres.writing import Answer

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
_CLAIM = (
    "UPDATE playbook.due SET ready = %s, token = %s, attempts = attempts + 1"
    " FROM (SELECT tenant AS t, stream AS s, id AS i, ready AS was FROM playbook.due WHERE queue = %s"
    " AND ready <= %s ORDER BY ready, tenant, stream, id LIMIT %s FOR UPDATE SKIP LOCKED) AS ripe"
    " WHERE tenant = t AND stream = s AND id = i"
    " RETURNING was, tenant, stream, id, queue, at, data, attempts, token"
)
_RELEASE = (
    "UPDATE playbook.due SET ready = %s, token = NULL, error = %s"
    " WHERE tenant = %s AND stream = %s AND id = %s AND token = %s"
)
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_BOUND = "SELECT max(position) FROM playbook.events WHERE tenant = %s"


class _Connected(ABC):
    """Do the work of a store in connections that are lent for it."""

    @abstractmethod
    def _lend(self) -> AbstractContextManager[Pipe]:
        """Lend a pipe for a block."""

    def append(self, batches: Sequence[Batch]) -> list[Answer]:
        """Store batches in one transaction, each whole or not at all; answers are in the order given."""
        check_batches(batches)
        if not batches:
            return []
        with self._lend() as pipe:
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
        found = self._all(writing.RECEIPT, (tenant, key))
        if not found:
            return None
        fingerprint, answer, position = found[0]
        return Receipt(key, fingerprint, answer, position, repeated=True)

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
        with self._lend() as pipe:
            with pipe.transaction():
                pipe.send(_ALONE, (tenant,))
                bound = pipe.send(_BOUND, (tenant,))
            query = (
                _SELECT_EVENTS
                + " WHERE tenant = %s AND position > %s AND position <= %s ORDER BY position LIMIT %s"
            )
            (highest,) = bound.fetchone() or (None,)
            found = pipe.ask(query, (tenant, position, highest or 0, limit)).fetchall()
        return Page(tuple(StoredEvent(*row) for row in found), str(found[-1][2]) if found else None)

    def find(self, tenant: str, query: Query, *, after: str | None = None, limit: int) -> Page[IndexRow]:
        """Return index rows, newest opened first, by keyset pages."""
        found = self._all(*finding.find(tenant, query, after, limit + 1))
        items = tuple(map(finding.row_of, found[:limit]))
        return Page(items, place(items[-1]) if len(found) > limit and items else None)

    def tally(self, tenant: str, query: Query, by: Sequence[str]) -> Sequence[Tally]:
        """Return counts and exact sums grouped by columns of the index, in order of group."""
        return finding.tallies(self._all(*finding.tally(tenant, query, by)))

    def last_assigned(self, tenant: str, owner: str) -> int:
        """Return when an owner last got one of the cases that are theirs now, closed ones too; 0 without any."""
        found = self._all(finding.LAST_ASSIGNED, (tenant, owner, *finding.NO_RECORDS[1]))
        return int(found[0][0]) if found else 0

    def claim(self, queue: str, *, now: int, limit: int, lease: int, worker: str) -> Sequence[Claim]:
        """Take due rows whose time has come, oldest first; each is one worker's until its lease ends."""
        token = f"{worker}:{secrets.token_hex(12)}"
        found = self._all(_CLAIM, (now + lease, token, queue, now, limit))
        return [Claim(*row[1:]) for row in sorted(found, key=lambda row: row[:4])]

    def release(self, claim: Claim, *, retry_at: int | None, error: str) -> None:
        """Give a claim back to be taken again at a time; None parks it; nothing happens if it was lost."""
        with self._lend() as pipe:
            key = (claim.tenant, claim.stream, claim.id, claim.token)
            pipe.ask(_RELEASE, (retry_at, error, *key))

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
        with self._lend() as pipe:
            query = "DELETE FROM playbook.vault WHERE tenant = %s AND subject = %s"
            return pipe.ask(query, (tenant, subject)).rowcount

    def bind(self, connection: psycopg.Connection[Any]) -> HostedStore:
        """Return a store that works in the host's own connection and transaction, which the host ends.

        The connection is psycopg's, to a database that PostgresStore made. Raises ForeignStore for another.
        """
        return HostedStore(connection)

    def _all(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._lend() as pipe:
            return pipe.ask(statement, values).fetchall()


class PostgresStore(_Connected):
    """Keep everything in the schema `playbook` of a PostgreSQL database; for many threads, processes, machines.

    `url` is what libpq takes, `timeout` how many seconds to wait for a connection. Raises StoreUnavailable,
    ForeignStore or NewerStore, each with one line that says what to do.
    """

    def __init__(self, url: str, *, timeout: float = 5.0, connections: int = 16) -> None:
        self._url = url
        self._pool = Pool(url, timeout, connections)

    def append(self, batches: Sequence[Batch]) -> list[Answer]:
        """Store batches in one transaction, each whole or not at all; answers are in the order given."""
        while True:
            try:
                return super().append(batches)
            except Overtaken:
                continue  # the database ended one of two that waited for each other; the other has moved on

    def source(self, tenant: str, projection: Projection) -> Source:
        """Return how a driver of ADBC reads a projection; writers wait for the moment in which its mark is read."""
        check_projection(projection)
        with self._lend() as pipe:
            with pipe.transaction():
                pipe.ask(_ALONE, (tenant,))
                last = columns.end(pipe, tenant)
            return columns.source(pipe, self._url, tenant, projection, last)

    def _lend(self) -> AbstractContextManager[Pipe]:
        return self._pool.lend()

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class HostedStore(_Connected):
    """Work in the connection and transaction of a host, who commits, rolls back and closes."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        hosted(connection)
        self._connection = connection
        # the host may at any time make the server forget what was prepared
        self._pipe = Pipe(connection, prepare=False)

    @contextmanager
    def _lend(self) -> Iterator[Pipe]:
        try:
            begin(self._connection)
            yield self._pipe
        except TRANSLATED as error:
            raise translated(error, "the host's database") from error

    def close(self) -> None:
        """Leave the connection to the host."""
