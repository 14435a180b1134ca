"""The report on what is open for the rest of quotas."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from playbook import Table
from playbook_commission.exact import CONTEXT, ZERO
from playbook_commission.reports import COVERAGE
from playbook_commission.reports.attaining import standing
from playbook_commission.reports.looking import Look, cents, share, told
from playbook_commission.reports.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook import ReportContext, ReportQuery

_COLUMNS = (
    "measure", "quota", "reached", "missing", "open_cases", "open", "weighted_open", "coverage", "weighted_coverage",
)  # fmt: skip


@attrs.frozen
class _Open:
    """Hold what is open for a row; `unlikely` counts the cases that nobody gave a probability."""

    cases: int = 0
    amount: Decimal = ZERO
    weighted: Decimal = ZERO
    unlikely: int = 0

    def plus(self, amount: Decimal, chance: Decimal | None) -> _Open:
        """Return it with one more case."""
        more = CONTEXT.multiply(amount, ZERO if chance is None else chance)
        return _Open(
            self.cases + 1, CONTEXT.add(self.amount, amount), CONTEXT.add(self.weighted, more),
            self.unlikely + (chance is None),
        )  # fmt: skip


def coverage(context: ReportContext, query: ReportQuery) -> Table:
    """Tell how often what is open would make up for what is missing."""
    look = Look(context, query, "coverage")
    reached, asked = standing(look)
    covered = {row: said for row, said in asked.items() if _is_covered(look, row.measure)}
    open_, undated = _open(look, covered)
    shown = list(look.rows.shown(covered))
    rows = [_row(look, row, covered[row], reached.get(row, ZERO), open_.get(row, _Open())) for row in shown]
    notes = [*look.rows.notes(covered), *_notes(look, {row.measure for row in asked}, undated)]
    unlikely = sum(open_[row].unlikely for row in shown if row in open_)
    if unlikely:
        notes.append(f"{unlikely} open have no probability: they are left out of weighted_open.")
    return Table(f"{COVERAGE} {look.when}", (look.whose, *_COLUMNS), tuple(rows), tuple(notes))


def _is_covered(look: Look, measure: str) -> bool:
    """Return whether open cases tell what they will count for a measure."""
    said = look.measures.get(measure)
    return said is not None and not said.ratio and not said.entry and said.outcome == "won"


def _open(look: Look, asked: Mapping[Row, tuple[Decimal, str]]) -> tuple[dict[Row, _Open], int]:
    """Return what is open for whom, and how many open cases nobody said of when they are expected to close."""
    currencies = {row: currency for row, (_, currency) in asked.items()}
    found, undated = dict[Row, _Open](), set[str]()
    for measure in sorted({row.measure for row in asked}):
        for one in look.engine.desk.expected(measure, look.span.since, look.span.until):
            if one.closes is None:
                undated.add(one.case.id)
            for row, value in look.credited(one.counted, currencies) if one.counted else ():
                found[row] = found.get(row, _Open()).plus(value, one.probability)
    return found, len(undated)


def _row(look: Look, row: Row, asked: tuple[Decimal, str], reached: Decimal, open_: _Open) -> dict[str, Any]:
    quota, currency = asked
    missing = max(CONTEXT.subtract(quota, cents(reached, currency)), ZERO)
    return {
        look.whose: look.rows.label(row.name),
        "measure": row.measure,
        "quota": told(quota, currency),
        "reached": told(reached, currency),
        "missing": told(missing, currency),
        "open_cases": open_.cases,
        "open": told(open_.amount, currency),
        "weighted_open": told(open_.weighted, currency),
        "coverage": share(open_.amount, missing),
        "weighted_coverage": share(open_.weighted, missing),
    }


def _notes(look: Look, measures: set[str], undated: int) -> Iterator[str]:
    rest = sorted(measure for measure in measures if not _is_covered(look, measure))
    if rest:
        yield f"{', '.join(rest)}: open cases do not tell what they will count, so there is no coverage."
    if undated and look.rows.sees_all:
        yield f"{undated} open have no expected close: they are left out."
