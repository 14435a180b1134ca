"""What a pretended buyer is like: who they are, and what they answer when a field asks for it."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import TYPE_CHECKING, Any

import attrs

from playbook.errors import UnknownName
from playbook.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook.model.case import Case

_STEMS = (
    "Alder", "Basalt", "Cedar", "Delta", "Ember", "Fjord", "Granit", "Hafen", "Iris", "Juniper", "Kestrel",
    "Linde", "Meridian", "Nordwind", "Opal", "Pinien", "Quarz", "Rowan", "Sable", "Tiber", "Ulmen", "Vega",
    "Weser", "Yarrow", "Zephyr", "北辰", "Аврора", "Ήλιος", "نسیم", "Ñandú",
)  # fmt: skip
_TRADES = (
    "Logistics", "Foods", "Clinics", "Textiles", "Energy", "Software", "Printing", "Optics", "Timber", "Hotels",
    "Insurance", "Pumps", "Media", "Ceramics", "Cycles", "Labs", "Rail", "Seeds", "Steel", "Shipping",
)  # fmt: skip
_GIVEN = (
    "Amal", "Bruno", "Clara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jana", "Kenji", "Lena",
    "Mateo", "Nora", "Omar", "Paula", "Rafael", "Signe", "Teresa", "Viktor",
)  # fmt: skip
_FAMILY = (
    "Abel", "Brandt", "Castell", "Dorn", "Egger", "Fontana", "Gruber", "Haas", "Ibarra", "Jensen", "Keller",
    "Lorenz", "Moretti", "Novak", "Osei", "Petrov", "Quist", "Rinaldi", "Sato", "Tanaka",
)  # fmt: skip
_PAINS = (
    "We type every order twice, and once a week it is wrong",
    "Nobody can say when a delivery will arrive",
    "Closing the month takes nine working days",
    "Our people spend an hour a day looking for the right version",
    "We lose customers because answers take three days",
    "The auditors found gaps that we cannot explain",
)
_WHY_NOW = (
    "The old contract ends with the quarter",
    "A new site opens in autumn and needs it from day one",
    "The board asked for half the errors by summer",
)
_STEPS = (
    "They send the figures of last month by Friday; we calculate",
    "Second meeting on Tuesday with the head of operations",
    "They name two users for the trial this week",
)
_CRITERIA = (
    "time to go live",
    "price over three years",
    "works with our ERP",
    "support in our language",
    "audit trail",
)
_RIVALS = ("a spreadsheet", "Tallywise", "Corvid Suite", "their own IT")
_RETURNS = ("a three-year term", "a reference visit a quarter", "payment in advance")
_LOSSES = ("price", "timing", "no_decision", "no_decision", "competitor", "no_response", "product", "other")
_MISFITS = ("poor_fit", "no_response", "timing", "poor_fit")
_HAPPENED = (
    "The budget went to another project",
    "They stayed with what they have",
    "Our champion left the company",
    "Purchasing took the lowest price",
)
_TERM = dt.timedelta(days=364)
_TYPICAL = {"small": 6_000, "mid": 22_000, "enterprise": 80_000}
"""Median first-year values by segment, in the organization's currency."""


@attrs.frozen
class Buyer:
    """Describe a company that might buy; `median` is what a deal with it is typically worth."""

    company: str
    segment: str
    source: str
    median: float
    currency: str


def buyers(random: Random, currency: str) -> Iterator[Buyer]:
    """Yield companies without end, each name once."""
    names = [f"{stem} {trade}" for stem in _STEMS for trade in _TRADES]
    random.shuffle(names)
    count = 0
    while True:
        name, turn = names[count % len(names)], count // len(names)
        (segment,) = random.choices(tuple(_TYPICAL), (45, 42, 13))
        (source,) = random.choices(("inbound", "outbound", "partner", "event"), (40, 35, 15, 10))
        yield Buyer(f"{name} {turn + 1}" if turn else name, segment, source, _TYPICAL[segment], currency)
        count += 1


def loss_reason(random: Random, stage: str) -> str:
    """Return why a buyer ended it."""
    return random.choice(_MISFITS if stage == "unqualified" else _LOSSES)


