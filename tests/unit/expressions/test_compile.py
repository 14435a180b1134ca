from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from playbook.expressions import (
    STANDARD,
    Environment,
    EvalError,
    Function,
    Node,
    Scope,
    Unknown,
    check,
    compile,  # noqa: A004 - the public name
    follows,
    load,
    parse,
    reads,
)
from playbook.expressions.scope import UNLIMITED
from playbook.expressions.types import BOOL, DATE, DYN, INT, TEXT, list_of
from playbook.money import Money
from playbook.times import Calendar, Duration

if TYPE_CHECKING:
    from collections.abc import Callable

    Evaluate = Callable[[str], object]

MISSING = Unknown(("deal.missing",))

ANSWERS: list[tuple[str, object]] = [
    # money: exact, the organization's currency beside a bare number, others converted
    ("deal.amount > 0", True),
    ("0 < deal.amount", True),
    ("deal.amount == 25000", True),
    ("deal.amount >= 25000.01", False),
    ("deal.amount == 25000 EUR", True),
    ("deal.price == 50 EUR", True),
    ("deal.price == 100 USD", True),
    ("deal.price < 50.01", True),
    ("deal.amount + deal.price", Money.of(25050, "EUR")),
    ("deal.price + 1 USD", Money.of(101, "USD")),
    ("deal.price * 3 / 12 == 25 USD", True),
    ("deal.amount / deal.price", Decimal(500)),
    ("deal.amount - 1 > 24998.99 EUR", True),
    ("deal.amount == 5 CHF", Unknown((), "no rate from CHF to EUR")),
    ("-deal.amount", Money.of(-25000, "EUR")),
    # exact decimals, percents, integers of 64 bits
    ("deal.discount == 20%", True),
    ("deal.discount > 0.2", False),
    ("deal.score + 0.2 == 0.3", True),
    ("0.1 + 0.2 == 0.3", False),
    ("deal.amount * 20% == 5000", True),
    ("deal.seats / 2", 3),
    ("-7 / 2", -3),
    ("-7 % 5", -2),
    ("deal.seats * 1.5", 10.5),
    ("1 / 0", EvalError("a division by zero")),
    ("deal.score / 0", EvalError("a division by zero")),
    ("9223372036854775807 + 1", EvalError("a whole number left the range of 64 bits")),
    ("1.0 / 0.0 > 5", True),
    # text, lists, choices
    ("deal.segment == 'enterprise'", True),
    ("deal.segment in ['midmarket', 'enterprise']", True),
    ("deal.pain + '!' == 'slow reports!'", True),
    ("deal.pain < 'zebra'", True),
    ("size(deal.rivals) == 2 and size('héllo') == 5 and size([]) == 0", True),
    ("deal.rivals[1]", "globex"),
    ("deal.rivals[2]", EvalError("there is no item 2: 2 items")),
    ("deal.rivals + ['x'] == ['acme', 'globex', 'x']", True),
    ("deal.items[0].quantity", 3),
    ("deal.items[1].quantity", Unknown(("quantity",))),
    ("deal.seats > 5 ? 'big' : 'small'", "big"),
    # equality across kinds; null
    ("deal.seats == 7.0", True),
    ("[1, true] == [1, true]", True),
    ("[deal.signed ? 1 : null] == [deal.signed ? 1 : null]", True),
    ("null == null", True),
    # days and times, in the zone of the scope: now is already 2 March in Berlin
    ("today == date('2026-03-02')", True),
    ("date('2026-02-30') == today", EvalError("'2026-02-30' is not a date: write year-month-day, like 2026-03-01")),
    ("deal.close <= today + 90d", True),
    ("today + 1mo - 1w", dt.date(2026, 3, 26)),
    ("today + 1wd", dt.date(2026, 3, 3)),
    ("now - 24h == now - 1d", True),
    ("deal.met < today", True),
    ("days(deal.met, today)", 3),
    ("days(today, deal.close)", 59),
    ("deal.close - today > 58d and deal.close - today < 2mo", True),
    ("2h + 30min", Duration(150, "min")),
    ("2 * 2w - 1d == 27d", True),
    ("1d < 25h", True),
    ("1mo > 30d", EvalError("1mo and 30d cannot be compared: the length of one depends on the calendar")),
    ("today + 9000wd * 3 > today", EvalError("27000wd is too long: working time is counted up to 20000")),
    ("today + 9000d * 9000 > today and today + 9000d * 300 > today", EvalError("the result is out of range")),
    ("case.idle >= 6mo and not case.idle > 6mo", False),
    ("case.idle > 181d and case.idle < 183d", True),
    # functions about the case
    ("done('demo') and not done(pricing_call)", True),
    ("count('call') >= 2", True),
    ("last('call') < now", Unknown(("last(call)",))),
    ("least(3, 2.5, deal.seats)", 2.5),
    ("greatest(deal.amount, deal.price)", Money.of(25000, "EUR")),
    # missing is not false
    ("deal.missing > 0", MISSING),
    ("deal.missing == 5", MISSING),
    ("deal.missing != 5", MISSING),
    ("deal.absent == ''", Unknown(("deal.absent",))),
    ("not (deal.missing > 0)", MISSING),
    ("deal.missing == null and deal.absent == null and not (deal.pain == null)", True),
    ("deal.missing != null or deal.absent != null", False),
    ("filled(deal.pain, deal.seats, deal.signed) and not filled(deal.pain, deal.absent)", True),
    ("has(deal.pain) and !has(deal.missing)", True),
    ("deal.missing + deal.price > 0 EUR", MISSING),
    ("deal.missing > 0 and deal.absent == 'x'", Unknown(("deal.missing", "deal.absent"))),
    ("deal.missing in [1 EUR]", MISSING),
    ("[deal.missing, deal.absent] == []", Unknown(("deal.missing", "deal.absent"))),
    ("deal.missing > 0 ? 1 : 2", MISSING),
    # macros over tables and lists; each absorbs as the word it stands for
    ("deal.items.exists(i, i.quantity > 2)", True),
    ("deal.items.all(i, i.quantity > 5)", False),
    ("deal.items.all(i, i.quantity > 0)", Unknown(("quantity",))),
    ("deal.items.exists(i, i.quantity > 5)", Unknown(("quantity",))),
    ("deal.items.exists(i, i.quantity / 0 > 5)", Unknown(("quantity",))),
    ("deal.items.exists_one(i, i.sku == 'b')", True),
    ("deal.items.exists_one(i, i.quantity == 3)", Unknown(("quantity",))),
    ("sum(deal.items.map(i, i.price)) == 15 EUR", True),
    ("sum(deal.items.map(i, i.price * 0.5)) == 7.50", True),
    ("deal.items.filter(i, i.price > 7).map(i, i.sku)", ("a",)),
    ("deal.items.map(i, i.price > 7, i.sku)", ("a",)),
    ("deal.rivals.map(r, deal.rivals.filter(r, r != 'acme').map(s, r + s))", (("acmeglobex",), ("globexglobex",))),
    ("deal.rivals.exists(r, deal.rivals.exists(r, r == 'acme') and r == 'globex')", True),
    ("deal.missing == null ? true : [1].all(x, deal.amount > x)", True),
    ("[1, 2].all(x, x > deal.seats or deal.missing > x)", MISSING),
    ("sum([]) == 0 and sum([1, 2]) == 3 and sum([0.5, 1]) == 1.5", True),
    ("sum([deal.discount, 30%]) == 50%", True),
    ("sum([5 EUR, 5 CHF])", Unknown((), "no rate from CHF to EUR")),
    ("has(deal.items[0].quantity) and !has(deal.items[1].quantity)", True),
    # texts
    ("deal.pain.contains('slow') and deal.pain.startsWith('s') and !deal.pain.endsWith('s ')", True),
    ("deal.pain.matches('^slow\\\\s+rep') and deal.absent.contains('x')", Unknown(("deal.absent",))),
    ("matches(deal.pain, '(' + '')", EvalError("a bracket ( is not closed")),
    # references, one step deep, and people
    ("deal.account.country in ['DE', 'AT']", True),
    ("deal.account.size == 0 and 'key' in deal.account.tags and deal.account == 'acme'", True),
    ("deal.partner.country == 'DE'", Unknown(("deal.partner",))),
    ("has(deal.account.country) and !filled(deal.partner.country)", True),
    ("case.owner.role == 'ae' and deal.champion.since < today", True),
    ("deal.account.owner == case.owner", True),
    # stamps, parameters, what was decided
    ("discovery.amount == 1 EUR and discovery.last.amount == 2 EUR", True),
    ("deal.amount > $limit", True),
    ("approved(legal) and not waived('legal')", True),
    # working days, exact spans beside durations, parts of days and times
    ("working_days(date('2026-02-27'), today)", 1),
    ("working_days(date('1900-01-01'), today)",
     EvalError("46081 days are too many: working days are counted over up to 20000")),
    ("duration('36h') == 36h and duration('24h') == 1d and 2d > duration('47h')", True),
    ("duration('1h') > 1mo", EvalError("1mo has no exact length: it depends on the calendar")),
    ("case.idle > duration('24h') and now - deal.met == now - deal.met", True),
    ("now - duration('90m') == now - 90min and (now - deal.met) + deal.met == now", True),
    ("deal.close.getMonth() == 3 and deal.close.getDate() == 30 and now.getHours('+01:00') == 0", True),
    ("now.getHours('America/New_York') == 18 and now.getDayOfWeek('Asia/Tokyo') == 1", True),
    ("now.getHours('America') > 0", EvalError("'America' is not a time zone; write one like Europe/Berlin")),
    ("(now - deal.met).getHours()", 49),
    ("type(deal.amount) == type(5 EUR) and type(case.idle) == google.protobuf.Duration", True),
    ("string(deal.amount) + string(deal.close) + string(20%)", "25000.00 EUR2026-04-300.2"),
    # maps
    ("{'a': deal.missing}", MISSING),
    ("{'a': [1, 2]}.a[1] + {1: 5}[1u]", 7),
    ("{'a': 1}.b", EvalError("the map has no key 'b'")),
    ("{dyn([1]): 2} == {}", EvalError("a key of a map is a text, a whole number, or true or false")),
    ("least(deal.missing, 5)", MISSING),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ANSWERS, ids=[text for text, _ in ANSWERS])
