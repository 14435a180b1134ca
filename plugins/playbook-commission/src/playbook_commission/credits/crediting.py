"""Credits: whom what a measure counts is credited to, in the currency they are paid in."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import attrs
import msgspec

from playbook import InputError, Money
from playbook_commission.credits.credits import Credits
from playbook_commission.credits.overlays import Overlays
from playbook_commission.credits.quotas import Quotas
from playbook_commission.credits.shelving import Shelves
from playbook_commission.credits.things import Thing, in_order, thing_of
from playbook_commission.exact import CONTEXT, ONE, ZERO, Rounding, exactly, summed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from playbook import Engine
    from playbook.engine.measuring import Counted
    from playbook.model.organization import Organization
    from playbook_commission.plans.plan import Component, Plan

    _Key = tuple[str, str, str, str]

_STEP = 1_000


class Credited(NamedTuple):
    """Hold credits in the order of days, each beside what it was counted from."""

    credits: Credits = Credits()
    things: Sequence[Thing] = ()

    def at(self, places: Sequence[slice]) -> Credited:
        """Return those at some places."""
        return Credited(self.credits.at(places), [one for place in places for one in self.things[place]])

    def where(self, wanted: Callable[[Thing], bool]) -> Credited:
        """Return those that were counted from things that are wanted."""
        return self.at([slice(n, n + 1) for n, one in enumerate(self.things) if wanted(one)])

    def and_then(self, other: Credited) -> Credited:
        """Return these, and others after them."""
        both = (*self.credits.each(), *other.credits.each())
        return Credited(Credits.of(both), (*self.things, *other.things))


class _Count:
    """Hold what was counted for a component of a plan: things by whom it credits, and those that others ask for.

    `followed` are those that a hold or clawback of the plan may follow, `spiffed` those its spiff may be due for.
    """

    def __init__(self, plan: Plan, component: Component, people: Iterable[str], number: int) -> None:
        spiff = None if component.spiff is None else component.spiff.when
        who = component.overlay.who if component.overlay else None
        asked = {"when": component.when, "spiff": spiff, "who": who}
        self.plan = plan
        self.component = component
        self.asks = bool(component.when or component.spiff or component.overlay)
        self.conditions = {f"{number}.{name}": one for name, one in asked.items() if one is not None}
        self.shelves = Shelves(people)
        self.followed: list[Thing] = []
        self.spiffed: list[Thing] = []
        self._number = number

    def answer(self, name: str, one: Counted) -> object:
        """Return what was answered; True where nothing was asked."""
        return one.answers.get(f"{self._number}.{name}", True)

    def put(self, things: Sequence[Thing], whose: Callable[[Thing], Iterable[str]]) -> None:
        """Add things, each for everybody whose it is."""
        self.shelves.put(things, whose)
        if self.plan.hold or self.plan.clawback:
            self.followed += [one for one in things if one.is_followed]
        if self.component.spiff:
            self.spiffed += [one for one in things if one.spiff is not False]


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
        self._overlays = Overlays(self.organization)
        self._managers: dict[tuple[str, dt.date], str] = {}
        self._followed: dict[tuple[str, str], Mapping[str, Sequence[Thing]]] = {}

    def supposing(self, more: Callable[[Thing], Thing | None]) -> Ledger:
        """Return a ledger that counts what this one does and, beside each thing, what `more` says of it."""
        return _Supposing(self, self._span, more)

    def counted(self, plan: Plan, component: Component) -> Iterable[Thing]:
        """Return what a component's measure counts and its condition holds for, again for each who is credited."""
        return () if component.by_value else self._count(plan, component).shelves

    def spiffed(self, plan: Plan, component: Component) -> list[Thing]:
        """Return what of it the component's spiff is or may be due for, in the order of days."""
        return in_order(self._count(plan, component).spiffed)

    def credited(self, plan: Plan, component: Component, person: str, currency: str) -> Credited:
        """Return a person's credits for a component, or those of the people they manage."""
        things = self.things(plan, component, person)
        people: Sequence[Sequence[str]] = [(person,)] * len(things)
        if component.credit == "people_of":
            people = [self._people_of(person, one) for one in things]
        ids = [one.id if one.entry else one.case for one in things]
        counts = [_share(one, of) for one, of in zip(things, people, strict=True)]
        amounts = [
            money.amount  # so are nearly all: the whole of a deal in the currency of the statement
            if share == ONE and isinstance(money := one.amount, Money) and money.currency == currency
            else self._amount(one, of, share, currency, beside=bool(component.overlay))
            for one, of, share in zip(things, people, counts, strict=True)
        ]
        return Credited(Credits(ids, [one.case for one in things], amounts, counts), things)

    def things(self, plan: Plan, component: Component, person: str) -> list[Thing]:
        """Return what a component credits a person with, or the people they manage, in the order of days."""
        return self._count(plan, component).shelves.take(person)

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
                for one in () if component.by_value else self.followed_by(plan, component):
                    its[one.case].append(one)
                for case, things in its.items():
                    if case not in found or (not _in_money(found[case]) and _in_money(things)):
                        found[case] = things
            free = {case for case, things in found.items() if not things[0].came}
            for component in plan.components if free else ():
                worth = {
                    one.case
                    for one in self.counted(plan, component)
                    if one.case in free and one.money is not None and one.money.amount > ZERO
                }
                for case in worth:  # to another component nothing is to be paid in for it
                    del found[case]
                free -= worth
            self._followed[key] = found
        return self._followed[key]

    def followed_by(self, plan: Plan, component: Component) -> list[Thing]:
        """Return what of it a hold or clawback of the plan may follow, in the order of days."""
        return in_order(self._count(plan, component).followed)

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
        if key not in self._counts:
            asking = {_key(*one): one for one in self._asking(component.measure)}
            asking[key] = (plan, component)
            self._counts |= self._counted(component.measure, asking)
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
        kinds = {kind for plan, _ in asking.values() for kind in _kinds(plan)}
        people = self.organization.people
        wanted = {key: _Count(*one, people, number) for number, (key, one) in enumerate(asking.items())}
        conditions = {
            name: condition for one in wanted.values() for name, condition in one.conditions.items()
        }
        counted, done = self.engine.desk.counted(measure, *self._span, asking=conditions), 0
        while some := list(islice(counted, _STEP)):
            self._progress(done)
            done += len(some)
            things = [thing_of(one, kinds) for one in some]
            for its in wanted.values():
                whose = self._managers_of if its.component.credit == "people_of" else _credited
                its.put(list(self._held(its, some, things)) if its.asks else things, whose)
        return wanted

    def _held(self, its: _Count, some: Sequence[Counted], things: Sequence[Thing]) -> Iterator[Thing]:
        """Yield the things for which a component's condition holds, credited as it says."""
        for one, thing in zip(some, things, strict=True):
            pays = its.answer("when", one)  # None where nobody can tell
            if pays is not False:
                due = its.component.spiff is not None and its.answer("spiff", one)
                laid = self._laid_over(its.component, one, thing, its.answer("who", one))
                if due is not False or pays is None:
                    laid = msgspec.structs.replace(laid, spiff=due, untold=pays is None)
                yield laid

    def _laid_over(self, component: Component, one: Counted, thing: Thing, who: object) -> Thing:
        """Return a thing with those whom an overlay credits, in place of those who share in it."""
        if not component.overlay:
            return thing
        return msgspec.structs.replace(thing, shares=self._overlays.shares(component.overlay, one, who))

    # -- crediting ----------------------------------------------------------------------------------

    def _managers_of(self, one: Thing) -> Iterable[str]:
        """Return who managed those who are credited on the day that counts."""
        return dict.fromkeys(self._manager_of(name, one.day) for name in one.shares)

    def _people_of(self, manager: str, one: Thing) -> list[str]:
        """Return those who are credited and reported to a manager on the day that counts."""
        return [name for name in one.shares if self._manager_of(name, one.day) == manager]

    def _manager_of(self, person: str, day: dt.date) -> str:
        key = (person, day)
        if key not in self._managers:
            self._managers[key] = self.organization.manager_of(person, day)
        return self._managers[key]

    def _amount(
        self, one: Thing, people: Sequence[str], share: Decimal, currency: str, *, beside: bool
    ) -> Decimal:
        """Return the share of an amount: parts in whole cents, or the share alone where it is laid `beside` them."""
        amount = one.amount
        if amount is None:
            return ZERO
        if isinstance(amount, Decimal):
            return summed(amount * one.shares[name] for name in people)
        if beside or share == ONE:
            whole = CONTEXT.multiply(amount.amount, share)
            return self.exchanged(Money(whole, amount.currency), currency, one.day)
        parts = split(amount, one.shares)
        whole = summed(parts[name] for name in people)
        return self.exchanged(Money(whole, amount.currency), currency, one.day)


