"""What a condition may see while it runs, and how much it may cost."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.money import Money
    from playbook.times import Calendar


UNLIMITED = 2**62
"""What is left where nothing can cost much."""


def no_rates(money: Money, currency: str) -> Money | None:
    """Convert nothing."""
    return None


def no_answers(question: str, *arguments: object) -> object:
    """Answer nothing."""
    return None


def no_records(target: str, id: str, field: str) -> object:  # noqa: A002 - what it is called everywhere
    """Find nothing."""
    return None


class OutOfBudget(Exception):
    """End an evaluation that costs too much; `compile` makes an EvalError of it."""


class Scope(msgspec.Struct, eq=False, gc=False):
    """Give a condition its values.

    `roots` maps `deal` to something with `.get(field)` (None is missing), and a plain name to its value.
    `convert(money, currency)` returns None without a rate. `ask(question, *arguments)` answers the
    functions about the case (`done`, `approved`, `waived`, `count`, `last`, `total`); None is unknown.
    `follow(target, id, field)` returns a field of a record (of a person, for the target `person`) that a
    reference names, or None. One thread at a time runs conditions in a scope.
    """

    roots: Mapping[str, Any]
    now: dt.datetime
    calendar: Calendar
    zone: dt.tzinfo = dt.UTC
    currency: str = ""
    convert: Callable[[Money, str], Money | None] = no_rates
    ask: Callable[..., object] = no_answers
    follow: Callable[[str, str, str], object] = no_records
    variables: dict[int, object] = {}
    left: int = UNLIMITED
    _today: dt.date | None = None

    @property
    def today(self) -> dt.date:
        """Return the date of `now` in the zone."""
        if self._today is None:
            self._today = self.now.astimezone(self.zone).date()
        return self._today

    def spend(self, cost: int) -> None:
        """Take a cost from what the evaluation may use; raises OutOfBudget when nothing is left."""
        self.left -= cost
        if self.left < 0:
            raise OutOfBudget
