"""The proofs with SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.proof.contract import KillingContract, StoppingContract

if TYPE_CHECKING:
    from pathlib import Path


class TestSqlite(KillingContract, StoppingContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'store.db'}"
