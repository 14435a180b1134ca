"""What the errors of the database say to people: one line, what became of a command, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from playbook import InputError, OutcomeUnknown, StoreUnavailable
from playbook_postgres.piping import InDoubtError
from playbook_postgres.places import one_line

if TYPE_CHECKING:
    from playbook import PlaybookError

TRANSLATED = (psycopg.Error, UnicodeEncodeError, OverflowError)
"""What `translated` is for."""

READING = "nothing was changed"
STORING = "nothing of the command was stored"
DOING = "whether it was done is not known, and doing it again does no harm"
"""What became of what was asked for, where it failed."""

_RIGHTS = "SELECT, INSERT, UPDATE and DELETE on its tables, USAGE on it, ALL on its sequences"
# the classes of SQLSTATE that say that the server or the connection is gone: connection, operator intervention
_GONE = (None, "08", "57")
# the driver derives neither from the error of their class
_OVERTAKEN = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


class Overtaken(StoreUnavailable):
    """Says that a transaction was ended for another one, which waited for it; it can be tried again."""


def translated(error: Exception, name: str, fate: str) -> PlaybookError:
    """Return what to raise instead of an error of the database called `name`; `fate` is READING, STORING or DOING."""
    line = one_line(error)
    if not isinstance(error, psycopg.Error) or isinstance(error, psycopg.DataError):
        return InputError(f"a value cannot be stored or asked for: {line}")
    if isinstance(error, InDoubtError):
        return OutcomeUnknown(
            f"{name} was lost while the command was being stored: {line}; whether it was stored is not known: give it"
            " again with the same key (--key) and it is stored once; without a key look at `playbook history` first"
        )
    if isinstance(error, _OVERTAKEN):
        return Overtaken(f"{name} ended the transaction for another one; {fate}: try again")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return StoreUnavailable(
            f"{name} does not allow it: {line}; {fate}: ask for the rights on schema playbook ({_RIGHTS})"
        )
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return StoreUnavailable(f"{name} is read-only; {fate}: name the server that takes writes")
    if isinstance(error, psycopg.OperationalError) and _is_gone(error):
        return StoreUnavailable(
            f"{name} was lost: {line}; {fate}: look whether the server runs, and try again"
        )
    return StoreUnavailable(f"{name} failed: {line}; {fate}")


def unreached(error: psycopg.Error, name: str) -> PlaybookError:
    """Return what to raise where no connection could be made."""
    if error.sqlstate is not None:
        return translated(error, name, READING)
    return StoreUnavailable(
        f"{name} cannot be reached: {one_line(error)}; {READING}: look at the URL (host, database, user), at the"
        " password and whether the server runs, and try again"
    )


def unmade(error: psycopg.Error, name: str, version: int) -> StoreUnavailable:
    """Return what to raise where tables may not be made, or brought up to date from a version."""
    tables, option = (
        ("tables of an older version", f" --from {version}") if version else ("no tables yet", "")
    )
    return StoreUnavailable(
        f"{name} has {tables}, and this user may not change that: {one_line(error)}; nothing was changed: let its"
        f" administrator run what `playbook store ddl{option} --store postgresql://` prints"
    )


def _is_gone(error: psycopg.Error) -> bool:
    if isinstance(error, psycopg.errors.QueryCanceled):  # of its class, and the connection goes on
        return False
    return (error.sqlstate[:2] if error.sqlstate else None) in _GONE
