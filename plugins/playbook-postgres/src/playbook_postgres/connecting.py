"""Connections: how they are made, lent and given back."""

from __future__ import annotations

import logging
import threading
import time
import traceback
import weakref
from collections import deque
from contextlib import closing, contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from playbook import ForeignStore, InputError, StoreUnavailable
from playbook_postgres.faults import TRANSLATED, translated, unmade, unreached
from playbook_postgres.piping import Pipe
from playbook_postgres.schema import VERSION, current, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook_postgres.places import Place

T = TypeVar("T")

# seconds: until who waits looks for himself, how long a connection lives, how long one is kept that nobody needs
_PAUSE = 0.1
_OLD = 3600.0
_UNUSED = 600.0

# the driver tells of lost connections there, and they are told by errors; a host that listens still hears
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class Pool:
    """Lend connections to a database; one that broke is replaced.

    Its tables are made or brought up to date, unless it is a `replica`, which must have them. A signal may strike
    anywhere and the program go on, so nothing is counted up and down: a place is taken as long as somebody has it.
    """

    def __init__(self, place: Place, timeout: float, connections: int, *, replica: bool = False) -> None:
        self._name = place.name
        self._conninfo = place.conninfo
        self._timeout = timeout
        self._most = connections
        self._lock = threading.Lock()
        self._idle: list[_Line] = []
        self._places: list[weakref.ref[_Place]] = []
        self._waiting: deque[SimpleQueue[None]] = deque()
        self._closed = False
        try:
            place_of_first = _Place()
            first = self._connect(place_of_first)
            try:
                (self._look if replica else self._make)(first.connection)
            except BaseException:
                first.close()
                raise
        except psycopg.Error as error:
            raise unreached(error, self._name) from error
        self._places.append(weakref.ref(place_of_first))
        self._idle.append(first)

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

    def run(self, fate: str, work: Callable[[Pipe], T]) -> T:
        """Return what work returns, which has a connection's pipe for itself meanwhile.

        Raises what `translated` makes of the database's errors; a connection that is left in the middle of
        something is closed.
        """
        try:
            line = self._take()
            try:
                done = work(line.pipe)
            except Exception:
                self._give(line)
                raise
            except BaseException as error:
                traceback.clear_frames(error.__traceback__)  # a notebook keeps it, and what was under way
                line.close()  # whoever stops the program does not wait for the server
                raise
            self._give(line)
        except TRANSLATED as error:
            raise translated(error, self._name, fate) from error
        return done

    @contextmanager
    def apart(self, fate: str) -> Iterator[Pipe]:
        """Lend the pipe of a connection that is made for a block, as long as that may take."""
        try:
            with closing(self._connect(_Place())) as line:
                yield line.pipe
        except TRANSLATED as error:
            raise translated(error, self._name, fate) from error

    def close(self) -> None:
        """Close the connections; one that is lent is closed when it comes back."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()

    def _take(self) -> _Line:
        """Return a connection that works; who comes first is served first."""
        end = time.monotonic() + self._timeout
        error: Exception | None = None
        gate: SimpleQueue[None] = SimpleQueue()
        try:
            self._waiting.append(gate)
            while True:
                if self._waiting[0] is gate:
                    try:
                        found = self._ready()
                    except BaseException as failed:
                        # its frames have the place, and it lies in a circle until garbage is collected
                        traceback.clear_frames(failed.__traceback__)
                        if not isinstance(failed, psycopg.OperationalError):
                            raise
                        error = failed
                        time.sleep(_PAUSE)  # it may be starting again
                    else:
                        if found is not None:
                            return found
                left = end - time.monotonic()
                if left <= 0:
                    raise StoreUnavailable(
                        f"{self._name} gave no connection in time; nothing was changed: look whether the server runs"
                        " and takes more connections, and try again"
                    ) from error
                with suppress(Empty):
                    gate.get(timeout=min(left, _PAUSE))
        finally:
            self._waiting.remove(gate)
            self._call()

    def _ready(self) -> _Line | None:
        """Return a connection that works, made where there is room for one; None where all are lent."""
        while True:
            with self._lock:
                if self._closed:
                    raise StoreUnavailable(f"{self._name}: the store was closed; nothing was changed")
                found = self._idle.pop() if self._idle else None
                place = None if found else self._room()
            if found is None:
                return None if place is None else self._connect(place)
            if found.works:
                return found
            found.close()

    def _room(self) -> _Place | None:
        self._places = [one for one in self._places if one() is not None]
        if len(self._places) == self._most:
            return None
        place = _Place()
        self._places.append(weakref.ref(place))
        return place

    def _connect(self, place: _Place) -> _Line:
        connection = psycopg.connect(
            self._conninfo, autocommit=True, connect_timeout=max(2, int(self._timeout)),
            application_name="playbook", client_encoding="utf8",
        )  # fmt: skip
        return _Line(connection, place)

    def _give(self, line: _Line) -> None:
        """Take a connection back; one that is left in a transaction, or was lost, is closed."""
        line.used = now = time.monotonic()
        good = line.idle and now < line.made + _OLD
        with self._lock:
            if good and not self._closed:
                self._idle.append(line)
                if self._idle[0].used < now - _UNUSED:
                    self._idle.pop(0).close()
            else:
                line.close()
        self._call()

    def _call(self) -> None:
        """Let the first of those who wait look whether there is a connection."""
        with suppress(IndexError):
            self._waiting[0].put(None)


class _Place:
    """Stand for a connection, of which there are only so many, also while it is being made."""


class _Line:
    """Hold a connection and its pipe, which knows what the server was given to prepare.

    Nothing refers back to it: so one that a signal took from whoever had it is closed, and leaves its place.
    """

    def __init__(self, connection: psycopg.Connection[Any], place: _Place) -> None:
        self.connection = connection
        self.pipe = Pipe(connection, prepare=True)
        self.made = self.used = time.monotonic()
        self._place: _Place | None = place

    @property
    def works(self) -> bool:
        """Return whether the server has not ended it; the server is asked only where it has said something."""
        if self.pipe.was_told():
            try:
                self.connection.execute("")
            except psycopg.Error:
                return False
        return True

    @property
    def idle(self) -> bool:
        """Return whether it can be used for something else."""
        return self.connection.info.transaction_status == TransactionStatus.IDLE

    def close(self) -> None:
        """Close the connection, which leaves its place to another."""
        self.connection.close()
        self._place = None

    def __del__(self) -> None:
        self.connection.close()


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
