"""Quotas by days: who joins late or ramps is asked for less, seasons ask for more, and changes count from a day."""

import datetime as dt
from decimal import Decimal, localcontext
from itertools import pairwise

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook import InputError, Money, Project, load_plugins
from playbook.model.organization import Organization
from playbook.model.organization_rules import Quota
from playbook_commission.credits.crediting import split
from playbook_commission.credits.quotas import Counting, Quotas, Target
from playbook_commission.spans import Span

ORGANIZATION = """
organization: acme
currency: EUR
teams: {north: {}}
territories: {dach: {for: deal, otherwise: true}}
people:
  lea: {name: Lea, role: se}
  sam: {name: Sam, role: ae}
  kim: {name: Kim, role: ae, hired: 2027-01-01, ramp: [25%, 50%, 75%]}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
quotas:
  - {period: 2027, measure: revenue, person: sam, target: 800000 EUR}
  - {period: 2027-01, measure: revenue, person: kim, target: 31000 EUR}
  - {period: 2027-02, measure: revenue, person: kim, target: 28000 EUR}
  - {period: 2027, measure: revenue, team: north, target: 1000000 EUR, spread: [20%, 25%, 25%, 30%]}
  - {period: 2027, measure: revenue, territory: dach, target: 365000 EUR}
  - {period: 2027, measure: revenue, territory: dach, target: 730000 EUR, from: 2027-02-15}
  - {period: 2027-Q1, measure: revenue, person: lea, target: 90000 EUR, from: 2027-03-02}
"""


@pytest.fixture
def organization() -> Organization:
    registry = load_plugins(entry_points=False)
    project = Project.from_files({"a.organization.yaml": ORGANIZATION}, functions=registry.functions)
    assert project.organization is not None
    assert project.organization.value is not None
    return project.organization.value


def days(span: Span) -> list[tuple[dt.date, dt.date]]:
    """Return all days of a period."""
    return [(span.since, span.until)]


def test_a_year_is_prorated_by_days(organization: Organization) -> None:
    year = Span.of("2027", organization)
    since_june = [(dt.date(2027, 6, 1), year.until)]
    found = Quotas(organization).of_person("revenue", year, "sam", since_june)
    assert found is not None
    assert (found.amount, found.currency, found.because) == (
        Decimal("469041.10"), "EUR", "214 of 365 days",
    )  # fmt: skip


def test_quotas_and_splits_are_exact_whatever_context_whoever_asks_has(organization: Organization) -> None:
    year = Span.of("2027", organization)
    since_june = [(dt.date(2027, 6, 1), year.until)]
    with localcontext(prec=4):
        found = Quotas(organization).of_person("revenue", year, "sam", since_june)
        parts = split(Money(Decimal("123456.77"), "EUR"), {"kim": Decimal("0.7"), "sam": Decimal("0.3")})
    assert found is not None
    assert found.amount == Decimal("469041.10")
    assert parts == {"kim": Decimal("86419.74"), "sam": Decimal("37037.03")}


def test_a_longer_quota_gives_its_days_and_shorter_ones_add_up(organization: Organization) -> None:
    january, quarter = Span.of("2027-01", organization), Span.of("2027-Q1", organization)
    sam = Quotas(organization).of_person("revenue", january, "sam", days(january))
    kim = Quotas(organization).of_person("revenue", quarter, "kim", days(quarter))
    assert sam is not None
    assert kim is not None
    assert sam.amount == Decimal("67945.21")  # 800,000 x 31 / 365
    assert kim.whole == 59_000
    assert Quotas(organization).of_person("revenue", january, "max", ()) is None


def test_a_ramp_asks_for_less_in_the_first_months(organization: Organization) -> None:
    january = Span.of("2027-01", organization)
    found = Quotas(organization).of_person("revenue", january, "kim", days(january))
    assert found is not None
    assert found.amount == 7750


