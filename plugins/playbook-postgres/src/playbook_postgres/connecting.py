"""Connections: how they are made, lent and given back, and what their errors say to people."""

from __future__ import annotations

import functools
import selectors
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from playbook import ForeignStore, InputError, StoreUnavailable
from playbook_postgres.piping import Pipe
from playbook_postgres.schema import current, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import PlaybookError

TRANSLATED = (psycopg.Error, UnicodeEncodeError, OverflowError)
"""What `translated` is for."""


class Overtaken(StoreUnavailable):
    """Says that a transaction was ended for another one, which waited for it; it can be tried again."""


class Pool:
    """Lend connections to a database, whose tables are made or brought up to date; one that broke is replaced."""

    def __init__(self, url: str, timeout: float, connections: int) -> None:
        try:
            known = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise InputError(f"the URL of the store cannot be read: {_first_line(error)}") from error
        self._name = _name(known)
        kwargs: dict[str, Any] = {
            "autocommit": True,
            "connect_timeout": max(2, int(timeout)),
            "application_name": "playbook",
            "client_encoding": "utf8",
        }
        try:
            # the pool would try again until its time is over, and say only that it was
            with psycopg.connect(url, **kwargs) as first:
                migrate(first)
        except psycopg.Error as error:
            raise translated(error, self._name) from error
        self._pool = ConnectionPool(
            url, connection_class=_Connection, kwargs=kwargs, min_size=1, max_size=connections,
            timeout=timeout, check=_check, open=True,
        )  # fmt: skip

    @contextmanager
    def lend(self) -> Iterator[Pipe]:
        """Lend a connection's pipe; raises what `translated` makes of the database's errors."""
        try:
            with self._pool.connection() as connection:
                yield connection.pipe
        except PoolTimeout as error:
            raise StoreUnavailable(
                f"{self._name} gave no connection in time; is the server running?"
            ) from error
        except TRANSLATED as error:
            raise translated(error, self._name) from error

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Connection(psycopg.Connection[Any]):
    """Keep the pipe with its connection: it knows what the server was given to prepare."""

    @functools.cached_property
    def pipe(self) -> Pipe:
        """Return the one pipe."""
        return Pipe(self, prepare=True)


def hosted(connection: psycopg.Connection[Any]) -> None:
    """Raise ForeignStore unless the host's database has our tables."""
    if not current(connection):
        raise ForeignStore("the host's database has no store yet; make it once with PostgresStore(url)")


def begin(connection: psycopg.Connection[Any]) -> None:
    """Begin the host's transaction as the driver would, where the host has none yet and wants one."""
    if connection.info.pipeline_status:
        raise InputError("the host's connection is in pipeline mode; leave it before the store is asked")
    if not connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        connection.execute("SELECT")


def translated(error: Exception, name: str) -> PlaybookError:
    """Return what to raise instead of an error of the database: one line that says what to do."""
    if isinstance(error, psycopg.DataError | UnicodeEncodeError | OverflowError):
        return InputError(f"a value cannot be stored: {_first_line(error)}")
    if isinstance(error, psycopg.errors.TransactionRollback):
        return Overtaken(f"{name} ended the transaction for another one; try again")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return StoreUnavailable(f"{name} does not allow it: {_first_line(error)}; ask for the right")
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return StoreUnavailable(f"{name} is read-only; name the server that takes writes")
    if isinstance(error, psycopg.OperationalError):
        return StoreUnavailable(
            f"{name} cannot be reached, or the connection was lost: {_first_line(error)}; what was being saved is"
            " kept whole or not at all: try again, with the same key where there was one"
        )
    return StoreUnavailable(f"{name} failed: {_first_line(error)}")


def _check(connection: psycopg.Connection[Any]) -> None:
    """Raise for a connection that the server has ended; asks it only where it has said something."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.pgconn.socket, selectors.EVENT_READ)
        if selector.select(0):
            ConnectionPool.check_connection(connection)


def _name(known: dict[str, Any]) -> str:
    """Name a database without its password."""
    place = known.get("host") or "localhost"
    return f"the PostgreSQL database {known.get('dbname') or known.get('user') or ''!r} at {place}"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
