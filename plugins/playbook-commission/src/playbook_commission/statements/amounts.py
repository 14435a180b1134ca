"""How the amounts of statements are told: as money, with the digits of its currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from playbook import Money
from playbook_commission.statements.statement import TOTALS

if TYPE_CHECKING:
    from decimal import Decimal

    from playbook_commission.statements.statement import Statement


class InCurrency(Protocol):
    """What has amounts in a currency: a statement, or what is said of several."""

    @property
    def currency(self) -> str:
        """Return the currency."""


def money(one: InCurrency, amount: Decimal) -> Money:
    """Return one of its amounts as money, with the digits of the currency."""
    return Money(amount, one.currency).rounded()


def sums(one: Statement) -> dict[str, Any]:
    """Return what the lines of a statement come to."""
    return {name: money(one, getattr(one, name)) for name in TOTALS}


def worded(one: Money) -> str:
    """Return an amount as people read it: with the digits of its currency, thousands set apart."""
    return f"{one.rounded().amount:,f} {one.currency}"


def in_full(one: Money) -> str:
    """Return an amount with the digits of its currency, or all of them where it has more."""
    return f"{digits_of(one)} {one.currency}"


def digits_of(one: Money) -> str:
    """Return the digits of an amount, as `in_full` writes them."""
    rounded = one.rounded()
    return f"{(rounded if rounded == one else one).amount:f}"
