"""What must hold for every plan: order, splitting, more for more, exactness."""

from __future__ import annotations

import ast
import itertools
from decimal import Decimal, FloatOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import asdict, replace

import playbook_commission
from playbook_commission.credits.credits import Credit, Credits
from playbook_commission.exact import CONTEXT, Rounding, summed
from playbook_commission.plans.cliffs import falls
from playbook_commission.plans.plan import Component, Rating
from playbook_commission.plans.schedule import Tier
from playbook_commission.statements.earning import Standing, earnings
from playbook_commission.statements.paying import lines

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

D = Decimal
CENT = Rounding()
QUOTA = D(10_000)
FOLDER = Path(str(playbook_commission.__file__)).parent
SOURCES = sorted(FOLDER.rglob("*.py"))


@st.composite
def components(draw: st.DrawFn, modes: Sequence[str] = ("marginal", "whole", "interpolated")) -> Component:
    """Draw what tiers may be: along any axis, paying shares or sums, rising or falling."""
    mode, by = draw(st.sampled_from(modes)), draw(st.sampled_from(("amount", "attainment", "count")))
    sums = by == "count" or mode != "marginal"
    sums = sums and draw(st.booleans())
    ends = {"amount": 200, "attainment": 3, "count": 8}[by]
    starts = sorted(draw(st.sets(st.integers(1, ends), min_size=1, max_size=3)))
    scale = 100 if by == "amount" else 1
    points = [0, *(start * scale for start in starts)]
    rates = draw(st.lists(st.integers(0, 20), min_size=len(points), max_size=len(points)))
    tiers = tuple(Tier(D(s), D(r) if sums else D(r) / 100) for s, r in zip(points, rates, strict=True))
    times = draw(st.sampled_from((D(1), D("1.5"))))
    return Component("c", "m", rating=Rating(by, mode), tiers=tiers, sums=sums, multiplier=times)


def paid(component: Component, credits_: Sequence[Credit]) -> Decimal:
    """Return what credits pay in a period, each line rounded once."""
    made = list(earnings(component, Credits.of(credits_), Standing(quota=QUOTA)))
    return summed(CENT.shared([pay for one in made for pay in one.pays]))


def credited(amounts: Sequence[Decimal]) -> list[Credit]:
    return [Credit(f"x{n}", f"d{n}", amount) for n, amount in enumerate(amounts)]


sizes = st.one_of(st.decimals(1_000, 30_000, places=2), st.decimals(0, 1_000, places=2))
amounts = st.lists(sizes, min_size=2, max_size=6)


@settings(max_examples=200, deadline=None)
@given(components(), amounts, st.randoms(use_true_random=False))
def test_the_order_of_deals_within_a_period_does_not_change_its_total(
    component: Component, deals: list[Decimal], chance: random.Random
) -> None:
    if component.rating.by == "count" and not component.sums:  # a share of what the tenth deal was worth
        assume(component.rating.mode != "marginal")
    found = credited(deals)
    shuffled = list(found)
    chance.shuffle(shuffled)
    orders = (found, shuffled, found[::-1], sorted(found, key=lambda one: one.amount))
    assert len({paid(component, order) for order in orders}) == 1


@given(components(("marginal",)), amounts, st.integers(0, 5), st.integers(0, 100))
def test_splitting_a_deal_in_two_pays_the_same_on_slices(
    component: Component, deals: list[Decimal], which: int, percent: int
) -> None:
    found = credited(deals)
    deal = found[which % len(found)]
    part = CENT.of(deal.amount * percent / 100)
    share = part / deal.amount if deal.amount else D(percent) / 100
    assume(component.rating.by != "count" or share in (0, D("0.25"), D("0.5"), D("0.75"), 1))
    halves = [
        replace(deal, id="one", amount=part, count=share),
        replace(deal, id="two", amount=deal.amount - part, count=1 - share),
    ]
    split = [half for one in found for half in (halves if one is deal else [one])]
    assert paid(component, split) == paid(component, found)


def pay_of(component: Component, position: Decimal) -> Decimal:
    """Return what is paid where somebody has come to a point of the axis, exactly; deals are worth 100 on average."""
    by = component.rating.by
    far = position * QUOTA if by == "attainment" else position
    deal = Credit("x", "d", far * 100 if by == "count" else far, far if by == "count" else D(1))
    return summed(
        pay for one in earnings(component, Credits.of([deal]), Standing(quota=QUOTA)) for pay in one.pays
    )


