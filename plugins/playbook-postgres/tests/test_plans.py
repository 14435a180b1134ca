"""How PostgreSQL goes about every question: along an index each time, never along a whole table."""

from __future__ import annotations

import itertools
import random
import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from msgspec.structs import replace

from playbook.stores import DueRow, Query
from playbook.testing.batches import TENANT, batch, case, random_case, write
from playbook_postgres import paging
from playbook_postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REP = frozenset(["owner:ann", "team:emea"])
QUESTIONS = {
    "cases_opened": [Query(), Query(status="open"), Query(outcome="won")],
    "cases_stage": [
        Query("renewal"),
        Query("renewal", "proposal"),
        Query(stage="proposal"),
        Query("record:account"),
    ],
    "cases_owner": [Query(owner="ann"), Query("renewal", "proposal", "open", owner="ann")],
    "cases_team": [Query(team="emea"), Query("renewal", "proposal", "open", team="emea")],
    "cases_name": [Query(name="Deal 3")],
    "cases_pkey": [Query(prefix="c1")],
    "tags_pkey": [Query(link="link:account=1"), Query(status="open", link="link:account=1")],
}


@pytest.fixture
def explained(url: str, request: pytest.FixtureRequest) -> Iterator[Explained]:
    own, rng = PostgresStore(url), random.Random(3)
    cases = [random_case(n, rng) for n in range(request.param)]
    due = (DueRow("t", "q", 1),)
    own.append([batch(write(f"case:{row.case}", b"1", index=row, due=due), key=row.case) for row in cases])
    own.append([batch(write("record:1", b"1", index=case("r1", playbook="record:account")))])
    own.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        yield Explained(connection)


class Explained:
    """Answers questions, and keeps how the server goes about them once they were prepared, whatever the values."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._connection.execute(paging.PREPARED.replace("true", "false").encode())
        self.plans: list[str] = []

    def ask(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return what a statement finds."""
        cursor, numbers = psycopg.ClientCursor(self._connection), itertools.count(1)
        cursor.execute(f"PREPARE asked AS {re.sub('%s', lambda _: f'${next(numbers)}', statement)}".encode())
        asked = f"EXECUTE asked ({', '.join(['%s'] * len(values))})" if values else "EXECUTE asked"
        plan = cursor.execute(f"EXPLAIN (COSTS OFF) {asked}".encode(), values).fetchall()
        self.plans.append("\n".join(line for (line,) in plan))
        found = cursor.execute(asked.encode(), values).fetchall()
        cursor.execute("DEALLOCATE asked")
        return found

    def whole_tables(self) -> list[tuple[Any, ...]]:
        """Return how often each table was read from end to end."""
        return self._connection.execute(
            "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname != 'version' ORDER BY 1"
        ).fetchall()


@pytest.mark.parametrize("explained", [40, 4000], indirect=True)
@pytest.mark.parametrize(("index", "questions"), QUESTIONS.items())
def test_every_question_goes_along_an_index(explained: Explained, index: str, questions: list[Query]) -> None:
    for query in questions:
        for tags in (None, REP, frozenset(f"team:{n}" for n in range(20))):
            for after in (None, "6:c1"):
                explained.plans.clear()
                paging.find(explained.ask, TENANT, replace(query, tags=tags), after, 1000)
                told = "\n".join(explained.plans)
                assert "Seq Scan" not in told, told
                assert "Bitmap" not in told, told
                assert re.search(rf"Index (Only )?Scan using {index}\b", told), told


@pytest.mark.parametrize("explained", [4000], indirect=True)
def test_what_workers_and_followers_ask_goes_along_no_whole_table(url: str, explained: Explained) -> None:
    before = explained.whole_tables()
    store = PostgresStore(url)
    assert len(store.claim("q", now=9, limit=9, lease=9, worker="w")) == 9
    assert len(store.log(TENANT, after="7", limit=9).items) == 9
    assert len(store.streams(TENANT, after="case:", limit=9)) == 9
    assert len(store.load(TENANT, ["case:c1"])) == len(list(store.events(TENANT, "case:c1"))) == 1
    assert store.receipt(TENANT, "c1") is not None
    assert store.last_assigned(TENANT, "ann")
    store.close()
    assert explained.whole_tables() == before
