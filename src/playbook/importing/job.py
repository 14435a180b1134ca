"""One import while it runs, of cases or of records: what became of its rows, and what they refer to."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from playbook.importing.outcome import Outcome, Rejected
from playbook.process.references import found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.engine import Engine
    from playbook.model.mapping import ImportMapping
    from playbook.model.playbook import Field

ACTOR = "import"
CHUNK = 500
"""How many rows are stored in one transaction; in a large import more, see `Job.chunk`."""

LARGEST_CHUNK = 2_000
"""How many at the most, because who wants to write meanwhile waits so long."""

NO_ANSWER = b"{}"
"""What is kept as the answer to the key of a row."""

REMEMBERED = 4096


class Job:
    """Hold one import while it runs."""

    def __init__(self, engine: Engine, mapping: ImportMapping) -> None:
        self.engine = engine
        self.outcome = Outcome()
        self._stops = mapping.on_bad_row == "stop"
        self._find = lru_cache(REMEMBERED)(partial(engine.kept_records.find, actor=ACTOR))

    @property
    def chunk(self) -> int:
        """Return how many rows are stored next in one transaction.

        The more there are, the more pages of the indexes each one touches; those that share one are written once.
        """
        return min(max(CHUNK, self.outcome.rows // 40), LARGEST_CHUNK)

    @property
    def stopped(self) -> bool:
        """Return whether a bad row ended the import."""
        return self._stops and bool(self.outcome.rejected)

    def reject(self, line: int, reason: str) -> None:
        """Name a row that does not go in."""
        self.outcome.rejected.append(Rejected(line, reason))

    def told(self) -> Outcome:
        """Return what the import did, rejected rows in their order."""
        self.outcome.rejected.sort(key=lambda rejected: rejected.line)
        return self.outcome

    def _named(self, fields: Mapping[str, Field], values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values with ids in place of the names of records; raises InputError for what is not there."""
        return {name: found(fields[name], value, self._find) for name, value in values.items()}
