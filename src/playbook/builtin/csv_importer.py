"""Read rows of a CSV file, whatever its encoding and line ends; what cannot be read right is named."""

from __future__ import annotations

import codecs
import csv
import io
from typing import IO, TYPE_CHECKING, Any

from playbook.errors import InputError
from playbook.model.contributions import SourceRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16, so it is asked for first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSES = ("utf-8", "cp1252", "latin-1")  # the last one decodes anything
_CHUNK = 1 << 20
_REPORT_EVERY = 500
_OTHER_DELIMITERS = {";": ";", "\t": "\\t", "|": "|"}


def read(path: Path, reads: Mapping[str, Any], progress: Callable[[int], None]) -> Iterator[SourceRow]:
    """Yield the rows after the header; blank lines are passed over.

    `reads` may give `encoding` (detect by default) and `delimiter` (a comma); `progress` gets bytes read.
    A row with a NUL character, with more or fewer cells than the header or with a broken quote has a fault.
    Raises InputError where the file cannot be opened or decoded, or its header lacks a name or repeats one.
    """
    delimiter = _delimiter(reads)
    with _opened(path) as binary:
        encoding = _encoding(binary, path, str(reads.get("encoding", "detect")))
        binary.seek(0)
        source = csv.reader(io.TextIOWrapper(binary, encoding, newline=""), delimiter=delimiter, strict=True)
        parsed = _parsed(source)
        header = _header(next(parsed, None), path, guessed="delimiter" not in reads)
        for count, (line, row) in enumerate(parsed, start=1):
            if count % _REPORT_EVERY == 0:
                progress(binary.tell())
            yield row if isinstance(row, SourceRow) else _source_row(line, header, row)
        progress(binary.tell())


def _delimiter(reads: Mapping[str, Any]) -> str:
    given = reads.get("delimiter", ",")
    if not isinstance(given, str) or len(given) != 1 or given in '"\r\n\0':
        raise InputError(f'{given!r} is not a delimiter: write one character, like ";" or "\\t"')
    return given


def _opened(path: Path) -> IO[bytes]:
    try:
        binary = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if not binary.seekable():
        binary.close()
        raise InputError(f"{path} cannot be read twice, which finding its encoding takes: save it to a file")
    return binary


def _encoding(binary: IO[bytes], path: Path, wanted: str) -> str:
    """Return the encoding of the whole file; a byte order mark says more than what was wanted."""
    start = binary.read(4)
    if not start:
        raise InputError(f"{path} is empty: a first line with the names of the columns was expected")
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    if marked is None and wanted == "detect":
        return next(name for name in _GUESSES if _undecodable(binary, name) is None)
    encoding = marked or wanted
    try:
        "".encode(encoding)
    except (LookupError, UnicodeError):
        raise InputError(f"{wanted!r} is no encoding: write detect, utf-8, utf-16 or cp1252") from None
    line = _undecodable(binary, encoding)
    if line is not None:
        raise InputError(f"{path} line {line} is not {encoding}: write encoding: detect, or the right one")
    return encoding


def _undecodable(binary: IO[bytes], encoding: str) -> int | None:
    """Return the first line that the encoding cannot decode, or None."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    binary.seek(0)
    try:
        while chunk := binary.read(_CHUNK):
            line += decoder.decode(chunk).count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return line + error.object[: error.start].decode(encoding, "ignore").count("\n")
    return None


def _parsed(source: Any) -> Iterator[tuple[int, list[str] | SourceRow]]:
    """Yield rows that are not blank with their lines; a row that breaks the rules of quoting has a fault."""
    while True:
        line = source.line_num + 1
        try:
            row = next(source, None)
        except csv.Error as error:
            yield line, SourceRow(line, {}, _quoting(str(error), line, source.line_num))
            continue
        if row is None:
            return
        if row:
            yield line, row


def _quoting(error: str, first: int, last: int) -> str:
    taken = f"; lines {first} to {last} were taken for one row" if last > first else ""
    if "expected after" in error:
        return f"text follows a closing quote; inside quotes, write a quote twice{taken}"
    if "unexpected end" in error or "field limit" in error:
        return f"a quote is opened and never closed{taken}"
    return error + taken


def _header(first: tuple[int, list[str] | SourceRow] | None, path: Path, *, guessed: bool) -> tuple[str, ...]:
    """Return the names of the columns, white space in them made single."""
    row = [] if first is None else first[1]
    if isinstance(row, SourceRow):
        raise InputError(f"{path} line {row.line}: the header cannot be read: {row.fault}")
    names = tuple(" ".join(cell.split()) for cell in row)
    if not any(names):
        raise InputError(f"{path} has no header: a first line with the names of the columns was expected")
    if any("\0" in name for name in names):
        raise InputError(
            f"{path}: the header holds NUL characters; if this is UTF-16, write encoding: utf-16-le"
        )
    mark = next((mark for mark in _OTHER_DELIMITERS if mark in row[0]), None)
    if guessed and len(names) == 1 and mark is not None:
        written = f'delimiter: "{_OTHER_DELIMITERS[mark]}"'
        raise InputError(f"{path} has one column, {names[0]!r}; if that is several, write {written}")
    for number, name in enumerate(names, start=1):
        if not name:
            raise InputError(
                f"{path}: column {number} has no name in the header; name it or remove the column"
            )
        if names.index(name) + 1 < number:
            raise InputError(f"{path}: columns {names.index(name) + 1} and {number} are both named {name!r}")
    return names


def _source_row(line: int, header: tuple[str, ...], row: list[str]) -> SourceRow:
    cells = dict(zip(header, row, strict=False))
    if len(row) != len(header):
        return SourceRow(
            line, cells, f"{_counted(row, 'cell')}, where the header has {_counted(header, 'column')}"
        )
    if "\0" in "".join(row):
        column = next(name for name, cell in cells.items() if "\0" in cell)
        return SourceRow(line, cells, f"column {column!r} holds a NUL character")
    return SourceRow(line, cells)


def _counted(things: list[str] | tuple[str, ...], what: str) -> str:
    return f"{len(things)} {what}" + ("" if len(things) == 1 else "s")
