"""Credits: whom what a measure counts is credited to, in the currency they are paid in."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

import attrs
import msgspec

from playbook import InputError, Money
from playbook_commission.exact import ONE, ZERO, Rounding, exactly
from playbook_commission.overlays import Overlays
from playbook_commission.paying import Credit, summed
from playbook_commission.quotas import Quotas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from playbook import Condition, Engine
    from playbook.engine.measuring import Counted
    from playbook.model.case import Entry
    from playbook.model.organization import Organization
    from playbook_commission.plan import Component, Plan

    _Key = tuple[str, str, str, str]

_STEP = 1_000


class Sold(msgspec.Struct, frozen=True, gc=False):
    """Hold what is asked later of a case that counted; of its `entries` those that release or undo what is paid.

    `worth` is the amount of the case, where its playbook has one.
    """

    id: str
    name: str
    playbook: str
    closed: dt.datetime | None
    entries: tuple[Entry, ...]
    worth: Money | None = None


class Thing(msgspec.Struct, frozen=True, gc=False):
    """Hold one thing that a measure counted for a component: a case, or where `entry` is not 0, an entry of it.

    `shares` are whom it is credited to, `spiff` tells whether the component's spiff is due for it: None where the
    case says too little. It is `untold` where the case says too little to know whether the component pays for it.
    """

    case: Sold
    entry: int
    day: dt.date
    amount: Money | Decimal | None
    shares: dict[str, Decimal]
    spiff: bool | None = False
    untold: bool = False


def money_of(thing: Thing) -> Money | None:
    """Return what a thing was counted with, where that is money."""
    return thing.amount if isinstance(thing.amount, Money) else None


class Credited(msgspec.Struct, frozen=True, gc=False):
    """Hold a credit with what it was counted from, and whether the component's spiff is due for it, as there."""

    credit: Credit
    counted: Thing
    day: dt.date
    spiff: bool | None = False


