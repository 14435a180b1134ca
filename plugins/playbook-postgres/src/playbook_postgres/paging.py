"""Pages of the index of cases: walks along indexes in the order of the pages; the first that fills a page gives it.

Which walk is short depends on numbers of rows that no statistic has: one who asks may see all cases or three, and
what is asked for may be rare. So where there are several ways they are gone in turns, four times as far each time.
Each is one statement whose inner part can only be planned along the one index that has its order.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from playbook.stores import check_status, part_fits, read_place
from playbook_postgres.finding import COLUMNS, beginning, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from playbook.stores import Query
    from playbook_postgres.finding import Condition

    Rows = list[tuple[Any, ...]]
    Ask = Callable[[str, Sequence[Any]], Rows]

_FIRST_STEPS = 128
# so many cases are soon read and sorted; more only after the other ways have gone far
_GATHERED = 12_000
_LATE = 200_000
# so many are few: counted once, after the first turn
_FEW = 4096
_FURTHER = 4
# every tag takes as long as some steps, so who has few goes by them first, and who has many last
_FEW_TAGS = 16
_BEGINNING, _BEGINNING_LOOKED_UP = 4, 10
_COLUMNS = ("playbook", "stage", "owner", "team", "name")
_PARTS = (
    "WITH RECURSIVE found (part) AS ((SELECT part FROM playbook.cases WHERE tenant = %s ORDER BY part LIMIT 1)"
    " UNION ALL (SELECT next.part FROM found, LATERAL (SELECT part FROM playbook.cases WHERE tenant = %s"
    " AND part > found.part ORDER BY part LIMIT 1) AS next)) SELECT part FROM found"
)
_HEADS = "SELECT playbook, part, stage FROM playbook.cases WHERE tenant = %s"
_STAGES, _STAGES_OF_ONE = (
    f"WITH RECURSIVE found AS (({_HEADS}{of_one} ORDER BY {order} LIMIT 1) UNION ALL (SELECT next.* FROM found,"
    f" LATERAL ({_HEADS}{of_one} AND ({order}) > (found.{order.replace(', ', ', found.')}) ORDER BY {order} LIMIT 1)"
    " AS next)) SELECT playbook, part, stage FROM found"
    for of_one, order in (("", "playbook, part, stage"), (" AND playbook = %s", "part, stage"))
)
_SEEN = "(NOT cases.hidden OR cases.tags && %s::text[])"
_STEP = 'newest, "case"'
# Of what the index tells not to fit only every sixty-fourth case or so is come by, to see how far a walk has gone.
_ASIDE = 'hashtext({}."case") & 63 = 0'


def find(ask: Ask, tenant: str, query: Query, after: str | None, limit: int) -> Rows:
    """Return the columns of up to `limit` cases after a place, newest opened first, then by case."""
    check_status(query)
    place = None
    if after is not None:
        opened, case = read_place(after)
        place = (-opened, case)
    ways = list(_Question(ask, tenant, query, place).ways())
    if query.prefix and (short := _short(ask, ways[:1], _GATHERED)):
        return [row[1:] for row in ask(*short.statement(tenant, _GATHERED, limit)) if row[1] is not None]
    least = _FIRST_STEPS * (2 if query.prefix else 1)  # some of them are of what does not begin so
    first = steps = limit if len(ways) == 1 and not ways[0].fits else max(least, limit)
    while ways:
        for way in ways:
            if steps < way.begins_at:
                continue
            found = ask(*way.statement(tenant, steps, limit))
            went, page = found[0][0], [row[1:] for row in found if row[1] is not None]
            if went < steps or (way.in_order and len(page) == limit):
                return page
        if steps == first and len(ways) > 1 and not query.prefix and (short := _short(ask, ways, _FEW)):
            ways, steps = [short], max(_FEW, limit)
        else:
            steps *= _FURTHER
    return []


def _short(ask: Ask, ways: Sequence[_Way], few: int) -> _Way | None:
    """Return the way with the fewest cases if they are few: what all find stands closest there."""
    shortest, found = few, None
    for way in ways:
        if way.counted is not None:
            walk, values = way.counted(few)
            ((count,),) = ask(f"SELECT count(*) FROM ({walk}) AS keys", values)
            if count < shortest:
                shortest, found = count, way
    return found


@attrs.frozen
class _Way:
    """Hold a walk that comes by newest and case of every case that is asked for, in order, and by others."""

    walk: Callable[[int], tuple[str, list[Any]]]
    fits: Sequence[Condition]
    after: Sequence[Condition] = ()
    in_order: bool = True
    begins_at: int = 0
    prefix: str | None = None
    counted: Callable[[int], tuple[str, list[Any]]] | None = None

    def statement(self, tenant: str, steps: int, limit: int) -> tuple[str, list[Any]]:
        """Return what tells how many cases were come by in so many steps, and has beside it the first that fit."""
        walk, values = self.walk(steps)
        told, known = joined([*([beginning(self.prefix, "keys")] if self.prefix else []), *self.after])
        fits, asked = joined([('cases.tenant = %s AND cases."case" = keys."case"', (tenant,)), *self.fits])
        return (
            f"WITH keys AS MATERIALIZED ({walk}) SELECT (SELECT count(*) FROM keys), page.* FROM (SELECT) AS always"
            f" LEFT JOIN (SELECT whole.* FROM keys CROSS JOIN LATERAL (SELECT {COLUMNS} FROM playbook.cases"
            f' WHERE {fits} LIMIT 1) AS whole WHERE {told or "true"} ORDER BY keys.newest, keys."case" LIMIT %s)'
            " AS page ON true",
            [*values, *asked, *known, limit],
        )


class _Question:
    """Hold what is asked, and say by which ways it can be found, the one that is mostly shortest first."""

    def __init__(self, ask: Ask, tenant: str, query: Query, place: tuple[int, str] | None) -> None:
        self._tenant = tenant
        self._query = query
        self._place = place
        self._parts = [part for (part,) in ask(_PARTS, (tenant, tenant)) if part_fits(part, query)]
        self._stages: list[dict[str, str]] = []
        if query.playbook is not None or query.stage is not None:
            self._stages += self._found_stages(ask)
            parts = {stage["part"] for stage in self._stages}
            self._parts = [part for part in self._parts if part in parts]

    def ways(self) -> Iterator[_Way]:
        """Yield the ways."""
        query = self._query
        if not self._parts:
            return
        if query.link is not None:
            yield _Way(partial(self._by_tags, [query.link]), self._rest(), prefix=query.prefix)
        elif query.name is not None:
            yield _Way(partial(self._along, [{"name": query.name}]), self._rest("name"), prefix=query.prefix)
        elif query.owner is not None:
            owner = [{"owner": query.owner, "part": part} for part in self._parts]
            yield _Way(
                partial(self._along, owner), self._rest("owner", "part", "playbook"), prefix=query.prefix
            )
        else:
            if query.prefix:
                yield _Way(
                    self._with_prefix,
                    self._rest(),
                    after=self._after("keys"),
                    in_order=False,
                    begins_at=_LATE,
                    counted=partial(self._with_prefix, order=""),
                )
            few = query.tags is not None and len(query.tags) <= _FEW_TAGS and not query.prefix
            if few:
                yield _Way(self._of_tags, self._rest())
            for columns, at in self._indexes():
                hidden = [{**one, "hidden": h} for one in at for h in ("false", "true")]
                yield _Way(
                    partial(self._along, hidden), self._rest(*columns), prefix=query.prefix,
                    counted=partial(self._along, hidden, order=""),
                )  # fmt: skip
            if query.tags is not None and not few and not query.prefix:
                told = query.stage is None and query.team is None
                beginning_one = _BEGINNING if told else _BEGINNING_LOOKED_UP
                yield _Way(self._of_tags, self._rest(), begins_at=beginning_one * len(query.tags))

    def _indexes(self) -> Iterator[tuple[tuple[str, ...], list[dict[str, str]]]]:
        """Yield the columns that an index begins with, and the values at which what is asked for stands in it."""
        team = self._query.team
        if team is not None:
            yield ("team", "part", "playbook"), [{"team": team, "part": part} for part in self._parts]
        if self._stages:
            yield ("playbook", "part", "stage"), list(self._stages)
        elif team is None:
            yield ("part",), [{"part": part} for part in self._parts]

    def _along(
        self, at: Sequence[Mapping[str, str]], steps: int, order: str = f"ORDER BY {_STEP}"
    ) -> tuple[str, list[Any]]:
        """Return a walk along an index at each of some values of the columns that it begins with."""
        arrays = ", ".join("%s::text[]::bool[]" if column == "hidden" else "%s::text[]" for column in at[0])
        bounds: list[Condition] = [(f"cases.{column} = at.{column}", ()) for column in at[0]]
        if self._query.prefix:
            bounds.append(_or_aside("cases", [beginning(self._query.prefix)]))
        if self._query.playbook is not None and ("owner" in at[0] or "team" in at[0]):
            # it stands behind the order in these
            bounds.append(("cases.playbook = %s", (self._query.playbook,)))
        walk, values = self._walk("cases", bounds, steps)
        return (
            f"SELECT step.* FROM unnest({arrays}) AS at ({', '.join(at[0])}) CROSS JOIN LATERAL ({walk}) AS step"
            f" {order} LIMIT %s",
            [*([one[column] for one in at] for column in at[0]), *values, steps],
        )

    def _by_tags(self, tags: Sequence[str], steps: int) -> tuple[str, list[Any]]:
        """Return a walk along the cases that have one of some tags."""
        told: list[Condition] = [("tags.part = ANY(%s::text[])", ([*self._parts, ""],))]
        if self._query.playbook is not None:
            told.append(("tags.playbook = ANY(%s::text[])", ([self._query.playbook, ""],)))
        if self._query.prefix:
            told.append(beginning(self._query.prefix, "tags"))
        walk, values = self._walk("tags", [("tags.tag = mine.tag", ()), _or_aside("tags", told)], steps)
        return (
            f"SELECT DISTINCT step.* FROM unnest(%s::text[]) AS mine (tag) CROSS JOIN LATERAL ({walk}) AS step"
            f" ORDER BY {_STEP} LIMIT %s",
            [list(tags), *values, steps],
        )

    def _of_tags(self, steps: int) -> tuple[str, list[Any]]:
        """Return a walk along what everybody sees, and along the tags of who asks."""
        _, at = next(self._indexes())
        everybodys, first = self._along([{**one, "hidden": "false"} for one in at], steps)
        mine, second = self._by_tags(sorted(self._query.tags or ()), steps)
        return (
            f"SELECT DISTINCT * FROM (({everybodys}) UNION ALL ({mine})) AS step ORDER BY {_STEP} LIMIT %s",
            [*first, *second, steps],
        )

    def _with_prefix(self, steps: int, order: str = f"ORDER BY {_STEP}") -> tuple[str, list[Any]]:
        """Return a walk in order of id, sorted: so only the rows of a page are looked up."""
        where, values = joined([("tenant = %s", (self._tenant,)), beginning(self._query.prefix or "")])
        walk = f"SELECT {_STEP} FROM playbook.cases WHERE {where} LIMIT %s"
        return f"SELECT * FROM ({walk}) AS step {order}", [*values, steps]

    def _walk(self, table: str, bounds: Sequence[Condition], steps: int) -> tuple[str, list[Any]]:
        where, values = joined([(f"{table}.tenant = %s", (self._tenant,)), *bounds, *self._after(table)])
        return f"SELECT {_STEP} FROM playbook.{table} WHERE {where} ORDER BY {_STEP} LIMIT %s", [
            *values,
            steps,
        ]

    def _after(self, table: str) -> list[Condition]:
        return [] if self._place is None else [(f'({table}.newest, {table}."case") > (%s, %s)', self._place)]

    def _rest(self, *fixed: str) -> list[Condition]:
        """Return what is asked of a case beside the columns that are fixed by a walk."""
        query = self._query
        wanted = ((column, getattr(query, column)) for column in _COLUMNS if column not in fixed)
        found: list[Condition] = [(f"cases.{c} = %s", (value,)) for c, value in wanted if value is not None]
        if "part" not in fixed:
            found.append(("cases.part = ANY(%s::text[])", (self._parts,)))
        if query.tags is not None:
            found.append((_SEEN, (sorted(query.tags),)))
        return found

    def _found_stages(self, ask: Ask) -> Iterator[dict[str, str]]:
        """Yield playbook, part and stage of what is asked for, as far as there are cases."""
        playbook, stage = self._query.playbook, self._query.stage
        fixed = [self._tenant] if playbook is None else [self._tenant, playbook]
        for name, part, one in ask(_STAGES if playbook is None else _STAGES_OF_ONE, [*fixed, *fixed]):
            if part in self._parts and stage in (None, one):
                yield {"playbook": name, "part": part, "stage": one}


def _or_aside(table: str, told: Sequence[Condition]) -> Condition:
    """Return a condition that some of what does not fit meets, too."""
    terms, values = joined(told)
    return f"({terms} OR {_ASIDE.format(table)})", tuple(values)