def test_answers(evaluate: Evaluate, text: str, expected: object) -> None:
    found = evaluate(text)
    assert found == expected
    assert found.__class__ is expected.__class__


FALSE, TRUE, UNKNOWN, ERROR = "1 == 2", "1 == 1", "deal.missing > 0", "1 / 0 == 1"
RANK_AND = [FALSE, UNKNOWN, ERROR, TRUE]
RANK_OR = [TRUE, UNKNOWN, ERROR, FALSE]


@pytest.mark.parametrize(
    ("word", "rank"), [("and", RANK_AND), ("&&", RANK_AND), ("or", RANK_OR), ("||", RANK_OR)]
)
def test_the_stronger_answer_absorbs_the_weaker_in_any_order(
    evaluate: Evaluate, word: str, rank: list[str]
) -> None:
    for i, strong in enumerate(rank):
        for weak in rank[i:]:
            expected = evaluate(strong)
            assert evaluate(f"{strong} {word} {weak}") == expected
            assert evaluate(f"{weak} {word} {strong}") == expected
            assert (
                evaluate(f"{TRUE if word in ('and', '&&') else FALSE} {word} {weak} {word} {strong}")
                == expected
            )


def test_an_unknown_or_an_error_is_neither_true_nor_false() -> None:
    for answer in (MISSING, EvalError("x")):
        with pytest.raises(TypeError, match="neither true nor false"):
            bool(answer)


