"""What comes next: how far it is to the next tier of a component, and what one more deal would bring."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import attrs
import msgspec

from playbook_commission.exact import CONTEXT, ZERO
from playbook_commission.plans.schedule import Schedule
from playbook_commission.spans import Span
from playbook_commission.statements.computing import scales

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from playbook_commission.credits.things import Thing
    from playbook_commission.plans.plan import Component, Plan
    from playbook_commission.plans.schedule import Tier
    from playbook_commission.settling.paybook import Paybook
    from playbook_commission.statements.computing import Scale
    from playbook_commission.statements.payee import Payee
    from playbook_commission.statements.statement import Statement

_SUPPOSED = "\U0010ffff"  # counts after every other deal of its day


@attrs.frozen
class Step:
    """Hold where a person stands on a component's tiers, which lie on the axis of their position.

    `reached` is the index of the tier; -1 before the first, None where each credit is paid by itself. `next` is the
    next one that pays otherwise, None where there is none, and `missing` what is left to it; `withheld` is what is
    missing of the year's quota before higher tiers count.
    """

    scale: Scale
    tiers: tuple[Tier, ...]
    reached: int | None
    next: Tier | None
    missing: Decimal | None
    withheld: Decimal | None = None

    @property
    def component(self) -> str:
        """Return the component's id."""
        return self.scale.component.id

    def pays(self, position: Decimal) -> Decimal:
        """Return what a position pays on the straight line between two tiers."""
        return Schedule(self.tiers).interpolated(position).pay


def steps(payee: Payee, period: str) -> tuple[Step, ...]:
    """Return where a person stands on the tiers of each component of their plan, as of what is counted now."""
    return tuple(map(_step, scales(payee, period)))


def _step(scale: Scale) -> Step:
    component, standing = scale.component, scale.standing
    schedule = Schedule(component.tiers)
    if component.rating.by == "attainment" and standing.quota is not None:
        schedule = schedule.scaled(standing.quota)
    tiers = tuple(
        attrs.evolve(one, pay=CONTEXT.multiply(one.pay, component.multiplier)) for one in schedule.tiers
    )
    position = scale.position
    if position is None:
        return Step(scale, tiers, None, None, None, scale.withheld)
    reached = sum(one.start <= position for one in tiers) - 1
    if scale.withheld is not None:
        return Step(scale, tiers, min(reached, 0), tiers[1] if tiers[1:] else None, None, scale.withheld)
    now = tiers[reached].pay if reached >= 0 else None
    after = next((one for one in tiers[reached + 1 :] if one.pay != now), None)
    missing = None if after is None else CONTEXT.subtract(after.start, position)
    return Step(scale, tiers, reached, after, missing)


@attrs.frozen
class OneMore:
    """Hold what a further deal like one that is there would bring, in the currency of the statement.

    `like` and `name` are that deal's, `amount` what it was credited by: the middle one of `deals`, the smaller of
    two. `earned`, `held` and `paid` are by how much those of the statement would rise, `parts` what of `earned` each
    component would.
    """

    like: str
    name: str
    day: dt.date
    amount: Decimal
    deals: int
    earned: Decimal
    held: Decimal
    paid: Decimal
    parts: tuple[tuple[str, Decimal], ...]


def one_more(book: Paybook, plan: Plan, now: Statement) -> OneMore | None:
    """Return what one more deal like a person's median one would bring by the plan, all else as it is.

    None where the period is settled or over, or nobody can tell since no deal counts yet. The deal is won today,
    in the same way, and nothing was paid for it yet.
    """
    span = Span.of(now.period, book.organization)
    today = book.today()
    if book.settled(now.person, now.period, plan.id) is not None or not span.since <= today <= span.until:
        return None
    payee = book.payee(plan, now.period, now.person)
    like = _median(_deals(payee, now, span) or _deals(payee, now, payee.year(span)))
    if like is None or not payee.counts(today):
        return None
    (amount, case, name), number = like
    supposed = payee.supposing(lambda one: _further(one, case, today))
    then = book.reckoned(supposed, now.period, book.settlements(now.person, now.period, plan))
    rises = {
        part: CONTEXT.subtract(getattr(then, part), getattr(now, part)) for part in ("earned", "held", "paid")
    }
    return OneMore(case, name, today, amount, number, parts=_parts(now, then), **rises)


def _further(one: Thing, case: str, today: dt.date) -> Thing | None:
    """Return a thing like one that was counted of a case, as a case of its own that nothing came in for yet."""
    if one.case != case:
        return None
    return msgspec.structs.replace(one, case=_SUPPOSED + case, came=(), day=today)


def _deals(payee: Payee, now: Statement, span: Span) -> Mapping[str, tuple[Decimal, str]]:
    """Return the deals that a person was credited for between two days: by case, the amount and the name."""
    found: dict[str, tuple[Decimal, str]] = {}
    for component in payee.plan.components:
        its = payee.credited(_counting(payee, component), span.since, span.until, now.currency)
        for amount, thing in zip(its.credits.amounts, its.things, strict=True):
            said = amount, thing.name
            found[thing.case] = max(found.get(thing.case, said), said)
    return found


def _counting(payee: Payee, component: Component) -> Component:
    """Return a component by the measure whose things are deals: of a ratio, by what is counted of the whole."""
    measures = {one.id: one for one in payee.ledger.organization.rules.measures}
    measure = measures.get(component.measure)
    return (
        attrs.evolve(component, measure=measure.ratio[0])
        if measure is not None and measure.ratio
        else component
    )


def _median(deals: Mapping[str, tuple[Decimal, str]]) -> tuple[tuple[Decimal, str, str], int] | None:
    """Return the middle deal by amount, the smaller of two, and how many there are."""
    ordered = sorted((amount, case, name) for case, (amount, name) in deals.items())
    return (ordered[(len(ordered) - 1) // 2], len(ordered)) if ordered else None


def _parts(now: Statement, then: Statement) -> tuple[tuple[str, Decimal], ...]:
    """Return by how much what each component earns rises or falls, in the order of the statement."""
    after, before = then.by_component(), now.by_component()
    rises = {one: CONTEXT.subtract(after.get(one, ZERO), before.get(one, ZERO)) for one in after | before}
    return tuple((component, rise) for component, rise in rises.items() if rise)
