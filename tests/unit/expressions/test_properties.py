"""Whatever is written and whatever is there: an answer or a mistake, never an exception."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from playbook.expressions import (
    STANDARD,
    Environment,
    EvalError,
    Node,
    Scope,
    Unknown,
    check,
    compile,  # noqa: A004 - the public name
    dump,
    load,
    parse,
)  # fmt: skip
from playbook.expressions.types import (
    BOOL,
    DATE,
    DURATION,
    DYN,
    INT,
    MONEY,
    NUMBER,
    PERCENT,
    TEXT,
    TIMESTAMP,
    list_of,
    reference_to,
    row_of,
)  # fmt: skip
from playbook.expressions.values import Map, Span, TypeValue, Uint
from playbook.money import Money
from playbook.times import Calendar, Duration, Elapsed

FIELDS = {
    "amount": MONEY, "count": INT, "rate": NUMBER, "share": PERCENT, "pain": TEXT, "ok": BOOL, "day": DATE,
    "at": TIMESTAMP, "span": DURATION, "tags": list_of(TEXT), "any": DYN, "account": reference_to("account"),
    "items": list_of(row_of({"sku": TEXT})),
}  # fmt: skip
ENV = Environment(
    {"deal": FIELDS}, {"today": DATE, "now": TIMESTAMP}, STANDARD, {}, {"account": {"country": TEXT}}
)
UNITS = ["min", "h", "d", "w", "mo", "wd", "wh"]
SIGNS = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "and", "or", "&&", "||"]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)

_decimals = st.decimals(-(10**12), 10**12, places=4)
_days = st.dates()
_times = st.datetimes(timezones=st.just(dt.UTC))
_spans = st.builds(Duration, st.integers(-(10**12), 10**12), st.sampled_from(UNITS))
_moneys = st.builds(Money, _decimals, st.sampled_from(["EUR", "USD", "JPY"]))
_values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), _decimals, _moneys, st.text(max_size=5),
    _days, _times, _spans, st.builds(Elapsed, _times, _times), st.tuples(st.text(max_size=3)), st.just(()),
    st.binary(max_size=3), st.integers(0, 2**64 - 1).map(Uint), st.builds(Span, st.integers(-(2**63), 2**63 - 1)),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2).map(lambda pairs: Map(pairs.items())),
)  # fmt: skip
_deals = st.fixed_dictionaries({}, optional={
    "amount": _moneys, "count": st.integers(-(2**63), 2**63 - 1), "rate": _decimals, "share": _decimals,
    "pain": st.text(max_size=5), "ok": st.booleans(), "day": _days, "at": _times, "span": _spans,
    "tags": st.lists(st.text(max_size=3), max_size=3).map(tuple), "any": _values,
    "account": st.sampled_from(["acme", "globex"]),
    "items": st.lists(st.fixed_dictionaries({}, optional={"sku": st.text(max_size=2)}), max_size=2).map(tuple),
})  # fmt: skip

_literals = st.sampled_from([
    "null", "true", "false", "0", "1", "-5", "9223372036854775807", "0.1", "2.5", "1e300", "20%", "25000 EUR",
    "5 JPY", "90d", "6mo", "8wh", "'x'", "''", "b'x'", "5u", "{}",
    "{'sku': 1}", "deal.account.country", "int", "i",
    "[]", "['x', 'y']", "[0.5, 1]", "today", "now",
    *(f"deal.{name}" for name in FIELDS),
])  # fmt: skip


def _combine(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(SIGNS)
    functions = st.sampled_from([
        "size", "days", "working_days", "least", "greatest", "filled", "date", "count", "sum", "int", "uint",
        "double",
        "string", "bytes", "bool", "type", "dyn", "timestamp", "duration", "matches", "approved",
    ])  # fmt: skip
    macros = st.sampled_from(["all", "exists", "exists_one", "map", "filter"])
    methods = st.sampled_from(
        ["contains", "startsWith", "matches", "getHours", "getDayOfYear", "size", "gone"]
    )
    return st.one_of(
        st.builds("({} {} {})".format, part, signs, part),
        st.builds("({} {} {})".format, part, signs, part),
        st.builds("({}{})".format, st.sampled_from(["not ", "!", "-"]), part),
        st.builds("({} ? {} : {})".format, part, part, part),
        st.builds("{}[{}]".format, part, part),
        st.builds("{}({}, {})".format, functions, part, part),
        st.builds("{}({})".format, functions, part),
        st.builds(
            "({}).{}(i, {})".format, part, macros, part | st.sampled_from(["i", "i.sku", "i == i", "i > 1"])
        ),
        st.builds("({}).{}({})".format, part, methods, part),
        st.builds("({}).{}()".format, part, methods),
        st.builds("{{{}: {}}}".format, part, part),
        st.builds("has(({}).sku)".format, part),
    )


_texts = st.recursive(_literals, _combine, max_leaves=8)
_ANSWERS = (
    type(None), bool, int, float, Decimal, Money, str, bytes, dt.date, Duration, Elapsed, Span, Map, TypeValue, tuple,
    dict, Unknown, EvalError,
)  # fmt: skip


_DYNAMIC = re.compile(r"deal\.any|null|\[\]|\{\}|dyn")
_ILL_TYPED = re.compile(
    "has no meaning|cannot be compared with|is needed|needs a|has no item|has no columns|does not take|failed"
)


def _scope(deal: dict[str, Any]) -> Scope:
    def follow(target: str, name: str, field: str) -> object:
        return "DE" if name == "acme" else None

    return Scope({"deal": deal}, NOW, Calendar(), dt.UTC, "EUR", follow=follow)


def _node(text: str) -> Node:
    node, mistakes = parse(text)
    assert node is not None, (text, mistakes)
    return node


@settings(max_examples=400, deadline=None)
@given(_texts, _deals)
def test_every_condition_has_an_answer_and_checking_does_not_depend_on_storing(
    text: str, deal: dict[str, Any]
) -> None:
    checked = check(_node(text), ENV)
    assert all(0 <= mistake.start <= mistake.end <= len(text) for mistake in checked.mistakes)
    assert load(dump(checked.node)) == checked.node
    scope = _scope(deal)
    answer = compile(checked.node, STANDARD)(scope)
    assert isinstance(answer, _ANSWERS)
    assert repr(compile(load(dump(checked.node)), STANDARD)(scope)) == repr(answer)
    if not checked.mistakes and not _DYNAMIC.search(text) and isinstance(answer, EvalError):
        assert not _ILL_TYPED.search(answer.message), "the checker let through what has no meaning"


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from("abd.e1059 =!<>&|()[]?:,+-*/%'\"\\\n€“EURandornotmwh"), max_size=40) | st.text()
)
def test_any_text_is_read_or_explained(text: str) -> None:
    node, mistakes = parse(text)
    if node is None:
        (mistake,) = mistakes
        assert mistake.message
        assert 0 <= mistake.start <= mistake.end <= len(text)
    else:
        assert mistakes == ()
        check(node, ENV)


_LITERAL_TREES = st.sampled_from([
    ["null"], ["bool", True], ["string", "x"], ["int", "5"], ["uint", "5"], ["double", "1.5"], ["number", "1.5"],
    ["percent", "0.2"], ["money", "5.00", "EUR"], ["duration", "9", "wd"], ["bytes", "00ff"], ["type", "int"],
    ["name", "today"], ["field", "deal", "tags"], ["field", "deal", "any"], ["list"], ["entries"],
    ["follow", "deal", "account", "country", "account"],
])  # fmt: skip


def _grown(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    two = [
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "in",
        "add",
        "sub",
        "mul",
        "div",
        "mod",
        "and",
        "or",
        "index",
        "list",
    ]
    macros = st.sampled_from(["all", "exists", "exists_one", "filter", "map"])
    names = st.sampled_from(
        ["size", "contains", "matches", "getHours", "string", "int", "sum", "days", "gone"]
    )
    body = part | st.just(["var", "i"]) | st.just(["column", ["var", "i"], "sku"])
    return st.one_of(
        st.tuples(st.sampled_from(two), part, part).map(list),
        st.tuples(st.sampled_from(["not", "neg", "filled"]), part).map(list),
        st.tuples(st.just("column"), part, st.just("x")).map(list),
        st.tuples(st.just("has"), st.tuples(st.just("column"), part, st.just("x")).map(list)).map(list),
        st.tuples(st.just("entries"), part, part).map(list),
        st.tuples(st.sampled_from(["call", "method"]), names, part, part).map(list),
        st.tuples(st.just("if"), part, part, part).map(list),
        st.tuples(macros, part, st.just("i"), body).map(list),
    )


@settings(max_examples=400, deadline=None)
@given(st.recursive(_LITERAL_TREES, _grown, max_leaves=12), _deals)
def test_every_tree_has_an_answer_whatever_its_types(tree: Any, deal: dict[str, Any]) -> None:
    answer = compile(load(tree), STANDARD)(_scope(deal))
    assert isinstance(answer, _ANSWERS)


def _text(node: Node) -> str:
    """Write a tree as text, with brackets everywhere."""
    op, args = node.op, [_text(arg) if isinstance(arg, Node) else arg for arg in node.args]
    signs = {"and": "and", "or": "or", "eq": "==", "lt": "<", "in": "in", "add": "+", "sub": "-", "mod": "%"}
    if op in signs:
        return f" {signs[op]} ".join(f"({arg})" for arg in args)
    forms = {
        "int": "{}", "number": "{}", "string": "'{}'", "money": "{} {}", "duration": "{}{}", "field": "{}.{}",
        "name": "{}", "not": "not ({})", "neg": "-({})", "if": "({}) ? ({}) : ({})", "index": "({})[{}]",
    }  # fmt: skip
    if op in forms:
        return forms[op].format(*args)
    return {"list": f"[{', '.join(args)}]", "filled": f"filled({', '.join(args)})"}[op]


def _node_of(op: str, *args: Any) -> Node:
    return Node(op, args)


_leaves = st.one_of(
    st.integers(0, 2**63 - 1).map(lambda n: _node_of("int", str(n))),
    st.sampled_from(["1.5", "0.25", "10.01"]).map(lambda text: _node_of("number", text)),
    st.text("abc “é#", max_size=4).map(lambda text: _node_of("string", text)),
    st.integers(0, 9999).map(lambda n: _node_of("money", f"{n}.50", "EUR")),
    st.tuples(st.integers(0, 99), st.sampled_from(UNITS)).map(
        lambda pair: _node_of("duration", str(pair[0]), pair[1])
    ),
    st.sampled_from(["amount", "pain"]).map(lambda name: _node_of("field", "deal", name)),
    st.sampled_from(["today", "x"]).map(lambda name: _node_of("name", name)),
)


def _negative(part: Node) -> Node:
    """Negate what the parser does not fold into a literal."""
    return _node_of("not" if part.op in ("int", "number") else "neg", part)


def _chain(op: str, left: Node, right: Node) -> Node:
    return _node_of(op, *(left.args if left.op == op else (left,)), right)


def _grow(part: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    binary = st.sampled_from(["eq", "lt", "in", "add", "sub", "mod", "index"])
    return st.one_of(
        st.builds(_node_of, binary, part, part),
        st.builds(_node_of, st.just("not"), part),
        st.builds(_negative, part),
        st.builds(_node_of, st.just("if"), part, part, part),
        st.lists(part, min_size=1, max_size=3).map(lambda items: _node_of("filled", *items)),
        st.lists(part, max_size=3).map(lambda items: _node_of("list", *items)),
        st.builds(_chain, st.sampled_from(["and", "or"]), part, part),
    )


@settings(max_examples=200, deadline=None)
@given(st.recursive(_leaves, _grow, max_leaves=10))
def test_a_tree_written_as_text_is_read_back(tree: Node) -> None:
    assert _node(_text(tree)) == tree
    assert load(dump(tree)) == tree


_truths = st.sampled_from(["true", "false", "deal.gone", "(1 / 0 == 1)", "deal.ok"])


def _outcome(text: str) -> object:
    answer = compile(_node(text), STANDARD)(_scope({"ok": True}))
    return answer.__class__ if isinstance(answer, (Unknown, EvalError)) else answer


@settings(deadline=None)
@given(_truths, _truths, _truths)
def test_laws_of_logic_hold_with_unknowns(a: str, b: str, c: str) -> None:
    assert _outcome(f"{a} and {b}") == _outcome(f"{b} and {a}")
    assert _outcome(f"({a} and {b}) and {c}") == _outcome(f"{a} and ({b} and {c})")
    assert _outcome(f"({a} or {b}) or {c}") == _outcome(f"{a} or ({b} or {c})")
    assert _outcome(f"not ({a} and {b})") == _outcome(f"!{a} or !{b}")
    assert _outcome(f"not not {a}") == _outcome(a)
