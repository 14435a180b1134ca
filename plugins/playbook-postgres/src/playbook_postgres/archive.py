"""The database as an archive: its tables read as of one moment, and written as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.stores import TABLES, IndexRow
from playbook_postgres.writing import replace_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playbook.stores import Row
    from playbook_postgres.piping import Pipe

STILL = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""Begins the transaction of a moment."""

_PAGE = 500
_TAGS = TABLES["cases"].columns.index("tags")
_GO_ON = "SELECT setval('playbook.events_position_seq', greatest(%s, last_value)) FROM playbook.events_position_seq"


class PostgresMoment:
    """Read a database in one transaction, which the caller holds."""

    def __init__(self, pipe: Pipe) -> None:
        self._ask = pipe.ask

    def sizes(self, tenant: str | None) -> Mapping[str, int]:
        """Return how many rows each table has, of one tenant or of all."""
        where, values = ("", ()) if tenant is None else (" WHERE tenant = %s", (tenant,))
        count = f"SELECT count(*) FROM playbook.{{}}{where}"
        return {name: self._ask(count.format(name), values).fetchall()[0][0] for name in TABLES}

    def export(self, table: str, tenant: str | None) -> Iterator[Row]:
        """Yield the rows of a table in order of their keys, of one tenant or of all."""
        columns, count = TABLES[table].columns, TABLES[table].key
        key = _quoted(columns[:count])
        after: Row = ()
        more = True
        while more:
            terms = [] if tenant is None else ["tenant = %s"]
            terms += [f"({key}) > ({', '.join(['%s'] * count)})"] if after else []
            where = f" WHERE {' AND '.join(terms)}" if terms else ""
            found = self._ask(
                f"SELECT {_quoted(columns)} FROM playbook.{table}{where} ORDER BY {key} LIMIT %s",
                (*(() if tenant is None else (tenant,)), *after, _PAGE),
            ).fetchall()
            yield from map(_case_of, found) if table == "cases" else found
            more = len(found) == _PAGE
            after = found[-1][:count] if found else ()


def restore(pipe: Pipe, table: str, rows: Sequence[Row], gone: Sequence[Row]) -> None:
    """Write and delete rows, in a transaction."""
    delete, insert = _statements(table)
    with pipe.transaction():
        for key in gone:
            pipe.send(delete, key)
        for row in rows:
            if table == "cases":
                pipe.send(*replace_tags(row[0], IndexRow(*row[1:])))
                row = (*row[:_TAGS], list(row[_TAGS]), *row[_TAGS + 1 :])
            pipe.send(insert, row)
        if table == "events" and rows:
            pipe.send(_GO_ON, (max(row[1] for row in rows),))


def _statements(table: str) -> tuple[str, str]:
    """Return what deletes a row by its key, and what writes one."""
    columns, key = TABLES[table].columns, TABLES[table].columns[: TABLES[table].key]
    insert = f"INSERT INTO playbook.{table} ({_quoted(columns)})"
    insert += " OVERRIDING SYSTEM VALUE" if table == "events" else ""
    insert += f" VALUES ({', '.join(['%s'] * len(columns))})"
    if TABLES[table].changes:
        changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns[len(key) :])
        insert += f" ON CONFLICT ({_quoted(key)}) DO UPDATE SET {changes}"
    named = " AND ".join(f'"{name}" = %s' for name in key)
    return f"DELETE FROM playbook.{table} WHERE {named}", insert


def _case_of(row: Row) -> Row:
    return (*row[:_TAGS], tuple(row[_TAGS]), *row[_TAGS + 1 :])


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
