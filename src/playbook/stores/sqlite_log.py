"""Copying SQLite's write-ahead log into the file beside those who write, so that no command waits meanwhile."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from playbook.errors import PlaybookError

if TYPE_CHECKING:
    import sqlite3
    from contextlib import AbstractContextManager

    from playbook.stores.sqlite_use import Readers

_BATCHES = 400
_LARGE = 8_000


class LogCopier:
    """Copy the log in a thread of its own whenever many batches were written.

    SQLite itself does it within a commit, and who made that one waits for the disk twice.
    """

    def __init__(self, readers: Readers, lock: threading.Lock) -> None:
        self._readers = readers
        self._lock = lock
        self._copying = threading.Lock()
        self._since = 0

    def wrote(self, batches: int) -> None:
        """Hear of batches that were stored, by one who no longer holds the lock."""
        self._since += batches
        if self._since < _BATCHES or self._copying.locked():
            return
        self._since = 0
        with suppress(RuntimeError):  # no more threads: SQLite does it then
            threading.Thread(target=self._copy, name="playbook-log").start()

    def still(self) -> AbstractContextManager[object]:
        """Copy nothing during a block, which begins when what is under way has ended."""
        return self._copying

    def _copy(self) -> None:
        # what was to be stored is; where the disk is full, or the store closed by now, SQLite tries again later
        with self._copying, suppress(PlaybookError):
            self._readers.read(self._copied)

    def _copied(self, cursor: sqlite3.Cursor) -> None:
        copy = "PRAGMA wal_checkpoint(PASSIVE)"
        _, pages, _ = cursor.execute(copy).fetchone()
        if pages > _LARGE:
            with self._lock:  # the log begins anew only when all of it was copied: nobody adds to it now
                cursor.execute(copy).fetchone()
