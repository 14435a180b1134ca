"""Exact numbers: the context that pay is computed in, and rounding once, with parts that add up to the whole."""

from __future__ import annotations

from decimal import (
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    FloatOperation,
    localcontext,
)
from functools import wraps
from itertools import repeat
from operator import sub
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import msgspec

from playbook import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

P = ParamSpec("P")
R = TypeVar("R")

ZERO = Decimal(0)
ONE = Decimal(1)

CONTEXT = Context(prec=50, rounding=ROUND_HALF_EVEN, traps=[FloatOperation])
"""Fifty digits, and never a float: one that comes in raises FloatOperation."""

_HUNDRED = Decimal(100)
_HALVES = {"even": ROUND_HALF_EVEN, "up": ROUND_HALF_UP}


def exactly(compute: Callable[P, R]) -> Callable[P, R]:
    """Let a function compute with operators in the context of pay; not for one that yields, whose caller has another.

    Operators on many numbers take a fraction of the time that methods of a context take.
    """

    @wraps(compute)
    def computed(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(CONTEXT):
            return compute(*args, **kwargs)

    return computed


@exactly
def summed(values: Iterable[Decimal]) -> Decimal:
    """Return an exact sum."""
    return sum(values, ZERO)


def plain(number: Decimal, places: int = 4) -> str:
    """Return a number as short as it can be written, with so many places at most."""
    last = ONE.scaleb(-places, CONTEXT)
    return f"{number.quantize(last, context=CONTEXT).normalize(CONTEXT):f}"


def percent(share: Decimal, places: int = 4) -> str:
    """Return a share of 1 as a percentage, in English, with so many places at most."""
    return f"{plain(CONTEXT.multiply(share, _HUNDRED), places)}%"


def share_of(text: str) -> Decimal:
    """Return a share that is written with a percent sign; raises ArithmeticError for another text."""
    return CONTEXT.divide(Decimal(text.removesuffix("%")), _HUNDRED)


class Rounding(msgspec.Struct, frozen=True):
    """Say to what multiple pay is rounded, and where a half goes: to the `even` neighbour or `up`, from zero.

    Zero stands for what a currency can be paid in (`in_steps_of`), where a plan does not say.
    """

    to: Decimal = Decimal("0.01")
    half: str = "even"

    def in_steps_of(self, unit: Decimal) -> Rounding:
        """Return the same rounding, to a unit where that is coarser."""
        return self if self.to >= unit else msgspec.structs.replace(self, to=unit)

    @exactly
    def of(self, value: Decimal) -> Decimal:
        """Return the multiple nearest to a value."""
        return (value / self.to).quantize(ONE, rounding=_HALVES[self.half]) * self.to

    @exactly
    def shared(self, parts: Sequence[Decimal]) -> list[Decimal]:
        """Return parts rounded so that they sum to their rounded sum, by largest remainder.

        Each is rounded down, and what is left goes, a unit each, to those that lost most; of equals to the first.
        """
        to = self.to
        if to.as_tuple().digits == (1,):  # 0.01, and other powers of ten
            down = list(map(Decimal.quantize, parts, repeat(to), repeat(ROUND_FLOOR)))
        else:
            down = [(part / to).to_integral_value(ROUND_FLOOR) * to for part in parts]
        left = int((self.of(sum(parts, ZERO)) - sum(down, ZERO)) / to)
        if left:
            lost = list(map(sub, down, parts))
            ranked = sorted(range(len(parts)), key=lost.__getitem__)  # of equals the first stays first
            for index in ranked[:left]:
                down[index] += to
        return down


@exactly
def in_cents(value: Decimal, currency: str) -> Decimal:
    """Return a quota, or what is told of one, rounded half up: to cents, and finer where a currency is."""
    unit = ONE / Money(ONE, currency).minor if currency else ONE
    return Rounding(min(unit, Rounding().to), half="up").of(value)
