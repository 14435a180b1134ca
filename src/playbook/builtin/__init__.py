"""What ships inside, registered exactly like a third party's plugin; the parts are imported when used."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.expressions import STANDARD
from playbook.hookspecs import hookimpl
from playbook.model.contributions import Importer
from playbook.reading.standard import STANDARD_KINDS
from playbook.stores.interface import StoreKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from playbook.expressions import Function
    from playbook.model.contributions import SourceRow
    from playbook.model.stream_kinds import StreamKind
    from playbook.reading.kinds import FileKind, Shape
    from playbook.stores.interface import Store


@hookimpl
def playbook_stores() -> Iterator[StoreKind]:
    """Add the store in memory and the one in an SQLite file."""
    yield StoreKind("memory", "1", _open_memory, doc="Keeps nothing when the program ends; memory://")
    yield StoreKind(
        "sqlite",
        "1",
        _open_sqlite,
        doc="Keeps everything in one file; sqlite:///FILE, or sqlite:///FILE?synchronous=full",
        ddl=_ddl_sqlite,
    )


@hookimpl
def playbook_functions() -> Iterable[Function]:
    """Add the standard functions of conditions."""
    return STANDARD.values()


@hookimpl
def playbook_importers() -> Iterator[Importer]:
    """Add CSV."""
    yield Importer("csv", "1", _read_csv, doc="Text with a delimiter; the first line names the columns")


@hookimpl
def playbook_kinds() -> Iterator[FileKind]:
    """Add the kinds of files that every project may have."""
    for kind in STANDARD_KINDS.values():
        yield replace(kind, load=partial(_shape, kind.name))


@hookimpl
def playbook_streams() -> Iterable[StreamKind]:
    """Add cases, records, the organization, and what is published."""
    from playbook.process.streams import STANDARD_STREAMS

    return STANDARD_STREAMS


def _shape(kind: str) -> Shape:
    from playbook.checking import shape

    return shape(kind)


def _open_memory(url: str) -> Store:
    from playbook.stores.memory import MemoryStore

    return MemoryStore()


def _open_sqlite(url: str) -> Store:
    from playbook.stores.sqlite import open_url

    return open_url(url)


def _ddl_sqlite(since: int) -> str:
    from playbook.stores.sqlite_file import ddl

    return ddl(since)


def _read_csv(path: Path, reads: Mapping[str, Any], progress: Callable[[int], None]) -> Iterator[SourceRow]:
    from playbook.builtin.csv_importer import read

    return read(path, reads, progress)