class _Supposing(Ledger):
    """Count what another ledger does and, beside each thing, what `more` says of it."""

    def __init__(
        self, ledger: Ledger, span: tuple[dt.date, dt.date], more: Callable[[Thing], Thing | None]
    ) -> None:
        super().__init__(ledger.engine, *span, ledger.organization)
        self._ledger = ledger
        self._more = more

    def counted(self, plan: Plan, component: Component) -> Iterable[Thing]:
        known = self._ledger.counted(plan, component)
        return chain(known, self._supposed(known))

    def spiffed(self, plan: Plan, component: Component) -> list[Thing]:
        return self._beside(self._ledger.spiffed(plan, component))

    def things(self, plan: Plan, component: Component, person: str) -> list[Thing]:
        return self._beside(self._ledger.things(plan, component, person))

    def followed_by(self, plan: Plan, component: Component) -> list[Thing]:
        both = self._beside(self._ledger.followed_by(plan, component))
        return [one for one in both if one.is_followed]

    def _supposed(self, known: Iterable[Thing]) -> Iterator[Thing]:
        return (one for one in map(self._more, known) if one is not None)

    def _beside(self, known: list[Thing]) -> list[Thing]:
        return in_order([*known, *self._supposed(known)])


def _share(one: Thing, people: Sequence[str]) -> Decimal:
    """Return the share that people have in what was counted."""
    return one.shares[people[0]] if len(people) == 1 else summed(one.shares[name] for name in people)


@exactly
def split(amount: Money, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return an amount in shares, each in whole cents, which sum to it exactly, by largest remainder."""
    names = sorted(shares, key=lambda name: (-shares[name], name))
    cent = ONE.scaleb(int(amount.amount.as_tuple().exponent))
    parts = Rounding(to=cent).shared([amount.amount * shares[name] for name in names])
    return dict(zip(names, parts, strict=True))


def _credited(one: Thing) -> Iterable[str]:
    return one.shares


def _in_money(things: Iterable[Thing]) -> bool:
    return any(one.money is not None and one.money.amount for one in things)


def _key(plan: Plan, component: Component) -> _Key:
    return plan.id, plan.version, component.id, component.measure


def _kinds(plan: Plan) -> Iterator[str]:
    """Yield the kinds of entries that release or undo what a plan pays."""
    for one in (plan.hold, plan.clawback):
        if one is not None:
            yield one.entry
