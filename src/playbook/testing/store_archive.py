"""What a store promises that can be copied whole: inherit from ArchiveContract beside StoreContract."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from playbook.errors import ForeignStore, UnknownName
from playbook.stores.archive import TABLES, Archive
from playbook.stores.audit import audit
from playbook.stores.copying import copy
from playbook.stores.interface import DueRow, Query, Store
from playbook.stores.memory import MemoryStore
from playbook.testing.batches import (
    TENANT,
    batch,
    case,
    full_batch,
    head_of,
    receipts_of,
    whole_log,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.stores.archive import Row

_OTHER = "zenith"


def fill(store: Store, seed: int = 7) -> None:
    """Give a store of two tenants something of everything: due rows claimed, put off and parked among it."""
    rng = random.Random(seed)
    new = [full_batch(f"{n:02}", rng) for n in range(12)]
    heads = [head_of(made.writes[0]) for made in new]
    store.append(new)
    for n in rng.sample(range(12), 8):
        other = write(f"case:{n:02}", b"1", tenant=_OTHER, index=case(f"z{n}"), due=(DueRow("t", "q", n),))
        store.append([full_batch(f"{n:02}", rng, after=heads[n])])
        store.append([batch(other, tenant=_OTHER, key=f"k{n}", documents={"d": b"doc"})])
    text = "شرکت 👩‍💻 \u202eabc"
    row = case(text, name=text, fields=b"\x00\xff", amount=2**63 - 1, tags=(text, "a,b", '"'), hidden=True)
    store.append([batch(write(f"case:{text}", bytes(range(256)), index=row), key=text, answer=b"\x00")])
    queues = [f"timer {n:02}" for n in range(3)]
    taken, put_off, parked = (store.claim(q, now=99, limit=1, lease=50, worker="w")[0] for q in queues)
    store.release(put_off, retry_at=500, error="no route")
    store.release(parked, retry_at=None, error="gave up")
    store.erase(TENANT, "nobody")
    assert taken.attempts == 1


def tables_of(store: Store, tenant: str | None = None) -> dict[str, list[Row]]:
    """Return all that a store has, table by table."""
    assert isinstance(store, Archive)
    with store.moment() as moment:
        return {table: list(moment.export(table, tenant)) for table in TABLES}


def quiet(title: str, done: int, total: int) -> None:
    """Hear how far a copy is, and say nothing."""


class ArchiveContract:
    """Every rule of a store that can be copied whole; give the fixtures of StoreContract."""

    @pytest.fixture
    def full(self) -> MemoryStore:
        """Return a store with something of everything."""
        store = MemoryStore()
        fill(store)
        return store

    def test_a_copy_has_every_row_as_it_was(self, store: Store, full: MemoryStore) -> None:
        """Versions, times, hashes, positions, attempts, errors, keys: there and back again nothing differs."""
        there = tables_of(full)
        copied = copy(full, store, progress=quiet)
        assert copied.rows == {table: len(rows) for table, rows in there.items()}
        assert (copied.written, copied.findings) == (sum(copied.rows.values()), ())
        assert tables_of(store) == there
        back = MemoryStore()
        copy(store, back, progress=quiet)
        assert tables_of(back) == there
        assert whole_log(store) == whole_log(full)
        assert store.tenants() == full.tenants() == [TENANT, _OTHER]

    def test_what_is_exported_is_what_was_stored(self, store: Store, full: MemoryStore) -> None:
        """The tables hold all that can be stored, in order of their keys, with the types that TABLES says."""
        for tenant in (TENANT, _OTHER):
            for stream in full.streams(tenant):
                with full.moment() as moment:
                    events = [row for row in moment.export("events", tenant) if row[2] == stream]
                assert [row[3] for row in events] == list(range(1, len(events) + 1))
        fill(store)
        for table, rows in tables_of(store).items():
            keys = [row[: TABLES[table].key] for row in rows]
            assert keys == sorted(keys)
            assert rows
            assert {len(row) for row in rows} == {len(TABLES[table].columns)}
        apart, both = tables_of(store, _OTHER), tables_of(store)
        assert apart == {table: [row for row in rows if row[0] == _OTHER] for table, rows in both.items()}
        kept, ours = _without_tokens(both), _without_tokens(tables_of(full))
        assert kept["due"] == ours["due"]
        assert [row[2:] for row in kept["events"]] == [row[2:] for row in ours["events"]]
        for table in ("documents", "vault", "cases", "streams"):
            assert both[table] == tables_of(full)[table]

    def test_a_copy_goes_on_as_a_store_of_its_own(self, store: Store, full: MemoryStore) -> None:
        """Keys are remembered, new positions come after all others, pages, tallies and claims answer alike."""
        copy(full, store, progress=quiet)
        for tags in (None, frozenset({"owner:ann"})):
            for query in (Query(tags=tags), Query(stage="proposal", tags=tags), Query(link="link:account=1")):
                assert store.find(TENANT, query, limit=99) == full.find(TENANT, query, limit=99)
                asked: tuple[Sequence[str], ...] = ((), ("stage",), ("owner", "status", "currency"))
                for by in asked:
                    assert store.tally(TENANT, query, by) == full.tally(TENANT, query, by)
        again = full_batch("00", random.Random(7))
        assert receipts_of(store.append([again]))[0].repeated
        last = whole_log(store)[-1].position
        (made,) = receipts_of(store.append([batch(write("case:new", b"1"))]))
        assert made.position > last
        assert [event.stream for event in whole_log(store)][-1] == "case:new"
        for queue in ("timer 00", "timer 01", "timer 02", "timer 05"):
            for now in (50, 400, 1000):
                claims = [s.claim(queue, now=now, limit=9, lease=1, worker="w") for s in (store, full)]
                ours, theirs = ([replace(c, token="") for c in found] for found in claims)
                assert ours == theirs
        assert list(audit(store, TENANT)) == []

    def test_a_moment_sees_nothing_that_is_written_after_it(self, store: Store) -> None:
        """Writers go on while it is read."""
        assert isinstance(store, Archive)
        first = write("case:1", b"1", index=case("c1"), due=(DueRow("t", "q", 1),))
        store.append([batch(first, key="k")])
        with store.moment() as moment:
            events = moment.export("events", None)
            store.append([batch(write("case:1", b"2", after=head_of(first), due=()))])
            store.append([batch(write("case:2", b"1", index=case("c2")), key="l", documents={"d": b"doc"})])
            assert len(list(events)) == 1
            found: dict[str, list[Any]] = {table: list(moment.export(table, None)) for table in TABLES}
            assert {table: len(rows) for table, rows in found.items()} == moment.sizes(None)
        assert {table for table, rows in found.items() if rows} == {
            "receipts",
            "events",
            "cases",
            "due",
            "streams",
        }
        assert found["streams"][0][2] == 1
        with store.moment() as later:
            assert later.sizes(TENANT)["events"] == 3

    def test_a_copy_is_brought_up_to_date(self, store: Store, full: MemoryStore) -> None:
        """What changed, went or came in the source since is written, the rest is left alone."""
        copy(full, store, progress=quiet)
        assert copy(full, store, progress=quiet).written == 0
        head = full.load(TENANT, ["case:00"])["case:00"]
        changed = case("c0", stage="won", tags=("owner:bob",), hidden=True, forecast="commit")
        full.append([batch(write("case:00", b"more", after=head, index=changed, due=()), key="new")])
        assert full.erase(TENANT, "ann")
        store_before = tables_of(store)
        brought = copy(full, store, progress=quiet)
        assert tables_of(store) == tables_of(full) != store_before
        assert store.find(TENANT, Query(link="owner:bob"), limit=9).items == (changed,)
        gone = sum(len(store_before[table]) - len(tables_of(full)[table]) for table in ("vault", "due"))
        assert brought.written == gone + 4  # the event, the head, the index row, the receipt

    def test_a_store_that_holds_something_else_is_left_alone(self, store: Store, full: MemoryStore) -> None:
        """Another log, one that went on by itself, and more tenants than were asked for."""
        made = write("case:00", b"theirs")
        store.append([batch(made)])
        before = tables_of(store)
        with pytest.raises(ForeignStore, match=r"something else.*events"):
            copy(full, store, progress=quiet)
        assert tables_of(store) == before
        with pytest.raises(ForeignStore, match="more than the tenant"):
            copy(full, store, tenant=_OTHER, progress=quiet)
        mine = MemoryStore()
        copy(store, mine, progress=quiet)
        store.append([batch(write("case:00", b"went on", after=head_of(made)))])
        copy(store, mine, progress=quiet)
        assert tables_of(mine) == tables_of(store)

    def test_one_tenant_can_be_copied_alone(self, store: Store, full: MemoryStore) -> None:
        """The others leave no trace in the copy."""
        copied = copy(full, store, tenant=_OTHER, progress=quiet)
        assert store.tenants() == [_OTHER]
        assert tables_of(store) == tables_of(full, _OTHER)
        assert copied.rows["events"] == len(tables_of(full, _OTHER)["events"])
        with pytest.raises(UnknownName, match="did you mean 'zenith'"):
            copy(full, store, tenant="zenit", progress=quiet)


def _without_tokens(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    at = TABLES["due"].columns.index("token")
    return {**tables, "due": [(*row[:at], bool(row[at]), *row[at + 1 :]) for row in tables["due"]]}
