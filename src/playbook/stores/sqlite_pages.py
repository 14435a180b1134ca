"""Pages of the index of cases: walks along indexes in the order of the pages; the first that fills a page gives it.

Which walk is short depends on numbers of rows that nobody knows beforehand: one who asks may see all cases or three,
and what is asked for may be rare. So where there are several ways they are gone in turns (`sqlite_walks`), and a page
costs about twice what the best of them costs. Every statement names its index, because the planner knows no
numbers of rows either and may sort a whole tenant for one page.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from playbook.stores import rows
from playbook.stores.interface import IndexRow
from playbook.stores.sqlite_walks import Branch, Gathering, Way, first

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Container, Iterator, Mapping, Sequence

    from playbook.stores.interface import Query
    from playbook.stores.sqlite_walks import Condition

COLUMNS = ", ".join(f'cases."{column}"' for column in rows.COLUMNS)

# beginning a walk takes as long as so many steps along one, or as few where much is left aside between two steps
_BEGINNING, _BEGINNING_ASIDE = 10, 2
# so many cases are soon read and sorted, as many as are mostly come by for a page of fewer
_GATHERED = 3000
_WHOLE = (
    f"SELECT {COLUMNS} FROM cases WHERE rowid = ifnull(nullif(?, 0),"
    ' (SELECT rowid FROM cases AS one INDEXED BY cases_case WHERE one.tenant = ? AND one."case" = ?))'
)
_LINKED = 'tags CROSS JOIN cases ON cases.tenant = tags.tenant AND cases."case" = tags."case"'
_OF_ROW = "cases.{} = ?"
# Of a hidden case with a tag, team and stage are looked up in their index, not in the row: that index is in the order
# of the pages too, so what is looked up one after another lies together, while the rows lie all over the file.
_OF_TAGGED = (
    "EXISTS (SELECT 1 FROM cases INDEXED BY cases_{0} WHERE cases.tenant = tags.tenant AND cases.part = tags.part"
    " AND cases.playbook = tags.playbook AND cases.{0} = ? AND cases.hidden = 1 AND cases.opened = tags.opened"
    ' AND cases."case" = tags."case")'
)
_COLUMNS = ("playbook", "stage", "owner", "team", "name")


def find(cursor: sqlite3.Cursor, tenant: str, query: Query, after: str | None, limit: int) -> list[IndexRow]:
    """Return up to `limit` rows of the page after a place."""
    rows.check_status(query)
    place = None if after is None else rows.read_place(after)
    with _unchanging(cursor.connection):
        found = first(_Question(cursor, tenant, query).ways(), cursor.connection, place, limit)
        return [row_of(cursor.execute(_WHOLE, (step[2], tenant, step[1])).fetchone()) for step in found]


def row_of(values: Sequence[Any]) -> IndexRow:
    """Return the index row of the columns of `cases`."""
    *plain, hidden, tags, forecast = values
    return IndexRow(*(*plain, bool(hidden), rows.read_tags(tags), forecast))


@contextmanager
def _unchanging(connection: sqlite3.Connection) -> Iterator[None]:
    """Show one state of the database for a block."""
    begun = not connection.in_transaction
    if begun:
        connection.execute("BEGIN")
    try:
        yield
    finally:
        # SQLite has ended it by itself after some errors, and these are what is to be told
        if begun and connection.in_transaction:
            connection.execute("COMMIT")


class _Question:
    """Hold what is asked, and say by which ways it can be found, the one that is mostly shortest first."""

    def __init__(self, cursor: sqlite3.Cursor, tenant: str, query: Query) -> None:
        self._cursor = cursor
        self._tenant = tenant
        self._query = query
        self._wanted = {c: v for c in _COLUMNS if (v := getattr(query, c)) is not None}
        self._parts = [
            part for part in self._values("cases_opened", "part", {}) if rows.part_fits(part, query)
        ]
        self._stages: list[dict[str, str]] = []
        if query.playbook is not None or query.stage is not None:
            self._stages += self._found_stages()
            parts = {stage["part"] for stage in self._stages}
            self._parts = [part for part in self._parts if part in parts]

    def ways(self) -> Iterator[Way]:
        """Yield the ways."""
        query, eyes = self._query, self._query.tags
        if query.link is not None:
            yield Way([self._by_tag(query.link, linked=True)].copy, eyes)
        elif query.name is not None:
            yield Way([self._walk("cases_name", name=query.name)].copy, eyes)
        elif query.owner is not None:
            owned = [self._walk("cases_owner", owner=query.owner, part=part) for part in self._parts]
            yield Way(owned.copy, eyes)
        else:
            if query.prefix:
                ids = Gathering([self._walk("cases_case")].copy, eyes, _GATHERED)
                yield ids
                if ids.length(self._cursor.connection, None, _GATHERED) < _GATHERED:
                    return
            for branches in self._along(0, 1):
                yield Way(branches.copy, eyes)
            if eyes is not None:
                beginning = _BEGINNING_ASIDE if query.prefix else _BEGINNING
                yield Way(partial(self._of_tags, eyes), None, beginning * len(eyes))

    def _along(self, *hidden: int) -> Iterator[list[Branch]]:
        """Yield the branches of each index that what is asked for stands together in."""
        team = self._query.team
        if team is not None:
            playbooks = itertools.product(self._found_playbooks(team), hidden)
            yield [self._walk("cases_team", team=team, **within, hidden=h) for within, h in playbooks]
        if self._query.playbook is not None or self._query.stage is not None:
            stages = itertools.product(self._stages, hidden)
            yield [self._walk("cases_stage", **stage, hidden=h) for stage, h in stages]
        elif team is None:
            parts = itertools.product(self._parts, hidden)
            yield [self._walk("cases_opened", part=part, hidden=h) for part, h in parts]

    def _of_tags(self, tags: frozenset[str]) -> Iterator[Branch]:
        """Yield the branches of what everybody sees, and of what is hidden and has one of the tags."""
        yield from next(self._along(0))
        for tag in tags:
            yield self._by_tag(tag)

    def _walk(self, index: str, **fixed: str | int) -> Branch:
        """Return a walk along an index, where the columns that it begins with are fixed."""
        bounds: list[Condition] = [("cases.tenant = ?", (self._tenant,))]
        bounds += ((f"cases.{column} = ?", (value,)) for column, value in fixed.items())
        bounds += self._beginning("cases") if index == "cases_case" else ()
        looked_up = [] if "part" in fixed else [self._in_parts("cases")]
        looked_up += self._rest(_OF_ROW, fixed)
        looks = self._query.tags is not None and fixed.get("hidden") != 0
        source, in_order = f"cases INDEXED BY {index}", index != "cases_case"
        return Branch("cases", source, bounds, [], self._beginning("cases"), looked_up, looks, in_order)

    def _by_tag(self, tag: str, *, linked: bool = False) -> Branch:
        """Return a walk along the cases that have a tag; where it is a link, with a look at each."""
        bounds: list[Condition] = [("tags.tenant = ?", (self._tenant,)), ("tags.tag = ?", (tag,))]
        within = [self._in_parts("tags")]
        if self._query.playbook is not None:
            within.append(("tags.playbook = ?", (self._query.playbook,)))
        looked_up = self._rest(_OF_ROW if linked else _OF_TAGGED, ("playbook",))
        looks = linked and self._query.tags is not None
        source = _LINKED if linked else "tags"
        return Branch("tags", source, bounds, within, self._beginning("tags"), looked_up, looks)

    def _rest(self, test: str, fixed: Container[str]) -> list[Condition]:
        """Return a test of each column that is asked for, beside those that are fixed."""
        return [(test.format(c), (v,)) for c, v in self._wanted.items() if c not in fixed]

    def _beginning(self, table: str) -> list[Condition]:
        prefix = self._query.prefix
        if not prefix:
            return []
        return [(f'{table}."case" >= ? AND {table}."case" < ?', (prefix, prefix + chr(0x10FFFF)))]

    def _in_parts(self, table: str) -> Condition:
        return f"{table}.part IN ({', '.join('?' * len(self._parts))})", self._parts

    def _found_stages(self) -> Iterator[dict[str, str]]:
        """Yield playbook, part and stage of what is asked for, as far as there are cases."""
        playbook, stage = self._query.playbook, self._query.stage
        for name in self._values("cases_stage", "playbook", {}) if playbook is None else [playbook]:
            for part in self._parts:
                within = {"playbook": name, "part": part}
                if stage is None:
                    stages = self._values("cases_stage", "stage", within)
                else:
                    stages = islice(self._values("cases_stage", "stage", within, stage), 1)
                yield from ({**within, "stage": one} for one in stages if stage in (None, one))

    def _found_playbooks(self, team: str) -> Iterator[dict[str, str]]:
        """Yield part and playbook of what is asked for, as far as there are cases of a team."""
        playbook = self._query.playbook
        for part in self._parts:
            found = self._values("cases_team", "playbook", {"team": team, "part": part})
            yield from (
                {"part": part, "playbook": one} for one in (found if playbook is None else [playbook])
            )

    def _values(self, index: str, column: str, fixed: Mapping[str, str], first: str = "") -> Iterator[str]:
        """Yield the values of a column, each once: a look into its index for each, instead of one at every row."""
        terms = "".join(f" AND {name} = ?" for name in fixed)
        bound, last = ">=", first
        while True:
            found = self._cursor.execute(
                f"SELECT {column} FROM cases INDEXED BY {index} WHERE tenant = ?{terms} AND {column} {bound} ?"
                f" ORDER BY {column} LIMIT 1",
                (self._tenant, *fixed.values(), last),
            ).fetchone()
            if found is None:
                return
            (last,) = found
            yield last
            bound = ">"
