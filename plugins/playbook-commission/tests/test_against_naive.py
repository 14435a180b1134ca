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
from tests.naive_random import ABOUT, Edition, Plans, Team, editions, histories
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


def files(plans: Plans) -> dict[str, str]:
    """Return the files of plans."""
    return {f"{name}_plan": json.dumps(plan) for name, plan in plans.items()}


class Office(Paying):
    """Do everything twice: in the engine, and in the deals that the naive one is told."""

    def __init__(self, plans: Plans, team: Team) -> None:
        self.deals: dict[str, Deal] = {}
        super().__init__(team.said(), None, None, **files(plans))

    def told(self, command: Any, day: dt.date | None = None) -> bool:
        at = dt.datetime(day.year, day.month, day.day, 8, tzinfo=dt.UTC) if day else None
        try:
            return isinstance(self.engine.run(command, actor="operator", at=at), Done)
        except InputError:  # before what happened last with the case
            return False

    def settled_up_to(self, until: str, every: list[str]) -> dict[tuple[str, str, str], Statement]:
        """Settle a period, and the earlier ones first where it says so; return what was settled now."""
        found = list[tuple[str, Outcome]]()
        before, done = every[: every.index(until)], settle(self.engine, self.target_pay, until, "fin")
        if not isinstance(done, list):
            assert done.code == "earlier_open", done
            earlier = [(name, one) for name in before for one in self.settle(name)]
            assert any(one.new for _, one in earlier), done
            found, done = earlier, list(self.settle(until))
        found += [(until, one) for one in done]
        return {(one.person, one.statement.plan, name): one.statement for name, one in found if one.new}

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
        elif self.deals and what not in ("adjust", "raise", "publish"):
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
        kind = "untold" if line.id.endswith(":untold") else line.kind  # held since nobody can tell
        key = ["" if line.kind == "clawback" else line.component, kind, line.case]
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


class Twice:
    """Settle everything twice, by what was published last, and compare."""

    def __init__(self, editions: list[Edition]) -> None:
        self.editions = list(editions)
        plans, team = self.editions.pop(0)
        self.office = Office(plans, team)
        self.pay = dict.fromkeys(team.people, D(1000))
        self.books = {
            (who, name): Book(Naive(plan, who, team.people, team.quotas, self.pay[who]))
            for who in team.people
            for name, plan in plans.items()
        }
        every = {period for book in self.books.values() for period in book.naive.periods}
        self.periods = sorted(every, key=lambda one: (one.until, one.until - one.since))

    def happens(self, number: int, doing: tuple[Any, ...]) -> None:
        """Let something happen after a period, or in it, or in one before."""
        what, back, day, which, amount, due, currency, shares = doing
        early = self.periods[max(number - back, 0)]
        self.office.happens(what, early.since + dt.timedelta(day), which, amount, due, currency, shares)
        if what == "raise":
            self.pay["sam"] += amount
        if what == "publish" and self.editions:
            self.publish(*self.editions.pop(0))
        for (who, _), book in self.books.items():
            book.naive = book.naive.by(book.naive.plan, self.pay[who])

    def publish(self, plans: Plans, team: Team) -> None:
        """Publish everything anew."""
        self.office.organization = team.said()
        self.office.publish(**files(plans))
        for (who, name), book in self.books.items():
            book.naive = Naive(plans[name], who, team.people, team.quotas, self.pay[who])

    def settle(self, number: int, doings_: list[tuple[Any, ...]]) -> None:
        """Let things happen, and settle a period."""
        period, by_hand = self.periods[number], D(0)
        self.office.today = str(period.until + dt.timedelta(2))
        sams = self.books["sam", "ae"].naive
        for doing in doings_:
            self.happens(number, doing)
            amount = doing[4]
            if doing[0] == "adjust" and amount and period in sams.periods[:-1]:
                add = Adjust(f"sam.ae.{period.name}", f"{amount} {sams.currency}", "a fair")
                self.office.do(add, actor="fin")
                by_hand += amount
        self.office.target_pay = {who: Money(pay, "EUR") for who, pay in self.pay.items()}
        books = {key: book for key, book in self.books.items() if period in book.naive.periods}
        names = sorted({one.name for book in books.values() for one in book.naive.periods})
        settled, wanted = self.office.settled_up_to(period.name, names), dict[tuple[str, str, str], Any]()
        for key, book in books.items():
            found = book.settle(period, self.office.deals.values(), by_hand if key == ("sam", "ae") else D(0))
            wanted |= {(*key, name): one for name, one in found.items()}
        assert set(settled) == set(wanted)
        for of, got in settled.items():
            assert differing(lines_of(got), wanted[of].lines) == {}, of
            assert differing(totals(got), totals(wanted[of])) == {}, of
            assert thawed(frozen(got)) == got


def check_one(editions: list[Edition], history: list[list[Any]]) -> None:
    try:
        for one in editions[1:]:
            Office(*one).close()
        twice = Twice(editions)
    except ProblemsFound as error:
        event(f"refused: {' '.join(str(error).split()[2:6])}")
        assume(False)
    try:
        for number in range(len(twice.periods)):
            twice.settle(number, history[number] if number < len(history) else [])
    except InputError as error:  # who is asked for nothing cannot be paid by how much of it was reached
        if "has a quota of 0" not in str(error):
            raise
        assume(False)
    differs = [one.differs for period in twice.periods for one in audit(twice.office.engine, period.name)]
    assert not any(differs), differs
    twice.office.close()


@pytest.mark.parametrize("about", ABOUT)
def test_every_statement_is_what_is_reckoned_naively(about: str) -> None:
    """Draw each example from a number of its own: of many in one go, most are made from the one before."""

    @settings(
        max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(editions(about), histories(about))
    def check(editions: list[Edition], history: list[list[Any]]) -> None:
        check_one(editions, history)

    first = random.randrange(10**9) if SOAK else 0  # a test of every day says the same of the same code
    for number in range(first, first + (SOAK or 72) // len(ABOUT)):
        seed(number)(check)()
