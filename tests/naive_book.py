"""Settling the naive way: what was got is kept, and what it would be now is adjusted in the next period."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.naive_facts import WAITS, ZERO, D, Key, later

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
        self.got: dict[str, dict[Key, Decimal]] = {}
        self.by: dict[str, tuple[dict[str, Any], Decimal]] = {}
        self.owed = D(0)

    def settle(self, until: Period, deals: Iterable[Deal], by_hand: Decimal = ZERO) -> dict[str, Statement]:
        """Return what is settled next, up to a period, by what is known then; `by_hand` is added to the last one.

        A period in which the plan does not pay is passed over where nothing follows in it, for good once a later
        one is settled.
        """
        every = [one for one in self.naive.periods if one.until <= until.until and one.name not in self.got]
        now = dict(
            zip((one.name for one in self.naive.periods), self.naive.pays(deals, self.by), strict=True)
        )
        found = {}
        for period in every:
            lines = self.lines(period, now)
            if by_hand and period == until:
                lines["", "manual", ""] = by_hand
            statement = Statement(lines, self.least(period), self.owed)
            changed = any(now[name] != got for name, got in self.got.items())
            if self.naive.pays_in(period) or changed or statement.lines or statement.draw:
                found[period.name] = statement
                self.owed = statement.owed
                self.by[period.name] = self.naive.plan, self.naive.target_pay
                self.got = {name: lines for name, lines in now.items() if name <= period.name}
        return found

    def lines(self, period: Period, now: dict[str, dict[Key, Decimal]]) -> dict[tuple[str, ...], Decimal]:
        """Return what a period pays, and what settled ones pay now and were not settled with."""
        lines = defaultdict[tuple[str, ...], Decimal](D)
        lines.update(now[period.name].items())
        for name, got in self.got.items():
            for key in {*now[name], *got}:
                of = "" if key[1] == "clawback" else key[0]
                more = now[name].get(key, D(0)) - got.get(key, D(0))
                lines[of, "waits" if key[1] in WAITS else "", key[2], name] += more
        for back in [key for key in lines if key[1] == "clawback"]:
            lines["", *back[1:]] += lines.pop(back)
        return lines

    def least(self, period: Period) -> tuple[Decimal, Decimal]:
        """Return what is paid at least and never owed, and what is drawn beside it.

        A month is paid for by the share of the days employed on which the plan pays, if it is not too long after
        joining; where a guarantee is paid, there is no draw beside it.
        """
        naive, found = self.naive, [D(0), D(0)]
        months = {day.replace(day=1): [0, 0] for day in period.days() if naive.employed(day)}
        for day in period.days():
            if naive.employed(day):
                months[day.replace(day=1)][0] += naive.counts(day)
                months[day.replace(day=1)][1] += 1
        for kind in ("guarantee", "draw"):
            said = naive.plan.get(kind, {"amount": "0 EUR", "for": "0mo"})
            joined = naive.people[naive.person].hired.replace(day=1)
            end = later(joined, int(said.get("for", "1200mo").removesuffix("mo")))
            its = [month for month in months if month < end]
            if said.get("every", "month") == "month":
                times = sum((D(months[one][0]) / months[one][1] for one in its), D(0))
            else:
                its = list(months) if any(months[one][0] for one in its) else []
                of = sum(months[one][1] for one in its)
                times = D(sum(months[one][0] for one in its)) / of if of else D(0)
            found[kind == "draw" and said.get("recoverable", True)] += naive.steps.rounded(
                naive.money(said["amount"], period) * times
            )
            months = {month: both for month, both in months.items() if month not in its}
        return found[0], found[1]
