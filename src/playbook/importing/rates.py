"""Rows to rates of currencies."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook.importing.cells import RowFault, date_reader, figure_reader, text_reader
from playbook.importing.laid_down import gather
from playbook.model.organization import Organization
from playbook.model.organization_rules import Imported, Rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbook.engine import Engine
    from playbook.importing.outcome import Outcome
    from playbook.model.contributions import SourceRow
    from playbook.model.mapping import ImportMapping, RateColumns

_CURRENCY = re.compile(r"[A-Z]{3}")
_RATE = re.compile(r"\d+(\.\d+)?")


def import_rates(
    engine: Engine, mapping: ImportMapping, columns: RateColumns, rows: Iterable[SourceRow], *, actor: str
) -> Outcome:
    """Bring the rates of the rows into the organization's stream, in place of those that were imported before."""
    organization = engine.world.organization
    day, currency = date_reader(columns.date, mapping.reads), text_reader(columns.currency)
    figure, home = figure_reader(columns.rate, mapping.reads), organization.settings.currency

    def read(cells: Mapping[str, str]) -> Rate:
        since, code, rate = day(cells), currency(cells), figure(cells)
        if since is None:
            raise RowFault("the day is missing")
        if not _CURRENCY.fullmatch(code):
            raise RowFault(f"{code!r} is not a currency: write three capital letters, like USD")
        if code == home:
            raise RowFault(f"{code} is the organization's currency, which others are told in")
        if not _RATE.fullmatch(rate) or not Decimal(rate):
            raise RowFault(f"{rate!r} is not a rate: write a number above 0, like 0.92")
        return Rate(since, code, Decimal(rate))

    known = organization.imported.rates if organization.imported else ()
    cells = attrs.astuple(columns, recurse=False)
    outcome, found = gather(mapping, cells, rows, read, organization.rules.rates, known)
    engine.enlist(Organization(imported=Imported(rates=tuple(found))), actor=actor)
    return outcome
