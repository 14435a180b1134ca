"""An SQLite file as an archive: its tables read as of one moment, and written as they were."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from playbook.errors import InputError
from playbook.stores.archive import TABLES
from playbook.stores.interface import IndexRow
from playbook.stores.sqlite_file import MEMORY, TRANSLATED, connect, translate
from playbook.stores.sqlite_pages import row_of
from playbook.stores.sqlite_write import case_row, put_case

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from playbook.stores.archive import Row


class SqliteMoment:
    """Read a file in one transaction, through a connection of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._ask = connection.execute

    def sizes(self, tenant: str | None) -> Mapping[str, int]:
        """Return how many rows each table has, of one tenant or of all."""
        where, values = _of(tenant)
        return {
            name: self._ask(f"SELECT count(*) FROM {name}{where}", values).fetchone()[0] for name in TABLES
        }

    def export(self, table: str, tenant: str | None) -> Iterator[Row]:
        """Yield the rows of a table in order of their keys, of one tenant or of all."""
        where, values = _of(tenant)
        columns = _quoted(TABLES[table].columns)
        key = _quoted(TABLES[table].columns[: TABLES[table].key])
        found = self._ask(f"SELECT {columns} FROM {table}{where} ORDER BY {key}", values)
        yield from map(_case_of, found) if table == "cases" else found


@contextmanager
def still(path: str, timeout: float) -> Iterator[sqlite3.Connection]:
    """Lend a connection that reads a file as it is now; writers go on, and their log grows until the block ends."""
    if path == MEMORY:
        raise InputError("what is kept without a file has no moments to be copied; give the store a file")
    try:
        with closing(connect(path, timeout)) as connection:
            connection.execute("BEGIN")
            connection.execute(
                "SELECT count(*) FROM sqlite_schema"
            ).fetchone()  # the moment is the first question's
            yield connection
    except TRANSLATED as error:
        raise translate(error, path) from error


@contextmanager
def moment(path: str, timeout: float) -> Iterator[SqliteMoment]:
    """Lend what a file has now."""
    with still(path, timeout) as connection:
        yield SqliteMoment(connection)


def restore(cursor: sqlite3.Cursor, table: str, found: Sequence[Row], gone: Sequence[Row]) -> None:
    """Write and delete rows in a transaction that the caller holds."""
    key = TABLES[table].columns[: TABLES[table].key]
    named = " AND ".join(f"{_quoted((name,))} = ?" for name in key)
    cursor.executemany(f"DELETE FROM {table} WHERE {named}", gone)
    if table == "cases":
        for tenant, *values in found:
            row = IndexRow(*values)
            put_case(cursor, row, case_row(tenant, row))
        return
    columns = TABLES[table].columns
    change = ""
    if TABLES[table].changes:
        changes = ", ".join(
            f"{_quoted((name,))} = excluded.{_quoted((name,))}" for name in columns[len(key) :]
        )
        change = f" ON CONFLICT ({_quoted(key)}) DO UPDATE SET {changes}"
    marks = ", ".join("?" * len(columns))
    cursor.executemany(f"INSERT INTO {table} ({_quoted(columns)}) VALUES ({marks}){change}", found)


def _case_of(row: Row) -> Row:
    return (row[0], *astuple(row_of(row[1:])))


def _of(tenant: str | None) -> tuple[str, tuple[str, ...]]:
    return ("", ()) if tenant is None else (" WHERE tenant = ?", (tenant,))


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
