"""Which cases a report is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from playbook import AmbiguousName, UnknownName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook import ReportContext, ReportQuery
    from playbook_insights.frames import Frame


def select(
    frame: Frame, context: ReportContext, query: ReportQuery, period: str, outcomes: Sequence[str]
) -> Frame:
    """Return the cases that a query asks for, of the given outcomes where there are any.

    `since` and `until` bound the column of days `period`. Raises UnknownName for a playbook, team, owner or
    currency that neither the organization nor a case has, AmbiguousName for a name that several have.
    """
    organization = context.organization
    asked = (
        ("playbook", query.playbook, {id_: book.title for id_, book in context.playbooks.items()}),
        ("team", query.team, {id_: team.title for id_, team in organization.teams.items()}),
        ("owner", query.owner, {id_: person.name for id_, person in organization.people.items()}),
        ("currency", query.currency, {organization.settings.currency: ""}),
    )
    wanted = [nw.col(column) == _find(frame, column, given, names) for column, given, names in asked if given]
    if outcomes:
        wanted.append(nw.col("outcome").is_in(outcomes))
    if query.since:
        wanted.append(nw.col(period) >= query.since.toordinal())
    if query.until:
        wanted.append(nw.col(period) <= query.until.toordinal())
    return frame.filter(*wanted) if wanted else frame


def _find(frame: Frame, column: str, given: str, names: dict[str, str]) -> str:
    known: dict[str, str] = {**dict.fromkeys(frame[column].unique().to_list(), ""), **names}
    if given in known:
        return given
    matches = sorted(id_ for id_, name in known.items() if name == given)
    if len(matches) > 1:
        raise AmbiguousName(column, given, matches)
    if not matches:
        raise UnknownName(column, given, sorted({*known, *known.values()} - {""}))
    return matches[0]
