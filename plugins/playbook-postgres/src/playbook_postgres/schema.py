"""The tables, and how a database gets them: by version, under a lock, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import tuple_row

from playbook import ForeignStore, InputError, NewerStore
from playbook_postgres import counting

if TYPE_CHECKING:
    import psycopg

# Text compares by code point, whatever the database's locale. `newest` is the time of opening turned round, so
# that a page begins with one comparison of a row: (newest, "case") > (..., ...).
_FIRST = """
CREATE TABLE playbook.streams (
    tenant text COLLATE "C" NOT NULL, stream text COLLATE "C" NOT NULL, version bigint NOT NULL,
    hash bytea NOT NULL, fold integer NOT NULL, snapshot bytea NOT NULL,
    PRIMARY KEY (tenant, stream)) WITH (fillfactor = 70);
CREATE TABLE playbook.events (
    tenant text COLLATE "C" NOT NULL, stream text COLLATE "C" NOT NULL, version bigint NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY, kind text NOT NULL, at bigint NOT NULL,
    recorded bigint NOT NULL, actor text NOT NULL, data bytea NOT NULL, hash bytea NOT NULL,
    PRIMARY KEY (tenant, stream, version));
CREATE UNIQUE INDEX events_log ON playbook.events (tenant, position);
CREATE TABLE playbook.receipts (
    tenant text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, fingerprint bytea NOT NULL,
    answer bytea NOT NULL, position bigint NOT NULL, PRIMARY KEY (tenant, key));
CREATE TABLE playbook.cases (
    tenant text COLLATE "C" NOT NULL, "case" text COLLATE "C" NOT NULL, playbook text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL, stage text COLLATE "C" NOT NULL, outcome text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL, team text COLLATE "C" NOT NULL, opened bigint NOT NULL, closed bigint,
    entered bigint NOT NULL, touched bigint NOT NULL, amount bigint, currency text COLLATE "C",
    expected_close text, probability text, fields bytea NOT NULL, assigned bigint NOT NULL,
    hidden boolean NOT NULL, tags text[] COLLATE "C" NOT NULL,
    newest bigint GENERATED ALWAYS AS (-opened) STORED, PRIMARY KEY (tenant, "case")) WITH (fillfactor = 70);
CREATE INDEX cases_opened ON playbook.cases (tenant, hidden, newest, "case");
CREATE INDEX cases_stage ON playbook.cases (tenant, playbook, stage, hidden, newest, "case");
CREATE INDEX cases_owner ON playbook.cases (tenant, owner, newest, "case");
CREATE INDEX cases_team ON playbook.cases (tenant, team, hidden, newest, "case");
CREATE INDEX cases_name ON playbook.cases (tenant, name, newest, "case");
CREATE TABLE playbook.tags (
    tenant text COLLATE "C" NOT NULL, tag text COLLATE "C" NOT NULL, newest bigint NOT NULL,
    "case" text COLLATE "C" NOT NULL, PRIMARY KEY (tenant, tag, newest, "case"));
CREATE INDEX tags_case ON playbook.tags (tenant, "case");
CREATE TABLE playbook.due (
    tenant text COLLATE "C" NOT NULL, stream text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
    queue text NOT NULL, at bigint NOT NULL, data bytea NOT NULL, ready bigint, token text,
    attempts integer NOT NULL DEFAULT 0, error text NOT NULL DEFAULT '', PRIMARY KEY (tenant, stream, id));
CREATE INDEX due_ready ON playbook.due (queue, ready, tenant, stream, id);
CREATE TABLE playbook.documents (
    tenant text COLLATE "C" NOT NULL, digest text COLLATE "C" NOT NULL, data bytea NOT NULL,
    PRIMARY KEY (tenant, digest));
CREATE TABLE playbook.vault (
    tenant text COLLATE "C" NOT NULL, ref text COLLATE "C" NOT NULL, subject text COLLATE "C" NOT NULL,
    salt bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (tenant, ref));
CREATE INDEX vault_subject ON playbook.vault (tenant, subject);
"""

# Who holds a due row, and between which moments of the server's clock: where that was set back, nobody does.
_LEASES = """
ALTER TABLE playbook.due ADD COLUMN worker text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN held_from timestamptz, ADD COLUMN held_until timestamptz;
"""

_FORECAST = """
ALTER TABLE playbook.cases ADD COLUMN forecast text;
"""

# What is asked for together stands together, as `part_of` has it: record or case, open or closed, and the outcome.
_PARTED = """
ALTER TABLE playbook.cases ADD COLUMN part text COLLATE "C" GENERATED ALWAYS AS (
    CASE WHEN starts_with(playbook, 'record:') THEN 'r' ELSE '' END
    || CASE WHEN closed IS NULL THEN 'o' ELSE 'c' END || outcome) STORED;
