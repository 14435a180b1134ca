"""How threads share connections: one that writes, and others to read from while it is busy."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from playbook.errors import StoreUnavailable
from playbook.stores.sqlite_file import TRANSLATED, connect, translate

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from types import TracebackType


class Readers:
    """Lend a cursor to one reader at a time, and turn what sqlite3 raises into errors of ours.

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

    def lend(self, *, short: bool = False) -> _Loan:
        """Lend a cursor, whose rows are fetched before it goes back."""
        return _Loan(self, short)

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

    def take(self, short: bool) -> sqlite3.Connection | None:
        """Return a connection to read from; None, with the lock held, is the writing one."""
        if self._timeout is None:
            self._lock.acquire()
            return None
        if short and self._lock.acquire(blocking=False):
            return None
        with self._guard:
            if self._closed:
                raise StoreUnavailable(f"{self.path} was closed")
            if self._idle:
                return self._idle.pop()
        try:
            return connect(self.path, self._timeout)
        except TRANSLATED as error:
            raise translate(error, self.path) from error

    def give(self, own: sqlite3.Connection | None) -> None:
        """Take back what was lent."""
        if own is None:
            self._lock.release()
            return
        with self._guard:
            if not self._closed:
                self._idle.append(own)
                return
        own.close()


class _Loan:
    """Lend a cursor for a block; leaner than a generator, because every command reads."""

    __slots__ = ("_own", "_readers", "_short")

    def __init__(self, readers: Readers, short: bool) -> None:
        self._readers = readers
        self._short = short

    def __enter__(self) -> sqlite3.Cursor:
        self._own = self._readers.take(self._short)
        return self._readers.cursor if self._own is None else self._own.cursor()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._readers.give(self._own)
        if isinstance(error, TRANSLATED):
            raise translate(error, self._readers.path) from error


class Transaction:
    """Hold a transaction for one who has the lock, kept whole at the end, or not at all where anything is raised."""

    __slots__ = ("_begin", "_connection", "_path", "_run")

    _kept = "COMMIT"

    def __init__(self, cursor: sqlite3.Cursor, path: str) -> None:
        self._connection = cursor.connection
        self._run = cursor.connection.cursor().execute
        self._begin: Callable[[], object] = partial(self._run, "BEGIN IMMEDIATE")
        self._path = path

    def __enter__(self) -> None:
        try:
            self._begin()
        except BaseException as error:
            if not isinstance(error, Exception):
                self._undo()  # a signal may strike when it has begun
            self._translate(error)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._run(self._kept)
        except BaseException as failed:
            error = failed
            raise
        finally:
            if error is not None:
                try:
                    self._undo()
                finally:
                    self._translate(error)

    def _translate(self, error: BaseException) -> None:
        if isinstance(error, TRANSLATED):
            raise translate(error, self._path) from error

    def _undo(self) -> None:
        # SQLite has rolled back by itself after some errors, a full disk among them
        if self._connection.in_transaction:
            self._run("ROLLBACK")


class Joined(Transaction):
    """Hold a savepoint inside the host's transaction, which the host ends."""

    __slots__ = ()

    _kept = "RELEASE playbook"

    def __init__(self, cursor: sqlite3.Cursor, path: str) -> None:
        super().__init__(cursor, path)
        self._begin = self._join

    def _join(self) -> None:
        if not self._connection.in_transaction:
            self._run("BEGIN IMMEDIATE")
        self._run("SAVEPOINT playbook")

    def _undo(self) -> None:
        if self._connection.in_transaction:
            self._run("ROLLBACK TO playbook")
            self._run("RELEASE playbook")
