"""Pay reckoned the naive way, from what the text says of plans alone: a second opinion on what the plugin pays.

It knows one organization (euros and dollars, the calendar year 2027), walks credits in order, period by period, and
shares no code with the plugin. What happened is a list of deals as they are known; a plan is the mapping that is its
file.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.naive_after import keep, take_back, wait
from tests.naive_facts import (
    ABOVE,
    MONEY,
    RATIOS,
    REPORTS,
    TEAMS,
    WAITS,
    YEAR,
    Credit,
    D,
    Deal,
    Key,
    Paid,
    Period,
    Person,
    Steps,
    exchanged,
    money,
    periods,
    share,
    tells,
)
from tests.naive_quota import Quota, asked
from tests.naive_tiers import Pays, Reading, Tier, in_steps, rate_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Naive:
    """Reckon what a plan, as it was published once, pays one of several people, against their quotas."""

    def __init__(
        self,
        plan: dict[str, Any],
        person: str,
        people: dict[str, Person],
        quotas: list[Quota],
        target_pay: Decimal,
    ) -> None:
        self.plan = plan
        self.person = person
        self.people = people
        self.quotas = quotas
        self.since = dt.date.fromisoformat(plan["effective"]["from"])
        self.until = dt.date.fromisoformat(plan["effective"]["to"])
        self.periods = [one for one in periods(plan.get("period", "quarter")) if one.until >= self.since]
        self.currency = plan.get("currency", "EUR")
        self.steps = Steps.said(plan)
        self.quota = cache(self._quota)
        self.target_pay = target_pay

    def by(self, plan: dict[str, Any], target_pay: Decimal) -> Naive:
        """Return the same one, were the plan and the target pay others."""
        return Naive(plan, self.person, self.people, self.quotas, target_pay)

    def employed(self, day: dt.date, person: str = "") -> bool:
        """Return whether a person is employed on a day."""
        who = self.people.get(person or self.person)
        return who is not None and who.hired <= day <= who.left

    def counts(self, day: dt.date, person: str = "") -> bool:
        """Return whether the plan pays a person on a day."""
        who, whom = person or self.person, self.plan["applies_to"]
        return (
            self.employed(day, who)
            and self.since <= day <= self.until
            and whom.get("role") in (None, self.people[who].role(day))
            and whom.get("person") in (None, who)
        )

    def pays_in(self, period: Period) -> bool:
        """Return whether the plan pays the person on a day of a period."""
        return any(self.counts(day) for day in period.days())

    def pays_after(self, period: Period) -> bool:
        """Return whether the plan pays the person on a later day of the year too."""
        return any(self.counts(day) for day in Period("", period.until, YEAR.until).days()[1:])

    def money(self, said: str, period: Period) -> Decimal:
        """Return an amount in the currency of the plan, at the rate of the period's last day."""
        return money(said, self.currency, period.until)

    def payable(self, said: str, period: Period) -> Decimal:
        """Return such an amount as it can be paid."""
        return self.steps.rounded(self.money(said, period))

    def _quota(self, measure: str, period: Period, of_year: bool = False) -> Decimal:
        """Return what is asked for in a period, or in the year, by the days on which the person is paid."""
        said = [one for one in self.quotas if (one.person, one.measure) == (self.person, measure)]
        asking = YEAR if of_year else period
        days = [day for day in asking.days() if self.counts(day)]
        target = asked(said, asking.name, self.people[self.person], days)
        assert target is not None, f"{self.person} has no quota for {measure} in {period.name}"
        return self.money(f"{target} {said[0].currency}", period) if measure in MONEY else target

    def target(self, period: Period, *, of_year: bool = False) -> Decimal:
        """Return the target pay for the days of a period, or of all of the year's, on which the person is paid."""
        total = D(0)
        whole = self.money(f"{self.target_pay} EUR", period)
        for one in self.periods if of_year else [period]:
            days = one.days()
            total += whole * sum(self.counts(day) for day in days) / len(days)
        return self.steps.rounded(total)

    def pays(
        self, deals: Iterable[Deal], settled: Mapping[str, tuple[dict[str, Any], Decimal]]
    ) -> list[dict[Key, Decimal]]:
        """Return what each period pays by what is known now, as if nothing had been settled.

        Periods that were settled are reckoned by the plan and the target pay of then.
        """
        with localcontext(prec=50):
            return Reckoned(self, list(deals), {name: self.by(*of) for name, of in settled.items()}).found


