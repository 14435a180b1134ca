"""Cliffs: points from which on everything is paid otherwise, and where tiers pay less for more."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from playbook_commission.exact import CONTEXT, ONE, percent, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_commission.plans.plan import Component
    from playbook_commission.plans.schedule import Tier

_times, _minus = CONTEXT.multiply, CONTEXT.subtract


@attrs.frozen
class Cliff:
    """Hold where pay changes: what is paid at most just below or `at` a point, and what at `to` it is then.

    `tier` numbers the tier that begins at `to`; where `at` is `to`, pay changes in that very point. Points are on the
    axis of the tiers, shares of the quota where they are read by attainment.
    """

    tier: int
    at: Decimal
    before: Decimal
    to: Decimal
    after: Decimal

    def place(self, component: Component) -> str:
        """Return the point from which on it is paid otherwise."""
        return _point(component, self.to)

    def told(self, component: Component) -> str:
        """Return what is paid on both sides."""
        here, there = (_point(component, point) for point in (self.at, self.to))
        before, after = (_pay(component, pay) for pay in (self.before, self.after))
        if self.at == self.to:
            return f"just below {here} it is {before}, from there on {after}"
        return f"at {here} it is {before}, at {there} {after}"


def cliffs(component: Component) -> Iterator[Cliff]:
    """Yield every point from which on all is paid at another rate; bounds and gates of the component are left out.

    With marginal tiers there is none, nor for a value, which is no credit.
    """
    if component.rating.by == "value" or component.rating.mode != "whole":
        return
    once = component.sums and component.rating.by != "count"
    for number, (low, high) in _rising(component):
        before, after = (
            _times(ONE if once else high.start, _times(tier.pay, component.multiplier))
            for tier in (low, high)
        )
        if before != after:
            yield Cliff(number, high.start, before, high.start, after)


def falls(component: Component) -> Iterator[Cliff]:
    """Yield every place where a component pays less for more, as `cliffs` does and between points of a line."""
    yield from (one for one in cliffs(component) if one.after < one.before)
    if component.rating.by == "value" or component.rating.mode != "interpolated":
        return
    times = component.multiplier
    for number, (low, high) in _rising(component):
        if high.pay >= low.pay:
            continue
        if component.sums:
            yield Cliff(number, low.start, _times(low.pay, times), high.start, _times(high.pay, times))
        elif (peak := _peak(low, high)) < high.start:
            before, after = _times(peak, _rate(low, high, peak)), _times(high.start, high.pay)
            yield Cliff(number, peak, _times(before, times), high.start, _times(after, times))


def _rising(component: Component) -> Iterator[tuple[int, tuple[Tier, Tier]]]:
    """Yield each tier with the one before, numbered; what does not rise is refused elsewhere."""
    for number, (low, high) in enumerate(pairwise(component.tiers), start=1):
        if low.start < high.start:
            yield number, (low, high)


def _rate(low: Tier, high: Tier, point: Decimal) -> Decimal:
    fall = _times(_minus(low.pay, high.pay), _minus(point, low.start))
    return _minus(low.pay, CONTEXT.divide(fall, _minus(high.start, low.start)))


def _peak(low: Tier, high: Tier) -> Decimal:
    """Return where a point times its falling rate is highest: half way to where the rate would be zero."""
    steps = CONTEXT.divide(_minus(high.start, low.start), _minus(low.pay, high.pay))
    zero = CONTEXT.add(low.start, _times(low.pay, steps))
    return max(low.start, CONTEXT.divide(zero, Decimal(2)))


# -- in words ---------------------------------------------------------------------------------------


def _point(component: Component, point: Decimal) -> str:
    if component.rating.by == "attainment":
        return percent(point)
    return _amount(point, component.currency if component.rating.by == "amount" else "")


def _pay(component: Component, pay: Decimal) -> str:
    if component.sums:
        return _amount(pay, component.currency)
    if component.pays == "target_pay":
        return f"{percent(pay)} of the target pay"
    if component.rating.by == "attainment":
        return f"{percent(pay)} of the quota"
    return (
        _amount(pay, component.currency) if component.rating.by == "amount" else f"{plain(pay)} average deals"
    )


def _amount(amount: Decimal, currency: str) -> str:
    return f"{plain(amount)} {currency}".rstrip()
