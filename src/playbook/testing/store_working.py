"""What due rows, documents and the vault promise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from playbook.stores.audit import audit
from playbook.stores.chain import commitment
from playbook.stores.interface import DueRow, Receipt, Store, VersionConflict
from playbook.testing.batches import TENANT, batch, head_of, personal, write

HOUR = 3_600_000_000
"""A lease that does not end while a test runs."""


class WorkContract:
    """What due rows, documents and the vault promise."""

    def test_due_rows_are_claimed_when_their_time_has_come_oldest_first(self, store: Store) -> None:
        """Only rows of the queue, at most the limit; a claim carries what the row held."""
        due = (DueRow("b", "timer", 20, b"late"), DueRow("a", "timer", 10, b"early"), DueRow("c", "mail", 5))
        store.append([batch(write("case:1", b"1", due=due))])
        assert store.claim("timer", now=9, limit=9, lease=HOUR, worker="w") == []
        (claim,) = store.claim("timer", now=30, limit=1, lease=HOUR, worker="w")
        assert (claim.tenant, claim.stream, claim.id, claim.queue) == (TENANT, "case:1", "a", "timer")
        assert (claim.at, claim.data, claim.attempts) == (10, b"early", 1)
        assert [c.id for c in store.claim("timer", now=30, limit=9, lease=HOUR, worker="w")] == ["b"]
        assert store.claim("timer", now=30, limit=9, lease=HOUR, worker="w") == []

    def test_each_due_row_goes_to_one_of_many_workers(self, store: Store) -> None:
        """Threads that claim at the same time share the rows out, none twice, none left."""
        store.append(
            [batch(write(f"case:{n}", b"1", due=(DueRow("t", "timer", n % 7),))) for n in range(120)]
        )

        def work(worker: int) -> list[str]:
            mine: list[str] = []
            while taken := store.claim("timer", now=10, limit=5, lease=HOUR, worker=f"w{worker}"):
                mine += [claim.stream for claim in taken]
            return mine

        with ThreadPoolExecutor(6) as pool:
            taken = [stream for mine in pool.map(work, range(6)) for stream in mine]
        assert sorted(taken) == sorted(f"case:{n}" for n in range(120))

    def test_a_lease_that_ended_gives_the_row_to_the_next(self, store: Store) -> None:
        """The first worker has lost its claim then: it can neither finish nor release it."""
        first = write("case:1", b"1", due=(DueRow("t", "timer", 10),))
        store.append([batch(first)])
        (lost,) = store.claim("timer", now=10, limit=1, lease=0, worker="a")
        (held,) = store.claim("timer", now=10, limit=1, lease=HOUR, worker="b")
        assert (held.attempts, held.at) == (2, 10)
        after = write("case:1", b"2", after=head_of(first))
        assert store.append([batch(after, done=(lost,))]) == [VersionConflict("case:1", 1, 2)]
        store.release(lost, retry_at=10, error="late")
        assert store.claim("timer", now=10, limit=1, lease=0, worker="c") == []
        assert isinstance(store.append([batch(after, done=(held,))])[0], Receipt)
        assert store.append([batch(done=(held,))]) == [VersionConflict("case:1", 2, 0)]
        assert store.claim("timer", now=99, limit=1, lease=0, worker="c") == []

    def test_leases_are_by_the_clock_of_the_store(self, store: Store) -> None:
        """A worker whose own clock runs ahead takes nothing from the others."""
        store.append([batch(write("case:1", b"1", due=(DueRow("t", "timer", 10),)))])
        assert store.claim("timer", now=10, limit=1, lease=HOUR, worker="a")
        assert store.claim("timer", now=10 + 9 * HOUR, limit=1, lease=HOUR, worker="b") == []

    def test_what_a_worker_holds_keeps_others_from_the_rest_of_the_stream(self, store: Store) -> None:
        """In that queue; once the lease has ended, the oldest is taken first again."""
        due = (DueRow("a", "timer", 1), DueRow("b", "timer", 2), DueRow("c", "mail", 3))
        store.append([batch(write("case:1", b"1", due=due)), batch(write("case:2", b"1", due=due[1:]))])

        def take(queue: str, worker: str, lease: int = HOUR, limit: int = 9) -> list[tuple[str, str]]:
            taken = store.claim(queue, now=9, limit=limit, lease=lease, worker=worker)
            return [(claim.stream, claim.id) for claim in taken]

        assert take("timer", "lost", 0, limit=1) == [("case:1", "a")]
        assert take("timer", "first", limit=1) == [("case:1", "a")]
        assert take("timer", "other") == [("case:2", "b")]
        assert take("timer", "first") == [("case:1", "b")]
        assert take("mail", "other") == [("case:1", "c"), ("case:2", "c")]

    def test_a_released_claim_comes_back_at_its_time_and_parked_never(self, store: Store) -> None:
        """The attempts are counted on; the time it was due stays."""
        store.append([batch(write("case:1", b"1", due=(DueRow("t", "timer", 10, b"x"),)))])
        (claim,) = store.claim("timer", now=10, limit=1, lease=HOUR, worker="w")
        store.release(claim, retry_at=50, error="no route")
        assert store.claim("timer", now=49, limit=1, lease=HOUR, worker="w") == []
        (again,) = store.claim("timer", now=50, limit=1, lease=HOUR, worker="w")
        assert (again.at, again.data, again.attempts) == (10, b"x", 2)
        store.release(again, retry_at=None, error="no route")
        assert store.claim("timer", now=10**15, limit=1, lease=HOUR, worker="w") == []

    def test_a_parked_row_stays_parked_while_its_stream_goes_on(self, store: Store) -> None:
        """Until the stream has another row of that name, or the same at another time."""
        row = DueRow("t", "timer", 10)
        first = write("case:1", b"1", due=(row,))
        store.append([batch(first)])
        (claim,) = store.claim("timer", now=10, limit=1, lease=HOUR, worker="w")
        store.release(claim, retry_at=None, error="no route")
        second = write("case:1", b"2", after=head_of(first), due=(row, DueRow("u", "mail", 1)))
        store.append([batch(second)])
        assert store.claim("timer", now=99, limit=1, lease=HOUR, worker="w") == []
        assert store.append([batch(done=(claim,))]) == [VersionConflict("case:1", 1, 1)]
        store.append([batch(write("case:1", b"3", after=head_of(second), due=(replace(row, at=11),)))])
        (again,) = store.claim("timer", now=99, limit=1, lease=HOUR, worker="w")
        assert (again.at, again.attempts) == (11, 1)

    def test_one_queue_serves_all_tenants_oldest_first(self, store: Store) -> None:
        """Then by tenant, stream and id; each claim says whose it is, and is finished in a batch of its tenant."""
        for tenant, at in (("b", 5), ("a", 5), ("c", 1)):
            due = (DueRow("y", "q", at), DueRow("x", "q", at))
            store.append([batch(write("case:1", b"1", tenant=tenant, due=due), tenant=tenant)])
        claims = store.claim("q", now=5, limit=5, lease=HOUR, worker="w")
        assert [c.tenant + c.id for c in claims] == ["cx", "cy", "ax", "ay", "bx"]
        for claim in claims:
            assert isinstance(store.append([batch(tenant=claim.tenant, done=(claim,))])[0], Receipt)
        assert [c.id for c in store.claim("q", now=5, limit=5, lease=HOUR, worker="w")] == ["y"]
        assert store.claim("q", now=5, limit=0, lease=HOUR, worker="other") == []

    def test_a_write_replaces_the_due_rows_of_its_stream(self, store: Store) -> None:
        """None leaves them alone; a row that stays as it was keeps its lease, a changed one starts anew."""
        kept, moved, gone = (
            DueRow("kept", "timer", 1),
            DueRow("moved", "timer", 2),
            DueRow("gone", "timer", 3),
        )
        first = write("case:1", b"1", due=(kept, moved, gone))
        store.append([batch(first), batch(write("case:2", b"1", due=(gone,)))])
        assert len(store.claim("timer", now=9, limit=3, lease=HOUR, worker="w")) == 3
        second = write("case:1", b"2", after=head_of(first))
        third = write("case:1", b"3", after=head_of(second), due=(kept, replace(moved, at=4)))
        store.append([batch(second)])
        store.append([batch(third)])
        now = store.claim("timer", now=9, limit=9, lease=HOUR, worker="w")
        assert [(c.stream, c.id, c.attempts) for c in now] == [("case:2", "gone", 1), ("case:1", "moved", 1)]

    def test_finishing_a_claim_can_arm_the_same_timer_again(self, store: Store) -> None:
        """The finished row goes first, then the stream's rows are replaced."""
        first = write("case:1", b"1", due=(DueRow("t", "timer", 10),))
        store.append([batch(first)])
        claims = store.claim("timer", now=10, limit=1, lease=HOUR, worker="w")
        again = write("case:1", b"2", after=head_of(first), due=(DueRow("t", "timer", 10),))
        store.append([batch(again, done=tuple(claims))])
        assert [c.attempts for c in store.claim("timer", now=10, limit=1, lease=HOUR, worker="w")] == [1]

    def test_a_document_stays_what_it_was_first(self, store: Store) -> None:
        """Documents are named by their digest, so storing one again changes nothing."""
        store.append([batch(documents={"d1": b"one", "d2": b"two"})])
        store.append([batch(documents={"d1": b"one"}), batch(documents={"d3": b"three"})])
        assert [store.document(TENANT, d) for d in ("d1", "d2", "d3", "d4")] == [
            b"one",
            b"two",
            b"three",
            None,
        ]

    def test_an_erased_person_is_gone_and_the_chain_verifies(self, store: Store) -> None:
        """The events keep the commitments; values of others stay."""
        ann, bob = personal("r1", "ann"), personal("r2", "bob")
        data = b'{"fields":{"champion":{"$p":"r1","h":"%b"},"all":[{"$p":"r2","h":"%b"}]}}' % (
            commitment(ann.salt, ann.value).encode(),
            commitment(bob.salt, bob.value).encode(),
        )
        store.append([batch(write("case:1", data), vault=(ann, bob))])
        assert store.vault(TENANT, ["r1", "r2", "r3"]) == {"r1": ann, "r2": bob, "r3": None}
        assert list(audit(store, TENANT)) == []
        assert store.erase(TENANT, "ann") == 1
        assert store.erase(TENANT, "ann") == 0
        assert store.vault(TENANT, ["r1", "r2"]) == {"r1": None, "r2": bob}
        assert list(audit(store, TENANT)) == []

    def test_a_personal_value_is_never_overwritten(self, store: Store) -> None:
        """A reference that is taken refuses the batch: whoever decides again draws another."""
        store.append([batch(vault=(personal("r", "ann"),))])
        assert store.append([batch(write("case:1", b"1"), vault=(personal("r", "bob"),))]) == [
            VersionConflict("r", 0, 1)
        ]
        assert store.vault(TENANT, ["r"]) == {"r": personal("r", "ann")}
        assert list(store.streams(TENANT)) == []
