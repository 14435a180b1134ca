"""What `bind` promises to a host with a transaction of its own: inherit from HostContract beside StoreContract."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from playbook.stores.audit import audit
from playbook.stores.interface import Query, Receipt, VaultRow, VersionConflict
from playbook.testing.batches import TENANT, batch, case, head_of, receipts_of, write
from playbook.testing.store_racing import follow

if TYPE_CHECKING:
    from playbook.stores.interface import Store


class HostContract:
    """What `bind` promises; give the fixture `host`, a connection to the database in which the store is.

    It has `execute`, `commit` and `rollback`, begins a transaction by itself, and has a table
    `invoices (number TEXT)`.
    """

    def test_a_bound_store_shares_the_transaction_of_its_host(self, store: Store, host: Any) -> None:
        """The host commits and rolls back what was stored together with its own rows; closing leaves it alone."""
        bound = store.bind(host)
        first = write("case:1", b"1", index=case("c1"))
        host.execute("INSERT INTO invoices VALUES ('1')")
        bound.append([batch(first, key="k")])
        assert store.load(TENANT, ["case:1"]) == {}
        assert bound.load(TENANT, ["case:1"]) == {"case:1": head_of(first)}
        host.rollback()
        assert store.receipt(TENANT, "k") is None
        bound.append([batch(first)])
        assert store.load(TENANT, ["case:1"]) == {}
        host.rollback()
        assert bound.load(TENANT, ["case:1"]) == {}
        host.rollback()
        host.execute("INSERT INTO invoices VALUES ('2')")
        bound.append([batch(first), batch(write("case:2", b"1"))])
        bound.close()
        host.commit()
        assert list(store.streams(TENANT)) == ["case:1", "case:2"]
        assert [row.case for row in store.find(TENANT, Query(), limit=9).items] == ["c1"]
        assert store.tally(TENANT, Query(), [])[0].count == 1
        assert _invoices(host) == 1
        assert list(audit(store, TENANT)) == []

    def test_a_bound_conflict_leaves_the_rest_of_the_hosts_transaction(self, store: Store, host: Any) -> None:
        """What is refused is undone alone: the host decides what becomes of all else."""
        bound = store.bind(host)
        store.append([batch(write("case:1", b"1"))])
        host.execute("INSERT INTO invoices VALUES ('1')")
        vault = (VaultRow("r", "ann", b"", b""),)
        refused = batch(write("case:0", b"1"), write("case:1", b"1"), vault=vault)
        assert bound.append([refused]) == [VersionConflict("case:1", 0, 1)]
        answers = bound.append([refused, batch(write("case:2", b"1"))])
        assert [type(answer) for answer in answers] == [VersionConflict, Receipt]
        host.commit()
        assert list(store.streams(TENANT)) == ["case:1", "case:2"]
        assert store.vault(TENANT, ["r"]) == {"r": None}
        assert _invoices(host) == 1

    def test_who_follows_misses_nothing_that_a_host_commits_late(self, store: Store, host: Any) -> None:
        """What others store meanwhile waits, or is not shown before it."""
        store.bind(host).append([batch(write("case:1", b"1"))])
        shown, done = threading.Event(), threading.Event()

        def watch() -> list[str]:
            seen = []
            for event in follow(store, done.is_set):
                seen.append(event.stream)
                shown.set()
            return seen

        with ThreadPoolExecutor(2) as pool:
            writing = pool.submit(store.append, [batch(write("case:2", b"1"))])
            watching = pool.submit(watch)
            shown.wait(0.5)  # time to do it wrong
            host.commit()
            receipts_of(writing.result())
            done.set()
            assert sorted(watching.result()) == ["case:1", "case:2"]


def _invoices(host: Any) -> int:
    return len(host.execute("SELECT number FROM invoices").fetchall())
