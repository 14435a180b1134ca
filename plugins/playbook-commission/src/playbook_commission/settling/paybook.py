"""The pay of an organization: its published plans, who is paid by them, and who may see whose statement."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from playbook import Asked, InputError, Money, UnknownName
from playbook_commission.credits.crediting import Ledger
from playbook_commission.plans.plan import Plan, load_plan
from playbook_commission.settling.adjusting import adjusted
from playbook_commission.settling.settlements import OPERATOR, Settlement, amount_of, may_see, may_settle
from playbook_commission.settling.withdrawn import formerly
from playbook_commission.spans import Span, settlement_id
from playbook_commission.statements.computing import spans, statements
from playbook_commission.statements.payee import Payee
from playbook_commission.statements.paying import Line
from playbook_commission.statements.statement import thawed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook import Engine
    from playbook_commission.settling.settlements import Basis
    from playbook_commission.statements.statement import Statement


class Paybook:
    """Read statements that are settled, and compute others from what is published and what happened.

    Where the engine shows the past, `present` is the one that says who may see what: whoever may now. `progress`
    hears how many cases were looked at when they are counted.
    """

    def __init__(
        self,
        engine: Engine,
        target_pay: Mapping[str, Money],
        present: Engine | None = None,
        progress: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.engine = engine
        self._present = present or engine
        self.target_pay = target_pay
        self._progress = progress
        self._ledgers: dict[tuple[dt.date, dt.date, str, str], Ledger] = {}
        self._payees: dict[tuple[str, str, str], Payee] = {}
        self._person = ""
        self.organization = engine.world.organization
        self.plans = {name: load_plan(said) for name, said in engine.published("plan").items()}
        self._earlier: dict[tuple[str, str], Plan] = {}

    def may_see(self, actor: str, person: str, period: str) -> bool:
        """Return whether somebody may see a person's statement: themselves, who manages them, finance."""
        return may_see(self._asked(actor), person, self._span(period).name)

    def paid(self, period: str, only: str = "") -> Iterator[tuple[str, Plan]]:
        """Yield who is paid in a period (or one person), each with the plan; several times for who has several.

        Whom a plan pays no more is among them where something of what was settled changed, or follows. Plans by
        periods of another length pay nobody in this one.
        """
        span = self._span(period)
        for person, plan in self._planned(period, only):
            if self.payee(plan, period, person).is_paid(span) or self._is_followed(person, span, plan):
                yield person, plan

    def _planned(self, period: str, only: str) -> Iterator[tuple[str, Plan]]:
        """Yield everybody (or one person) with each plan that has a period of that name."""
        span = self._span(period)
        for person in [only] if only else sorted(self.organization.people):
            for _, plan in sorted(self.plans.items()):
                if (
                    Span.at(plan.period, span.since, self.organization).name == span.name
                    and plan.since <= span.until
                ):
                    yield person, plan

    def told(self, period: str, only: str = "") -> list[tuple[str, Plan]]:
        """Return whom `paid` yields, and who was settled for the period by what a plan was then and is no more.

        Such a plan was withdrawn since, or begins later now, or pays by periods of another length.
        """
        found = list(self.paid(period, only))
        known = {(who, plan.id) for who, plan in found}
        plans = (*self.plans, *self.engine.withdrawn("plan"))
        asked = ((who, plan) for who in ([only] if only else self.organization.people) for plan in plans)
        before = formerly(self.engine, period, (one for one in asked if one not in known))
        return sorted([*found, *before], key=lambda one: (one[0], one[1].id))

    def _is_followed(self, person: str, span: Span, plan: Plan) -> bool:
        known = self.settlements(person, span.name, plan)
        if span.name in known:
            return True
        if not any(one.settled for one in known.values()) or self._is_settled_after(person, span, plan):
            return False
        return bool(self.anew(person, span.name, plan, known).lines)

    def _is_settled_after(self, person: str, span: Span, plan: Plan) -> bool:
        """Return whether a later period of the plan is settled: what was passed over before it stays so."""
        if self.today() <= span.until:
            return False
        now = Span.at(plan.period, self.today(), self.organization).name
        known = self.settlements(person, now, plan)
        return any(one.settled and self._span(name).since > span.since for name, one in known.items())

    def today(self) -> dt.date:
        """Return the day that it is in the organization's zone."""
        return self.engine.world.day(self.engine.clock())

    def may_settle(self, actor: str) -> bool:
        """Return whether somebody may settle and audit: finance, and the operator."""
        return may_settle(self._asked(actor))

    def _asked(self, actor: str) -> Asked:
        return Asked(actor, self._present.clock(), self._present.world.organization)

    def check_period(self, period: str) -> None:
        """Raise InputError for what is no period."""
        self._span(period)

    def statement(self, person: str, period: str, plan: str = "") -> Statement:
        """Return a person's statement; raises InputError where there is none, or several plans and none was named."""
        return self.computed(person, period, self.plan_of(person, period, plan))

    def plan_of(self, person: str, period: str, plan: str = "") -> Plan:
        """Return the plan that pays a person, raising InputError as `statement` does."""
        mine = [one for _, one in self.told(period, person) if plan in ("", one.id)]
        if plan and plan not in self.plans and not mine:
            raise UnknownName("plan", plan, self.plans)
        if not mine:
            self._check_length(person, period, plan)
        if len(mine) != 1:
            found = ", ".join(one.id for one in mine)
            raise InputError(
                f"{person} is paid by {found} in {period}; name one with --plan"
                if mine
                else f"no plan pays {person} in {period}; look at its `applies_to` and `effective`"
            )
        return mine[0]

    def _check_length(self, person: str, period: str, plan: str) -> None:
        """Raise InputError where a plan pays a person then, and by periods of another length."""
        span = self._span(period)
        for one in self.plans.values():
            if plan in ("", one.id) and self.payee(one, period, person).is_paid(span):
                list(spans(one, period, self.organization))

    def computed(self, person: str, period: str, plan: Plan) -> Statement:
        """Return a person's statement by a plan: as it was settled, else as it is now."""
        known = self.settlements(person, period, plan)
        settled = known[period].settled if period in known else None
        return self.anew(person, period, plan, known) if settled is None else thawed(settled.statement)

    def settlements(self, person: str, period: str, plan: Plan) -> dict[str, Settlement]:
        """Return what was settled or added by hand for a person by a plan, by period, up to a named one."""
        names = [settlement_id(person, plan.id, span.name) for span in spans(plan, period, self.organization)]
        found = self.engine.streams.those("settlement", names, actor=OPERATOR)
        return {one.state.period: one.state for one in found.values()}

    def settled(self, person: str, period: str, plan: str) -> Settlement | None:
        """Return the settlement of a period that is settled."""
        name = settlement_id(person, plan, period)
        view = self.engine.streams.those("settlement", [name], actor=OPERATOR).get(name)
        return view.state if view is not None and view.state.settled else None

    def anew(self, person: str, period: str, plan: Plan, known: Mapping[str, Settlement]) -> Statement:
        """Return a person's statement as it is now, with what became of `known` settlements of earlier periods.

        A period that was settled is compared by what it was settled with: the version of the plan, the target pay
        of the person, the currency.
        """
        return self.reckoned(self.payee(plan, period, person), period, known)

    def reckoned(self, payee: Payee, period: str, known: Mapping[str, Settlement]) -> Statement:
        """Return the statement of one who is paid, as `anew` does."""
        return self._every(payee, period, known)[-1]

    def _every(self, payee: Payee, period: str, known: Mapping[str, Settlement]) -> list[Statement]:
        """Return the statements up to a period."""
        settled = {name: one.settled for name, one in known.items() if one.settled is not None}
        thawn = {name: thawed(one.statement) for name, one in settled.items()}
        earlier = {
            name: self._as_settled(payee, statement, settled[name].basis, period)
            for name, statement in thawn.items()
            if name != period
        }
        found = statements(payee, period, earlier)
        manual = {
            one.period: _added(known[one.period], one.currency)
            for one in found
            if one.period in known and (one.period not in settled or one.period == period)
        }
        last = max((number for number, one in enumerate(found) if one.period in settled), default=0)
        unknown = [one.period for one in found[:last] if one.period not in known]
        passed = {name for name in unknown if not payee.is_paid(self._span(name))}
        return adjusted(payee, found, thawn, manual, passed)

    def open_before(self, period: str, only: str = "") -> Iterator[tuple[str, Plan, str]]:
        """Yield who has an earlier period (or one person) that is not settled, with the plan and that period.

        Whom a plan pays no more is among them, where something followed in a period that was passed over.
        """
        for person, plan in self._planned(period, only):
            first = self._open_from(person, period, plan)
            if first != period:
                yield person, plan, first

    def _open_from(self, person: str, period: str, plan: Plan) -> str:
        """Return the first period of a plan that is to be settled for somebody, at the latest the named one."""
        known, payee = self.settlements(person, period, plan), self.payee(plan, period, person)
        settled = {name for name, one in known.items() if one.settled}
        passed = list[str]()
        for span in spans(plan, period, self.organization):
            if span.name in settled:
                passed.clear()  # what follows there from now on is adjusted in the first open one
                continue
            if span.name in {*known, period} or payee.is_paid(span):
                made = self._every(payee, period, known) if settled and passed else ()
                return next((one.period for one in made if one.period in passed and one.lines), span.name)
            passed.append(span.name)
        return period

    def next_open(self, person: str, period: str, plan: Plan) -> str:
        """Return the first period from a named one on that is not settled."""
        span = self._span(period)
        while self.settled(person, span.name, plan.id) is not None:
            span = Span.at(plan.period, span.until + dt.timedelta(1), self.organization)
        return span.name

    def check_amount(self, person: str, period: str, plan: Plan, amount: str) -> None:
        """Raise InputError for what is no amount of the person's currency, of as many digits as the plan pays.

        A plan that is published no more pays nothing further.
        """
        if plan.id not in self.plans:
            raise InputError(
                f"{plan.id} is published no more; add the amount to what another plan pays: --plan"
            )
        payee = self.payee(plan, period, person)
        currency = payee.currency(self._span(period))
        money, rounding = Money.parse(amount_of(amount)), payee.rounding(currency)
        if money.currency != currency:
            raise InputError(f"{person} is paid in {currency}; write the amount in it, and not {amount}")
        if rounding.of(money.amount) != money.amount:
            raise InputError(f"{plan.id} pays in steps of {rounding.to} {currency}, and not {amount}")

    def _as_settled(self, payee: Payee, then: Statement, basis: Basis, period: str) -> Payee:
        """Return who is paid as when a statement was settled; the payee where nothing is otherwise now."""
        plan, ledger = payee.plan, payee.ledger
        if then.version != plan.version:
            key = (plan.id, then.version)
            if key not in self._earlier:
                published = self.engine.as_known(basis.known).published("plan")
                self._earlier[key] = load_plan(published[plan.id])
            plan = self._earlier[key]
            ledger = self._ledger(plan, period)
        pay = Money.parse(basis.target_pay) if basis.target_pay else None
        found = Payee(ledger, plan, payee.person, pay)
        if found.currency(self._span(then.period)) != then.currency:
            plan = attrs.evolve(plan, currency=then.currency)
            found = Payee(ledger, plan, payee.person, pay)
        elif plan is payee.plan and pay == self.target_pay.get(payee.person):
            return payee
        return found

    def payee(self, plan: Plan, period: str, person: str) -> Payee:
        """Return one who is paid by a plan, up to the end of a period; the last person's are kept."""
        if person != self._person:
            self._payees.clear()
            self._person = person
        key = (plan.id, plan.version, period)
        if key not in self._payees:
            pay = self.target_pay.get(person)
            self._payees[key] = Payee(self._ledger(plan, period), plan, person, pay)
        return self._payees[key]

    def _ledger(self, plan: Plan, period: str) -> Ledger:
        """Return what counts for a plan up to a period; plans that begin in the same year count together."""
        span = self._span(period)
        first = self._year_of(min(plan.since, span.since))
        alone = self.plans.get(plan.id) is not plan  # a version that something was settled with
        key = (first, span.until, *((plan.id, plan.version) if alone else ("", "")))
        if key not in self._ledgers:
            same = [one for one in self.plans.values() if self._year_of(min(one.since, span.since)) == first]
            plans = () if alone else same
            self._ledgers[key] = Ledger(self.engine, first, span.until, plans=plans, progress=self._progress)
        return self._ledgers[key]

    def _year_of(self, day: dt.date) -> dt.date:
        """Return the first day of the fiscal year that a day lies in."""
        return Span.at("year", day, self.organization).since

    def _span(self, period: str) -> Span:
        return Span.of(period, self.organization)


