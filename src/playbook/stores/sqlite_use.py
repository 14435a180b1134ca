"""How threads share connections: one that writes, and others to read from while it is busy."""

from __future__ import annotations

import threading
import traceback
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from playbook.errors import StoreUnavailable
from playbook.stores.sqlite_file import TRANSLATED, connect, translate

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

T = TypeVar("T")


class Readers:
    """Give a cursor to one reader at a time, and turn what sqlite3 raises into errors of ours.

    A short read uses the writing connection while that is idle, because it has the pages at hand; every other
    read gets a connection of its own, so that it neither waits for a writer nor holds one up: two to three
    times as many batches are written beside readers. With timeout None the writing connection is the only one.
    """

    def __init__(
        self, cursor: sqlite3.Cursor, lock: threading.Lock, path: str, timeout: float | None
    ) -> None:
        self.cursor = cursor
        self.path = path
        self._lock = lock
        self._timeout = timeout
        self._guard = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    def read(self, work: Callable[[sqlite3.Cursor], T], *, short: bool = False) -> T:
        """Return what work reads from a cursor that is nobody else's meanwhile."""
        try:
            if self._timeout is None or (short and not self._lock.locked()):
                with self._lock:
                    return self._undisturbed(work)
            return self._apart(work)
        except TRANSLATED as error:
            raise translate(error, self.path) from error

    def close(self) -> None:
        """Close all connections; one that is lent is closed when it comes back."""
        with self._lock, self._guard:
            if self._closed:
                return
            self._closed = True
            self.cursor.close()  # a statement that it ran many times would keep the file open
            self.cursor.connection.close()
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    def _apart(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        """Return what work reads from a connection of its own."""
        own = self._take()
        try:
            cursor = own.cursor()
            try:
                found = work(cursor)
            finally:
                cursor.close()  # an open one outlives its connection
        except BaseException as error:
            _leave(error)
            own.close()  # what was left in the middle would show later what there was then
            raise
        self._give(own)
        return found

    def _undisturbed(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        """Return what work reads from the writing connection, which is left as it was found."""
        connection = self.cursor.connection
        within = connection.in_transaction
        try:
            return work(self.cursor)
        except BaseException as error:
            _leave(error)
            _end(self.cursor)
            if connection.in_transaction and not within:
                connection.rollback()
            raise

    def _take(self) -> sqlite3.Connection:
        with self._guard:
            if self._closed:
                raise StoreUnavailable(f"{self.path} was closed")
            if self._idle:
                return self._idle.pop()
        assert self._timeout is not None
        return connect(self.path, self._timeout)

    def _give(self, own: sqlite3.Connection) -> None:
        with self._guard:
            if not self._closed:
                self._idle.append(own)
                return
        own.close()


def _leave(error: BaseException) -> None:
    """Let go of what was in the middle of something: whoever keeps the error, as a notebook does, would keep it."""
    traceback.clear_frames(error.__traceback__)


def _end(cursor: sqlite3.Cursor) -> None:
    """End a question that was left in the middle: as long as it is open, its connection sees no later state."""
    # an empty statement would raise again what failed, from Python 3.12 on
    cursor.execute("SELECT 1").fetchall()


class Transaction:
    """Hold a transaction for one who has the lock, kept whole at the end, or not at all where anything is raised."""

    __slots__ = ("_begin", "_connection", "_cursor", "_path", "_run")

    _kept = "COMMIT"
    _taken_back: tuple[str, ...] = ("ROLLBACK",)

    def __init__(self, cursor: sqlite3.Cursor, path: str) -> None:
        self._cursor = cursor
        self._connection = cursor.connection
        self._run = cursor.connection.cursor().execute
        self._begin: Callable[[], object] = partial(self._run, "BEGIN IMMEDIATE")
        self._path = path

    def run(self, work: Callable[[], T], written: Callable[[], None]) -> T:
        """Return what work returns, once what it wrote is kept; `written` is called when that is about to be.

        Raises what work raises, and StoreUnavailable or another error of ours for what sqlite3 raises.
        """
        # A block of `with` would not do: a signal may strike on the way into its end, where nothing undoes it.
        try:
            self._begin()
            done = work()
            written()
            self._run(self._kept)
        except BaseException as error:
            try:
                self._undo()
            except Exception:
                self._translate(error)
                raise
            except BaseException:
                self._undo()  # a signal may strike on the way there too
                raise
            self._translate(error)
            raise
        return done

    def _translate(self, error: BaseException) -> None:
        if isinstance(error, TRANSLATED):
            raise translate(error, self._path) from error

    def _undo(self) -> None:
        _end(self._cursor)
        # SQLite has rolled back by itself after some errors, a full disk among them
        if self._connection.in_transaction:
            for statement in self._taken_back:
                self._run(statement)


class Joined(Transaction):
    """Hold a savepoint inside the host's transaction, which the host ends."""

    __slots__ = ()

    _kept = "RELEASE playbook"
    _taken_back = ("ROLLBACK TO playbook", _kept)

    def __init__(self, cursor: sqlite3.Cursor, path: str) -> None:
        super().__init__(cursor, path)
        self._begin = self._join

    def _join(self) -> None:
        if not self._connection.in_transaction:
            self._run("BEGIN IMMEDIATE")
        self._run("SAVEPOINT playbook")
