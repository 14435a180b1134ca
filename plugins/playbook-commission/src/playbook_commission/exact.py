"""Exact numbers: the context that pay is computed in, and rounding once, with parts that add up to the whole."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, FloatOperation
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

ZERO = Decimal(0)
ONE = Decimal(1)

CONTEXT = Context(prec=50, rounding=ROUND_HALF_EVEN, traps=[FloatOperation])
"""Fifty digits, and never a float: one that comes in raises FloatOperation."""

_HALVES = {"even": ROUND_HALF_EVEN, "up": ROUND_HALF_UP}


@attrs.frozen
class Rounding:
    """Say to what multiple pay is rounded, and where a half goes: to the `even` neighbour or `up`, from zero."""

    to: Decimal = Decimal("0.01")
    half: str = "even"

    def of(self, value: Decimal) -> Decimal:
        """Return the multiple nearest to a value."""
        units = CONTEXT.divide(value, self.to).quantize(ONE, rounding=_HALVES[self.half], context=CONTEXT)
        return CONTEXT.multiply(units, self.to)

    def shared(self, parts: Sequence[Decimal]) -> list[Decimal]:
        """Return parts rounded so that they sum to their rounded sum, by largest remainder.

        Each is rounded down, and what is left goes, a unit each, to those that lost most; of equals to the first.
        """
        total = self.of(sum(parts, ZERO))
        exact = [CONTEXT.divide(part, self.to) for part in parts]
        down = [part.to_integral_value(rounding=ROUND_FLOOR, context=CONTEXT) for part in exact]
        left = int(CONTEXT.divide(total, self.to) - sum(down, ZERO))
        order = sorted(range(len(parts)), key=lambda index: (down[index] - exact[index], index))
        raised = set(order[:left])
        return [CONTEXT.multiply(part + (index in raised), self.to) for index, part in enumerate(down)]
