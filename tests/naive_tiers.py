"""Tiers the naive way: what credits pay that go along them one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.naive_facts import D

if TYPE_CHECKING:
    from tests.naive_facts import Credit, Steps

Tier = tuple[Decimal, Decimal]
"""Where a tier starts on the axis, and what it pays."""
Pays = list[tuple[str, str, Decimal]]
"""The kind of a line, its case and its exact pay."""


@dataclass
class Reading:
    """How the tiers of a component are read; `counts` says that its measure counts things and no amounts.

    Shares are paid of a target pay for reaching a quota, where `target` says both.
    """

    by: str
    mode: str
    over: str
    sums: bool
    counts: bool
    target: tuple[Decimal, Decimal] | None = None

    @classmethod
    def of(cls, component: dict[str, Any], target: tuple[Decimal, Decimal] | None) -> Reading:
        """Return how a component reads its tiers."""
        rate = component.get("rate", {})
        sums = not component["tiers"][0]["pay"].endswith("%")
        by, mode = rate.get("by", "amount"), rate.get("mode", "marginal")
        return cls(by, mode, rate.get("over", "period"), sums, component["of"] == "won", target)

    def way(self, *credits_: Credit) -> Decimal:
        """Return how far credits go on the axis."""
        goes_by_count = self.by == "count" or self.counts
        return sum((c.count if goes_by_count else c.amount for c in credits_), D(0))

    def worth(self, credit: Credit) -> Decimal:
        """Return of how much a rate is paid."""
        if self.target:
            pay, quota = self.target
            return pay * self.way(credit) / quota
        return credit.count if self.sums else credit.amount

    def paid_once(self) -> bool:
        """Return whether a sum is paid for what was reached, and not for each thing."""
        return self.sums and self.mode != "marginal" and not (self.mode == "whole" and self.by == "count")

    def each_alone(self, tiers: list[Tier], credits_: list[Credit]) -> Pays:
        """Return what credits pay, each as if it were the only one."""
        pays = []
        for credit in credits_:
            if self.mode == "marginal":
                pays += self.go_on(tiers, [credit], D(0))
            else:
                reached = rate_at(self.mode, tiers, self.way(credit))
                pays.append(
                    ("credit", credit.case, reached * (1 if self.paid_once() else self.worth(credit)))
                )
        return pays

    def go_on(self, tiers: list[Tier], credits_: list[Credit], at: Decimal) -> Pays:
        """Return what credits pay that go on from a point, each slice at its own rate."""
        pays = []
        for credit in credits_:
            way, pay = self.way(credit), D(0)
            low, high = min(at, at + way), max(at, at + way)  # what is below zero goes back
            for place, (start, rate) in enumerate(tiers):
                end = tiers[place + 1][0] if place + 1 < len(tiers) else max(high, start)
                width = min(end, high) - max(start, low)
                if width > 0:
                    pay += rate * self.worth(credit) * width / abs(way)
            at += way
            pays.append(("credit", credit.case, pay))
        return pays

    def reach(
        self, tiers: list[Tier], credits_: list[Credit], tiers_then: list[Tier], before: list[Credit]
    ) -> Pays:
        """Return what is paid where everything gets the rate reached, in the year less what it got before."""
        after = rate_at(self.mode, tiers, self.way(*before, *credits_))
        earlier = rate_at(self.mode, tiers_then, self.way(*before)) if before else D(0)
        if self.paid_once():
            whole, more = self.way(*credits_), after - earlier
            pays = [more * self.way(c) / whole if whole else D(0) for c in credits_[:-1]]
            pays.append(more - sum(pays, D(0)))
            return [("credit", c.case, pay) for c, pay in zip(credits_, pays, strict=True)]
        found = [("credit", c.case, after * self.worth(c)) for c in credits_]
        if self.mode == "whole":  # between points nothing is made up for
            found += [("true_up", c.case, (after - earlier) * self.worth(c)) for c in before]
        return found


def rate_at(mode: str, tiers: list[Tier], at: Decimal) -> Decimal:
    """Return the rate that is reached at a point."""
    reached = [place for place, (start, _) in enumerate(tiers) if start <= at]
    if not reached:
        return D(0)
    start, rate = tiers[reached[-1]]
    if mode == "whole" or reached[-1] + 1 == len(tiers):
        return rate
    end, next_rate = tiers[reached[-1] + 1]
    return rate + (next_rate - rate) * (at - start) / (end - start)


def in_steps(steps: Steps, made: Pays) -> Pays:
    """Return lines that are rounded so that they sum to their rounded sum."""
    pays = steps.shared([pay for _, _, pay in made])
    return [(kind, case, pay) for (kind, case, _), pay in zip(made, pays, strict=True)]
