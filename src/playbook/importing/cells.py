"""Cells to values: each column of a mapping becomes one function, made once."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from playbook.errors import InputError, nearest_hint
from playbook.model.values import parse
from playbook.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.model.mapping import Cell, Reads
    from playbook.model.organization import Organization
    from playbook.model.playbook import Field

_REMEMBERED = 4096
_NUMBERS = ("money", "number", "percent", "probability")


class RowFault(InputError):
    """A row cannot be imported, and why."""


def text_reader(cell: Cell | None) -> Callable[[Mapping[str, str]], str]:
    """Return a function that gives a cell's text, replacements applied, blank as ""."""
    if cell is None:
        return lambda cells: ""
    column, value, replace, otherwise = cell.column, cell.value, cell.replace, cell.otherwise
    if not column:
        return lambda cells: value
    if not replace and not otherwise:
        return lambda cells: cells[column].strip()

    def read(cells: Mapping[str, str]) -> str:
        text = cells[column].strip()
        return replace.get(text, text) or otherwise

    return read


def field_reader(
    name: str, cell: Cell, field: Field, reads: Reads, zone: dt.tzinfo, organization: Organization
) -> Callable[[Mapping[str, str]], Any]:
    """Return a function that gives a field's value, None where the cell is blank; raises RowFault."""
    if cell.match:
        person = person_reader(cell, organization)
        return lambda cells: person(cells) or None
    return _converted(cell, cell.column or name, _conversion(cell, field, reads, zone))


def _conversion(cell: Cell, field: Field, reads: Reads, zone: dt.tzinfo) -> Callable[[str], Any]:
    """Return a function that gives the value a text says; it raises ValueError."""
    pattern, comma = cell.dates or reads.dates, (cell.decimal or reads.decimal) == ","
    currency = cell.currency if field.type == "money" else ""
    if field.type == "date":
        return lambda text: _moment(text, pattern).date()
    if field.type == "datetime":
        return lambda text: _instant(text, pattern, zone)
    if field.type not in _NUMBERS:
        return lambda text: parse(field, text)

    def number(text: str) -> Any:
        text = _pointed(text) if comma else text
        return Money.of(text, currency) if currency and not text[-1:].isalpha() else parse(field, text)

    return number


def day_reader(
    cell: Cell | None, reads: Reads, zone: dt.tzinfo
) -> Callable[[Mapping[str, str]], dt.datetime | None]:
    """Return a function that gives the UTC instant a cell says in a zone, None where blank; raises RowFault."""
    if cell is None:
        return lambda cells: None
    pattern = cell.dates or reads.dates
    return _converted(cell, cell.column, lambda text: _instant(text, pattern, zone))


def _converted(cell: Cell, what: str, convert: Callable[[str], Any]) -> Callable[[Mapping[str, str]], Any]:
    """Return a function that converts a cell, None where it is blank; what came before is remembered."""
    text_of, column = text_reader(cell), cell.column

    @lru_cache(maxsize=_REMEMBERED)
    def converted(written: str) -> Any:
        text = text_of({column: written})
        try:
            return convert(text) if text else None
        except ValueError as error:
            raise RowFault(f"{what}: {error}") from None

    return (lambda cells: converted(cells[column])) if column else (lambda cells: converted(""))


def person_reader(cell: Cell | None, organization: Organization) -> Callable[[Mapping[str, str]], str]:
    """Return a function that gives the id of the person a cell names, "" where blank; raises RowFault."""
    text_of = text_reader(cell)
    attribute = (cell.match if cell else "").removeprefix("person.") or "id"
    known: dict[str, list[str]] = {}
    for person in organization.people.values():
        known.setdefault(getattr(person, attribute), []).append(person.id)

    def read(cells: Mapping[str, str]) -> str:
        name = text_of(cells)
        if not name:
            return ""
        found = known.get(name, ())
        if len(found) == 1:
            return found[0]
        if found:
            raise RowFault(f"several people have the {attribute} {name!r}: {', '.join(found)}")
        raise RowFault(
            f"nobody has the {attribute} {name!r}{nearest_hint(name, known)}; import the people first"
        )

    return read


def figure_reader(cell: Cell, reads: Reads) -> Callable[[Mapping[str, str]], str]:
    """Return a function that gives a cell's figure with a point before its fraction, "" where it is blank."""
    text_of, comma = text_reader(cell), (cell.decimal or reads.decimal) == ","
    return (lambda cells: _pointed(text_of(cells))) if comma else text_of


def date_reader(cell: Cell | None, reads: Reads) -> Callable[[Mapping[str, str]], dt.date | None]:
    """Return a function that gives the day a cell says, None where it is blank; raises RowFault."""
    if cell is None:
        return lambda cells: None
    pattern = cell.dates or reads.dates
    return _converted(cell, cell.column, lambda text: _moment(text, pattern).date())


def require_columns(columns: tuple[str, ...], cells: Mapping[str, str], mapping: str) -> None:
    """Raise InputError where the source lacks columns that the mapping names."""
    faults = [
        f"mapping {mapping!r} reads column {column!r}, which the file does not have{nearest_hint(column, cells)}"
        for column in columns
        if column not in cells
    ]
    if faults:
        raise InputError("\n".join(faults))


def _pointed(text: str) -> str:
    """Return a number that is written with a comma before its fraction with a point instead."""
    return text.replace(".", "").replace(",", ".")


def _moment(text: str, pattern: str) -> dt.datetime:
    """Return what a text says by a strptime pattern, without a zone unless the pattern has one."""
    try:
        if pattern == "%Y-%m-%d" and len(text) == 10:
            return dt.datetime.combine(dt.date.fromisoformat(text), dt.time())
        return dt.datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is the organization's
    except ValueError:
        raise ValueError(f"{text!r} is not a date written as {pattern}") from None


def _instant(text: str, pattern: str, zone: dt.tzinfo) -> dt.datetime:
    moment = _moment(text, pattern)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)
