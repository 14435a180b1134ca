"""Random plans over random histories, settled period by period, against pay that is reckoned naively from the text.

`SOAK` set to a number makes that many examples; `make soak` does.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, assume, event, given, settings
from hypothesis import strategies as st
from tests.naive_book import Book
from tests.naive_facts import Deal, periods, share
from tests.naive_pay import Naive
from tests.paying import Paying

from playbook import Close, InputError, Log, Open, ProblemsFound, Reopen, Set, Split
from playbook.engine import Done
from playbook_commission.settling.settle import audit
from playbook_commission.settling.settlements import Adjust
from playbook_commission.statements.statement import frozen, thawed

if TYPE_CHECKING:
    from playbook_commission.statements.statement import Statement

SOAK = int(os.environ.get("SOAK", "0"))
D = Decimal
PEOPLE = {"kim": dt.date(2027, 5, 10), "sam": dt.date(2026, 1, 1)}
QUOTAS = {
    "revenue": [(dt.date(2027, 1, 1), D(4000)), (dt.date(2027, 8, 15), D(7300))],
    "cash": [(dt.date(2027, 1, 1), D(3000))],
    "won": [(dt.date(2027, 1, 1), D(9))],
}
ORGANIZATION = """
organization: acme
currency: EUR
approves_when_no_manager: fin
people:
  sam: {name: Sam, role: ae, hired: 2026-01-01}
  kim: {name: Kim, role: ae, hired: 2027-05-10}
  dana: {name: Dana, role: boss}
  fin: {name: Fin, role: finance}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  cash: {playbook: deals, entry: payment, amount: entry.amount}
  won: {playbook: deals, outcome: won, count: true, date: case.closed}
quotas:
""" + "".join(
    f"  - {{period: 2027, measure: {name}, person: {who}, target: {target}{'' if name == 'won' else ' EUR'}"
    f"{'' if not place else f', from: {since}'}}}\n"
    for name, said in QUOTAS.items()
    for place, (since, target) in enumerate(said)
    for who in PEOPLE
)
SHARES = (
    {"sam": 100}, {"sam": 100}, {"kim": 100}, {"sam": 70, "kim": 30}, {"sam": 50, "dana": 50}, {"dana": 100},
    {"dana": "33.33", "kim": "33.34", "sam": "33.33"},
)  # fmt: skip

# -- plans ----------------------------------------------------------------------------------------------

percents = st.sampled_from(("0%", "1%", "5%", "7.5%", "10%", "12.345%", "100%"))
sums = st.sampled_from(("0 EUR", "5 EUR", "33.33 EUR", "100 EUR"))
MAYBE = st.sampled_from((False, False, True))


@st.composite
def tiers(draw: st.DrawFn, by: str, mode: str) -> list[dict[str, str | int]]:
    starts = draw(st.lists(st.integers(1, 12), max_size=3, unique=True).map(sorted))
    scale, unit = {"amount": (100, " EUR"), "attainment": (20, "%"), "count": (1, "")}[by]
    first = draw(st.sampled_from((0, 0, 1))) if mode == "interpolated" else 0
    found = sorted({first, *starts})
    pay = sums if (by == "count" or mode != "marginal") and draw(st.booleans()) else percents
    return [
        {"from": f"{start * scale}{unit}" if unit else start * scale, "pay": draw(pay)} for start in found
    ]


@st.composite
def components(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {"of": draw(st.sampled_from(("revenue", "revenue", "won", "cash")))}
    if draw(MAYBE):
        made["spiff"] = {"pay": draw(st.sampled_from(("5 EUR", "33.33 EUR")))}
        if draw(MAYBE):
            made["spiff"]["budget"] = draw(st.sampled_from(("12 EUR", "50 EUR")))
        if draw(st.booleans()):
            return made
    by = draw(st.sampled_from(("amount", "attainment", "count")))
    mode = draw(st.sampled_from(("marginal", "whole", "interpolated")))
    made["rate"] = {
        "by": by,
        "mode": mode,
        "over": draw(st.sampled_from(("period", "period", "year", "credit"))),
    }
    made["tiers"] = draw(tiers(by, mode))
    if draw(MAYBE):
        made["multiplier"] = draw(st.sampled_from((0.5, 1.5)))
    if draw(MAYBE) and draw(MAYBE):
        made["higher_once"] = draw(st.sampled_from(("20%", "100%")))
    made |= draw(bounds())
    return made


@st.composite
def bounds(draw: st.DrawFn) -> dict[str, Any]:
    found = {}
    for kind, amounts in (("cap", ("40 EUR", "150 EUR")), ("floor", ("1 EUR", "30 EUR"))):
        if draw(MAYBE):
            found[kind] = {
                "amount": draw(st.sampled_from(amounts)),
                "per": draw(st.sampled_from(("period", "year"))),
            }
    return found


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    names = ("new", "more", "third")[: draw(st.sampled_from((1, 1, 2, 3)))]
    plan: dict[str, Any] = {
        "plan": "ae", "applies_to": {"role": "ae"}, "effective": {"from": "2027-01-01", "to": "2027-12-31"},
        "period": draw(st.sampled_from(("quarter", "quarter", "quarter", "month"))),
        "components": {name: draw(components()) for name in names},
    }  # fmt: skip
    for place, name in enumerate(names[1:]):
        if draw(MAYBE):
            point = draw(st.sampled_from(("20%", "100%")))
            plan["components"][name]["gate"] = {
                "of": names[place],
                draw(st.sampled_from(("from", "above"))): point,
            }
    if draw(MAYBE):
        plan |= draw(bounds())
    if draw(MAYBE):
        plan["multiplier"] = 1.1
    for kind in ("draw", "guarantee"):
        if draw(MAYBE):
            plan[kind] = {"amount": draw(st.sampled_from(("20 EUR", "100 EUR"))),
                          "every": draw(st.sampled_from(("month", "period")))}  # fmt: skip
    if "draw" in plan:
        plan["draw"]["recoverable"] = draw(st.booleans())
    if draw(MAYBE):
        plan["hold"] = {"share": draw(st.sampled_from(("50%", "33.3%", "100%"))), "until": "entry.payment",
                        "release": draw(st.sampled_from(("by_amount_paid", "all")))}  # fmt: skip
    if draw(st.booleans()):
        how = draw(st.sampled_from(("of_amount_refunded", "full", "of_unused_term")))
        plan["clawback"] = {"on": "entry.refund", "share": how}
        if draw(MAYBE):
            plan["clawback"]["within"] = draw(st.sampled_from(("1mo", "6mo")))
    return plan


# -- histories ------------------------------------------------------------------------------------------

amounts = st.one_of(
    st.integers(0, 12).map(lambda n: D(n) * 100), st.integers(1, 200_000).map(lambda cents: D(cents) / 100),
    st.sampled_from((D(0), D("0.01"), D("333.33"), D("99999999.99"))),
)  # fmt: skip
DOINGS = ("won", "won", "won", "payment", "payment", "refund", "correct", "reopen", "again", "adjust")
doings = st.tuples(
    st.sampled_from(DOINGS),
    st.sampled_from((0, 0, 0, 1, 2)), st.integers(0, 20), st.integers(0, 20), amounts, st.sampled_from(SHARES),
)  # fmt: skip
histories = st.lists(st.lists(doings, max_size=5), min_size=13, max_size=13)


class Office(Paying):
    """Do everything twice: in the engine, and in the deals that the naive one is told."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.deals: dict[str, Deal] = {}
        super().__init__(ORGANIZATION, p_plan=json.dumps(plan))

    def told(self, command: Any, day: dt.date | None = None) -> bool:
        at = dt.datetime(day.year, day.month, day.day, 8, tzinfo=dt.UTC) if day else None
        try:
            return isinstance(self.engine.run(command, actor="operator", at=at), Done)
        except InputError:  # before what happened last with the case
            return False

    def happens(self, what: str, day: dt.date, which: int, amount: Decimal, shares: dict[str, Any]) -> None:
        if what == "won":
            case = f"d{len(self.deals):03}"
            parts = {who: share(f"{part}%") for who, part in shares.items()}
            first = dt.date(2027, 1, 1)
            assert self.told(
                Open(case, "deals", case, owner="sam", fields={"amount": f"{amount} EUR"}), first
            )
            assert self.told(Split(case, {who: f"{part}%" for who, part in shares.items()}), first)
            assert self.told(Close(case, "won"), day)
            self.deals[case] = Deal(case, day, amount, parts)
        elif self.deals and what != "adjust":
            self._follows(what, day, list(self.deals.values())[which % len(self.deals)], which, amount)

    def _follows(self, what: str, day: dt.date, deal: Deal, which: int, amount: Decimal) -> None:
        if what in ("payment", "refund"):
            some = (deal.amount, (deal.amount / 2).quantize(D("0.01")), amount)[which % 3]
            said = {"amount": max(some, D("0.01"))}  # nobody pays nothing
            if what == "refund":
                said |= {"term": D(12), "used": D(which % 13)}
            fields = {
                name: f"{value} EUR" if name == "amount" else str(value) for name, value in said.items()
            }
            if self.told(Log(deal.case, what, fields=fields), day):
                deal.entries.append((day, what, said))
        elif what == "correct":
            if self.told(Set(deal.case, {"amount": f"{amount} EUR"}, "an error")):
                deal.amount = amount
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