DROP INDEX playbook.cases_opened, playbook.cases_stage, playbook.cases_owner, playbook.cases_team;
CREATE INDEX cases_opened ON playbook.cases (tenant, part, hidden, newest, "case");
CREATE INDEX cases_stage ON playbook.cases (tenant, playbook, part, stage, hidden, newest, "case");
CREATE INDEX cases_owner ON playbook.cases (tenant, owner, part, newest, "case", playbook);
CREATE INDEX cases_team ON playbook.cases (tenant, team, part, hidden, newest, "case", playbook);
"""

# Of a case with a tag the index tells playbook and part, so that no other is looked up, and of an id its place in a
# page. What a program writes that knew neither column has '' there.
_TAGGED = """
ALTER TABLE playbook.tags DROP CONSTRAINT tags_pkey, ADD COLUMN playbook text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN part text COLLATE "C" NOT NULL DEFAULT '';
DROP INDEX playbook.tags_case;
TRUNCATE playbook.tags;
INSERT INTO playbook.tags (tenant, tag, newest, "case", playbook, part)
    SELECT DISTINCT tenant, tag, newest, "case", playbook, part FROM playbook.cases CROSS JOIN unnest(tags) AS tag
    ORDER BY tenant, tag, newest, "case";
ALTER TABLE playbook.tags ADD PRIMARY KEY (tenant, tag, newest, "case") INCLUDE (playbook, part);
CREATE INDEX tags_case ON playbook.tags (tenant, "case");
ALTER TABLE playbook.cases DROP CONSTRAINT cases_pkey, ADD PRIMARY KEY (tenant, "case") INCLUDE (newest);
"""

# The cases of a team and a playbook stand together, or a rare playbook is looked for among all cases of the team;
# and the index tells their stages.
_TEAMS = """
DROP INDEX playbook.cases_team;
CREATE INDEX cases_team ON playbook.cases (tenant, team, part, playbook, hidden, newest, "case", stage);
"""

# Each brings a database from the version before to the next; what has been released is never changed.
_VERSIONS = (_FIRST, counting.SCHEMA, _LEASES, _FORECAST, _PARTED, _TAGGED, _TEAMS)

VERSION = len(_VERSIONS)
"""The version of the tables."""

_LOCK = 0x506C6279
_SCHEMA = "CREATE SCHEMA playbook;"
_MADE = "CREATE TABLE playbook.version (version integer NOT NULL);"
_STAMP = f"DELETE FROM playbook.version; INSERT INTO playbook.version VALUES ({VERSION});"


def ddl(since: int = 0) -> str:
    """Return the statements that bring tables from a version (0: there are none) to the newest, in one transaction.

    Raises InputError for a version that is not before the newest.
    """
    if not 0 <= since < VERSION:
        raise InputError(f"version {since} leads nowhere: the newest is {VERSION}, and 0 begins with nothing")
    begun = () if since else (_SCHEMA, _MADE)
    parts = ("BEGIN;", *begun, *(part.strip() for part in _VERSIONS[since:]), _STAMP, "COMMIT;", "")
    return "\n".join(parts)


def migrate(connection: psycopg.Connection[Any]) -> None:
    """Bring the database to the newest version, once, however many processes begin together.

    Raises NewerStore for a database that a newer program made, ForeignStore for a schema of this name that is
    not ours.
    """
    with connection.transaction():
        # as others left it when they gave the lock away, whatever isolation the database has by default
        connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        version = current(connection)
        if version == VERSION:
            return
        begun = () if version else (_MADE,) if _has_schema(connection) else (_SCHEMA, _MADE)
        for part in (*begun, *_VERSIONS[version:], _STAMP):
            connection.execute(part.encode())


def _has_schema(connection: psycopg.Connection[Any]) -> bool:
    """Return whether there is a schema; who may not make one may have been given one."""
    return connection.execute("SELECT to_regnamespace('playbook')").fetchone() != (None,)


def current(connection: psycopg.Connection[Any]) -> int:
    """Return the version of the tables, 0 where there are none; raises NewerStore or ForeignStore."""
    cursor = connection.cursor(row_factory=tuple_row)
    found = cursor.execute(
        "SELECT to_regclass('playbook.version') IS NOT NULL,"
        " EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace('playbook'))"
    ).fetchone()
    assert found is not None
    ours, anything = found
    if not ours:
        if anything:
            raise ForeignStore(
                "the database has a schema `playbook` of another program; choose another database"
            )
        return 0
    row = cursor.execute("SELECT max(version) FROM playbook.version").fetchone()
    version = int(row[0]) if row and row[0] is not None else 0
    if version > VERSION:
        raise NewerStore(
            f"the database has schema version {version}, this program knows {VERSION}:"
            " update playbook-postgres"
        )
    return version
