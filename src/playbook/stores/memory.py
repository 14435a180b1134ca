"""The store in memory: the contract in its plainest form, for tests, trials and what-if runs."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

import attrs
from msgspec.structs import asdict, replace

from playbook.errors import KeyReused
from playbook.stores import limits, rows
from playbook.stores.interface import (
    GENESIS,
    Claim,
    Page,
    Query,
    Receipt,
    Snapshot,
    StoredEvent,
    VersionConflict,
)
from playbook.stores.memory_kept import Due, MemoryMoment, Tenant
from playbook.stores.tallies import column, gathered, kept_answers, part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playbook.stores.archive import Row
    from playbook.stores.interface import Batch, DueRow, IndexRow, Tally, VaultRow, Write

    Answer = Receipt | VersionConflict | KeyReused

_CHUNK = 10_000


class MemoryStore:
    """Keep everything in memory; safe for many threads, gone with the process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tenants: dict[str, Tenant] = {}
        self._position = 0

    def append(self, batches: Sequence[Batch]) -> list[Answer]:
        """Store batches, each whole or not at all; answers are in the order given."""
        limits.check(batches)
        with self._lock:
            return [self._append(batch) for batch in batches]

    def _append(self, batch: Batch) -> Answer:
        tenant = self._tenants.get(batch.tenant) or Tenant()
        first = tenant.receipts.get(batch.key) if batch.key is not None else None
        if first is not None:
            same = first.fingerprint == batch.fingerprint
            return replace(first, repeated=True) if same else KeyReused(first.key or "")
        writes = sorted(batch.writes, key=lambda write: write.stream)
        conflict = _conflict(tenant, batch, writes)
        if conflict is not None:
            return conflict
        self._tenants[batch.tenant] = tenant
        tenant.begin()
        try:
            return self._store(tenant, batch, writes)
        except BaseException:  # a signal may strike anywhere
            tenant.undo()
            raise

    def _store(self, tenant: Tenant, batch: Batch, writes: Sequence[Write]) -> Receipt:
        for claim in batch.done:
            tenant.put(tenant.due, (claim.stream, claim.id), None)
        before = self._position
        for write in writes:
            self._write(tenant, write)
        for digest, document in batch.documents.items():
            if digest not in tenant.documents:
                tenant.put(tenant.documents, digest, document)
        for row in batch.vault:
            tenant.put(tenant.vault, row.ref, row)
        last = self._position if self._position > before else 0
        receipt = Receipt(batch.key, batch.fingerprint, batch.answer, last)
        if batch.key is not None:
            tenant.put(tenant.receipts, batch.key, receipt)
        return receipt

    def _write(self, tenant: Tenant, write: Write) -> None:
        version, stream = write.expected, write.stream
        head = tenant.heads[stream].hash if version else GENESIS
        for e in write.events:
            version += 1
            self._position += 1
            head = e.hash
            stored = StoredEvent(
                stream, version, self._position, e.kind, e.at, e.recorded, e.actor, e.data, e.hash
            )
            tenant.events.setdefault(stream, []).append(stored)
            tenant.log.append(stored)
        tenant.put(tenant.heads, stream, Snapshot(version, head, write.fold, write.snapshot))
        if write.index is not None:
            tenant.index(write.index)
        if write.due is not None:
            _replace_due(tenant, stream, write.due)

    def receipt(self, tenant: str, key: str) -> Receipt | None:
        """Return the first answer given for a key."""
        with self._lock:
            first = self._of(tenant).receipts.get(key)
        return None if first is None else replace(first, repeated=True)

    def vault(self, tenant: str, refs: Sequence[str]) -> Mapping[str, VaultRow | None]:
        """Return personal values by reference; None where one was erased."""
        with self._lock:
            return {ref: self._of(tenant).vault.get(ref) for ref in refs}

    def load(self, tenant: str, streams: Sequence[str]) -> Mapping[str, Snapshot]:
        """Return the heads of those of the streams that exist."""
        with self._lock:
            heads = self._of(tenant).heads
            return {stream: heads[stream] for stream in streams if stream in heads}

    def streams(self, tenant: str, *, after: str = "", limit: int = 1000) -> Sequence[str]:
        """Return names of streams in order, after one."""
        with self._lock:
            return sorted(stream for stream in self._of(tenant).heads if stream > after)[:limit]

    def tenants(self) -> Sequence[str]:
        """Return the tenants that have streams, in order."""
        with self._lock:
            return sorted(name for name, tenant in self._tenants.items() if tenant.heads)

    def events(self, tenant: str, stream: str, *, after: int = 0) -> Iterator[StoredEvent]:
        """Yield a stream's events after a version."""
        with self._lock:
            found = self._of(tenant).events.get(stream, [])[after:]
        yield from found

    def log(self, tenant: str, *, after: str | None, limit: int) -> Page[StoredEvent]:
        """Return events of all streams after an opaque position; `next` is None where there were none."""
        position = rows.read_position(after)
        with self._lock:
            found = [event for event in self._of(tenant).log if event.position > position][:limit]
        return Page(tuple(found), str(found[-1].position) if found else None)

    def find(self, tenant: str, query: Query, *, after: str | None = None, limit: int) -> Page[IndexRow]:
        """Return index rows, newest opened first, by keyset pages."""
        found = sorted(self._matching(tenant, query), key=_order)
        if after is not None:
            opened, case = rows.read_place(after)
            found = [row for row in found if _order(row) > (-opened, case)]
        items = tuple(found[:limit])
        return Page(items, rows.place(items[-1]) if items and len(found) > limit else None)

    def tally(self, tenant: str, query: Query, by: Sequence[str]) -> Sequence[Tally]:
        """Return counts and exact sums grouped by columns of the index, in order of group."""
        rows.check_groups(by)
        rows.check_status(query)
        kept = kept_answers(query, by)
        with self._lock:
            parts = list(self._of(tenant).tallies.parts(query, by)) if kept else []
            found = self._matching(tenant, query) if not kept or query.tags is not None else []
        return gathered([*parts, *(part(row, by) for row in found if row.hidden or not kept)])

    def last_assigned(self, tenant: str, owner: str) -> int:
        """Return when an owner last got one of the cases that are theirs now, closed ones too; 0 without any."""
        return max((row.assigned for row in self._matching(tenant, Query(owner=owner))), default=0)

    def claim(self, queue: str, *, now: int, limit: int, lease: int, worker: str) -> Sequence[Claim]:
        """Take due rows whose time has come, oldest first; each is one worker's until its lease ends."""
        with self._lock:
            clock = _clock()
            held = {
                (name, stream)
                for name, tenant in self._tenants.items()
                for (stream, _), due in tenant.due.items()
                if due.row.queue == queue and due.until > clock and due.worker != worker
            }
            ready = sorted(
                (due.ready, name, *key)
                for name, tenant in self._tenants.items()
                for key, due in tenant.due.items()
                if due.row.queue == queue and due.ready is not None and due.ready <= now
                if due.until <= clock and (name, key[0]) not in held
            )
            until = clock + lease
            return [self._take(name, stream, id_, until, worker) for _, name, stream, id_ in ready[:limit]]

    def _take(self, tenant: str, stream: str, id_: str, until: int, worker: str) -> Claim:
        due = self._tenants[tenant].due[stream, id_]
        token = f"{worker}:{secrets.token_hex(12)}"
        taken = attrs.evolve(due, token=token, attempts=due.attempts + 1, worker=worker, until=until)
        self._tenants[tenant].due[stream, id_] = taken
        row = due.row
        return Claim(tenant, stream, id_, row.queue, row.at, row.data, taken.attempts, token)

    def release(self, claim: Claim, *, retry_at: int | None, error: str) -> None:
        """Give a claim back to be taken again at a time; None parks it; nothing happens if it was lost."""
        with self._lock:
            all_due, key = self._of(claim.tenant).due, (claim.stream, claim.id)
            if key in all_due and all_due[key].token == claim.token:
                due = all_due[key]
                all_due[key] = Due(due.row, retry_at, attempts=due.attempts, error=limits.clean(error))

    def document(self, tenant: str, digest: str) -> bytes | None:
        """Return a published document by its digest."""
        with self._lock:
            return self._of(tenant).documents.get(digest)

    def columns(
        self, tenant: str, table: str, *, after: str | None = None
    ) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Yield a projection as chunks of columns in order of case, after a case."""
        rows.check_table(table)
        with self._lock:
            cases = self._of(tenant).cases
            found = [cases[case] for case in sorted(cases) if _is_case(cases[case]) and case > (after or "")]
        return (_chunk(found[start : start + _CHUNK]) for start in range(0, len(found), _CHUNK))

    def erase(self, tenant: str, subject: str) -> int:
        """Delete every personal value of a subject from the vault; return how many there were."""
        with self._lock:
            vault = self._of(tenant).vault
            gone = [ref for ref, row in vault.items() if row.subject == subject]
            for ref in gone:
                del vault[ref]
        return len(gone)

    def bind(self, connection: Any) -> MemoryStore:
        """Return this store: memory has no transaction of a host to join."""
        return self

    @contextlib.contextmanager
    def moment(self) -> Iterator[MemoryMoment]:
        """Lend what the store has now, for a block."""
        yield MemoryMoment(self.copy()._tenants)

    def restore(self, table: str, rows: Sequence[Row], gone: Sequence[Row]) -> None:
        """Write rows as they are, in place of those with the same keys, and delete rows by their keys, as one."""
        with self._lock:
            try:
                for name, *key in gone:
                    self._of(name).delete(table, *key)
                for name, *values in rows:
                    self._tenants.setdefault(name, Tenant()).restore(table, *values)
                    if table == "events":
                        self._position = max(self._position, values[0])
            except BaseException:  # a signal may strike anywhere; whoever copies goes on from what is there
                for tenant in self._tenants.values():
                    tenant.derive()
                raise

    def copy(self) -> MemoryStore:
        """Return a store with what this one has, which goes its own way from here."""
        other = MemoryStore()
        with self._lock:
            other._position = self._position
            other._tenants = {name: tenant.copy() for name, tenant in self._tenants.items()}
        return other

    def close(self) -> None:
        """Keep everything: a store in memory lives as long as it is referred to."""

    def _of(self, tenant: str) -> Tenant:
        return self._tenants.get(tenant) or Tenant()

    def _matching(self, tenant: str, query: Query) -> list[IndexRow]:
        rows.check_status(query)
        wanted = asdict(query)
        prefix, link, tags = wanted.pop("prefix") or "", wanted.pop("link"), wanted.pop("tags")
        with self._lock:
            cases = list(self._of(tenant).cases.values())
        return [
            row
            for row in cases
            if row.case.startswith(prefix)
            and (link is None or link in row.tags)
            and (tags is None or not row.hidden or not tags.isdisjoint(row.tags))
            and (query.playbook is not None or _is_case(row))
            and all(value is None or column(row, name) == value for name, value in wanted.items())
        ]


def _conflict(tenant: Tenant, batch: Batch, writes: Sequence[Write]) -> VersionConflict | None:
    """Return what stands in the way of a batch; a reference that is taken counts as a stream that exists."""
    for claim in batch.done:
        due = tenant.due.get((claim.stream, claim.id))
        if due is None or due.token != claim.token:
            return VersionConflict(claim.stream, claim.attempts, due.attempts if due else 0)
    for stream, version in batch.reads:
        read = tenant.heads.get(stream)
        if (read.version if read else 0) != version:
            return VersionConflict(stream, version, read.version if read else 0)
    heads = {write.stream: tenant.heads.get(write.stream) for write in writes}
    versions = {stream: head.version for stream, head in heads.items() if head is not None}
    for write in writes:
        actual = versions.get(write.stream, 0)
        if actual != write.expected:
            return VersionConflict(write.stream, write.expected, actual)
        versions[write.stream] = actual + len(write.events)
    taken = [row.ref for row in batch.vault if row.ref in tenant.vault]
    return VersionConflict(taken[0], 0, 1) if taken else None


def _clock() -> int:
    return time.monotonic_ns() // 1000


def _replace_due(tenant: Tenant, stream: str, due: Sequence[DueRow]) -> None:
    """Store what differs: a row that stays as it was keeps its lease, its attempts and its error."""
    before = {id_: row for (name, id_), row in tenant.due.items() if name == stream}
    for row in due:
        old = before.pop(row.id, None)
        if old is None or old.row != row:
            tenant.put(tenant.due, (stream, row.id), Due(row, row.at))
    for id_ in before:
        tenant.put(tenant.due, (stream, id_), None)


def _is_case(row: IndexRow) -> bool:
    return not row.playbook.startswith(rows.RECORDS)


def _order(row: IndexRow) -> tuple[int, str]:
    return (-row.opened, row.case)


def _chunk(found: Sequence[IndexRow]) -> dict[str, list[Any]]:
    return {name: [getattr(row, name) for row in found] for name in rows.COLUMNS}
