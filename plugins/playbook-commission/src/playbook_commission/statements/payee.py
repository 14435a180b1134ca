"""One who is paid by a plan: on which days, in which currency, against which quota, credited with what."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from decimal import Decimal, localcontext
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import attrs

from playbook import Duration, InputError, Money
from playbook_commission.credits.crediting import Credited
from playbook_commission.credits.quotas import Target
from playbook_commission.exact import CONTEXT, ONE, ZERO, summed
from playbook_commission.spans import Span, length, walk
from playbook_commission.statements.draws import Least

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from playbook_commission.credits.crediting import Ledger
    from playbook_commission.credits.things import Thing
    from playbook_commission.exact import Rounding
    from playbook_commission.plans.plan import Component, Plan


_DAY = dt.timedelta(1)


class Payee:
    """Answer what a plan asks of one person; what was asked is kept, so one serves all periods."""

    def __init__(self, ledger: Ledger, plan: Plan, person: str, target_pay: Money | None) -> None:
        self.ledger = ledger
        self.plan = plan
        self.person = person
        self._target_pay = target_pay
        self._organization = ledger.organization
        self._credited: dict[tuple[str, str, str], _Credits] = {}
        self._untold: dict[tuple[str, str, str], Credited] = {}
        self._quotas: dict[tuple[str, str, str, dt.date], Target | None] = {}

    def supposing(self, more: Callable[[Thing], Thing | None]) -> Payee:
        """Return the same one, were more counted: beside each thing what `more` says of it."""
        return Payee(self.ledger.supposing(more), self.plan, self.person, self._target_pay)

    def year(self, span: Span) -> Span:
        """Return the fiscal year that a period lies in."""
        return Span.at("year", span.since, self._organization)

    def read_over(self, component: Component, span: Span) -> Span:
        """Return over which time the tiers of a component are read in a period: that, or its fiscal year."""
        return self.year(span) if component.rating.over == "year" else span

    @cached_property
    def _paid(self) -> tuple[tuple[dt.date, dt.date], ...]:
        """Return the runs of days on which the person is paid by the plan: employed, and one to whom it applies."""
        plan, who = self.plan, self._organization.person(self.person)
        last = plan.until or dt.date.max
        edges = [plan.since]
        edges += [day for day in self._organization.changes(self.person) if plan.since < day <= last]
        found: list[tuple[dt.date, dt.date]] = []
        for first, after in pairwise([*edges, None]):
            if first is not None and (who is None or who.is_employed(first)) and self._applies(first):
                joined = bool(found) and found[-1][1] + _DAY == first
                since = found.pop()[0] if joined else first
                found.append((since, last if after is None else after - _DAY))
        return tuple(found)

    def days(self, span: Span) -> tuple[tuple[dt.date, dt.date], ...]:
        """Return the runs of days of a period on which the person is paid by the plan."""
        return tuple(span.within(self._paid))

    def counts(self, day: dt.date) -> bool:
        """Return whether the person is paid by the plan on a day."""
        return any(first <= day <= last for first, last in self._paid)

    def _applies(self, day: dt.date) -> bool:
        plan, post = self.plan, self._organization.post(self.person, day)
        above = self._organization.lineage(post.team, day) if plan.team else ()
        return (
            plan.role in ("", post.role)
            and (not plan.people or self.person in plan.people)
            and (not plan.territory or post.territory == plan.territory)
            and (not plan.team or any(team.id == plan.team for team in above))
        )

    def is_paid(self, span: Span) -> bool:
        """Return whether the person is paid by the plan on any day of a period."""
        return bool(self.days(span))

    def currency(self, span: Span) -> str:
        """Return what the person is paid in: the plan's currency, the team's, or the organization's."""
        if self.plan.currency:
            return self.plan.currency
        post = self._organization.post(self.person, span.until)
        teams = self._organization.lineage(post.team, span.until)
        return next((team.currency for team in teams if team.currency), self._organization.settings.currency)

    def rounding(self, currency: str) -> Rounding:
        """Return how pay in a currency is rounded: as the plan says, and no finer than it can be paid."""
        return self.plan.rounding.in_steps_of(CONTEXT.divide(ONE, Decimal(Money(ONE, currency).minor)))

    def exchanged(self, amount: Money, span: Span) -> Decimal:
        """Return an amount in the person's currency, at the rate of the period's last day, unrounded."""
        return self.ledger.exchanged(amount, self.currency(span), span.until)

    def money(self, amount: Money, span: Span) -> Decimal:
        """Return an amount of the plan in the person's currency, at the rate of the period's last day."""
        return self.rounding(self.currency(span)).of(self.exchanged(amount, span))

    def quota(self, measure: str, span: Span, currency: str, on: dt.date) -> Target | None:
        """Return the person's quota of a measure for a period, in a currency at a day's rate; None without one."""
        key = (measure, span.name, currency, on)
        if key not in self._quotas:
            self._quotas[key] = self._quota(measure, span, currency, on)
        return self._quotas[key]

    def _quota(self, measure: str, span: Span, currency: str, on: dt.date) -> Target | None:
        found = self.ledger.quotas.of_person(measure, span, self.person, self.days(span))
        if found is None or found.currency in ("", currency):
            return found
        amount, whole = (
            self.ledger.exchanged(Money(one, found.currency), currency, on)
            for one in (found.amount, found.whole)
        )
        return attrs.evolve(found, amount=amount, whole=whole, currency=currency)

    def target_pay(self, span: Span, *, of_year: bool = False) -> Decimal:
        """Return the person's target pay for the days of a period on which they are paid by the plan.

        That is for all periods of the fiscal year where it is of the year. Raises InputError where nobody said what
        it is.
        """
        if self._target_pay is None:
            raise InputError(
                f"nobody said what the target pay of {self.person} is; write it into the file of target pay"
            )
        whole, parts, year = self.exchanged(self._target_pay, span), [span], self.year(span)
        if of_year:
            parts = list(walk(self.plan.period, year.since, year.until, self._organization))
        pays = (
            CONTEXT.divide(CONTEXT.multiply(whole, Decimal(length(self.days(one)))), Decimal(len(one)))
            for one in parts
        )
        return self.rounding(self.currency(span)).of(summed(pays))

    def credited(self, component: Component, since: dt.date, until: dt.date, currency: str) -> Credited:
        """Return the person's credits for a component between two days on which they were paid by the plan.

        What cannot be told to be paid for is not among them.
        """
        return self._credits(component, currency).between(since, until)

    def untold(self, component: Component, since: dt.date, until: dt.date, currency: str) -> Credited:
        """Return the credits of which nobody can tell yet whether the component pays for them."""
        self._credits(component, currency)
        found = self._untold.get((component.id, component.measure, currency), Credited())
        return found.where(lambda one: since <= one.day <= until)

    def measured(self, component: Component, since: dt.date, until: dt.date, currency: str) -> Decimal:
        """Return how far credits between two days go on the axis of a component; of a ratio, how much a part is."""
        return self._credits(component, currency).sum(since, until)

    def attained(self, component: Component, since: dt.date, until: dt.date, currency: str) -> Decimal:
        """Return what credits between two days count towards a quota: amounts, else how many."""
        if not self.counts_apart(component):
            return self.measured(component, since, until, currency)
        return summed(self.credited(component, since, until, currency).credits.amounts)

    def _credits(self, component: Component, currency: str) -> _Credits:
        key = (component.id, component.measure, currency)
        if key not in self._credited:
            found = self.ledger.credited(self.plan, component, self.person, currency)
            found = found.at(_places([one.day for one in found.things], self._paid))
            if component.when is not None and any(one.untold for one in found.things):
                self._untold[key] = found.where(lambda one: one.untold)
                found = found.where(lambda one: not one.untold)
            self._credited[key] = _Credits(found, by_count=self.goes_by_count(component))
        return self._credited[key]

    def goes_by_count(self, component: Component) -> bool:
        """Return whether things are counted on the axis of a component: also where its measure has no amount."""
        return component.rating.by == "count" or not self.has_amounts(component)

    def counts_apart(self, component: Component) -> bool:
        """Return whether tiers are read by how many where a quota is of amounts."""
        return component.rating.by == "count" and self.has_amounts(component)

    def has_amounts(self, component: Component) -> bool:
        """Return whether a component's measure is of amounts, and not of how many."""
        measures = self._organization.rules.measures
        return not any(
            one.id == component.measure and one.amount is None and not one.ratio for one in measures
        )

    def least(self, span: Span) -> Least:
        """Return what is paid at least in a period: months that are guaranteed have no draw beside.

        A month that the plan shares with another counts by the days on which it pays.
        """
        found, months = {True: ZERO, False: ZERO}, self._months(span)
        rounding = self.rounding(self.currency(span))
        for one in (self.plan.guarantee, self.plan.draw):
            if one is None:
                continue
            its = {month: both for month, both in months.items() if self._lasts(one.lasts, month)}
            if one.every == "month":
                shares = [CONTEXT.divide(Decimal(paid), Decimal(of)) for paid, of in its.values()]
            elif not any(paid for paid, _ in its.values()):
                continue
            else:
                its = months
                paid, of = (sum(both[n] for both in its.values()) for n in (0, 1))
                shares = [CONTEXT.divide(Decimal(paid), Decimal(of))]
            months = {month: both for month, both in months.items() if month not in its}
            amount = rounding.of(CONTEXT.multiply(self.exchanged(one.amount, span), summed(shares)))
            found[one.recoverable] = CONTEXT.add(found[one.recoverable], amount)
        return Least(found[False], found[True])

    def _months(self, span: Span) -> dict[dt.date, tuple[int, int]]:
        """Return the months of employment in a period: on how many days the plan pays, and how many there are."""
        if self.plan.draw is None and self.plan.guarantee is None:
            return {}
        who, found = self._organization.person(self.person), dict[dt.date, tuple[int, int]]()
        for day in span.days():
            if who is None or who.is_employed(day):
                month = day.replace(day=1)
                paid, employed = found.get(month, (0, 0))
                found[month] = (paid + self.counts(day), employed + 1)
        return found

    def _lasts(self, lasts: str, month: dt.date) -> bool:
        """Return whether what is paid for a time after joining is paid for a month."""
        who = self._organization.person(self.person)
        if not lasts or who is None or who.employed is None:
            return not lasts
        begins = dt.datetime.combine(who.employed.replace(day=1), dt.time(), dt.UTC)
        return month < self.ledger.world.calendar.add(begins, Duration.parse(lasts)).date()


class _Credits:
    """Hold credits in the order of days, and what they sum to up to each."""

    def __init__(self, credited: Credited, *, by_count: bool) -> None:
        self._all = credited
        self._days = [one.day for one in credited.things]
        with localcontext(CONTEXT):
            steps = credited.credits.counts if by_count else credited.credits.amounts
            self._sums = list(accumulate(steps, initial=ZERO))

    def between(self, since: dt.date, until: dt.date) -> Credited:
        """Return those between two days, ends included."""
        return self._all.at(_places(self._days, [(since, until)]))

    def sum(self, since: dt.date, until: dt.date) -> Decimal:
        """Return what those between two days sum to."""
        (place,) = _places(self._days, [(since, until)])
        return CONTEXT.subtract(self._sums[max(place.start, place.stop)], self._sums[place.start])


def _places(days: Sequence[dt.date], runs: Iterable[tuple[dt.date, dt.date]]) -> list[slice]:
    """Return where the days of runs lie among days in their order."""
    return [slice(bisect_left(days, first), bisect_right(days, last)) for first, last in runs]
