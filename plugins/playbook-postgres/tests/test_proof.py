"""The proofs with PostgreSQL."""

from __future__ import annotations

from tests.proof.contract import ProofContract


class TestPostgres(ProofContract):
    """The fixture `url` names a database of a real server."""
