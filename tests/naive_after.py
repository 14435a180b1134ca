"""What follows on what was paid, the naive way: bounds share what they take, refunds undo, payments release."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from tests.naive_facts import D, Steps, later, share, tells

if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Any

    from tests.naive_facts import Deal, Key, Paid, Period
    from tests.naive_pay import Reckoned


def keep(steps: Steps, lines: list[Paid], taken: Decimal) -> None:
    """Share what was taken from lines by what of them is left."""
    lines = [one for one in lines if one.kept > 0]
    whole = sum((one.kept - one.back for one in lines), D(0))
    if taken and whole > 0:
        parts = steps.shared([(one.kept - one.back) * max(whole + taken, D(0)) / whole for one in lines])
        for one, part in zip(lines, parts, strict=True):
            one.kept = part + one.back


def take_back(reckoned: Reckoned, found: dict[Key, Decimal], period: Period) -> None:
    """Take back what refunds undo of what was paid for every case, and nothing twice.

    Of a line below zero it is given back.
    """
    reckoned.of_earlier = D(0)
    for case in dict.fromkeys(one.case for one in reckoned.paid if one.case):
        lines = [one for one in reckoned.paid if one.case == case]
        deal = reckoned.deals[case]
        wanted = [
            Steps.said(one.plan).rounded(one.kept * undone_of(one.plan, deal, period.until)) for one in lines
        ]
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
                reckoned.of_earlier += more - less


def undone_of(plan: dict[str, Any], deal: Deal, until: dt.date) -> Decimal:
    """Return which share of a case has been undone by a day, as a plan says."""
    if "clawback" not in plan:
        return D(0)
    how, last = plan["clawback"], until
    if "within" in how and deal.day:
        last = min(until, later(deal.day, int(how["within"].removesuffix("mo"))))
    came = deal.came("refund", last)
    if not came:
        return D(0)
    if how.get("share", "full") == "full":
        return D(1)
    if how["share"] == "of_unused_term":
        return D(came[-1].term - came[-1].used) / came[-1].term
    worth = worth_of(plan, deal, until)
    return min(deal.sum("refund", last) / worth, D(1)) if worth > 0 else D(0)


def worth_of(plan: dict[str, Any], deal: Deal, until: dt.date) -> Decimal:
    """Return what was counted of a case by the first component that counts money of it, else its amount."""
    for one in plan["components"].values():
        if (
            one["of"] == "revenue"
            and deal.day
            and deal.amount
            and tells(deal, one.get("when"), deal.day) is not False
        ):
            return deal.amount
        payments = deal.came("payment", dt.date.max)
        if one["of"] == "cash" and any(tells(deal, one.get("when"), it.day) is not False for it in payments):
            return deal.sum("payment", until) or deal.amount
    return deal.amount


def wait(reckoned: Reckoned, found: dict[Key, Decimal], now: list[Paid], period: Period) -> None:
    """Hold a share of what was paid for cases; release it as payments come in, and as refunds take it back."""
    for one in [one for one in now if one.case and "hold" in one.plan]:
        one.held = max(Steps.said(one.plan).rounded(share(one.plan["hold"]["share"]) * one.kept), D(0))
        found[one.component, "hold", one.case] -= one.held
    for one in [one for one in reckoned.paid if one.case and "hold" in one.plan]:
        how, deal = one.plan["hold"], reckoned.deals[one.case]
        kind, worth = how["until"].removeprefix("entry."), worth_of(one.plan, deal, period.until)
        part = min(deal.sum(kind, period.until) / worth, D(1)) if worth > 0 else D(1)
        if how.get("release") == "all":
            part = D(bool(deal.came(kind, period.until)))
        left = 1 - min(one.back / one.kept, D(1)) if one.kept else D(0)
        more = max(Steps.said(one.plan).rounded(one.held - one.held * (1 - part) * left) - one.freed, D(0))
        one.freed += more
        found[one.component, "release", one.case] += more
