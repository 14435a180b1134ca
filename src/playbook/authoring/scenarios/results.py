"""What comes of running scenarios, as values."""

from __future__ import annotations

import attrs

from playbook.errors import Blocker, Span
from playbook.model.expectations import Mismatch


@attrs.frozen
class Failure:
    """Say which step (counted from 0, None for what is given) did not lead to what is expected, and why.

    `told` is the step in words, `message` and `blockers` are those of a refusal.
    """

    step: int | None
    told: str
    mismatches: tuple[Mismatch, ...] = ()
    message: str = ""
    blockers: tuple[Blocker, ...] = ()


@attrs.frozen
class Result:
    """Hold how one run of a scenario went: `failure` is None where it passed, `span` the place of the failure."""

    name: str
    playbook: str
    span: Span
    seconds: float
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        """Return whether everything was as expected."""
        return self.failure is None
