"""What a condition may see while it runs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.money import Money
    from playbook.times import Calendar


def no_rates(money: Money, currency: str) -> Money | None:
    """Convert nothing."""
    return None


def no_answers(question: str, *arguments: object) -> object:
    """Answer nothing."""
    return None


class Scope:
    """Give a condition its values.

    `roots` maps `deal` to something with `.get(field)` (None is missing), and a plain name to its value.
    `convert(money, currency)` returns None without a rate. `ask(question, *arguments)` answers the
    functions about the case (`done`, `count`, `last`, `total`); None is unknown.
    """

    __slots__ = ("_today", "ask", "calendar", "convert", "currency", "now", "roots", "zone")

    def __init__(
        self,
        roots: Mapping[str, Any],
        now: dt.datetime,
        calendar: Calendar,
        zone: dt.tzinfo = dt.UTC,
        currency: str = "",
        convert: Callable[[Money, str], Money | None] = no_rates,
        ask: Callable[..., object] = no_answers,
    ) -> None:
        self.roots = roots
        self.now = now
        self.calendar = calendar
        self.zone = zone
        self.currency = currency
        self.convert = convert
        self.ask = ask
        self._today: dt.date | None = None

    @property
    def today(self) -> dt.date:
        """Return the date of `now` in the zone."""
        if self._today is None:
            self._today = self.now.astimezone(self.zone).date()
        return self._today
