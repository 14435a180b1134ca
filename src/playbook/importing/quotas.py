"""Rows to quotas of people, teams and territories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from msgspec import UNSET

from playbook.errors import nearest_hint
from playbook.importing.cells import RowFault, date_reader, figure_reader, person_reader, text_reader
from playbook.importing.laid_down import gather
from playbook.model import targets
from playbook.model.fiscal import period
from playbook.model.organization import Organization
from playbook.model.organization_rules import Imported, Quota

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal

    from playbook.engine import Engine
    from playbook.importing.outcome import Outcome
    from playbook.model.contributions import SourceRow
    from playbook.model.mapping import ImportMapping, QuotaColumns, Reads
    from playbook.model.organization_rules import Measure

    Cells = Mapping[str, str]


def import_quotas(
    engine: Engine, mapping: ImportMapping, columns: QuotaColumns, rows: Iterable[SourceRow], *, actor: str
) -> Outcome:
    """Bring the quotas of the rows into the organization's stream, in place of those that were imported before."""
    organization = engine.world.organization
    cells = attrs.astuple(columns, recurse=False)
    known = organization.imported.quotas if organization.imported else ()
    read = _Row(columns, mapping.reads, organization).quota
    outcome, found = gather(mapping, cells, rows, read, organization.rules.quotas, known)
    engine.enlist(Organization(imported=Imported(quotas=tuple(found))), actor=actor)
    return outcome


class _Row:
    """Read quotas from the cells of rows."""

    def __init__(self, columns: QuotaColumns, reads: Reads, organization: Organization) -> None:
        self._settings = organization.settings
        self._measures = {measure.id: measure for measure in organization.rules.measures}
        self._period, self._measure = text_reader(columns.period), text_reader(columns.measure)
        self._target, self._bare = figure_reader(columns.target, reads), columns.target.currency
        self._since, self._spread = date_reader(columns.since, reads), text_reader(columns.spread)
        teams = {team.title: team.id for team in organization.teams.values() if team.title}
        teams |= {team: team for team in organization.teams}
        territories = {territory.id: territory.id for territory in organization.rules.territories}
        self._whose: Mapping[str, Callable[[Cells], str]] = {
            "person": person_reader(columns.person, organization),
            "team": _named("team", text_reader(columns.team), teams),
            "territory": _named("territory", text_reader(columns.territory), territories),
        }

    def quota(self, cells: Cells) -> Quota:
        """Return the quota of a row; raises RowFault and ValueError saying what is wrong."""
        measure = self._known_measure(self._measure(cells))
        of = self._period(cells)
        period(of, self._settings)
        whose = {kind: name for kind, read in self._whose.items() if (name := read(cells))}
        if len(whose) != 1:
            said = f"it is of a {' and a '.join(whose)}" if whose else "it is of nobody"
            raise RowFault(f"{said}, and a quota is of one person, team or territory")
        amount, currency = self._asked(measure, cells)
        since, spread = self._since(cells), self._shares(of, cells)
        since = None if since is None else targets.within(since, of, self._settings)
        return Quota(
            of, measure.id, amount, currency, whose.get("person", ""), whose.get("team", ""),
            whose.get("territory", UNSET), spread or UNSET, since or UNSET,
        )  # fmt: skip

    def _known_measure(self, name: str) -> Measure:
        if name not in self._measures:
            raise RowFault(f"there is no measure {name!r}{nearest_hint(name, self._measures)}")
        return self._measures[name]

    def _asked(self, measure: Measure, cells: Cells) -> tuple[Decimal, str]:
        text = self._target(cells)
        if not text:
            raise RowFault("the target is missing")
        if self._bare and measure.amount is not None and text[-1:].isdigit():
            text = f"{text} {self._bare}"
        misfit = targets.misfit(measure, text)
        if misfit:
            raise RowFault(misfit)
        return targets.target(text)

    def _shares(self, of: str, cells: Cells) -> tuple[Decimal, ...]:
        said = self._spread(cells).split()
        return targets.spread(said, of, self._settings) if said else ()


def _named(kind: str, text_of: Callable[[Cells], str], known: Mapping[str, str]) -> Callable[[Cells], str]:
    """Return a function that gives the id of what a cell names, "" where it is blank; raises RowFault."""

    def read(cells: Cells) -> str:
        name = text_of(cells)
        if name and name not in known:
            raise RowFault(f"there is no {kind} {name!r}{nearest_hint(name, known)}")
        return known[name] if name else ""

    return read
