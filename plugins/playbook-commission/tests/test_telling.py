"""How lines are told: what stands beside an amount multiplies to it."""

from __future__ import annotations

import pytest
from tests.paying import ORGANIZATION, QUARTERS
from tests.paying import ByComponents as Office

from playbook import Money
from playbook_commission.showing.telling import Telling
from playbook_commission.showing.wording import Wording

YEAR = "{period: 2027, measure: revenue, person: sam, target: 4000 EUR}"
BY_QUARTERS = ORGANIZATION.replace(
    YEAR, "\n  - ".join(YEAR.replace("2027", one).replace("4000", "1000") for one in QUARTERS)
)
RISING = "tiers: [{from: 0%, pay: 100%}, {from: 100%, pay: 150%}]"


@pytest.mark.parametrize(
    ("rate", "tiers", "told"),
    [
        ("{by: attainment}", RISING, [(250, "50%", "100%"), (400, "50% 100% 20% 150%", "")]),
        ("{by: attainment, mode: whole}", RISING, [(375, "50%", "150%"), (525, "70%", "150%")]),
        (
            "{by: attainment, mode: interpolated}",
            "tiers: [{from: 0%, pay: 0%}, {from: 200%, pay: 100%}]",
            [(150, "50%", "60%"), (210, "70%", "60%")],
        ),
        ("{by: attainment, over: year}", RISING, [(250, "12.5%", "100%"), (350, "17.5%", "100%")]),
    ],
)
def test_a_share_of_target_pay_is_told_with_the_part_of_the_quota_that_it_is_for(
    rate: str, tiers: str, told: list[tuple[int, str, str]]
) -> None:
    office = Office(
        f"n: {{of: revenue, pays: share_of_target_pay, rate: {rate}, {tiers}}}", organization=BY_QUARTERS
    )
    office.target_pay = {"sam": Money.parse("500 EUR")}
    office.won("2027-01-10", "500 EUR")
    office.won("2027-01-11", "700 EUR")
    one = office.of("2027-Q1")
    telling = Telling(Wording.of("en"), one, office.book.payee(office.book.plans["ae"], "2027-Q1", "sam"))
    found = [(int(line.pay), telling.how(line).replace("\u00a0", " ")) for line in one.lines]
    assert found == [(pay, _said(parts, at)) for pay, parts, at in told]


def _said(parts: str, at: str) -> str:
    shares = parts.split()
    pairs = [(shares[0], at)] if at else list(zip(shares[::2], shares[1::2], strict=True))
    return " + ".join(f"{share} of the quota \u00d7 {rate} of target pay" for share, rate in pairs)
