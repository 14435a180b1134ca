"""What `append` promises: whole batches, versions, keys, order."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import astuple, replace

from playbook.errors import InputError, KeyReused
from playbook.stores.audit import audit
from playbook.stores.interface import (
    DueRow,
    Query,
    Receipt,
    Store,
    VersionConflict,
)
from playbook.testing.batches import (
    TENANT,
    batch,
    case,
    everything,
    full_batch,
    head_of,
    personal,
    receipts_of,
    whole_log,
    write,
)


class AppendContract:
    """What append promises: whole batches, versions, keys, order."""

    def test_appended_events_are_read_back_as_they_were(self, store: Store) -> None:
        """Every column of an event, and the head, comes back byte for byte."""
        first = write("case:1", b'{"a":1}', b'{"b":2}', snapshot=b"snap")
        (receipt,) = store.append([batch(first, key="k", answer=b"done")])
        found = list(store.events(TENANT, "case:1"))
        new = [astuple(event) for event in first.events]
        assert [(e.kind, e.at, e.recorded, e.actor, e.data, e.hash) for e in found] == new
        assert [(e.stream, e.version) for e in found] == [("case:1", 1), ("case:1", 2)]
        assert store.load(TENANT, ["case:1", "case:2"]) == {"case:1": head_of(first)}
        assert receipt == Receipt("k", b"print", b"done", found[-1].position)
        assert [e.version for e in store.events(TENANT, "case:1", after=1)] == [2]

    def test_a_version_conflict_stores_nothing_of_the_batch(self, store: Store) -> None:
        """Streams, index, due rows, documents, vault and key of a batch in conflict are all left out."""
        store.append([batch(write("case:2", b"1", b"2"))])
        before = everything(store)
        good = write("case:1", b"1", index=case("c1"), due=(DueRow("t", "timer", 1),))
        refused = batch(
            good, write("case:2", b"x"), key="k", documents={"d": b"doc"}, vault=(personal("r", "ann"),)
        )
        assert store.append([refused]) == [VersionConflict("case:2", 0, 2)]
        assert everything(store) == before
        assert store.receipt(TENANT, "k") is None
        assert store.document(TENANT, "d") is None
        assert store.vault(TENANT, ["r"]) == {"r": None}
        assert store.find(TENANT, Query(), limit=9).items == ()
        assert store.claim("timer", now=9, limit=9, lease=1, worker="w") == []

    def test_a_stream_that_does_not_exist_has_version_0(self, store: Store) -> None:
        """Expecting a version of a stream that was never made is a conflict."""
        after = head_of(write("case:1", b"1"))
        assert store.append([batch(write("case:1", b"2", after=after))]) == [VersionConflict("case:1", 1, 0)]
        assert list(store.streams(TENANT)) == []

    def test_batches_of_one_append_succeed_or_fail_apart(self, store: Store) -> None:
        """A conflict in the middle leaves the batches around it stored, and says which it was."""
        store.append([batch(write("case:2", b"1"))])
        answers = store.append([batch(write(f"case:{n}", b"x", b"y"), key=f"k{n}") for n in (1, 2, 3)])
        assert answers[1] == VersionConflict("case:2", 0, 1)
        assert [type(answer) for answer in answers] == [Receipt, VersionConflict, Receipt]
        assert list(store.streams(TENANT)) == ["case:1", "case:2", "case:3"]
        assert [e.data for e in store.events(TENANT, "case:2")] == [b"1"]
        assert list(audit(store, TENANT)) == []

    def test_later_batches_of_one_append_see_the_earlier_ones(self, store: Store) -> None:
        """A stream may be made and continued in one append."""
        first = write("case:1", b"1", index=case("c1"))
        second = write("case:1", b"2", after=head_of(first), index=case("c1", stage="proposal"))
        answers = store.append([batch(first), batch(second), batch(second)])
        assert [type(answer) for answer in answers] == [Receipt, Receipt, VersionConflict]
        assert store.load(TENANT, ["case:1"]) == {"case:1": head_of(second)}
        assert [row.stage for row in store.find(TENANT, Query(), limit=9).items] == ["proposal"]

    def test_many_batches_at_once_are_stored_like_one_after_another(self, store: Store) -> None:
        """What is stored does not depend on how many batches come in one append."""
        rng = random.Random(5)
        new = [full_batch(f"{n:02}", rng) for n in range(40)]
        heads = [head_of(b.writes[0]) for b in new]
        moved = [full_batch(f"{n:02}", rng, after=heads[n]) for n in range(40)]
        other = [replace(b, tenant="other") for b in new + moved]
        answers = [*store.append(new), *store.append(moved)]
        apart = [answer for b in other for answer in store.append([b])]
        assert [(a.key, a.answer) for a in receipts_of(answers)] == [
            (a.key, a.answer) for a in receipts_of(apart)
        ]
        positions = [receipt.position for receipt in receipts_of(answers)]
        assert positions == sorted(set(positions))
        assert everything(store) == everything(store, "other")
        assert [r.position for r in receipts_of(answers)][-1] == whole_log(store)[-1].position

    def test_a_write_without_events_replaces_the_snapshot_only(self, store: Store) -> None:
        """Snapshots can be rebuilt and purged; the head keeps its version and hash."""
        first = write("case:1", b"1", snapshot=b"personal")
        store.append([batch(first)])
        (answer,) = store.append([batch(replace(write("case:1", after=head_of(first)), snapshot=b""))])
        assert isinstance(answer, Receipt)
        assert store.load(TENANT, ["case:1"]) == {"case:1": replace(head_of(first), data=b"")}
        with pytest.raises(InputError, match="case:2"):
            store.append([batch(write("case:2"))])

    def test_a_repeated_key_gets_the_first_answer(self, store: Store) -> None:
        """Also when the stream has moved on, and whatever versions the repetition expects."""
        first = write("case:1", b"1")
        (answer,) = store.append([batch(first, key="k", answer=b"first")])
        second = write("case:1", b"2", after=head_of(first))
        store.append([batch(second)])
        assert isinstance(answer, Receipt)
        repeated = replace(answer, repeated=True)
        fits = write("case:1", b"3", after=head_of(second))
        for again in (first, fits):
            assert store.append([batch(again, key="k", answer=b"second")]) == [repeated]
        assert store.append([batch(fits, key="k"), batch(write("case:9", b"1"), key="k9")])[0] == repeated
        assert store.receipt(TENANT, "k") == repeated
        assert store.receipt(TENANT, "unknown") is None
        assert len(list(store.events(TENANT, "case:1"))) == 2

    def test_a_key_with_other_content_is_an_error_that_is_returned(self, store: Store) -> None:
        """The error names the key; nothing is stored."""
        store.append([batch(write("case:1", b"1"), key="k")])
        for others in ([], [batch(write("case:3", b"1"))]):
            reused, *_ = store.append([batch(write("case:2", b"1"), key="k", fingerprint=b"other"), *others])
            assert isinstance(reused, KeyReused)
            assert reused.key == "k"
        assert list(store.streams(TENANT)) == ["case:1", "case:3"]

    def test_a_key_that_comes_twice_in_one_append_is_stored_once(self, store: Store) -> None:
        """The second batch is answered like the first."""
        answers = store.append([batch(write(f"case:{n}", b"1"), key="k") for n in (1, 2)])
        assert [receipt.repeated for receipt in receipts_of(answers)] == [False, True]
        assert list(store.streams(TENANT)) == ["case:1"]

    def test_a_conflict_consumes_no_key(self, store: Store) -> None:
        """The same key can be used by the next attempt."""
        first = write("case:1", b"1")
        store.append([batch(first)])
        store.append([batch(first, key="k")])
        (answer,) = store.append([batch(write("case:1", b"2", after=head_of(first)), key="k")])
        assert isinstance(answer, Receipt)
        assert not answer.repeated

    def test_what_was_only_read_must_not_have_moved_on_either(self, store: Store) -> None:
        """A stream of `reads` that has another version, or is there where none was, is a conflict."""
        first = write("case:1", b"1")
        store.append([batch(first)])
        decided = batch(write("case:2", b"1"), key="k")
        for reads, conflict in (
            ((("case:1", 1), ("case:9", 1)), VersionConflict("case:9", 1, 0)),
            ((("case:1", 0),), VersionConflict("case:1", 0, 1)),
            ((("case:1", 2), ("case:2", 0)), VersionConflict("case:1", 2, 1)),
        ):
            assert store.append([replace(decided, reads=reads)]) == [conflict]
        assert list(store.streams(TENANT)) == ["case:1"]
        moved = write("case:1", b"2", after=head_of(first))
        stale = replace(batch(write("case:3", b"1")), reads=(("case:1", 1),))
        assert [type(answer) for answer in store.append([batch(moved), stale])] == [Receipt, VersionConflict]
        beside = batch(write("case:4", b"1"))
        assert store.append([stale, beside])[0] == VersionConflict("case:1", 1, 2)
        good = replace(decided, reads=(("case:1", 2), ("case:2", 0), ("case:9", 0)))
        assert isinstance(store.append([good])[0], Receipt)
        assert store.append([replace(good, reads=(("case:1", 9),))])[0] == store.receipt(TENANT, "k")
        assert list(store.streams(TENANT)) == ["case:1", "case:2", "case:4"]
        assert store.append([]) == []

    def test_a_batch_over_several_streams_is_stored_in_order_of_their_names(self, store: Store) -> None:
        """Whatever order it gives them in; the receipt has the position of its last event."""
        names = ["case:c", "case:a", "case:b"]
        made = [write(name, b"1", b"2") for name in names]
        (receipt,) = receipts_of(store.append([batch(*made)]))
        log = whole_log(store)
        assert [(e.stream, e.version) for e in log] == [(n, v) for n in sorted(names) for v in (1, 2)]
        assert receipt.position == log[-1].position
        moved = [write(one.stream, b"3", b"4", after=head_of(one)) for one in made]
        (later,) = receipts_of(store.append([batch(*moved, write("case:bb", b"3", b"4"))]))
        log = whole_log(store)[len(log) :]
        assert [e.stream[5:] for e in log] == ["a", "a", "b", "b", "bb", "bb", "c", "c"]
        assert later.position == log[-1].position
        (alone,) = receipts_of(store.append([batch(documents={"d": b"doc"}, key="k")]))
        assert alone.position == 0
