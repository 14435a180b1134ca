"""Credits: whom what a measure counts is credited to, in the currency they are paid in."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs
import msgspec

from playbook import InputError, Money
from playbook_commission.exact import ONE, ZERO, Rounding
from playbook_commission.overlays import Overlays
from playbook_commission.paying import Credit, summed
from playbook_commission.quotas import Quotas

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping

    from playbook import Condition, Engine
    from playbook.engine.measuring import Counted
    from playbook.model.organization import Organization
    from playbook_commission.plan import Component, Plan


@attrs.frozen
class Credited:
    """Hold a credit with what it was counted from, and whether the component's spiff is due for it."""

    credit: Credit
    counted: Counted
    day: dt.date
    spiff: bool = False


@attrs.frozen
class _Count:
    """Hold what was counted, in the order of days, and the same by whom it is credited to."""

    all: tuple[Counted, ...]
    by_person: Mapping[str, tuple[Counted, ...]]


class Ledger:
    """Count measures from one day to another, each once; for another organization where one is given."""

    def __init__(
        self, engine: Engine, since: dt.date, until: dt.date, organization: Organization | None = None
    ) -> None:
        self.engine = engine
        self.organization = organization or engine.world.organization
        self.quotas = Quotas(self.organization)
        self._span = (since, until)
        self._counts: dict[tuple[str, str, str], _Count] = {}
        self._managers: dict[tuple[str, dt.date], str] = {}
        self._overlays = Overlays(self.organization)
        self._supposed: tuple[Ledger, Callable[[Counted], Counted | None]] | None = None

    def supposing(self, more: Callable[[Counted], Counted | None]) -> Ledger:
        """Return a ledger that counts what this one does and, beside each thing, what `more` says of it."""
        found = Ledger(self.engine, *self._span, self.organization)
        found._supposed = (self, more)
        return found

    def counted(self, plan: Plan, component: Component) -> tuple[Counted, ...]:
        """Return what a component's measure counts and its condition holds for, in the order of days."""
        if component.by_value:
            return ()
        return self._count(plan, component).all

    def credited(self, plan: Plan, component: Component, person: str, currency: str) -> tuple[Credited, ...]:
        """Return a person's credits for a component, or those of the people they manage, in the order of days."""
        count, found = self._count(plan, component), list[Credited]()
        own = component.credit != "people_of"
        for one in count.by_person.get(person, ()) if own else count.all:
            credit = self._credit(one, (person,) if own else self._people_of(person, one), currency)
            if credit is not None:
                due = component.spiff is not None and one.answers.get("spiff", True) is True
                found.append(Credited(credit, one, one.day, due))
        return tuple(found)

    def _people_of(self, manager: str, one: Counted) -> list[str]:
        """Return those who are credited and reported to a manager on the day that counts."""
        return [name for name in one.shares if self._manager_of(name, one.day) == manager]

    def _manager_of(self, person: str, day: dt.date) -> str:
        key = (person, day)
        if key not in self._managers:
            self._managers[key] = self.organization.manager_of(person, day)
        return self._managers[key]

    def _count(self, plan: Plan, component: Component) -> _Count:
        key = (plan.id, component.id, component.measure)
        if key not in self._counts:
            fitting = self._fitting(plan, component)
            fitting.sort(key=lambda one: (one.day, one.case.id, one.entry))
            people = defaultdict[str, list["Counted"]](list)
            for one in fitting:
                for name in one.shares:
                    people[name].append(one)
            self._counts[key] = _Count(tuple(fitting), {name: tuple(all_) for name, all_ in people.items()})
        return self._counts[key]

    def _fitting(self, plan: Plan, component: Component) -> list[Counted]:
        if self._supposed is not None:
            ledger, more = self._supposed
            known = ledger._count(plan, component).all
            return [*known, *(one for one in map(more, known) if one is not None)]
        found = self.engine.desk.counted(component.measure, *self._span, asking=_asked(component))
        return [self._laid_over(component, one) for one in found if one.answers.get("when", True) is True]

    def _laid_over(self, component: Component, one: Counted) -> Counted:
        """Return what counts with those whom an overlay credits, in place of those who share in it."""
        if not component.overlay:
            return one
        shares = self._overlays.shares(component.overlay, one, one.answers.get("who"))
        return msgspec.structs.replace(one, shares=shares)

    def _credit(self, one: Counted, people: Iterable[str], currency: str) -> Credit | None:
        """Return the credit that people have in what was counted; None where they have none."""
        whose = [name for name in people if name in one.shares]
        if not whose:
            return None
        share = summed(one.shares[name] for name in whose)
        return Credit(name_of(one), one.case.id, self._amount(one, whose, currency), share)

    def _amount(self, one: Counted, whose: Iterable[str], currency: str) -> Decimal:
        if one.amount is None:
            return ZERO
        if isinstance(one.amount, Decimal):
            return summed(one.amount * one.shares[name] for name in whose)
        parts = split(one.amount, one.shares)
        whole = summed(parts[name] for name in whose)
        return self.exchanged(Money(whole, one.amount.currency), currency, one.day)

    def exchanged(self, amount: Money, currency: str, day: dt.date) -> Decimal:
        """Return an amount in a currency at the rate of a day, unrounded; raises InputError without one."""
        paid = self.engine.world.rates.convert(amount, currency, day)
        if paid is None:
            raise InputError(
                f"there is no rate from {amount.currency} to {currency} for {day}; add one to `rates`"
            )
        return paid.amount


def name_of(counted: Counted) -> str:
    """Return what tells a thing that was counted from others: the case, and the number of the entry."""
    return f"{counted.case.id}/{counted.entry}" if counted.entry else counted.case.id


def split(amount: Money, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return an amount in shares, each in whole cents, which sum to it exactly, by largest remainder."""
    names = sorted(shares, key=lambda name: (-shares[name], name))
    cent = ONE.scaleb(int(amount.amount.as_tuple().exponent))
    parts = Rounding(to=cent).shared([amount.amount * shares[name] for name in names])
    return dict(zip(names, parts, strict=True))


def _asked(component: Component) -> Mapping[str, Condition]:
    asked = {"when": component.when, "spiff": None if component.spiff is None else component.spiff.when}
    asked["who"] = component.overlay.who if component.overlay else None
    return {name: condition for name, condition in asked.items() if condition is not None}
