"""Walks along indexes of cases, and how several are gone in turns until one has filled a page."""

from __future__ import annotations

import heapq
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from playbook.stores import rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Condition = tuple[str, Sequence[Any]]
    Place = tuple[int, str]
    # -opened, case, rowid or 0, whether the rest of the question fits, hidden, tags if it fits and is hidden
    Step = tuple[int, str, int, int, int, str]
    _Steps = Iterator[Step | None]

_BURST = 64
# so many cases are few
_FEW = 4096
# Of what does not fit only every sixty-fourth case or so is come by, to see how far a walk has gone, every fourth
# where each is looked up elsewhere. Spread by a multiplication, or of rows that alternate all or none would come.
_ASIDE, _ASIDE_LOOKED_UP = (
    {
        by: f"({column} % 1000003 * {0x9E3779B1} & {0xFFFFFFFF}) < {2**32 // n}"
        for by, column in (("cases", "cases.rowid"), ("tags", "tags.opened"))
    }
    for n in (64, 4)
)
_ROWID = {"cases": "cases.rowid", "tags": "0"}
# the row is read for nobody who may not or need not see it
_LOOKS = "cases.hidden, iif(cases.hidden AND {}, cases.tags, '')"


def first(ways: Iterable[Way], connection: sqlite3.Connection, after: Place | None, limit: int) -> list[Step]:
    """Return what the first way finds that has found enough, or has come to its end."""
    gone = [_Gone(way, way.steps(connection, after)) for way in ways]
    burst = _BURST
    while True:
        for one in gone:
            if one.way.begins_at <= 2 * burst and one.goes_on(burst, limit):
                return one.page
        if burst == _BURST and len(gone) > 1:
            gone = _shortest(gone, connection, after)
        # where most was found the page is probably full first
        gone.sort(key=lambda one: -len(one.page))
        burst *= 2


def _shortest(gone: list[_Gone], connection: sqlite3.Connection, after: Place | None) -> list[_Gone]:
    """Return only the shortest way if there are few cases on it: what all of them find stands closest there."""
    found, few = gone, _FEW
    for one in gone:
        length = few if one.way.begins_at > _BURST else one.way.length(connection, after, few)
        if length < few:
            found, few = [one], length
    return found


@attrs.frozen
class _Gone:
    """Hold how far a way was gone, and what was found on it."""

    way: Way
    steps: _Steps
    page: list[Step] = attrs.field(factory=list)

    def goes_on(self, burst: int, limit: int) -> bool:
        """Go so many steps; return whether the page is full or the way at its end."""
        went = 0
        for went, step in enumerate(islice(self.steps, burst), 1):  # noqa: B007
            if step is not None:
                self.page.append(step)
                if len(self.page) == limit:
                    return True
        return went < burst


@attrs.frozen
class Branch:
    """Hold one walk along an index: the table `by` whose order it has, what bounds it, and what it comes by within.

    The rest of the question is `told` by the index or `looked_up` for each case; `looks` says whether the row of what
    fits is read for who may see it.
    """

    by: str
    source: str
    bounds: Sequence[Condition]
    within: Sequence[Condition]
    told: Sequence[Condition]
    looked_up: Sequence[Condition]
    looks: bool
    in_order: bool = True

    def walk(self, connection: sqlite3.Connection, after: Place | None) -> Iterator[Step]:
        """Yield the steps after a place."""
        for statement, values in self.statements(after):
            yield from _run(connection, statement, values)

    def length(self, connection: sqlite3.Connection, after: Place | None, most: int) -> int:
        """Return how many cases the walk comes by after a place, up to so many."""
        count = 0
        for bounds in self._stretches(after):
            where, values = joined(bounds)
            counted = f"SELECT count(*) FROM (SELECT 1 FROM {self.source} WHERE {where} LIMIT ?)"
            count += next(_run(connection, counted, [*values, most - count]))[0]
        return count

    def statements(self, after: Place | None) -> Iterator[tuple[str, list[Any]]]:
        """Yield the statements of the walk."""
        by = self.by
        order = f' ORDER BY {by}.opened DESC, {by}."case"' if self.in_order else ""
        passes = [
            (f"({aside[by]} OR {terms})", values)
            for conditions, aside in ((self.told, _ASIDE), (self.looked_up, _ASIDE_LOOKED_UP))
            for terms, values in (joined(conditions),)
            if terms
        ]
        fits, asked = joined([*self.told, *self.looked_up])
        fit = f"iif({_ASIDE_LOOKED_UP[by]}, {fits}, 1)" if fits else "1"
        looks, seen = (_LOOKS.format(fit), asked) if self.looks else ("0, ''", [])
        for bounds in self._stretches(after):
            where, values = joined([*bounds, *self.within, *passes])
            yield (
                f'SELECT -{by}.opened, {by}."case", {_ROWID[by]}, {fit}, {looks} FROM {self.source}'
                f" WHERE {where}{order}",
                [*asked, *seen, *values],
            )

    def _stretches(self, after: Place | None) -> Iterator[list[Condition]]:
        """Yield what bounds the walk after a place.

        There are two stretches: those opened at the same time, then the older ones; so each is one walk along an
        index, however many cases were opened at once.
        """
        if after is None:
            yield [*self.bounds]
            return
        opened, case = after
        yield [*self.bounds, (f'{self.by}.opened = ? AND {self.by}."case" > ?', (opened, case))]
        yield [*self.bounds, (f"{self.by}.opened < ?", (opened,))]


def _run(connection: sqlite3.Connection, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
    cursor = connection.cursor()  # branches are walked side by side
    cursor.row_factory = None
    return cursor.execute(statement, values)


@attrs.frozen
class Way:
    """Hold branches in the same order that together find what is asked; `eyes` look at each case that is hidden."""

    branches: Callable[[], Iterable[Branch]]
    eyes: frozenset[str] | None
    begins_at: int = 0

    def steps(self, connection: sqlite3.Connection, after: Place | None) -> _Steps:
        """Yield each case that is come by, in order; None for one that does not fit or is not seen."""
        last = ""
        for step in heapq.merge(*(branch.walk(connection, after) for branch in self.branches())):
            if step[1] != last and self._fits(step):  # a case comes once for each tag
                last = step[1]
                yield step
            else:
                yield None

    def length(self, connection: sqlite3.Connection, after: Place | None, most: int) -> int:
        """Return how many cases the way comes by after a place, up to so many."""
        count = 0
        for branch in self.branches():
            count += branch.length(connection, after, most - count)
            if count == most:
                break
        return count

    def _fits(self, step: Step) -> bool:
        if not step[3]:
            return False
        return self.eyes is None or not step[4] or not self.eyes.isdisjoint(rows.read_tags(step[5]))


@attrs.frozen
class Gathering(Way):
    """Go along an index in another order than that of the pages, to its end, and then sort what was found."""

    def steps(self, connection: sqlite3.Connection, after: Place | None) -> _Steps:
        """Yield None for each case that is come by, then those that fit, in order."""
        found: list[Step] = []
        for branch in self.branches():
            for step in branch.walk(connection, None):
                yield None
                if (after is None or step[:2] > (-after[0], after[1])) and self._fits(step):
                    found.append(step)
        yield from sorted(found)


def joined(conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    """Return conditions as one, and the values for all of them."""
    return " AND ".join(term for term, _ in conditions), [v for _, values in conditions for v in values]
