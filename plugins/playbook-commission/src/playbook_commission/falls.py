"""Places where the tiers of a plan pay less for more, with what is paid on both sides."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from playbook_commission.exact import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_commission.plan import Component
    from playbook_commission.schedule import Tier

_times, _minus = CONTEXT.multiply, CONTEXT.subtract


@attrs.frozen
class Fall:
    """Hold where pay falls: what is paid at most just below or `at` a point, and what at `to` it is then.

    `tier` numbers the tier that begins at `to`; where `at` is `to`, pay falls in that very point. Points are on the
    axis of the tiers, shares of the quota where they are read by attainment.
    """

    tier: int
    at: Decimal
    before: Decimal
    to: Decimal
    after: Decimal


def falls(component: Component) -> Iterator[Fall]:
    """Yield every place where a component pays less for more; its multiplier, bounds and gates are left out.

    With marginal tiers there is none, since no rate is below zero; a value is no credit.
    """
    if component.rating.by == "value" or component.rating.mode not in ("whole", "interpolated"):
        return
    once = component.sums and (component.rating.mode == "interpolated" or component.rating.by != "count")
    for number, (low, high) in enumerate(pairwise(component.tiers), start=1):
        if high.pay >= low.pay or high.start <= low.start:
            continue
        if once:
            at = high.start if component.rating.mode == "whole" else low.start
            yield Fall(number, at, low.pay, high.start, high.pay)
        elif component.rating.mode == "whole":
            before, after = (_times(high.start, pay) for pay in (low.pay, high.pay))
            yield Fall(number, high.start, before, high.start, after)
        elif (peak := _peak(low, high)) < high.start:
            rate = _rate(low, high, peak)
            yield Fall(number, peak, _times(peak, rate), high.start, _times(high.start, high.pay))


def _rate(low: Tier, high: Tier, point: Decimal) -> Decimal:
    fall = _times(_minus(low.pay, high.pay), _minus(point, low.start))
    return _minus(low.pay, CONTEXT.divide(fall, _minus(high.start, low.start)))


def _peak(low: Tier, high: Tier) -> Decimal:
    """Return where a point times its falling rate is highest: half way to where the rate would be zero."""
    steps = CONTEXT.divide(_minus(high.start, low.start), _minus(low.pay, high.pay))
    zero = CONTEXT.add(low.start, _times(low.pay, steps))
    return max(low.start, CONTEXT.divide(zero, Decimal(2)))
