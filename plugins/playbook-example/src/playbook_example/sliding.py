"""The rate rule `sliding` for plans of playbook-commission: a rate that rises bit by bit, without tiers to wait for.

It is imported when plugins are loaded where playbook-commission is installed, and what it is made of when it pays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import InputError
from playbook_commission import RateRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from playbook_commission import Rated, Stretch, ToRate

_SHARE = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?%$", "title": "Share"}
OPTIONS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["from", "to", "until"],
    "properties": {
        "from": {**_SHARE, "description": "The rate at the beginning.", "examples": ["5%"]},
        "to": {**_SHARE, "description": "The rate at the end, and from there on.", "examples": ["15%"]},
        "until": {
            "title": "Until",
            "description": "Where it has come to the end: a share of the quota, an amount, or a number.",
            "examples": ["100%", "50000 EUR"],
            "type": ["string", "integer"],
            "pattern": r"^[0-9]+(\.[0-9]+)?(%| [A-Z]{3})?$",
        },
    },
}


def rate(options: Mapping[str, Any], asked: ToRate) -> Iterator[Rated]:
    """Yield for each credit the slices that it goes through.

    The rate rises on a straight line, so over a slice it is, on average, what it is in the middle: splitting a deal,
    or taking deals in another order, pays the same in all.
    """
    from playbook_commission import CONTEXT, Rated, share

    until, position = asked.point(options["until"]), asked.before
    if until <= 0:
        raise InputError("a rate that slides `until` zero never rises; write a point above it")
    way = _Way(share(options["from"]), share(options["to"]), until)
    for credit in asked.credits:
        end = CONTEXT.add(position, asked.way(credit))
        yield Rated(credit.id, tuple(way.slices(position, end)))
        position = end


class _Way:
    """Hold the line on which the rate rises."""

    def __init__(self, low: Decimal, high: Decimal, until: Decimal) -> None:
        self._low, self._high, self._until = low, high, until

    def slices(self, start: Decimal, end: Decimal) -> Iterator[Stretch]:
        """Yield the way from one point to another in one or two slices; where the end lies before, the way back."""
        from playbook_commission import Stretch

        low, high = min(start, end), max(start, end)
        for one, other in ((low, min(high, self._until)), (max(low, self._until), high)):
            if one < other:
                rate = self._between(one, other)
                yield Stretch(one, other, rate) if start < end else Stretch(other, one, rate)

    def _between(self, one: Decimal, other: Decimal) -> Decimal:
        """Return the rate in the middle of a slice that lies on one side of where it ends rising."""
        from playbook_commission import CONTEXT

        if one >= self._until:
            return self._high
        rise = CONTEXT.multiply(CONTEXT.subtract(self._high, self._low), CONTEXT.add(one, other))
        return CONTEXT.add(self._low, CONTEXT.divide(rise, CONTEXT.multiply(2, self._until)))


SLIDING = RateRule(
    name="sliding",
    version="1",
    schema=OPTIONS,
    rate=rate,
    by=("amount", "attainment", "count"),
    doc="A rate that rises on a straight line: mode: sliding, with: {from: 5%, to: 15%, until: 100%}",
)
