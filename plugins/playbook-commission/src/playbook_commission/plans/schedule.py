"""Tiers: what a position on an axis pays. The axis is money, a count or a value; nothing here knows which."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from decimal import Decimal
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, NamedTuple

import attrs

from playbook_commission.exact import CONTEXT, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@attrs.frozen
class Tier:
    """Begin at a point of the axis, which belongs to it, and last up to the next one's start; the last is open."""

    start: Decimal
    pay: Decimal


class Stretch(NamedTuple):
    """Hold a part of the axis that lies in one tier; `end` is None where that is open and nothing bounds it."""

    start: Decimal
    end: Decimal | None
    pay: Decimal

    @property
    def width(self) -> Decimal:
        """Return how long it is, below zero for a way back; raises ValueError for an open one."""
        if self.end is None:
            raise ValueError("an open stretch has no width")
        return CONTEXT.subtract(self.end, self.start)


@attrs.frozen
class Schedule:
    """Hold tiers in rising order; there is at least one."""

    tiers: tuple[Tier, ...]
    _starts: tuple[Decimal, ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        starts = tuple(tier.start for tier in self.tiers)
        if not starts or any(one >= other for one, other in pairwise(starts)):
            raise ValueError("tiers rise, each from where the one before ends")
        object.__setattr__(self, "_starts", starts)

    def scaled(self, factor: Decimal) -> Schedule:
        """Return the same tiers on an axis that is `factor` times as long: shares of a quota become amounts.

        Raises ValueError for a factor that is not above zero.
        """
        if factor <= ZERO:
            raise ValueError(f"{factor} is no quota: it must be above zero")
        return Schedule(tuple(Tier(CONTEXT.multiply(t.start, factor), t.pay) for t in self.tiers))

    def marginal(self, start: Decimal, end: Decimal) -> list[Stretch]:
        """Return the way from `start` to `end`, cut where tiers begin; where `end` lies before, the way back.

        What lies before the first tier pays nothing.
        """
        if end < start:
            return [
                Stretch(s.end, s.start, s.pay)
                for s in reversed(self.marginal(end, start))
                if s.end is not None
            ]
        found, starts = list[Stretch](), self._starts
        index, last = bisect_right(starts, start), len(starts)
        while start < end:
            stop = end if index == last or end <= starts[index] else starts[index]
            found.append(Stretch(start, stop, self.tiers[index - 1].pay if index else ZERO))
            start, index = stop, index + 1
        return found

    def within(
        self, starts: Sequence[Decimal], ends: Sequence[Decimal]
    ) -> Iterator[tuple[int, int, Decimal]]:
        """Yield which of many ways, each from where the one before ended, lie in one tier, and what it pays.

        Those are the ways from one place up to another, which is not one of them; none goes back.
        """
        edges = self._starts
        yield 0, bisect_right(ends, edges[0]), ZERO
        for tier, after in zip_longest(self.tiers, edges[1:]):
            last = len(ends) if after is None else bisect_right(ends, after)
            first = bisect_left(starts, tier.start)
            if first < last:
                yield first, last, tier.pay

    def whole(self, position: Decimal) -> Stretch:
        """Return the tier that a position lies in, or what lies before the first, which pays nothing."""
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return Stretch(min(position, ZERO), self._starts[0], ZERO)
        end = self._starts[index + 1] if index + 1 < len(self._starts) else None
        return Stretch(self._starts[index], end, self.tiers[index].pay)

    def interpolated(self, position: Decimal) -> Stretch:
        """Return the points that a position lies between, with what it pays: on the straight line between theirs.

        Before the first point that is nothing, and from the last on what the last pays.
        """
        between = self.whole(position)
        index = bisect_right(self._starts, position) - 1
        if index < 0 or between.end is None:
            return between
        over, step = CONTEXT.subtract(position, between.start), CONTEXT.subtract(between.end, between.start)
        rise = CONTEXT.subtract(self.tiers[index + 1].pay, between.pay)
        # multiplied first, so that what can be told exactly is
        pay = CONTEXT.add(between.pay, CONTEXT.divide(CONTEXT.multiply(rise, over), step))
        return between._replace(pay=pay)
