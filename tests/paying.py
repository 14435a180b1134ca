"""A company that pays its people by plans, for tests of what the plugin commission reckons and keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from tests.company import Company

import playbook_commission
from playbook import Project, load_plugins
from playbook.testing.streams import StreamContract
from playbook_commission.paybook import Paybook
from playbook_commission.settling import settle

if TYPE_CHECKING:
    from playbook import Money, Registry, Store


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


class PayContract(StreamContract):
    """The rules of kinds of streams, for those that pay brings; say the organization, and give `story`."""

    organization: ClassVar[str]

    @pytest.fixture
    def registry(self) -> Registry:
        return plugins()

    @pytest.fixture
    def project(self) -> Project:
        return Project.from_files({"organization.yaml": self.organization.partition("measures:")[0]})
