"""What reading promises: the log, pages, counts, columns, tenants apart."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from playbook.errors import InputError, UnknownName
from playbook.stores.audit import audit
from playbook.stores.interface import (
    DueRow,
    IndexRow,
    Query,
    Receipt,
    Store,
    VaultRow,
)
from playbook.testing.answers import counted, is_asked
from playbook.testing.batches import (
    TENANT,
    batch,
    case,
    everything,
    head_of,
    personal,
    random_case,
    receipts_of,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class ReadContract:
    """What reading promises: the log, pages, counts, columns, tenants apart."""

    def test_the_log_has_all_streams_in_the_order_they_were_stored(self, store: Store) -> None:
        """Pages go on where the one before ended; positions rise; `next` is None only on an empty page."""
        b_first = write("case:b", b"1", b"2")
        store.append([batch(b_first, write("case:a", b"3"))])
        store.append([batch(write("case:c", b"4"), tenant="other")])
        store.append([batch(write("case:b", b"5", after=head_of(b_first)))])
        page = store.log(TENANT, after=None, limit=2)
        rest = store.log(TENANT, after=page.next, limit=9)
        found = [*page.items, *rest.items]
        assert [(e.stream, e.version) for e in found] == [
            ("case:a", 1), ("case:b", 1), ("case:b", 2), ("case:b", 3)
        ]  # fmt: skip
        assert [e.position for e in found] == sorted({e.position for e in found})
        assert rest.next is not None
        end = store.log(TENANT, after=rest.next, limit=9)
        assert (end.items, end.next) == ((), None)
        with pytest.raises(InputError, match="middle"):
            store.log(TENANT, after="middle", limit=1)

    def test_streams_and_tenants_are_listed_in_order(self, store: Store) -> None:
        """Names come in pages, by code point."""
        names = ["case:Z", "case:a", "case:é", "case:😀"]
        store.append([batch(write(name, b"1")) for name in reversed(names)])
        store.append([batch(write("x", b"1"), tenant=tenant) for tenant in ("zeta", "Alpha")])
        assert [*store.streams(TENANT, limit=3), *store.streams(TENANT, after="case:é")] == names
        assert list(store.tenants()) == ["Alpha", TENANT, "zeta"]

    def test_tenants_see_nothing_of_each_other(self, store: Store) -> None:
        """The same names, keys, digests and references of two tenants are two things."""
        for tenant in (TENANT, "other"):
            made = write("case:1", tenant.encode(), index=case("c1", name=tenant), tenant=tenant)
            whole = batch(
                made, tenant=tenant, key="k", answer=tenant.encode(), documents={"d": tenant.encode()},
                vault=(VaultRow("r", "ann", b"s", tenant.encode()),),
            )  # fmt: skip
            assert isinstance(store.append([whole])[0], Receipt)
        assert store.erase("other", "ann") == 1
        vault = store.vault(TENANT, ["r"])["r"]
        receipt = store.receipt(TENANT, "k")
        assert vault is not None
        assert receipt is not None
        assert {vault.value, receipt.answer, store.document(TENANT, "d")} == {TENANT.encode()}
        assert [e.data for e in store.log(TENANT, after=None, limit=9).items] == [TENANT.encode()]
        assert [row.name for row in store.find(TENANT, Query(), limit=9).items] == [TENANT]
        assert [t.count for t in store.tally(TENANT, Query(), [])] == [1]
        assert [chunk["name"] for chunk in store.columns(TENANT, "cases")] == [[TENANT]]
        assert store.load("third", ["case:1"]) == {}

    def test_cases_are_found_by_every_part_of_a_query(self, store: Store) -> None:
        """Newest opened first, then by case; any page size gives the same rows."""
        rng = random.Random(7)
        cases = _index(store, [random_case(n, rng) for n in range(60)])
        queries = [
            Query(), Query(playbook="renewal"), Query(playbook="renewal", stage="proposal"), Query(stage="proposal"),
            Query(status="open"), Query(status="closed", owner="bob"), Query(outcome="won"), Query(owner="ann"),
            Query(team="emea", playbook="renewal"), Query(name="Deal 3"), Query(prefix="c1"), Query(owner="nobody"),
            Query(playbook="renewal", stage="proposal", status="open", owner="ann", team="emea"),
            Query(link="link:account=1"), Query(link="link:account=1", status="open", team="emea"),
            Query(link="link:"), Query(link="link:account=1", prefix="c1"), Query(prefix="c1", owner="ann"),
        ]  # fmt: skip
        tags = (
            None,
            frozenset[str](),
            frozenset(["owner:ann"]),
            frozenset(["owner:ann", "team:emea", "team:x"]),
        )
        for query in (replace(query, tags=seen) for query in queries for seen in tags):
            expected = sorted(
                (row for row in cases if is_asked(row, query)), key=lambda row: (-row.opened, row.case)
            )
            for limit in (1, 7, 100):
                assert _pages(store, query, limit) == expected, (query, limit)
        with pytest.raises(UnknownName, match="open"):
            store.find(TENANT, Query(status="opened"), limit=1)
        with pytest.raises(InputError, match="place"):
            store.find(TENANT, Query(), after="middle", limit=1)

    def test_a_new_index_row_takes_the_place_of_the_old_one_in_every_column(self, store: Store) -> None:
        """Whatever column changes, the row is found by what it says now, and not by what it said."""
        (old,) = _index(store, [case("c1")])
        for changes in (
            {"playbook": "renewal"}, {"name": "x"}, {"stage": "won"}, {"outcome": "won"}, {"owner": "bob"},
            {"team": "apac"}, {"opened": 7}, {"closed": 9}, {"entered": 8}, {"touched": 8}, {"amount": None},
            {"currency": None}, {"expected_close": None}, {"probability": None}, {"fields": b"[]"},
            {"assigned": 5}, {"hidden": True}, {"tags": ("a", "b")}, {"opened": 9}, {"tags": ("b", 'c"\n')},
            {"tags": ()}, {"forecast": "commit"}, {"probability": "0.7"}, {"forecast": None},
        ):  # fmt: skip
            new = replace(old, **changes)
            _reindex(store, new)
            says = Query(new.playbook, new.stage, None, new.outcome, new.owner, new.team, new.name)
            said = Query(old.playbook, old.stage, None, old.outcome, old.owner, old.team, old.name)
            assert _pages(store, says, 9) == [new], changes
            assert _pages(store, said, 9) == ([new] if says == said else []), changes
            for tag in ("a", "b", 'c"\n'):
                linked = new.tags.count(tag) == 1
                assert _pages(store, Query(link=tag), 9) == [new] * linked, changes
                assert _pages(store, Query(tags=frozenset([tag])), 9) == [new] * (linked or not new.hidden)
            for part in (Query(), Query(owner=new.owner), Query(team=new.team), Query(name=new.name)):
                after = f"{new.opened + 1}:"
                assert store.find(TENANT, part, after=after, limit=9).items == (new,), changes
            old = new

    def test_pages_hold_every_untouched_row_once_while_others_change(self, store: Store) -> None:
        """Rows that come, change or leave the query between two pages do not shift the others."""
        rng = random.Random(11)
        cases = _index(store, [case(f"c{n:03}", opened=n // 5, owner="ann") for n in range(100)])
        untouched = {row.case for row in cases[::2]}
        seen: list[str] = []
        after = None
        while True:
            page = store.find(TENANT, Query(owner="ann"), after=after, limit=9)
            seen += [row.case for row in page.items]
            for row in rng.sample(cases[1::2], 5):
                change: dict[str, Any] = rng.choice(
                    [{"owner": "bob"}, {"stage": "proposal"}, {"owner": "ann", "name": "x"}]
                )
                _reindex(store, replace(row, **change))
            _index(store, [case(f"n{len(seen)}", opened=rng.randrange(20), owner="ann")])
            after = page.next
            if after is None:
                break
        assert len(seen) == len(set(seen))
        assert untouched <= set(seen)

    def test_tallies_are_exact_counts_and_sums(self, store: Store) -> None:
        """By any columns, in order of group, each currency apart, also where a sum is beyond 64 bits."""
        rng = random.Random(13)
        cases = _index(store, [random_case(n, rng) for n in range(80)])
        seen, none = frozenset(["owner:ann", "team:emea"]), frozenset[str]()
        for query in (
            Query(), Query(status="open"), Query(playbook="renewal", owner="ann"), Query(tags=seen), Query(tags=none),
            Query(link="link:account=1"), Query(stage="proposal", link="link:account=1", tags=seen),
        ):  # fmt: skip
            found = [row for row in cases if is_asked(row, query)]
            for by in (
                [],
                ["stage"],
                ["status", "team"],
                ["owner", "currency"],
                ["playbook", "outcome", "name"],
            ):
                assert list(store.tally(TENANT, query, by)) == counted(found, by), (query, by)
        with pytest.raises(UnknownName, match="owner"):
            store.tally(TENANT, Query(), ["ownr"])

    def test_what_is_hidden_is_found_only_by_its_tags(self, store: Store) -> None:
        """Names, beginnings of ids, pages and counts say nothing of it; written one by one or many at once."""
        shown, mine, other = case("c1"), case("c2", hidden=True, tags=("a", "b")), case("c3", hidden=True)
        one_by_one = case("d1", hidden=True, tags=("c",), opened=2_000)
        _index(store, [shown, mine, other])
        _index(store, [one_by_one])
        for query in (
            Query(),
            Query(owner="ann"),
            Query(team="emea"),
            Query(playbook="new-business", stage="discovery"),
        ):
            for tags, found in (
                (None, [one_by_one, shown, mine, other]), ([], [shown]), (["b", "a"], [shown, mine]),
                (["c", "b", "x"], [one_by_one, shown, mine]),
            ):  # fmt: skip
                seen = replace(query, tags=None if tags is None else frozenset(tags))
                assert _pages(store, seen, 1) == found
                assert [tally.count for tally in store.tally(TENANT, seen, [])] == [len(found)]
        for query in (Query(name="Deal c2"), Query(prefix="c2"), Query(owner="ann", name="Deal c2")):
            assert _pages(store, replace(query, tags=frozenset(["b"])), 9) == [mine]
            assert _pages(store, replace(query, tags=frozenset(["c"])), 9) == []
            assert store.tally(TENANT, replace(query, tags=frozenset(["c"])), ["name"]) == []
        assert store.find("other", Query(tags=frozenset(["a"])), limit=9).items == ()

    def test_a_record_is_found_only_where_its_kind_is_named(self, store: Store) -> None:
        """Neither lists, pages, links, counts nor columns of cases hold one; one by one or many at once."""
        changes: dict[str, Any] = {"playbook": "record:account", "stage": "", "tags": ("x",)}
        first, second = case("record:account:a", **changes), case("record:account:b", **changes)
        near = [case("c1", playbook="record", tags=("x",)), case("c2", playbook="records", tags=("x",))]
        _index(store, [first, *near])
        _index(store, [second])
        for query in (
            Query(),
            Query(link="x"),
            Query(prefix=""),
            Query(owner="ann"),
            Query(tags=frozenset("x")),
        ):
            assert _pages(store, query, 1) == near
            assert [tally.count for tally in store.tally(TENANT, query, [])] == [2]
        for query in (Query(name=first.name), Query(prefix="record:")):
            assert _pages(store, query, 1) == []
        for query in (
            Query("record:account"),
            Query("record:account", ""),
            Query("record:account", link="x"),
        ):
            assert _pages(store, query, 1) == [first, second]
            assert [tally.count for tally in store.tally(TENANT, query, [])] == [2]
        assert [chunk["case"] for chunk in store.columns(TENANT, "cases")] == [["c1", "c2"]]

    def test_columns_hold_every_case_in_order(self, store: Store) -> None:
        """Chunks of lists by attribute of IndexRow, on from any case; an unknown table is named."""
        rng = random.Random(17)
        cases = sorted(_index(store, [random_case(n, rng) for n in range(30)]), key=lambda row: row.case)
        for after in (None, cases[9].case):
            rows = [
                IndexRow(**dict(zip(chunk, values, strict=True)))
                for chunk in store.columns(TENANT, "cases", after=after)
                for values in zip(*chunk.values(), strict=True)
            ]
            assert rows == [row for row in cases if row.case > (after or "")]
        with pytest.raises(UnknownName, match="cases"):
            store.columns(TENANT, "case")

    def test_what_was_stored_is_there_after_opening_again(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Everything reads the same, and appending goes on."""
        first = write("case:1", b"1", index=case("c1"), due=(DueRow("t", "timer", 1),))
        store.append([batch(first, key="k", documents={"d": b"x"}, vault=(personal("r", "ann"),))])
        (claim,) = store.claim("timer", now=1, limit=1, lease=10, worker="w")
        before = everything(store)
        again = reopen()
        assert everything(again) == before
        assert again.receipt(TENANT, "k") == store.receipt(TENANT, "k")
        assert again.vault(TENANT, ["r"])["r"] == personal("r", "ann")
        second = write("case:1", b"2", after=head_of(first), due=())
        assert isinstance(again.append([batch(second, done=(claim,))])[0], Receipt)
        assert list(audit(again, TENANT)) == []


def _index(store: Store, cases: list[IndexRow]) -> list[IndexRow]:
    receipts_of(store.append([batch(write(f"case:{row.case}", b"1", index=row)) for row in cases]))
    return cases


def _reindex(store: Store, row: IndexRow) -> None:
    stream = f"case:{row.case}"
    head = store.load(TENANT, [stream])[stream]
    receipts_of(store.append([batch(write(stream, b"2", after=head, index=row))]))


def _pages(store: Store, query: Query, limit: int) -> list[IndexRow]:
    page = store.find(TENANT, query, limit=limit)
    found = list(page.items)
    while page.next is not None:
        assert len(page.items) == limit
        page = store.find(TENANT, query, after=page.next, limit=limit)
        found += page.items
    return found
