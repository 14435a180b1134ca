"""A company that pays its people by plans, for tests of what the plugin commission reckons and keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from tests.company import Company

import playbook_commission
from playbook import Project, load_plugins
from playbook.testing.streams import StreamContract
from playbook_commission.settling.paybook import Paybook
from playbook_commission.settling.settle import settle

if TYPE_CHECKING:
    from decimal import Decimal

    from playbook import Money, Registry, Store
    from playbook_commission.statements.statement import Statement

ORGANIZATION = """
organization: acme
currency: EUR
approves_when_no_manager: fin
people:
  sam: {name: Sam, role: ae}
  fin: {name: Fin, role: finance}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  won: {playbook: deals, outcome: won, count: true, date: case.closed}
quotas:
  - {period: 2027, measure: revenue, person: sam, target: 4000 EUR}
  - {period: 2027-Q1, measure: won, person: sam, target: 4}
"""
"""Who sells alone, for a quota of the year and one of deals in its first quarter."""

HEAD = "plan: ae\napplies_to: {role: ae}\neffective: {from: 2027-01-01, to: 2027-12-31}\n"
TENTH = "tiers: [{from: 0 EUR, pay: 10%}]"
EACH = "n: {of: won, rate: {by: count}, tiers: [{from: 0, pay: 50 EUR}]}"
CLAWBACK = "clawback: {on: entry.refund, share: of_amount_refunded}\n"
QUARTERS = ("2027-Q1", "2027-Q2", "2027-Q3", "2027-Q4")


def plugins(**beside: Any) -> Registry:
    """Load the plugin commission, and others beside it."""
    return load_plugins(extra={"commission": playbook_commission, **beside}, entry_points=False)


class Paying(Company):
    """Pay under an organization and plans, by the plugin alone or what a registry has; `fin` settles."""

    def __init__(
        self, organization: str, store: Store | None = None, registry: Registry | None = None, **files: str
    ) -> None:
        self.target_pay: dict[str, Money] = {}
        super().__init__(registry or plugins(), organization, store, **files)

    @property
    def book(self) -> Paybook:
        """Return what everybody is paid as it stands."""
        return Paybook(self.engine, self.target_pay)

    def settle(self, period: str, person: str = "") -> Any:
        """Settle a period, or that of one person; fail where it is refused."""
        settled = settle(self.engine, self.target_pay, period, "fin", person)
        assert isinstance(settled, list), settled
        return settled

    def stored(self) -> list[Any]:
        """Return all that is stored."""
        return list(self._store.log("default", after=None, limit=10_000).items)


class ByComponents(Paying):
    """Pay the role `ae` in 2027 by one plan with some components, as it stands when the year is over."""

    usual: ClassVar[str] = ORGANIZATION
    """The organization where a test says no other."""

    def __init__(self, *components: str, more: str = "", organization: str = "") -> None:
        paid = "".join(f"  {one}\n" for one in components)
        super().__init__(organization or self.usual, p_plan=f"{HEAD}components:\n{paid}{more}")
        self.today = "2028-02-01"

    def of(self, period: str, person: str = "sam") -> Statement:
        """Return what a period pays somebody as it stands."""
        return self.book.computed(person, period, self.book.plans["ae"])

    def earned(self, person: str = "sam") -> list[Decimal]:
        """Return what somebody earned in each quarter."""
        return [self.of(period, person).earned for period in QUARTERS]


class PayContract(StreamContract):
    """The rules of kinds of streams, for those that pay brings; say the organization, and give `story`."""

    organization: ClassVar[str]

    @pytest.fixture
    def registry(self) -> Registry:
        return plugins()

    @pytest.fixture
    def project(self) -> Project:
        return Project.from_files({"organization.yaml": self.organization.partition("measures:")[0]})
