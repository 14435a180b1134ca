"""Reports over cases: pipeline, win-loss, cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import hookimpl
from playbook_insights.reports import reports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook import Report


@hookimpl
def playbook_reports(settings: Mapping[str, Any]) -> Iterator[Report]:
    """Yield the reports; there is nothing to set."""
    yield from reports()
