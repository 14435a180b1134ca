"""What measures count: cases on their days and entries on theirs, with whom they are credited to, then and now."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from playbook import (
    Advance,
    Assign,
    Close,
    Engine,
    InputError,
    Log,
    MemoryStore,
    Money,
    Open,
    Project,
    Reopen,
    Set,
    Split,
    UnknownName,
    load_plugins,
)
from playbook.engine import Done

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = {
    "acme.organization.yaml": """
organization: acme
currency: EUR
timezone: Europe/Berlin
people:
  sam: {name: Sam, role: ae, team: emea}
  lea: {name: Lea, role: ae, team: emea}
  kim: {name: Kim, role: engineer}
teams: {emea: {title: EMEA, manager: lea}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  deals: {playbook: deals, outcome: won, count: true, date: case.closed}
  due: {playbook: deals, amount: deal.amount, date: deal.ends}
  paid: {playbook: deals, entry: payment, amount: entry.amount}
  share: {ratio: [revenue, due]}
""",
    "deals.playbook.yaml": """
playbook: deals
version: 1
subject: deal
title: Deals
split: {owner: 80%, engineer: 20%}
moves: {reopen: {by: anyone}}
fields:
  amount: {type: money, editable_after_close: true}
  ends: {type: date}
entries:
  payment: {title: Payment, fields: {amount: {type: money}}}
stages:
  talk: {title: Talk, next: [won, lost]}
  won: {title: Won, final: won}
  lost: {title: Lost, final: lost}
""",
}
JANUARY = (dt.date(2026, 1, 1), dt.date(2026, 1, 31))


class Clock:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> Iterator[Engine]:
    registry = load_plugins(entry_points=False)
    made = Engine.open(Project.from_files(FILES), store=MemoryStore(), clock=clock, registry=registry)
    assert made.project is not None
    assert not made.project.problems
    made.publish(actor="operator")
    yield made
    made.store.close()


def done(engine: Engine, command: Any) -> None:
    answer = engine.run(command, actor="operator")
    assert isinstance(answer, Done), answer


def won(engine: Engine, case: str, amount: str, **fields: Any) -> None:
    done(engine, Open(case, "deals", case, owner="sam", fields={"amount": amount, **fields}))
    done(engine, Close(case, "won"))


def test_what_was_won_counts_on_the_day_of_the_organization(engine: Engine, clock: Clock) -> None:
    clock.now = dt.datetime(2026, 1, 31, 22, 59, 50, tzinfo=dt.UTC)  # in Berlin it is still January
    won(engine, "one", "100 EUR")
    clock.now = dt.datetime(2026, 1, 31, 23, 0, 0, tzinfo=dt.UTC)
    won(engine, "two", "200 EUR")
    done(engine, Open("three", "deals", "three", owner="sam", fields={"amount": "400 EUR"}))
    found = list(engine.desk.counted("revenue", *JANUARY))
    assert [(one.case.id, one.day, one.amount) for one in found] == [
        ("one", dt.date(2026, 1, 31), Money.parse("100 EUR"))
    ]
    assert found[0].shares == {"sam": Decimal("0.8"), "kim": Decimal("0.2")}
    assert [one.amount for one in engine.desk.counted("deals", *JANUARY)] == [None]


def test_what_has_a_day_of_its_own_counts_then_whether_open_or_not(engine: Engine) -> None:
    won(engine, "one", "100 EUR", ends="2026-01-20")
    won(engine, "two", "100 EUR", ends="2026-02-20")
    won(engine, "three", "100 EUR")  # nobody knows when
    assert [one.case.id for one in engine.desk.counted("due", *JANUARY)] == ["one"]


def test_credit_already_earned_stays_when_the_case_goes_to_another(engine: Engine, clock: Clock) -> None:
    won(engine, "one", "100 EUR")
    done(engine, Log("one", "payment", fields={"amount": "30 EUR"}))
    done(engine, Reopen("one", "they wrote again"))
    done(engine, Assign("one", "lea"))
    done(engine, Log("one", "payment", fields={"amount": "40 EUR"}))
    paid = list(engine.desk.counted("paid", *JANUARY))
    assert [(one.owner, one.amount, one.entry) for one in paid] == [
        ("sam", Money.parse("30 EUR"), 1),
        ("lea", Money.parse("40 EUR"), 2),
    ]


def test_a_split_on_the_case_goes_before_the_playbooks(engine: Engine) -> None:
    done(engine, Open("one", "deals", "one", owner="sam", fields={"amount": "100 EUR"}))
    done(engine, Split("one", {"sam": "50%", "lea": "50%"}))
    done(engine, Close("one", "won"))
    (found,) = engine.desk.counted("revenue", *JANUARY)
    assert found.shares == {"lea": Decimal("0.5"), "sam": Decimal("0.5")}


def test_what_was_known_at_a_time_is_counted_as_then(engine: Engine, clock: Clock) -> None:
    won(engine, "one", "100 EUR")
    settled = clock()
    done(engine, Set("one", {"amount": "90 EUR"}, "an error"))
    won(engine, "two", "100 EUR")
    then = list(engine.as_known(settled).desk.counted("revenue", *JANUARY))
    assert [(one.case.id, str(one.amount)) for one in then] == [("one", "100.00 EUR")]
    assert sorted(str(one.amount) for one in engine.desk.counted("revenue", *JANUARY)) == [
        "100.00 EUR",
        "90.00 EUR",
    ]


def test_what_is_asked_beside_is_answered_of_each(engine: Engine) -> None:
    assert engine.project is not None
    organization = engine.project.organization
    assert organization is not None
    assert organization.value is not None
    due = next(m for m in organization.value.rules.measures if m.id == "due")
    assert due.date is not None
    won(engine, "one", "100 EUR", ends="2026-01-20")
    won(engine, "two", "100 EUR")
    answers = {
        one.case.id: one.answers
        for one in engine.desk.counted("revenue", *JANUARY, asking={"ends": due.date})
    }
    assert answers == {"one": {"ends": dt.date(2026, 1, 20)}, "two": {"ends": None}}


def test_a_ratio_counts_nothing_and_an_unknown_measure_names_the_nearest(engine: Engine) -> None:
    with pytest.raises(InputError, match="share is a ratio; count revenue and due"):
        list(engine.desk.counted("share", *JANUARY))
    with pytest.raises(UnknownName, match="revenue"):
        list(engine.desk.counted("revenu", *JANUARY))


PROMISING = """
playbook: promises
version: 1
subject: deal
title: Promises
fields:
  amount: {type: money}
  ends: {type: date}
  expected_close: {type: date}
entries:
  payment: {title: Payment, fields: {amount: {type: money}}}
stages:
  talk: {title: Talk, probability: 25%, next: [hope]}
  hope: {title: Hope, next: [won, lost]}
  won: {title: Won, final: won}
  lost: {title: Lost, final: lost, from: any}
"""


def test_what_is_open_tells_what_it_would_count_when_it_is_won(clock: Clock) -> None:
    organization = FILES["acme.organization.yaml"].replace("playbook: deals", "playbook: promises")
    files = {"acme.organization.yaml": organization, "promises.playbook.yaml": PROMISING}
    registry = load_plugins(entry_points=False)
    engine = Engine.open(Project.from_files(files), store=MemoryStore(), clock=clock, registry=registry)
    engine.publish(actor="operator")
    for case, day in (("soon", "2026-01-20"), ("late", "2026-01-02"), ("then", "2026-02-01"), ("some", "")):
        fields = {"amount": "100 EUR", **({"expected_close": day} if day else {})}
        done(engine, Open(case, "promises", case, owner="sam", fields=fields))
    done(engine, Set("soon", {"probability": "60%"}))
    done(engine, Advance("late"))
    done(engine, Open("gone", "promises", "gone", owner="sam", fields={"expected_close": "2026-01-20"}))
    done(engine, Close("gone", "lost"))
    found = {one.case.id: one for one in engine.desk.expected("revenue", *JANUARY)}
    assert {name: (one.closes, one.probability) for name, one in found.items()} == {
        "soon": (dt.date(2026, 1, 20), Decimal("0.6")),  # set by hand
        "late": (dt.date(2026, 1, 5), None),  # today: what has passed cannot be; the stage says no chance
        "then": (dt.date(2026, 2, 1), Decimal("0.25")),
        "some": (None, Decimal("0.25")),
    }
    counts = {name: one.counted for name, one in found.items() if one.counted is not None}
    assert {name: (one.day, one.amount, one.shares) for name, one in counts.items()} == {
        "soon": (dt.date(2026, 1, 20), Money.parse("100 EUR"), {"sam": Decimal(1)}),
        "late": (dt.date(2026, 1, 5), Money.parse("100 EUR"), {"sam": Decimal(1)}),
    }
    assert list(engine.desk.counted("revenue", *JANUARY)) == []
    assert list(engine.desk.expected("paid", *JANUARY)) == []  # nobody says how likely a payment is
    with pytest.raises(InputError, match="is a ratio"):
        list(engine.desk.expected("share", *JANUARY))
    engine.store.close()
