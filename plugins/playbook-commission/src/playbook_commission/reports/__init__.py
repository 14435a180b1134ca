"""The reports on quotas as contributions; what they are made with is imported when one runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import Report
from playbook_commission.spans import WHOSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import ReportContext, ReportQuery, Table

_WHO = "Shown are one's own rows and those of whom one manages; finance and the operator see all."
_PERIOD = (
    "--period names the fiscal period (2027, 2027-H1, 2027-Q1, 2027-03), this quarter without; --of a"
    " measure."
)
ATTAINMENT = (
    "attainment is reached / quota. reached is what the measure counted in the period, by its date: for people"
    " by their shares of the split, for teams (with those below) and territories by those of the case at that"
    " moment. quota is for the days employed, each at its share of the ramp. gap is quota - reached. pace is"
    f" reached / the quota of the days up to today. {_PERIOD} {_WHO}"
)
QUOTA = (
    "quota is that of the period; days_share the part of its days on which a person is employed, ramp_share"
    " what the ramp makes of those, target what is asked for then. Of a team (with those below) or a territory,"
    " people_sum is the sum of the targets of its people, each for the days there, and difference what that is"
    f" above its own quota. {_PERIOD} {_WHO}"
)
COVERAGE = (
    "coverage is open / missing: open the sum of what open cases that are expected to close in the period would"
    " count (what is overdue counts as of today), missing quota - reached. weighted_open takes each times its"
    " probability, as set by hand, else of the stage; weighted_coverage divides that."
    f" {_PERIOD} {_WHO}"
)


def reports() -> Iterator[Report]:
    """Yield the reports on quotas."""
    yield Report("attainment", "1", ATTAINMENT, _attainment, WHOSE, fields=False)
    yield Report("coverage", "1", COVERAGE, _coverage, WHOSE, fields=False)
    yield Report("quota", "1", QUOTA, _quota, WHOSE, fields=False)


def _attainment(context: ReportContext, query: ReportQuery) -> Table:
    from playbook_commission.reports import attaining

    return attaining.attainment(context, query)


def _coverage(context: ReportContext, query: ReportQuery) -> Table:
    from playbook_commission.reports import covering

    return covering.coverage(context, query)


def _quota(context: ReportContext, query: ReportQuery) -> Table:
    from playbook_commission.reports import assigned

    return assigned.quota(context, query)
