"""Quotas by days: who joins late or ramps is asked for less."""

import datetime as dt
from decimal import Decimal

import pytest

from playbook import Project, load_plugins
from playbook.model.organization import Organization
from playbook_commission.quotas import Span, target

ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae}
  kim: {name: Kim, role: ae, hired: 2027-01-01, ramp: [25%, 50%, 75%]}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
quotas:
  - {period: 2027, measure: revenue, person: sam, target: 800000 EUR}
  - {period: 2027-01, measure: revenue, person: kim, target: 31000 EUR}
  - {period: 2027-02, measure: revenue, person: kim, target: 28000 EUR}
"""


@pytest.fixture
def organization() -> Organization:
    registry = load_plugins(entry_points=False)
    project = Project.from_files({"a.organization.yaml": ORGANIZATION}, functions=registry.functions)
    assert project.organization is not None
    assert project.organization.value is not None
    return project.organization.value


def test_a_year_is_prorated_by_days(organization: Organization) -> None:
    year = Span.of("2027", organization)
    since_june = frozenset(day for day in year.days() if day >= dt.date(2027, 6, 1))
    found = target(organization, "revenue", year, "sam", since_june)
    assert found is not None
    assert (found.amount, found.currency, found.because) == (
        Decimal("469041.10"), "EUR", "214 of 365 days",
    )  # fmt: skip


def test_a_longer_quota_gives_its_days_and_shorter_ones_add_up(organization: Organization) -> None:
    january, quarter = Span.of("2027-01", organization), Span.of("2027-Q1", organization)
    sam = target(organization, "revenue", january, "sam", frozenset(january.days()))
    kim = target(organization, "revenue", quarter, "kim", frozenset(quarter.days()))
    assert sam is not None
    assert kim is not None
    assert sam.amount == Decimal("67945.21")  # 800,000 x 31 / 365
    assert kim.whole == 59_000
    assert target(organization, "revenue", january, "lea", frozenset()) is None


def test_a_ramp_asks_for_less_in_the_first_months(organization: Organization) -> None:
    january = Span.of("2027-01", organization)
    found = target(organization, "revenue", january, "kim", frozenset(january.days()))
    assert found is not None
    assert found.amount == 7750
