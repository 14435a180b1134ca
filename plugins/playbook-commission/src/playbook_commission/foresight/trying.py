"""Trying a plan: what it would have paid over days that are over, beside what was and is paid; nothing is stored."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook import InputError, Money, UnknownName
from playbook_commission.credits.crediting import Ledger
from playbook_commission.exact import CONTEXT, ZERO, summed
from playbook_commission.foresight.filling import Lack, filled, lacking
from playbook_commission.foresight.missed import Brink, brinks
from playbook_commission.foresight.selling import Sales
from playbook_commission.settling.withdrawn import withdrawn
from playbook_commission.spans import Span, walk
from playbook_commission.statements.computing import statements
from playbook_commission.statements.payee import Payee

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from playbook.model.organization import Organization
    from playbook_commission.plans.plan import Plan
    from playbook_commission.settling.paybook import Paybook
    from playbook_commission.statements.statement import Statement

_BY_HAND = "manual"
_BOUNDS = ("cap", "floor", "gate")


@attrs.frozen
class Paid:
    """Hold what one statement costs, in the currency of the comparison.

    That is what is earned and, of guarantees and draws, what nobody owes back. When it is paid out (holds, draws that
    are owed) is left aside, and so is what was added by hand, which no plan pays.
    """

    person: str
    period: str
    plan: str
    cost: Decimal
    by_hand: Decimal = ZERO
    settled: bool = False


@attrs.frozen
class Bound:
    """Hold what a cap or a closed gate took, or a floor added, and from or to whom."""

    kind: str
    component: str
    people: tuple[str, ...]
    amount: Decimal


@attrs.frozen
class Compared:
    """Hold what one person is paid now and would be, statement by statement, and what of they were credited."""

    person: str
    now: tuple[Paid, ...]
    then: tuple[Paid, ...]
    sold: Decimal

    @property
    def pays(self) -> Decimal:
        """Return what is paid now."""
        return summed(one.cost for one in self.now)

    @property
    def would_pay(self) -> Decimal:
        """Return what would be paid."""
        return summed(one.cost for one in self.then)

    @property
    def difference(self) -> Decimal:
        """Return how much more would be paid."""
        return CONTEXT.subtract(self.would_pay, self.pays)


@attrs.frozen
class Trial:
    """Hold a plan tried from `since` to `until` beside others; who wins most comes first.

    `sold` is what was credited to the people who are paid, each thing once; `neither` what was credited to people
    whom no plan pays. `brinks` are the cliffs of the plan, with who missed one by little. `given` are the quotas that
    were taken from another period. Every amount is in `currency`, beside those of `brinks`.
    """

    plan: Plan
    since: dt.date
    until: dt.date
    periods: tuple[str, ...]
    currency: str
    beside: tuple[Plan, ...]
    people: tuple[Compared, ...]
    sold: Decimal
    neither: Mapping[str, Decimal]
    bounds: tuple[Bound, ...]
    brinks: tuple[Brink, ...]
    given: tuple[Lack, ...] = ()


@attrs.frozen
class Wanted:
    """Say what is tried: the days, for whom (all where none is named), beside which plans, with whose quotas."""

    since: dt.date
    until: dt.date | None = None
    person: str = ""
    beside: tuple[str, ...] = ()
    quota_from: str = ""


def attempt(
    book: Paybook, plan: Plan, wanted: Wanted, progress: Callable[[int, int], None] = lambda done, of: None
) -> Trial | tuple[Lack, ...]:
    """Try a plan as if it had been in force from the first day to the last; return the quotas that are not there.

    `progress` is called with how far it is, and of how much. Raises InputError for days that cut a period, and with
    everything that the plan needs of people and is not there.
    """
    return _Attempt(book, plan, wanted, progress).trial()


def over(plan: Plan, today: dt.date, organization: Organization) -> dt.date:
    """Return the last day of the last period of a plan that is over."""
    return Span.at(plan.period, today, organization).since - dt.timedelta(1)


class _Attempt:
    def __init__(
        self, book: Paybook, plan: Plan, wanted: Wanted, progress: Callable[[int, int], None]
    ) -> None:
        self._book = book
        self._wanted = wanted
        self._progress = progress
        self._organization = book.organization
        self._currency = book.organization.settings.currency
        world = book.engine.world
        self._until = wanted.until or over(plan, world.day(book.engine.clock()), self._organization)
        if wanted.until is not None and wanted.until < wanted.since:
            raise InputError(
                f"--since {wanted.since} is after --until {wanted.until}: no day lies between them"
            )
        if self._until < wanted.since:
            raise InputError(
                f"no {plan.period} since {wanted.since} is over; name an earlier day, or the last one with --until"
            )
        self._plan = _widened(plan, wanted.since, self._until)
        self._spans = _whole(self._plan, wanted.since, self._until, self._organization)
        self._withdrawn = withdrawn(book.engine, self._spans, book.plans)
        self._plans = {**book.plans, **{name: one.plan for name, one in self._withdrawn.items()}}
        self._supposed: Ledger | None = None
        self._done = 0

    def trial(self) -> Trial | tuple[Lack, ...]:
        """Return what came of it."""
        payees = self._payees(self._ledger(self._organization))
        lack, given = lacking(payees, self._spans), tuple[Lack, ...]()
        if self._wanted.quota_from:
            given = tuple(sorted({*lack, *self._lacking_now(payees)}))
            organization = filled(self._organization, given, self._wanted.quota_from, self._spans)
            payees = self._payees(self._ledger(organization))
            self._supposed = Ledger(self._book.engine, self._first(), self._until, organization)
            lack = lacking(payees, self._spans)
        if lack:
            return lack
        beside = self._beside(payees)
        present = [(one, span) for one in beside for span in self._within(one)]
        steps = len(payees) + len(present)
        made = self._statements(payees, steps)
        then = [self._paid(one, payees[one.person], self._span(one.period)) for one in made]
        now = [paid for one, span in present for paid in self._present(one, span, steps)]
        return attrs.evolve(self._compared(payees, beside, then, now, made), given=given)

    # -- the plan that is tried -----------------------------------------------------------------------

    def _ledger(self, organization: Organization, plans: Iterable[Plan] = ()) -> Ledger:
        first = Span.at("year", min(self._plan.since, self._wanted.since), organization)
        return Ledger(self._book.engine, first.since, self._until, organization=organization, plans=plans)

    def _payees(self, ledger: Ledger) -> dict[str, Payee]:
        """Return those whom the plan would pay."""
        found = {}
        for person in sorted(self._organization.people):
            if self._wanted.person in ("", person):
                payee = Payee(ledger, self._plan, person, self._book.target_pay.get(person))
                if any(payee.is_paid(span) for span in self._spans):
                    found[person] = payee
        return found

    def _statements(self, payees: Mapping[str, Payee], steps: int) -> tuple[Statement, ...]:
        """Return the statements of the plan; raises InputError with whatever is not there, of all people."""
        found: list[Statement] = []
        faults = list[str]()
        names = {span.name: span for span in self._spans}
        for person, payee in payees.items():
            try:
                made = statements(payee, self._spans[-1].name)
                found += [one for one in made if one.period in names and payee.is_paid(names[one.period])]
            except InputError as error:
                faults.append(f"{person}: {error}")
            self._step(steps)
        if faults:
            raise InputError("\n".join(dict.fromkeys(faults)))
        return tuple(found)

    def _span(self, name: str) -> Span:
        return Span.of(name, self._organization)

    def _paid(self, one: Statement, payee: Payee, span: Span, *, settled: bool = False) -> Paid:
        by_hand = summed(line.pay for line in one.lines if line.kind == _BY_HAND)
        cost = CONTEXT.add(CONTEXT.subtract(one.earned, by_hand), one.given(payee.least(span)))
        return Paid(
            one.person, one.period, one.plan, self._in_currency(payee, one, cost, span),
            self._in_currency(payee, one, by_hand, span), settled,
        )  # fmt: skip

    def _in_currency(self, payee: Payee, one: Statement, amount: Decimal, span: Span) -> Decimal:
        money = Money(amount, one.currency)
        return payee.rounding(self._currency).of(payee.ledger.exchanged(money, self._currency, span.until))

    def _step(self, steps: int) -> None:
        self._done += 1
        self._progress(self._done, steps)

    # -- the present ----------------------------------------------------------------------------------

    def _beside(self, payees: Mapping[str, Payee]) -> tuple[Plan, ...]:
        """Return the plans that are named, else those that pay somebody on a day on which the one tried would."""
        plans = self._plans
        for name in self._wanted.beside:
            if name not in plans:
                raise UnknownName("plan", name, plans)
        if self._wanted.beside:
            return tuple(plans[name] for name in sorted(set(self._wanted.beside)))
        return tuple(one for _, one in sorted(plans.items()) if self._meets(one, payees))

    def _meets(self, plan: Plan, payees: Mapping[str, Payee]) -> bool:
        for person, payee in payees.items():
            other = Payee(payee.ledger, plan, person, None)
            for span in self._spans:
                both = (Span("", *run).within(payee.days(span)) for run in other.days(span))
                if any(True for runs in both for _ in runs):
                    return True
        return False

    def _within(self, plan: Plan) -> tuple[Span, ...]:
        """Return the periods of a plan within the days that are tried; raises InputError where they are cut."""
        first, last = self._wanted.since, self._until
        if plan.since > last:
            return ()
        whole = _whole(plan, first, last, self._organization)
        return tuple(one for one in whole if plan.since <= one.until)

    def _lacking_now(self, payees: Mapping[str, Payee]) -> Iterator[Lack]:
        """Yield the quotas that the plans of today need and that are not there."""
        for plan in self._beside(payees):
            now = {person: Payee(one.ledger, plan, person, None) for person, one in payees.items()}
            yield from lacking(now, self._within(plan))

    def _first(self) -> dt.date:
        """Return the first day on which anything may count."""
        since = min(self._wanted.since, *(one.since for one in (self._plan, *self._plans.values())))
        return Span.at("year", since, self._organization).since

    def _present(self, plan: Plan, span: Span, steps: int) -> Iterator[Paid]:
        book, wanted = self._book, self._wanted.person
        for gone in self._withdrawn[plan.id].statements if plan.id in self._withdrawn else ():
            if gone.period == span.name and wanted in ("", gone.person):
                yield self._paid(gone, book.payee(plan, span.name, gone.person), span, settled=True)
        for person, one in book.paid(span.name, wanted):
            if one.id == plan.id:
                settled = book.settled(person, span.name, one.id) is not None
                if settled or self._supposed is None:
                    statement = book.computed(person, span.name, one)
                else:
                    payee = Payee(self._supposed, one, person, book.target_pay.get(person))
                    statement = book.reckoned(payee, span.name, book.settlements(person, span.name, one))
                yield self._paid(statement, book.payee(one, span.name, person), span, settled=settled)
        self._step(steps)

    # -- beside each other ----------------------------------------------------------------------------

    def _compared(
        self,
        payees: Mapping[str, Payee],
        beside: tuple[Plan, ...],
        then: Sequence[Paid],
        now: Sequence[Paid],
        made: tuple[Statement, ...],
    ) -> Trial:
        people = sorted({one.person for one in (*then, *now)})
        sales = Sales(self._currency, self._wanted.since, self._until)
        others = self._ledger(self._organization, beside)
        for plan in (self._plan, *beside):
            ledger = next((one.ledger for one in payees.values() if one.plan is plan), others)
            sales.count(plan, ledger, people)
        rows = [
            Compared(
                person,
                tuple(one for one in now if one.person == person),
                tuple(one for one in then if one.person == person),
                sales.of(person),
            )
            for person in people
        ]
        rows.sort(key=lambda row: (-row.difference, row.person))
        neither = {} if self._wanted.person else self._unpaid(sales.others(people))
        return Trial(
            self._plan, self._wanted.since, self._until, tuple(span.name for span in self._spans),
            self._currency, beside, tuple(rows), sales.whole(), neither, self._bounds(made, payees),
            tuple(brinks(self._plan, made, payees)),
        )  # fmt: skip

    def _unpaid(self, sold: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Return what was credited to people whom no other plan pays either."""
        ledger = self._ledger(self._organization)
        plans = self._plans.values()
        return {
            person: amount
            for person, amount in sold.items()
            if not any(
                Payee(ledger, one, person, None).is_paid(span) for one in plans for span in self._spans
            )
        }

    def _bounds(self, made: Sequence[Statement], payees: Mapping[str, Payee]) -> tuple[Bound, ...]:
        amounts, whose = (
            defaultdict[tuple[str, str], Decimal](Decimal),
            defaultdict[tuple[str, str], set[str]](set),
        )
        for one in made:
            for line in one.lines:
                if line.kind in _BOUNDS:
                    key = (line.component, line.kind)
                    amount = self._in_currency(payees[one.person], one, line.pay, self._span(one.period))
                    amounts[key] = CONTEXT.add(amounts[key], amount)
                    whose[key].add(one.person)
        return tuple(
            Bound(kind, component, tuple(sorted(whose[component, kind])), amounts[component, kind])
            for component, kind in sorted(amounts)
        )


def _widened(plan: Plan, since: dt.date, until: dt.date) -> Plan:
    """Return a plan as if it had been in force on all of the days that are tried."""
    last = None if plan.until is None else max(plan.until, until)
    return attrs.evolve(plan, since=min(plan.since, since), until=last)


def _whole(plan: Plan, since: dt.date, until: dt.date, organization: Organization) -> tuple[Span, ...]:
    """Return the periods of a plan from one day to another; raises InputError where they would be cut."""
    found = tuple(walk(plan.period, since, until, organization))
    first, last = found[0], found[-1]
    if first.since != since:
        after = first.until + dt.timedelta(1)
        raise InputError(
            f"{plan.id} pays by the {plan.period}, and {since} is not the first day of one; write --since"
            f" {first.since} or --since {after}"
        )
    if last.until != until:
        before = last.since - dt.timedelta(1)
        raise InputError(
            f"{plan.id} pays by the {plan.period}, and {until} is not the last day of one; write --until"
            f" {before} or --until {last.until}"
        )
    return found