def _added(settlement: Settlement, currency: str) -> list[Line]:
    """Return the lines that were added by hand; raises InputError for another currency than the statement's."""
    found = []
    for number, one in enumerate(settlement.manual, start=1):
        amount = Money.parse(one.amount)
        if amount.currency != currency:
            raise InputError(
                f"{settlement.person} is paid in {currency}, and {one.amount} was added to {settlement.period}"
            )
        name = f"manual:{number}"
        found.append(Line(name, "", "manual", amount.amount, undoes=one.line, because=one.because))
    return found


def read_target_pay(path: Path) -> dict[str, Money]:
    """Read the private file of target pay: columns person and amount, for one period of the plan each.

    Raises InputError with the line of whatever cannot be read.
    """
    faults, found = list[str](), dict[str, Money]()
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                try:
                    found[(row.get("person") or "").strip()] = Money.parse(row.get("amount") or "")
                except ValueError as error:
                    faults.append(f"{path}:{number}: {error}")
    except OSError as error:
        raise InputError(f"the file of target pay cannot be read: {path}: {error.strerror}") from None
    if faults:
        raise InputError("\n".join(faults))
    return found


def target_pay(folder: Path | str, settings: Mapping[str, Any]) -> dict[str, Money]:
    """Return what the private file of target pay says; nothing where the settings name none."""
    pay = settings.get("target_pay")
    return read_target_pay(Path(folder, str(pay))) if pay else {}
