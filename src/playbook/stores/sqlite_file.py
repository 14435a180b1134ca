"""The SQLite file: its schema, how it is opened, and what its errors say to people."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playbook.errors import (
    DamagedStore,
    ForeignStore,
    InputError,
    NewerStore,
    PlaybookError,
    StoreUnavailable,
    UnknownName,
)
from playbook.stores import sqlite_tally

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLICATION_ID = 0x506C6279
"""Marks a file as ours (`Plby`): PRAGMA application_id, bytes 68 to 71 of the file."""

MEMORY = ":memory:"
"""The path of a database that is no file and has one connection."""

SYNCHRONOUS = ("normal", "full")
"""How sure a commit is: a killed program loses none of either; a power cut may take the last ones of `normal`."""

# Tables with wide rows have a rowid: random keys then move only in the narrow unique index, and an import is
# half as fast again as WITHOUT ROWID. Each index on cases serves one question in the order of the pages; `hidden`
# parts those that everybody sees from those that are found by a tag.
_FIRST = """
CREATE TABLE streams (
    tenant TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL,
    fold INTEGER NOT NULL, snapshot BLOB NOT NULL, UNIQUE (tenant, stream)) STRICT;
CREATE TABLE events (
    position INTEGER PRIMARY KEY, tenant TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL,
    kind TEXT NOT NULL, at INTEGER NOT NULL, recorded INTEGER NOT NULL, actor TEXT NOT NULL,
    data BLOB NOT NULL, hash BLOB NOT NULL, UNIQUE (tenant, stream, version)) STRICT;
CREATE INDEX events_log ON events (tenant, position);
CREATE TABLE receipts (
    tenant TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, answer BLOB NOT NULL,
    position INTEGER NOT NULL, UNIQUE (tenant, key)) STRICT;