class _Count:
    """Hold what was counted for a component, in the order of days, and the same by whom it is credited to."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self.all = tuple(_in_order(things))

    @cached_property
    def by_person(self) -> Mapping[str, list[Thing]]:
        found = defaultdict[str, list[Thing]](list)
        for one in self.all:
            for name in one.shares:
                found[name].append(one)
        return found

    def by_manager(self, manager_of: Callable[[str, dt.date], str]) -> Mapping[str, list[Thing]]:
        found = defaultdict[str, list[Thing]](list)
        for one in self.all:
            for manager in dict.fromkeys(manager_of(name, one.day) for name in one.shares):
                found[manager].append(one)
        return found


class Ledger:
    """Count measures from one day to another, each once; for another organization where one is given.

    `plans` are those that will be asked for: what they count of the same measure is counted together. `progress`
    hears how many cases were looked at.
    """

    def __init__(
        self,
        engine: Engine,
        since: dt.date,
        until: dt.date,
        organization: Organization | None = None,
        *,
        plans: Iterable[Plan] = (),
        progress: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.engine = engine
        self.world = engine.world
        self.organization = organization or self.world.organization
        self.quotas = Quotas(self.organization)
        self.spiffs_left: dict[tuple[str, str, str], Mapping[str, Decimal]] = {}
        self._span = (since, until)
        self._plans = tuple(plans)
        self._progress = progress
        self._counts: dict[_Key, _Count] = {}
        self._by_manager: dict[_Key, Mapping[str, list[Thing]]] = {}
        self._overlays = Overlays(self.organization)
        self._managers: dict[tuple[str, dt.date], str] = {}
        self._followed: dict[tuple[str, str], Mapping[str, Sequence[Thing]]] = {}
        self._supposed: tuple[Ledger, Callable[[Thing], Thing | None]] | None = None

    def supposing(self, more: Callable[[Thing], Thing | None]) -> Ledger:
        """Return a ledger that counts what this one does and, beside each thing, what `more` says of it."""
        found = Ledger(self.engine, *self._span, self.organization)
        found._supposed = (self, more)
        return found

    def counted(self, plan: Plan, component: Component) -> tuple[Thing, ...]:
        """Return what a component's measure counts and its condition holds for, in the order of days."""
        return () if component.by_value else self._count(plan, component).all

    def credited(self, plan: Plan, component: Component, person: str, currency: str) -> tuple[Credited, ...]:
        """Return a person's credits for a component, or those of the people they manage, in the order of days."""
        count, own = self._count(plan, component), component.credit != "people_of"
        things = count.by_person if own else self._managed(_key(plan, component), count)
        return tuple(
            Credited(
                self._credit(one, (person,) if own else self._people_of(person, one), currency),
                one, one.day, one.spiff,
            )
            for one in things.get(person, ())
        )  # fmt: skip

    def followed(self, plan: Plan) -> Mapping[str, Sequence[Thing]]:
        """Return what a plan counts of each case that its hold or clawback may follow.

        That is what the first component counts that counts money of it, else what the first one does. A case for
        which nothing is to be paid in is followed, too: nothing is waited for.
        """
        key = (plan.id, plan.version)
        if key not in self._followed:
            found: dict[str, list[Thing]] = {}
            for component in plan.components if plan.hold or plan.clawback else ():
                its = defaultdict[str, list[Thing]](list)
                for one in self.counted(plan, component):
                    if _is_followed(one):
                        its[one.case.id].append(one)
                for case, things in its.items():
                    if case not in found or (not _in_money(found[case]) and _in_money(things)):
                        found[case] = things
            free = {case for case, things in found.items() if not things[0].case.entries}
            for component in plan.components if free else ():
                worth = {
                    one.case.id
                    for one in self.counted(plan, component)
                    if one.case.id in free and _in_money((one,))
                }
                for case in worth:  # it is worth nothing to one component alone
                    del found[case]
                free -= worth
            self._followed[key] = found
        return self._followed[key]

    def firsts(self, plan: Plan) -> dict[str, Thing]:
        """Return the first thing that a plan counts of each case, by case."""
        found: dict[str, Thing] = {}
        for component in plan.components:
            for one in self.counted(plan, component):
                found.setdefault(one.case.id, one)
        return found

    def exchanged(self, amount: Money, currency: str, day: dt.date) -> Decimal:
        """Return an amount in a currency at the rate of a day, unrounded; raises InputError without one."""
        if amount.currency == currency:
            return amount.amount
        paid = self.world.rates.convert(amount, currency, day)
        if paid is None:
            raise InputError(
                f"there is no rate from {amount.currency} to {currency} for {day}; add one to `rates`"
            )
        return paid.amount

    # -- counting -----------------------------------------------------------------------------------

    def _count(self, plan: Plan, component: Component) -> _Count:
        key = _key(plan, component)
        if key not in self._counts and self._supposed is not None:
            ledger, more = self._supposed
            known = ledger._count(plan, component).all
            self._counts[key] = _Count([*known, *(one for one in map(more, known) if one is not None)])
        elif key not in self._counts:
            asking = {_key(*one): one for one in self._asking(component.measure)}
            asking[key] = (plan, component)
            self._counts.update(self._counted(component.measure, asking))
        return self._counts[key]

    def _asking(self, measure: str) -> Iterator[tuple[Plan, Component]]:
        """Yield the components of all plans that ask for a measure, alone or as a part of a ratio."""
        ratios = {one.id: one.ratio for one in self.organization.rules.measures}
        for plan in self._plans:
            for one in plan.components:
                if measure == one.measure:
                    yield plan, one
                elif one.by_value and measure in ratios.get(one.measure, ()):
                    yield plan, attrs.evolve(one, measure=measure)

    def _counted(self, measure: str, asking: Mapping[_Key, tuple[Plan, Component]]) -> dict[_Key, _Count]:
        """Count a measure once for all who ask, each with its own conditions."""
        found: list[list[Thing]] = [[] for _ in asking]
        components = [component for _, component in asking.values()]
        kinds = {kind for plan, _ in asking.values() for kind in _kinds(plan)}
        conditions = {
            name: condition
            for number, component in enumerate(components)
            for name, condition in _asked(component, number).items()
        }
        names = [(f"{n}.when", f"{n}.spiff", f"{n}.who") for n in range(len(components))]
        for number, one in enumerate(self.engine.desk.counted(measure, *self._span, asking=conditions)):
            if number % _STEP == 0:
                self._progress(number)
            thing = _thing(one, kinds)
            for (when, spiff, who), component, things in zip(names, components, found, strict=True):
                pays = one.answers.get(when, True)  # None where nobody can tell
                if pays is not False:
                    due = component.spiff is not None and one.answers.get(spiff, True)
                    its = self._laid_over(component, one, thing, who)
                    if due is not False or pays is None:
                        its = msgspec.structs.replace(its, spiff=due, untold=pays is None)
                    things.append(its)
        return {key: _Count(things) for key, things in zip(asking, found, strict=True)}

    def _laid_over(self, component: Component, one: Counted, thing: Thing, who: str) -> Thing:
        """Return a thing with those whom an overlay credits, in place of those who share in it."""
        if not component.overlay:
            return thing
        shares = self._overlays.shares(component.overlay, one, one.answers.get(who))
        return msgspec.structs.replace(thing, shares=shares)

    # -- crediting ----------------------------------------------------------------------------------

    def _managed(self, key: _Key, count: _Count) -> Mapping[str, list[Thing]]:
        if key not in self._by_manager:
            self._by_manager[key] = count.by_manager(self._manager_of)
        return self._by_manager[key]

    def _people_of(self, manager: str, one: Thing) -> list[str]:
        """Return those who are credited and reported to a manager on the day that counts."""
        return [name for name in one.shares if self._manager_of(name, one.day) == manager]

    def _manager_of(self, person: str, day: dt.date) -> str:
        key = (person, day)
        if key not in self._managers:
            self._managers[key] = self.organization.manager_of(person, day)
        return self._managers[key]

    def _credit(self, one: Thing, people: Sequence[str], currency: str) -> Credit:
        """Return the credit that people have in what was counted."""
        share = one.shares[people[0]] if len(people) == 1 else summed(one.shares[name] for name in people)
        return Credit(name_of(one), one.case.id, self._amount(one, people, share, currency), share)

    def _amount(self, one: Thing, people: Sequence[str], share: Decimal, currency: str) -> Decimal:
        amount = one.amount
        if amount is None:
            return ZERO
        if isinstance(amount, Decimal):
            return summed(amount * one.shares[name] for name in people)
        if len(people) == 1 and share == ONE:
            return self.exchanged(amount, currency, one.day)
        parts = split(amount, one.shares)
        whole = summed(parts[name] for name in people)
        return self.exchanged(Money(whole, amount.currency), currency, one.day)


