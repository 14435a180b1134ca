"""From credits to lines: what each component of a plan pays in a period, and how."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import attrs
import msgspec
from msgspec.structs import replace

from playbook_commission.exact import ONE, ZERO, exactly
from playbook_commission.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from playbook_commission.plan import Component
    from playbook_commission.schedule import Stretch

    _Base = Callable[["Credit", Decimal], Decimal]


class Credit(msgspec.Struct, frozen=True, gc=False):
    """Hold a person's share of what a case counts for a measure on a day.

    `amount` is in the currency of the statement; `count` is the share of one thing counted.
    """

    id: str
    case: str
    amount: Decimal
    count: Decimal = ONE


class Slice(msgspec.Struct, frozen=True, gc=False):
    """Hold the part of a line between two points of the axis, the rate there and what it pays."""

    start: Decimal
    end: Decimal | None
    rate: Decimal
    pay: Decimal


class Line(msgspec.Struct, frozen=True, gc=False):
    """Hold one line of a statement; `case` is empty where it is for no single one, `undoes` the line it undoes.

    `waits` says that it is of what is held back, and not of what is earned.
    """

    id: str
    component: str
    kind: str
    pay: Decimal
    case: str = ""
    credit: Decimal = ZERO
    slices: tuple[Slice, ...] = ()
    undoes: str = ""
    because: str = ""
    waits: bool = False


@attrs.frozen
class Standing:
    """Hold what a component's tiers are read by.

    That is the quota, what counted `before` this period in the span, by `earlier` credits, the value of a ratio, and
    the target pay of the person for the period. `counted` says that the measure counts things and no amounts.
    """

    quota: Decimal | None = None
    before: Decimal = ZERO
    value: Decimal | None = None
    target_pay: Decimal = ZERO
    earlier: Sequence[Credit] = ()
    counted: bool = False


@exactly
def lines(component: Component, credited: Sequence[Credit], standing: Standing) -> list[Line]:
    """Return the lines of a component, exact; credits come in the order in which they count.

    Raises ValueError where tiers are read by attainment and there is no quota.
    """
    if not component.tiers:
        return []
    schedule = Schedule(component.tiers)
    rating = component.rating
    if rating.by == "attainment":
        if standing.quota is None:
            raise ValueError(f"{component.id} is paid by attainment, and there is no quota")
        schedule = schedule.scaled(standing.quota)
    if rating.by == "value":
        return list(_by_value(component, schedule, standing))
    pay = _PAID[rating.mode]
    if rating.over == "credit":
        alone = attrs.evolve(standing, before=ZERO)
        return [line for one in credited for line in pay(component, schedule, (one,), alone)]
    return list(pay(component, schedule, credited, standing))


def _by_value(component: Component, schedule: Schedule, standing: Standing) -> Iterator[Line]:
    """Pay what a ratio reached: a sum, or a share of the target pay; nobody's cases are credited for it."""
    if standing.value is None:
        return
    reached = (schedule.interpolated if component.rating.mode == "interpolated" else schedule.whole)(
        standing.value
    )
    rate = reached.pay * component.multiplier
    pay = rate if component.sums else standing.target_pay * rate
    shown = (Slice(reached.start, reached.end, rate, pay),)
    yield Line(component.id, component.id, "credit", pay, credit=standing.value, slices=shown)


def _marginal(
    component: Component, schedule: Schedule, credited: Sequence[Credit], standing: Standing
) -> Iterator[Line]:
    base, position = _base(component, standing), standing.before
    for credit in credited:
        end = position + _measured(component, credit, standing)
        yield _sliced(component, credit, schedule.marginal(position, end), base)
        position = end


@exactly
def sliced(component: Component, credit: Credit, parts: Iterable[Stretch], standing: Standing) -> Line:
    """Return the line of a credit that goes through parts of the axis, each at its own rate."""
    return _sliced(component, credit, parts, _base(component, standing))


