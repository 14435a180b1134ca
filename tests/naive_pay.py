"""Pay reckoned the naive way, from what the text says of plans alone: a second opinion on what the plugin pays.

It knows one organization (euros, the calendar year 2027), walks credits in order, period by period, and shares no
code with the plugin. What happened is a list of deals as they are known; a plan is the mapping that is its file.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Any

from tests.naive_facts import (
    CENT,
    WAITS,
    YEAR,
    Credit,
    D,
    Deal,
    Key,
    Paid,
    Period,
    days,
    euros,
    later,
    periods,
    rounded,
    share,
    shared,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Naive:
    """Reckon what one plan pays a person, of those who were hired on days, against quotas of the year by measure.

    A quota is a list of targets, each with the day from which it counts.
    """

    def __init__(
        self, plan: dict[str, Any], person: str, people: dict[str, dt.date],
        quotas: dict[str, list[tuple[dt.date, Decimal]]],
    ) -> None:  # fmt: skip
        self.plan = plan
        self.person = person
        self.people = people
        self.quotas = quotas
        self.periods = periods(plan.get("period", "quarter"))

    def pays(self, deals: Iterable[Deal]) -> list[dict[Key, Decimal]]:
        """Return what each period pays by what is known now, as if nothing had been settled."""
        with localcontext(prec=50):
            return Reckoned(self, list(deals)).found


class Reckoned:
    """Hold what is reckoned, period by period: `earned` by component in the year so far, `paid` by line of a case."""

    def __init__(self, naive: Naive, deals: list[Deal]) -> None:
        self.naive = naive
        self.plan = naive.plan
        self.deals = {deal.case: deal for deal in deals}
        self.components: dict[str, dict[str, Any]] = naive.plan["components"]
        self.credits = {
            name: list(self.credited(one["of"], naive.person)) for name, one in self.components.items()
        }
        self.earned = defaultdict[str, Decimal](D)
        self.paid = list[Paid]()
        self.of_earlier = D(0)
        self.found = [self.period(one) for one in naive.periods]

    # -- what counts ------------------------------------------------------------------------------------

    def credited(self, measure: str, person: str) -> Iterator[Credit]:
        """Yield the credits of a person, in the order of days and then of cases."""
        rows = []
        for deal in self.deals.values():
            if measure == "cash":
                rows += [(day, deal, said["amount"]) for day, what, said in deal.entries if what == "payment"]
            elif deal.day:
                rows.append((deal.day, deal, deal.amount))
        for day, deal, amount in sorted(rows, key=lambda row: (row[0], row[1].case)):
            if person in deal.shares and max(self.naive.people[person], YEAR[0]) <= day <= YEAR[1]:
                names = sorted(deal.shares, key=lambda name: (-deal.shares[name], name))
                parts = shared([amount * deal.shares[name] for name in names])
                yield Credit(day, deal.case, parts[names.index(person)], deal.shares[person])

    def quota(self, measure: str, since: dt.date, until: dt.date) -> Decimal:
        """Return what is asked for, by the days of the year on which the person is paid."""
        total = D(0)
        said = self.naive.quotas[measure]  # [(from, target of the year), ...]
        for place, (start, target) in enumerate(said):
            end = said[place + 1][0] - dt.timedelta(1) if place + 1 < len(said) else YEAR[1]
            total += (
                target * days(max(start, since, self.naive.people[self.naive.person]), min(end, until)) / 365
            )
        return total.quantize(CENT, ROUND_HALF_UP)

    # -- tiers ------------------------------------------------------------------------------------------

    def tiers(self, name: str, one: dict[str, Any], period: Period) -> list[tuple[Decimal, Decimal]]:
        """Return where tiers start on the axis, and what they pay."""
        by, times = one.get("rate", {}).get("by", "amount"), D(str(one.get("multiplier", 1)))
        times *= D(str(self.plan.get("multiplier", 1)))
        over_year = one.get("rate", {}).get("over") == "year"
        found = []
        for tier in one["tiers"]:
            start = str(tier["from"])
            if by == "attainment":
                whole = self.quota(one["of"], *(YEAR if over_year else (period.since, period.until)))
                at = share(start) * whole
            else:
                at = D(start.removesuffix(" EUR"))
            pay = tier["pay"]
            found.append((at, (share(pay) if pay.endswith("%") else euros(pay)) * times))
        if "higher_once" in one:
            came = [
                c.count if one["of"] == "won" else c.amount
                for c in self.credits[name]
                if c.day <= period.until
            ]
            if sum(came, D(0)) < share(one["higher_once"]) * self.quota(one["of"], *YEAR):
                return found[:1]
        return found

    def way(self, one: dict[str, Any], credit: Credit) -> Decimal:
        """Return how far a credit goes on the axis."""
        by = one.get("rate", {}).get("by", "amount")
        return credit.count if by == "count" or (one["of"] == "won" and by == "attainment") else credit.amount

    def reckon(self, name: str, one: dict[str, Any], period: Period) -> list[tuple[str, str, Decimal]]:
        """Return kind, case and exact pay of what the tiers pay in a period."""
        if "tiers" not in one:
            return []
        rate = one.get("rate", {})
        mode, over = rate.get("mode", "marginal"), rate.get("over", "period")
        sums = one["tiers"][0]["pay"].endswith("EUR")
        every = self.credits[name]
        now = [c for c in every if period.since <= c.day <= period.until]
        before = [c for c in every if c.day < period.since] if over == "year" else []
        tiers = self.tiers(name, one, period)
        if over == "credit":
            pays = [self.alone(one, mode, sums, tiers, [c], D(0))[0] for c in now]
        elif mode == "marginal":
            pays = self.alone(one, mode, sums, tiers, now, sum((self.way(one, c) for c in before), D(0)))
        elif not now:
            return []
        else:
            return self.stepped(name, one, mode, sums, period, before, now)
        return [("credit", c.case, pay) for c, pay in zip(now, pays, strict=True)]

    def alone(
        self, one: dict[str, Any], mode: str, sums: bool, tiers: list[tuple[Decimal, Decimal]],
        alike: list[Credit], at: Decimal,
    ) -> list[Decimal]:  # fmt: skip
        """Return what credits pay that go on from a point."""
        if mode != "marginal":
            total = sum((self.way(one, c) for c in alike), D(0))
            reached = rate_at(mode, tiers, total)
            if sums and mode == "whole" and one.get("rate", {}).get("by") == "count":
                return [reached * c.count for c in alike]
            return [reached if sums else reached * c.amount for c in alike]
        found = []
        for credit in alike:
            way = self.way(one, credit)
            worth = credit.count if sums else credit.amount
            pay = D(0)
            for place, (start, rate) in enumerate(tiers):
                end = tiers[place + 1][0] if place + 1 < len(tiers) else max(at + way, start)
                width = min(end, at + way) - max(start, at)
                if width > 0:
                    pay += rate * worth * width / way
            at += way
            found.append(pay)
        return found

    def stepped(
        self, name: str, one: dict[str, Any], mode: str, sums: bool, period: Period, before: list[Credit],
        now: list[Credit],
    ) -> list[tuple[str, str, Decimal]]:  # fmt: skip
        """Return what is paid where everything gets the rate reached, in the year less what it got before."""
        after = rate_at(
            mode, self.tiers(name, one, period), sum((self.way(one, c) for c in [*before, *now]), D(0))
        )
        earlier = D(0)
        if before:
            last = self.naive.periods[self.naive.periods.index(period) - 1]
            earlier = rate_at(
                mode, self.tiers(name, one, last), sum((self.way(one, c) for c in before), D(0))
            )
        if sums and (mode == "interpolated" or one.get("rate", {}).get("by") != "count"):
            whole, more = sum((self.way(one, c) for c in now), D(0)), after - earlier
            pays = [more * self.way(one, c) / whole if whole else D(0) for c in now[:-1]]
            return [
                ("credit", c.case, pay) for c, pay in zip(now, [*pays, more - sum(pays, D(0))], strict=True)
            ]
        if mode == "interpolated":
            return [("credit", c.case, after * (c.count if sums else c.amount)) for c in now]
        found = [("true_up", c.case, (after - earlier) * (c.count if sums else c.amount)) for c in before]
        return found + [("credit", c.case, after * (c.count if sums else c.amount)) for c in now]

    # -- a period ---------------------------------------------------------------------------------------

    def period(self, period: Period) -> dict[Key, Decimal]:
        """Return what a period pays, by line."""
        found, now = defaultdict[Key, Decimal](D), list[Paid]()
        for name, one in self.components.items() if self.counts(period) else ():
            due = [("spiff", case, pay) for case, pay in self.spiffs(name, one, period)]
            for made in (self.reckon(name, one, period), due):
                for (kind, case, _), pay in zip(made, shared([pay for _, _, pay in made]), strict=True):
                    found[name, kind, case] += pay
                    now.append(Paid(period.name, name, case, pay))
            if "gate" in one and not self.open(one["gate"], period):
                found[name, "gate", ""] -= sum((pay for key, pay in found.items() if key[0] == name), D(0))
            else:
                self.bound(name, one, found, period)
        for name in self.components:
            lines = [one for one in now if one.component == name]
            self.keep(lines, found[name, "cap", ""])
            for line in lines if found[name, "gate", ""] else ():
                line.kept = D(0)
        self.paid += now
        self.take_back(found, period)
        if self.counts(period):
            self.bound("", self.plan, found, period)
        self.keep(now, found["", "cap", ""])
        self.wait(found, now, period)
        for name in ["", *self.components]:
            self.earned[name] += sum(
                (p for key, p in found.items() if name in ("", key[0]) and key[1] not in WAITS), D(0)
            )
        return {key: pay for key, pay in found.items() if pay}

    def counts(self, period: Period) -> bool:
        """Return whether the plan pays the person on a day of a period."""
        return self.naive.people[self.naive.person] <= period.until and period.since <= YEAR[1]

    def keep(self, lines: list[Paid], taken: Decimal) -> None:
        """Share what was taken from lines by what of them is left."""
        lines = [one for one in lines if one.kept > 0]
        whole = sum((one.kept - one.back for one in lines), D(0))
        if taken and whole > 0:
            parts = shared([(one.kept - one.back) * max(whole + taken, D(0)) / whole for one in lines])
            for one, part in zip(lines, parts, strict=True):
                one.kept = part + one.back

    def open(self, gate: dict[str, str], period: Period) -> bool:
        """Return whether another component reached its point in the period."""
        of = self.components[gate["of"]]
        quota = self.quota(of["of"], period.since, period.until)
        counts = of["of"] == "won"
        came = [c.count if counts else c.amount for c in self.credits[gate["of"]]
                if period.since <= c.day <= period.until]  # fmt: skip
        reached = sum(came, D(0)) / quota if quota else D(0)
        return reached >= share(gate["from"]) if "from" in gate else reached > share(gate["above"])

    def spiffs(self, name: str, one: dict[str, Any], period: Period) -> Iterator[tuple[str, Decimal]]:
        """Yield what is paid once for a case, while the budget lasts."""
        if "spiff" not in one:
            return
        left = euros(one["spiff"].get("budget", "1000000000000 EUR"))
        said = one["spiff"]
        done = set[str]()
        everybody = [(c, who) for who in self.naive.people for c in self.credited(one["of"], who)]
        for day, case in sorted({(c.day, c.case) for c, _ in everybody}):
            if case in done or not said.get("from", "") <= str(day) <= said.get("to", "9"):
                continue
            done.add(case)
            shares = {who: c.count for c, who in everybody if (c.day, c.case) == (day, case)}
            due = euros(said["pay"]) * sum(shares.values(), D(0))
            part = min(D(1), left / due)
            left = max(left - due, D(0))
            if self.naive.person in shares and period.since <= day <= period.until:
                yield case, euros(said["pay"]) * shares[self.naive.person] * part

    def bound(self, name: str, said: dict[str, Any], found: dict[Key, Decimal], period: Period) -> None:
        """Bound what a component or the plan pays in the period or the year so far by a cap and a floor.

        What is taken back of earlier periods is no reason for a floor.
        """
        now = sum((pay for key, pay in found.items() if name in ("", key[0])), D(0))
        if "cap" in said:
            before = self.earned[name] if said["cap"].get("per") == "year" else D(0)
            least = min(max(euros(said["cap"]["amount"]) - before, D(0)), now)
            found[name, "cap", ""] += least - now
            now = least
        yearly = said.get("floor", {}).get("per") == "year"
        if "floor" in said and (not yearly or period.until == YEAR[1]):
            before = self.earned[name] if yearly else D(0)
            back = D(0) if name or yearly else self.of_earlier
            most = max(euros(said["floor"]["amount"]) - before - back, now)
            found[name, "floor", ""] += most - now

    def take_back(self, found: dict[Key, Decimal], period: Period) -> None:
        """Take back what refunds undo of what was paid for every case, and nothing twice.

        Of a line below zero it is given back.
        """
        self.of_earlier = D(0)
        if "clawback" not in self.plan:
            return
        for case in dict.fromkeys(one.case for one in self.paid):
            lines = [one for one in self.paid if one.case == case]
            undone = self.undone(self.deals[case], period.until)
            wanted = [rounded(one.kept * undone) for one in lines]
            over = D(0)
            for one, back in zip(lines, wanted, strict=True):
                over += max(one.back - back, D(0)) if one.kept > 0 else min(one.back - back, D(0))
            for one, back in zip(lines, wanted, strict=True):
                if one.kept > 0:
                    more = max(back - one.back, D(0))
                    less = min(more, max(over, D(0)))
                else:
                    more = min(back - one.back, D(0))
                    less = max(more, min(over, D(0)))
                over -= less
                one.back += more - less
                found[one.component, "clawback", case] -= more - less
                if one.period != period.name:
                    self.of_earlier += more - less

    def undone(self, deal: Deal, until: dt.date) -> Decimal:
        """Return which share of a case has been undone by a day."""
        how = self.plan["clawback"]
        last = until
        if "within" in how and deal.day:
            last = min(until, later(deal.day, int(how["within"].removesuffix("mo"))))
        came = [said for day, what, said in deal.entries if what == "refund" and day <= last]
        if not came:
            return D(0)
        if how.get("share", "full") == "full":
            return D(1)
        if how["share"] == "of_unused_term":
            return (came[-1]["term"] - came[-1]["used"]) / came[-1]["term"]
        worth = self.worth(deal, until)
        return min(sum(deal.sums("refund", last), D(0)) / worth, D(1)) if worth else D(0)

    def worth(self, deal: Deal, until: dt.date) -> Decimal:
        """Return what was counted of a case by the first component that counts money of it, else its amount."""
        measures = [one["of"] for one in self.components.values()]
        money = [of for of in measures if (of == "revenue" and deal.day and deal.amount)
                 or (of == "cash" and any(deal.sums("payment", dt.date.max)))]  # fmt: skip
        if money and money[0] == "cash" and deal.sums("payment", until):
            return sum(deal.sums("payment", until), D(0))
        return deal.amount

    def wait(self, found: dict[Key, Decimal], now: list[Paid], period: Period) -> None:
        """Hold a share of what was paid for cases; release it as payments come in, and as refunds take it back."""
        if "hold" not in self.plan:
            return
        how = self.plan["hold"]
        for one in now:
            one.held = max(rounded(share(how["share"]) * one.kept), D(0))
            found[one.component, "hold", one.case] -= one.held
        for one in self.paid:
            deal = self.deals[one.case]
            came, worth = (
                deal.sums(how["until"].removeprefix("entry."), period.until),
                self.worth(deal, period.until),
            )
            part = (
                D(bool(came))
                if how.get("release") == "all"
                else min(sum(came, D(0)) / worth, D(1))
                if worth
                else D(1)
            )
            left = 1 - min(one.back / one.kept, D(1)) if one.kept else D(0)
            more = max(rounded(one.held - one.held * (1 - part) * left) - one.freed, D(0))
            one.freed += more
            found[one.component, "release", one.case] += more


def rate_at(mode: str, tiers: list[tuple[Decimal, Decimal]], at: Decimal) -> Decimal:
    """Return the rate that is reached at a point."""
    reached = [place for place, (start, _) in enumerate(tiers) if start <= at]
    if not reached:
        return D(0)
    start, rate = tiers[reached[-1]]
    if mode == "whole" or reached[-1] + 1 == len(tiers):
        return rate
    end, next_rate = tiers[reached[-1] + 1]
    return rate + (next_rate - rate) * (at - start) / (end - start)