def test_a_missing_root_is_missing_fields(scope: Scope) -> None:
    node = load(["gt", ["field", "proposal", "amount"], ["int", "0"]])
    assert compile(node, STANDARD)(scope) == Unknown(("proposal.amount",))
    assert compile(load(["filled", ["field", "proposal", "amount"]]), STANDARD)(scope) is False


def test_names_are_read_from_the_roots() -> None:
    scope = Scope({"score": 70}, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), Calendar())
    assert compile(load(["ge", ["name", "score"], ["int", "70"]]), {})(scope) is True
    assert compile(load(["ge", ["name", "credit"], ["int", "70"]]), {})(scope) == Unknown(("credit",))


def _one(call: Callable[..., object], **extra: Any) -> Callable[[Scope], object]:
    function = Function("f", (DYN,), DYN, call, **extra)
    return compile(load(["call", "f", ["int", "4"]]), {"f": function})


def test_what_a_function_answers(scope: Scope) -> None:
    assert _one(lambda x: x * 2)(scope) == 8
    assert _one(lambda scope, x: (scope.currency, x), takes_scope=True)(scope) == ("EUR", 4)
    assert _one(lambda x: [x])(scope) == (4,)
    assert _one(lambda x: None)(scope) == Unknown(("f(4)",))
    assert _one(lambda x: Unknown((), "no rate"))(scope) == Unknown((), "no rate")
    assert _one(lambda x: x / 0)(scope) == EvalError("f() failed: division by zero")


def test_a_function_that_is_not_there_is_an_error_only_when_it_counts(scope: Scope) -> None:
    call = ["call", "gone", ["int", "1"]]
    assert compile(load(call), {})(scope) == EvalError(
        "the function 'gone' is not there: install the plugin that brings it"
    )
    assert compile(load(["and", call, ["bool", False]]), {})(scope) is False


def test_functions_never_see_what_is_unknown(scope: Scope) -> None:
    seen: list[object] = []
    function = Function("f", (DYN, DYN), INT, lambda *values: seen.append(values))
    tree = ["call", "f", ["field", "deal", "missing"], ["field", "deal", "absent"]]
    assert compile(load(tree), {"f": function})(scope) == Unknown(("deal.missing", "deal.absent"))
    assert seen == []


