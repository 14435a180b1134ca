from __future__ import annotations

import contextlib
import random
import sqlite3
from typing import TYPE_CHECKING

import pytest

from playbook.errors import ForeignStore
from playbook.stores import sqlite_find
from playbook.stores.audit import audit
from playbook.stores.interface import Query
from playbook.stores.rows import GROUPS
from playbook.stores.sqlite import SqliteStore
from playbook.stores.sqlite_file import SCHEMA_VERSION
from playbook.stores.tallies import KEPT
from playbook.testing.batches import TENANT, batch, case, random_case, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playbook.stores.interface import Tally


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return a file with cases, some of which are hidden and some without an amount."""
    path, rng = str(tmp_path / "store.db"), random.Random(5)
    with contextlib.closing(SqliteStore(path)) as store:
        rows = [random_case(n, rng) for n in range(60)]
        store.append([batch(write(f"case:{row.case}", b"1", index=row)) for row in rows])
    return path


@pytest.fixture
def host(path: str) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def _tallies(path: str) -> list[list[Tally]]:
    with contextlib.closing(SqliteStore(path)) as store:
        assert list(audit(store, TENANT)) == []
        return [list(store.tally(TENANT, Query(tags=tags), GROUPS)) for tags in (None, frozenset[str]())]


def _findings(path: str) -> list[str]:
    with contextlib.closing(SqliteStore(path)) as store:
        return [finding.message for finding in audit(store, TENANT)]


def test_a_file_from_before_tallies_gets_them_when_it_is_opened(path: str, host: sqlite3.Connection) -> None:
    before = _tallies(path)
    kept = host.execute("SELECT * FROM tallies ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9").fetchall()
    host.execute("DROP INDEX cases_assigned")
    for trigger in ("cases_added", "cases_changed", "cases_taken"):
        host.execute(f"DROP TRIGGER {trigger}")
    host.execute("DROP TABLE tallies")
    for column in ("worker", "held_from", "held_until"):
        host.execute(f"ALTER TABLE due DROP COLUMN {column}")
    host.execute("PRAGMA user_version = 1")
    with (
        contextlib.closing(SqliteStore(":memory:")) as other,
        pytest.raises(ForeignStore, match="open it once"),
    ):
        other.bind(host)
    assert _tallies(path) == before
    assert host.execute("SELECT * FROM tallies ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9").fetchall() == kept
    assert host.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    with contextlib.closing(SqliteStore(path)) as store:
        store.append([batch(write("case:new", b"1", index=case("new", owner="eve")))])
    assert _tallies(path) != before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tallies SET count = count + 1", "UPDATE tallies SET low = low - 1 WHERE priced",
        "UPDATE tallies SET high = high + 1 WHERE priced", "UPDATE OR REPLACE tallies SET stage = 'x'",
        "UPDATE OR REPLACE tallies SET team = 'x' WHERE hidden", "UPDATE OR REPLACE tallies SET hidden = NOT hidden",
        "UPDATE OR REPLACE tallies SET currency = 'XXX' WHERE priced", "DELETE FROM tallies WHERE owner = 'ann'",
        "INSERT INTO tallies VALUES ('acme', 'eve', 'x', 'x', 'open', 'open', '', 1, '', 1, 0, 0, 0)",
    ],
)  # fmt: skip
def test_a_tally_that_was_altered_is_found(path: str, host: sqlite3.Connection, change: str) -> None:
    assert _findings(path) == []
    assert host.execute(change).rowcount
    found = _findings(path)
    assert found
    assert all(message.startswith("the tally of ") for message in found)


def test_what_is_not_counted_any_more_leaves_no_row(path: str, host: sqlite3.Connection) -> None:
    host.execute("UPDATE cases SET stage = 'one', amount = NULL, hidden = 0, owner = '', currency = NULL")
    host.execute("DELETE FROM cases WHERE playbook = 'renewal' OR closed IS NULL")
    (count,) = host.execute("SELECT count(*) FROM cases").fetchone()
    kept = host.execute("SELECT stage, sum(count), sum(priced), sum(high), sum(low) FROM tallies").fetchall()
    assert kept == [("one", count, 0, 0, 0)]
    assert _findings(path) == []


def test_no_tally_reads_every_case() -> None:
    """Nor every tag: what is kept answers, and an index leads to what is counted when asked."""
    eyes = frozenset(["owner:ann"])
    queries = (
        Query(), Query(owner="ann"), Query("renewal", stage="proposal"), Query(team="emea"), Query(tags=eyes),
        Query(owner="ann", tags=eyes), Query(name="x"), Query(prefix="c1"), Query(link="link:a", tags=eyes),
    )  # fmt: skip
    with contextlib.closing(SqliteStore(":memory:")) as store:
        for query in queries:
            statement, values = sqlite_find.counts("t", query, KEPT)
            plan = [row[3] for row in store._cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            walks = [step for step in plan if step.startswith(("SCAN", "SEARCH cases"))]
            narrow = ("(tenant=? AND case", "(tenant=? AND name=?", "SCAN (subquery", "SCAN json_each")
            assert all(any(part in step for part in narrow) for step in walks), (query, plan)
