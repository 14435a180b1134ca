from __future__ import annotations

import datetime as dt

from playbook.expressions import STANDARD, check, compile, parse  # noqa: A004 - the public name
from playbook.expressions.types import BOOL
from playbook.model.case import Case
from playbook.model.organization import Organization, Person, Post, Settings
from playbook.model.playbook import Field, Playbook, Stage
from playbook.model.vocabulary import environment
from playbook.money import Money
from playbook.process.facts import World

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
PLAYBOOK = Playbook(
    "deals", 1, "deal", fields=(Field("amount", "money"),), stages=(Stage("discovery", stamp=("amount",)),)
)
ANNA = Person("anna", "Anna", posts=(Post("sdr", "dach"), Post("ae", since=dt.date(2026, 1, 1))))


def test_a_condition_sees_both_stamps_and_the_people_of_a_case() -> None:
    first, last = ({"discovery": {"amount": Money.of(amount, "EUR")}} for amount in (500, 900))
    case = Case(
        "c1",
        "deals",
        "d",
        "Acme",
        "anna",
        "dach",
        "discovery",
        NOW,
        NOW,
        NOW,
        NOW,
        stamps=first,
        stamps_last=last,
    )
    world = World(Organization(Settings(currency="EUR")).with_person(ANNA))
    node, _ = parse(
        "discovery.amount == 500 and discovery.last.amount == 900 and case.owner.role == 'ae'"
        " and case.owner.since == date('2026-01-01') and actor.name == 'Anna'"
    )
    assert node is not None
    checked = check(node, environment(PLAYBOOK, STANDARD), BOOL)
    assert checked.mistakes == ()
    assert compile(checked.node, STANDARD)(world.scope("deal", {}, {}, case, "anna", NOW)) is True
