"""Cliffs: points from which on everything is paid at another rate, and who came close to one and missed it."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from playbook_commission.exact import CONTEXT, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook_commission.plan import Component, Plan
    from playbook_commission.statements import Reached, Statement

NEAR = Decimal("0.05")
"""How near below a point somebody missed it by little, as a share of it."""


@attrs.frozen
class Missed:
    """Name who came close to a point in a period, and what was missing, in the currency of their statement."""

    person: str
    period: str
    missing: Decimal
    currency: str


@attrs.frozen
class Cliff:
    """Hold a point of a component's tiers with what is paid just below it and from it on.

    `at` is an amount, or a share of the quota, of which `below` and `above` then are shares too.
    """

    component: str
    at: Decimal
    share: bool
    below: Decimal
    above: Decimal
    missed: tuple[Missed, ...]


def cliffs(plan: Plan, statements: Iterable[Statement]) -> Iterator[Cliff]:
    """Yield the cliffs of a plan's components, each with who missed it by little in some statements."""
    made = tuple(statements)
    for one in plan.components:
        rating = one.rating
        if rating.mode != "whole" or rating.by not in ("amount", "attainment") or one.sums:
            continue
        for low, high in pairwise(one.tiers):
            below, above = (
                CONTEXT.multiply(CONTEXT.multiply(high.start, rate), one.multiplier)
                for rate in (low.pay, high.pay)
            )
            if below != above:
                missed = tuple(_missed(one, high.start, made)) if rating.over == "period" else ()
                yield Cliff(one.id, high.start, rating.by == "attainment", below, above, missed)


def _missed(component: Component, start: Decimal, made: Iterable[Statement]) -> Iterator[Missed]:
    for statement in made:
        for reached in statement.reached:
            if reached.component == component.id:
                point = _point(component, start, reached)
                missing = CONTEXT.subtract(point, reached.credited)
                if ZERO < missing <= CONTEXT.multiply(point, NEAR):
                    yield Missed(statement.person, statement.period, missing, statement.currency)


def _point(component: Component, start: Decimal, reached: Reached) -> Decimal:
    if component.rating.by == "amount":
        return start
    return ZERO if reached.quota is None else CONTEXT.multiply(start, reached.quota.amount)
