"""A store in plain files, written from docs/storage.md: tables in memory, and a journal of what was put into them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import threading
import time
from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import astuple, replace

from playbook import stores

T = TypeVar("T")
_Kept = dict[str, dict[Any, Any]]
_Chunks = Iterator[Mapping[str, Sequence[Any]]]
_Rows = stores.Page[stores.IndexRow]
_Answer = stores.Receipt | stores.VersionConflict | stores.KeyReused
_Due = namedtuple("_Due", "row ready attempts token worker until", defaults=(0, "", "", 0))


class JournalStore:
    """Keep everything in a folder; safe for threads and processes of one machine."""

    def __init__(self, folder: Path) -> None:
        (folder / "vault").mkdir(parents=True, exist_ok=True)
        self._folder, self._turn = folder, threading.Lock()
        self._file = os.fdopen(os.open(folder / "journal", os.O_RDWR | os.O_CREAT), "r+b", buffering=0)
        self._forget()

    def _forget(self) -> None:
        self._kept: _Kept = defaultdict(dict)
        self._new: list[tuple[str, Any, Any]] = []
        self._end = 0

    def _alone(self, work: Callable[[_Kept], T]) -> T:
        """Do a work as the only one, knowing what others added; what it puts there is kept, all or nothing."""
        with self._turn:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX)
                self._file.seek(self._end)
                with suppress(EOFError, pickle.UnpicklingError):  # what was half written is not there
                    while True:
                        for put in pickle.load(self._file):
                            self._put(*put)
                        self._end = self._file.tell()
                self._new.clear()
                found = work(self._kept)
                if self._new:
                    self._file.seek(self._file.truncate(self._end))
                    self._file.write(pickle.dumps(self._new))
                    os.fsync(self._file.fileno())
                    self._end, self._new = self._file.tell(), []
            except BaseException:
                self._forget()  # memory may hold what the journal does not
                raise
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        return found

    def _put(self, table: str, key: Any, value: Any) -> None:
        self._new.append((table, key, value))
        self._kept[table][key] = value
        if value is None:
            del self._kept[table][key]

    def append(self, batches: Sequence[stores.Batch]) -> list[_Answer]:
        stores.check_batches(batches)
        return self._alone(lambda kept: [self._answer(kept, batch) for batch in batches])

    def _answer(self, kept: _Kept, batch: stores.Batch) -> _Answer:
        tenant, first = batch.tenant, kept["receipts"].get((batch.tenant, batch.key))
        if first is not None:
            same = first.fingerprint == batch.fingerprint
            return replace(first, repeated=True) if same else stores.KeyReused(first.key)
        for claim in batch.done:
            due = kept["due"].get((tenant, claim.stream, claim.id))
            if due is None or due.token != claim.token:
                return stores.VersionConflict(claim.stream, claim.attempts, due.attempts if due else 0)
        for stream, expected in (*batch.reads, *((write.stream, write.expected) for write in batch.writes)):
            head = kept["heads"].get((tenant, stream))
            if (head.version if head else 0) != expected:
                return stores.VersionConflict(stream, expected, head.version if head else 0)
        taken = [row.ref for row in batch.vault if (tenant, row.ref) in kept["subjects"]]
        return stores.VersionConflict(taken[0], 0, 1) if taken else self._store(kept, batch)

    def _store(self, kept: _Kept, batch: stores.Batch) -> stores.Receipt:
        tenant, before = batch.tenant, len(kept["log"])
        for claim in batch.done:
            self._put("due", (tenant, claim.stream, claim.id), None)
        for write in sorted(batch.writes, key=lambda write: write.stream):
            at, version = (tenant, write.stream), write.expected
            for version, event in enumerate(write.events, start=version + 1):  # noqa: B020
                position = len(kept["log"]) + 1
                stored = stores.StoredEvent(write.stream, version, position, *astuple(event))
                self._put("log", position, (tenant, stored))
            hash_ = write.events[-1].hash if write.events else kept["heads"][at].hash
            self._put("heads", at, stores.Snapshot(version, hash_, write.fold, write.snapshot))
            if write.index is not None:
                self._put("cases", (tenant, write.index.case), write.index)
            if write.due is not None:
                wanted = {(*at, row.id): row for row in write.due}
                for key in [key for key in kept["due"] if key[:2] == at and key not in wanted]:
                    self._put("due", key, None)
                for key, row in wanted.items():
                    if key not in kept["due"] or kept["due"][key].row != row:
                        self._put("due", key, _Due(row, row.at))
        for digest, data in batch.documents.items():
            self._put("documents", (tenant, digest), kept["documents"].get((tenant, digest), data))
        for personal in batch.vault:
            self._personal(tenant, personal.ref).write_bytes(pickle.dumps(personal))
            self._put("subjects", (tenant, personal.ref), personal.subject)
        last = len(kept["log"]) if len(kept["log"]) > before else 0
        receipt = stores.Receipt(batch.key, batch.fingerprint, batch.answer, last)
        if batch.key is not None:
            self._put("receipts", (tenant, batch.key), receipt)
        return receipt

    def receipt(self, tenant: str, key: str) -> stores.Receipt | None:
        first = self._alone(lambda kept: kept["receipts"].get((tenant, key)))
        return first and replace(first, repeated=True)

    def vault(self, tenant: str, refs: Sequence[str]) -> Mapping[str, stores.VaultRow | None]:
        return self._alone(lambda kept: {ref: self._value(kept, tenant, ref) for ref in refs})

    def _value(self, kept: _Kept, tenant: str, ref: str) -> stores.VaultRow | None:
        kept_there = (tenant, ref) in kept["subjects"] and self._personal(tenant, ref).exists()
        return pickle.loads(self._personal(tenant, ref).read_bytes()) if kept_there else None

    def _personal(self, tenant: str, ref: str) -> Path:
        return self._folder / "vault" / hashlib.sha256(f"{tenant}\0{ref}".encode()).hexdigest()

    def load(self, tenant: str, streams: Sequence[str]) -> Mapping[str, stores.Snapshot]:
        heads = self._alone(lambda kept: {name: kept["heads"].get((tenant, name)) for name in streams})
        return {name: head for name, head in heads.items() if head is not None}

    def streams(self, tenant: str, *, after: str = "", limit: int = 1000) -> Sequence[str]:
        names = self._alone(lambda kept: [n for of, n in kept["heads"] if of == tenant and n > after])
        return sorted(names)[:limit]

    def tenants(self) -> Sequence[str]:
        return sorted(self._alone(lambda kept: {tenant for tenant, _ in kept["heads"]}))

    def events(self, tenant: str, stream: str, *, after: int = 0) -> Iterator[stores.StoredEvent]:
        found = self.log(tenant, after=None, limit=10**18).items
        return iter([event for event in found if event.stream == stream and event.version > after])

    def log(self, tenant: str, *, after: str | None, limit: int) -> stores.Page[stores.StoredEvent]:
        position = stores.read_position(after)
        log = self._alone(lambda kept: [event for of, event in kept["log"].values() if of == tenant])
        page = tuple(event for event in log if event.position > position)[:limit]
        return stores.Page(page, str(page[-1].position) if page else None)

    def find(self, tenant: str, query: stores.Query, *, after: str | None = None, limit: int) -> _Rows:
        rows = sorted(self._asked(tenant, query), key=lambda row: (-row.opened, row.case))
        if after is not None:
            opened, case = stores.read_place(after)
            rows = [row for row in rows if (-row.opened, row.case) > (-opened, case)]
        last = stores.place(rows[limit - 1]) if 0 < limit < len(rows) else None
        return stores.Page(tuple(rows[:limit]), last)

    def tally(self, tenant: str, query: stores.Query, by: Sequence[str]) -> Sequence[stores.Tally]:
        stores.check_groups(by)
        parts = []
        for row in self._asked(tenant, query):
            amount = None if row.currency is None else row.amount
            group = tuple(_said(row, name) for name in by)
            parts.append((group, row.currency or "", 1, int(amount is not None), amount or 0))
        return stores.gathered(parts)

    def last_assigned(self, tenant: str, owner: str) -> int:
        return max((row.assigned for row in self._asked(tenant, stores.Query(owner=owner))), default=0)

    def _asked(self, tenant: str, query: stores.Query) -> list[stores.IndexRow]:
        stores.check_status(query)
        rows = self._alone(lambda kept: [row for (of, _), row in kept["cases"].items() if of == tenant])
        return [row for row in rows if _is_asked(row, query)]

    def claim(self, queue: str, *, now: int, limit: int, lease: int, worker: str) -> Sequence[stores.Claim]:
        def take(kept: _Kept) -> list[stores.Claim]:
            clock = time.time_ns() // 1000
            ours = {key: due for key, due in kept["due"].items() if due.row.queue == queue}
            held = {key[:2] for key, due in ours.items() if due.until > clock and due.worker != worker}
            free = [(due.ready, key) for key, due in ours.items() if due.until <= clock]
            ripe = sorted((ready, key) for ready, key in free if ready is not None and ready <= now)
            taken = [key for _, key in ripe if key[:2] not in held][:limit]
            return [self._hold(ours[key], key, worker, clock + lease) for key in taken]

        return self._alone(take)

    def _hold(self, due: _Due, key: tuple[str, str, str], worker: str, until: int) -> stores.Claim:
        held = due._replace(attempts=due.attempts + 1, token=os.urandom(16).hex(), worker=worker, until=until)
        self._put("due", key, held)
        return stores.Claim(*key, due.row.queue, due.row.at, due.row.data, held.attempts, held.token)

    def release(self, claim: stores.Claim, *, retry_at: int | None, error: str) -> None:
        def give(kept: _Kept) -> None:
            due = kept["due"].get(key := (claim.tenant, claim.stream, claim.id))
            if due is not None and due.token == claim.token:
                self._put("due", key, _Due(due.row, retry_at, claim.attempts))

        self._alone(give)

    def document(self, tenant: str, digest: str) -> bytes | None:
        return self._alone(lambda kept: kept["documents"].get((tenant, digest)))

    def columns(self, tenant: str, table: str, *, after: str | None = None) -> _Chunks:
        stores.check_table(table)
        rows = sorted(self._asked(tenant, stores.Query()), key=lambda row: row.case)
        rows = [row for row in rows if row.case > (after or "")]
        return iter([{n: [getattr(row, n) for row in rows] for n in stores.CASE_COLUMNS}] if rows else [])

    def erase(self, tenant: str, subject: str) -> int:
        def delete(kept: _Kept) -> int:
            gone = [key for key, of in kept["subjects"].items() if key[0] == tenant and of == subject]
            for key in gone:
                self._personal(*key).unlink(missing_ok=True)
                self._put("subjects", key, None)
            return len(gone)

        return self._alone(delete)

    def bind(self, connection: object) -> JournalStore:
        return self

    def close(self) -> None:
        self._file.close()


def _said(row: stores.IndexRow, name: str) -> str:
    status = "open" if row.closed is None else "closed"
    return status if name == "status" else getattr(row, name) or ""


def _is_asked(row: stores.IndexRow, query: stores.Query) -> bool:
    return (
        all(getattr(query, name, None) in (None, _said(row, name)) for name in stores.GROUPS)
        and row.case.startswith(query.prefix or "")
        and query.link in (None, *row.tags)
        and (query.playbook is not None or not row.playbook.startswith(stores.RECORDS))
        and (query.tags is None or not row.hidden or not query.tags.isdisjoint(row.tags))
    )
