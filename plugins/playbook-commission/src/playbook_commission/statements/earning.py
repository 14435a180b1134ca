"""From credits to what they earn: how much each component of a plan pays in a period, exactly, and at which rates.

Credits and what they earn are kept column by column: there are many, and nearly all of them lie in one tier, where
they are all reckoned alike.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING

import attrs

from playbook_commission.credits.credits import Credits
from playbook_commission.exact import ONE, ZERO, exactly
from playbook_commission.plans.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from playbook_commission.credits.credits import Credit
    from playbook_commission.plans.plan import Component
    from playbook_commission.plans.schedule import Stretch, Tier

    Part = tuple[Decimal, Decimal | None, Decimal, Decimal]
    """Where a part of the axis starts and ends, the rate there and what it pays."""


_NONE = Credits()


@attrs.frozen
class Standing:
    """Hold what a component's tiers are read by.

    That is the quota, what counted `before` this period in the span, by `earlier` credits, the value of a ratio, and
    the target pay of the person for the period. `counted` says that the measure counts things and no amounts, `then`
    what the tiers were that counted before this period, where they may have been others.
    """

    quota: Decimal | None = None
    before: Decimal = ZERO
    value: Decimal | None = None
    target_pay: Decimal = ZERO
    earlier: Credits = _NONE
    counted: bool = False
    then: tuple[Tier, ...] = ()


@attrs.frozen
class Earned:
    """Hold what credits earn, exact: the pay of each, and the part of the axis that it went, at which rate.

    Where a credit did not go one part but several, or none, `parted` has them by its place. `because` says for each
    why, where that is not told by the rate.
    """

    ids: Sequence[str]
    credits: Credits
    starts: Sequence[Decimal]
    ends: Sequence[Decimal | None]
    rates: Sequence[Decimal]
    pays: Sequence[Decimal]
    parted: Mapping[int, tuple[Part, ...]] = {}
    kind: str = "credit"
    because: Sequence[str] = ()


@exactly
def earnings(component: Component, credits_: Credits, standing: Standing) -> list[Earned]:
    """Return what a component pays; raises ValueError where tiers are read by attainment and there is no quota."""
    rating = component.rating
    if not component.tiers:
        return []
    schedule = Schedule(component.tiers)
    if rating.by == "attainment":
        if standing.quota is None:
            raise ValueError(f"{component.id} is paid by attainment, and there is no quota")
        schedule = schedule.scaled(standing.quota)
    if rating.by == "value":
        return list(_by_value(component, schedule, standing))
    if not credits_.ids:
        return []
    if rating.over == "credit":
        return [_alone(component, schedule, credits_, standing)]
    if rating.mode == "marginal":
        return [_marginal(component, schedule, credits_, standing)]
    return list(_reached(component, schedule, credits_, standing))


def _by_value(component: Component, schedule: Schedule, standing: Standing) -> Iterator[Earned]:
    """Pay what a ratio reached: a sum, or a share of the target pay; nobody's cases are credited for it."""
    if standing.value is not None:
        reached = _reader(component, schedule)(standing.value)
        rate = reached.pay * component.multiplier
        pay = rate if component.sums else standing.target_pay * rate
        alone = Credits([""], [""], [standing.value], [ONE])
        yield Earned([component.id], alone, [reached.start], [reached.end], [rate], [pay])


def _alone(component: Component, schedule: Schedule, credits_: Credits, standing: Standing) -> Earned:
    """Pay each credit by itself."""
    steps = _steps(component, credits_, standing)
    if component.rating.mode == "marginal":
        parts = [schedule.marginal(ZERO, step) for step in steps]
        return parted(component, credits_, parts, standing)
    read = _reader(component, schedule)
    return _at(component, credits_, list(map(read, steps)), standing, once=_is_once(component))


def _marginal(component: Component, schedule: Schedule, credits_: Credits, standing: Standing) -> Earned:
    """Pay each part of the axis at its own rate: nearly all credits lie within one tier, and are paid together."""
    steps, times = _steps(component, credits_, standing), component.multiplier
    points = list(accumulate(steps, initial=standing.before))
    starts, ends = points[:-1], points[1:]
    rates, place = [ZERO] * len(steps), 0
    apart: dict[int, tuple[Part, ...]] = {}
    for first, last, pay in schedule.within(starts, ends) if min(steps) >= ZERO else ():
        rates[first:last] = [pay * times] * (last - first)
        apart |= dict.fromkeys(range(place, first), ())
        place = last
    apart |= dict.fromkeys(range(place, len(steps)), ())
    if ZERO in steps:
        apart |= {place: () for place, step in enumerate(steps) if not step}
    pays = list(map(mul, _bases(component, standing, credits_, steps), rates))
    for place in apart:
        alone, way = credits_.at([slice(place, place + 1)]), schedule.marginal(starts[place], ends[place])
        apart[place] = _parts(component, alone, way, standing)
        pays[place] = sum([part[3] for part in apart[place]], ZERO)
    return Earned(_ids(component, credits_), credits_, starts, ends, rates, pays, apart)


