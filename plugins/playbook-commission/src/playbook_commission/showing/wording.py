"""The words of statements in the reader's language, and how it writes numbers, money, days and periods.

What is written in another direction than the language (a name, a number in Persian or Hebrew) is set in Unicode
isolates, so that it stays in one piece wherever it is shown. A language without words is told in English.
"""

from __future__ import annotations

import functools
import json
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs

from playbook import Money

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

_FOLDER = Path(__file__).parent / "words"
LANGUAGES = tuple(sorted(file.stem for file in _FOLDER.glob("*.json")))
"""The languages that there are words in."""

_RIGHT_TO_LEFT = frozenset(("fa", "he"))
_LETTERS = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]")
_SIGNS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LEFT, _RIGHT, _FIRST, _END = "\u2066", "\u2067", "\u2068", "\u2069"
_PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>\d)|H(?P<half>\d)|(?P<month>\d\d)))?")
_MINUS = "\u2212"
_CENT = Decimal("0.01")


def spoken(locale: str) -> str:
    """Return the language of LANGUAGES that a locale is written in; nothing where there are no words for it."""
    language = re.split("[-_]", locale)[0].lower()
    return language if language in LANGUAGES else ""


@functools.cache
def _words(language: str) -> Mapping[str, str]:
    return cast("Mapping[str, str]", json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8")))


@attrs.frozen
class Wording:
    """Write in one language; texts come out ready to be shown, in isolates where they need some."""

    language: str

    @classmethod
    def of(cls, locale: str) -> Wording:
        """Return the wording of a locale, that of English where there are no words for it."""
        return cls(spoken(locale) or "en")

    @property
    def is_right_to_left(self) -> bool:
        """Return whether the language is written from right to left."""
        return self.language in _RIGHT_TO_LEFT

    def say(self, key: str, **parts: str) -> str:
        """Return a text of the language, its places filled."""
        return _words(self.language)[key].format_map(parts)

    def name(self, text: str) -> str:
        """Return what somebody wrote (a name, a reason) so that it stands apart from the text around it."""
        plain = " ".join(_SIGNS.sub("", text).split())
        return f"{_FIRST}{plain}{_END}" if self.is_right_to_left or _LETTERS.search(plain) else plain

    def code(self, text: str) -> str:
        """Return what is written from left to right in every language: an id, a command."""
        plain = " ".join(_SIGNS.sub("", text).split())
        return f"{_LEFT}{plain}{_END}" if self.is_right_to_left else plain

    # -- numbers ------------------------------------------------------------------------------------

    def number(self, value: Decimal, digits: int | None = None) -> str:
        """Return a number with that many digits behind the point, else with those that it has, two at most."""
        rounded = value.quantize(_CENT if digits is None else Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        written = f"{abs(rounded):,f}"
        if digits is None and "." in written:
            written = written.rstrip("0").rstrip(".")
        sign = _MINUS if rounded < 0 else ""
        return self._ltr(sign + self._digits(written))

    def percent(self, share: Decimal) -> str:
        """Return a share of 1 as a percentage."""
        exact = abs(share * 100).quantize(_CENT, ROUND_HALF_UP)
        written = f"{exact:,f}".rstrip("0").rstrip(".")
        return self._ltr(
            (_MINUS if share < 0 < exact else "") + self.say("percent", number=self._digits(written))
        )

    def amount(self, money: Money) -> str:
        """Return an amount with the digits of its currency, and without its name."""
        rounded = money.rounded().amount
        return self.number(rounded, max(-int(rounded.as_tuple().exponent), 0))

    def money(self, money: Money) -> str:
        """Return an amount with the digits and the name of its currency."""
        return self._named(self.amount(money), money.currency)

    def short(self, money: Money) -> str:
        """Return an amount with its currency, without digits behind the point where they are naught."""
        rounded = money.rounded().amount
        whole = self.number(rounded, 0) if rounded == rounded.to_integral_value() else self.amount(money)
        return self._named(whole, money.currency)

    def _named(self, amount: str, currency: str) -> str:
        if not currency:
            return amount
        text = f"{amount}\u00a0{currency}"
        return f"{_RIGHT}{text}{_END}" if self.is_right_to_left else text

    def _digits(self, written: str) -> str:
        words = _words(self.language)
        signs = {",": words["group"], ".": words["point"]}
        signs |= {str(number): digit for number, digit in enumerate(words["digits"])}
        return "".join(signs.get(char, char) for char in written)

    def _ltr(self, text: str) -> str:
        return f"{_LEFT}{text}{_END}" if self.is_right_to_left else text

    # -- time ---------------------------------------------------------------------------------------

    def day(self, day: dt.date) -> str:
        """Return a day of the Gregorian calendar, the month by its name."""
        parts = {
            "day": self._digits(str(day.day)),
            "month": self._month(day.month),
            "year": self._year(day.year),
        }
        return self.say("date", **parts)

    def span(self, since: dt.date, until: dt.date) -> str:
        """Return the days from one to another."""
        return self.say("span", since=self.day(since), until=self.day(until))

    def period(self, name: str) -> str:
        """Return the name of a period, like `2027-Q1`."""
        found = _PERIOD.fullmatch(name)
        if found is None:
            return self.code(name)
        year = self._year(int(found["year"]))
        for kind in ("quarter", "half"):
            if found[kind]:
                return self.say(kind, number=self._digits(found[kind]), year=year)
        if found["month"]:
            number = int(found["month"])
            return self.say("month", month=self._month(number), number=self._digits(str(number)), year=year)
        return self.say("year", year=year)

    def _month(self, number: int) -> str:
        return _words(self.language)["months"].split()[number - 1]

    def _year(self, year: int) -> str:
        return self._digits(str(year))
