"""Pages of the index of cases: walks along indexes in the order of the pages; the first that fills a page gives it.

Which walk is short depends on numbers of rows that nobody knows beforehand: one who asks may see all cases or three,
and what is asked for may be rare. So where there are several ways they are gone in turns, further each time, and a
page costs about twice what the best of them costs. Every statement names its index, because the planner knows no
numbers of rows either and may sort a whole tenant for one page.
"""

from __future__ import annotations

import heapq
import itertools
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from playbook.stores import rows
from playbook.stores.interface import IndexRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from playbook.stores.interface import Query

    Condition = tuple[str, Sequence[Any]]
    _Place = tuple[int, str]
    # -opened, case, rowid, whether the rest of the question fits, hidden, tags
    _Step = tuple[int, str, int, int, int, str]
    _Steps = Iterator[_Step | None]

COLUMNS = ", ".join(f'cases."{column}"' for column in rows.COLUMNS)

_BURST = 64
# beginning a walk takes as long as so many steps along one
_BEGINNING = 10
_WHOLE = f"SELECT {COLUMNS} FROM cases WHERE rowid = ?"
_BY_TAG = 'tags CROSS JOIN cases ON cases.tenant = tags.tenant AND cases."case" = tags."case"'
_COLUMNS = ("playbook", "stage", "owner", "team", "name")
_WITH_PLAYBOOK = ("cases_owner", "cases_team")


def find(cursor: sqlite3.Cursor, tenant: str, query: Query, after: str | None, limit: int) -> list[IndexRow]:
    """Return up to `limit` rows of the page after a place."""
    rows.check_status(query)
    place = None if after is None else rows.read_place(after)
    with _unchanging(cursor.connection):
        ways = [way.steps(cursor.connection, place) for way in _Question(cursor, tenant, query).ways()]
        tags = () if query.prefix or query.tags is None else query.tags
        found = _first(ways, max(_BURST, _BEGINNING * len(tags)), limit)
        return [row_of(cursor.execute(_WHOLE, (step[2],)).fetchone()) for step in found]


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


def _first(ways: Sequence[_Steps], burst: int, limit: int) -> list[_Step]:
    """Return what the first way finds that has found enough, or has come to its end."""
    pages: list[list[_Step]] = [[] for _ in ways]
    while True:
        for way, page in zip(ways, pages, strict=True):
            went = 0
            for went, step in enumerate(islice(way, burst), 1):  # noqa: B007
                if step is not None:
                    page.append(step)
                    if len(page) == limit:
                        return page
            if went < burst:
                return page
        burst *= 2


@attrs.frozen
class _Branch:
    """Hold one walk along an index: tables, the one that it goes along, what bounds it, what fits on it."""

    source: str
    by: str
    bounds: Sequence[Condition]
    fits: Sequence[Condition]
    looks: bool
    in_order: bool

    def walk(self, connection: sqlite3.Connection, after: _Place | None) -> Iterator[_Step]:
        """Yield the steps after a place."""
        for statement, values in self.statements(after):
            cursor = connection.cursor()  # branches are walked side by side
            cursor.row_factory = None
            yield from cursor.execute(statement, values)

    def statements(self, after: _Place | None) -> Iterator[tuple[str, list[Any]]]:
        """Yield the statements of the walk.

        There are two after a place: for those opened at the same time, then for the older ones; so each is one
        walk along an index, however many cases were opened at once.
        """
        by = self.by
        order = f' ORDER BY {by}.opened DESC, {by}."case"' if self.in_order else ""
        parts: list[list[Condition]] = [[]]
        if after is not None:
            opened, case = after
            same: Condition = (f'{by}.opened = ? AND {by}."case" > ?', (opened, case))
            parts = [[same], [(f"{by}.opened < ?", (opened,))]]
        fits, asked = joined(self.fits)
        looks = "cases.hidden, cases.tags" if self.looks else "0, ''"
        for part in parts:
            where, values = joined([*self.bounds, *part])
            yield (
                f'SELECT -{by}.opened, {by}."case", cases.rowid, {fits or 1}, {looks} FROM {self.source}'
                f" WHERE {where}{order}",
                [*asked, *values],
            )


@attrs.frozen
class _Way:
    """Hold branches in the same order that together find what is asked; `eyes` look at each case that is hidden."""

    branches: Iterable[_Branch]
    eyes: frozenset[str] | None

    def steps(self, connection: sqlite3.Connection, after: _Place | None) -> _Steps:
        """Yield each case that is come by, in order; None for one that does not fit or is not seen."""
        last = ""
        for step in heapq.merge(*(branch.walk(connection, after) for branch in self.branches)):
            fits = step[1] != last and self._fits(step)  # a case comes once for each tag
            last = step[1]
            yield step if fits else None

    def _fits(self, step: _Step) -> bool:
        if not step[3]:
            return False
        return self.eyes is None or not step[4] or not self.eyes.isdisjoint(rows.read_tags(step[5]))


