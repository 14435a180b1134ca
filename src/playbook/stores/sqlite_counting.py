"""Counting the cases of a question, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.stores import rows
from playbook.stores.sqlite_tally import FROM_CASES, FROM_TALLIES
from playbook.stores.sqlite_walks import joined
from playbook.stores.tallies import gathered, kept_answers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from playbook.stores.interface import Query, Tally
    from playbook.stores.sqlite_walks import Condition

_TAGGED = (
    "EXISTS (SELECT 1 FROM tags WHERE tags.tenant = cases.tenant AND tags.opened = cases.opened"
    ' AND tags."case" = cases."case" AND tags.tag'
)
_ANY = "IN (SELECT value FROM json_each(?))"
_BY_CASE = "cases INDEXED BY cases_case"
NO_RECORDS: Condition = ("(playbook < ? OR playbook >= ?)", (rows.RECORDS, rows.RECORDS_END))
# parted by `hidden`; the others lead to so few cases that each can be looked at
_PARTED = ("cases_team", "cases_stage", "cases_opened")
_SHOWN: Condition = ("hidden = 0", ())
LAST_ASSIGNED = (
    "SELECT assigned FROM cases INDEXED BY cases_assigned WHERE tenant = ? AND owner = ?"
    f" AND {NO_RECORDS[0]} ORDER BY assigned DESC LIMIT 1"
)


def counts(tenant: str, query: Query, by: Sequence[str]) -> tuple[str, list[Any]]:
    """Return the statement for counts and sums, the sums in two parts."""
    rows.check_groups(by)
    groups = ", ".join([*by, "currency"])
    sources, values = [], list[Any]()
    for columns, source, conditions in _sources(tenant, query, by):
        terms, more = joined(conditions)
        sources.append(f"SELECT {columns} FROM {source} WHERE {terms}")
        values += more
    return (
        f"SELECT {groups}, sum(count), sum(priced), sum(high), sum(low) FROM ({' UNION ALL '.join(sources)})"
        f" GROUP BY {groups}",
        values,
    )


def tallies(found: Iterable[tuple[Any, ...]]) -> list[Tally]:
    """Return the tallies of rows of `counts`: one for each group, over all its currencies."""
    return gathered(
        (tuple(group), currency, count, priced, (high << 32) + low)
        for *group, currency, count, priced, high, low in found
    )


def _sources(tenant: str, query: Query, by: Sequence[str]) -> Iterator[tuple[str, str, list[Condition]]]:
    """Yield columns, table and conditions of what is counted, in parts that have no case in common."""
    conditions, tags, index = _conditions(tenant, query), query.tags, _index(query)
    shown = [] if tags is None else [_SHOWN]
    if query.link is not None:
        linked = _tagged(tenant, frozenset([query.link]))
        yield FROM_CASES, _BY_CASE, [*conditions, linked, *_seen(tags)]
        return
    if kept_answers(query, by):
        yield FROM_TALLIES, "tallies", [*_conditions(tenant, query, "tallies"), *shown]
    elif index in _PARTED:
        # named, because the planner would rather take one in the order of the groups
        yield FROM_CASES, f"cases INDEXED BY {index}", [*conditions, *shown]
    else:
        yield FROM_CASES, f"cases INDEXED BY {index}", [*conditions, *_seen(tags)]
        return
    if tags is not None:
        yield FROM_CASES, _BY_CASE, [*conditions, _tagged(tenant, tags), ("hidden = 1", ())]


def _tagged(tenant: str, tags: frozenset[str]) -> Condition:
    """Return what leads to the cases with a tag, because these may be few of very many; each comes once."""
    cases = f'cases."case" IN (SELECT "case" FROM tags WHERE tenant = ? AND tag {_ANY})'
    return cases, (tenant, rows.array(sorted(tags)))


def _seen(tags: frozenset[str] | None) -> list[Condition]:
    if tags is None:
        return []
    return [(f"(cases.hidden = 0 OR {_TAGGED} {_ANY}))", (rows.array(sorted(tags)),))]


def _conditions(tenant: str, query: Query, table: str = "cases") -> list[Condition]:
    rows.check_status(query)
    found: list[Condition] = [(f"{table}.tenant = ?", (tenant,))]
    for column in ("playbook", "stage", "outcome", "owner", "team", "name"):
        wanted = getattr(query, column)
        if wanted is not None:
            found.append((f"{column} = ?", (wanted,)))
    if query.playbook is None:
        found.append(NO_RECORDS)
    if query.status is not None and table != "cases":
        found.append(("status = ?", (query.status,)))
    elif query.status is not None:
        found.append((f"closed IS {'NULL' if query.status == 'open' else 'NOT NULL'}", ()))
    if query.prefix:
        wanted = (query.prefix, query.prefix + chr(0x10FFFF))
        found.append(('cases."case" >= ? AND cases."case" < ?', wanted))
    return found


def _index(query: Query) -> str:
    if query.name is not None:
        return "cases_name"
    if query.prefix:
        return "cases_case"
    if query.owner is not None:
        return "cases_owner"
    if query.team is not None:
        return "cases_team"
    if query.playbook is not None and query.stage is not None:
        return "cases_stage"
    return "cases_opened"
