"""Counts and sums that are kept while rows come and go, and how parts of them become tallies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.stores.interface import Tally
from playbook.stores.rows import GROUPS, RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from playbook.stores.interface import IndexRow, Query

    Part = tuple[tuple[str, ...], str, int, int, int]

KEPT = tuple(name for name in GROUPS if name != "name")
"""What cases are counted by all the time; so many have a name of their own that they are counted when asked."""


def kept_answers(query: Query, by: Sequence[str]) -> bool:
    """Return whether what is kept answers for all that everybody may see; it knows no names, ids and links."""
    return query.name is None and query.link is None and not query.prefix and "name" not in by


def gathered(parts: Iterable[Part]) -> list[Tally]:
    """Return one tally for each group, in order of group, over all its currencies.

    A part is a group, a currency, the number of its cases, of those with an amount, and the sum of these.
    """
    counts: dict[tuple[str, ...], int] = {}
    sums: dict[tuple[str, ...], dict[str, int]] = {}
    for group, currency, count, priced, total in sorted(parts):
        counts[group] = counts.get(group, 0) + count
        amounts = sums.setdefault(group, {})
        if priced:
            amounts[currency] = amounts.get(currency, 0) + total
    return [Tally(group, count, sums[group]) for group, count in counts.items()]


def column(row: IndexRow, name: str) -> str:
    """Return what a row is counted by."""
    if name == "status":
        return "open" if row.closed is None else "closed"
    return getattr(row, name) or ""


def part(row: IndexRow, by: Sequence[str]) -> Part:
    """Return one row as a part of what `gathered` takes."""
    priced = row.amount is not None and row.currency is not None
    group = tuple(column(row, name) for name in by)
    return group, row.currency or "", 1, int(priced), (row.amount or 0) if priced else 0


class Tallies:
    """Keep counts and sums of index rows, apart for those that are hidden."""

    def __init__(self, found: Iterable[IndexRow] = ()) -> None:
        self._kept: dict[tuple[tuple[str, ...], bool], tuple[int, int, int]] = {}
        for row in found:
            self.add(row)

    def add(self, row: IndexRow, times: int = 1) -> None:
        """Count a row; -1 times takes away one that was counted."""
        group, _, *numbers = part(row, KEPT)
        key = group, row.hidden
        count, priced, total = map(
            sum, zip(self._kept.get(key, (0, 0, 0)), (times * n for n in numbers), strict=True)
        )
        if count:
            self._kept[key] = count, priced, total
        else:
            del self._kept[key]

    def parts(self, query: Query, by: Sequence[str]) -> Iterator[Part]:
        """Yield what `gathered` takes of the rows that a query asks for; hidden ones only if it has no tags."""
        asked = ((n, getattr(query, name, None)) for n, name in enumerate(KEPT))
        wanted = [(n, value) for n, value in asked if value is not None]
        places = [KEPT.index(name) for name in by]
        currency, playbook = KEPT.index("currency"), KEPT.index("playbook")
        for (key, hidden), numbers in self._kept.items():
            if hidden and query.tags is not None:
                continue
            if query.playbook is None and key[playbook].startswith(RECORDS):
                continue
            if all(key[n] == value for n, value in wanted):
                yield tuple(key[n] for n in places), key[currency], *numbers

    def copy(self) -> Tallies:
        """Return what goes its own way from here."""
        other = Tallies()
        other._kept = dict(self._kept)
        return other
