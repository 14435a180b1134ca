from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from playbook.expressions import Environment, Function, check, dump, parse
from playbook.expressions.types import BOOL, DYN, INT, NUMBER, PERCENT, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions import Mistake

WRONG = [
    ("deal.amount == deal.pain", "type", "money cannot be compared with text", ""),
    ("deal.pain > 5", "type", "text cannot be compared with a whole number", ""),
    ("deal.amount > 1e6", "type", "money cannot be compared with a decimal number", "without e"),
    ("deal.close < '2026-03-01'", "type", "a date cannot be compared with text", 'date("2026-03-01")'),
    ("case.idle > 30", "type", "a span of time cannot be compared with a whole number", "30d"),
    ("1 < deal.seats < 5", "type", "a yes or no cannot be compared", "'and'"),
    ("deal.pain < null", "type", "null cannot be compared with <", "== null"),
    ("deal.rivals < ['a']", "type", "a list of texts cannot be compared with a list of texts", ""),
    ("least(deal.rivals) == ['a']", "call", "least() cannot order a list of texts", ""),
    ("deal.pain + 1 == 'a'", "type", "text + a whole number has no meaning", ""),
    ("deal.amount * deal.amount > 1", "type", "money * money has no meaning", ""),
    ("deal.close + 5 > today", "type", "a date + a whole number has no meaning", "today + 90d"),
    ("-deal.pain == 'a'", "type", "- text has no meaning", ""),
    ("deal.amount", "type", "this is money, and true or false is needed", "compare"),
    ("deal.amount and deal.signed", "type", "this is money, and true or false is needed", ""),
    ("!deal.amount > 5", "type", "this is money, and true or false is needed", ""),
    ("deal.pain in 'abc'", "type", "'in' needs a list or a map on its right, not text", ""),
    ("deal.seats in deal.rivals", "type", "a whole number cannot be in a list of texts", ""),
    ("(deal.signed ? 1 : 'a') == 1", "type", "this is either a whole number or text", ""),
    ("deal.items[0.5].sku == 'a'", "type", "a place in a list is a whole number", ""),
    ("deal.items.sku == 'a'", "type", "a list of rows has no fields to read", "[0]"),
    ("deal.items[0].sky == 'a'", "name", "there is no column 'sky'; did you mean 'sku'?", ""),
    ("deal.amont > 0", "name", "'deal' has no field 'amont'; did you mean 'amount'?", ""),
    ("case.amount > 0", "name", "'case' has no field 'amount'; did you mean 'deal.amount'?", ""),
    ("dael.amount > 0", "name", "there is no 'dael'; did you mean 'deal'?", ""),
    ("amount > 0", "name", "there is no 'amount'; did you mean 'deal.amount'?", ""),
    ("True", "name", "there is no 'True'; did you mean 'true'?", ""),
    ("deal == 1", "name", "'deal' is not a value", "deal.amount"),
    ("dais(today, today) > 1", "name", "there is no function 'dais'; did you mean 'days'?", ""),
    ("days(today) > 1", "call", "days() takes 2 argument(s), and 1 were given", ""),
    ("least() > 1", "call", "least() takes 1 or more argument(s)", ""),
    ("days(today, 5) > 1", "call", "days() takes a date or a time here, not a whole number", ""),
    (
        "least(deal.pain, 5) == 5",
        "call",
        "least() needs arguments of one type, not text and a whole number",
        "",
    ),
    ("done('dmo')", "value", "there is no activity 'dmo'; did you mean 'demo'?", ""),
    ("done(dmo)", "value", "there is no activity 'dmo'; did you mean 'demo'?", ""),
    ("done(deal.pain)", "call", "done() takes the id of an activity", 'done("id")'),
    ("deal.segment == 'enterprize'", "value", "not an option; did you mean 'enterprise'?", ""),
    ("'smb' != deal.segment", "value", "'smb' is not an option", ""),
    ("deal.segment in ['enterprise', 'mid']", "value", "'mid' is not an option", ""),
    ("deal.account.contry == 'DE'", "name", "'account' has no field 'contry'; did you mean 'country'?", ""),
    ("deal.account.owner.role == 'ae'", "name", "a reference is followed one step", "copy the value"),
    ("deal.lost.country == 'DE'", "name", "nothing is known of the fields of 'gone'", ""),
    ("case.owner.rle == 'ae'", "name", "'person' has no field 'rle'; did you mean 'role'?", ""),
    ("deal.pain.country == 'DE'", "type", "text has no fields to read", ""),
    ("discovery.last.amont > 5", "name", "'discovery.last' has no field 'amont'; did you mean 'amount'?", ""),
    ("deal.amount > $limt", "name", "there is no '$limt'; did you mean '$limit'?", ""),
    ("approved(deal.pain)", "call", "approved() takes the id of a criterion", 'approved("id")'),
    ("waived('legl')", "value", "there is no criterion 'legl'; did you mean 'legal'?", ""),
    (
        "deal.items.all(i, i.quantty > 0)",
        "name",
        "there is no column 'quantty'; did you mean 'quantity'?",
        "",
    ),
    ("deal.items.all(i, j.quantity > 0)", "name", "there is no 'j'", ""),
    ("deal.items.all(i, i.quantity)", "type", "this is a whole number, and true or false is needed", ""),
    ("deal.pain.all(i, i == 'a')", "type", "all() needs a list or a map, not text", ""),
    (
        "deal.items.filter(i, i.quantity > 1) == 5",
        "type",
        "a list of rows cannot be compared with a whole number",
        "",
    ),
    ("deal.rivals.map(r, size(r)) == ['a']", "type", "a list of whole numbers cannot be compared", ""),
    ("sum(deal.rivals) == 'a'", "call", "sum() cannot add texts", ""),
    ("sum(deal.amount) > 5", "call", "sum() takes a list of values here, not money", ""),
    ("deal.pain.containz('a')", "name", "there is no function 'containz'; did you mean 'contains'?", ""),
    ("deal.pain.contains()", "call", "contains() takes 1 argument(s), and 0 were given", ""),
    ("now.getHours('UTC', 'UTC') > 5", "call", "getHours() takes 0 to 1 argument(s), and 2 were given", ""),
    ("deal.amount.contains('a')", "call", "contains() takes text here, not money", ""),
    ("deal.pain.matches('(')", "value", "a bracket ( is not closed", ""),
    ("int(deal.signed) > 1", "call", "or a time here, not a yes or no", ""),
    ("{'a': 1}[2] == 1", "type", "a whole number cannot be a key of this map", ""),
    ("{1.5: 1} == {}", "type", "a decimal number cannot be a key of a map", ""),
    ("duration('1h') > 5", "type", "a span of time cannot be compared with a whole number", ""),
    ("5u + 1 == 6", "type", "an unsigned whole number + a whole number has no meaning", ""),
    ("deal.discount > 20", "value", "a percentage is compared with a percentage", "write 20%"),
]


