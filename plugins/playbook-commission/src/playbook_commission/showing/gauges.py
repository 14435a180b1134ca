"""How far a person is on each component of a plan: the share of the quota, the step, and what the next one pays."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs
from msgspec import UNSET

from playbook_commission.exact import CONTEXT, ONE, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook_commission.foresight.outlook import Step
    from playbook_commission.plans.plan import Component
    from playbook_commission.showing.telling import Telling
    from playbook_commission.statements.statement import Reached

_DAYS = re.compile(r"(?P<some>[\d.]+) of (?P<all>\d+) days")
_CHANGED = re.compile(r"from (?P<day>\d{4}-\d\d-\d\d) (?P<target>[\d.]+)(?: (?P<currency>[A-Z]{3}))?")
_PLACES = Decimal("0.001")


@attrs.frozen
class Gauge:
    """Hold how far a component is, in sentences, as a share of a bar with marks (of 1), and as steps.

    `share` is None where there is nothing to draw. A step is where it begins, what it pays, and whether it is
    `passed`, `here` (then with the words for it) or neither.
    """

    title: str
    said: tuple[str, ...]
    share: Decimal | None = None
    marks: tuple[Decimal, ...] = ()
    note: str = ""
    head: tuple[str, str] = ("", "")
    steps: tuple[tuple[str, str, str, str], ...] = ()


def gauges(telling: Telling, reached: Sequence[Reached], steps: Sequence[Step]) -> tuple[Gauge, ...]:
    """Return how far each component that rates credits is; without `steps`, only what was reached of quotas.

    Of one that has only a spiff it is said where its budget is spent.
    """
    known = {step.component: step for step in steps}
    return tuple(
        _Gauging(telling, one, known.get(one.component)).gauge()
        if telling.components[one.component].rates
        else Gauge(telling.title(one.component), (telling.budget(one.component),))
        for one in reached
        if one.component in telling.components
        and (telling.components[one.component].rates or telling.budget(one.component))
    )


class _Gauging:
    def __init__(self, telling: Telling, reached: Reached, step: Step | None) -> None:
        self._telling = telling
        self._say = telling.wording.say
        self._reached = reached
        self._step = step
        self._component: Component = telling.components[reached.component]
        self._currency = self._axis()
        self._apart = reached.amount is not UNSET  # the quota is not on the axis

    def _axis(self) -> str:
        """Return the currency of the axis; nothing where it is a count."""
        if self._component.rating.by == "count":
            return ""
        quota = self._reached.quota
        by_quota = self._component.rating.by == "attainment" and quota is not None
        return quota.currency if by_quota and quota is not None else self._telling.one.currency

    def gauge(self) -> Gauge:
        step, say = self._step, self._say
        title, said = self._telling.title(self._component.id), tuple(self._said())
        if step is None:
            return Gauge(title, said)
        share, marks = self._bar(step)
        alone = step.reached is None and not self._component.by_value
        mode = "each" if alone else self._component.rating.mode
        if len(step.tiers) == 1:  # one rate for all: there are no steps
            return Gauge(title, said, share, marks)
        return Gauge(
            title, said, share, marks, say(mode), (say("from"), say("rate")), tuple(self._rows(step))
        )

    # -- in sentences -------------------------------------------------------------------------------

    def _said(self) -> Iterator[str]:
        yield from self._far()
        if self._step is not None:
            yield from self._next(self._step)
            yield from self._gate()
        bounds = (("cap", self._component.cap), ("floor", self._component.floor))
        for kind, bound in bounds:
            if bound is not None:
                amount = self._telling.wording.short(bound.amount)
                yield self._say("bound", bound=self._say(f"{kind}_{bound.per}", amount=amount))
        spent = self._telling.budget(self._component.id)
        if spent:
            yield spent

    def _far(self) -> Iterator[str]:
        one, say, wording = self._reached, self._say, self._telling.wording
        if self._component.by_value:
            yield say("no_value") if one.value is None else say("value", value=wording.percent(one.value))
            return
        if one.quota is None or one.share is None:
            yield say("so_far", credited=self._on_axis(one.credited))
        else:
            reached, quota = self._of_quota(one.attained), self._of_quota(one.quota.amount)
            yield say("of_quota", credited=reached, quota=quota, share=wording.percent(one.share))
            yield from (self._because(part) for part in one.quota.because.split("; ") if part)
            yield from self._left(one)
        scale = None if self._step is None else self._step.scale
        if scale is not None and scale.standing.before and scale.position is not None:
            yield say("in_year", position=self._on_axis(scale.position))

    def _because(self, said: str) -> str:
        """Return why a quota is what it is."""
        wording, days, changed = self._telling.wording, _DAYS.fullmatch(said), _CHANGED.fullmatch(said)
        if days is not None:
            some, whole = (wording.number(Decimal(days[part])) for part in ("some", "all"))
            return self._say("quota_days", some=some, all=whole)
        if changed is not None:
            quota = self._telling.short(Decimal(changed["target"]), changed["currency"] or "")
            return self._say(
                "quota_from", day=wording.day(dt.date.fromisoformat(changed["day"])), quota=quota
            )
        return wording.name(said)

    def _left(self, one: Reached) -> Iterator[str]:
        """Yield what is left to the quota, where that is not what is left to the next tier."""
        if one.quota is not None and one.attained < one.quota.amount:
            following = None if self._step is None else self._step.next
            if following is None or self._apart or following.start != one.quota.amount:
                yield self._say("left", left=self._of_quota(CONTEXT.subtract(one.quota.amount, one.attained)))

    def _next(self, step: Step) -> Iterator[str]:
        say = self._say
        if step.reached is None:
            return
        rate = ZERO if step.reached < 0 else self._rate_now(step)
        yield say("rate_now", rate=self._rate(rate)) if rate else say("rate_none")
        if step.withheld:
            yield say("withheld", missing=self._of_quota(step.withheld))
        elif step.next is not None and step.missing is not None:
            yield say("next", missing=self._on_axis(step.missing), rate=self._rate(step.next.pay))
        elif step.next is None and len(step.tiers) > 1:
            yield say("top")

    def _rate_now(self, step: Step) -> Decimal:
        if self._component.rating.mode == "interpolated" and step.scale.position is not None:
            return step.pays(step.scale.position)
        return step.tiers[step.reached or 0].pay

    def _gate(self) -> Iterator[str]:
        gate = self._component.gate
        if gate is None:
            return
        other = {one.component: one for one in self._telling.one.reached}[gate.component]
        value = self._say("unknown") if other.share is None else self._telling.wording.percent(other.share)
        yield self._say(
            "gate_open" if gate.opens(other.share) else "gate_shut",
            component=self._telling.title(gate.component), least=self._telling.least(gate), value=value,
        )  # fmt: skip

    # -- as steps and as a bar ----------------------------------------------------------------------

    def _rows(self, step: Step) -> Iterator[tuple[str, str, str, str]]:
        """Yield the steps; between two of those that rise evenly, where the person is."""
        position = step.scale.position
        between = self._component.rating.mode == "interpolated" and position is not None
        for index in range(len(step.tiers)):
            yield self._row(step, index, on_it=not between or step.tiers[index].start == position)
            if between and index == step.reached and step.tiers[index].start != position:
                rate = self._rate(self._rate_now(step))
                yield self._on_axis(position or ZERO), rate, "here", self._say("here")

    def _row(self, step: Step, index: int, *, on_it: bool) -> tuple[str, str, str, str]:
        tier, reached = step.tiers[index], step.reached
        start = self._on_axis(tier.start)
        if self._component.rating.by == "attainment":
            share = self._telling.wording.percent(self._component.tiers[index].start)
            start = f"{share} ({start})" if tier.start else share
        mark = (
            "" if reached is None or index > reached else "here" if index == reached and on_it else "passed"
        )
        return start, self._rate(tier.pay), mark, self._say(mark) if mark else ""

    def _bar(self, step: Step) -> tuple[Decimal | None, tuple[Decimal, ...]]:
        position, starts = step.scale.position, [one.start for one in step.tiers if one.start > ZERO]
        quota = None if self._apart else step.scale.standing.quota
        if position is None or not (starts or quota):
            return None, ()
        end = max([position, *starts, *([quota] if quota else [])])
        if position >= end or starts[-1:] == [end]:
            end = CONTEXT.multiply(end, Decimal("1.12"))  # the last step is open: something is behind it
        share = max(min(CONTEXT.divide(position, end), ONE), ZERO).quantize(_PLACES, context=CONTEXT)
        return share, tuple(CONTEXT.divide(start, end).quantize(_PLACES, context=CONTEXT) for start in starts)

    def _on_axis(self, value: Decimal) -> str:
        if self._component.by_value:
            return self._telling.wording.percent(value)
        return self._telling.short(value, self._currency)

    def _of_quota(self, value: Decimal) -> str:
        """Return what counts towards the quota."""
        return self._telling.short(value, self._telling.one.currency) if self._apart else self._on_axis(value)

    def _rate(self, pay: Decimal) -> str:
        return self._telling.rate(pay, self._component)
