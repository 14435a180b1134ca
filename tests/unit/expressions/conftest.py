from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from playbook.expressions import STANDARD, Environment, Scope, check, compile, dump, load, parse  # noqa: A004
from playbook.expressions.types import (
    BOOL,
    DATE,
    DURATION,
    ELAPSED,
    INT,
    MONEY,
    NUMBER,
    PERCENT,
    PERSON,
    TEXT,
    TIMESTAMP,
    choice_of,
    list_of,
    reference_to,
    row_of,
)
from playbook.money import Money
from playbook.times import Calendar, Elapsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions import Mistake

NOW = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)
BERLIN = dt.timezone(dt.timedelta(hours=1))

ENV = Environment(
    roots={
        "deal": {
            "amount": MONEY, "price": MONEY, "discount": PERCENT, "score": NUMBER, "seats": INT, "pain": TEXT,
            "close": DATE, "met": TIMESTAMP, "notice": DURATION, "signed": BOOL, "champion": PERSON,
            "segment": choice_of(("enterprise", "midmarket")), "rivals": list_of(TEXT),
            "items": list_of(row_of({"sku": TEXT, "quantity": INT, "price": MONEY})),
            "missing": MONEY, "absent": TEXT,
            "account": reference_to("account"), "partner": reference_to("account"), "lost": reference_to("gone"),
        },
        "discovery": {"amount": MONEY}, "discovery.last": {"amount": MONEY},
        "case": {"idle": ELAPSED, "owner": PERSON, "opened": TIMESTAMP},
    },
    names={"today": DATE, "now": TIMESTAMP, "$limit": MONEY},
    functions=STANDARD,
    ids={"activity": ["demo", "pricing_call"], "entry": ["call", "payment"], "criterion": ["legal"]},
    records={
        "account": {"country": TEXT, "size": INT, "owner": PERSON, "tags": list_of(TEXT)},
        "person": {"role": TEXT, "team": TEXT, "since": DATE},
    },
)  # fmt: skip

DEAL: dict[str, Any] = {
    "amount": Money.of(25000, "EUR"), "price": Money.of(100, "USD"), "discount": Decimal("0.2"),
    "score": Decimal("0.1"), "seats": 7, "pain": "slow reports", "close": dt.date(2026, 4, 30),
    "met": dt.datetime(2026, 2, 27, 22, 30, tzinfo=dt.UTC), "signed": False, "champion": "anna",
    "segment": "enterprise", "rivals": ("acme", "globex"), "items": (
        {"sku": "a", "quantity": 3, "price": Money.of(10, "EUR")}, {"sku": "b", "price": Money.of(10, "USD")},
    ),
    "absent": "  ", "account": "acme",
}  # fmt: skip
ANSWERS = {
    ("done", "demo"): True,
    ("done", "pricing_call"): False,
    ("count", "call"): 2,
    ("approved", "legal"): True,
    ("waived", "legal"): False,
}
RECORDS: dict[tuple[str, str], dict[str, Any]] = {
    ("account", "acme"): {"country": "DE", "tags": ["key", "old"], "owner": "anna", "size": 0},
    ("person", "anna"): {"role": "ae", "team": "dach", "since": dt.date(2024, 1, 1)},
}


def convert(money: Money, currency: str) -> Money | None:
    return Money(money.amount / 2, currency) if (money.currency, currency) == ("USD", "EUR") else None


@pytest.fixture
def scope() -> Scope:
    idle = Elapsed(dt.datetime(2025, 8, 31, 23, 30, tzinfo=dt.UTC), NOW)
    case = {"idle": idle, "owner": "anna", "opened": dt.datetime(2026, 2, 1, tzinfo=dt.UTC)}
    return Scope(
        {
            "deal": DEAL, "case": case, "discovery": {"amount": Money.of(1, "EUR")},
            "discovery.last": {"amount": Money.of(2, "EUR")}, "$limit": Money.of(20_000, "EUR"),
        }, NOW, Calendar(zone=BERLIN), BERLIN, "EUR", convert,
        lambda question, *ids: ANSWERS.get((question, *ids)),
        lambda target, name, field: RECORDS.get((target, name), {}).get(field),
    )  # fmt: skip


@pytest.fixture
def env() -> Environment:
    return ENV


@pytest.fixture
def evaluate(scope: Scope) -> Callable[[str], object]:
    """Check a text, send its tree through the stored form, and run it."""

    def run(text: str) -> object:
        node, mistakes = parse(text)
        assert node is not None, mistakes
        checked = check(node, ENV)
        assert not checked.mistakes
        return compile(load(dump(checked.node)), STANDARD)(scope)

    return run


@pytest.fixture
def mistakes() -> Callable[[str], tuple[Mistake, ...]]:
    """Return everything that is wrong with a condition."""

    def find(text: str) -> tuple[Mistake, ...]:
        node, found = parse(text)
        return found if node is None else check(node, ENV, BOOL).mistakes

    return find