@pytest.mark.parametrize(("text", "code", "message", "hint"), WRONG, ids=[row[0] for row in WRONG])
def test_mistakes_are_explained(
    mistakes: Callable[[str], tuple[Mistake, ...]], text: str, code: str, message: str, hint: str
) -> None:
    (mistake,) = mistakes(text)
    assert mistake.code == f"condition-{code}"
    assert message in mistake.message
    assert hint in mistake.hint


@pytest.mark.parametrize(
    "text",
    [
        "deal.amount > 0 and deal.amount <= 25000.50 or deal.price * 1.1 / 12 > 5 USD + 3",
        "deal.close <= today + 90d and deal.close - today < 6mo and now > deal.met",
        "deal.champion == case.owner and deal.segment == deal.pain",
        "deal.discount * 2 > 20% or deal.discount in [10%, 0.2]",
        "size(deal.rivals) >= 2 and 'acme' in deal.rivals and size(deal.pain) > 3",
        "(deal.signed ? deal.pain : null) == null",
        "least(deal.seats, deal.score, 1.5) > 1 and greatest(today, deal.close) > today",
        "done(demo) and count('payment') > 0 and total(payment) > 5 and last('call') < now",
        "deal.items[0].quantity > deal.seats % 2",
        "deal.items.all(i, i.quantity > 0 and i.price < 5 EUR) and sum(deal.items.map(i, i.price)) > 0",
        "deal.account.country == 'DE' and has(deal.account.owner) and case.owner.role == 'ae'",
        "duration('1h') < 3h and now + duration('1h') > now and deal.close.getMonth() < 3",
        "deal.rivals.exists(r, r.startsWith('a')) or {'a': deal.amount}.a > 5",
        "dyn({1: true})[1.0] and deal.items[dyn(0.0)].sku == 'a'",
        "dyn(deal.amount) == 5 and type(deal.seats) == int and deal.pain.matches('a+')",
    ],
)
def test_sound_conditions_have_no_mistakes(mistakes: Callable[[str], tuple[Mistake, ...]], text: str) -> None:
    assert mistakes(text) == ()


RESOLVED = {
    "n > 0.5": ["number", "0.5"],
    "n > 1 + 0.5": ["add", ["int", "1"], ["number", "0.5"]],
    "p in [0.5]": ["list", ["number", "0.5"]],
    "i > 0.5": ["double", "0.5"],
    "i > 2 * 0.5": ["mul", ["int", "2"], ["double", "0.5"]],
    "d == [1, 0.5][1]": ["index", ["list", ["int", "1"], ["double", "0.5"]], ["int", "1"]],
    "n > (i > 0.5 ? 0.25 : 1)": [
        "if", ["gt", ["name", "i"], ["double", "0.5"]], ["number", "0.25"], ["int", "1"],
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", RESOLVED)
def test_a_decimal_is_exact_beside_exact_values_and_else_a_double(text: str) -> None:
    names = {"n": NUMBER, "p": PERCENT, "i": INT, "d": DYN}
    node, _ = parse(text)
    assert node is not None
    checked = check(node, Environment(names=names))
    assert checked.mistakes == ()
    assert dump(checked.node)[2] == RESOLVED[text]


def test_a_computed_percent_keeps_its_decimals_exact() -> None:
    node, _ = parse("0.1 + 0.2")
    assert node is not None
    assert dump(check(node, Environment(), PERCENT).node)[1] == ["number", "0.1"]
    assert dump(check(node, Environment()).node)[1] == ["double", "0.1"]


def test_a_name_given_as_id_becomes_a_text_and_a_row_is_read_by_column() -> None:
    function = Function("visited", (TEXT,), BOOL, bool, reads_ids="stage")
    env = Environment(functions={"visited": function}, ids={"stage": ["proposal"]}, names={"row": DYN})
    node, _ = parse("visited(proposal) and row.price == 1")
    assert node is not None
    checked = check(node, env, BOOL)
    assert checked.mistakes == ()
    assert dump(checked.node) == [
        "and",
        ["call", "visited", ["string", "proposal"]],
        ["eq", ["column", ["name", "row"], "price"], ["int", "1"]],
    ]


def test_checking_a_checked_tree_changes_nothing() -> None:
    node, _ = parse("n > 0.5 and i > 0.5 and row.price > 2")
    assert node is not None
    env = Environment(names={"n": NUMBER, "i": INT, "row": DYN})
    once = check(node, env)
    assert check(once.node, env) == once
