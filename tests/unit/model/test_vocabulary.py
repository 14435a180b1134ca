from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from playbook.expressions import STANDARD, check, parse
from playbook.expressions.types import BOOL, MONEY, TEXT, Type, choice_of, list_of, row_of
from playbook.model.parameters import parameter
from playbook.model.playbook import Activity, Criterion, EntryKind, Field, Playbook, Stage
from playbook.model.vocabulary import RESERVED, environment, type_of
from playbook.money import Money
from playbook.times import Duration

PLAYBOOK = Playbook(
    "new-business", 1, "deal",
    fields=(Field("amount", "money"), Field("pain", "text"), Field("segment", "choice", options=("a", "b"))),
    entries=(EntryKind("payment"),),
    criteria=(Criterion("shared", "that"),),
    stages=(
        Stage("discovery", activities=(Activity("demo", "meeting"),), stamp=("amount", "nothing")),
        Stage("proposal", exit=(Criterion("priced", "fields"), Criterion("shared", "that"))),
    ),
)  # fmt: skip


def _messages(text: str) -> list[str]:
    node, mistakes = parse(text)
    assert node is not None, mistakes
    return [mistake.message for mistake in check(node, environment(PLAYBOOK, STANDARD), BOOL).mistakes]


def test_a_playbook_names_its_fields_the_case_the_actor_and_what_is_stamped() -> None:
    text = (
        "deal.amount > discovery.amount and case.owner == actor.id and case.stage == 'proposal'"
        " and case.outcome == 'open' and case.idle > 30d and case.probability > 20% and today <= date('2026-03-01')"
        " and done(demo) and count('payment') + count(call) > 1 and days(case.opened, now) < 90"
    )
    assert _messages(text) == []


def test_people_records_the_last_stamp_and_parameters_have_names_too() -> None:
    text = (
        "discovery.last.amount > discovery.amount and case.owner.role == 'ae' and actor.since < today"
        " and deal.account.country == 'DE' and deal.account.id != '' and case.idle > $stale_after"
        " and deal.amount > $least and deal.discount > $much and deal.pain == $word and approved(priced)"
    )
    records = {"account": (Field("country", "text"), Field("parent", "reference", to="account"))}
    playbook = attrs.evolve(
        PLAYBOOK,
        fields=(*PLAYBOOK.fields, Field("discount", "percent"), Field("account", "reference", to="account")),
        parameters=(("stale_after", "14d"), ("least", "500 EUR"), ("much", "12.5%"), ("word", "slow")),
    )
    env = environment(playbook, STANDARD, records)
    node, _ = parse(text)
    assert node is not None
    assert check(node, env, BOOL).mistakes == ()
    node, _ = parse("deal.account.contry == 'DE' or deal.account.parent.country == 'DE'")
    assert node is not None
    assert [mistake.code for mistake in check(node, env, BOOL).mistakes] == ["condition-name"] * 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14d", Duration(14, "d")), ("500 EUR", Money.of(500, "EUR")), ("12.5%", Decimal("0.125")),
        ("-3", Decimal(-3)), ("14 days", "14 days"), ("500 Eur", "500 Eur"), ("", ""), ("1,5", "1,5"),
    ],
)  # fmt: skip
def test_what_a_parameter_is(text: str, value: object) -> None:
    assert parameter(text) == value


def test_what_it_does_not_name_is_a_mistake() -> None:
    text = (
        "proposal.amount > 0 or discovery.nothing == 1 or case.stage == 'prposal' or done('dmo')"
        " or count('pament') > 0 or deal.segment == 'c'"
    )
    found = _messages(text)
    assert len(found) == 6
    assert "did you mean 'proposal'?" in found[2]
    assert "did you mean 'payment'?" in found[4]


def test_ids_come_from_stages_and_shared_criteria() -> None:
    ids = environment(PLAYBOOK, STANDARD).ids
    assert ids["activity"] == ["demo"]
    assert ids["criterion"] == ["shared", "priced"]
    assert ids["entry"] == ["call", "email", "meeting", "note", "payment"]


def test_types_of_fields() -> None:
    columns = (Field("sku", "text"), Field("price", "money"))
    assert type_of(Field("site", "link")) == TEXT
    assert type_of(Field("rivals", "list")) == list_of(TEXT)
    assert type_of(Field("f", "list", of=Field("", "choice", options=("x",)))) == list_of(choice_of(("x",)))
    assert type_of(Field("items", "table", columns=columns)) == list_of(row_of({"sku": TEXT, "price": MONEY}))
    assert type_of(Field("when", "datetime")) == Type("timestamp")


def test_reserved_names_cannot_be_ids() -> None:
    assert {"case", "today", "and", "while", "in", "actor", "score"} <= RESERVED
    assert "deal" not in RESERVED
