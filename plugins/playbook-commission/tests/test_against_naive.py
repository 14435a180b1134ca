"""Random plans over random histories, settled period by period, against pay that is reckoned naively from the text.

`SOAK` set to a number makes that many examples; `make soak` does.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, seed, settings
from tests.naive_book import Book
from tests.naive_facts import Deal, Entry, share
from tests.naive_pay import Naive
from tests.naive_random import ABOUT, Team, histories, plans, teams
from tests.paying import Paying

from playbook import Close, InputError, Log, Money, Open, ProblemsFound, Reopen, Set, Split
from playbook.engine import Done
from playbook_commission.settling.settle import Outcome, audit, settle
from playbook_commission.settling.settlements import Adjust
from playbook_commission.statements.statement import frozen, thawed

if TYPE_CHECKING:
    from playbook_commission.statements.statement import Statement

SOAK = int(os.environ.get("SOAK", "0"))
D = Decimal


class Office(Paying):
    """Do everything twice: in the engine, and in the deals that the naive one is told."""

    def __init__(self, plan: dict[str, Any], team: Team) -> None:
        self.deals: dict[str, Deal] = {}
        super().__init__(team.said(), p_plan=json.dumps(plan))

    def told(self, command: Any, day: dt.date | None = None) -> bool:
        at = dt.datetime(day.year, day.month, day.day, 8, tzinfo=dt.UTC) if day else None
        try:
            return isinstance(self.engine.run(command, actor="operator", at=at), Done)
        except InputError:  # before what happened last with the case
            return False

    def settled_up_to(self, until: str, every: list[str]) -> dict[tuple[str, str], Statement]:
        """Settle a period, and the earlier ones first where it says so; return what was settled now."""
        found = list[tuple[str, Outcome]]()
        before, done = every[: every.index(until)], settle(self.engine, self.target_pay, until, "fin")
        if not isinstance(done, list):
            assert done.code == "earlier_open", done
            earlier = [(name, one) for name in before for one in self.settle(name)]
            assert any(one.new for _, one in earlier), done
            found, done = earlier, list(self.settle(until))
        found += [(until, one) for one in done]
        return {(one.person, name): one.statement for name, one in found if one.new}

    def happens(
        self, what: str, day: dt.date, which: int, amount: Decimal, due: Decimal | None, currency: str,
        shares: dict[str, Any],
    ) -> None:  # fmt: skip
        if what == "won":
            case = f"d{len(self.deals):03}"
            parts = {who: share(f"{part}%") for who, part in shares.items()}
            first = dt.date(2027, 1, 1)
            fields = {"amount": f"{amount} {currency}"} | ({} if due is None else {"due": f"{due} EUR"})
            helper = (*parts, "")[which % (len(parts) + 1)]
            fields |= {"helper": helper} if helper else {}
            assert self.told(Open(case, "deals", case, owner="sam", fields=fields), first)
            assert self.told(Split(case, {who: f"{part}%" for who, part in shares.items()}), first)
            assert self.told(Close(case, "won"), day)
            self.deals[case] = Deal(case, day, amount, parts, due, currency, helper)
        elif self.deals and what not in ("adjust", "raise"):
            deal = list(self.deals.values())[which % len(self.deals)]
            if what == "says":
                if self.told(Set(deal.case, {"due": due and f"{due} EUR"}, "now known")):
                    deal.due = due
            elif what == "correct":
                if self.told(Set(deal.case, {"amount": f"{amount} {currency}"}, "an error")):
                    deal.amount, deal.currency = amount, currency
            else:
                self._follows(what, day, deal, which, (amount, currency))

    def _follows(self, what: str, day: dt.date, deal: Deal, which: int, said: tuple[Decimal, str]) -> None:
        if what in ("payment", "refund"):
            half = (deal.amount / 2).quantize(D("0.01"))
            some, currency = ((deal.amount, deal.currency), (half, deal.currency), said)[which % 3]
            entry = Entry(day, what, max(some, D("0.01")), currency, which % 13)  # nobody pays nothing
            fields = {"amount": f"{entry.amount} {currency}"}
            if what == "refund":
                fields |= {"term": str(entry.term), "used": str(entry.used)}
            if self.told(Log(deal.case, what, fields=fields), day):
                deal.entries.append(entry)
        elif what == "reopen":
            if self.told(Reopen(deal.case)):
                deal.day = None
        elif self.told(Close(deal.case, "won"), day):
            deal.day = day


def lines_of(statement: Statement) -> dict[tuple[str, ...], Decimal]:
    found = defaultdict[tuple[str, ...], Decimal](D)
    for line in statement.lines:
        key = ["" if line.kind == "clawback" else line.component, line.kind, line.case]
        if line.kind == "adjustment":
            of, _, name = line.undoes.partition("/")
            key = [
                line.component if ":clawback:" not in name else "",
                "waits" if line.waits else "",
                line.case,
                of,
            ]
        found[tuple(key)] += line.pay
    return {key: pay for key, pay in found.items() if pay}


def totals(statement: Any) -> dict[str, Decimal]:
    return {name: getattr(statement, name) for name in ("earned", "held", "draw", "paid", "owed")}


def differing(got: dict[Any, Decimal], wanted: dict[Any, Decimal]) -> dict[Any, tuple[Decimal, Decimal]]:
    """Return what is paid and what was reckoned, where that is not the same."""
    pairs = {key: (got.get(key, D(0)), wanted.get(key, D(0))) for key in {*got, *wanted}}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def check_one(plan: dict[str, Any], team: Team, history: list[list[Any]]) -> None:
    try:
        office = Office(plan, team)
    except ProblemsFound as error:
        event(f"refused: {' '.join(str(error).split()[2:6])}")
        assume(False)
    books = {who: Book(Naive(plan, who, team.people, team.quotas, D(1000))) for who in team.people}
    office.target_pay = dict.fromkeys(books, Money(D(1000), "EUR"))
    every = books["sam"].naive.periods
    for number, (period, doings_) in enumerate(zip(every, history, strict=False)):
        office.today = str(period.until + dt.timedelta(2))
        by_hand = dict.fromkeys(books, D(0))
        for what, back, day, which, amount, due, currency, shares in doings_:
            early = every[max(number - back, 0)]
            office.happens(what, early.since + dt.timedelta(day), which, amount, due, currency, shares)
            if what == "raise":
                books["sam"].naive.target_pay += amount
                office.target_pay["sam"] = Money(books["sam"].naive.target_pay, "EUR")
            if what == "adjust" and amount and period != every[-1]:
                office.do(
                    Adjust(f"sam.ae.{period.name}", f"{amount} {books['sam'].naive.currency}", "a fair"),
                    actor="fin",
                )
                by_hand["sam"] += amount
        settled = office.settled_up_to(period.name, [one.name for one in every])
        found = {who: book.settle(period, office.deals.values(), by_hand[who]) for who, book in books.items()}
        wanted = {(who, name): one for who, of in found.items() for name, one in of.items()}
        assert set(settled) == set(wanted)
        for key, got in settled.items():
            assert differing(lines_of(got), wanted[key].lines) == {}, key
            assert differing(totals(got), totals(wanted[key])) == {}, key
            assert thawed(frozen(got)) == got
    differs = [one.differs for period in every for one in audit(office.engine, period.name)]
    assert not any(differs), differs
    office.close()


@pytest.mark.parametrize("about", ABOUT)
def test_every_statement_is_what_is_reckoned_naively(about: str) -> None:
    """Draw each example from a number of its own: of many in one go, most are made from the one before."""

    @settings(
        max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(plans(about), teams(about), histories)
    def check(plan: dict[str, Any], team: Team, history: list[list[Any]]) -> None:
        check_one(plan, team, history)

    first = random.randrange(10**9) if SOAK else 0  # a test of every day says the same of the same code
    for number in range(first, first + (SOAK or 60) // len(ABOUT)):
        seed(number)(check)()
