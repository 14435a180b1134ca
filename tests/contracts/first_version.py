"""What was put into stores of version 1 of the tables, by the code of that time; their dumps stand beside this file.

`version-1.sqlite.sql` and `version-1.postgres.sql` were made by `fill` on commit 3f1ddfa, the last with those
tables. They stay as they are: a newer program that opens one has to find all of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from playbook.stores.audit import audit
from playbook.stores.interface import DueRow, Query, Receipt, VaultRow
from playbook.stores.memory import MemoryStore
from playbook.stores.rows import GROUPS
from playbook.testing.batches import TENANT, batch, case, everything, head_of, receipts_of, whole_log, write

if TYPE_CHECKING:
    from playbook.stores.interface import Claim, Store

SQLITE = Path(__file__).with_name("version-1.sqlite.sql")
POSTGRES = Path(__file__).with_name("version-1.postgres.sql")

OTHER = "zenith"
TEXT = "شرکت 👩‍💻 \u202eabc"
AMOUNTS = (25_000, None, 2**63 - 1, -(2**63))
TAGS = ((), ("owner:ann",), ("team:emea", "link:account=1"))


def fill(store: Store) -> Claim:
    """Give a store of two tenants something of everything; return a claim whose lease has not ended."""
    for n in range(12):
        row = case(
            f"c{n}", name=f"Deal {n} {TEXT}", stage=("discovery", "proposal")[n % 2],
            owner=("ann", "bob")[n % 3 == 0], opened=1_000 * n, closed=(None, 5_000)[n % 4 == 3],
            outcome=("open", "won")[n % 4 == 3],
            amount=AMOUNTS[n % 4], currency=("EUR", "USD", None)[n % 3], hidden=n % 5 == 1, tags=TAGS[n % 3],
            assigned=n, fields=b'{"pain":"\\u0000 %d"}' % n,
        )  # fmt: skip
        due = (DueRow("timer", f"q{n}", 10, b"\x00%d" % n),)
        first = write(
            f"case:c{n}", b'{"a":"\\u0000"}', bytes(range(256)), snapshot=b"snap", index=row, due=due
        )
        vault = (VaultRow(f"r{n}", ("ann", "bob")[n % 2], b"salt", f'"{TEXT}"'.encode()),)
        store.append(
            [batch(first, key=f"k{n}", answer=b"answer %d" % n, documents={f"d{n}": b"doc"}, vault=vault)]
        )
        if n % 3 == 0:
            moved = case(f"c{n}", stage="won", closed=7_000, outcome="won", amount=n, opened=1_000 * n)
            store.append([batch(write(f"case:c{n}", b"moved", after=head_of(first), index=moved))])
    record = case("record:account:a", playbook="record:account", stage="")
    store.append([batch(write("record:account:a", b"1", index=record))])
    other = write("case:c0", b"theirs", tenant=OTHER, index=case("c0", name="theirs"))
    store.append([batch(other, tenant=OTHER, key="k0", documents={"d0": b"theirs"})])
    store.erase(TENANT, "bob")
    queues = ("q0", "q1", "q2")
    held, put_off, parked = (store.claim(q, now=10, limit=1, lease=9 * 10**17, worker="w")[0] for q in queues)
    store.release(put_off, retry_at=500, error="no route")
    store.release(parked, retry_at=None, error="gave up")
    return held


def check(store: Store, token: str) -> None:
    """Hold a store that was brought up to date against what was put in; `token` is that of the claim still held."""
    memory = MemoryStore()
    held = replace(fill(memory), token=token)
    for tenant in (TENANT, OTHER):
        assert everything(store, tenant) == everything(memory, tenant)
        assert list(audit(store, tenant)) == []
        for n in range(12):
            assert store.receipt(tenant, f"k{n}") == memory.receipt(tenant, f"k{n}")
            assert store.document(tenant, f"d{n}") == memory.document(tenant, f"d{n}")
        refs = [f"r{n}" for n in range(12)]
        assert store.vault(tenant, refs) == memory.vault(tenant, refs)
        assert store.last_assigned(tenant, "ann") == memory.last_assigned(tenant, "ann")
        for query in (Query(), Query(status="open"), Query("record:account"), Query(link="link:account=1")):
            for tags in (None, frozenset[str](), frozenset(["owner:ann"])):
                asked = replace(query, tags=tags)
                assert store.find(tenant, asked, limit=99) == memory.find(tenant, asked, limit=99)
                for by in ((), ("stage", "status"), GROUPS):
                    assert store.tally(tenant, asked, by) == memory.tally(tenant, asked, by)
    assert whole_log(store) == whole_log(memory)
    _goes_on(store, held)


def _goes_on(store: Store, held: Claim) -> None:
    """Take what is due as it stood, and store what comes next."""
    assert store.claim("q0", now=10, limit=9, lease=1, worker="v") == []
    assert isinstance(store.append([batch(done=(held,))])[0], Receipt)
    assert store.claim("q1", now=499, limit=9, lease=1, worker="v") == []
    assert [claim.attempts for claim in store.claim("q1", now=500, limit=9, lease=1, worker="v")] == [2]
    assert store.claim("q2", now=10**15, limit=9, lease=1, worker="v") == []
    assert [claim.data for claim in store.claim("q3", now=10, limit=9, lease=1, worker="v")] == [b"\x003"]
    head = store.load(TENANT, ["case:c1"])["case:c1"]
    last = whole_log(store)[-1].position
    next_ = write("case:c1", b"next", after=head, index=case("c1", amount=5))
    (receipt,) = receipts_of(store.append([batch(next_, key="next")]))
    assert receipt.position > last
    assert list(audit(store, TENANT)) == []