class Reckoned:
    """Hold what is reckoned, period by period: `earned` by component in the year so far, `paid` by line of a case."""

    def __init__(self, naive: Naive, deals: list[Deal], settled: Mapping[str, Naive]) -> None:
        self.deals = {deal.case: deal for deal in deals}
        self.earned = defaultdict[str, Decimal](D)
        self.paid = list[Paid]()
        self.of_earlier = D(0)
        self.found = []
        for one in naive.periods:
            self.go_by(settled.get(one.name, naive))
            self.found.append(self.period(one))

    def go_by(self, naive: Naive) -> None:
        """Reckon by a plan as it was published."""
        self.naive = naive
        self.plan = naive.plan
        self.components: dict[str, dict[str, Any]] = naive.plan["components"]
        every = {name: list(self.credited(one, naive.person)) for name, one in self.components.items()}
        self.credits = {name: [c for c in all_ if c.sure] for name, all_ in every.items()}
        self.unsure = {name: [c for c in all_ if not c.sure] for name, all_ in every.items()}

    # -- what counts ------------------------------------------------------------------------------------

    def credited(self, one: dict[str, Any], person: str) -> Iterator[Credit]:
        """Yield the credits of a person for a component, in the order of days and then of cases."""
        rows = []
        for deal in self.deals.values():
            if one["of"] in ("cash", "payments"):
                came = deal.came("payment", dt.date.max)
                rows += [(entry.day, deal, entry.amount, entry.currency) for entry in came]
            elif deal.day:
                rows.append((deal.day, deal, deal.amount, deal.currency))
        for day, deal, amount, currency in sorted(rows, key=lambda row: (row[0], row[1].case)):
            told = tells(deal, one.get("when"), day)
            if self.naive.counts(day, person) and told is not False:
                for part, count in self.parts(one.get("credit", {}), deal, amount, person):
                    in_plan = exchanged(part, currency, self.naive.currency, day)
                    yield Credit(day, deal.case, in_plan, count, told is not None)

    def parts(
        self, credit: dict[str, str], deal: Deal, amount: Decimal, person: str
    ) -> Iterator[tuple[Decimal, Decimal]]:
        """Yield a person's share of an amount in whole cents, or that of an overlay, and how many that is."""
        names = sorted(deal.shares, key=lambda name: (-deal.shares[name], name))
        split = dict(zip(names, Steps().shared([amount * deal.shares[name] for name in names]), strict=True))
        if credit.get("of") in ("person", "team"):
            if deal.helper == person if credit["of"] == "person" else TEAMS[person] in ABOVE[deal.team]:
                part = share(credit.get("share", "100%"))
                yield amount * part, part
        elif credit.get("of") == "people_of":
            mine = [name for name in names if REPORTS.get(name) == person]
            if mine:
                yield (
                    sum((split[name] for name in mine), D(0)),
                    sum((deal.shares[name] for name in mine), D(0)),
                )
        elif person in deal.shares:
            yield split[person], deal.shares[person]

    def towards_quota(self, one: dict[str, Any], credits_: Iterable[Credit]) -> Decimal:
        """Return what credits count towards a quota: how much, of what only counts how many."""
        return sum((c.amount if one["of"] in MONEY else c.count for c in credits_), D(0))

    # -- tiers ------------------------------------------------------------------------------------------

    def tiers(self, name: str, one: dict[str, Any], period: Period, paid_in: Period) -> list[Tier]:
        """Return where tiers start on the axis in a period, and what they pay in this one or a later one."""
        rate, times = one.get("rate", {}), D(str(one.get("multiplier", 1)))
        times *= D(str(self.plan.get("multiplier", 1)))
        found = []
        for tier in one["tiers"]:
            start = str(tier["from"])
            at = self.naive.money(start, period) if " " in start else D(start.removesuffix("%"))
            if rate.get("by") == "value":
                at /= 100
            if rate.get("by") == "attainment":
                at *= self.naive.quota(one["of"], period, rate.get("over") == "year") / 100
            pay = tier["pay"]
            found.append((at, (share(pay) if pay.endswith("%") else self.naive.money(pay, paid_in)) * times))
        if "higher_once" in one:
            came = self.towards_quota(one, (c for c in self.credits[name] if c.day <= period.until))
            if came < share(one["higher_once"]) * self.naive.quota(one["of"], period, True):
                return found[:1]
        return found

    def value(self, one: dict[str, Any], period: Period) -> Decimal | None:
        """Return what a ratio is in a period, or in the year so far; None where there is nothing to divide by."""
        first = YEAR.since if one["rate"].get("over") == "year" else period.since
        part, whole = (
            sum((c.amount if of in MONEY else c.count for c in self.credited({**one, "of": of}, self.naive.person)
                 if c.sure and first <= c.day <= period.until), D(0))
            for of in RATIOS[one["of"]]
        )  # fmt: skip
        return part / whole if whole else None

    def by_value(self, one: dict[str, Any], tiers: list[Tier], period: Period) -> Pays:
        """Return what is paid once for the value of a ratio."""
        value = self.value(one, period)
        if value is None:
            return []
        rate = rate_at(one["rate"]["mode"], tiers, value)
        shares = one["tiers"][0]["pay"].endswith("%")
        return [("credit", "", rate * (self.naive.target(period) if shares else 1))]

    def reckon(
        self, name: str, one: dict[str, Any], period: Period, more: Iterable[Credit] = ()
    ) -> list[tuple[str, str, Decimal]]:
        """Return kind, case and pay of what the tiers pay in a period, were more credited after all else."""
        if "tiers" not in one:
            return []
        tiers, target = self.tiers(name, one, period, period), None
        if one["of"] in RATIOS:
            return in_steps(self.naive.steps, self.by_value(one, tiers, period))
        if one.get("pays") == "share_of_target_pay":
            over_year = one["rate"].get("over") == "year"
            quota = self.naive.quota(one["of"], period, over_year)
            target = self.naive.target(period, of_year=over_year), quota
        read = Reading.of(one, target)
        now = [*(c for c in self.credits[name] if c.day in period), *more]
        before = [c for c in self.credits[name] if c.day < period.since] if read.over == "year" else []
        if read.over == "credit":
            made = read.each_alone(tiers, now)
        elif read.mode == "marginal":
            made = read.go_on(tiers, now, read.way(*before))
        else:
            last = self.naive.periods[self.naive.periods.index(period) - 1]
            then = self.tiers(name, one, last, period) if before else tiers
            made = read.reach(tiers, now, then, before) if now else []
        return in_steps(self.naive.steps, made)

    # -- a period ---------------------------------------------------------------------------------------

    def period(self, period: Period) -> dict[Key, Decimal]:
        """Return what a period pays, by line."""
        found, now = defaultdict[Key, Decimal](D), list[Paid]()
        paying = self.naive.pays_in(period)
        for name, one in self.components.items() if paying else ():
            for kind, case, pay in [*self.reckon(name, one, period), *self.spiffs(name, one, period)]:
                found[name, kind, case] += pay
                now.append(Paid(self.plan, period.name, name, case, pay))
            if "gate" in one and not self.open(one["gate"], period):
                found[name, "gate", ""] -= sum((pay for key, pay in found.items() if key[0] == name), D(0))
            else:
                self.bound(name, one, found, period)
        for name in self.components:
            lines = [one for one in now if one.component == name]
            keep(self.naive.steps, lines, found[name, "cap", ""])
            for line in lines if found[name, "gate", ""] else ():
                line.kept = D(0)
        self.paid += now
        take_back(self, found, period)
        if paying:
            self.bound("", self.plan, found, period)
        keep(self.naive.steps, now, found["", "cap", ""])
        wait(self, found, now, period)
        for name in {"", *(key[0] for key in found)}:
            self.earned[name] += sum(
                (p for key, p in found.items() if name in ("", key[0]) and key[1] not in WAITS), D(0)
            )
        for name, one in self.components.items() if paying else ():
            self.hold_unsure(name, one, found, period)
        return {key: pay for key, pay in found.items() if pay}

    def hold_unsure(self, name: str, one: dict[str, Any], found: dict[Key, Decimal], period: Period) -> None:
        """Hold what would be paid for what nobody can tell yet, after all else."""
        late = [c for c in self.unsure[name] if c.day in period]
        cases = {c.case for c in late}
        made = [line for line in self.reckon(name, one, period, late) if line[1] in cases]
        for kind, case, pay in [*made, *self.spiffs(name, one, period, sure=False)]:
            if kind != "true_up":
                found[name, kind, case] += pay
                found[name, "untold", case] -= pay

    def open(self, gate: dict[str, str], period: Period) -> bool:
        """Return whether another component reached its point in the period."""
        of = self.components[gate["of"]]
        if of["of"] in RATIOS:
            reached = self.value(of, period)
            return reached is not None and opens(gate, reached)
        quota = self.naive.quota(of["of"], period)
        came = self.towards_quota(of, (c for c in self.credits[gate["of"]] if c.day in period))
        return quota > 0 and opens(gate, came / quota)

    def spiffs(
        self, name: str, one: dict[str, Any], period: Period, *, sure: bool = True
    ) -> list[tuple[str, str, Decimal]]:
        """Return what is paid once for a case, while the budget lasts: of what is sure, or of what is not."""
        if "spiff" not in one:
            return []
        said, done, made = one["spiff"], set[str](), Pays()
        amount, budget = (D(said.get(key, f"{10**15} EUR").split()[0]) for key in ("pay", "budget"))
        everybody = [(c, who) for who in self.naive.people for c in self.credited(one, who)]
        for day, case in sorted({(c.day, c.case) for c, _ in everybody}):
            told = tells(self.deals[case], said.get("when"), day)
            if case in done or told is False or not said.get("from", "") <= str(day) <= said.get("to", "9"):
                continue
            done.add(case)
            credits_ = {who: c for c, who in everybody if (c.day, c.case) == (day, case)}
            due = amount * sum((c.count for c in credits_.values()), D(0))
            part = min(D(1), budget / due)
            budget = max(budget - due, D(0))
            mine = credits_.get(self.naive.person)
            if mine and day in period and sure == (mine.sure and told is not None):
                made.append(("spiff", case, self.naive.money(said["pay"], period) * mine.count * part))
        return in_steps(self.naive.steps, made)

    def bound(self, name: str, said: dict[str, Any], found: dict[Key, Decimal], period: Period) -> None:
        """Bound what a component or the plan pays in the period or the year so far by a cap and a floor.

        What is taken back of earlier periods is no reason for a floor.
        """
        now = sum((pay for key, pay in found.items() if name in ("", key[0])), D(0))
        if "cap" in said:
            before = self.earned[name] if said["cap"].get("per") == "year" else D(0)
            least = min(
                max(self.naive.payable(said["cap"]["amount"], period) - before, D(0)),
                now,
            )
            found[name, "cap", ""] += least - now
            now = least
        yearly = said.get("floor", {}).get("per") == "year"
        if "floor" in said and (not yearly or not self.naive.pays_after(period)):
            before = self.earned[name] if yearly else D(0)
            back = D(0) if name or yearly else self.of_earlier
            most = max(
                self.naive.payable(said["floor"]["amount"], period) - before - back,
                now,
            )
            found[name, "floor", ""] += most - now


def opens(gate: dict[str, str], reached: Decimal) -> bool:
    """Return whether what was reached is enough."""
    return reached >= share(gate["from"]) if "from" in gate else reached > share(gate["above"])
