"""Plans that are published no more: what was settled by them was paid all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook_commission.payee import period_of
from playbook_commission.plan import PERIODS, Plan, load_plan
from playbook_commission.settlements import settlements
from playbook_commission.settling import settled_of
from playbook_commission.statements import thawed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from playbook import Engine
    from playbook_commission.settlements import Settlement
    from playbook_commission.spans import Span
    from playbook_commission.statements import Statement


@attrs.frozen
class Withdrawn:
    """Hold a plan as it was when something was settled by it, and all statements that were."""

    plan: Plan
    statements: tuple[Statement, ...]


def withdrawn(
    engine: Engine, spans: Sequence[Span], plan: Plan, known: Collection[str]
) -> dict[str, Withdrawn]:
    """Return the plans beside those that are known by which something was settled in the days of a plan's periods."""
    found: dict[str, Withdrawn] = {}
    organization = engine.world.organization
    for length in PERIODS:
        of = attrs.evolve(plan, period=length)
        for name in sorted({period_of(of, day, organization) for span in spans for day in span.days()}):
            for one in settlements(engine, name):
                if one.settled is not None and one.plan not in known:
                    before = found[one.plan].statements if one.plan in found else ()
                    kept = settled_of(one)
                    then = found[one.plan].plan if before else _plan(engine, one)
                    found[one.plan] = Withdrawn(then, (*before, thawed(kept.statement)))
    return found


def _plan(engine: Engine, settlement: Settlement) -> Plan:
    known = settled_of(settlement).basis.known
    return load_plan(engine.as_known(known).published("plan")[settlement.plan])
