from __future__ import annotations

import contextlib
import random
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from playbook.errors import ForeignStore
from playbook.stores import sqlite_counting
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


_AS_FIRST = """
DROP TRIGGER cases_added; DROP TRIGGER cases_moved; DROP TRIGGER cases_priced; DROP TRIGGER cases_taken;
DROP TABLE tallies; DROP TABLE tags; DROP INDEX events_log; CREATE INDEX events_log ON events (tenant, position);
DROP INDEX cases_assigned; DROP INDEX cases_opened; DROP INDEX cases_stage; DROP INDEX cases_owner;
DROP INDEX cases_team; ALTER TABLE cases DROP COLUMN part; ALTER TABLE cases DROP COLUMN forecast;
CREATE INDEX cases_opened ON cases (tenant, hidden, opened DESC, "case");
CREATE INDEX cases_stage ON cases (tenant, playbook, stage, hidden, opened DESC, "case");
CREATE INDEX cases_owner ON cases (tenant, owner, opened DESC, "case");
CREATE INDEX cases_team ON cases (tenant, team, hidden, opened DESC, "case");
CREATE TABLE tags (
    tenant TEXT NOT NULL, tag TEXT NOT NULL, opened INTEGER NOT NULL, "case" TEXT NOT NULL,
    PRIMARY KEY (tenant, tag, opened DESC, "case")) STRICT, WITHOUT ROWID;
INSERT INTO tags SELECT tenant, value, opened, "case" FROM cases JOIN json_each(iif(tags = '', '[]', tags));
ALTER TABLE due DROP COLUMN worker; ALTER TABLE due DROP COLUMN held_from; ALTER TABLE due DROP COLUMN held_until;
PRAGMA user_version = 1;
"""


def test_a_file_of_the_first_version_becomes_like_a_new_one(path: str, host: sqlite3.Connection) -> None:
    before, kept = _tallies(path), _whole(host)
    host.executescript(_AS_FIRST)
    with (
        contextlib.closing(SqliteStore(":memory:")) as other,
        pytest.raises(ForeignStore, match="open it once"),
    ):
        other.bind(host)
    assert _tallies(path) == before
    assert _whole(host) == kept
    assert host.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    with contextlib.closing(SqliteStore(path)) as store:
        store.append([batch(write("case:new", b"1", index=case("new", owner="eve")))])
    assert _tallies(path) != before


def _whole(host: sqlite3.Connection) -> dict[str, list[Any]]:
    """Return the statements of the schema, and the rows of every table."""
    schema = host.execute("SELECT name, sql FROM sqlite_master WHERE type != 'table' ORDER BY 1").fetchall()
    names = [
        name for (name,) in host.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
    ]
    return {"": schema} | {name: sorted(host.execute(f'SELECT * FROM "{name}"')) for name in names}


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
            statement, values = sqlite_counting.counts("t", query, KEPT)
            plan = [row[3] for row in store._cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            walks = [step for step in plan if step.startswith(("SCAN", "SEARCH cases"))]
            narrow = ("(tenant=? AND case", "(tenant=? AND name=?", "SCAN (subquery", "SCAN json_each")
            assert all(any(part in step for part in narrow) for step in walks), (query, plan)
