"""Statements sent in one go, over libpq itself: a cursor of the driver takes several times as long for each.

A pipe and the driver take turns on a connection: outside pipeline mode it is as the driver expects it.
"""

from __future__ import annotations

import itertools
import re
import selectors
import struct
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import adapt
from psycopg.adapt import AdaptersMap, Dumper, PyFormat
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format, TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import BytesBinaryDumper, StrBinaryDumper

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg.abc import Transformer
    from psycopg.pq.abc import PGresult

    Values = Sequence[Any] | dict[str, Any]
    _Key = tuple[str, tuple[int, ...]]

_COMMIT = "COMMIT"
_BINARY_RESULT = 1
# a question to the index may read in very many ways; the server keeps the plans of so many statements
_PREPARED = 256
_GOOD = (int(ExecStatus.TUPLES_OK), int(ExecStatus.COMMAND_OK))
_SYNC = int(ExecStatus.PIPELINE_SYNC)
_TEXT = psycopg.adapters.types["text"].oid
_Selector: Any = getattr(selectors, "PollSelector", selectors.SelectSelector)


class _TextsDumper(Dumper):
    """Give a list of texts to the server; every list that we send is one, and the driver would look what it holds."""

    format = Format.BINARY
    oid = psycopg.adapters.types["text"].array_oid
    _HEAD = struct.Struct("!iiiii")
    _LENGTH = struct.Struct("!i")

    def dump(self, obj: list[str]) -> bytes:
        """Return the array: dimensions, whether there are NULLs, the type, the length, the first index, the texts."""
        if not obj:
            return bytes(8) + self._LENGTH.pack(_TEXT)
        parts = [self._HEAD.pack(1, 0, _TEXT, len(obj), 1)]
        for text in obj:
            encoded = text.encode()
            parts += (self._LENGTH.pack(len(encoded)), encoded)
        return b"".join(parts)


_ADAPTERS = AdaptersMap(psycopg.adapters)
# one width for all whole numbers, else each mixture of sizes is a statement to be prepared anew
for _type, _dumper in (
    (int, Int8BinaryDumper),
    (bytes, BytesBinaryDumper),
    (str, StrBinaryDumper),
    (list, _TextsDumper),
):
    _ADAPTERS.register_dumper(_type, _dumper)


class InDoubtError(psycopg.OperationalError):
    """Says that the connection was lost when the commit was under way and its answer had not come."""


class Answer:
    """Hold what a statement changed or found, once its pipe was synchronized."""

    __slots__ = ("_load", "result")

    def __init__(self, load: Transformer) -> None:
        self._load = load
        self.result: PGresult | None = None

    @property
    def failed(self) -> bool:
        """Return whether the statement failed, or one before it."""
        return self.result is None or self.result.status not in _GOOD

    @property
    def rowcount(self) -> int:
        """Return how many rows there are, or were changed."""
        return (self.result.command_tuples if self.result else None) or 0

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows."""
        result = self.result
        if result is None:
            raise psycopg.InterfaceError("the pipe was not synchronized")
        self._load.set_pgresult(result)
        return self._load.load_rows(0, result.ntuples, tuple)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the first row, None where there is none."""
        rows = self.fetchall()
        return rows[0] if rows else None


