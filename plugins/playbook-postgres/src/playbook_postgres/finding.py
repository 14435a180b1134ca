"""What is asked of the index of cases, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.stores import (
    CASE_COLUMNS,
    RECORDS,
    RECORDS_END,
    IndexRow,
    check_status,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playbook.stores import Query

    Condition = tuple[str, tuple[Any, ...]]

COLUMNS = ", ".join(f'cases."{column}"' for column in CASE_COLUMNS)
HAS_TAG = (
    "EXISTS (SELECT 1 FROM playbook.tags WHERE tags.tenant = cases.tenant AND tags.newest = cases.newest"
    ' AND tags."case" = cases."case" AND tags.tag = ANY(%s::text[]))'
)
LAST_ASSIGNED = (
    "SELECT assigned FROM playbook.cases WHERE tenant = %s AND owner = %s AND (playbook < %s OR playbook >= %s)"
    " ORDER BY assigned DESC LIMIT 1"
)
NO_RECORDS: Condition = ("(playbook < %s OR playbook >= %s)", (RECORDS, RECORDS_END))


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
        found.append(beginning(query.prefix))
    return found


def beginning(prefix: str, table: str = "cases") -> Condition:
    """Return what the id of a case begins with, as an index can be gone along by it."""
    return f'{table}."case" >= %s AND {table}."case" < %s', (prefix, prefix + chr(0x10FFFF))


def seen(tags: frozenset[str] | None) -> list[Condition]:
    """Return what keeps apart the hidden cases that one with these tags does not see."""
    return [] if tags is None else [(f"(NOT cases.hidden OR {HAS_TAG})", (sorted(tags),))]