CREATE TABLE cases (
    tenant TEXT NOT NULL, "case" TEXT NOT NULL, playbook TEXT NOT NULL, name TEXT NOT NULL,
    stage TEXT NOT NULL, outcome TEXT NOT NULL, owner TEXT NOT NULL, team TEXT NOT NULL,
    opened INTEGER NOT NULL, closed INTEGER, entered INTEGER NOT NULL, touched INTEGER NOT NULL,
    amount INTEGER, currency TEXT, expected_close TEXT, probability TEXT, fields BLOB NOT NULL,
    assigned INTEGER NOT NULL, hidden INTEGER NOT NULL, tags TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX cases_case ON cases (tenant, "case");
CREATE INDEX cases_opened ON cases (tenant, hidden, opened DESC, "case");
CREATE INDEX cases_stage ON cases (tenant, playbook, stage, hidden, opened DESC, "case");
CREATE INDEX cases_owner ON cases (tenant, owner, opened DESC, "case");
CREATE INDEX cases_team ON cases (tenant, team, hidden, opened DESC, "case");
CREATE INDEX cases_name ON cases (tenant, name, opened DESC, "case");
CREATE TABLE tags (
    tenant TEXT NOT NULL, tag TEXT NOT NULL, opened INTEGER NOT NULL, "case" TEXT NOT NULL,
    PRIMARY KEY (tenant, tag, opened DESC, "case")) STRICT, WITHOUT ROWID;
CREATE TABLE due (
    tenant TEXT NOT NULL, stream TEXT NOT NULL, id TEXT NOT NULL, queue TEXT NOT NULL, at INTEGER NOT NULL,
    data BLOB NOT NULL, ready INTEGER, token TEXT, attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '', PRIMARY KEY (tenant, stream, id)) STRICT, WITHOUT ROWID;
CREATE INDEX due_ready ON due (queue, ready, tenant, stream, id);
CREATE TABLE documents (
    tenant TEXT NOT NULL, digest TEXT NOT NULL, data BLOB NOT NULL, UNIQUE (tenant, digest)) STRICT;
CREATE TABLE vault (
    tenant TEXT NOT NULL, ref TEXT NOT NULL, subject TEXT NOT NULL, salt BLOB NOT NULL, value BLOB NOT NULL,
    UNIQUE (tenant, ref)) STRICT;
CREATE INDEX vault_subject ON vault (tenant, subject);
"""

# Who holds a due row, and between which moments of the machine's clock: where that was set back, nobody does.
_LEASES = """
ALTER TABLE due ADD COLUMN worker TEXT NOT NULL DEFAULT '';
ALTER TABLE due ADD COLUMN held_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE due ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0;
"""

# What is asked for together stands together: `part` is what `part_of` returns. Behind the order of the pages stands
# what else can be told without a look at the case.
_PARTED = """
ALTER TABLE cases ADD COLUMN part TEXT NOT NULL DEFAULT '';
DROP INDEX cases_opened;
DROP INDEX cases_stage;
DROP INDEX cases_owner;
DROP INDEX cases_team;
UPDATE cases SET part =
    iif(substr(playbook, 1, 7) = 'record:', 'r', '') || iif(closed IS NULL, 'o', 'c') || outcome;
CREATE INDEX cases_opened ON cases (tenant, part, hidden, opened DESC, "case");
CREATE INDEX cases_stage ON cases (tenant, playbook, part, stage, hidden, opened DESC, "case");
CREATE INDEX cases_owner ON cases (tenant, owner, part, opened DESC, "case", playbook);
CREATE INDEX cases_team ON cases (tenant, team, part, hidden, opened DESC, "case", playbook);
DROP TABLE tags;
CREATE TABLE tags (
    tenant TEXT NOT NULL, tag TEXT NOT NULL, opened INTEGER NOT NULL, "case" TEXT NOT NULL, part TEXT NOT NULL,
    playbook TEXT NOT NULL, PRIMARY KEY (tenant, tag, opened DESC, "case")) STRICT, WITHOUT ROWID;
INSERT INTO tags SELECT tenant, value, opened, "case", part, playbook
    FROM cases JOIN json_each(iif(cases.tags = '', '[]', cases.tags)) ORDER BY 1, 2, 3 DESC, 4;
"""

_FORECAST = """
ALTER TABLE cases ADD COLUMN forecast TEXT;
"""

# A team of its own has a file of its own, in which the order of the table is that of the log: for the tenant of who
# names none an index by tenant would be one more page to write with every command.
_SOLE = "default"
_LOG_OF_OTHERS = f"""
DROP INDEX events_log;
CREATE INDEX events_log ON events (tenant, position) WHERE tenant <> '{_SOLE}';
"""

# The cases of a team and a playbook stand together, or a rare playbook is looked for among all cases of the team.
_TEAMS = """
DROP INDEX cases_team;
CREATE INDEX cases_team ON cases (tenant, team, part, playbook, hidden, opened DESC, "case");
"""

# Each brings a file from the version before to the next; what has been released is never changed.
_STEPS = (
    _FIRST,
    sqlite_tally.SCHEMA,
    _LEASES,
    _PARTED,
    _FORECAST,
    _LOG_OF_OTHERS + sqlite_tally.NARROWED,
    _TEAMS,
)

SCHEMA_VERSION = len(_STEPS)
"""The version of the tables: PRAGMA user_version."""

_STAMPS = f"PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {SCHEMA_VERSION};\n"

_TROUBLES = {
    sqlite3.SQLITE_BUSY: "is locked by another program; try again when that has finished",
    sqlite3.SQLITE_LOCKED: "is locked by another program; try again when that has finished",
    sqlite3.SQLITE_READONLY: "is read-only; give write permission or choose another store",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; look at the permissions of the file and its folder",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full; free some space and try again",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error",
}

# pages from which on SQLite copies its log itself: where programs write too little each to do it beside (sqlite_log)
_LONGEST_LOG = 16_000
# seconds
_PAUSE = 0.01

# the fault of what was to be stored, not of the store
_UNFIT = (
    OverflowError,
    UnicodeEncodeError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)

TRANSLATED = (sqlite3.Error, OverflowError, UnicodeError)
"""What `translate` is for."""


def connect(path: str, timeout: float) -> sqlite3.Connection:
    """Return a connection to a file; raises what sqlite3 raises."""
    return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)


def read_url(url: str) -> tuple[str, str]:
    """Return the path and the level of SYNCHRONOUS that a URL names.

    It is `sqlite:///relative/path`, `sqlite:////absolute/path` or `sqlite://:memory:`, perhaps with
    `?synchronous=full` after it. Raises InputError.
    """
    path = url.removeprefix("sqlite://")
    before, mark, option = path.rpartition("?")
    if not mark or "/" in option:  # a folder may have a question mark in its name
        before, option = path, f"synchronous={SYNCHRONOUS[0]}"
    name, _, level = option.partition("=")
    if path == url or not (before == MEMORY or (before.startswith("/") and len(before) > 1)):
        raise InputError(f"{url!r} names no file: write sqlite:///FILE, or sqlite:////FILE from the root")
    if name != "synchronous":
        raise UnknownName("option of an SQLite store", name, ("synchronous",))
    return before if before == MEMORY else before[1:], level


def open_file(path: str, timeout: float, synchronous: str = SYNCHRONOUS[0]) -> sqlite3.Connection:
    """Return a connection to a file of ours, made where there is none, brought up to date where it is older.

    Waits `timeout` seconds for a lock. Raises StoreUnavailable, ForeignStore or NewerStore, each with one line that
    says what to do, and UnknownName for a level that is not of SYNCHRONOUS.
    """
    if synchronous not in SYNCHRONOUS:
        raise UnknownName("level of synchronous", synchronous, SYNCHRONOUS)
    _look(path)
    connection = None
    try:
        connection = connect(path, timeout)
        if _version(connection, path) < SCHEMA_VERSION:
            _upgrade(connection, path, time.monotonic() + timeout)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA cache_size = -32000")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG}")
        # what was erased or overwritten must not stay readable in free pages
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, TRANSLATED):
            raise translate(error, path) from error
        raise
    return connection


def log_of(tenant: str, value: str = "?") -> str:
    """Return the events of a tenant as SQL that walks them in the order of the log; `value` is the tenant there."""
    if tenant == _SOLE:
        return f"NOT INDEXED WHERE tenant = {value}"
    return f"INDEXED BY events_log WHERE tenant = {value} AND tenant <> '{_SOLE}'"


def check_host(connection: sqlite3.Connection) -> None:
    """Raise unless the host's connection is to a file of ours, of this version."""
    version = _version(connection, "the host's database")
    if not version:
        raise ForeignStore("the host's database has no store yet; make it once with SqliteStore(path)")
    if version < SCHEMA_VERSION:
        raise ForeignStore(
            f"the host's database has schema version {version}, this program needs {SCHEMA_VERSION}:"
            " open it once with SqliteStore(path), which brings it up to date"
        )


def translate(error: Exception, path: str) -> PlaybookError:
    """Return what to raise instead of an error of sqlite3: one line that says what to do."""
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreUnavailable(f"{path} was closed")
    if isinstance(error, _UNFIT):
        return InputError(f"a value cannot be stored or asked for: {error}")
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # text that is no UTF-8 comes without a code, or breaks in the message about it
    if (
        code == sqlite3.SQLITE_CORRUPT
        or isinstance(error, UnicodeDecodeError)
        or "decode to UTF-8" in str(error)
    ):
        return DamagedStore(f"{path} is damaged; restore a copy, or find out more with fsck")
    if code == sqlite3.SQLITE_NOTADB:
        return ForeignStore(f"{path} is not a database; choose another file")
    return StoreUnavailable(f"{path} {_TROUBLES.get(code, f'failed: {error}')}")


def _look(path: str) -> None:
    """Refuse what sqlite3 would report unclearly, or would open all the same as the superuser."""
    if path == MEMORY:
        return
    file = Path(path)
    try:
        if file.is_dir():
            raise StoreUnavailable(f"{path} is a folder; name a file in it")
        if not file.parent.is_dir():
            raise StoreUnavailable(f"{path} cannot be made: there is no folder {file.parent}; make it first")
        if not os.access(file.parent, os.W_OK):  # what is being written lies beside the file
            raise StoreUnavailable(
                f"{path} cannot be used: {file.parent} {_TROUBLES[sqlite3.SQLITE_READONLY]}"
            )
        if file.exists() and not file.stat().st_mode & 0o222:
            raise StoreUnavailable(f"{path} {_TROUBLES[sqlite3.SQLITE_READONLY]}")
    except OSError as error:
        raise StoreUnavailable(f"{path} {_TROUBLES[sqlite3.SQLITE_CANTOPEN]}: {error.strerror}") from error


def _version(connection: sqlite3.Connection, path: str) -> int:
    """Return the version of the tables, 0 where there are none; raises where they are not ours, or newer."""
    # tables first: another process may make the file ours between two statements
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION_ID:
        if version > SCHEMA_VERSION:
            raise NewerStore(
                f"{path} has schema version {version}, this program knows {SCHEMA_VERSION}: update playbook"
            )
        return int(version)
    if application or tables:
        raise ForeignStore(f"{path} is the database of another program; choose another file")
    return 0


def _upgrade(connection: sqlite3.Connection, path: str, end: float) -> None:
    """Make what is missing, in one transaction."""
    while not _turned(connection, end):
        time.sleep(_PAUSE)
    connection.execute("BEGIN IMMEDIATE")
    # another process may have done it while this one waited for the lock
    for step in (*_STEPS[_version(connection, path) :], _STAMPS):
        for statement in _statements(step):
            connection.execute(statement)
    connection.execute("COMMIT")


def _turned(connection: sqlite3.Connection, end: float) -> bool:
    """Return whether the file has a write-ahead log; of those that make it at once SQLite lets none wait."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
            raise
        return False
    return True


def ddl(since: int) -> str:
    """Return the statements that bring a file from a version (0: it is empty) to the newest.

    Raises InputError for a version that is not before the newest.
    """
    if not 0 <= since < SCHEMA_VERSION:
        raise InputError(
            f"version {since} leads nowhere: the newest is {SCHEMA_VERSION}, and 0 begins with nothing"
        )
    steps = (step.strip() for step in (*_STEPS[since:], _STAMPS))
    return "\n".join(("PRAGMA journal_mode = WAL;", "BEGIN IMMEDIATE;", *steps, "COMMIT;", ""))


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script, each of which ends a line; a trigger has some of its own inside."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
