"""An SQLite file as an archive: its tables read as of one moment, and written as they were."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from playbook.errors import InputError
from playbook.stores import rows
from playbook.stores.archive import TABLES
from playbook.stores.interface import IndexRow
from playbook.stores.sqlite_file import MEMORY, TRANSLATED, connect, translate
from playbook.stores.sqlite_write import DELETE_TAG, INSERT_TAG, SELECT_TAGS, UPSERT_CASE, case_row, tag_rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from playbook.stores.archive import Row

_HIDDEN, _TAGS = (TABLES["cases"].columns.index(name) for name in ("hidden", "tags"))


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
        _restore_cases(cursor, [(row[0], IndexRow(*row[1:])) for row in found])
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


def _restore_cases(cursor: sqlite3.Cursor, found: Sequence[tuple[str, IndexRow]]) -> None:
    for tenant, row in found:
        old = cursor.execute(SELECT_TAGS, (tenant, row.case)).fetchone()
        if old is not None:
            opened, _, _, tags = old
            gone = [(tenant, tag, opened, row.case) for tag in rows.read_tags(tags)]
            cursor.executemany(DELETE_TAG, gone)
    cursor.executemany(UPSERT_CASE, [case_row(tenant, row) for tenant, row in found])
    cursor.executemany(INSERT_TAG, [tag for tenant, row in found for tag in tag_rows(tenant, row)])


def _case_of(row: Row) -> Row:
    return (*row[:_HIDDEN], bool(row[_HIDDEN]), rows.read_tags(row[_TAGS]), *row[_TAGS + 1 :])


def _of(tenant: str | None) -> tuple[str, tuple[str, ...]]:
    return ("", ()) if tenant is None else (" WHERE tenant = ?", (tenant,))


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
