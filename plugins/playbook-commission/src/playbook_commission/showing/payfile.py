"""The file that payroll gets: CSV that no spreadsheet takes for formulas, or JSON; the same bytes each time."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from playbook import InputError, Money
from playbook_commission.settling.payroll import summed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playbook_commission.settling.payroll import Row

HEAD = ("pay_run", "period", "person", "name", "plan", "currency", "amount", "settlement")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell begins with that a spreadsheet reckons, in full width too: https://owasp.org/www-community/attacks/CSV_Injection."""


def cell(text: str) -> str:
    """Return a text as a cell that stays a text: an apostrophe goes before what begins like a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def as_csv(run: str, period: str, rows: Sequence[Row]) -> bytes:
    """Return a pay run as CSV in UTF-8: a line each person, plan and currency, amounts exact."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for row in rows:
        texts = (run, period, row.person, row.name, row.plan, row.currency)
        writer.writerow([*map(cell, texts), row.amount, row.settlement])
    return out.getvalue().encode()


def as_json(run: str, period: str, rows: Sequence[Row]) -> bytes:
    """Return a pay run as one JSON document; amounts are texts of decimal digits."""
    said = {
        "pay_run": run,
        "period": period,
        "rows": [
            {
                "person": row.person, "name": row.name, "plan": row.plan,
                "pay": _money(Money(Decimal(row.amount), row.currency)), "settlement": row.settlement,
            }
            for row in rows
        ],
        "sums": [_money(one) for one in summed(rows)],
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n"


def _money(one: Money) -> dict[str, str]:
    return {"amount": f"{one.amount:f}", "currency": one.currency}


_FORMS: dict[str, Callable[[str, str, Sequence[Row]], bytes]] = {".csv": as_csv, ".json": as_json}


class PayFile:
    """Write a pay run to a file whose name says the form."""

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in _FORMS:
            raise InputError(f"--to {path}: the name of the file ends in {' or '.join(_FORMS)}")
        self.path = path
        self._form = _FORMS[path.suffix.lower()]

    def check(self, run: str, period: str, rows: Sequence[Row]) -> None:
        """Raise InputError where the run cannot be written here, or something else is there: nothing is lost."""
        if not self.path.parent.is_dir():
            raise InputError(f"--to {self.path}: there is no folder {self.path.parent}")
        if not os.access(self.path.parent, os.W_OK) or self.path.is_dir():
            raise InputError(f"--to {self.path}: it cannot be written there")
        if self.path.exists() and self.path.read_bytes() != self._form(run, period, rows):
            raise InputError(
                f"--to {self.path}: it holds something else than pay run {run}; name another file"
            )

    def write(self, run: str, period: str, rows: Sequence[Row]) -> None:
        """Write the run whole or not at all, for the owner's eyes."""
        try:
            with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix=".pay-", delete=False) as file:
                file.write(self._form(run, period, rows))
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(self.path)
        except OSError as error:
            raise InputError(
                f"pay run {run} is recorded, and {self.path} could not be written: {error.strerror}; run it"
                " again for the same file, nobody is paid twice"
            ) from None
