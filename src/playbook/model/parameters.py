"""What the parameters of a playbook say: values that differ by market, written as `$name` where they are used."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from playbook.money import Money
from playbook.times import Duration

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(%?)")


@lru_cache(maxsize=1024)
def parameter(text: str) -> Duration | Money | Decimal | str:
    """Return the value of a parameter as conditions read it: a duration, money, a number (20% is 0.2) or text."""
    number = _NUMBER.fullmatch(text.strip())
    if number:
        return Decimal(text.strip().rstrip("%")).scaleb(-2 if number[2] else 0)
    for read in (Duration.parse, Money.parse):
        try:
            return read(text)
        except ValueError:
            continue  # it may be the other, and is a text where it is neither
    return text