@attrs.frozen
class _Gathering(_Way):
    """Go along an index in another order than that of the pages, to its end, and then sort what was found."""

    def steps(self, connection: sqlite3.Connection, after: _Place | None) -> _Steps:
        """Yield None for each case that is come by, then those that fit, in order."""
        found: list[_Step] = []
        for branch in self.branches:
            for step in branch.walk(connection, None):
                yield None
                if self._fits(step) and (after is None or step[:2] > (-after[0], after[1])):
                    found.append(step)
        yield from sorted(found)


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

    def ways(self) -> Iterator[_Way]:
        """Yield the ways."""
        query, eyes = self._query, self._query.tags
        if query.link is not None:
            yield _Way([self._by_tag(query.link)], eyes)
        elif query.name is not None:
            yield _Way([self._walk("cases_name", name=query.name)], eyes)
        elif query.owner is not None:
            yield _Way(
                [self._walk("cases_owner", owner=query.owner, part=part) for part in self._parts], eyes
            )
        else:
            if query.prefix:
                yield _Gathering([self._walk("cases_case")], eyes)
            for branches in self._along(0, 1):
                yield _Way(branches, eyes)
            if eyes is not None and not query.prefix:
                yield _Way(self._of_tags(eyes), None)

    def _along(self, *hidden: int) -> Iterator[list[_Branch]]:
        """Yield the branches of each index that what is asked for stands together in."""
        team = self._query.team
        if team is not None:
            parts = itertools.product(self._parts, hidden)
            yield [self._walk("cases_team", team=team, part=part, hidden=h) for part, h in parts]
        if self._query.playbook is not None or self._query.stage is not None:
            stages = itertools.product(self._stages, hidden)
            yield [self._walk("cases_stage", **stage, hidden=h) for stage, h in stages]
        elif team is None:
            parts = itertools.product(self._parts, hidden)
            yield [self._walk("cases_opened", part=part, hidden=h) for part, h in parts]

    def _of_tags(self, tags: frozenset[str]) -> Iterator[_Branch]:
        """Yield the branches of what everybody sees, and of what is hidden and has one of the tags."""
        yield from next(self._along(0))
        for tag in tags:
            yield self._by_tag(tag, ("cases.hidden = 1", ()))

    def _walk(self, index: str, **fixed: str | int) -> _Branch:
        """Return a walk along an index, where the columns that it begins with are fixed."""
        bounds: list[Condition] = [("cases.tenant = ?", (self._tenant,))]
        bounds += ((f"cases.{column} = ?", (value,)) for column, value in fixed.items())
        fits = self._rest({*fixed, "playbook"} if index in _WITH_PLAYBOOK else fixed)
        if index in _WITH_PLAYBOOK and self._query.playbook is not None:
            bounds.append(("cases.playbook = ?", (self._query.playbook,)))
        if "part" not in fixed:
            fits.append(self._in_parts("cases"))
        (bounds if index == "cases_case" else fits).extend(self._beginning())
        looks = self._query.tags is not None
        return _Branch(f"cases INDEXED BY {index}", "cases", bounds, fits, looks, index != "cases_case")

    def _by_tag(self, tag: str, *more: Condition) -> _Branch:
        """Return a walk along the cases that have a tag."""
        bounds = [("tags.tenant = ?", (self._tenant,)), ("tags.tag = ?", (tag,)), self._in_parts("tags")]
        if self._query.playbook is not None:
            bounds.append(("tags.playbook = ?", (self._query.playbook,)))
        fits = [*self._rest({"playbook"}), *self._beginning(), *more]
        looks = not more and self._query.tags is not None
        return _Branch(_BY_TAG, "tags", bounds, fits, looks, in_order=True)

    def _rest(self, fixed: Container[str]) -> list[Condition]:
        return [(f"cases.{c} = ?", (v,)) for c, v in self._wanted.items() if c not in fixed]

    def _beginning(self) -> list[Condition]:
        prefix = self._query.prefix
        return (
            [('cases."case" >= ? AND cases."case" < ?', (prefix, prefix + chr(0x10FFFF)))] if prefix else []
        )

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


def joined(conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    """Return conditions as one, and the values for all of them."""
    return " AND ".join(term for term, _ in conditions), [v for _, values in conditions for v in values]
