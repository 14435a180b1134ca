"""The reports as contributions.

The engine is imported when a report runs: everyday commands load this module and must not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import Report
from playbook_insights.definitions import BY, CYCLE, PIPELINE, WIN_LOSS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import ReportContext, ReportQuery, Table

_ZONE = "Days are those of the organization's zone."


def reports() -> Iterator[Report]:
    """Yield every report; its definition is that of its first `of`, the table says which one it used."""
    yield Report("pipeline", "1", f"{PIPELINE[''].definition} {_ZONE}", _pipeline, BY)
    yield Report("win-loss", "1", f"{WIN_LOSS['closed'].definition} {_ZONE}", _win_loss, BY, tuple(WIN_LOSS))
    yield Report("cycle", "1", f"{CYCLE['won'].definition} {_ZONE}", _cycle, BY, tuple(CYCLE))


def _pipeline(context: ReportContext, query: ReportQuery) -> Table:
    from playbook_insights import tables

    return tables.pipeline(context, query)


def _win_loss(context: ReportContext, query: ReportQuery) -> Table:
    from playbook_insights import tables

    return tables.win_loss(context, query)


def _cycle(context: ReportContext, query: ReportQuery) -> Table:
    from playbook_insights import tables

    return tables.cycle(context, query)
