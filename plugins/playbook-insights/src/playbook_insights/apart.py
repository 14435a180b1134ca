"""Read columns by a driver of ADBC, in a process of its own where the driver must not share ours.

The driver for SQLite brings an SQLite of its own, and the locks of a file belong to the process, whoever took them:
where that one closes the file, those of our store are gone, and what it commits may be lost. So it reads in another
process, which is started for the first frame and ends with this one.
"""

from __future__ import annotations

import atexit
import importlib
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import narwhals as nw
import polars as pl

from playbook import Source, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Reader:
    """Read sources in another process, one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._parent = 0
        atexit.register(self._end)

    def read(self, source: Source) -> pl.DataFrame:
        """Return the rows of a source; raises StoreUnavailable where they cannot be read."""
        with tempfile.TemporaryDirectory() as folder:  # a pipe would take as long again as reading does
            with self._lock:
                fault = self._answer(msgspec.json.encode((folder, source)) + b"\n")
            if fault:
                raise unreadable(fault)
            return _whole([pl.read_ipc(_file(folder, part)) for part in range(len(source.parts))])

    def _answer(self, asked: bytes) -> str:
        for last in (False, True):  # it may have been killed; another one does better
            child = self._running()
            try:
                return _exchange(child, asked)
            except (OSError, EOFError) as error:
                self._end()
                if last:
                    raise unreadable("the process that reads them ended") from error
            except BaseException:  # what it answers now would be taken for the answer to the next question
                child.kill()
                self._end()
                raise
        raise AssertionError

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._parent != os.getpid():  # a fork must not ask its parent's
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__],  # no module of the current folder
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for those who look at it
            )
            self._parent = os.getpid()
        return self._child

    def _end(self) -> None:
        if self._child is not None and self._parent == os.getpid():
            self._child.communicate()  # it ends where nothing is asked any more
        self._child = None


def _exchange(child: subprocess.Popen[bytes], asked: bytes) -> str:
    """Return what went wrong, nothing where it went well; raises EOFError where the child ended."""
    if child.stdin is None or child.stdout is None:
        raise EOFError
    child.stdin.write(asked)
    child.stdin.flush()
    answer = child.stdout.readline()
    if not answer:
        raise EOFError
    return str(msgspec.json.decode(answer))


def gather(source: Source) -> pl.DataFrame:
    """Return the rows of a source, read in this process; raises StoreUnavailable."""
    return _whole(_each_part(source, lambda _, frame: frame))


def _each_part(source: Source, use: Callable[[int, pl.DataFrame], T]) -> list[T]:
    """Read the parts of a source side by side, and return what `use` made of each, with its number."""
    driver = driver_of(source)

    def read(part: int, statement: str) -> T:
        with driver.connect(source.uri, autocommit=True) as connection, connection.cursor() as cursor:
            if source.before:
                cursor.execute(source.before)
            cursor.adbc_statement.set_options(**source.options)
            cursor.execute(statement)
            return use(part, nw.from_arrow(cursor.fetch_arrow(), backend="polars").to_native())

    try:
        with ThreadPoolExecutor(len(source.parts)) as threads:
            return list(threads.map(read, range(len(source.parts)), source.parts))
    except driver.Error as error:
        raise unreadable(str(error).splitlines()[0]) from error


def _whole(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(
        parts, how="vertical_relaxed"
    )  # where a part knows no value of a column, it knows no type


def _file(folder: str, part: int) -> Path:
    return Path(folder, f"{part}.arrow")


def driver_of(source: Source) -> Any:
    """Return the module of a source's driver, None where it is not installed."""
    try:
        return importlib.import_module(f"adbc_driver_{source.driver}.dbapi")
    except ModuleNotFoundError:
        return None


def unreadable(why: str) -> StoreUnavailable:
    """Return what to raise where the cases cannot be read."""
    return StoreUnavailable(f"the cases cannot be read: {why}; try again")


def main() -> None:
    """Write the rows of sources into the folders that are named with them, until nobody asks any more."""
    for line in sys.stdin.buffer:
        folder, said = msgspec.json.decode(line)
        fault = ""
        try:
            _each_part(Source(**said), partial(_write, folder))
        except StoreUnavailable as error:
            fault = str(error.__cause__).splitlines()[0]
        sys.stdout.buffer.write(msgspec.json.encode(fault) + b"\n")
        sys.stdout.buffer.flush()


def _write(folder: str, part: int, frame: pl.DataFrame) -> None:
    # as the driver gave them: to write texts as Polars holds them takes longer
    frame.write_ipc(_file(folder, part), compat_level=pl.CompatLevel.oldest())


if __name__ == "__main__":
    main()
