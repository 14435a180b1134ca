"""Draws, holds and clawbacks: what is paid before it is earned, earned before it is paid, and paid back."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import attrs

from playbook_commission.exact import CONTEXT, ZERO


class Least(NamedTuple):
    """Hold what is paid at least: of that `given`, and beyond it `lent`, which is owed."""

    given: Decimal = ZERO
    lent: Decimal = ZERO

    def gives(self, earned: Decimal) -> Decimal:
        """Return what nobody owes back of what is paid beyond what is earned."""
        return max(CONTEXT.subtract(self.given, max(earned, ZERO)), ZERO)


@attrs.frozen
class Drawn:
    """Hold a period's pay with a draw: what is `paid`, of it `drawn`, of debt `recovered`, still `owed`."""

    paid: Decimal
    drawn: Decimal
    recovered: Decimal
    owed: Decimal


def draw(earned: Decimal, least: Least, owed: Decimal) -> Drawn:
    """Return what is paid where so much is paid at least, and `owed` is carried from before.

    What is missing is drawn. What is lent of it is owed, and is recovered from later pay above the least. So is what
    was to be paid back and could not be: below zero, `earned` is that.
    """
    whole = CONTEXT.add(*least)
    if earned < whole:
        drawn = CONTEXT.subtract(whole, earned)
        debt = CONTEXT.subtract(drawn, least.gives(earned))
        return Drawn(whole, drawn, ZERO, CONTEXT.add(owed, debt))
    recovered = min(owed, CONTEXT.subtract(earned, whole))
    return Drawn(CONTEXT.subtract(earned, recovered), ZERO, recovered, CONTEXT.subtract(owed, recovered))


def released(held: Decimal, paid_in: Decimal, amount: Decimal) -> Decimal:
    """Return how much of what is `held` on a case is released by what was paid in of its amount; never more than all.

    Raises ValueError for an amount that is not above zero.
    """
    return _share(held, paid_in, amount)


def clawed_back(paid: Decimal, undone: Decimal, of: Decimal) -> Decimal:
    """Return what is to be paid back in all of what was `paid`, where `undone` parts `of` all are: refunds, months.

    That is never more than was paid, and below zero where that is. Raises ValueError where there was nothing to undo
    a part of.
    """
    return _share(paid, undone, of)


def _share(whole: Decimal, part: Decimal, of: Decimal) -> Decimal:
    if of <= ZERO:
        raise ValueError(f"no part can be told of {of}")
    return CONTEXT.divide(CONTEXT.multiply(whole, min(max(part, ZERO), of)), of)