def _sliced(component: Component, credit: Credit, parts: Iterable[Stretch], base: _Base) -> Line:
    slices = []
    for part in parts:
        rate = part.pay * component.multiplier
        slices.append(Slice(part.start, part.end, rate, base(credit, part.width) * rate))
    return _line(component, credit, tuple(slices))


def _whole(
    component: Component, schedule: Schedule, credited: Sequence[Credit], standing: Standing
) -> Iterator[Line]:
    """Pay everything at the rate reached, and each that counted before in the span too: a true-up."""
    total = sum((_measured(component, one, standing) for one in credited), standing.before)
    reached = schedule.whole(total)
    before = schedule.whole(standing.before).pay if standing.before else ZERO
    if component.sums and component.rating.by != "count":
        yield from _once(component, reached, before, credited, standing)
        return
    yield from _at(component, reached.pay, (reached.start, reached.end), credited, standing)
    rise = reached.pay - before if standing.before else ZERO
    if rise:
        for line in _at(component, rise, (reached.start, reached.end), standing.earlier, standing):
            name = line.id.removeprefix(f"{component.id}:")
            yield replace(line, id=f"{component.id}:true-up:{name}", kind="true_up")


def _interpolated(
    component: Component, schedule: Schedule, credited: Sequence[Credit], standing: Standing
) -> Iterator[Line]:
    total = sum((_measured(component, one, standing) for one in credited), standing.before)
    reached = schedule.interpolated(total)
    if not component.sums:
        yield from _at(component, reached.pay, (reached.start, reached.end), credited, standing)
        return
    before = schedule.interpolated(standing.before).pay if standing.before else ZERO
    yield from _once(component, reached, before, credited, standing)


def _once(
    component: Component, reached: Stretch, before: Decimal, credited: Sequence[Credit], standing: Standing
) -> Iterator[Line]:
    """Pay a sum once for what was reached, less what earlier periods of the span were paid.

    Each credit has the part of it that it is of all, so that what is undone later takes back its part.
    """
    ways = [_measured(component, one, standing) for one in credited]
    left = pay = (reached.pay - before) * component.multiplier
    whole, last = sum(ways, ZERO), len(ways) - 1
    for number, (credit, way) in enumerate(zip(credited, ways, strict=True)):
        part = left if number == last else pay * way / whole if whole else ZERO
        left -= part
        yield _line(component, credit, (Slice(reached.start, reached.end, reached.pay, part),))


def _at(
    component: Component,
    pays: Decimal,
    between: tuple[Decimal, Decimal | None],
    credited: Sequence[Credit],
    standing: Standing,
) -> Iterator[Line]:
    base, rate = _base(component, standing), pays * component.multiplier
    for credit in credited:
        pay = base(credit, _measured(component, credit, standing)) * rate
        yield _line(component, credit, (Slice(*between, rate, pay),))


def _line(component: Component, credit: Credit, slices: tuple[Slice, ...]) -> Line:
    pay = slices[0].pay if len(slices) == 1 else sum([one.pay for one in slices], ZERO)
    return Line(
        f"{component.id}:{credit.id}", component.id, "credit", pay, credit.case, credit.amount, slices
    )


def _measured(component: Component, credit: Credit, standing: Standing) -> Decimal:
    """Return how far a credit goes on the axis."""
    return credit.count if standing.counted or component.rating.by == "count" else credit.amount


def _base(component: Component, standing: Standing) -> _Base:
    """Return what tells what a rate is paid of, for a part of the axis that a credit went."""
    if component.pays == "target_pay":
        quota, target_pay = standing.quota, standing.target_pay
        if not quota:
            raise ValueError(f"{component.id} pays shares of target pay by attainment, and there is no quota")
        return lambda credit, part: target_pay * part / quota
    if component.rating.by != "count" or component.sums:
        return lambda credit, part: part
    return lambda credit, part: credit.amount * part / credit.count


@exactly
def summed(values: Iterable[Decimal]) -> Decimal:
    """Return an exact sum."""
    return sum(values, ZERO)


_PAID: Mapping[str, Callable[..., Iterator[Line]]] = {
    "marginal": _marginal,
    "whole": _whole,
    "interpolated": _interpolated,
}
