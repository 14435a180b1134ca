"""Sets of the values that one thing may have: ranges of numbers and days, and texts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol, TypeVar

import attrs

S = TypeVar("S")

Cut = tuple[Decimal, int]
"""A place between numbers: just below one (0), or just above it (1)."""

_START: Cut = (Decimal("-Infinity"), 0)
_END: Cut = (Decimal("Infinity"), 1)


class Values(Protocol):
    """A set of values; `missing` says whether having none belongs to it."""

    @property
    def missing(self) -> bool:
        """Return whether having no value belongs to it."""
        ...

    @property
    def empty(self) -> bool:
        """Return whether nothing belongs to it."""
        ...

    def meet(self: S, other: S) -> S:
        """Return what both have."""
        ...

    def rest(self: S) -> S:
        """Return everything else."""
        ...

    def sample(self, step: Decimal) -> Decimal | str | None:
        """Return one of the values, of numbers one a step from an end; None where only having none belongs to it."""
        ...


@attrs.frozen
class Ranges:
    """Hold numbers as the cuts where they begin and end, in turns; `whole` where only whole numbers count."""

    cuts: tuple[Cut, ...]
    whole: bool = False
    missing: bool = False

    @property
    def empty(self) -> bool:
        """Return whether nothing belongs to it."""
        return not self.cuts and not self.missing

    def meet(self, other: Ranges) -> Ranges:
        """Return what both have."""
        cuts = _combined(self.cuts, other.cuts, lambda one, two: one and two)
        return Ranges(cuts, self.whole, self.missing and other.missing)

    def rest(self) -> Ranges:
        """Return everything else."""
        every = (_START, _END)
        cuts = _combined(every, self.cuts, lambda one, two: one and not two)
        return Ranges(cuts, self.whole, not self.missing)

    def sample(self, step: Decimal) -> Decimal | None:
        """Return one of the numbers, at an end where there is one, else a step from it."""
        for begin, end in zip(self.cuts[::2], self.cuts[1::2], strict=True):
            if begin != _START and begin[1] == 0:
                return begin[0]
            if end != _END and end[1] == 1:
                return end[0]
            if begin == _START:
                return Decimal(0) if end == _END else end[0] - step
            return begin[0] + step if end == _END else (begin[0] + end[0]) / 2
        return None


def compared(sign: str, number: Decimal, *, whole: bool = False) -> Ranges:
    """Return the numbers that `lt`, `le`, `gt`, `ge`, `eq` or `ne` lets through beside one."""
    below, above = (number, 0), (number, 1)
    if whole:
        below, above = _at_whole(below), _at_whole(above)
    cuts: tuple[Cut, ...] = {
        "lt": (_START, below), "le": (_START, above), "gt": (above, _END), "ge": (below, _END),
        "eq": (below, above), "ne": (_START, below, above, _END),
    }[sign]  # fmt: skip
    return Ranges(_merged(cuts), whole)


def _at_whole(cut: Cut) -> Cut:
    """Return the same cut as the place just below the next whole number."""
    number, side = cut
    up = number.to_integral_value("ROUND_CEILING")
    return (up + 1, 0) if side and up == number else (up, 0)


def _merged(cuts: tuple[Cut, ...]) -> tuple[Cut, ...]:
    """Return the cuts without those where something ends and begins at once."""
    return tuple(cut for cut in cuts if cuts.count(cut) == 1)


def _combined(
    one: tuple[Cut, ...], other: tuple[Cut, ...], keep: Callable[[bool, bool], bool]
) -> tuple[Cut, ...]:
    found: list[Cut] = []
    inside = in_one = in_other = False
    for cut in sorted({*one, *other}):
        in_one, in_other = in_one != (cut in one), in_other != (cut in other)
        if keep(in_one, in_other) != inside:
            found.append(cut)
            inside = not inside
    return tuple(found)


@attrs.frozen
class Texts:
    """Hold texts: these, or (`others`) all but these, of `every` one there can be where that is known."""

    these: frozenset[str]
    others: bool = False
    every: frozenset[str] | None = None
    missing: bool = False

    @property
    def empty(self) -> bool:
        """Return whether nothing belongs to it."""
        return not self.missing and not self.others and not self._known()

    def _known(self) -> frozenset[str]:
        return self.these if self.every is None else self.these & self.every

    def meet(self, other: Texts) -> Texts:
        """Return what both have."""
        missing = self.missing and other.missing
        if self.others and other.others:
            return Texts(self.these | other.these, True, self.every, missing)
        if self.others or other.others:
            few, all_but = (other, self) if self.others else (self, other)
            return Texts(few.these - all_but.these, False, self.every, missing)
        return Texts(self.these & other.these, False, self.every, missing)

    def rest(self) -> Texts:
        """Return everything else."""
        if self.every is not None:
            return Texts(self.every - self.these, False, self.every, not self.missing)
        return Texts(self.these, not self.others, None, not self.missing)

    def sample(self, step: Decimal) -> str | None:
        """Return one of the texts, the first by the alphabet."""
        if self.others:
            return next(name for name in ("another", "one more", "a third") if name not in self.these)
        return min(self._known(), default=None)


YES_NO = frozenset(("true", "false"))
"""Everything that a yes or no may be."""


def truth(answer: bool) -> Texts:
    """Return the set of one answer."""
    return Texts(frozenset(("true" if answer else "false",)), every=YES_NO)
