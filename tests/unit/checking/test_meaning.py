"""What is said to hold, to fail or to be unknown is what evaluation answers, whatever the values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook.checking.meaning import Reader
from playbook.checking.regions import TooManyError
from playbook.checking.sets import Ranges, Texts
from playbook.expressions import STANDARD, Scope, Unknown, check, compile, parse  # noqa: A004
from playbook.model.playbook import Field, Playbook
from playbook.model.vocabulary import environment
from playbook.money import Money
from playbook.times import Calendar

if TYPE_CHECKING:
    from playbook.checking.regions import Box, Key, Region
    from playbook.expressions import Node

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
TODAY = NOW.date()
PLAYBOOK = Playbook(
    id="p", version=1, subject="deal",
    fields=(
        Field("amount", "money"), Field("share", "percent"), Field("seats", "integer"), Field("hot", "boolean"),
        Field("segment", "choice", options=("a", "b", "c")), Field("close", "date"), Field("ends", "date"),
        Field("pain", "text"),
    ),
)  # fmt: skip
ATOMS = st.sampled_from([
    *(f"deal.amount {sign} {n}" for sign in ("<", "<=", "==", "!=", ">") for n in ("5 EUR", "10 EUR", "10")),
    *(f"deal.share {sign} 20%" for sign in ("<", ">=")),
    *(f"{n} {sign} deal.seats" for n in (1, 2) for sign in ("<", ">=")),
    "deal.seats > 1.5", "deal.seats != 1.5", "deal.hot", "deal.hot == false", 'deal.segment == "a"',
    'deal.segment != "b"', 'deal.segment in ["a", "c"]', "filled(deal.amount)", "filled(deal.hot, deal.close)",
    "deal.segment == null", "deal.close != null", "deal.close > deal.ends", "deal.ends >= deal.close + 1d",
    "deal.close <= today + 1w", "today < deal.close", 'deal.close == date("2026-03-03")', 'deal.pain == "x"',
    'deal.pain != "x"', 'deal.pain.contains("x")', "size(deal.pain) > 1", "deal.amount * 2 > 10 EUR", "true",
])  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, inner, inner).map(lambda p: f"(({p[0]}) ? ({p[1]}) : ({p[2]}))"),
    ),
    max_leaves=6,
)
DAYS = st.none() | st.integers(-2, 9).map(lambda n: TODAY + dt.timedelta(days=n))
VALUES = st.fixed_dictionaries({
    "amount": st.none() | st.sampled_from(["0", "5", "7.5", "10", "11"]).map(lambda n: Money.of(n, "EUR")),
    "share": st.none() | st.sampled_from(["0", "0.2", "0.5"]).map(Decimal), "seats": st.none() | st.integers(0, 3),
    "hot": st.none() | st.booleans(), "segment": st.none() | st.sampled_from(["a", "b", "c"]),
    "close": DAYS, "ends": DAYS, "pain": st.none() | st.sampled_from(["x", "xy", "z"]),
})  # fmt: skip


def tree(text: str) -> Node:
    node, mistakes = parse(text)
    assert node is not None, (text, mistakes)
    checked = check(node, environment(PLAYBOOK, STANDARD))
    assert not checked.mistakes, (text, checked.mistakes)
    return checked.node


class Placed:
    """Say whether values lie in a region, by evaluating what each key looks at."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.scope = Scope({"deal": values}, NOW, Calendar(), dt.UTC, "EUR")

    def run(self, node: Node) -> Any:
        return compile(node, STANDARD)(self.scope)

    def lies_in(self, region: Region) -> bool:
        return any(self._in_box(box) for box in region.boxes)

    def _in_box(self, box: Box) -> bool:
        return all(self._has(key, values) for key, values in box.items())

    def _has(self, key: Key, values: Ranges | Texts) -> bool:
        kind, node, _ = key
        found: Any
        if kind == "between":
            one, other = (self.run(part) for part in node.args)
            found = None if Unknown in map(type, (one, other)) else (one - other).days
        else:
            found = self.run(node)
        if kind == "there":
            found = "false" if isinstance(found, Unknown) else "true"
        if isinstance(found, Unknown) or found is None:
            return values.missing
        if isinstance(values, Texts):
            text = str(found).lower() if isinstance(found, bool) else found
            return text in values.these if not values.others else text not in values.these
        number = (
            found.amount if isinstance(found, Money)
            else found.toordinal() if isinstance(found, dt.date) else Decimal(found)
        )  # fmt: skip
        at = sum(cut <= (Decimal(number), 0) for cut in values.cuts)
        return at % 2 == 1


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, VALUES)
def test_it_holds_fails_or_is_unknown_just_where_it_is_said(text: str, values: dict[str, Any]) -> None:
    node, placed = tree(text), Placed(values)
    try:
        meaning, answer = Reader(PLAYBOOK).of(node), placed.run(node)
        unmet = meaning.holds.rest()
    except TooManyError:
        return
    assert (placed.lies_in(meaning.holds), placed.lies_in(meaning.fails)) == (answer is True, answer is False)
    assert placed.lies_in(unmet) == (answer is not True)


@pytest.mark.parametrize(
    ("text", "never", "always"),
    [
        ("deal.seats > 1 and deal.seats < 2", True, False),
        ("deal.share > 1% and deal.share < 2%", False, False),
        ('deal.segment != "a" and deal.segment != "b" and deal.segment != "c"', True, False),
        ('deal.pain != "a" and deal.pain != "b"', False, False),
        ("deal.amount > 5 or deal.amount <= 5", False, True),
        ("deal.amount > 5 EUR or deal.amount <= 5 USD", False, False),
        ("deal.close > today + 2w and deal.close < today + 14d", True, False),
        ("case.idle > 5d and case.idle < 2d", True, False),
        ("case.idle > 5d and case.idle < 2mo", False, False),
        ('deal.pain.contains("x") and deal.pain.contains("y")', False, False),
        ("case.outcome in ['won', 'lost'] and case.outcome == 'open'", True, False),
        ("deal.amount == null and deal.amount > 5", True, False),
    ],
)
def test_never_and_always(text: str, never: bool, always: bool) -> None:
    meaning = Reader(PLAYBOOK).of(tree(text))
    assert (meaning.holds.empty, meaning.fails.empty) == (never, always)
