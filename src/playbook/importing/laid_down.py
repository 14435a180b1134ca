"""Rows that say what the organization's file could say too: each key once, and not what the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from playbook.importing.cells import RowFault, require_columns
from playbook.importing.outcome import compared

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from playbook.importing.outcome import Outcome
    from playbook.model.contributions import SourceRow
    from playbook.model.mapping import Cell, ImportMapping


class Keyed(Protocol):
    """Be told from others of its kind by a key."""

    @property
    def key(self) -> Hashable:
        """Return the key."""


Said = TypeVar("Said", bound=Keyed)


def gather(
    mapping: ImportMapping,
    columns: Iterable[Cell | None],
    rows: Iterable[SourceRow],
    read: Callable[[Mapping[str, str]], Said],
    file: Iterable[Said],
    known: Iterable[Said],
) -> tuple[Outcome, list[Said]]:
    """Return what rows say, each whole, and what became of them; `file` and `known` are there already.

    A bad row is named with its line and reason. Raises InputError where a column is missing altogether.
    """
    reading = _Reading(mapping, columns, read, file, known)
    return compared(mapping, rows, reading.take), reading.found


class _Reading:
    def __init__(
        self,
        mapping: ImportMapping,
        columns: Iterable[Cell | None],
        read: Callable[[Mapping[str, str]], Any],
        file: Iterable[Any],
        known: Iterable[Any],
    ) -> None:
        self.found: list[Any] = []
        self._known = {said.key: said for said in known}
        self._mapping = mapping
        self._columns = tuple(dict.fromkeys(cell.column for cell in columns if cell and cell.column))
        self._read = read
        self._file = {said.key for said in file}
        self._lines: dict[Hashable, int] = {}

    def take(self, row: SourceRow) -> tuple[Any, Any]:
        """Keep what a row says, and return it with what was known of it; raises RowFault."""
        if row.fault:
            raise RowFault(row.fault)
        if not self._lines:
            require_columns(self._columns, row.cells, self._mapping.id)
        try:
            said = self._read(row.cells)
        except RowFault:
            raise
        except ValueError as error:
            raise RowFault(str(error)) from None
        if said.key in self._file:
            raise RowFault("the organization's file says this already; change it there")
        first = self._lines.setdefault(said.key, row.line)
        if first != row.line:
            raise RowFault(f"line {first} says the same already")
        self.found.append(said)
        return said, self._known.get(said.key)
