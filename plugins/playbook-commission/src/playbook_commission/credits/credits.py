"""Credits: what a person is credited with for a measure, as columns, since there are many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from playbook_commission.exact import ONE


class Credit(msgspec.Struct, frozen=True, gc=False):
    """Hold a person's share of what a case counts for a measure on a day.

    `amount` is in the currency of the statement; `count` is the share of one thing counted.
    """

    id: str
    case: str
    amount: Decimal
    count: Decimal = ONE


class Credits(NamedTuple):
    """Hold credits in the order in which they count: what each `Credit` has, as columns of the same length."""

    ids: Sequence[str] = ()
    cases: Sequence[str] = ()
    amounts: Sequence[Decimal] = ()
    counts: Sequence[Decimal] = ()

    @classmethod
    def of(cls, credits_: Iterable[Credit]) -> Credits:
        """Return credits as columns."""
        return cls(*map(list, zip(*((c.id, c.case, c.amount, c.count) for c in credits_), strict=True)))

    def each(self) -> list[Credit]:
        """Return them one by one."""
        return list(map(Credit, *self))

    def at(self, places: Sequence[slice]) -> Credits:
        """Return those at some places."""
        if len(places) == 1:
            (place,) = places
            return Credits(self.ids[place], self.cases[place], self.amounts[place], self.counts[place])
        return Credits.of(one for place in places for one in self.at([place]).each())
