"""Questions to the index of cases, as SQL: each branch walks one index and stops at the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.stores import (
    CASE_COLUMNS,
    RECORDS,
    RECORDS_END,
    IndexRow,
    check_status,
    read_place,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from playbook.stores import Query

    Condition = tuple[str, tuple[Any, ...]]

COLUMNS = ", ".join(f'cases."{column}"' for column in CASE_COLUMNS)
_NAMES = ", ".join(f'"{column}"' for column in CASE_COLUMNS)
_CASES = "playbook.cases"
_BY_TAG = 'playbook.tags JOIN playbook.cases ON cases.tenant = tags.tenant AND cases."case" = tags."case"'
HAS_TAG = (
    "EXISTS (SELECT 1 FROM playbook.tags WHERE tags.tenant = cases.tenant AND tags.newest = cases.newest"
    ' AND tags."case" = cases."case" AND tags.tag = ANY(%s::text[]))'
)
LAST_ASSIGNED = (
    "SELECT assigned FROM playbook.cases WHERE tenant = %s AND owner = %s AND (playbook < %s OR playbook >= %s)"
    " ORDER BY assigned DESC LIMIT 1"
)
NO_RECORDS: Condition = ("(playbook < %s OR playbook >= %s)", (RECORDS, RECORDS_END))


def find(tenant: str, query: Query, after: str | None, limit: int) -> tuple[str, list[Any]]:
    """Return the statement for up to `limit` rows after a place, newest opened first, then by case."""
    place = None
    if after is not None:
        opened, case = read_place(after)
        place = (-opened, case)
    parts, values = [], list[Any]()
    for source, walked, conditions in _branches(tenant, query):
        if place is not None:
            conditions.append((f'({walked}.newest, {walked}."case") > (%s, %s)', place))
        terms, more = joined(conditions)
        parts.append(
            f"(SELECT {COLUMNS}, cases.newest FROM {source} WHERE {terms}"
            f' ORDER BY {walked}.newest, {walked}."case" LIMIT %s)'
        )
        values += [*more, limit]
    return (
        f'SELECT DISTINCT ON (newest, "case") {_NAMES} FROM ({" UNION ALL ".join(parts)}) AS found'
        ' ORDER BY newest, "case" LIMIT %s',
        [*values, limit],
    )


def row_of(values: Sequence[Any]) -> IndexRow:
    """Return the index row of the columns of `cases`."""
    *plain, tags, forecast = values
    return IndexRow(*(*plain, tuple(tags), forecast))


def joined(conditions: Iterable[Condition]) -> tuple[str, list[Any]]:
    """Return conditions as one, and their values."""
    terms, values = [], list[Any]()
    for term, more in conditions:
        terms.append(term)
        values += more
    return " AND ".join(terms), values


def conditions_of(tenant: str, query: Query, table: str = "cases") -> list[Condition]:
    """Return what a query asks of the columns of a case, or of a tally."""
    check_status(query)
    found: list[Condition] = [(f"{table}.tenant = %s", (tenant,))]
    for column in ("playbook", "stage", "outcome", "owner", "team", "name"):
        wanted = getattr(query, column)
        if wanted is not None:
            found.append((f"{column} = %s", (wanted,)))
    if query.playbook is None:
        found.append(NO_RECORDS)
    if query.status is not None and table != "cases":
        found.append(("status = %s", (query.status,)))
    elif query.status is not None:
        found.append((f"cases.closed IS {'NULL' if query.status == 'open' else 'NOT NULL'}", ()))
    if query.prefix:
        wanted = (query.prefix, query.prefix + chr(0x10FFFF))
        found.append(('cases."case" >= %s AND cases."case" < %s', wanted))
    return found


def _branches(tenant: str, query: Query) -> Iterator[tuple[str, str, list[Condition]]]:
    """Yield tables, the one that is walked, and conditions, of walks that together find the cases."""
    conditions, tags = conditions_of(tenant, query), query.tags
    if query.link is not None:
        yield _BY_TAG, "tags", [*conditions, *_tagged(tenant, query.link), *seen(tags)]
    elif query.name is not None or query.prefix or query.owner is not None:
        yield _CASES, "cases", [*conditions, *seen(tags)]  # so few that each can be looked at
    else:
        for hidden in (False, True) if tags is None else (False,):
            yield _CASES, "cases", [*conditions, ("cases.hidden = %s", (hidden,))]
        for tag in sorted(tags or ()):
            yield _BY_TAG, "tags", [*conditions, *_tagged(tenant, tag), ("cases.hidden", ())]


def _tagged(tenant: str, tag: str) -> list[Condition]:
    return [("tags.tenant = %s", (tenant,)), ("tags.tag = %s", (tag,))]


def seen(tags: frozenset[str] | None) -> list[Condition]:
    """Return what keeps apart the hidden cases that one with these tags does not see."""
    return [] if tags is None else [(f"(NOT cases.hidden OR {HAS_TAG})", (sorted(tags),))]
