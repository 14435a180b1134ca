"""Rates of currencies from a CSV file with the columns date, currency, rate."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from playbook.errors import Span
from playbook.model.organization_rules import Rate
from playbook.reading import codes
from playbook.times import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.reading.source import Source

_COLUMNS = ("date", "currency", "rate")
_CURRENCY = re.compile(r"[A-Z]{3}")
_RATE = re.compile(r"\d+(\.\d+)?")


def rates_of(source: Source) -> Iterator[Rate]:
    """Yield the rates of a file; every line that is none is reported."""
    (_, first), *rows = _rows(source) or [(1, [])]
    header = [name.strip().lower() for name in first]
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        message = f"the first line has no column {missing[0]!r}"
        source.report(codes.MALFORMED, message, source.top(), "begin with `date,currency,rate`")
        return
    places = [header.index(name) for name in _COLUMNS]
    seen: dict[tuple[object, str], int] = {}
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        rate = _rate(source, [row[at].strip() if at < len(row) else "" for at in places], line)
        if rate is None:
            continue
        if seen.setdefault((rate.since, rate.currency), line) == line:
            yield rate
        else:
            first_line = seen[rate.since, rate.currency]
            message = f"the rate of {rate.currency} from {rate.since} stands on line {first_line}"
            source.report(codes.OUT_OF_RANGE, message, _line(source, line), "remove one of the two")


def _rows(source: Source) -> list[tuple[int, list[str]]]:
    """Return the rows of a file, each with its line."""
    reader = csv.reader(source.text.removeprefix("\ufeff").splitlines())
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader)
    except csv.Error as error:
        hint = "save it as plain text with commas"
        source.report(codes.MALFORMED, f"this is no CSV: {error}", _line(source, reader.line_num), hint)
    return rows


def _rate(source: Source, cells: Sequence[str], line: int) -> Rate | None:
    day, currency, rate = cells
    fault = ""
    if not _CURRENCY.fullmatch(currency):
        fault = f"{currency!r} is not a currency: write three capital letters, like USD"
    elif not _RATE.fullmatch(rate) or not Decimal(rate):
        fault = f"{rate!r} is not a rate: write a number above 0, like 0.92"
    try:
        since = parse_date(day)
    except ValueError as error:
        fault = str(error)
    if not fault:
        return Rate(since, currency, Decimal(rate))
    message, _, hint = fault.partition(": ")
    source.report(codes.MALFORMED, message, _line(source, line), hint)
    return None


def _line(source: Source, number: int) -> Span:
    return Span(source.file, number, 1, max(1, len(source.line(number))))
