"""What an import did."""

from __future__ import annotations

import attrs


@attrs.frozen
class Rejected:
    """Name a row that was not imported, and why."""

    line: int
    reason: str


@attrs.define
class Outcome:
    """Count rows: opened (or added), changed, skipped as known; cases that a gate would have blocked."""

    rows: int = 0
    opened: int = 0
    changed: int = 0
    skipped: int = 0
    rejected: list[Rejected] = attrs.field(factory=list)
    blocked_cases: int = 0
    blocked_by: dict[str, int] = attrs.field(factory=dict)

    def observe(self, criteria: tuple[str, ...]) -> None:
        """Count a case that these criteria would have blocked."""
        if criteria:
            self.blocked_cases += 1
            for criterion in criteria:
                self.blocked_by[criterion] = self.blocked_by.get(criterion, 0) + 1
