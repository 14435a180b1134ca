"""What lists, boards and the morning's work tell, reckoned the naive way, case by case, from docs/many-cases.md."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.naive_groups import DIGITS, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.naive_cases import Deal


class Desk(Seen):
    """Look over the cases that somebody sees, at an instant."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.now: dt.datetime = given[2]
        self.shown = [deal for deal in self.deals if self.sees(deal)]
        self.open = [deal for deal in self.shown if deal.outcome == "open"]

    def totals(self, deal: Deal, of_one: bool = True) -> bool:
        """Return whether the one who asks may know the totals; that shows no amount of a single case."""
        return not of_one and super().totals(deal)

    def counts(self, deal: Deal) -> bool:
        """Return whether a case counts for the one who asks."""
        return self.sees(deal) or self.totals(deal, of_one=False)

    # -- quiet --------------------------------------------------------------------------------------

    def later(self, at: dt.datetime, days: int) -> dt.datetime:
        """Return the same time of the clock so many days later, in the organization's zone."""
        local = at.astimezone(self.company.zone).replace(tzinfo=None) + dt.timedelta(days)
        return local.replace(tzinfo=self.company.zone).astimezone(dt.UTC)

    def stale(self, deal: Deal) -> bool:
        """Return whether a case is quiet for longer than the idle timers of its stage say, else for 30 days."""
        timers = deal.book["stages"][deal.stage].get("timers", {}).values()
        days = min([int(one["idle"].removesuffix("d")) for one in timers if "idle" in one], default=30)
        return self.later(deal.touched, days) <= self.now

    # -- what is asked ------------------------------------------------------------------------------

    def board(self) -> dict[tuple[str, str], tuple[int, list[str], int]]:
        """Return by playbook and stage how many cases are open, the sums of their amounts, and how many are stale."""
        found: dict[tuple[str, str], tuple[int, list[str], int]] = {}
        for book, stage in dict.fromkeys((deal.playbook, deal.stage) for deal in self.open):
            here = [deal for deal in self.open if (deal.playbook, deal.stage) == (book, stage)]
            sums = Counter[str]()
            for amount, currency in filter(None, map(self.amount, here)):
                sums[currency] += amount  # type: ignore[assignment]
            told = [f"{Decimal(sums[one]):.{DIGITS[one]}f} {one}" for one in sorted(sums)]
            found[book, stage] = (len(here), told, sum(map(self.stale, here)))
        return found

    def next(self, person: str = "") -> dict[str, int]:
        """Return how many cases are overdue, due today and stale; a case counts under the most urgent of them."""
        found = {"overdue": 0, "today": 0, "stale": 0}
        for deal in self.open:
            due = self.day(deal, "due")
            band = "overdue" if due and due < self.today else "today" if due == self.today else ""
            band = band or ("stale" if self.stale(deal) else "")
            if band and person in ("", deal.owner):
                found[band] += 1
        return found

    def tally(self, by: list[str]) -> dict[tuple[str, ...], int]:
        """Return how many cases there are by what they have, for who may know of them."""
        return dict(Counter(tuple(str(getattr(deal, one)) for one in by) for deal in self.deals))

    def sums(self) -> dict[str, int]:
        """Return the sums of all amounts by currency, in the least units."""
        found = Counter[str]()
        for amount, currency in filter(None, map(self.amount, self.deals)):
            found[currency] += int(amount.scaleb(DIGITS[currency]))
        return dict(found)

    def row(self, deal: Deal) -> tuple[Any, ...]:
        """Return what a list tells of a case."""
        amount, due = self.amount(deal), self.day(deal, "due")
        told = f"{amount[0]:.{DIGITS[amount[1]]}f} {amount[1]}" if amount else None
        chance = Decimal(deal.chance.removesuffix("%")) / 100 if deal.chance else None
        return (
            deal.case, deal.playbook, deal.name, deal.stage, deal.outcome, deal.owner, deal.team, deal.opened,
            deal.closed, told, due, chance,
        )  # fmt: skip

    def where(self, condition: str) -> set[str]:
        """Return the cases for which one of the conditions below is known to hold."""
        fitting = [deal for deal in self.shown if deal.playbook == "deals" or "deal." not in condition]
        return {deal.case for deal in fitting if CONDITIONS[condition](self, deal)}

    def likely(self, deal: Deal) -> Decimal | None:
        """Return how likely a case is won: 1 or 0 in the end, else by hand, else as the stage of its version says."""
        if deal.outcome != "open":
            return Decimal(deal.outcome == "won")
        said = deal.chance or deal.book["stages"][deal.stage].get("probability")
        return Decimal(said.removesuffix("%")) / 100 if said else None


def _over(desk: Desk, deal: Deal) -> bool | None:
    amount = desk.amount(deal)
    return None if amount is None or amount[1] != "EUR" else amount[0] > 100


CONDITIONS: dict[str, Callable[[Desk, Deal], bool | None]] = {
    "deal.amount > 100 EUR": _over,
    "not (deal.amount > 100 EUR)": lambda desk, deal: _over(desk, deal) is False,
    'case.owner == "ann" or deal.trial': lambda desk, deal: (
        deal.owner == "ann" or desk.value(deal, "trial") == "true"
    ),
    "filled(deal.champion)": lambda desk, deal: bool(desk.value(deal, "champion")),
    "filled(deal.product) and case.outcome == \"won\"": lambda desk, deal: (
        bool(desk.value(deal, "product")) and deal.outcome == "won"
    ),
    "case.probability >= 33%": lambda desk, deal: (
        (likely := desk.likely(deal)) is not None and likely >= Decimal("0.33")
    ),
    'case.stage == "lost" and case.owner == "bob"': lambda _, deal: (deal.stage, deal.owner) == ("lost", "bob"),
    "case.idle > 30d": lambda desk, deal: desk.later(deal.touched, 30) < desk.now,
    "deal.expected_close < today": lambda desk, deal: (
        (due := desk.day(deal, "due")) is not None and due < desk.today
    ),
    'case.team == "north"': lambda desk, deal: deal.team == "north",
}  # fmt: skip
