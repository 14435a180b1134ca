"""Columns of the index of cases as SQL that a driver of ADBC reads by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import Source
from playbook.stores import CASES, CASES_END, RECORDS, RECORDS_END, mark, plain_column, read_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Projection
    from playbook_postgres.piping import Pipe

# fewer rows are read sooner than another connection is made
_SMALLEST_PART = 50_000
# so many times slower is a row that is looked up than one of a table that is read from end to end
_WALK = 8
_SAMPLES = 1_000
# The server reads no JSON with a NUL. Two escapes in a row are nothing that a text leads to: characters are stored
# as they are, and a backslash as two.
_NUL, _INSTEAD = r"\u0000", r"\ufdd0\ufdef"
_LAST = "SELECT position, hash FROM playbook.events WHERE tenant = %s ORDER BY position DESC LIMIT 1"
_AT = "SELECT hash FROM playbook.events WHERE tenant = %s AND position = %s"
_LATER = (
    "SELECT count(*) FROM"
    " (SELECT 1 FROM playbook.events WHERE tenant = %s AND position > %s LIMIT %s) AS later"
)
# by its pages where the server has not counted yet
_SIZE = (
    "SELECT greatest(reltuples, pg_relation_size(oid) / 500)::bigint FROM pg_class"
    " WHERE oid = 'playbook.cases'::regclass"
)
_SAMPLE = (
    'SELECT "case" FROM playbook.cases TABLESAMPLE SYSTEM (%s::bigint::real / 1000) WHERE tenant = %s'
    ' ORDER BY "case"'
)


def source(pipe: Pipe, url: str, tenant: str, wanted: Projection, last: tuple[int, bytes] | None) -> Source:
    """Return how columns are read from the database; `last` was the end of the log when nobody wrote."""
    (size,) = pipe.ask(_SIZE, ()).fetchone() or (0,)
    since = _since(pipe, tenant, wanted.after, size)
    columns = ", ".join((*map(_column, wanted.names), *map(_field, wanted.fields)))
    where = (
        f"FROM playbook.cases WHERE tenant = {_text(tenant)}"
        f" AND (playbook < {_text(RECORDS)} OR playbook >= {_text(RECORDS_END)})"
    )
    within = [f' AND "case" IN ({since})'] if since else _ranges(pipe, tenant, size, wanted.parts)
    parts = tuple(f"SELECT {columns} {where}{range_}" for range_ in within)
    return Source("postgresql", url, parts, not since, mark(*last) if last else mark(0, b""), tenant)


def end(pipe: Pipe, tenant: str) -> tuple[int, bytes] | None:
    """Return position and hash of the last event of a tenant."""
    return pipe.ask(_LAST, (tenant,)).fetchone()


def _since(pipe: Pipe, tenant: str, after: str | None, size: int) -> str:
    """Return the cases that changed after a mark; "" where the log is another, or reading all is quicker."""
    if after is None:
        return ""
    position, start = read_mark(after)
    found = pipe.ask(_AT, (tenant, position)).fetchone()
    if not start or found is None or not found[0].startswith(start):
        return ""
    (later,) = pipe.ask(_LATER, (tenant, position, size)).fetchone() or (0,)
    if later * _WALK > size:
        return ""
    return (
        f"SELECT substr(stream, {len(CASES) + 1}) FROM playbook.events"
        f" WHERE tenant = {_text(tenant)} AND position > {position}"
        f" AND stream >= {_text(CASES)} AND stream < {_text(CASES_END)}"
    )


def _ranges(pipe: Pipe, tenant: str, size: int, parts: int) -> Iterator[str]:
    """Yield conditions (` AND ...`) that part the cases about evenly: by id, because a row moves when it is written.

    Where no case is known, all is one part.
    """
    parts = max(1, min(parts, size // _SMALLEST_PART))
    known: list[str] = []
    if parts > 1:
        share = min(100_000, 100_000 * _SAMPLES // size + 1)
        known = [case for (case,) in pipe.ask(_SAMPLE, (share, tenant)).fetchall()]
    bounds = [known[len(known) * part // parts] for part in range(1, parts)] if known else []
    for low, high in zip((None, *bounds), (*bounds, None), strict=True):
        at_least = "" if low is None else f' AND "case" >= {_text(low)}'
        yield at_least if high is None else f'{at_least} AND "case" < {_text(high)}'


def _column(name: str) -> str:
    return "convert_from(fields, 'UTF8') AS fields" if name == "fields" else plain_column(name)


def _field(name: str) -> str:
    alias = "fields." + name
    fields = f"replace(convert_from(fields, 'UTF8'), {_text(_NUL)}, {_text(_INSTEAD)})"
    value = f"replace(({fields}::json -> {_text(name)})::text, {_text(_INSTEAD)}, {_text(_NUL)})"
    return f"""coalesce({value}, '') AS "{alias.replace('"', '""')}\""""


def _text(value: str) -> str:
    """Return a text as SQL, whatever characters it has and however the server reads backslashes."""
    return f"convert_from(decode('{value.encode().hex()}', 'hex'), 'UTF8')"
