"""Settling the naive way: what was got is kept, and what it would be now is adjusted in the next period."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.naive_facts import WAITS, YEAR, ZERO, D, Key, euros

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.naive_facts import Deal, Period
    from tests.naive_pay import Naive


class Statement:
    """Hold what a settled period pays: lines, and what they come to."""

    def __init__(
        self, lines: dict[tuple[str, ...], Decimal], least: tuple[Decimal, Decimal], owed: Decimal
    ) -> None:
        self.lines = {key: pay for key, pay in lines.items() if pay}
        self.held = -sum((pay for key, pay in lines.items() if key[1] in WAITS), D(0))
        self.earned = sum((pay for key, pay in lines.items() if key[1] not in WAITS), D(0))
        given, lent = least
        net = self.earned - self.held
        gift = max(given - max(net, D(0)), D(0))
        short = max(given + lent - gift - net, D(0))
        recovered = min(owed, max(net - given - lent, D(0)))
        self.draw = gift + short - recovered
        self.owed = owed + short - recovered
        self.paid = net + self.draw


class Book:
    """Settle period by period, and carry on what was got."""

    def __init__(self, naive: Naive) -> None:
        self.naive = naive
        self.got = defaultdict[str, dict[Key, Decimal]](dict)
        self.owed = D(0)

    def settle(self, period: Period, deals: Iterable[Deal], by_hand: Decimal = ZERO) -> Statement:
        """Return the statement of the next period, by what is known when it is settled."""
        now = dict(zip((one.name for one in self.naive.periods), self.naive.pays(deals), strict=True))
        lines = defaultdict[tuple[str, ...], Decimal](D)
        lines.update(now[period.name].items())
        for name, got in self.got.items():
            for key in {*now[name], *got}:
                more = now[name].get(key, D(0)) - got.get(key, D(0))
                lines[
                    key[0] if key[1] != "clawback" else "", "waits" if key[1] in WAITS else "", key[2], name
                ] += more
                got[key] = now[name].get(key, D(0))
        self.got[period.name] = now[period.name]
        for back in [key for key in lines if key[1] == "clawback"]:
            lines["", *back[1:]] += lines.pop(back)
        if by_hand:
            lines["", "manual", ""] = by_hand
        statement = Statement(lines, self.least(period), self.owed)
        self.owed = statement.owed
        return statement

    def least(self, period: Period) -> tuple[Decimal, Decimal]:
        """Return what is paid at least and never owed, and what is drawn beside it."""
        found = [D(0), D(0)]
        for kind in ("guarantee", "draw"):
            said = self.naive.plan.get(kind)
            if said and period.since <= YEAR[1] and not (kind == "draw" and "guarantee" in self.naive.plan):
                times = (
                    self.months(period)
                    if said.get("every", "month") == "month"
                    else min(self.months(period), 1)
                )
                found[kind == "draw" and said.get("recoverable", True)] += euros(said["amount"]) * times
        return found[0], found[1]

    def months(self, period: Period) -> int:
        """Return how many months of a period somebody is employed in, the one of joining counted whole."""
        first = max(self.naive.people[self.naive.person].replace(day=1), period.since)
        return max((period.until.year - first.year) * 12 + period.until.month - first.month + 1, 0)
