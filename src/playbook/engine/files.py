"""Published files of the kinds that are stored: what they say, by digest, and what they add to guidance."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from playbook.engine.documents import document
from playbook.errors import PluginError
from playbook.model.events import FilePublished
from playbook.model.values import canonical, encode
from playbook.process.guiding import Beside, beside
from playbook.stores.rows import streams_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.expressions import Scope
    from playbook.plugins import Registry
    from playbook.reading.kinds import FileKind
    from playbook.reading.project import Project
    from playbook.stores.interface import Snapshot, Store

_FILES = "file:"
_PUBLISHED = msgspec.json.Decoder(FilePublished)


def file_stream(kind: str, file: str) -> str:
    """Return the stream of a published file."""
    return f"{_FILES}{kind}:{file}"


def is_file(stream: str) -> bool:
    """Return whether a stream is that of a published file."""
    return stream.startswith(_FILES)


class PublishedFiles:
    """Hold what published files say; safe from many threads, since what has a digest never changes."""

    def __init__(self, store: Store, tenant: str, registry: Registry) -> None:
        self._store = store
        self._tenant = tenant
        self._kinds = {name: kind for name, kind in registry.kinds.items() if kind.stored}
        self._contents: dict[str, Any] = {}

    def plan(self, project: Project) -> Iterator[tuple[str, Snapshot | None, FilePublished, bytes]]:
        """Yield what it takes to publish a project's files: stream, head, event and what the file says.

        A file that the project has no more is withdrawn: its digest is empty.
        """
        for name, kind in self._kinds.items():
            heads = self._heads(name)
            said = {
                id_: reading.value
                for id_, reading in project.readings(name).items()
                if reading.value is not None
            }
            for id_ in sorted({*said, *(_PUBLISHED.decode(head.data).file for head in heads.values())}):
                content = _encoded(kind, id_, said[id_]) if id_ in said else b""
                digest = hashlib.sha256(content).hexdigest() if content else ""
                event = FilePublished(name, id_, kind.version, digest)
                stream = file_stream(name, id_)
                head = heads.get(stream)
                if head is None or _PUBLISHED.decode(head.data) != event:
                    yield stream, head, event, content

    def all(self, kind: str) -> dict[str, Any]:
        """Return what the published files of a kind say, as plain values by id, in order of id."""
        found = (_PUBLISHED.decode(head.data) for head in self._heads(kind).values())
        return {one.file: self._content(one) for one in found if one.digest}

    def withdrawn(self, kind: str) -> tuple[str, ...]:
        """Return the ids of files of a kind that were published once and are no more, in order."""
        found = (_PUBLISHED.decode(head.data) for head in self._heads(kind).values())
        return tuple(one.file for one in found if not one.digest)

    def beside(self, scope: Scope) -> Iterator[Beside]:
        """Yield what published files add to the guidance of a case; raises PluginError for a kind that fails."""
        for name, kind in self._kinds.items():
            for id_, content in self.all(name).items() if kind.guide is not None else ():
                part = beside(name, id_, content.get("title", id_), _guided(kind, id_, content, scope))
                if part.parts:
                    yield part

    def _heads(self, kind: str) -> dict[str, Snapshot]:
        names = list(streams_of(self._store, self._tenant, file_stream(kind, "")))
        heads = self._store.load(self._tenant, names)
        return {name: heads[name] for name in names if name in heads}

    def _content(self, one: FilePublished) -> Any:
        if one.digest not in self._contents:
            said = document(self._store, self._tenant, one.digest, f"{one.kind} {one.file}")
            self._contents[one.digest] = msgspec.json.decode(said)
        return self._contents[one.digest]


def _guided(kind: FileKind, file: str, content: Any, scope: Scope) -> Mapping[str, Any]:
    assert kind.guide is not None
    try:
        return kind.guide(content, scope)
    except Exception as error:
        raise PluginError(kind.name, f"{kind.name} {file!r}: {type(error).__name__}: {error}") from error


def _encoded(kind: FileKind, file: str, value: Any) -> bytes:
    try:
        return canonical(value)
    except TypeError as error:
        raise PluginError(kind.name, f"what {kind.name} {file!r} says cannot be stored: {error}") from error


def snapshot_of_file(event: FilePublished) -> bytes:
    """Return the stored fold of the stream of a published file: the last event."""
    return encode(event)