def check_one(plan: dict[str, Any], history: list[list[Any]]) -> None:
    try:
        office = Office(plan)
    except ProblemsFound as error:
        event(f"refused: {' '.join(str(error).split()[2:6])}")
        assume(False)
    books = {who: Book(Naive(plan, who, PEOPLE, QUOTAS)) for who in PEOPLE}
    every = periods(plan["period"])
    for number, (period, doings_) in enumerate(zip(every, history, strict=False)):
        office.today = str(period.until + dt.timedelta(2))
        by_hand = dict.fromkeys(PEOPLE, D(0))
        for what, back, day, which, amount, shares in doings_:
            early = every[max(number - back, 0)]
            office.happens(what, early.since + dt.timedelta(day), which, amount, shares)
            if what == "adjust" and amount and period != every[-1]:
                office.do(Adjust(f"sam.ae.{period.name}", f"{amount} EUR", "a fair"), actor="fin")
                by_hand["sam"] += amount
        settled = {one.person: one.statement for one in office.settle(period.name)}
        for who, book in books.items():
            wanted = book.settle(period, office.deals.values(), by_hand[who])
            if who not in settled:
                assert not any([*wanted.lines.values(), wanted.draw]), (who, period.name, wanted.lines)
                continue
            got = settled[who]
            assert differing(lines_of(got), wanted.lines) == {}, (who, period.name)
            assert differing(totals(got), totals(wanted)) == {}, (who, period.name)
            assert thawed(frozen(got)) == got
    found = [one.differs for period in every for one in audit(office.engine, period.name)]
    assert not any(found), found
    office.close()


def test_every_statement_is_what_is_reckoned_naively() -> None:
    @settings(
        max_examples=SOAK or 30, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(plans(), histories)
    def check(plan: dict[str, Any], history: list[list[Any]]) -> None:
        check_one(plan, history)

    check()
