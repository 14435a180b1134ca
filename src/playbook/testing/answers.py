"""What a store must answer about cases, found by looking at every row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from playbook.stores.interface import Tally
from playbook.stores.rows import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playbook.stores.interface import IndexRow, Query


def is_asked(row: IndexRow, query: Query) -> bool:
    """Return whether a query asks for a row."""
    wanted: dict[str, Any] = {k: v for k, v in asdict(query).items() if v is not None}
    prefix, link, tags = wanted.pop("prefix", ""), wanted.pop("link", None), wanted.pop("tags", None)
    return (
        row.case.startswith(prefix)
        and link in (None, *row.tags)
        and (tags is None or not row.hidden or not tags.isdisjoint(row.tags))
        and (query.playbook is not None or not row.playbook.startswith(RECORDS))
        and all(_says(row, name) == value for name, value in wanted.items())
    )


def counted(found: Iterable[IndexRow], by: Sequence[str]) -> list[Tally]:
    """Return the tallies of rows by columns, in order of group."""
    groups: dict[tuple[str, ...], list[IndexRow]] = {}
    for row in found:
        groups.setdefault(tuple(_says(row, name) for name in by), []).append(row)
    tallies = []
    for group, rows in sorted(groups.items()):
        sums: dict[str, int] = {}
        for row in rows:
            if row.currency is not None and row.amount is not None:
                sums[row.currency] = sums.get(row.currency, 0) + row.amount
        tallies.append(Tally(group, len(rows), sums))
    return tallies


def _says(row: IndexRow, name: str) -> str:
    if name == "status":
        return "open" if row.closed is None else "closed"
    return getattr(row, name) or ""


__all__ = ["counted", "is_asked"]
