"""The report on what was reached of quotas."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook import Table
from playbook_commission.exact import CONTEXT, ZERO
from playbook_commission.reports import ATTAINMENT
from playbook_commission.reports.looking import Look, cents, share, told
from playbook_commission.reports.rows import Row

if TYPE_CHECKING:
    from playbook import ReportContext, ReportQuery

_ATTAINMENT = ("measure", "quota", "reached", "attainment", "gap", "days_left", "pace")


def attainment(context: ReportContext, query: ReportQuery) -> Table:
    """Tell what people, teams or territories reached of their quotas."""
    look = Look(context, query, "attainment")
    reached, asked = standing(look)
    found = asked.keys() | {row for row, value in reached.items() if value}
    rows = [_attained(look, row, reached.get(row, ZERO), asked.get(row)) for row in look.rows.shown(found)]
    notes = [*look.rows.notes(found), *look.without(found - asked.keys())]
    return Table(f"{ATTAINMENT} {look.when}", (look.whose, *_ATTAINMENT), tuple(rows), tuple(notes))


Standing = tuple[dict[Row, Decimal], dict[Row, tuple[Decimal, str]]]


def standing(look: Look) -> Standing:
    """Return what was reached, and what was asked for, in which currency."""
    asked: dict[Row, tuple[Decimal, str]] = {}
    for row in look.assigned():
        if look.is_ratio(row.measure):
            asked[row] = (look.quotas.share(row.measure, look.whose, row.name, look.span) or ZERO, "")
            continue
        target = look.target(row, look.span.until)
        if target is not None:
            asked[row] = (target.amount, target.currency)
    return look.reached({row: currency for row, (_, currency) in asked.items()}), asked


def _attained(look: Look, row: Row, reached: Decimal, asked: tuple[Decimal, str] | None) -> dict[str, Any]:
    amounts = look.measures[row.measure].amount is not None
    home = look.organization.settings.currency if amounts else ""
    quota, currency = asked if asked is not None else (None, home)
    today = min(look.today, look.span.until)
    so_far = None if quota is None or look.is_ratio(row.measure) else look.target(row, today)
    return {
        look.whose: look.rows.label(row.name),
        "measure": row.measure,
        "quota": told(quota, currency),
        "reached": told(reached, currency),
        "attainment": share(reached, quota),
        "gap": None if quota is None else told(CONTEXT.subtract(quota, cents(reached, currency)), currency),
        "days_left": look.days_left,
        "pace": None if so_far is None else share(reached, so_far.amount),
    }
