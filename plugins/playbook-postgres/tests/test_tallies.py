"""Tallies in a real PostgreSQL: many writers and readers at once, folding, upgrades, hands that change them."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from playbook import ForeignStore
from playbook.stores import GROUPS, Query, Receipt, Tally
from playbook.stores.audit import audit
from playbook.testing.batches import TENANT, batch, case, random_case, write
from playbook_postgres import counting
from playbook_postgres.schema import VERSION
from playbook_postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.stores import IndexRow


_CASES = 50
_TAGS = 'SELECT * FROM playbook.tags ORDER BY tag, "case"'
_TAGS_OF_CASES = (
    'SELECT DISTINCT tenant, tag, newest, "case", playbook, part FROM playbook.cases, unnest(tags) AS tag'
    ' ORDER BY tag, "case"'
)


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(url, connections=24)
    yield store
    store.close()


def _put(store: PostgresStore, *rows: IndexRow) -> None:
    """Store rows, each in a batch of its own."""
    heads = store.load(TENANT, [row.case for row in rows])
    batches = [batch(write(row.case, b"1", after=heads.get(row.case), index=row)) for row in rows]
    assert {type(answer) for answer in store.append(batches)} == {Receipt}


def _move(store: PostgresStore, rng: random.Random) -> bool:
    """Move money between two cases in one batch; return whether nobody was quicker."""
    one, other = rng.sample([f"c{n}" for n in range(_CASES)], 2)
    heads = store.load(TENANT, [one, other])  # first: what is found is then as new, or the store says so
    rows = {row.case: row for row in store.find(TENANT, Query(), limit=_CASES).items}
    some = rng.randrange(2**40)
    changed = (
        replace(
            rows[one], amount=(rows[one].amount or 0) - some, stage=rng.choice("abc"), owner=rng.choice("xy")
        ),
        replace(rows[other], amount=(rows[other].amount or 0) + some, hidden=rng.random() < 0.5),
    )
    writes = [write(row.case, b"1", after=heads[row.case], index=row) for row in changed]
    (answer,) = store.append([batch(*writes)])
    return isinstance(answer, Receipt)


def _asked(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def _total(store: PostgresStore) -> tuple[int, int]:
    found = store.tally(TENANT, Query(), ["stage", "owner"])
    return sum(tally.count for tally in found), sum(tally.sums["EUR"] for tally in found)


def test_no_total_changes_while_sixteen_writers_move_money_and_others_ask_and_fold(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every answer is one moment; nobody waits in a circle."""
    monkeypatch.setattr(counting, "_FRESH", 5)
    _put(store, *(case(f"c{n}", amount=2**62) for n in range(_CASES)))
    done = threading.Event()

    def work(number: int) -> None:
        rng = random.Random(number)
        for _ in range(8):
            while not _move(store, rng):
                pass

    def watch(_: int) -> set[tuple[int, int]]:
        seen = set()
        while not done.is_set():
            seen.add(_total(store))
        return seen

    with ThreadPoolExecutor(18) as pool:
        watching = [pool.submit(watch, number) for number in range(2)]
        list(pool.map(work, range(16)))
        done.set()
        assert {moment for one in watching for moment in one.result()} == {(_CASES, _CASES * 2**62)}
    assert list(audit(store, TENANT)) == []
    assert (
        sum(head.version for head in store.load(TENANT, list(store.streams(TENANT))).values())
        == _CASES + 16 * 8 * 2
    )
    assert _asked(url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
    assert _asked(url, "SELECT count(*) > 0 FROM playbook.tallies WHERE NOT fresh") == [(True,)]


def test_who_asks_folds_what_many_changes_left(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_FRESH", 3)
    rows = [case(f"c{n}", owner="ann" if n % 2 else "bob") for n in range(4)]
    _put(store, *rows)
    asked = "SELECT owner, stage, count, amount, fresh FROM playbook.tallies ORDER BY 1, 2"
    before = store.tally(TENANT, Query(owner="ann"), [])
    assert len(_asked(url, asked)) == 4
    expected = [Tally(("ann",), 2, {"EUR": 50_000}), Tally(("bob",), 2, {"EUR": 50_000})]
    assert store.tally(TENANT, Query(), ["owner"]) == expected
    folded = [("ann", "discovery", 2, 50_000, False), ("bob", "discovery", 2, 50_000, False)]
    assert _asked(url, asked) == folded
    _put(store, *(replace(row, stage="won") for row in rows))
    assert store.tally(TENANT, Query(), ["owner"]) == expected
    assert [row[1:] for row in _asked(url, asked)] == [("won", 2, 50_000, False)] * 2
    assert store.tally(TENANT, Query(owner="ann"), []) == before


@pytest.mark.parametrize("option", ["default_transaction_read_only=on", "role=pg_read_all_data"])
def test_one_who_may_only_read_is_answered_and_folds_nothing(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr(counting, "_FRESH", 0)
    _put(store, case("c1"))
    reading = PostgresStore(make_conninfo(url, options=f"-c {option}"))
    assert reading.tally(TENANT, Query(), []) == [Tally((), 1, {"EUR": 25_000})]
    reading.close()
    assert _asked(url, "SELECT fresh FROM playbook.tallies") == [(True,)]


_INDEXES_OF_PARTS = ("opened", "stage", "owner", "team")


def test_a_database_from_before_tallies_gets_them(url: str, store: PostgresStore) -> None:
    rng = random.Random(5)
    _put(store, *(random_case(n, rng) for n in range(60)))
    queries = (Query(), Query(tags=frozenset()))
    before = [store.tally(TENANT, query, GROUPS) for query in queries]
    _asked(
        url,
        "DROP TABLE playbook.tallies; DROP FUNCTION playbook.tally() CASCADE; DROP INDEX playbook.cases_assigned;"
        " ALTER TABLE playbook.due DROP worker, DROP held_from, DROP held_until;"
        " ALTER TABLE playbook.cases DROP COLUMN forecast, DROP COLUMN part;"
        " ALTER TABLE playbook.tags DROP playbook, DROP part,"
        ' ADD CONSTRAINT tags_pkey PRIMARY KEY (tenant, tag, newest, "case");'
        + "".join(f"CREATE INDEX cases_{name} ON playbook.cases (tenant);" for name in _INDEXES_OF_PARTS)
        + " UPDATE playbook.version SET version = 1",
    )
    with psycopg.connect(url) as host, pytest.raises(ForeignStore, match="open it once"):
        store.bind(host)
    again = PostgresStore(url)
    assert [again.tally(TENANT, query, GROUPS) for query in queries] == before
    assert _asked(url, "SELECT version FROM playbook.version") == [(VERSION,)]
    kept = _asked(url, _TAGS)
    assert kept
    assert kept == _asked(url, _TAGS_OF_CASES)
    _put(again, case("new"))
    assert list(audit(again, TENANT)) == []
    again.close()


def test_tags_know_playbook_and_part_of_their_case_however_it_changes(url: str, store: PostgresStore) -> None:
    rng = random.Random(8)
    for _ in range(4):
        _put(store, *(random_case(n, rng) for n in range(60)))
        kept = _asked(url, _TAGS)
        assert len({(row[4], row[5]) for row in kept}) > 2
        assert kept == _asked(url, _TAGS_OF_CASES)


@pytest.mark.parametrize("change", ["count = 2", "amount = amount - 1", "owner = 'x'", "hidden = NOT hidden"])
def test_a_tally_that_was_altered_is_found(url: str, store: PostgresStore, change: str) -> None:
    _put(store, case("c1"), case("c2", hidden=True))
    assert list(audit(store, TENANT)) == []
    _asked(url, f"UPDATE playbook.tallies SET {change} WHERE hidden")
    messages = [finding.message for finding in audit(store, TENANT)]
    assert messages
    assert all(message.startswith("the tally of ") for message in messages)


def test_a_case_that_a_hand_deletes_is_counted_no_more(url: str, store: PostgresStore) -> None:
    _put(store, case("c1"), case("c2", owner="bob"))
    _asked(url, "DELETE FROM playbook.cases WHERE owner = 'bob'")
    assert store.tally(TENANT, Query(), ["owner"]) == [Tally(("ann",), 1, {"EUR": 25_000})]
