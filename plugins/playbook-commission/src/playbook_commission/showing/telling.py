"""How a line of a statement is told: what it is for, how it came to be, and why, in the reader's language."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from playbook import Money
from playbook_commission.exact import CONTEXT
from playbook_commission.spans import Span
from playbook_commission.statements.spiffs import is_spent
from playbook_commission.statements.untold import UNTOLD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from playbook_commission.credits.things import Thing
    from playbook_commission.plans.plan import Component, Gate
    from playbook_commission.showing.wording import Wording
    from playbook_commission.statements.payee import Payee
    from playbook_commission.statements.paying import Line, Slice
    from playbook_commission.statements.statement import Statement

_UNDONE = re.compile(r"(?P<entry>\S+) of (?P<day>\d{4}-\d\d-\d\d)")
_ADJUSTED = re.compile(r"(?P<period>\S+): (?P<was>.+) was settled, it is (?P<now>.+) now")


class Telling:
    """Tell the lines of one statement, by the cases and the days that its person is credited for.

    A settled statement is told by the plan as it is now: where a component is no more, its id and rates remain.
    """

    def __init__(self, wording: Wording, one: Statement, payee: Payee) -> None:
        self.wording = wording
        self.one = one
        self.components = {component.id: component for component in payee.plan.components}
        self.spent = {
            one.id: one.spiff for one in payee.plan.components if one.spiff and is_spent(payee, one)
        }
        self._plan = payee.plan
        self._cases = _cases(payee, {line.case for line in one.lines})
        self._engine = payee.ledger.engine
        self._days = _days(payee, one.currency)
        self._quotas = dict(_quotas(payee, one))

    def title(self, component: str) -> str:
        """Return what a component is called; the plan as a whole where none is named."""
        if not component:
            return self.wording.say("whole_plan")
        known = self.components.get(component)
        return self.wording.name((known.title if known is not None else "") or component.replace("_", " "))

    def money(self, amount: Decimal) -> str:
        """Return an amount of the statement with its currency."""
        return self.wording.money(Money(amount, self.one.currency))

    def amount(self, amount: Decimal) -> str:
        """Return an amount of the statement without its currency."""
        return self.wording.amount(Money(amount, self.one.currency))

    def short(self, amount: Decimal, currency: str) -> str:
        """Return an amount, or a number where there is no currency, as short as it can be written."""
        return self.wording.short(Money(amount, currency)) if currency else self.wording.number(amount)

    def day(self, line: Line) -> str:
        """Return in words the day on which what a line is for counted; nothing where that is not known."""
        day = self.counted(line)
        return "" if day is None else self.wording.day(day)

    def counted(self, line: Line) -> dt.date | None:
        """Return the day on which what a line is for counted; None where that is not known."""
        undone = line.undoes.partition("/")[2] if line.kind == "adjustment" else line.undoes
        return self._days.get(line.id) or self._days.get(undone.removesuffix(":hold").removesuffix(":untold"))

    def deal(self, line: Line) -> str:
        """Return what the case of a line is called; for what is for no single one, what the line is."""
        if line.case:
            case = self._cases.get(line.case)
            return self.wording.name(line.case if case is None else case.name or line.case)
        return self.title(line.component) if line.kind == "credit" else self.kind(line)

    def kind(self, line: Line) -> str:
        """Return what kind of line it is."""
        return self.title(line.component) if line.kind == "credit" else self.wording.say(line.kind)

    def of_case(self, line: Line) -> str:
        """Return what the case of a line is called; nothing where it is for none."""
        return self.deal(line) if line.case else ""

    def waiting(self, line: Line) -> str:
        """Return what happens to what is held: that, or why it is held or corrected."""
        return self.why(line) if line.because else self.kind(line)

    # -- how it came to be --------------------------------------------------------------------------

    def how(self, line: Line) -> str:
        """Return how the pay of a line came to be: parts and rates, or what bounds it."""
        component = self.components.get(line.component)
        if line.kind == "spiff":
            return self.wording.say("spiff")
        if line.kind in ("cap", "floor"):
            return self._bound(line)
        if line.kind == "gate":
            return self._shut(line, component)
        parts = self.wording.say("plus").join(self._slice(line, one, component) for one in line.slices)
        return parts or self.wording.name(line.because)

    def _slice(self, line: Line, one: Slice, component: Component | None) -> str:
        rate = self.rate(one.rate, component)
        if component is not None and component.id in self._quotas:
            return self._of_quota(line, one, component, rate)
        parted = component is None or component.rule is not None or component.rating.mode == "marginal"
        if not parted or len(line.slices) == 1 or one.end is None:
            return rate
        width = CONTEXT.subtract(one.end, one.start)
        by_count = component is not None and component.rating.by == "count"
        return f"{self.wording.number(width) if by_count else self.amount(width)}\u00a0\u00d7\u00a0{rate}"

    def _of_quota(self, line: Line, one: Slice, component: Component, rate: str) -> str:
        """Return how a share of target pay came to be: the rate is for all of the quota, and a part was reached."""
        width = line.credit
        if component.rating.mode == "marginal" and one.end is not None:
            width = CONTEXT.subtract(one.end, one.start)
        share = self.wording.percent(CONTEXT.divide(width, self._quotas[component.id]))
        return f"{self.wording.say('of_the_quota', share=share)}\u00a0\u00d7\u00a0{rate}"

    def rate(self, rate: Decimal, component: Component | None) -> str:
        """Return what a tier pays: a share, a share of the target pay, or a sum."""
        if component is not None and component.sums:
            return self.short(rate, self.one.currency)
        share = self.wording.percent(rate)
        target = component is not None and component.pays == "target_pay"
        return self.wording.say("of_target_pay", rate=share) if target else share

    def _bound(self, line: Line) -> str:
        holder = self.components.get(line.component) if line.component else self._plan
        bound = None if holder is None else holder.cap if line.kind == "cap" else holder.floor
        if bound is None:
            return self.wording.name(line.because)
        return self.wording.say(f"{line.kind}_{bound.per}", amount=self.wording.short(bound.amount))

    def _shut(self, line: Line, component: Component | None) -> str:
        if component is None or component.gate is None:
            return self.wording.name(line.because)
        gate = component.gate
        return self.wording.say("gate_because", component=self.title(gate.component), least=self.least(gate))

    def least(self, gate: Gate) -> str:
        """Return what a gate asks for."""
        share = self.wording.percent(gate.least)
        return self.wording.say("above" if gate.beyond else "at_least", least=share)

    def budget(self, component: str) -> str:
        """Return that the budget of a component's spiff is spent; nothing where it is not."""
        budget = self.spent[component].budget if component in self.spent else None
        return "" if budget is None else self.wording.say("spent", amount=self.wording.short(budget))

    # -- why ----------------------------------------------------------------------------------------

    def why(self, line: Line) -> str:
        """Return why a line is there; what a person wrote stays as it is."""
        undone, adjusted = _UNDONE.fullmatch(line.because), _ADJUSTED.fullmatch(line.because)
        if line.kind == "clawback" and undone is not None:
            entry = self.wording.name(self._entry(line.case, undone["entry"]))
            day = self.wording.day(dt.date.fromisoformat(undone["day"]))
            return self.wording.say("clawback_because", entry=entry, day=day)
        if line.kind == "adjustment" and adjusted is not None:
            was, now = (self.wording.money(Money.parse(adjusted[part])) for part in ("was", "now"))
            period = self.wording.period(adjusted["period"])
            return self.wording.say("adjustment_because", period=period, was=was, now=now)
        if line.kind == "hold" and line.because.startswith(UNTOLD):
            condition = self.wording.name(line.because.removeprefix(UNTOLD))
            return self.wording.say("untold", condition=condition)
        return self.wording.name(line.because)

    def _entry(self, case: str, kind: str) -> str:
        """Return what a kind of entry is called in the playbook of a case."""
        known = self._cases.get(case)
        entries = (
            () if known is None else self._engine.definitions.current(known.playbook, None).playbook.entries
        )
        return next(
            (entry.title for entry in entries if entry.id == kind and entry.title), kind.replace("_", " ")
        )


