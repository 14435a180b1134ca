"""Plans that are published no more: what was settled by them was paid all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook_commission.plans.plan import Plan, load_plan
from playbook_commission.settling.settlements import OPERATOR, said_of, settlements
from playbook_commission.spans import around, settlement_id
from playbook_commission.statements.statement import thawed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from playbook import Engine
    from playbook_commission.settling.settlements import Settled, Settlement
    from playbook_commission.spans import Span
    from playbook_commission.statements.statement import Statement


@attrs.frozen
class Withdrawn:
    """Hold a plan as it was when something was settled by it, and all statements that were."""

    plan: Plan
    statements: tuple[Statement, ...]


def withdrawn(engine: Engine, spans: Sequence[Span], known: Collection[str]) -> dict[str, Withdrawn]:
    """Return the plans beside those that are known by which something was settled in the days of periods."""
    found: dict[str, Withdrawn] = {}
    for name in around(spans, engine.world.organization):
        for one in settlements(engine, name):
            if one.settled is not None and one.plan not in known:
                before = found[one.plan].statements if one.plan in found else ()
                then = found[one.plan].plan if before else _plan(engine, one.plan, one.settled)
                found[one.plan] = Withdrawn(then, (*before, thawed(one.settled.statement)))
    return found


def formerly(engine: Engine, period: str, asked: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Plan]]:
    """Yield which people were settled for a period by which plans, of those asked for, each plan as it was."""
    plans: dict[tuple[str, str], Plan] = {}
    names = [settlement_id(person, plan, period) for person, plan in asked]
    for view in engine.streams.those("settlement", names, actor=OPERATOR).values():
        one: Settlement = view.state
        if one.settled is not None:
            key = one.plan, said_of(one.settled).version
            if key not in plans:
                plans[key] = _plan(engine, one.plan, one.settled)
            yield one.person, plans[key]


def _plan(engine: Engine, plan: str, settled: Settled) -> Plan:
    return load_plan(engine.as_known(settled.basis.known).published("plan")[plan])