class Pipe:
    """Send statements over a connection; with `prepare` the server keeps their plans: not where hosts clear them."""

    def __init__(self, connection: psycopg.Connection[Any], *, prepare: bool) -> None:
        self._connection = connection
        self._server = connection.pgconn
        self._prepare = prepare
        self._known: dict[_Key, bytes] = {}
        self._names = itertools.count()
        self._sent: list[Answer | _Key] = []
        self._depth = 0
        self._selector = _Selector()
        self._selector.register(self._server.socket, selectors.EVENT_READ)
        self._transformer: Transformer = adapt.Transformer(_Context(connection))

    @property
    def lost(self) -> bool:
        """Return whether the connection is gone."""
        return self._server.status != ConnStatus.OK

    def was_told(self) -> bool:
        """Return whether the server has said something that it was not asked: often that it ends."""
        self._selector.modify(self._server.socket, selectors.EVENT_READ)
        return bool(self._selector.select(0))

    def ask(self, statement: str, values: Values = ()) -> Answer:
        """Send a statement and wait for its answer."""
        answer = self.send(statement, values)
        self.sync()
        return answer

    def send(self, statement: str, values: Values = ()) -> Answer:
        """Send a statement; its answer, and whether it failed, is known after `sync`."""
        sql, names = _numbered(statement)
        given = [values[name] for name in names] if isinstance(values, dict) else values
        transformer, server = self._transformer, self._server
        dumped = transformer.dump_sequence(given, [PyFormat.BINARY] * len(given))
        types, formats = transformer.types or (), transformer.formats
        if not self._sent:
            server.enter_pipeline_mode()
        name = self._name(statement, sql, types) if self._prepare else None
        if name is None:
            server.send_query_params(sql, dumped, types, formats, _BINARY_RESULT)
        else:
            server.send_query_prepared(name, dumped, formats, _BINARY_RESULT)
        answer = Answer(transformer)
        self._sent.append(answer)
        return answer

    def _name(self, statement: str, sql: bytes, types: tuple[int, ...]) -> bytes | None:
        """Return the name of a prepared statement, preparing it at its first use; None where there are too many."""
        key = (statement, types)
        name = self._known.get(key)
        if name is None and len(self._known) < _PREPARED:
            self._known[key] = name = b"playbook_%d" % next(self._names)
            self._server.send_prepare(name, sql, types)
            self._sent.append(key)
        return name

    def sync(self) -> None:
        """Wait for the answers to all that was sent; raises the error of the first statement that failed."""
        sent, self._sent = self._sent, []
        if not sent:
            return
        self._server.pipeline_sync()
        failed: PGresult | None = None
        answered = 0
        for waiting, result in zip(sent, self._results(), strict=False):
            answered += 1
            good = result.status in _GOOD
            if isinstance(waiting, Answer):
                waiting.result = result
            elif not good:
                del self._known[waiting]  # it failed, or something before it did
            if not good and failed is None:
                failed = result
        if not self.lost:
            self._server.exit_pipeline_mode()
        if failed is not None:
            raise _error(failed)
        if answered < len(sent):
            raise psycopg.OperationalError("the connection was closed")

    def _results(self) -> list[PGresult]:
        """Return what came back: an answer to each statement, unless the connection was lost."""
        results: list[PGresult] = []
        server = self._server
        try:
            while True:
                while server.is_busy():
                    self._wait()
                result = server.get_result()
                if result is not None:
                    if result.status == _SYNC:
                        return results
                    results.append(result)
                elif self.lost:
                    return results
        except psycopg.OperationalError:
            return results

    def _wait(self) -> None:
        """Hand to the system what it takes, and take what has come, once either is possible."""
        left = self._server.flush()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if left else 0)
        self._selector.modify(self._server.socket, events)
        if self._selector.select()[0][1] & selectors.EVENT_READ:
            self._server.consume_input()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit, in one go, what is sent within a block, or undo it where it raises; in a transaction, a savepoint.

        Raises InDoubtError where the connection is lost so that nobody here can know whether it was committed.
        """
        begin, commit, undo = self._words()
        self.send(begin)
        self._depth += 1
        try:
            yield
            self._commit(commit)
        except BaseException as error:
            self._undo(undo, error)
            raise
        finally:
            self._depth -= 1

    def _words(self) -> tuple[str, str, tuple[str, ...]]:
        """Return what begins, commits and undoes."""
        if not self._depth and self._server.transaction_status == TransactionStatus.IDLE:
            return "BEGIN ISOLATION LEVEL READ COMMITTED", _COMMIT, ("ROLLBACK",)
        name = f"playbook_{self._depth}"
        return f"SAVEPOINT {name}", f"RELEASE {name}", (f"ROLLBACK TO {name}", f"RELEASE {name}")

    def _commit(self, commit: str) -> None:
        last = self.send(commit)
        try:
            self.sync()
        except psycopg.Error as error:
            itself = last.result is not None and last.result.status == ExecStatus.FATAL_ERROR
            if self.lost and commit == _COMMIT and (itself or error.sqlstate is None):
                raise InDoubtError(str(error)) from error
            raise

    def _undo(self, undo: tuple[str, ...], error: BaseException) -> None:
        if not isinstance(error, Exception):
            self._connection.close()  # whoever stops the program does not wait for the server
        if self.lost:
            return
        with suppress(psycopg.Error):
            self.sync()  # what failed is known: it is why we are here
        for statement in undo:
            self.ask(statement)


class _Context:
    """Tell the driver's converters which of them to take, and the connection's encoding."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.adapters = _ADAPTERS


@lru_cache(maxsize=1024)
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a statement with `$1` instead of `%s` or `%(name)s`, and the names in order of number."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${numbers.setdefault(found[1] or str(len(numbers)), len(numbers) + 1)}"

    sql = re.sub(r"%(?:\((\w+)\))?s", number, statement)
    return sql.encode(), tuple(numbers)


def _error(result: PGresult) -> psycopg.Error:
    if not result.error_field(DiagnosticField.SQLSTATE):  # not the server says so: the connection is gone
        return psycopg.OperationalError(result.get_error_message())
    return psycopg.errors.error_from_result(result)