def _cases(payee: Payee, named: Collection[str]) -> dict[str, Thing]:
    """Return a thing that the plan counts of each of some cases."""
    found: dict[str, Thing] = {}
    for component in payee.plan.components:
        found |= {one.case: one for one in payee.ledger.counted(payee.plan, component) if one.case in named}
    return found


def telling_lines(one: Statement) -> tuple[Line, ...]:
    """Return the lines of a statement but those that credit nothing of a deal that another line credits."""
    credited = {line.case for line in one.lines if line.credit}
    return tuple(line for line in one.lines if line.pay or line.credit or line.case not in credited)


def _days(payee: Payee, currency: str) -> dict[str, dt.date]:
    """Return the days on which a person's credits count, by the lines that are made of them."""
    found = {}
    for component in payee.plan.components:
        if not component.by_value:
            ever = (dt.date.min, dt.date.max, currency)
            for one in (*payee.credited(component, *ever).things, *payee.untold(component, *ever).things):
                found[f"{component.id}:{one.id}"] = one.day
                found[f"{component.id}:spiff:{one.id}"] = one.day
    return found


def _quotas(payee: Payee, one: Statement) -> Iterator[tuple[str, Decimal]]:
    """Yield the quota of each component that pays shares of the target pay for what was reached of it."""
    span = Span.of(one.period, payee.ledger.organization)
    for component in payee.plan.components:
        by_quota = component.pays == "target_pay" and component.rating.by == "attainment"
        if by_quota and payee.has_amounts(component):
            whole = payee.read_over(component, span)
            quota = payee.quota(component.measure, whole, one.currency, span.until)
            if quota is not None and quota.amount:
                yield component.id, quota.amount
