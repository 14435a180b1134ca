"""Builders of what a store is given; the hash chain is linked as the engine links it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.stores.chain import link
from playbook.stores.interface import (
    GENESIS,
    Batch,
    DueRow,
    IndexRow,
    NewEvent,
    Receipt,
    Snapshot,
    VaultRow,
    Write,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from playbook.errors import KeyReused
    from playbook.stores.interface import Claim, Store, StoredEvent, VersionConflict

TENANT = "acme"
_KIND, _ACTOR, _AT, _RECORDED = "case.changed/1", "operator", 1_700_000_000_000_000, 1_700_000_000_000_001


def write(
    stream: str,
    *data: bytes,
    after: Snapshot | None = None,
    tenant: str = TENANT,
    snapshot: bytes = b"{}",
    index: IndexRow | None = None,
    due: tuple[DueRow, ...] | None = None,
) -> Write:
    """Return a write of one event for each of the data, after a head; a new stream without one."""
    head = after or Snapshot(0, GENESIS, 1, b"")
    events, version, before = [], head.version, head.hash
    for content in data:
        version += 1
        before = link(before, tenant, stream, version, _KIND, _AT, _RECORDED, _ACTOR, content)
        events.append(NewEvent(_KIND, _AT, _RECORDED, _ACTOR, content, before))
    return Write(stream, head.version, tuple(events), snapshot, 1, index, due)


def head_of(write: Write) -> Snapshot:
    """Return the head of a stream after a write that has events."""
    version = write.expected + len(write.events)
    return Snapshot(version, write.events[-1].hash, write.fold, write.snapshot)


def batch(
    *writes: Write,
    tenant: str = TENANT,
    key: str | None = None,
    fingerprint: bytes = b"print",
    answer: bytes = b"answer",
    documents: Mapping[str, bytes] | None = None,
    vault: tuple[VaultRow, ...] = (),
    done: tuple[Claim, ...] = (),
) -> Batch:
    """Return a batch of writes."""
    return Batch(tenant, writes, key, fingerprint, answer, documents or {}, vault, done)


def case(id_: str, **changes: Any) -> IndexRow:
    """Return an index row of an open case, with changes."""
    row = IndexRow(
        case=id_, playbook="new-business", name=f"Deal {id_}", stage="discovery", outcome="open", owner="ann",
        team="emea", opened=1_000, closed=None, entered=1_000, touched=1_000, amount=25_000, currency="EUR",
        expected_close="2026-03-01", probability="0.2", fields=b"{}",
    )  # fmt: skip
    return replace(row, **changes)


def personal(ref: str, subject: str) -> VaultRow:
    """Return a personal value of a subject."""
    return VaultRow(ref, subject, b"salt" + ref.encode(), f'"{subject}"'.encode())


def everything(store: Store, tenant: str = TENANT) -> list[object]:
    """Return what can be read of a tenant; positions left out."""
    names = list(store.streams(tenant, limit=10_000))
    events = store.log(tenant, after=None, limit=10_000).items
    return [
        names,
        store.load(tenant, names),
        [replace(event, position=0) for event in events],
        list(store.columns(tenant, "cases")),
    ]


def receipts_of(answers: Sequence[Receipt | VersionConflict | KeyReused]) -> list[Receipt]:
    """Return the answers, all of which must be receipts."""
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    assert len(receipts) == len(answers), answers
    return receipts


def full_batch(name: str, rng: random.Random, after: Snapshot | None = None) -> Batch:
    """Return a batch with everything in it."""
    made = write(
        f"case:{name}", *(rng.randbytes(9) for _ in range(rng.randrange(1, 4))), after=after,
        snapshot=rng.randbytes(9), index=random_case(int(name), rng),
        due=(DueRow("t", f"timer {name}", rng.randrange(9)),),
    )  # fmt: skip
    key = f"k{name}.{made.expected}"
    return batch(made, key=key, documents={key: b"doc"}, vault=(personal(key, "ann"),))


def random_case(n: int, rng: random.Random) -> IndexRow:
    """Return an index row with random values, the largest amounts among them."""
    return case(
        f"c{n}", playbook=rng.choice(["new-business", "renewal"]), stage=rng.choice(["discovery", "proposal"]),
        owner=rng.choice(["ann", "bob", ""]), team=rng.choice(["emea", "apac"]), opened=rng.randrange(8),
        closed=rng.choice([None, 5]), outcome=rng.choice(["open", "won"]), name=f"Deal {n % 9}",
        amount=rng.choice([None, 0, -7, rng.randrange(10**12), 2**63 - 1, -(2**63)]),
        currency=rng.choice([None, "EUR", "USD"]), assigned=rng.randrange(8), hidden=rng.random() < 0.5,
        tags=tuple(tag for tag in ("owner:ann", "team:emea", "link:account=1") if rng.random() < 0.4),
        touched=rng.choice([1_000, 1_001]),
    )  # fmt: skip


def whole_log(store: Store) -> list[StoredEvent]:
    """Return all events of the tenant."""
    return list(store.log(TENANT, after=None, limit=10_000).items)
