"""Columns of the index of cases as SQL that a driver of ADBC reads by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from playbook.model.projections import Source
from playbook.stores import rows
from playbook.stores.sqlite_file import log_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from playbook.model.projections import Projection

# fewer rows are read sooner than another connection is made
_SMALLEST_PART = 50_000
# so many times slower is a row that is looked up than one of a table that is read from end to end
_WALK = 8
_SAMPLES = 200
_LAST = "SELECT position, hash FROM events {} ORDER BY position DESC LIMIT 1"
_AT = "SELECT hash FROM events WHERE position = ? AND tenant = ?"
_LATER = "SELECT count(*) FROM (SELECT 1 FROM events {} AND position > ? LIMIT ?)"
_SIZE = "SELECT coalesce(max(rowid), 0) FROM cases"
_SAMPLE = "SELECT tenant FROM cases WHERE rowid >= ? ORDER BY rowid LIMIT 1"


def source(cursor: sqlite3.Cursor, path: Path, tenant: str, wanted: Projection) -> Source:
    """Return how columns are read from the file; the mark is fixed first, so that nothing is missed after it."""
    last = cursor.execute(_LAST.format(log_of(tenant)), (tenant,)).fetchone()
    (size,) = cursor.execute(_SIZE).fetchone()
    sampled = _sampled(cursor, tenant, size)
    columns = ", ".join((*map(_column, wanted.names), *map(_field, wanted.fields)))
    where = (
        f"WHERE tenant = {_text(tenant)}"
        f" AND (playbook < {_text(rows.RECORDS)} OR playbook >= {_text(rows.RECORDS_END)})"
    )
    count = size * sampled // _SAMPLES
    since = _since(cursor, tenant, wanted.after, count)
    if since is not None:
        parts = [f'cases INDEXED BY cases_case {where} AND "case" IN ({since})']
    elif sampled * _WALK < _SAMPLES:
        parts = [f"cases INDEXED BY cases_case {where}"]
    else:
        side_by_side = max(1, min(wanted.parts, size // _SMALLEST_PART))
        parts = [f"cases NOT INDEXED {where}{range_}" for range_ in _ranges(cursor, size, side_by_side)]
    return Source(
        "sqlite",
        f"file:{quote(str(path))}?mode=ro",
        tuple(f"SELECT {columns} FROM {part}" for part in parts),
        since is None,
        rows.mark(*last) if last else rows.mark(0, b""),
        tenant,
        "PRAGMA busy_timeout = 10000",
        {"adbc.sqlite.query.batch_rows": "16384"},
        count,
    )


def _ranges(cursor: sqlite3.Cursor, size: int, parts: int) -> Iterator[str]:
    """Yield conditions as SQL (` AND ...`) that part the table, so that no row is read for another part.

    A vacuum may number the rows anew before a part is read; it changes the version of the schema, and a part that
    finds another one fails instead of losing cases.
    """
    if parts == 1:
        yield ""
        return
    (schema,) = cursor.execute("PRAGMA schema_version").fetchone()
    version = "(SELECT schema_version FROM pragma_schema_version)"
    same = f" AND CASE {version} WHEN {schema} THEN 1 ELSE json('numbered anew') END"
    bounds = [size * part // parts for part in range(1, parts)]
    for low, high in zip((None, *bounds), (*bounds, None), strict=True):
        above = "" if low is None else f" AND rowid > {low}"
        yield f"{above}{'' if high is None else f' AND rowid <= {high}'}{same}"


def _sampled(cursor: sqlite3.Cursor, tenant: str, size: int) -> int:
    """Return how many cases of a tenant are among some that lie evenly in the table."""
    places = (size * number // _SAMPLES for number in range(_SAMPLES))
    return sum(cursor.execute(_SAMPLE, (place,)).fetchone() == (tenant,) for place in places)


def _since(cursor: sqlite3.Cursor, tenant: str, after: str | None, count: int) -> str | None:
    """Return the cases that changed after a mark; None where the log is another, or reading all is quicker."""
    if after is None:
        return None
    position, start = rows.read_mark(after)
    found = cursor.execute(_AT, (position, tenant)).fetchone()
    if not start or found is None or not found[0].startswith(start):
        return None
    (later,) = cursor.execute(_LATER.format(log_of(tenant)), (tenant, position, count)).fetchone()
    if later * _WALK > count:
        return None
    return (
        f"SELECT substr(stream, {len(rows.CASES) + 1}) FROM events"
        f" {log_of(tenant, _text(tenant))} AND position > {position}"
        f" AND stream >= {_text(rows.CASES)} AND stream < {_text(rows.CASES_END)}"
    )


def _column(name: str) -> str:
    return "CAST(fields AS TEXT) AS fields" if name == "fields" else rows.plain_column(name)


def _field(name: str) -> str:
    path = _text(f'$."{name}"')
    return f"coalesce(CAST(fields AS TEXT) -> {path}, '') AS {_name('fields.' + name)}"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _text(value: str) -> str:
    """Return a text as SQL, whatever characters it has."""
    return f"CAST(x'{value.encode().hex()}' AS TEXT)"