def of(organization: Organization, period: str, whose: str, name: str) -> Target:
    """Return what is asked for when every day counts."""
    span = Span.of(period, organization)
    found = Quotas(organization).over("revenue", whose, name, span, [Counting(*run) for run in days(span)])
    assert found is not None
    return found


def test_a_season_asks_for_its_share(organization: Organization) -> None:
    asked = [of(organization, f"2027-Q{number}", "team", "north").amount for number in (1, 2, 3, 4)]
    assert asked == [200_000, 250_000, 250_000, 300_000]
    assert of(organization, "2027", "team", "north").amount == 1_000_000
    assert of(organization, "2027-H2", "team", "north").amount == 550_000
    assert of(organization, "2027-01", "team", "north").amount == Decimal("68888.89")  # 200,000 x 31 / 90


def test_a_change_counts_from_its_day(organization: Organization) -> None:
    january, february, march = (of(organization, f"2027-0{n}", "territory", "dach") for n in (1, 2, 3))
    assert [one.amount for one in (january, february, march)] == [31_000, 14 * 1000 + 14 * 2000, 62_000]
    assert february.because == "from 2027-02-15 730000.00 EUR"
    assert of(organization, "2027", "territory", "dach").amount == 45_000 + 320 * 2000


def test_what_begins_within_a_period_asks_for_nothing_before(organization: Organization) -> None:
    assert of(organization, "2027-Q1", "person", "lea").amount == 30_000
    quarter = Span.of("2027-Q1", organization)
    before = [(quarter.since, dt.date(2027, 3, 1))]
    found = Quotas(organization).of_person("revenue", quarter, "lea", before)
    assert found is not None
    assert found.amount == 0


def changed(organization: Organization, *quotas: Quota) -> Organization:
    return attrs.evolve(organization, rules=attrs.evolve(organization.rules, quotas=quotas))


def test_the_shortest_of_longer_ones_counts_and_none_twice(organization: Organization) -> None:
    year = Quota("2027", "revenue", Decimal(1000), "EUR", "sam")
    half = Quota("2027-H1", "revenue", Decimal(600), "EUR", "sam")
    quarter = Quota("2027-Q1", "revenue", Decimal(200), "EUR", "sam")
    both = changed(organization, half, quarter)
    assert of(both, "2027", "person", "sam").amount == 600  # the quarter is part of the half
    assert of(changed(organization, year, half), "2027-Q2", "person", "sam").amount == Decimal("301.66")


def test_two_currencies_are_no_quota(organization: Organization) -> None:
    euro, dollar = (Quota("2027-Q1", "revenue", Decimal(1), code, "sam") for code in ("EUR", "USD"))
    with pytest.raises(InputError, match="EUR and USD; write them in one currency"):
        of(changed(organization, euro, dollar), "2027-Q1", "person", "sam")


@settings(deadline=None)
@given(
    cuts=st.lists(st.integers(0, 1000), min_size=11, max_size=11).map(sorted),
    days=st.lists(st.integers(0, 364), max_size=3, unique=True).map(sorted),
    target=st.integers(0, 10**9),
)
def test_the_months_of_a_year_sum_to_it(cuts: list[int], days: list[int], target: int) -> None:
    shares = tuple(Decimal(high - low) / 1000 for low, high in pairwise([0, *cuts, 1000]))
    first = Quota("2027", "m", Decimal(target), "EUR", "sam", spread=shares)
    later = (
        attrs.evolve(first, target=Decimal(target + number), since=dt.date(2027, 1, 1) + dt.timedelta(day))
        for number, day in enumerate(days, start=1)
    )
    organization = changed(Organization(), first, *later)
    quotas, year = Quotas(organization), Span.of("2027", organization)
    every = [Counting(year.since, year.until)]
    months = [Span.of(f"2027-{number:02}", organization) for number in range(1, 13)]
    parts = [quotas.over("m", "person", "sam", month, every) for month in months]
    whole = quotas.over("m", "person", "sam", year, every)
    assert whole is not None
    assert abs(sum(part.amount for part in parts if part) - whole.amount) <= Decimal("0.07")
    assert days or whole.amount == target
