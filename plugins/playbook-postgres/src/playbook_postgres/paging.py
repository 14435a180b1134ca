"""Pages of the index of cases: walks along indexes in the order of the pages; the first that fills a page gives it.

Which walk is short depends on numbers of rows that no statistic has: one who asks may see all cases or three, and
what is asked for may be rare. So where there are several ways they are gone in turns, four times as far each time.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from playbook.stores import check_status, part_fits, read_place
from playbook_postgres.finding import beginning, joined
from playbook_postgres.walking import STEP, Gathering, Way, after, branch, each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playbook.stores import Query
    from playbook_postgres.finding import Condition
    from playbook_postgres.walking import Ask, Place, Rows, Statement

    Stretch = Mapping[str, str]

_FIRST_STEPS = 128
_FURTHER = 4
# so many cases are soon gathered and sorted
_GATHERED = 12_000
# so many are few: counted once, after the first turn
_FEW = 4096
# every tag takes as long as some steps, so who has few goes by them first, and who has many last
_FEW_TAGS = 16
_BEGINNING = 4
# so far at least is gone along each stretch of an index, and along each tag
_LEAST, _LEAST_OF_TAG = 32, 8
_COLUMNS = ("playbook", "stage", "owner", "team", "name")
_PARTS = (
    "WITH RECURSIVE found (part) AS ((SELECT part FROM playbook.cases WHERE tenant = %s ORDER BY part LIMIT 1)"
    " UNION ALL (SELECT next.part FROM found, LATERAL (SELECT part FROM playbook.cases WHERE tenant = %s"
    " AND part > found.part ORDER BY part LIMIT 1) AS next)) SELECT part FROM found"
)
_STAGES, _STAGES_OF_ONE, _PLAYBOOKS_OF_TEAM = (
    f"WITH RECURSIVE found AS (({head} ORDER BY {order} LIMIT 1) UNION ALL (SELECT next.* FROM found, LATERAL"
    f" ({head} AND ({order}) > (found.{order.replace(', ', ', found.')}) ORDER BY {order} LIMIT 1) AS next))"
    f" SELECT {columns} FROM found"
    for columns, order, fixed in (
        ("playbook, part, stage", "playbook, part, stage", ""),
        ("playbook, part, stage", "part, stage", " AND playbook = %s"),
        ("part, playbook", "part, playbook", " AND team = %s"),
    )
    for head in (f"SELECT {columns} FROM playbook.cases WHERE tenant = %s{fixed}",)
)
# an object is looked into by bisection, an array from its beginning for each tag of a case
_SEEN = "(NOT cases.hidden OR (SELECT %s::jsonb) ?| cases.tags)"


PREPARED = (
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),"
    " set_config('enable_bitmapscan', 'off', true)"
)
"""Has the server keep the plans of what was prepared: making one takes longer than many a walk.

