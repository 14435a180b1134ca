from decimal import Decimal
from typing import Any

import pytest

from playbook_commission.credits.credits import Credit, Credits
from playbook_commission.plans.plan import Component, Rating
from playbook_commission.plans.schedule import Tier
from playbook_commission.statements.earning import Standing, earnings

D = Decimal


def component(
    *tiers: tuple[str, str], by: str = "amount", mode: str = "marginal", over: str = "period", **more: Any
) -> Component:
    steps = tuple(Tier(D(start), D(pay)) for start, pay in tiers)
    return Component("c", "m", rating=Rating(by, mode, over), tiers=steps, **more)


def credited(*amounts: int) -> Credits:
    return Credits.of(Credit(f"x{n}", f"case{n}", D(a)) for n, a in enumerate(amounts))


def pays(what: Component, amounts: tuple[int, ...], **standing: Any) -> list[Decimal]:
    earlier = credited(*standing.pop("earlier", ()))
    standing = {name: D(value) for name, value in standing.items()}
    found = earnings(what, credited(*amounts), Standing(**standing, earlier=earlier))
    return [pay for one in found for pay in one.pays]


SLABS = (("0", "0.01"), ("1000", "0.02"), ("3000", "0.03"), ("8000", "0.05"))


@pytest.mark.parametrize(
    ("what", "amounts", "standing", "expected"),
    [
        (component(*SLABS, over="credit"), (200, 300, 1500, 1200, 2000, 4500), {}, [2, 3, 20, 14, 30, 95]),
        (component(*SLABS), (9700,), {}, [285]),
        (component(("0", "0.01"), ("10000", "0.02"), ("50000", "0.03"), mode="whole"), (15000,), {}, [300]),
        (
            component(("0", "0.04"), ("150000", "0.06"), ("250000", "0.08"), over="year"),
            (20000,), {"before": 145000}, [1100],
        ),
        (
            component(("0", "0.06"), ("1", "0.08"), ("1.25", "0.1"), ("1.5", "0.12"), by="attainment"),
            (500_000,), {"quota": 375_000}, [33_125],
        ),
        (
            component(("0", "1"), ("1", "1.5"), ("1.3", "1.5"), by="attainment", pays="target_pay"),
            (650_000,), {"quota": 500_000, "target_pay": 100_000}, [145_000],
        ),
        (component(("0", "0.05"), ("100000", "0.06"), ("125000", "0.07")), (150_000,), {}, [8250]),
        (component(("0", "0.1"), ("10000", "0.2")), (15_000,), {}, [2000]),
        (
            component(("1000", "10"), ("3000", "40"), ("8000", "100"), ("20000", "2000"), mode="interpolated",
                      over="credit", sums=True),
            (2000,), {}, [25],
        ),
        (
            component(("0", "0"), ("0.85", "0"), ("0.95", "1"), ("1", "1.5"), by="value", mode="interpolated",
                      pays="target_pay"),
            (), {"value": "0.9", "target_pay": 4000}, [2000],
        ),
        (component(("0", "100"), ("3", "200"), by="count", sums=True), (5, 5, 5, 5), {}, [100, 100, 100, 200]),
    ],
)  # fmt: skip
def test_worked_cases(
    what: Component, amounts: tuple[int, ...], standing: dict[str, Any], expected: list[int]
) -> None:
    assert pays(what, amounts, **standing) == expected


def test_a_higher_rate_for_everything_is_made_up_for_over_the_year() -> None:
    what = component(("0", "0.01"), ("10000", "0.02"), mode="whole", over="year")
    assert pays(what, (8000,)) == [80]
    assert pays(what, (4000,), before=8000, earlier=(6000, 2000)) == [
        80,
        60,
        20,
    ]  # 12,000 at 2 % is 240, of which 80 were paid


def test_without_a_quota_attainment_cannot_be_told() -> None:
    with pytest.raises(ValueError, match="no quota"):
        pays(component(("0", "1"), by="attainment"), (5,))


def test_a_sum_that_is_reached_is_paid_once() -> None:
    bonus = component(("0", "0"), ("1", "500"), ("2", "800"), by="attainment", mode="whole", sums=True)
    assert pays(bonus, (600, 900), quota=1000) == [200, 300]
    assert pays(bonus, (1200,), quota=1000) == [500]
    year = component(("0", "0"), ("1000", "500"), ("2000", "800"), mode="whole", sums=True, over="year")
    assert pays(year, (200, 600), before=1200) == [75, 225]  # 500 of 800 were paid before


def test_things_that_counted_before_are_made_up_for_by_what_they_were_worth() -> None:
    what = component(("0", "0.01"), ("3", "0.02"), by="count", mode="whole", over="year")
    assert pays(what, (1000,), before=2, earlier=(3000, 2000)) == [20, 30, 20]
    each = component(("0", "10"), ("3", "20"), by="count", mode="whole", over="year", sums=True)
    assert pays(each, (1000,), before=2, earlier=(3000, 2000)) == [20, 10, 10]