@attrs.frozen
class Answers:
    """Give what a buyer answers for each field of the shipped playbook for new business."""

    buyer: Buyer
    size: float
    """What the rep tends to sell, as a factor of what is typical."""
    random: Random

    def to(self, field: str, case: Case, today: dt.date) -> Any:
        """Return a new value of the field as a person would give it; raises UnknownName for another field."""
        answer = _ANSWERS.get(field)
        if answer is None:
            raise UnknownName("answer of a pretended buyer to", field, _ANSWERS)
        return answer(self, case, today)

    def amount(self, case: Case | None) -> str:
        """Return a first guess, or what is left of it after a talk about the price."""
        known = case.fields.get("amount") if case else None
        if isinstance(known, Money):
            worth = float(known.amount) * self.random.uniform(0.8, 1.1)
        else:
            worth = self.buyer.median * self.size * self.random.lognormvariate(0, 0.45)
        return f"{max(5, round(worth / 100)) * 100} {self.buyer.currency}"

    def person(self) -> str:
        """Return the name of somebody on the buyer's side."""
        return f"{self.random.choice(_GIVEN)} {self.random.choice(_FAMILY)}"

    def someone(self, case: Case) -> str:
        """Return somebody who spoke with us, or somebody new."""
        known = case.fields.get("contacts") or ()
        return str(self.random.choice(known)) if known and self.random.random() < 0.7 else self.person()

    def contacts(self, case: Case) -> list[str]:
        """Return everybody known with one or two more."""
        known = list(case.fields.get("contacts") or ())
        for _ in range(self.random.randint(1, 2)):
            known.append(next(name for name in iter(self.person, "") if name not in known))
        return known

    def day(self, today: dt.date) -> str:
        """Return the day a buyer names: within the next two months."""
        return (today + dt.timedelta(days=self.random.randint(14, 60))).isoformat()

    @staticmethod
    def first_day(today: dt.date) -> dt.date:
        """Return the day from which they may use it: the first of the month after next."""
        months = today.year * 12 + today.month + 1
        return dt.date(months // 12, months % 12 + 1, 1)

    def discount(self) -> str:
        """Return what was asked for; mostly nothing."""
        return f"{self.random.choice((0, 0, 0, 5, 10, 10, 20, 25))}%"


def in_words(field: str, case: Case) -> str:
    """Return an answer to a field of text or of a list, as people would type it; always the same one."""
    currency = "EUR"  # nothing that is answered in words has one
    answers = Answers(Buyer(case.name, "mid", "", _TYPICAL["mid"], currency), 1, Random(case.id))
    answer = answers.to(field, case, case.last.date())
    return ", ".join(answer) if isinstance(answer, list) else str(answer)


def _one_of(texts: tuple[str, ...]) -> Callable[[Answers, Case, dt.date], str]:
    return lambda answers, case, today: answers.random.choice(texts)


def _some_of(texts: tuple[str, ...], least: int) -> Callable[[Answers, Case, dt.date], list[str]]:
    return lambda answers, case, today: answers.random.sample(texts, answers.random.randint(least, 3))


_ANSWERS: Mapping[str, Callable[[Answers, Case, dt.date], Any]] = {
    "amount": lambda answers, case, today: answers.amount(case),
    "discount": lambda answers, case, today: answers.discount(),
    "expected_close": lambda answers, case, today: answers.day(today),
    "pain": _one_of(_PAINS),
    "why_now": _one_of(_WHY_NOW),
    "next_step": _one_of(_STEPS),
    "contacts": lambda answers, case, today: answers.contacts(case),
    "champion": lambda answers, case, today: answers.someone(case),
    "economic_buyer": lambda answers, case, today: answers.someone(case),
    "decision_criteria": _some_of(_CRITERIA, 2),
    "decision_process": _one_of(
        ("Head of department decides, finance signs, purchasing needs two weeks", "The board, once a month")
    ),
    "business_case": _one_of(
        ("The time of two people, three times our price", "Half the errors, 40 a month")
    ),
    "competitors": _some_of(_RIVALS, 1),
    "close_plan": _one_of(
        ("Draft, legal, purchasing, signature: ten working days", "Signature with the board")
    ),
    "given_in_return": _one_of(_RETURNS),
    "signed_contract": lambda answers, case, today: f"contracts/{case.id}.pdf",
    "starts": lambda answers, case, today: answers.first_day(today).isoformat(),
    "ends": lambda answers, case, today: (answers.first_day(today) + _TERM).isoformat(),
    "loss_detail": _one_of(_HAPPENED),
}
