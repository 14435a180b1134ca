import random
from decimal import Decimal, FloatOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook_commission.exact import CONTEXT, Rounding
from playbook_commission.plans.schedule import Schedule, Tier
from playbook_commission.statements.draws import Least, clawed_back, draw, released

D = Decimal


def tiers(*pairs: tuple[str, str]) -> Schedule:
    return Schedule(tuple(Tier(D(start), D(pay)) for start, pay in pairs))


def marginal(schedule: Schedule, start: Decimal | int, end: Decimal | int) -> Decimal:
    return sum((s.width * s.pay for s in schedule.marginal(D(start), D(end))), D(0))


SLABS = tiers(("0", "0.01"), ("1000", "0.02"), ("3000", "0.03"), ("8000", "0.05"))
POINTS = tiers(("1000", "10"), ("3000", "40"), ("8000", "100"), ("20000", "2000"))


@pytest.mark.parametrize(
    ("amount", "pay"), [(200, 2), (300, 3), (1500, 20), (1200, 14), (2000, 30), (4500, 95), (9700, 285)]
)
def test_slices_pay_at_their_own_rate(amount: int, pay: int) -> None:
    assert marginal(SLABS, 0, amount) == pay


def test_whole_pays_everything_at_the_rate_reached() -> None:
    slabs = tiers(("0", "0.01"), ("10000", "0.02"), ("50000", "0.03"))
    assert slabs.whole(D(15000)).pay * 15000 == 300
    assert marginal(slabs, 0, 15000) == 200
    assert slabs.whole(D(10000)).pay == D("0.02")  # what begins at a point begins with it


def test_a_credit_goes_on_where_the_one_before_ended() -> None:
    slabs = tiers(("0", "0.04"), ("150000", "0.06"), ("250000", "0.08"))
    assert marginal(slabs, 145_000, 165_000) == 1100


def test_shares_of_a_quota_become_amounts() -> None:
    shares = tiers(("0", "0.06"), ("1", "0.08"), ("1.25", "0.10"), ("1.5", "0.12"))
    assert marginal(shares.scaled(D(375_000)), 0, 500_000) == 33_125
    with pytest.raises(ValueError, match="no quota"):
        shares.scaled(D(0))


def test_points_pay_on_the_line_between_them() -> None:
    assert [POINTS.interpolated(D(x)).pay for x in (999, 1000, 2000, 8000, 20_000, 30_000)] == [
        0, 10, 25, 100, 2000, 2000,
    ]  # fmt: skip


def test_tiers_rise() -> None:
    for wrong in ((), (("0", "1"), ("0", "2")), (("5", "1"), ("1", "2"))):
        with pytest.raises(ValueError, match="rise"):
            tiers(*wrong)


def test_a_recoverable_draw_is_owed() -> None:
    owed, seen = D(0), list[tuple[Decimal, Decimal]]()
    for earned in (500, 700, 400, 3000):
        drawn = draw(D(earned), Least(lent=D(1000)), owed)
        owed = drawn.owed
        seen.append((drawn.paid, drawn.owed))
    assert seen == [(D(1000), D(500)), (D(1000), D(800)), (D(1000), D(1400)), (D(1600), D(0))]
    assert draw(D(500), Least(D(1000)), D(0)).owed == 0


@pytest.mark.parametrize(
    ("earned", "drawn", "owed"), [(0, 7000, 4000), (2000, 5000, 4000), (3500, 3500, 3500), (-90, 7090, 4090)]
)
def test_a_guarantee_is_given_first_and_only_what_is_lent_beyond_it_is_owed(
    earned: int, drawn: int, owed: int
) -> None:
    found = draw(D(earned), Least(D(3000), D(4000)), D(0))
    assert (found.paid, found.drawn, found.owed) == (D(7000), D(drawn), D(owed))


def test_what_is_undone_is_paid_back_once() -> None:
    assert clawed_back(D(1200), D(4), D(12)) == 400
    assert clawed_back(D(1200), D(40), D(12)) == 1200
    assert clawed_back(D(-1200), D(6), D(12)) == -600
    assert released(D(100), D(30), D(120)) == 25
    with pytest.raises(ValueError, match="no part"):
        released(D(100), D(30), D(0))


def test_parts_sum_to_the_whole() -> None:
    cent = Rounding()
    assert cent.shared([D("700.007"), D("200.002"), D("100.001")]) == [D("700.01"), 200, 100]
    assert cent.of(D("0.005")) == 0
    assert Rounding(half="up").of(D("0.005")) == D("0.01")
    assert Rounding(to=D(5)).of(D("13")) == 15


def test_no_float_gets_in() -> None:
    with pytest.raises(FloatOperation):
        CONTEXT.create_decimal(0.1)


money = st.decimals(-(10**9), 10**9, allow_nan=False, places=2)


@given(st.lists(money, min_size=1, max_size=8))
def test_parts_are_within_a_unit_and_sum_exactly(parts: list[Decimal]) -> None:
    cent = Rounding(to=D("0.1"))
    rounded = cent.shared(parts)
    assert sum(rounded) == cent.of(sum(parts, D(0)))
    assert all(abs(a - b) < D("0.11") for a, b in zip(rounded, parts, strict=True))


@given(st.lists(money, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_credits_does_not_change_their_sum(
    amounts: list[Decimal], chance: random.Random
) -> None:
    def total(amounts: list[Decimal]) -> Decimal:
        position, pay = D(0), D(0)
        for credit in amounts:
            pay += marginal(SLABS, position, position + credit)
            position += credit
        return pay

    shuffled = list(amounts)
    chance.shuffle(shuffled)
    assert total(amounts) == total(shuffled) == marginal(SLABS, 0, sum(amounts))


@given(st.decimals(0, 10**6, places=2), st.decimals(0, 10**6, places=2))
def test_more_never_pays_less_on_slices_and_points(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert marginal(SLABS, 0, low) <= marginal(SLABS, 0, high)
    assert POINTS.interpolated(low).pay <= POINTS.interpolated(high).pay
