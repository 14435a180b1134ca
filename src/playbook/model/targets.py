"""Quotas as people write them, in a file or in the cells of a row."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from playbook.model.fiscal import parts, period
from playbook.money import Money

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from playbook.model.organization import Settings
    from playbook.model.organization_rules import Measure

_NUMBER = re.compile(r"\d+(\.\d+)?")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_ALL = Decimal(1)


def target(text: str) -> tuple[Decimal, str]:
    """Return what is to be reached, and its currency where it is an amount; a share is a fraction.

    Raises ValueError saying what was expected.
    """
    share = _SHARE.fullmatch(text)
    if share:
        return Decimal(share[1]).scaleb(-2), ""
    if _NUMBER.fullmatch(text):
        return Decimal(text), ""
    money = Money.parse(text)
    if money.amount < 0:
        raise ValueError(f"{text!r} is below zero: write an amount that can be reached, or 0 for none")
    return money.amount, money.currency


def misfit(measure: Measure | None, text: str) -> str:
    """Return why a target is not of the kind that a measure counts, and what to write; "" where it is."""
    share, amount = text.endswith("%"), text[-1:].isalpha()
    if measure is None or (measure.ratio and not amount):
        return ""
    if measure.ratio:
        return f"{measure.id!r} is a ratio, and the target is an amount: write a share, like 95%"
    if measure.count and amount:
        return f"{measure.id!r} counts cases, and the target is an amount: write a number, like 40"
    return (
        f"{measure.id!r} is no ratio, and the target is a share: write an amount or a number" if share else ""
    )


def spread(said: Sequence[str], of: str, settings: Settings) -> tuple[Decimal, ...]:
    """Return shares of the parts of a period, each written with a percent sign; raises ValueError for wrong ones."""
    shares = []
    for text in said:
        share = _SHARE.fullmatch(text.strip())
        if share is None:
            raise ValueError(f"{text!r} is not a share: write one like 25%")
        shares.append(Decimal(share[1]).scaleb(-2))
    parts(of, len(shares), settings)
    whole = sum(shares, Decimal(0))
    if whole != _ALL:
        raise ValueError(f"the shares sum to {(whole * 100).normalize():f}%: let them sum to 100%")
    return tuple(shares)


def within(day: dt.date, of: str, settings: Settings) -> dt.date:
    """Return a day that a target counts from; raises ValueError for one outside its period."""
    first, last = period(of, settings)
    if not first <= day <= last:
        raise ValueError(f"{day} is not in {of}: write a day from {first} to {last}")
    return day
