"""Settling periods and auditing what was settled."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import attrs

from playbook import Money, Refused, fiscal_quarter, fiscal_year
from playbook_commission.paybook import Paybook
from playbook_commission.payout import settlements
from playbook_commission.quotas import Span
from playbook_commission.settlements import NOT_SETTLING, Basis, Settle, hash_of, id_of
from playbook_commission.statements import frozen, thawed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playbook import Engine
    from playbook.model.organization import Organization
    from playbook_commission.plan import Plan
    from playbook_commission.settlements import Settled, Settlement
    from playbook_commission.statements import Statement


@attrs.frozen
class Outcome:
    """Hold a statement that is settled; `new` tells whether it was settled now."""

    person: str
    statement: Statement
    hash: str
    new: bool


def settle(
    engine: Engine, target_pay: Mapping[str, Money], period: str, actor: str, person: str = ""
) -> list[Outcome] | Refused:
    """Settle the statements of a period (one person's, where one is named), each once.

    Refuses, before anything is settled, where an earlier period of a plan is open, or days of it were settled by what
    the plan was before. What was settled when it was refused stays, and the rest follows when it is settled again.
    """
    known = engine.clock()
    book = Paybook(engine.as_known(known), target_pay)
    if not book.may_settle(actor):
        return NOT_SETTLING
    wanted = [(who, plan) for who, plan in book.paid(period) if person in ("", who)]
    twice = _twice(engine, book, wanted, period)
    if twice is not None:
        return twice
    for who, plan in wanted:
        first = book.open_from(who, period, plan)
        if first and first != period:
            return Refused(
                "earlier_open",
                f"{first} of {who} by {plan.id} is not settled; settle it first: "
                f"playbook commission settle --period {first} --person {who}",
            )
    found = []
    for who, plan in wanted:
        one = _settled(engine, book, Basis(known, str(target_pay.get(who, ""))), (who, plan, period), actor)
        if isinstance(one, Refused):
            return one
        found.append(one)
    return found


def _twice(engine: Engine, book: Paybook, wanted: Sequence[tuple[str, Plan]], period: str) -> Refused | None:
    """Refuse to settle days a second time, where a plan got another name, or periods of another length, meanwhile."""
    span = Span.of(period, book.organization)
    before = [
        one for name in _around(span, book.organization) for one in settlements(engine, name) if one.settled
    ]
    for who, plan in wanted:
        for one in before:
            renamed = one.plan not in book.plans
            if one.person == who and (renamed or (one.plan == plan.id and one.period != period)):
                day = Span.of(one.period, book.organization).until + dt.timedelta(1)
                return Refused(
                    "settled_otherwise",
                    f"{who} was settled for {one.period} by {one.plan}, and {plan.id} would pay days of it again for"
                    f" {period}; keep {one.plan} as it was, and let another plan be effective from {day}",
                )
    return None


def _around(span: Span, organization: Organization) -> list[str]:
    """Return the names of all periods, of every length, that have days of one."""
    settings, days = organization.settings, list(span.days())
    months = {f"{day:%Y-%m}" for day in days}
    quarters = {fiscal_quarter(day, settings) for day in days}
    return sorted(months | quarters | {str(fiscal_year(day, settings)) for day in days})


def _settled(
    engine: Engine, book: Paybook, basis: Basis, of: tuple[str, Plan, str], actor: str
) -> Outcome | Refused:
    person, plan, period = of
    name, known = id_of(person, plan.id, period), book.settlements(person, period, plan)
    new = period not in known or known[period].settled is None
    if new:
        statement = frozen(book.anew(person, period, plan, known))
        manual = len(known[period].manual) if period in known else 0
        answer = engine.run(Settle(name, statement, basis, manual), actor=actor)
        if isinstance(answer, Refused):
            return answer
        new = answer.version > 0
    kept = settled_of(engine.streams.show("settlement", name, actor="operator").state)
    return Outcome(person, thawed(kept.statement), kept.hash, new)


def settled_of(settlement: Settlement) -> Settled:
    """Return what was settled; raises ValueError for a period that is open."""
    if settlement.settled is None:
        raise ValueError(f"{settlement.period} of {settlement.person} is not settled")
    return settlement.settled


@attrs.frozen
class Audited:
    """Hold what an audit found of one settled statement: what differs, nothing where it is as it was."""

    person: str
    plan: str
    period: str
    hash: str
    differs: tuple[str, ...]


def audit(engine: Engine, period: str) -> Iterator[Audited]:
    """Yield every settled statement of a period, computed again from what was known when it was settled."""
    after: str | None = None
    while True:
        page = engine.streams.page("settlement", period, after, actor="operator")
        for view in page.items:
            if view.state.settled is not None:
                yield _audited(engine, view.state)
        after = page.next
        if after is None:
            return


def _audited(engine: Engine, kept: Settlement) -> Audited:
    said = settled_of(kept)
    differs = []
    if hash_of(said.statement, said.basis) != said.hash:
        differs.append("what is stored is not what its hash was made of")
    pay = {kept.person: Money.parse(said.basis.target_pay)} if said.basis.target_pay else {}
    book = Paybook(engine.as_known(said.basis.known), pay)
    if kept.plan not in book.plans:
        differs.append(f"there was no plan {kept.plan}")
    else:
        plan = book.plans[kept.plan]
        known = book.settlements(kept.person, kept.period, plan)
        before = {name: one for name, one in known.items() if name != kept.period}
        now = book.anew(kept.person, kept.period, plan, {**before, kept.period: kept})
        if hash_of(frozen(now), said.basis) != said.hash:
            differs += _differences(thawed(said.statement), now)
    return Audited(kept.person, kept.plan, kept.period, said.hash, tuple(differs))


def _differences(then: Statement, now: Statement) -> Iterator[str]:
    was, is_ = ({line.id: line for line in one.lines} for one in (then, now))
    for name in sorted({*was, *is_}):
        if was.get(name) != is_.get(name):
            pays = (f"{of[name].pay:f}" if name in of else "nothing" for of in (was, is_))
            yield "{}: settled {}, computed {}".format(name, *pays)
    for name in ("version", "currency", "reached", "earned", "draw", "held", "paid", "owed"):
        if getattr(then, name) != getattr(now, name):
            yield f"{name}: settled {_shown(then, name)}, computed {_shown(now, name)}"


def _shown(one: Statement, name: str) -> str:
    return f"{getattr(one, name)}" if name != "reached" else "other figures"
