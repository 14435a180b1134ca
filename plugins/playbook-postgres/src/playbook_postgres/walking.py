"""Walks along indexes as SQL, each within one statement, and what is found on them.

A walk has branches: one for each stretch of an index, or for each tag. Its inner part, being sideways of a list of
values, can only be planned along the one index that has its order; prepared once, it stays right for every tenant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from playbook_postgres.finding import COLUMNS, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playbook_postgres.finding import Condition

    Rows = list[tuple[Any, ...]]
    Ask = Callable[[str, Sequence[Any]], Rows]
    Statement = tuple[str, list[Any]]
    Place = tuple[int, str]

STEP = 'newest, "case"'
_IN_ORDER = f"ORDER BY {STEP}"
# so many are soon sorted; more only where these do not fill a page
_SORTED = 1_000
# Branches end in different places, and what was come by counts up to the first of these: so they are gone, together,
# several times as far as there are steps.
_TOGETHER = 4
# Of what the index tells not to fit only every sixteenth case or so is come by, so that no walk is longer than that.
_ASIDE = 'hashtext({}."case") & 15 = 0'
_KEYS = (
    f"cut AS (SELECT {STEP} FROM walked WHERE last {_IN_ORDER} LIMIT 1), keys AS MATERIALIZED ("
    'SELECT DISTINCT walked.newest, walked."case" FROM walked LEFT JOIN cut ON true WHERE walked.told'
    ' AND (cut.newest IS NULL OR (walked.newest, walked."case") <= (cut.newest, cut."case"))'
    f' {_IN_ORDER}) SELECT (SELECT newest FROM cut), (SELECT "case" FROM cut)'
)


def each(steps: int, branches: int, least: int) -> int:
    """Return how far to go on each of some branches for so many steps."""
    return min(steps, max(least, _TOGETHER * steps // branches))


def branch(table: str, bounds: Sequence[Condition], told: Sequence[Condition], steps: int) -> Statement:
    """Return a walk along an index: places, which of them is the last, and whether the index says that they fit."""
    fits, known = joined(told)
    aside: list[Condition] = [(f"({fits} OR {_ASIDE.format(table)})", tuple(known))] if told else []
    where, values = joined([*bounds, *aside])
    return (
        f"SELECT {STEP}, row_number() OVER ({_IN_ORDER}) = %s AS last, {fits or 'true'} AS told"
        f" FROM playbook.{table} WHERE {where} {_IN_ORDER} LIMIT %s",
        [steps, *known, *values, steps],
    )


def after(table: str, place: Place | None) -> list[Condition]:
    """Return what keeps a walk behind a place."""
    return [] if place is None else [(f'({table}.newest, {table}."case") > (%s, %s)', place)]


@attrs.define
class Way:
    """Hold a walk that comes by every case that is asked for, in order, and by others, and what was found on it.

    `walk` gives its statement for some steps after a place, `fits` is asked of each case that the index does not tell
    not to fit, and `counted` counts the cases on it, up to some, where that may be worth while.
    """

    walk: Callable[[int, Place | None], Statement]
    fits: Sequence[Condition]
    place: Place | None
    branches: int = 1
    begins_at: int = 0
    counted: Callable[[int], Statement] | None = None
    page: Rows = attrs.field(init=False, factory=list)
    _gone: int = attrs.field(init=False, default=0)

    def goes_on(self, ask: Ask, tenant: str, steps: int, limit: int) -> bool:
        """Go so many steps, or as many as will probably do; return whether the page is full or the way at its end."""
        missing = limit - len(self.page)
        if self.page:
            steps = min(steps, max(missing, 2 * self._gone * missing // len(self.page)))
        self._gone += steps
        walk, values = self.walk(steps, self.place)
        statement = f"WITH walked AS MATERIALIZED ({walk}), {_KEYS}", values
        (newest, case), found = _page(ask, statement, 2, tenant, self.fits, missing)
        self.page += found
        self.place = (newest, case)
        return newest is None or len(self.page) == limit


@attrs.frozen
class Gathering:
    """Hold a walk in another order than that of the pages: it is gone to its end, and then sorted."""

    walk: Callable[[int], Statement]
    fits: Sequence[Condition]
    place: Place | None

    def length(self, ask: Ask, most: int) -> int:
        """Return how many cases there are on the way, up to so many."""
        walk, values = self.walk(most)
        ((count,),) = ask(f"SELECT count(*) FROM ({walk}) AS walked", values)
        return int(count)

    def found(self, ask: Ask, tenant: str, steps: int, limit: int) -> Rows:
        """Return the first that fit among so many."""
        walk, values = self.walk(steps)
        where, known = joined(after("walked", self.place))
        keys = f"SELECT {STEP} FROM ({walk}) AS walked WHERE {where or 'true'} {_IN_ORDER} LIMIT %s"
        for most in (_SORTED, steps):
            statement = (
                f"WITH keys AS MATERIALIZED ({keys}) SELECT (SELECT count(*) FROM keys)",
                [*values, *known, most],
            )
            (count,), page = _page(ask, statement, 1, tenant, self.fits, limit)
            if count < most or len(page) == limit:
                break
        return page


def _page(
    ask: Ask, head: Statement, heads: int, tenant: str, fits: Sequence[Condition], limit: int
) -> tuple[tuple[Any, ...], Rows]:
    """Return the columns of the head of a statement, and the first cases of its keys that fit."""
    fit, asked = joined([('cases.tenant = %s AND cases."case" = keys."case"', (tenant,)), *fits])
    found = ask(
        f"{head[0]}, page.* FROM (SELECT) AS always LEFT JOIN (SELECT whole.* FROM keys CROSS JOIN LATERAL"
        f" (SELECT {COLUMNS} FROM playbook.cases WHERE {fit} LIMIT 1) AS whole"
        f' ORDER BY keys.newest, keys."case" LIMIT %s) AS page ON true',
        [*head[1], *asked, limit],
    )
    return found[0][:heads], [row[heads:] for row in found if row[heads] is not None]