@exactly
def parted(
    component: Component,
    credits_: Credits,
    ways: Iterable[Iterable[Stretch]],
    standing: Standing,
    because: Sequence[str] = (),
) -> Earned:
    """Return what credits earn that go through parts of the axis, each part at its own rate."""
    parts = {
        place: _parts(component, credits_.at([slice(place, place + 1)]), way, standing)
        for place, way in enumerate(ways)
    }
    pays = [sum([part[3] for part in one], ZERO) for one in parts.values()]
    nothing = [ZERO] * len(pays)
    ids = _ids(component, credits_)
    return Earned(ids, credits_, nothing, nothing, nothing, pays, parts, because=because)


def unparted(ids: Sequence[str], credits_: Iterable[Credit], pays: Sequence[Decimal], kind: str) -> Earned:
    """Return what is paid for credits as sums, which go no part of the axis."""
    nothing = [ZERO] * len(pays)
    parts: dict[int, tuple[Part, ...]] = dict.fromkeys(range(len(pays)), ())
    return Earned(ids, Credits.of(credits_), nothing, nothing, nothing, pays, parts, kind)


def _parts(
    component: Component, alone: Credits, way: Iterable[Stretch], standing: Standing
) -> tuple[Part, ...]:
    """Return the parts of the axis that a credit went, each with what it pays."""
    found = []
    for one in way:
        rate = one.pay * component.multiplier
        (base,) = _bases(component, standing, alone, [one.width])
        found.append((one.start, one.end, rate, base * rate))
    return tuple(found)


def _reached(
    component: Component, schedule: Schedule, credits_: Credits, standing: Standing
) -> Iterator[Earned]:
    """Pay everything at the rate reached, and what counted before in the span too: a true-up."""
    total, read = sum(_steps(component, credits_, standing), standing.before), _reader(component, schedule)
    reached, before = read(total), ZERO
    if standing.before or standing.earlier.ids:
        then = _reader(component, Schedule(standing.then)) if standing.then else read
        before = then(standing.before).pay
    if _is_once(component):
        yield _shared(component, credits_, reached, (reached.pay - before) * component.multiplier, standing)
        return
    yield _at(component, credits_, [reached] * len(credits_.ids), standing)
    rise = reached.pay - before if standing.before and component.rating.mode == "whole" else ZERO
    if rise and standing.earlier.ids:
        again = [reached._replace(pay=rise)] * len(standing.earlier.ids)
        ids = [f"{component.id}:true-up:{one}" for one in standing.earlier.ids]
        yield attrs.evolve(_at(component, standing.earlier, again, standing), ids=ids, kind="true_up")


def _shared(
    component: Component, credits_: Credits, reached: Stretch, pay: Decimal, standing: Standing
) -> Earned:
    """Pay a sum once for what was reached.

    Each credit has the part of it that it is of all, so that what is undone later takes back its part.
    """
    ways = _steps(component, credits_, standing)
    count, whole = len(ways), sum(ways, ZERO)
    pays = [pay * way / whole if whole else ZERO for way in ways]
    pays[-1] = pay - sum(pays[:-1], ZERO)
    starts, ends, rates = [reached.start] * count, [reached.end] * count, [reached.pay] * count
    return Earned(_ids(component, credits_), credits_, starts, ends, rates, pays)


def _at(
    component: Component,
    credits_: Credits,
    reached: Sequence[Stretch],
    standing: Standing,
    *,
    once: bool = False,
) -> Earned:
    """Pay all of each credit at one rate, or where it is paid `once`, what was reached."""
    times = component.multiplier
    if once:
        rates = [one.pay for one in reached]
        pays = [rate * times for rate in rates]
    else:
        rates = [one.pay * times for one in reached]
        pays = list(
            map(mul, _bases(component, standing, credits_, _steps(component, credits_, standing)), rates)
        )
    starts, ends = [one.start for one in reached], [one.end for one in reached]
    return Earned(_ids(component, credits_), credits_, starts, ends, rates, pays)


def _is_once(component: Component) -> bool:
    """Return whether a sum is paid for what was reached, and not for each thing that counts."""
    by_count = component.rating.mode == "whole" and component.rating.by == "count"
    return component.sums and not by_count


def _reader(component: Component, schedule: Schedule) -> Callable[[Decimal], Stretch]:
    """Return what tells what a position on the axis pays."""
    return schedule.interpolated if component.rating.mode == "interpolated" else schedule.whole


def _ids(component: Component, credits_: Credits) -> list[str]:
    return [f"{component.id}:{one}" for one in credits_.ids]


def _steps(component: Component, credits_: Credits, standing: Standing) -> Sequence[Decimal]:
    """Return how far each credit goes on the axis."""
    return credits_.counts if standing.counted or component.rating.by == "count" else credits_.amounts


def _bases(
    component: Component, standing: Standing, credits_: Credits, parts: Sequence[Decimal]
) -> Sequence[Decimal]:
    """Return what a rate is paid of, for the part of the axis that each credit went."""
    if component.pays == "target_pay":
        quota, target_pay = standing.quota, standing.target_pay
        if not quota:
            raise ValueError(f"{component.id} pays shares of target pay by attainment, and there is no quota")
        return [target_pay * part / quota for part in parts]
    if component.rating.by != "count" or component.sums:
        return parts
    worth = zip(credits_.amounts, parts, credits_.counts, strict=True)
    return [amount * part / count for amount, part, count in worth]
