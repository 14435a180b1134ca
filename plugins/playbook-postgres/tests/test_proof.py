"""The proofs with PostgreSQL; the fixture `url` names a database of a real server."""

from __future__ import annotations

from tests.proof.contract import KillingContract, StoppingContract, thorough


class TestKilling(KillingContract):
    pass


@thorough
class TestStopping(StoppingContract):
    pass
