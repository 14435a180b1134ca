"""Things: what measures counted for components, with what is asked later of the cases they are of."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from playbook import Money

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from playbook.engine.measuring import Counted
    from playbook.model.case import Entry


_IN_A_DAY = attrgetter("case", "entry")


class Came(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Hold an entry of a case that releases what is held for it, or undoes what was paid.

    `term` and `used` are as they were logged: of how much of which term is left to undo.
    """

    kind: str
    at: dt.datetime
    amount: Money | None = None
    term: str = "0"
    used: str = "0"


class Thing(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Hold one thing that a measure counted for a component: a case, or where `entry` is not 0, an entry of it.

    `shares` are whom it is credited to, `spiff` tells whether the component's spiff is due for it: None where the
    case says too little. It is `untold` where that is so of whether the component pays for it. `came` is what
    releases or undoes what is paid for it; where something did, `closed` and `worth` are when the case was closed
    and its amount, and `worth` also where nothing is to be paid in by that and no money is counted.
    """

    case: str
    name: str
    playbook: str
    entry: int
    day: dt.date
    amount: Money | Decimal | None
    shares: dict[str, Decimal]
    closed: dt.datetime | None = None
    worth: Money | None = None
    came: tuple[Came, ...] = ()
    spiff: bool | None = False
    untold: bool = False

    @property
    def id(self) -> str:
        """Return what tells it from others: the case, and the number of the entry."""
        return f"{self.case}/{self.entry}" if self.entry else self.case

    @property
    def money(self) -> Money | None:
        """Return what it was counted with, where that is money."""
        return self.amount if isinstance(self.amount, Money) else None

    @property
    def is_followed(self) -> bool:
        """Return whether something came that releases or undoes what is paid, or nothing need come."""
        worth = self.money or self.worth
        return bool(self.came) or (worth is not None and worth.amount <= 0)


def thing_of(one: Counted, kinds: Collection[str]) -> Thing:
    """Return what of a thing that was counted is asked later; of the entries of its case those of some kinds."""
    case = one.case
    thing = Thing(case.id, case.name, case.playbook, one.entry, one.day, one.amount, one.shares)
    came = tuple(_came(entry) for entry in case.entries if entry.kind in kinds) if case.entries else ()
    if came or (thing.money is None and one.worth is not None and one.worth.amount <= 0):
        return msgspec.structs.replace(thing, closed=case.closed, worth=one.worth, came=came)
    return thing


def _came(entry: Entry) -> Came:
    amount = entry.fields.get("amount")
    term, used = (str(entry.fields.get(name) or 0) for name in ("term", "used"))
    return Came(entry.kind, entry.at, amount if isinstance(amount, Money) else None, term, used)


def in_order(things: Iterable[Thing]) -> list[Thing]:
    """Return things by day, case and entry; each day alone, which is faster than all at once."""
    days, found = defaultdict[dt.date, list[Thing]](list), list[Thing]()
    for one in things:
        days[one.day].append(one)
    for day in sorted(days):
        same = days[day]
        if len(same) > 1:
            same.sort(key=_IN_A_DAY)
        found += same
    return found