def name_of(thing: Thing) -> str:
    """Return what tells a thing that was counted from others: the case, and the number of the entry."""
    return f"{thing.case.id}/{thing.entry}" if thing.entry else thing.case.id


@exactly
def split(amount: Money, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return an amount in shares, each in whole cents, which sum to it exactly, by largest remainder."""
    names = sorted(shares, key=lambda name: (-shares[name], name))
    cent = ONE.scaleb(int(amount.amount.as_tuple().exponent))
    parts = Rounding(to=cent).shared([amount.amount * shares[name] for name in names])
    return dict(zip(names, parts, strict=True))


def _thing(one: Counted, kinds: set[str]) -> Thing:
    case, entries = one.case, one.case.entries
    if entries:
        entries = tuple(entry for entry in entries if entry.kind in kinds)
    return Thing(
        Sold(case.id, case.name, case.playbook, case.closed, entries, one.worth if entries else None),
        one.entry,
        one.day,
        one.amount,
        one.shares,
    )


def _is_followed(one: Thing) -> bool:
    amount = money_of(one)
    return bool(one.case.entries) or (
        amount is not None and not amount.amount
    )  # for nothing nothing is waited for


def _in_money(things: Iterable[Thing]) -> bool:
    return any(money is not None and money.amount for money in map(money_of, things))


def _in_order(things: Iterable[Thing]) -> Iterator[Thing]:
    """Yield things by day, case and entry; each day alone, by one key after the other, which is much faster."""
    days = defaultdict[dt.date, list[Thing]](list)
    for one in things:
        days[one.day].append(one)
    for day in sorted(days):
        found = days[day]
        found.sort(key=attrgetter("entry"))
        found.sort(key=attrgetter("case.id"))
        yield from found


def _key(plan: Plan, component: Component) -> _Key:
    return plan.id, plan.version, component.id, component.measure


def _kinds(plan: Plan) -> Iterator[str]:
    """Yield the kinds of entries that release or undo what a plan pays."""
    for one in (plan.hold, plan.clawback):
        if one is not None:
            yield one.entry


def _asked(component: Component, number: int) -> Mapping[str, Condition]:
    spiff = None if component.spiff is None else component.spiff.when
    who = component.overlay.who if component.overlay else None
    asked = {f"{number}.when": component.when, f"{number}.spiff": spiff, f"{number}.who": who}
    return {name: condition for name, condition in asked.items() if condition is not None}
