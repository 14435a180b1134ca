"""How SQLite goes about every question: along an index each time, never along a whole table.

The plans stand in plans.txt; `python tests/unit/stores/test_sqlite_pages.py` writes them anew.
"""

from __future__ import annotations

import contextlib
import random
import re
import sqlite3
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from playbook.stores.interface import DueRow, Query
from playbook.stores.sqlite import SqliteStore
from playbook.testing.answers import is_asked
from playbook.testing.batches import TENANT, batch, case, random_case, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook.stores.interface import Store

PLANS = Path(__file__).with_name("plans.txt")
REP = frozenset(["owner:ann", "team:emea"])
QUESTIONS = {
    "all": Query(),
    "open": Query(status="open"),
    "won": Query(outcome="won"),
    "playbook": Query("renewal"),
    "playbook, stage": Query("renewal", "proposal"),
    "stage": Query(stage="proposal"),
    "owner": Query(owner="ann"),
    "owner, playbook, stage, open": Query("renewal", "proposal", "open", owner="ann"),
    "team": Query(team="emea"),
    "team, playbook, stage, open": Query("renewal", "proposal", "open", team="emea"),
    "name": Query(name="Deal 3"),
    "prefix": Query(prefix="c1"),
    "link": Query(link="link:account=1"),
    "link, open": Query(status="open", link="link:account=1"),
    "records": Query("record:account"),
}


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> str:
    return plans_in(tmp_path_factory.mktemp("plans"))


def test_the_plan_of_every_question_is_the_one_that_was_written_down(plans: str) -> None:
    assert plans == PLANS.read_text(encoding="utf-8")


def test_no_question_goes_along_a_whole_table_or_sorts_cases(plans: str) -> None:
    assert set(re.findall(r"SCAN (\w+)", plans)) <= {"json_each"}
    assert "TEMP B-TREE FOR ORDER BY" not in plans


def test_every_way_leads_to_the_same_pages() -> None:
    """For who sees all, some and none, and has one tag or very many; what is asked for is common, rare or nowhere."""
    rng = random.Random(5)
    cases = [random_case(n, rng) for n in range(3000)]
    cases = [
        replace(row, team="rare", playbook="lost") if n % 90 == 0 else row for n, row in enumerate(cases)
    ]
    cases.sort(key=lambda row: (-row.opened, row.case))
    eyes = [None, frozenset(), REP, frozenset(["owner:ann", *map(str, range(40))]), frozenset(["team:x"])]
    with contextlib.closing(SqliteStore(":memory:")) as store:
        store.append([batch(write(f"case:{row.case}", b"1", index=row)) for row in cases])
        for _ in range(150):
            query = Query(
                playbook=rng.choice([None, "renewal", "lost", "none"]), stage=rng.choice([None, "proposal"]),
                status=rng.choice([None, "open"]), team=rng.choice([None, "emea", "rare"]),
                prefix=rng.choice([None, None, "c1", "c12", "c123"]), tags=rng.choice(eyes),
            )  # fmt: skip
            opened, case = rng.choice([(9, ""), (4, "c2"), (0, "")])
            expected = [row for row in cases if (-row.opened, row.case) > (-opened, case)]
            expected = [row for row in expected if is_asked(row, query)][:50]
            assert list(store.find(TENANT, query, after=f"{opened}:{case}", limit=50).items) == expected, (
                query
            )


def plans_in(folder: Path) -> str:
    """Return what is asked, and what SQLite says of the statements by which it is answered, each once."""
    path = str(folder / "store.db")
    with contextlib.closing(SqliteStore(path)) as own:
        _fill(own)
    told = []
    with (
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host,
        contextlib.closing(sqlite3.connect(path)) as explaining,
        contextlib.closing(SqliteStore(":memory:")) as other,
    ):
        store, ran = other.bind(host), list[str]()
        host.set_trace_callback(ran.append)
        for asked, ask in _asks(store):
            ran.clear()
            ask()
            lines = dict[str, None]()
            for statement in ran:
                if not statement.startswith(("BEGIN", "COMMIT")):
                    plan = explaining.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
                    lines |= dict.fromkeys(f"  {row[3].replace(' TABLE ', ' ')}" for row in plan)
            told += [asked, *lines]
    return "\n".join([*told, ""])


def _fill(store: Store) -> None:
    rng = random.Random(3)
    cases = [random_case(n, rng) for n in range(2000)]
    due = (DueRow("t", "q", 1),)
    store.append([batch(write(f"case:{row.case}", b"1", index=row, due=due), key=row.case) for row in cases])
    store.append([batch(write("record:1", b"1", index=case("r1", playbook="record:account")))])


def _asks(store: Store) -> Iterator[tuple[str, Callable[[], object]]]:
    eyes = {"": None, " for one who does not see all": REP}
    for name, query in QUESTIONS.items():
        for who, tags in eyes.items():
            yield f"find: {name}{who}", partial(_two_pages, store, replace(query, tags=tags))
    for who, tags in eyes.items():
        yield f"tally: by stage{who}", partial(store.tally, TENANT, Query(tags=tags), ["stage"])
    yield "last_assigned", lambda: store.last_assigned(TENANT, "ann")
    yield "streams", lambda: store.streams(TENANT, after="case:", limit=9)
    yield "load", lambda: store.load(TENANT, ["case:c1"])
    yield "receipt", lambda: store.receipt(TENANT, "c1")
    yield "events", lambda: list(store.events(TENANT, "case:c1"))
    for tenant in (TENANT, "default"):
        yield f"log of {tenant}", partial(store.log, tenant, after="7", limit=9)
    yield "claim", lambda: store.claim("q", now=9, limit=9, lease=9, worker="w")


def _two_pages(store: Store, query: Query) -> None:
    """Find so many that every way has to be gone."""
    for after in (None, "6:c1"):
        store.find(TENANT, query, after=after, limit=1000)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PLANS.write_text(plans_in(Path(made)), encoding="utf-8")
