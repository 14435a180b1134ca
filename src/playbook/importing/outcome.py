"""What an import did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.importing.cells import RowFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from playbook.model.contributions import SourceRow
    from playbook.model.mapping import ImportMapping


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


def compared(
    mapping: ImportMapping, rows: Iterable[SourceRow], read: Callable[[SourceRow], tuple[object, object]]
) -> Outcome:
    """Read rows and count what they bring; `read` returns what a row says, and what was known of it or None.

    A row of which it raises RowFault is named with its line and reason.
    """
    outcome = Outcome()
    for row in rows:
        outcome.rows += 1
        try:
            said, known = read(row)
        except RowFault as fault:
            outcome.rejected.append(Rejected(row.line, str(fault)))
            if mapping.on_bad_row == "stop":
                break
            continue
        outcome.opened += known is None
        outcome.changed += known is not None and known != said
        outcome.skipped += known == said
    return outcome