def test_what_a_function_does_not_know_names_what_it_was_asked_and_tells_no_value(scope: Scope) -> None:
    function = Function("f", (DYN,), DYN, lambda *values: None, variadic=True)
    asked = [
        ["field", "deal", "pain"],
        ["string", "x"],
        ["bool", True],
        ["money", "5.00", "EUR"],
        ["follow", "deal", "account", "country", "account"],
        ["add", ["field", "deal", "seats"], ["int", "1"]],
    ]
    said = Unknown(("f(deal.pain, x, true, 5.00 EUR, deal.account.country, ...)",))
    assert compile(load(["call", "f", *asked]), {"f": function})(scope) == said


def test_an_operation_of_a_newer_version_is_named() -> None:
    with pytest.raises(ValueError, match="does not know the operation 'reduce'"):
        compile(Node("reduce", ("x",)), {})


TOO_MUCH = EvalError("the condition looks at too much: make its lists or texts smaller")


@pytest.mark.parametrize(
    "text",
    [
        "l.all(a, l.all(b, l.all(c, a + b + c < 0 or true)))",
        "l.map(a, l.map(b, l.map(c, 'x')))",
        "size(l.map(a, l + l)) > 0",
        "size(l.map(a, s + s)) > 0",
        "size(l.map(a, string(bytes(s)))) > 0",
        "l.map(a, l) == l.map(a, l)",
        "l.all(a, a in l)",
        "l.all(a, !s.contains('yx'))",
        "l.all(a, !(s + string(a)).matches('(x+x+)+y'))",
        "l.all(a, !'x'.matches('(a{30}){30}' + string(a)))",
        "l.all(a, working_days(today, today + 9000d) > a)",
        "l.all(a, today + 9000wd > today)",
        "l.all(a, sum(l) > 0)",
        "l.exists(a, 1 / 0 > 0 or l.exists(b, 1 / 0 > 0)) or true",
    ],
)
def test_what_costs_too_much_ends_as_an_error(scope: Scope, text: str) -> None:
    node, _ = parse(text)
    assert node is not None
    names = {"l": list_of(INT), "s": TEXT, "today": DATE}
    run = compile(check(node, Environment(names=names, functions=STANDARD)).node, STANDARD)
    big = Scope({"l": tuple(range(5_000)), "s": "x" * 40_000}, scope.now, scope.calendar)
    assert run(big) == TOO_MUCH
    assert run(Scope({"l": (1,), "s": "x"}, scope.now, scope.calendar)) != TOO_MUCH
    assert big.left == UNLIMITED


def test_a_budget_is_for_one_evaluation(scope: Scope) -> None:
    node, _ = parse("l.all(a, a >= 0)")
    assert node is not None
    names = {"l": list_of(INT)}
    run = compile(check(node, Environment(names=names, functions=STANDARD)).node, STANDARD)
    big = Scope({"l": tuple(range(10_000))}, scope.now, scope.calendar)
    assert [run(big) for _ in range(50)] == [True] * 50


def test_texts_and_lists_cannot_grow_without_bound(scope: Scope) -> None:
    big = Scope({"x": "a" * 60_000, "y": (1,) * 6_000}, scope.now, scope.calendar)
    for name, what in (("x", "text"), ("y", "list")):
        answer = compile(load(["add", ["name", name], ["name", name]]), {})(big)
        assert isinstance(answer, EvalError)
        assert f"a {what} grew longer" in answer.message


def test_a_time_without_zone_is_an_error_not_an_exception(scope: Scope) -> None:
    naive = Scope({"at": dt.datetime(2026, 1, 1)}, scope.now, scope.calendar)  # noqa: DTZ001 - that is the point
    answer = compile(load(["lt", ["name", "at"], ["name", "now"]]), {})(naive)
    assert isinstance(answer, EvalError)


def test_what_is_read_through_references_is_told_apart(env: Environment) -> None:
    node, _ = parse(
        "deal.account.country == 'DE' and case.owner.role == 'ae' and deal.items.all(i, i.price > 0)"
    )
    assert node is not None
    tree = check(node, env, BOOL).node
    assert reads(tree) == {"deal.account", "case.owner", "deal.items"}
    assert follows(tree) == {("deal", "account", "country", "account"), ("case", "owner", "role", "person")}


def test_reads_names_every_field_once() -> None:
    node, _ = parse(
        "filled(deal.pain) and (deal.amount > 0 or deal.amount < discovery.amount) and done(demo)"
    )
    assert node is not None
    assert reads(node) == {"deal.pain", "deal.amount", "discovery.amount"}
