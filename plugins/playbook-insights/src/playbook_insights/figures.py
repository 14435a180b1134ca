"""The arithmetic of figures, in Python: engines count and sum, here is divided and rounded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from playbook import Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbook import ReportContext


def share(part: int, whole: int) -> float | None:
    """Return `part` of `whole` as a number from 0 to 1, or None of nothing."""
    return part / whole if whole else None


def mean(histogram: Mapping[int, int]) -> float | None:
    """Return the mean of values counted by value, or None of nothing."""
    return share(sum(value * count for value, count in histogram.items()), sum(histogram.values()))


def percentile(histogram: Mapping[int, int], percent: int) -> float | None:
    """Return a percentile of values counted by value, linear between points, or None of nothing.

    The k-th smallest of n values lies at the share (k - 1) / (n - 1).
    """
    total = sum(histogram.values())
    if not total:
        return None
    index, rest = divmod((total - 1) * percent, 100)
    lower, upper = _at(histogram, index), _at(histogram, min(index + 1, total - 1))
    return (lower * 100 + (upper - lower) * rest) / 100


def mean_money(total: Money | None, count: int) -> Money | None:
    """Return the mean amount, rounded half up to the currency's digits, or None of nothing."""
    return (total / count).rounded() if total is not None and count else None


def probability(context: ReportContext, playbook: str, stage: str, chance: str) -> Decimal | None:
    """Return the hand-set chance (a share as text) where there is one, else the stage's."""
    if chance:
        return Decimal(chance)
    known = context.playbooks.get(playbook)
    if known is None:
        return None
    found = next((each for each in known.stages if each.id == stage), None)
    found = found or next((each for each in context.former(playbook) if each.id == stage), None)
    return found.probability if found else None


def weighted(parts: Iterable[tuple[int, Decimal]], currency: str) -> Money:
    """Sum minor units times probability exactly and round the sum, not the parts."""
    exact = sum(
        (Money.from_minor(minor, currency) * chance for minor, chance in parts), Money(Decimal(0), currency)
    )
    return exact.rounded()


def _at(histogram: Mapping[int, int], index: int) -> int:
    passed = 0
    for value in sorted(histogram):
        passed += histogram[value]
        if index < passed:
            return value
    raise IndexError(index)
