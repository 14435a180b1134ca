"""What a store promises of values: any bytes and any text as they are, or refused clearly, on every store alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from playbook.errors import InputError
from playbook.stores.audit import audit
from playbook.stores.interface import DueRow, NewEvent, Query, Receipt, Store, VaultRow, Write
from playbook.stores.limits import LARGEST, LONGEST
from playbook.testing.batches import TENANT, batch, case, everything, personal, receipts_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.stores.interface import Batch

_HUGE = bytes(LARGEST + 1)
_NO_TEXT = ("a\0b", "\ud800", "é" * (LONGEST // 2 + 1))


class ValueContract:
    """What a store promises of values."""

    def test_values_that_are_too_large_are_refused_before_anything_is_stored(self, store: Store) -> None:
        """10 MB is the limit of one value; the error says of what. What is just as large comes back whole."""
        small = batch(write("case:1", b"1"))
        for name, large in (
            ("case:2", batch(write("case:2", _HUGE))),
            ("case:2", batch(write("case:2", b"1", snapshot=_HUGE))),
            ("case:2", batch(write("case:2", b"1", index=case("c2", fields=_HUGE)))),
            ("timer", batch(write("case:2", b"1", due=(DueRow("timer", "q", 1, _HUGE),)))),
            ("digest", batch(documents={"digest": _HUGE})),
            ("ann", batch(vault=(VaultRow("r", "ann", b"", _HUGE),))),
            ("key", batch(key="key", answer=_HUGE)),
            ("case:2", batch(write("case:2", b"1", index=case("c2", amount=2**63)))),
        ):
            with pytest.raises(InputError, match=name):
                store.append([small, large])
        assert list(store.streams(TENANT)) == []
        assert isinstance(store.append([batch(write("case:2", _HUGE[1:]))])[0], Receipt)
        assert [e.data for e in store.events(TENANT, "case:2")] == [_HUGE[1:]]

    def test_any_text_and_any_bytes_are_kept(self, store: Store) -> None:
        """Right-to-left text, emoji and combining marks in every text, NUL bytes in data."""
        text = "شرکت نمونه 👩‍💻 é\u0301 \u202eabc"
        row = case(text, name=text, owner=text, stage=text, tags=(text,), fields=b'{"a":"\\u0000"}')
        due = DueRow(text, text, 1, b"\x00")
        made = write(text, b'{"a":"x\\u0000y"}', bytes(range(256)), tenant=text, index=row, due=(due,))
        vault = VaultRow(text, text, b"\x00", b'"\\u0000"')
        whole = batch(made, tenant=text, key=text, answer=b"\x00", documents={text: b"\x00"}, vault=(vault,))
        store.append([whole])
        assert [e.data for e in store.events(text, text)] == [b'{"a":"x\\u0000y"}', bytes(range(256))]
        for query in (Query(name=text, prefix=text[:3]), Query(link=text), Query(stage=text, owner=text)):
            assert store.find(text, query, limit=2).items == (row,)
        assert store.tally(text, Query(), ["owner"])[0].group == (text,)
        assert store.claim(text, now=1, limit=1, lease=1, worker=text)[0].data == b"\x00"
        assert store.document(text, text) == b"\x00"
        assert store.vault(text, [text]) == {text: vault}
        assert list(store.tenants()) == [text]
        assert store.erase(text, text) == 1
        assert list(audit(store, text)) == []

    def test_text_that_not_every_store_can_keep_is_refused_by_all(self, store: Store) -> None:
        """NUL, half a character, or more bytes than an index holds: in no name, key or id, and nothing is stored.

        To ask for such a text finds nothing, or raises InputError.
        """
        fitting = batch(write("case:0", b"1"))
        for text in _NO_TEXT:
            for refused in _with(text):
                with pytest.raises(InputError):
                    store.append([fitting, refused])
            for finds in (_finds_stream, _finds_case, _finds_key):
                try:
                    assert not finds(store, text)
                except InputError:
                    continue
        assert list(store.tenants()) == []
        longest = _NO_TEXT[-1][1:]
        row = case(longest, **dict.fromkeys(("playbook", "name", "stage", "owner", "team"), longest))
        due = (DueRow(longest, longest, 1),)
        made_long = write(longest, b"1", index=row, due=due, tenant=longest)
        receipts_of(store.append([batch(made_long, key=longest, tenant=longest)]))
        assert store.find(longest, Query(longest, longest), limit=1).items == (row,)

    def test_texts_that_look_alike_are_different(self, store: Store) -> None:
        """Nothing is folded: no case, no accents, no spaces at the end; signs of a pattern are signs."""
        names = [
            "a",
            "A",
            "a ",
            " a",
            "é",
            "e\u0301",
            "a%",
            "a_",
            "ab",
            "a\\",
            "i",
            "\u0131",
            "İ",
            "ß",
            "ss",
            "",
        ]
        rows = [case(f"c{name}", name=name, owner=name, tags=(f"t{name}",)) for name in names]
        receipts_of(
            store.append([batch(write(f"case:{row.case}", b"1", index=row), key=row.name) for row in rows])
        )
        for row in rows:
            for query in (Query(name=row.name), Query(owner=row.name), Query(link=f"t{row.name}")):
                assert store.find(TENANT, query, limit=9).items == (row,), query
            receipt = store.receipt(TENANT, row.name)
            assert receipt is not None
            assert receipt.key == row.name
        for prefix in ("ca", "ca%", "ca_", "c%", "ca\\", "c"):
            found = store.find(TENANT, Query(prefix=prefix), limit=99).items
            assert [row.case for row in found] == sorted(
                row.case for row in rows if row.case.startswith(prefix)
            )
        assert [tally.group[0] for tally in store.tally(TENANT, Query(), ["owner"])] == sorted(names)

    def test_times_before_1970_and_far_ahead_are_times_like_others(self, store: Store) -> None:
        """What happened and when it was noted are kept apart, in whatever order; pages run from newest to oldest."""
        times = [-(10**16), -1, 0, 1, 10**17]
        rows = [case(f"c{n}", opened=at, entered=at, closed=at) for n, at in enumerate(times)]
        receipts_of(store.append([batch(write(f"case:{row.case}", b"1", index=row)) for row in rows]))
        page, found = store.find(TENANT, Query(), limit=2), list[str]()
        while True:
            found += [row.case for row in page.items]
            if page.next is None:
                break
            page = store.find(TENANT, Query(), after=page.next, limit=2)
        assert found == ["c4", "c3", "c2", "c1", "c0"]
        late = [_event(write("late", b"1").events[0], at=at, recorded=-at) for at in (5, -(10**16), 10**17)]
        receipts_of(store.append([batch(Write("late", 0, tuple(late), b"", 1))]))
        assert [(e.at, e.recorded) for e in store.events(TENANT, "late")] == [
            (e.at, e.recorded) for e in late
        ]

    def test_an_error_of_a_released_claim_may_be_any_text(self, store: Store) -> None:
        """It is what a plugin said: it must not keep the row from being given back."""
        for number, text in enumerate((*_NO_TEXT, "x" * 100_000)):
            receipts_of(store.append([batch(write(f"case:{number}", b"1", due=(DueRow("t", "q", 1),)))]))
            (claim,) = store.claim("q", now=1, limit=1, lease=10**12, worker="w")
            store.release(claim, retry_at=None if number else 5, error=text)
        assert [claim.stream for claim in store.claim("q", now=9, limit=9, lease=1, worker="w")] == ["case:0"]

    def test_reading_changes_nothing(self, store: Store) -> None:
        """To ask twice is answered twice alike, also for what is not there."""
        store.append([batch(write("case:1", b"1", index=case("c1")), vault=(personal("r", "ann"),))])
        before = everything(store)
        assert store.vault(TENANT, ["r", "none"]) == {"r": personal("r", "ann"), "none": None}
        assert store.vault(TENANT, []) == {}
        assert store.load(TENANT, []) == {}
        assert list(store.events("nobody", "case:1")) == []
        assert list(store.columns("nobody", "cases")) == []
        assert store.log("nobody", after=None, limit=9).next is None
        assert everything(store) == before
        assert list(store.tenants()) == [TENANT]


def _with(text: str) -> Iterator[Batch]:
    """Yield batches that have a text in every place there is."""
    made, row = write("case:1", b"1"), case("c1")
    yield from (batch(key=text), batch(tenant=text), batch(documents={text: b"doc"}))
    yield from (batch(vault=(VaultRow(*names, b"s", b"v"),)) for names in ((text, "ann"), ("r", text)))
    texts = (
        "case",
        "playbook",
        "name",
        "stage",
        "outcome",
        "owner",
        "team",
        "currency",
        "expected_close",
        "probability",
        "forecast",
    )
    indexed = [*(replace(row, **{name: text}) for name in texts), replace(row, tags=("x", text))]
    events = (_event(made.events[0], actor=text), replace(made.events[0], kind=text))
    for write_of_it in (
        replace(made, stream=text),
        *(replace(made, events=(event,)) for event in events),
        *(replace(made, index=index) for index in indexed),
        *(replace(made, due=(due,)) for due in (DueRow(text, "q", 1), DueRow("d", text, 1))),
    ):
        yield batch(write_of_it)


def _finds_stream(store: Store, text: str) -> bool:
    return bool(store.load(TENANT, [text]) or list(store.events(TENANT, text)))


def _finds_case(store: Store, text: str) -> bool:
    return bool(store.find(TENANT, Query(name=text), limit=1).items)


def _finds_key(store: Store, text: str) -> bool:
    return store.receipt(TENANT, text) is not None


def _event(event: NewEvent, *, at: int = 0, recorded: int = 0, actor: str = "sam") -> NewEvent:
    return NewEvent(event.kind, at, recorded, actor, event.data, event.hash)
