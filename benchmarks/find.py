"""Find pages of cases for people who see all, many, some and few of them, beside a bare page of one index.

The bare page is what SQLite takes for the same number of whole rows in the order of one index; it asks nobody whether
he may see them.
"""

from __future__ import annotations

import sqlite3
import statistics
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bench import Figures, folder, main, seconds
from filling import AUDITOR, DAY, NOW, TENANT, fill, manager, partner, person, rep, team_of
from playbook import SqliteStore
from playbook.stores import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook import Store

PEOPLE = {
    "admin": None,
    "auditor": AUDITOR,
    "leader_of_all": manager(1_000),
    "manager": manager(25),
    "rep": rep(7),
    "partner": partner(3),
}
QUESTIONS = (
    Query(), Query(status="open"), Query(status="closed"), Query(outcome="disqualified"), Query("new_business"),
    Query("rare"), Query("nothing"), Query("new_business", "contract"), Query("new_business", outcome="won"),
    Query(stage="contract"), Query(owner=person(7)), Query("rare", "contract", "open", owner=person(8)),
    Query(team=team_of(7)), Query("new_business", "contract", team=team_of(8)), Query("rare", team=team_of(7)),
    Query(name="Deal 77"), Query(prefix="c1"), Query(prefix="c12"), Query(link="record:account:000123"),
    Query("record:account", ""),
)  # fmt: skip
LIMIT = 50
TRIES = 5
LATE = (NOW - 5 * 365 * DAY // 2, NOW - 5 * 365 * DAY + DAY)
_BARE = (
    "SELECT * FROM cases INDEXED BY cases_opened WHERE tenant = ? AND part = 'oopen' AND hidden = 0"
    ' ORDER BY opened DESC, "case" LIMIT ?'
)
_BARE_OF_POSTGRES = (
    "SELECT * FROM playbook.cases WHERE tenant = %s AND part = 'oopen' AND NOT hidden"
    ' ORDER BY newest, "case" LIMIT %s'
)


def milliseconds(run: Callable[[], object]) -> float:
    """Return how long a call takes when it is quickest."""
    return min(seconds(run) for _ in range(TRIES)) * 1e3


def pages(store: Store, query: Query) -> Iterator[float]:
    """Yield the milliseconds of the first page, the second and late ones."""
    yield milliseconds(lambda: store.find(TENANT, query, limit=LIMIT))
    after = [f"{opened}:" for opened in LATE]
    second = store.find(TENANT, query, limit=LIMIT).next
    for place in (second, *after) if second else after:
        yield milliseconds(lambda place=place: store.find(TENANT, query, after=place, limit=LIMIT))  # type: ignore[misc]


def measure(quick: bool) -> Figures:
    """Ask every question for everybody, in a file."""
    with folder() as here:
        path = str(here / "store.db")
        with closing(SqliteStore(path)) as store, closing(sqlite3.connect(path)) as connection:
            fill(store, *_size(quick))
            return _figures(store, lambda: connection.execute(_BARE, (TENANT, LIMIT + 1)).fetchall(), quick)


def measure_postgres(quick: bool) -> Figures:
    """Ask every question for everybody, in PostgreSQL."""
    import psycopg

    from playbook_postgres.store import PostgresStore
    from postgres import Databases, server

    with server() as url, closing(Databases(url)) as databases:
        place = databases.new()
        with closing(PostgresStore(place)) as store, psycopg.connect(place, autocommit=True) as connection:
            fill(store, *_size(quick))
            connection.execute("VACUUM ANALYZE")
            bare = connection.cursor(binary=True)
            return _figures(
                store, lambda: bare.execute(_BARE_OF_POSTGRES, (TENANT, LIMIT + 1)).fetchall(), quick
            )


def _size(quick: bool) -> tuple[int, int]:
    cases = 2_000 if quick else 1_000_000
    return cases, cases // 10


def _figures(store: Store, bare_page: Callable[[], object], quick: bool) -> Figures:
    taken = {
        who: [ms for query in QUESTIONS for ms in pages(store, replace(query, tags=tags))]
        for who, tags in PEOPLE.items()
    }
    bare = milliseconds(bare_page)
    middle = statistics.median(ms for found in taken.values() for ms in found)
    slowest = max(max(found) for found in taken.values())
    return Figures(
        {f"slowest_milliseconds_of_{who}": max(found) for who, found in taken.items()}
        | {"median_milliseconds": middle, "bare_milliseconds": bare},
        {"time_of_bare_page": middle / bare, "slowest_of_ten_milliseconds": slowest / 10},
        {"time_of_bare_page": "<= 10", "slowest_of_ten_milliseconds": "<= 1"},
        f"{_size(quick)[0]:,} cases, {len(QUESTIONS)} questions, pages of {LIMIT}: the first, the second, two late.",
    )


if __name__ == "__main__":
    main("find", measure, measure_postgres)