They go along indexes also where they were made for few cases, or millions could be imported before it makes others.
"""


def find(ask: Ask, tenant: str, query: Query, begin: str | None, limit: int) -> Rows:
    """Return the columns of up to `limit` cases after a place, newest opened first, then by case."""
    check_status(query)
    place = None
    if begin is not None:
        opened, case = read_place(begin)
        place = (-opened, case)
    question = _Question(ask, tenant, query, place)
    ways = list(question.ways())
    gathering = question.gathering()
    if gathering is not None and gathering.length(ask, _GATHERED) < _GATHERED:
        return gathering.found(ask, tenant, _GATHERED, limit)
    return _in_turns(ask, tenant, ways, limit) if ways else []


def _in_turns(ask: Ask, tenant: str, ways: list[Way], limit: int) -> Rows:
    """Return what the first way finds that has found enough, or has come to its end."""
    first = steps = max(_FIRST_STEPS, limit)
    while True:
        for way in ways:
            if steps >= way.begins_at and way.goes_on(ask, tenant, steps, limit):
                return way.page
        short = _short(ask, ways) if steps == first and len(ways) > 1 else None
        if short is not None:
            ways, steps = [short], max(_FEW, limit) * short.branches
        else:
            # where most was found the page is probably full first
            ways.sort(key=lambda way: -len(way.page))
            steps *= _FURTHER


def _short(ask: Ask, ways: Sequence[Way]) -> Way | None:
    """Return the way with the fewest cases if they are few: what all find stands closest there."""
    shortest, found = _FEW, None
    for way in ways:
        if way.counted is not None:
            ((count,),) = ask(*way.counted(_FEW))
            if count < shortest:
                shortest, found = count, way
    return found


class _Question:
    """Hold what is asked, and say by which ways it can be found, the one that is mostly shortest first."""

    def __init__(self, ask: Ask, tenant: str, query: Query, place: Place | None) -> None:
        self._tenant = tenant
        self._query = query
        self._place = place
        self._parts = [part for (part,) in ask(_PARTS, (tenant, tenant)) if part_fits(part, query)]
        self._stages: list[dict[str, str]] = []
        if query.playbook is not None or query.stage is not None:
            self._stages += self._found_stages(ask)
            parts = {stage["part"] for stage in self._stages}
            self._parts = [part for part in self._parts if part in parts]
        self._teams: list[dict[str, str]] = []
        if query.team is not None and self._parts:
            self._teams += self._found_teams(ask, query.team)
            self._parts = [part for part in self._parts if any(team["part"] == part for team in self._teams)]

    def ways(self) -> Iterator[Way]:
        """Yield the ways in the order of the pages."""
        query, parts = self._query, self._parts
        if not parts:
            return
        if query.link is not None:
            yield Way(partial(self._by_tags, [query.link]), self._rest(), self._place)
        elif query.name is not None:
            yield self._way([{"name": query.name}])
        elif query.owner is not None:
            yield self._way([{"owner": query.owner, "part": part} for part in parts], "playbook")
        else:
            tags = query.tags
            few = tags is not None and len(tags) <= _FEW_TAGS
            if few:
                yield Way(self._of_tags, self._rest(), self._place)
            for at, told in self._indexes():
                yield self._way(
                    [{**one, "hidden": hidden} for one in at for hidden in ("false", "true")], *told
                )
            if tags is not None and not few:
                yield Way(self._of_tags, self._rest(), self._place, begins_at=_BEGINNING * len(tags))

    def gathering(self) -> Gathering | None:
        """Return the way in order of id, where only a beginning narrows what is asked for."""
        query = self._query
        if not query.prefix or query.link is not None or query.name is not None or query.owner is not None:
            return None
        return Gathering(self._with_beginning, self._rest(), self._place)

    def _indexes(self) -> Iterator[tuple[list[dict[str, str]], tuple[str, ...]]]:
        """Yield the values at which what is asked for stands in an index, and what that tells behind its order."""
        if self._query.team is not None:
            yield self._teams, ("stage",)
        if self._stages:
            yield self._stages, ()
        elif self._query.team is None:
            yield [{"part": part} for part in self._parts], ()

    def _way(self, at: Sequence[Stretch], *told: str) -> Way:
        """Return the way along an index at some values of the columns that it begins with."""
        return Way(
            partial(self._along, at, told),
            self._rest(*at[0], *told),
            self._place,
            len(at),
            counted=partial(self._counted, at),
        )

    def _along(
        self, at: Sequence[Stretch], told: Sequence[str], steps: int, place: Place | None
    ) -> Statement:
        bounds = [*self._bounds(at), *after("cases", place)]
        walk, values = branch("cases", bounds, self._told("cases", *told), each(steps, len(at), _LEAST))
        return self._at(at, "step.*", walk, values)

    def _counted(self, at: Sequence[Stretch], most: int) -> Statement:
        """Return what counts the cases on the way along an index."""
        where, values = joined([*self._bounds(at), *after("cases", self._place)])
        walk = f"SELECT FROM playbook.cases WHERE {where} LIMIT %s"
        steps, asked = self._at(at, "", walk, [*values, most])
        return f"SELECT count(*) FROM ({steps} LIMIT %s) AS steps", [*asked, most]

    def _bounds(self, at: Sequence[Stretch]) -> list[Condition]:
        return [
            ("cases.tenant = %s", (self._tenant,)),
            *((f"cases.{column} = at.{column}", ()) for column in at[0]),
        ]

    @staticmethod
    def _at(at: Sequence[Stretch], columns: str, walk: str, values: Sequence[Any]) -> Statement:
        """Return a walk at each of some values of the columns that an index begins with."""
        arrays = ", ".join("%s::text[]::bool[]" if column == "hidden" else "%s::text[]" for column in at[0])
        return (
            f"SELECT {columns} FROM unnest({arrays}) AS at ({', '.join(at[0])}) CROSS JOIN LATERAL ({walk}) AS step",
            [*([one[column] for one in at] for column in at[0]), *values],
        )

    def _by_tags(self, tags: Sequence[str], steps: int, place: Place | None) -> Statement:
        """Return a walk along the cases that have one of some tags."""
        told: list[Condition] = [("tags.part = ANY(%s::text[])", ([*self._parts, ""],)), *self._told("tags")]
        if self._query.playbook is not None:
            told.append(("tags.playbook = ANY(%s::text[])", ([self._query.playbook, ""],)))
        bounds: list[Condition] = [("tags.tenant = %s", (self._tenant,)), ("tags.tag = mine.tag", ())]
        walk, values = branch(
            "tags", [*bounds, *after("tags", place)], told, each(steps, len(tags), _LEAST_OF_TAG)
        )
        return (
            f"SELECT step.* FROM unnest(%s::text[]) AS mine (tag) CROSS JOIN LATERAL ({walk}) AS step",
            [list(tags), *values],
        )

    def _of_tags(self, steps: int, place: Place | None) -> Statement:
        """Return a walk along what everybody sees, and along the tags of who asks."""
        at, told = next(self._indexes())
        everybodys, first = self._along([{**one, "hidden": "false"} for one in at], told, steps, place)
        if not self._query.tags:
            return everybodys, first
        mine, second = self._by_tags(sorted(self._query.tags), steps, place)
        return f"{everybodys} UNION ALL {mine}", [*first, *second]

    def _with_beginning(self, steps: int) -> Statement:
        """Return a walk in order of id."""
        where, values = joined([("cases.tenant = %s", (self._tenant,)), *self._told("cases")])
        return f"SELECT {STEP} FROM playbook.cases WHERE {where} LIMIT %s", [*values, steps]

    def _told(self, table: str, *columns: str) -> list[Condition]:
        """Return what is asked that an index tells of a case: its beginning, and some columns."""
        wanted = [(f"{table}.{column} = %s", (value,)) for column, value in self._wanted(columns)]
        return [*([beginning(self._query.prefix, table)] if self._query.prefix else []), *wanted]

    def _rest(self, *fixed: str) -> list[Condition]:
        """Return what is asked of a case beside the columns that are fixed by a walk."""
        asked = [column for column in _COLUMNS if column not in fixed]
        found: list[Condition] = [(f"cases.{column} = %s", (value,)) for column, value in self._wanted(asked)]
        if "part" not in fixed:
            found.append(("cases.part = ANY(%s::text[])", (self._parts,)))
        if self._query.tags is not None:
            found.append((_SEEN, (msgspec.json.encode(dict.fromkeys(self._query.tags)).decode(),)))
        return found

    def _wanted(self, columns: Sequence[str]) -> list[tuple[str, str]]:
        """Return those of some columns that are asked for, and their values."""
        asked = ((column, getattr(self._query, column)) for column in columns)
        return [(column, value) for column, value in asked if value is not None]

    def _found_stages(self, ask: Ask) -> Iterator[dict[str, str]]:
        """Yield playbook, part and stage of what is asked for, as far as there are cases."""
        playbook, stage = self._query.playbook, self._query.stage
        fixed = [self._tenant] if playbook is None else [self._tenant, playbook]
        for name, part, one in ask(_STAGES if playbook is None else _STAGES_OF_ONE, [*fixed, *fixed]):
            if part in self._parts and stage in (None, one):
                yield {"playbook": name, "part": part, "stage": one}

    def _found_teams(self, ask: Ask, team: str) -> Iterator[dict[str, str]]:
        """Yield team, part and playbook of what is asked for, as far as there are cases."""
        playbook = self._query.playbook
        found = [(part, playbook) for part in self._parts] if playbook is not None else None
        for part, name in found or ask(_PLAYBOOKS_OF_TEAM, [self._tenant, team] * 2):
            if part in self._parts:
                yield {"team": team, "part": part, "playbook": name}
