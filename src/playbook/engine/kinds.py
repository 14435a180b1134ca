"""Published kinds of records: in the store, and made ready by digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from playbook.engine.documents import document
from playbook.errors import InputError, UnknownName
from playbook.model.record import RECORDS, KindPublished
from playbook.model.values import encode
from playbook.process.definition import normalize_record, record_of
from playbook.process.recording import Kind
from playbook.process.streams import KindVersions
from playbook.stores.rows import streams_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.model.playbook import Field
    from playbook.model.record import Record
    from playbook.plugins import Registry
    from playbook.process.definition import Documents
    from playbook.stores.interface import Snapshot, Store

_KINDS = "kind:"
_VERSIONS = msgspec.json.Decoder(KindVersions)


def kind_stream(kind: str) -> str:
    """Return the stream of a kind of record."""
    return _KINDS + kind


class Kinds:
    """Hold kinds of records, made ready; safe from many threads, since entries never change."""

    def __init__(self, store: Store, tenant: str, registry: Registry) -> None:
        self._store = store
        self._tenant = tenant
        self._registry = registry
        self._ready: dict[tuple[str, str], Kind] = {}
        self.told: Callable[[Record], Record] = lambda record: record

    def find(self, kind: str, head: Snapshot | None = None) -> tuple[Kind, int] | None:
        """Return a kind as it is published and the version of its stream, None where it is not."""
        if head is None:
            head = self._store.load(self._tenant, (kind_stream(kind),)).get(kind_stream(kind))
        return None if head is None else (self._load(_VERSIONS.decode(head.data).published[-1]), head.version)

    def current(self, kind: str) -> tuple[Kind, int]:
        """Return a kind as it is published and the version of its stream; raises UnknownName."""
        found = self.find(kind)
        if found is None:
            raise UnknownName("kind of record", kind, self.names())
        return found

    def names(self) -> tuple[str, ...]:
        """Return the ids of the kinds that are published."""
        found = streams_of(self._store, self._tenant, _KINDS)
        return tuple(name.removeprefix(_KINDS) for name in found)

    def plan(self, record: Record, head: Snapshot | None) -> tuple[Documents, KindVersions] | None:
        """Return the documents to publish with the fold after it, None where they are published already.

        Raises InputError where records are there that the change would make unreadable, or not unique.
        """
        documents = normalize_record(record)
        versions = KindVersions() if head is None else _VERSIONS.decode(head.data)
        now = documents.digest, documents.texts_digest
        if versions.published and now == (versions.published[-1].digest, versions.published[-1].texts):
            return None
        first = not self.has_records(record.id)
        if not first:
            for published in versions.binding():
                self._hold_against(self._load(published).record, record)
        event = KindPublished(record.id, *now, first)
        return documents, KindVersions((*versions.published, event))

    def has_records(self, kind: str) -> bool:
        """Return whether there is a record of a kind."""
        prefix = f"{RECORDS}{kind}:"
        return any(
            name.startswith(prefix) for name in self._store.streams(self._tenant, after=prefix, limit=1)
        )

    @staticmethod
    def _hold_against(before: Record, after: Record) -> None:
        fields = {field.id: field for field in after.fields}
        fields_before = {field.id for field in before.fields}
        for field in before.fields:
            now = fields.get(field.id)
            if now is not None and _shape(now) != _shape(field):
                raise InputError(
                    f"{after.id}: there are records whose {field.id} is a {field.type}; "
                    f"give the new field another id than {field.id!r}"
                )
        for name in after.unique:
            if name in fields_before and name not in before.unique:
                raise InputError(
                    f"{after.id}: there are records already, among which {name} is not known to be unique; "
                    f"make a new field unique instead"
                )

    def _load(self, published: KindPublished) -> Kind:
        key = published.digest, published.texts
        kind = self._ready.get(key)
        if kind is None:
            made, beside = (document(self._store, self._tenant, d, f"record {published.record}") for d in key)
            kind = self._ready[key] = Kind(self.told(record_of(made, beside)), self._registry.functions)
        return kind


def _shape(field: Field | None) -> object:
    """Return what decides how a stored value of a field is read."""
    if field is None:
        return None
    return field.type, _shape(field.of), tuple((column.id, _shape(column)) for column in field.columns)


def snapshot_of_kind(versions: KindVersions) -> bytes:
    """Return the stored fold of the stream of a kind of record."""
    return encode(versions)
