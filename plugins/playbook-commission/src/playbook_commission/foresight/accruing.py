"""Accruing: what people are expected to be paid for deals that are open, on top of what they have earned."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook import InputError
from playbook_commission.exact import CONTEXT, ZERO, summed
from playbook_commission.foresight.foreseeing import Foreseen
from playbook_commission.settling.paybook import Paybook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook import Engine, Money
    from playbook_commission.foresight.foreseeing import Deal, LeftOut
    from playbook_commission.spans import Span
    from playbook_commission.statements.payee import Payee
    from playbook_commission.statements.paying import Line
    from playbook_commission.statements.statement import Statement

_BEFORE = "credited before"
"""What was credited before and is paid at another rate for what is expected."""

_WHOLE = " as a whole"
"""Of a component that pays for its sum, or for the value of a ratio, and not deal by deal."""


@attrs.frozen
class Share:
    """Hold what one person is expected to be paid for one deal: for the `credit` that it is expected to give."""

    deal: Deal
    credit: Decimal
    pay: Decimal


@attrs.frozen
class Accrual:
    """Hold what a person is expected to be paid by a plan, on top of what is earned; amounts are in `currency`.

    `others` is what deals change beside their own lines, by kind: rates that rise for what was credited before, caps,
    gates, floors, guarantees. Deals and others sum to `expected`.
    """

    person: str
    plan: str
    currency: str
    earned: Decimal
    deals: tuple[Share, ...]
    others: Mapping[str, Decimal]
    settled: bool

    @property
    def expected(self) -> Decimal:
        """Return what is expected in all."""
        return CONTEXT.add(summed(one.pay for one in self.deals), summed(self.others.values()))


@attrs.frozen
class Accrued:
    """Hold what everybody is expected to be paid in a period, and the open deals that were left out."""

    people: tuple[Accrual, ...]
    left_out: tuple[LeftOut, ...]
    outside: int


def accrue(
    engine: Engine,
    target_pay: Mapping[str, Money],
    span: Span,
    may_see: Callable[[str], bool],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Accrued:
    """Return what people whom somebody may see are expected to be paid for deals that should close in a period.

    Each deal is credited at its probability and goes through a person's tiers after what is credited already, in the
    order of closing. `progress` is called with how far it is, and of how much. Raises InputError with all that is not
    there and statements need, of all people.
    """
    foreseen = Foreseen(engine, span)
    now, then = Paybook(engine, target_pay), Paybook(foreseen.engine, target_pay, engine)
    wanted = [(person, plan) for person, plan in now.paid(span.name) if may_see(person)]
    found, faults = list[Accrual](), list[str]()
    for number, (person, plan) in enumerate(wanted):
        progress(number, len(wanted))
        payee = now.payee(plan, span.name, person)
        settled = now.settled(person, span.name, plan.id) is not None
        try:
            before = now.computed(person, span.name, plan)
            after = before if settled else then.computed(person, span.name, plan)
        except InputError as error:
            faults.append(f"{person}: {error}")
            continue
        found.append(_accrual(payee, span, before, after, foreseen.deals, settled=settled))
    if faults:
        raise InputError("\n".join(faults))
    seen = {one.person for one in found}
    left_out = [one for _, one in sorted(foreseen.left_out.items()) if _concerns(one.people, seen, now, span)]
    outside = sum(_concerns(people, seen, now, span) for people in foreseen.outside.values())
    return Accrued(tuple(found), tuple(left_out), outside)


def _concerns(people: tuple[str, ...], seen: set[str], book: Paybook, span: Span) -> bool:
    """Return whether a deal is one of those who are seen, or of whom they manage."""
    return bool(seen & {*people, *(book.organization.manager_of(person, span.until) for person in people)})


def _accrual(
    payee: Payee, span: Span, before: Statement, after: Statement, deals: Mapping[str, Deal], *, settled: bool
) -> Accrual:
    least = payee.least(span)
    shares, others = list[Share](), defaultdict[str, Decimal](Decimal)
    for kind, difference in _differences(before, after, lambda case: case not in deals):
        others[kind] = CONTEXT.add(others[kind], difference)
    whole = any(kind.endswith(_WHOLE) for kind in others)
    for deal in sorted(deals.values(), key=lambda one: (one.closes, one.case)):
        mine = [line for line in after.lines if line.case == deal.case]
        credit = max((line.credit for line in mine), default=ZERO)
        pay = summed(one for _, one in _differences(before, after, deal.case.__eq__))
        if credit or pay or (whole and payee.person in deal.people):
            shares.append(Share(deal, credit, pay))
    given, then = (one.given(least) for one in (before, after))
    others["guarantee"] = CONTEXT.subtract(then, given)
    kept = {kind: amount for kind, amount in sorted(others.items()) if amount}
    earned = CONTEXT.add(before.earned, given)
    return Accrual(payee.person, before.plan, before.currency, earned, tuple(shares), kept, settled)


def _differences(
    before: Statement, after: Statement, of: Callable[[str], bool]
) -> Iterator[tuple[str, Decimal]]:
    """Yield by how much more lines of some cases pay, each with what kind of line it is."""
    was, is_ = (
        {line.id: line for line in one.lines if not line.waits and of(line.case)} for one in (before, after)
    )
    for name in sorted({*was, *is_}):
        pays = [lines[name].pay if name in lines else ZERO for lines in (was, is_)]
        if pays[0] != pays[1]:
            yield _kind(is_.get(name) or was[name]), CONTEXT.subtract(pays[1], pays[0])


def _kind(line: Line) -> str:
    if line.kind == "credit" and not line.case:
        return f"{line.component}{_WHOLE}"
    return _BEFORE if line.kind in ("credit", "spiff", "true_up") else line.kind
