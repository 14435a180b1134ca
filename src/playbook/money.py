"""Money: an exact amount with a currency."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext

import msgspec

CONTEXT = Context(prec=34, rounding=ROUND_HALF_UP)

# ISO 4217: currencies whose minor unit is not a hundredth.
_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_UNITS = tuple(Decimal(1).scaleb(-count) for count in range(5))
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"[+-]?\d+(\.\d+)?")


def digits(currency: str) -> int:
    """Return how many decimal digits the currency has (ISO 4217)."""
    return _DIGITS.get(currency, 2)


def _unit(currency: str) -> Decimal:
    """Return the least amount of the currency, with as many digits as it has."""
    return _UNITS[digits(currency)]


class Money(msgspec.Struct, frozen=True, gc=False):
    """Hold an exact amount of one currency.

    Two amounts of different currencies never add or compare: `ValueError`.
    """

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Make money from an amount, written with the currency's digits; a zero has no sign.

        Raises ValueError for a malformed currency or amount, or more digits than the currency has.
        """
        if not _CURRENCY.fullmatch(currency):
            raise ValueError(f"{currency!r} is not a currency: three capital letters like EUR")
        if isinstance(amount, str) and not _AMOUNT.fullmatch(amount.strip()):
            raise ValueError(f"{amount!r} is not an amount: write digits and a point, like 25000.00")
        try:
            value = Decimal(amount)
            exact = value.quantize(_unit(currency), context=CONTEXT)
        except InvalidOperation:
            raise ValueError(f"{amount} is not an amount that can be kept exactly") from None
        if exact != value:
            raise ValueError(f"{amount} has more digits than {currency} has ({digits(currency)})")
        return cls(CONTEXT.plus(exact), currency)

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read `25000 EUR`; raises ValueError saying what was expected."""
        parts = text.split()
        if len(parts) != 2:
            raise ValueError(f"{text!r} is not money: write an amount and a currency, like 25000 EUR")
        return cls.of(parts[0], parts[1])

    @classmethod
    def from_minor(cls, units: int, currency: str) -> Money:
        """Make money from integer minor units (cents)."""
        return cls(Decimal(units).scaleb(-digits(currency)), currency)

    @property
    def minor(self) -> int:
        """Return the amount in integer minor units (cents)."""
        return int(self.amount.scaleb(_DIGITS.get(self.currency, 2)))

    def rounded(self) -> Money:
        """Return the amount rounded half up to the currency's digits; a zero has no sign."""
        exact = self.amount.quantize(_unit(self.currency), context=CONTEXT)
        return Money(CONTEXT.plus(exact), self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        with localcontext(CONTEXT):
            return Money(self.amount * factor, self.currency)

    def __truediv__(self, divisor: Decimal | int) -> Money:
        with localcontext(CONTEXT):
            return Money(self.amount / divisor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self} and {other} are of different currencies")
        return other.amount
