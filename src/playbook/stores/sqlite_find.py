"""Questions to the index of cases, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.stores import rows
from playbook.stores.interface import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playbook.stores.interface import Query

COLUMNS = ", ".join(f'"{column}"' for column in rows.COLUMNS)
_ORDER = ' ORDER BY opened DESC, "case" LIMIT ?'
_GROUP = {column: column for column in rows.GROUPS} | {
    "status": "CASE WHEN closed IS NULL THEN 'open' ELSE 'closed' END",
    "currency": "coalesce(currency, '')",
}


def pages(tenant: str, query: Query, after: str | None) -> list[tuple[str, list[Any]]]:
    """Return the statements, in order, whose rows make the page after a place; each still takes a limit.

    Two of them after a place: those opened at the same time, then the older ones; so each is one walk along
    an index, however many cases were opened at once.
    """
    terms, values = _conditions(tenant, query)
    # named, because the planner knows no numbers of rows and may sort a whole tenant for one page
    start = f"SELECT {COLUMNS} FROM cases INDEXED BY {_index(query)} WHERE {' AND '.join(terms)}"
    if after is None:
        return [(start + _ORDER, values)]
    opened, case = rows.read_place(after)
    return [
        (start + ' AND opened = ? AND "case" > ?' + _ORDER, [*values, opened, case]),
        (start + " AND opened < ?" + _ORDER, [*values, opened]),
    ]


def counts(tenant: str, query: Query, by: Sequence[str]) -> tuple[str, list[Any]]:
    """Return the statement for counts and sums; sums come as high and low 32 bits, so that none overflows."""
    rows.check_groups(by)
    terms, values = _conditions(tenant, query)
    groups = ", ".join([*(_GROUP[column] for column in by), "currency"])
    return (
        f"SELECT {groups}, count(*), sum(amount >> 32), sum(amount & 0xFFFFFFFF) FROM cases"
        f" WHERE {' AND '.join(terms)} GROUP BY {groups} ORDER BY {groups}",
        values,
    )


def tallies(found: Iterable[tuple[Any, ...]]) -> list[Tally]:
    """Return the tallies of rows of `counts`: one for each group, over all its currencies."""
    numbers: dict[tuple[str, ...], int] = {}
    sums: dict[tuple[str, ...], dict[str, int]] = {}
    for *group, currency, count, high, low in found:
        key = tuple(group)
        numbers[key] = numbers.get(key, 0) + count
        amounts = sums.setdefault(key, {})
        if currency is not None and high is not None:
            amounts[currency] = (high << 32) + low
    return [Tally(key, count, sums[key]) for key, count in numbers.items()]


def _conditions(tenant: str, query: Query) -> tuple[list[str], list[Any]]:
    rows.check_status(query)
    terms, values = ["tenant = ?"], [tenant]
    for column in ("playbook", "stage", "outcome", "owner", "team", "name"):
        wanted = getattr(query, column)
        if wanted is not None:
            terms.append(f"{column} = ?")
            values.append(wanted)
    if query.status is not None:
        terms.append("closed IS NULL" if query.status == "open" else "closed IS NOT NULL")
    if query.prefix:
        terms.append('"case" >= ? AND "case" < ?')
        values += (query.prefix, query.prefix + chr(0x10FFFF))
    return terms, values


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
