"""Computing statements: the periods of a plan one after the other, since debts and holds are carried on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook import InputError, Money
from playbook_commission.credits.crediting import Credited
from playbook_commission.credits.credits import Credits
from playbook_commission.exact import CONTEXT, ONE, ZERO, percent, summed
from playbook_commission.plans.rules import HOOK
from playbook_commission.plans.schedule import Schedule, Tier
from playbook_commission.spans import Span, walk
from playbook_commission.statements.earning import Earned, Standing, earnings
from playbook_commission.statements.following import Made, clawed, held_back
from playbook_commission.statements.paying import Line, lines
from playbook_commission.statements.restating import restated
from playbook_commission.statements.ruling import rule_of, ruled
from playbook_commission.statements.spiffs import spiffs
from playbook_commission.statements.statement import Reached, Statement
from playbook_commission.statements.untold import certain, untold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.model.organization import Organization
    from playbook_commission.credits.quotas import Target
    from playbook_commission.plans.plan import Cap, Component, Plan
    from playbook_commission.statements.payee import Payee

_AS_PLANNED: Mapping[str, Payee] = {}


def statements(payee: Payee, until: str, earlier: Mapping[str, Payee] = _AS_PLANNED) -> tuple[Statement, ...]:
    """Return a person's statements by a plan, from its first period to a named one.

    `earlier` are the periods that another version of the plan pays, each with its payee. Raises InputError where
    the plan does not pay in that period, or something that it needs is not there.
    """
    found: list[Statement] = []
    payees: list[Payee] = []
    for span in spans(payee.plan, until, payee.ledger.organization):
        here = earlier.get(span.name, payee)
        found.append(_Period(here, span, tuple(zip(payees, found, strict=True))).statement())
        payees.append(here)
    return tuple(found)


def spans(plan: Plan, until: str, organization: Organization) -> Iterator[Span]:
    """Yield the periods of a plan up to a named one, be it after its end: what it paid may still be undone.

    Raises InputError for a period before its first, or of another length.
    """
    last = Span.of(until, organization)
    if last.until < plan.since:
        raise InputError(f"{plan.id} pays from {plan.since} to {plan.until or 'now on'}, and not in {until}")
    here = Span.at(plan.period, last.since, organization).name
    if here != last.name:
        raise InputError(f"{plan.id} pays by the {plan.period}, and {until} is none; write one like {here}")
    yield from walk(plan.period, plan.since, last.until, organization)


@attrs.frozen
class Scale:
    """Hold where a person stands on the tiers of a component, in the currency of the statement.

    `position` is None where every credit is paid by itself, and where a ratio has no value. `withheld` is what of
    the year's quota is missing before tiers above the first count.
    """

    component: Component
    standing: Standing
    position: Decimal | None
    withheld: Decimal | None = None


def scales(payee: Payee, period: str) -> Iterator[Scale]:
    """Yield where a person stands on the tiers of each component that has some."""
    span = Span.of(period, payee.ledger.organization)
    if payee.is_paid(span):
        here = _Period(payee, span, ())
        for component in payee.plan.components:
            if component.tiers and not here.lacks_quota(component):
                yield here.scale(component)


class _Period:
    """Compute one statement; `before` are those of the plan's earlier periods, and who was paid each."""

    def __init__(self, payee: Payee, span: Span, before: tuple[tuple[Payee, Statement], ...]) -> None:
        self._payee = payee
        self._plan = payee.plan
        self._span = span
        self._year = payee.year(span)
        self._currency = payee.currency(span)
        self._rounding = payee.rounding(self._currency)
        self._before = tuple(certain(restated(payee, one, self._currency)) for _, one in before)
        self._earlier = [Made(by, one.lines) for (by, _), one in zip(before, self._before, strict=True)]

    def statement(self) -> Statement:
        """Return the statement of the period."""
        plan, made, held = self._plan, list[Line](), list[Line]()
        paying = self._payee.is_paid(self._span)  # else only what it paid before is followed
        reached = {one.id: self._reached(one) for one in plan.components if paying}
        for component in plan.components if paying else ():
            made += self._component(component, reached)
            held += self._untold(component, reached)
        made += clawed(self._payee, self._span, self._earlier, made)
        if paying:
            made += self._bounded("", plan.cap, plan.floor, made)
        made += [*held_back(self._payee, self._span, self._earlier, made), *held]
        found = Statement(
            self._payee.person, self._span.name, plan.id, plan.version, self._currency, tuple(made),
            tuple(reached.values()),
        )  # fmt: skip
        owed = self._before[-1].owed if self._before else ZERO
        return found.balanced(owed, self._payee.least(self._span))

    def scale(self, component: Component) -> Scale:
        """Return where the person stands on the tiers of a component."""
        reached = self._reached(component)
        standing, shown = self._standing(component, reached, sold=True), self._exchanged(component)
        if component.by_value:
            return Scale(shown, standing, standing.value)
        if component.rating.over == "credit":
            return Scale(shown, standing, None)
        position = CONTEXT.add(standing.before, reached.credited)
        return Scale(shown, standing, position, self._withheld(component, self._span.until))

    # -- components ---------------------------------------------------------------------------------

    def _component(self, component: Component, reached: Mapping[str, Reached]) -> list[Line]:
        payee, span = self._payee, self._span
        credited = (
            Credited()
            if component.by_value
            else payee.credited(component, span.since, span.until, self._currency)
        )
        made = self._rates(component, credited, reached)
        if component.spiff is not None:
            made += self._spiffs(component, credited.where(lambda one: bool(one.spiff)))
        total = _total(made)
        gate = component.gate
        if gate is not None and not gate.opens(reached[gate.component].share):
            because = f"{gate.component} is not {'above' if gate.beyond else 'at'} {percent(gate.least)}"
            return [*made, self._line(component.id, "gate", CONTEXT.minus(total), because)] if total else made
        return [*made, *self._bounded(component.id, component.cap, component.floor, made)]

    def _untold(self, component: Component, reached: Mapping[str, Reached]) -> Iterator[Line]:
        """Yield what a component would pay for what cannot be told yet, after all else, each with what holds it."""
        spiff, days = component.spiff, (self._span.since, self._span.until, self._currency)
        if component.by_value or (component.when is None and spiff is None):
            return
        told, late = self._payee.credited(component, *days), self._payee.untold(component, *days)
        names = {f"{component.id}:{one.id}" for one in late.things}
        for line in self._rates(component, told.and_then(late), reached) if names else ():
            if line.id in names:
                yield from untold(line, component.when)
        if spiff is not None:
            due = told.where(lambda one: one.spiff is None)
            for ones, condition in ((due, spiff.when), (late, component.when)):
                for line in self._spiffs(component, ones):
                    yield from untold(line, condition)

    def _spiffs(self, component: Component, credited: Credited) -> list[Line]:
        """Return the rounded lines of spiffs."""
        earned = list(spiffs(self._payee, component, self._span, credited))
        return lines(component.id, earned, self._rounding)

    def _rates(self, component: Component, credited: Credited, reached: Mapping[str, Reached]) -> list[Line]:
        """Return the rounded lines of credits."""
        standing = Standing()
        if component.rates:
            standing = self._standing(component, reached[component.id], sold=bool(credited.things))
        if self._withheld(component, self._span.until) is not None:
            component = attrs.evolve(component, tiers=component.tiers[:1])
        earned = self._rated(self._exchanged(component), credited.credits, standing)
        return lines(component.id, earned, self._rounding)

    def _rated(self, component: Component, credits_: Credits, standing: Standing) -> list[Earned]:
        """Return what credits earn: by tiers, or by the rule of a plugin; what is trued up is so once a period."""
        if not credits_.ids and not component.by_value:
            return []
        if component.rule is None:
            found = earnings(component, credits_, standing)
            return [self._named(one) if one.kind == "true_up" else one for one in found]
        rules = self._payee.ledger.engine.registry.declared.get(HOOK, {})
        brought, span = rule_of(rules, component.rule), self._span
        return list(
            ruled(brought, component, credits_, standing, lambda money: self._payee.exchanged(money, span))
        )

    def _exchanged(self, component: Component, on: dt.date | None = None) -> Component:
        """Return a component with the amounts of its tiers in the currency of the statement.

        They start where they do at the rate of a day, else of the period's last, and pay what they do at that.
        """
        if component.currency in ("", self._currency):
            return component
        one = Money(ONE, component.currency)
        now, then = (
            self._payee.ledger.exchanged(one, self._currency, day or self._span.until) for day in (None, on)
        )
        start, pay = (then if component.rating.by == "amount" else ONE), (now if component.sums else ONE)
        tiers = tuple(
            Tier(CONTEXT.multiply(one.start, start), CONTEXT.multiply(one.pay, pay))
            for one in component.tiers
        )
        return attrs.evolve(component, tiers=tiers, currency=self._currency)

    def _named(self, one: Earned) -> Earned:
        return attrs.evolve(one, ids=[f"{name}:{self._span.name}" for name in one.ids])

    def _bounded(
        self, component: str, cap: Cap | None, floor: Cap | None, made: Sequence[Line]
    ) -> Iterator[Line]:
        """Yield what a cap takes from the lines of this period, or a floor adds.

        A cap that was lowered takes nothing that was paid before; a floor makes up for nothing that is taken back of
        what came before, and that of a year is paid at its end.
        """
        total = _total(made)
        for kind, bound in (("cap", cap), ("floor", floor)):
            if bound is None or (kind == "floor" and bound.per == "year" and self._goes_on()):
                continue
            before = self._this_year(component) if bound.per == "year" else ()
            so_far = _total(before)
            if kind == "floor":
                so_far = CONTEXT.add(so_far, _taken_back((*before, *made)))
            bounded = CONTEXT.subtract(self._payee.money(bound.amount, self._span), so_far)
            if kind == "cap":
                bounded = max(bounded, ZERO)
            difference = CONTEXT.subtract(bounded, total)
            if difference < ZERO if kind == "cap" else difference > ZERO:
                yield self._line(component, kind, difference, f"{bound.amount} a {bound.per}")
                total = CONTEXT.add(total, difference)

    def _goes_on(self) -> bool:
        """Return whether the plan pays the person on a later day of the year too."""
        later, day = (self._year.until - self._span.until).days, self._span.until
        return any(self._payee.counts(day + dt.timedelta(number + 1)) for number in range(later))

    def _this_year(self, component: str) -> list[Line]:
        """Return what was paid in earlier periods of the year, for a component or for all."""
        organization = self._payee.ledger.organization
        return [
            line
            for statement in self._before
            if Span.of(statement.period, organization).since >= self._year.since
            for line in statement.lines
            if not line.waits and component in ("", line.component)
        ]

    # -- what tiers are read by ---------------------------------------------------------------------

    def _standing(self, component: Component, reached: Reached, *, sold: bool) -> Standing:
        payee, before, quota = self._payee, ZERO, self._quota(component)
        earlier, then, pay = Credits(), tuple[Tier, ...](), ZERO
        of_year = component.rating.over == "year" and not component.by_value
        if of_year and self._span.since > self._year.since:
            until = self._span.since - dt.timedelta(1)
            before = payee.measured(component, self._year.since, until, self._currency)
            earlier = self._earlier_credits(component, until)
        if self.lacks_quota(component) and (quota is None or sold):
            has, do = "has no quota", "add one to the organization's quotas"
            if quota is not None:
                has, do = f"has a quota of {quota.amount:f}", "write another, or another `spread` or `ramp`"
            raise InputError(
                f"{payee.person} {has} for {component.measure} in {self._span.name}, and {self._plan.id}"
                f" pays {component.id} by attainment; {do}"
            )
        if earlier.ids:
            then = self._tiers(component, self._span.since - dt.timedelta(1))
        if component.pays == "target_pay":
            pay = payee.target_pay(self._span, of_year=of_year)
        amount = None if quota is None else quota.amount
        return Standing(amount, before, reached.value, pay, earlier, payee.goes_by_count(component), then)

    def lacks_quota(self, component: Component) -> bool:
        """Return whether a component is paid by attainment, and there is nothing to attain."""
        quota = self._quota(component)
        return component.rating.by == "attainment" and (quota is None or quota.amount <= ZERO)

    def _quota(self, component: Component, on: dt.date | None = None) -> Target | None:
        if component.by_value:
            return None
        span = self._payee.read_over(component, self._span)
        return self._payee.quota(component.measure, span, self._currency, on or self._span.until)

    def _tiers(self, component: Component, on: dt.date) -> tuple[Tier, ...]:
        """Return the tiers that counted up to a day, as long on the axis as they were then."""
        tiers = self._exchanged(component, on).tiers
        if self._withheld(component, on) is not None:
            tiers = tiers[:1]
        quota = self._quota(component, on)
        return (
            tiers
            if component.rating.by != "attainment" or quota is None
            else Schedule(tiers).scaled(quota.amount).tiers
        )

    def _earlier_credits(self, component: Component, until: dt.date) -> Credits:
        """Return the credits of the year before this period, where pay now depends on what they were paid."""
        if component.rating.mode not in ("whole", "interpolated"):
            return Credits()
        return self._payee.credited(component, self._year.since, until, self._currency).credits

    def _reached(self, component: Component) -> Reached:
        since, until = self._span.since, self._span.until
        if component.by_value:
            return Reached(component.id, ZERO, None, self._value(component))
        total = self._payee.measured(component, since, until, self._currency)
        quota = self._payee.quota(component.measure, self._span, self._currency, until)
        found = Reached(component.id, total, quota)
        if quota is None or not self._payee.counts_apart(component):
            return found
        return attrs.evolve(found, amount=self._payee.attained(component, since, until, self._currency))

    def _value(self, component: Component) -> Decimal | None:
        measures = {one.id: one for one in self._payee.ledger.organization.rules.measures}
        measure = measures.get(component.measure)
        if measure is None or not measure.ratio:
            raise InputError(f"{component.measure} is no ratio, and {component.id} is paid by its value")
        first = self._payee.read_over(component, self._span).since
        part, whole = (
            self._payee.measured(
                attrs.evolve(component, measure=name), first, self._span.until, self._currency
            )
            for name in measure.ratio
        )
        return CONTEXT.divide(part, whole) if whole else None

    def _withheld(self, component: Component, until: dt.date) -> Decimal | None:
        """Return what of the year's quota is missing on a day for higher tiers to count; None where they do."""
        if component.higher_once is None:
            return None
        quota = self._payee.quota(component.measure, self._year, self._currency, until)
        if quota is None or not quota.amount:
            return ZERO
        so_far = self._payee.attained(component, self._year.since, until, self._currency)
        missing = CONTEXT.subtract(CONTEXT.multiply(quota.amount, component.higher_once), so_far)
        return missing if missing > ZERO else None

    def _line(self, component: str, kind: str, pay: Decimal, because: str) -> Line:
        name = f"{component or self._plan.id}:{kind}:{self._span.name}"
        return Line(name, component, kind, pay, because=because)


def _total(made: Sequence[Line]) -> Decimal:
    return summed([line.pay for line in made])


def _taken_back(made: Sequence[Line]) -> Decimal:
    """Return how much is taken back of lines of earlier periods."""
    clawbacks = [line for line in made if line.kind == "clawback"]
    own = {line.id for line in made} if clawbacks else ()
    return CONTEXT.minus(summed(line.pay for line in clawbacks if line.undoes not in own))
