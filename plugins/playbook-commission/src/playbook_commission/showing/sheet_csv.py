"""A statement as CSV: a row for each line, then one for each sum; amounts as JSON has them.

`pay` holds the pay of lines alone, so that its column can be added up; sums stand under `sum`. Slices are written
`FROM..TO at RATE = PAY`, one after the other with a semicolon. A text that a spreadsheet would compute begins with
an apostrophe.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from playbook_commission.exact import CONTEXT
from playbook_commission.showing.payfile import cell
from playbook_commission.statements.amounts import money, sums

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from playbook_commission.statements.paying import Line, Slice
    from playbook_commission.statements.statement import Statement

HEAD = (
    "person", "period", "plan", "version", "currency", "kind", "line", "case", "component", "credit", "slices",
    "pay", "because", "undoes", "sum",
)  # fmt: skip


def table(one: Statement) -> str:
    """Return a statement as CSV, as RFC 4180 has it."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(HEAD)
    rows.writerows(_rows(one))
    return written.getvalue()


def _rows(one: Statement) -> Iterator[list[str]]:
    head = [cell(getattr(one, name)) for name in HEAD[:5]]
    for line in one.lines:
        yield [*head, line.kind, *_line(one, line), ""]
    for name, value in sums(one).items():
        yield [*head, name, *[""] * 8, f"{value.amount:f}"]


def _line(one: Statement, line: Line) -> list[str]:
    credit = _number(line.credit) if line.of_value else _amount(one, line.credit)
    return [
        cell(f"{one.person}/{one.period}/{line.id}"), cell(line.case), cell(line.component), credit,
        "; ".join(_slice(one, part) for part in line.slices), _amount(one, line.pay), cell(line.because),
        cell(line.undoes),
    ]  # fmt: skip


def _slice(one: Statement, part: Slice) -> str:
    end = "" if part.end is None else _number(part.end)
    return f"{_number(part.start)}..{end} at {_number(part.rate)} = {_amount(one, part.pay)}"


def _number(value: Decimal) -> str:
    return f"{value.normalize(CONTEXT):f}"


def _amount(one: Statement, amount: Decimal) -> str:
    return f"{money(one, amount).amount:f}"
