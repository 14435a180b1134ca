"""Connections: how they are made, lent and given back."""

from __future__ import annotations

import functools
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from playbook import ForeignStore, InputError, StoreUnavailable
from playbook_postgres.faults import TRANSLATED, translated, unmade, unreached
from playbook_postgres.piping import Pipe
from playbook_postgres.schema import VERSION, current, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_postgres.places import Place

# the driver tells of lost connections there, and they are told by errors; a host that listens still hears
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class Pool:
    """Lend connections to a database; one that broke is replaced.

    Its tables are made or brought up to date, unless it is a `replica`, which must have them.
    """

    def __init__(self, place: Place, timeout: float, connections: int, *, replica: bool = False) -> None:
        self._name = place.name
        kwargs: dict[str, Any] = {
            "autocommit": True,
            "connect_timeout": max(2, int(timeout)),
            "application_name": "playbook",
            "client_encoding": "utf8",
        }
        try:
            # the pool would try again until its time is over, and say only that it was
            with psycopg.connect(place.conninfo, **kwargs) as first:
                (self._look if replica else self._make)(first)
        except psycopg.Error as error:
            raise unreached(error, self._name) from error
        self._pool = ConnectionPool(
            place.conninfo, connection_class=_Connection, kwargs=kwargs, min_size=1, max_size=connections,
            timeout=timeout, reconnect_timeout=timeout, check=_check, open=True,
        )  # fmt: skip

    def _make(self, connection: psycopg.Connection[Any]) -> None:
        version = current(connection)
        if version == VERSION:
            return
        try:
            migrate(connection)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as error:
            raise unmade(error, self._name, version) from error

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        version = current(connection)
        if version != VERSION:
            has = f"tables of version {version} instead of {VERSION}" if version else "no tables"
            raise StoreUnavailable(
                f"{self._name} has {has}: it is no copy of the store, or has not caught up; leave `replica=` out of"
                " the URL, or wait"
            )

    @contextmanager
    def lend(self, fate: str) -> Iterator[Pipe]:
        """Lend a connection's pipe; raises what `translated` makes of the database's errors."""
        try:
            connection = self._pool.getconn()
            try:
                yield connection.pipe
            finally:
                self._pool.putconn(connection)
        except PoolTimeout as error:
            raise StoreUnavailable(
                f"{self._name} gave no connection in time; nothing was changed: look whether the server runs and"
                " takes more connections, and try again"
            ) from error
        except TRANSLATED as error:
            raise translated(error, self._name, fate) from error

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
    """Raise ForeignStore unless the host's database has our tables, of this version."""
    version = current(connection)
    if not version:
        raise ForeignStore("the host's database has no store yet; make it once with PostgresStore(url)")
    if version < VERSION:
        raise ForeignStore(
            f"the host's database has schema version {version}, this program needs {VERSION}:"
            " open it once with PostgresStore(url), which brings it up to date"
        )


def begin(connection: psycopg.Connection[Any]) -> None:
    """Begin the host's transaction as the driver would, where the host has none yet and wants one."""
    if connection.info.pipeline_status:
        raise InputError("the host's connection is in pipeline mode; leave it before the store is asked")
    if not connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        connection.execute("SELECT")


def _check(connection: _Connection) -> None:
    """Raise for a connection that the server has ended; asks it only where it has said something."""
    if connection.pipe.was_told():
        ConnectionPool.check_connection(connection)
