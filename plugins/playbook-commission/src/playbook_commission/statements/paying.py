"""From what credits earn to the lines of a statement: each is rounded once, and its slices sum to it."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING

import msgspec

from playbook_commission.exact import ZERO, Rounding, exactly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook_commission.statements.earning import Earned, Part


class Slice(msgspec.Struct, frozen=True, gc=False):
    """Hold the part of a line between two points of the axis, the rate there and what it pays."""

    start: Decimal
    end: Decimal | None
    rate: Decimal
    pay: Decimal


class Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Hold one line of a statement; `case` is empty where it is for no single one, `undoes` the line it undoes.

    `waits` says that it is of what is held back, and not of what is earned.
    """

    id: str
    component: str
    kind: str
    pay: Decimal
    case: str = ""
    credit: Decimal = ZERO
    slices: tuple[Slice, ...] = ()
    undoes: str = ""
    because: str = ""
    waits: bool = False

    @property
    def of_value(self) -> bool:
        """Return whether it is paid for the value of a ratio; `credit` is that, and no amount."""
        return self.kind == "credit" and not self.case


@exactly
def lines(component: str, earned: Sequence[Earned], rounding: Rounding) -> list[Line]:
    """Return the lines of what credits of a component earned, rounded so that they sum to their rounded sum."""
    pays = iter(rounding.shared(list(chain.from_iterable(one.pays for one in earned))))
    return [
        line for one in earned for line in _lines(component, one, list(islice(pays, len(one.pays))), rounding)
    ]


def _lines(component: str, one: Earned, pays: Sequence[Decimal], rounding: Rounding) -> Iterator[Line]:
    slices: list[tuple[Slice, ...]] = list(
        zip(map(Slice, one.starts, one.ends, one.rates, pays), strict=True)
    )
    for place, parts in one.parted.items():
        slices[place] = _slices(parts, pays[place], rounding)
    _, cases, amounts, _ = one.credits
    return map(
        Line, one.ids, repeat(component), repeat(one.kind), pays, cases, amounts, slices, repeat(""),
        one.because or repeat(""),
    )  # fmt: skip


def _slices(parts: Sequence[Part], pay: Decimal, rounding: Rounding) -> tuple[Slice, ...]:
    """Return several slices, or none, rounded so that they sum to a line."""
    pays = rounding.shared([part[3] for part in parts])
    if pays:  # the line may have got a cent more or less, for the sum of all
        pays[-1] += pay - sum(pays, ZERO)
    return tuple(Slice(start, end, rate, its) for (start, end, rate, _), its in zip(parts, pays, strict=True))
