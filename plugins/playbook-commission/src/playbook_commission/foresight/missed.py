"""Who came close to a cliff of a plan in a period, and missed it by little."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook import Money
from playbook_commission.exact import CONTEXT, ZERO
from playbook_commission.plans.cliffs import cliffs
from playbook_commission.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbook_commission.plans.cliffs import Cliff
    from playbook_commission.plans.plan import Component, Plan
    from playbook_commission.statements.payee import Payee
    from playbook_commission.statements.statement import Reached, Statement

NEAR = Decimal("0.05")
"""How near below a point somebody missed it by little, as a share of it."""


@attrs.frozen
class Missed:
    """Name who came close to a point in a period, and what was missing, in a currency; a number where it is none."""

    person: str
    period: str
    missing: Decimal
    currency: str


@attrs.frozen
class Brink:
    """Hold a cliff of a component, and who missed it by little; nobody where it is not reached period by period."""

    component: Component
    cliff: Cliff
    missed: tuple[Missed, ...]


def brinks(plan: Plan, statements: Iterable[Statement], payees: Mapping[str, Payee]) -> Iterator[Brink]:
    """Yield the cliffs of a plan, each with who missed it in some statements; `payees` are by person."""
    made = tuple(statements)
    for one in plan.components:
        for cliff in cliffs(one):
            missed = _missed(one, cliff.to, made, payees) if one.rating.over == "period" else ()
            yield Brink(one, cliff, tuple(missed))


def _missed(
    component: Component, start: Decimal, made: Iterable[Statement], payees: Mapping[str, Payee]
) -> Iterator[Missed]:
    for statement in made:
        for reached in statement.reached:
            if reached.component == component.id:
                point = _point(component, start, reached, payees[statement.person], statement.period)
                missing = CONTEXT.subtract(point, reached.credited)
                if ZERO < missing <= CONTEXT.multiply(point, NEAR):
                    currency = "" if component.rating.by == "count" else statement.currency
                    yield Missed(statement.person, statement.period, missing, currency)


def _point(component: Component, start: Decimal, reached: Reached, payee: Payee, period: str) -> Decimal:
    """Return where tiers start on the axis of what was reached: in the currency of the statement."""
    if component.rating.by == "attainment":
        return ZERO if reached.quota is None else CONTEXT.multiply(start, reached.quota.amount)
    if component.rating.by == "count" or not component.currency:
        return start
    span = Span.of(period, payee.ledger.organization)
    return payee.exchanged(Money(start, component.currency), span)