def positions(component: Component) -> list[Decimal]:
    """Return points of the axis, from below the first tier to far above the last, and both sides of every start."""
    starts = [tier.start for tier in component.tiers]
    last = starts[-1] + max(starts[-1], D(1))
    grid = {last * n / 60 for n in range(1, 61)}
    return sorted(
        grid | {start + side for start in starts for side in (D("-1E-9"), D(0)) if start + side > 0}
    )


@settings(max_examples=200, deadline=None)
@given(components())
def test_pay_never_falls_when_credit_rises_but_where_the_checker_shows_it(component: Component) -> None:
    shown = list(falls(component))
    way = positions(component)
    for low, high in itertools.pairwise(way):
        if pay_of(component, high) < pay_of(component, low):
            assert [fall for fall in shown if fall.at <= high and low <= fall.to], (low, high)
    for fall in shown:
        on_the_edge = fall.at == fall.to
        below = fall.at - D("1E-9") if on_the_edge else fall.at
        before, after = pay_of(component, below), pay_of(component, fall.to)
        unit = (
            D(1)
            if component.sums
            else {"attainment": QUOTA, "count": D(100), "amount": D(1)}[component.rating.by]
        )
        assert before > after
        assert after == fall.after * unit
        assert abs(before - fall.before * unit) < D("0.001")


def test_the_numbers_of_a_fall_between_points() -> None:
    points = (Tier(D(1000), D("0.10")), Tier(D(3000), D("0.02")))
    (fall,) = falls(Component("c", "m", rating=Rating("amount", "interpolated"), tiers=points))
    assert (fall.at, fall.before, fall.to, fall.after) == (D(1750), D("122.5"), D(3000), D(60))


# -- exactness ------------------------------------------------------------------------------------------


def numbers(value: Any, path: str = "") -> list[tuple[str, object]]:
    """Return every number that a value holds, by its path."""
    if isinstance(value, Struct):
        return [found for name, one in asdict(value).items() for found in numbers(one, name)]
    if isinstance(value, tuple):
        return [found for one in value for found in numbers(one, path)]
    return [(path, value)] if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else []


@given(components(), amounts)
def test_every_number_of_a_line_is_exact(component: Component, deals: list[Decimal]) -> None:
    component = attrs.evolve(component, multiplier=D("1.1"))
    standing = Standing(quota=QUOTA, before=D(5), earlier=Credits.of(credited([D(5)])))
    made = tuple(lines("c", earnings(component, Credits.of(credited(deals)), standing), CENT))
    found = numbers(made)
    assert bool(found) == bool(made)
    assert {type(number) for _, number in found} <= {Decimal}


@pytest.mark.parametrize("number", [0.1, 1.0])
def test_a_float_that_comes_in_is_refused_wherever_it_comes_from(number: Any) -> None:
    tiers = (Tier(D(0), D("0.1")), Tier(D(1000), D("0.2")))
    plain = Component("c", "m", tiers=tiers)
    with pytest.raises((FloatOperation, TypeError)):
        list(earnings(plain, Credits.of([Credit("x", "d", number)]), Standing()))
    with pytest.raises((FloatOperation, TypeError)):
        list(earnings(attrs.evolve(plain, multiplier=number), Credits.of(credited([D(5)])), Standing()))
    with pytest.raises((FloatOperation, TypeError)):
        list(
            earnings(
                attrs.evolve(plain, tiers=(Tier(D(0), number),)), Credits.of(credited([D(5)])), Standing()
            )
        )
    with pytest.raises((FloatOperation, TypeError)):
        CENT.shared([number])
    with pytest.raises((FloatOperation, TypeError)):
        CONTEXT.create_decimal(number)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_no_source_has_a_float(file: Path) -> None:
    """Literals, `float`, and divisions of whole numbers would bring floats in where nothing converts them."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Attribute) and node.attr in ("random", "timestamp", "total_seconds"))
    ]
    assert not found


def test_that_search_finds_one(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text("rate = 0.1\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        test_no_source_has_a_float(file)
