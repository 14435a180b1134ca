"""Published playbooks: putting them into the store, and holding them compiled by digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from playbook.engine.documents import document
from playbook.errors import InputError, UnknownName
from playbook.model.values import encode
from playbook.process.compiled import Compiled
from playbook.process.definition import definition, normalize, uses
from playbook.process.streams import Versions
from playbook.stores.rows import streams_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.model.playbook import Playbook, Stage
    from playbook.plugins import Registry
    from playbook.process.definition import Definition, Documents, Place
    from playbook.stores.interface import Snapshot, Store


def stream_of(playbook: str) -> str:
    """Return the stream of a playbook's versions."""
    return f"playbook:{playbook}"


class _Known(msgspec.Struct, frozen=True):
    """Keep the versions of a playbook by its head, the newest texts of each process, and what is compiled."""

    head: int
    hash: bytes
    versions: Versions
    texts: dict[str, str]
    ready: dict[str, Compiled] = {}


_VERSIONS = msgspec.json.Decoder(Versions)


class Compiler:
    """Make definitions ready to run, each once; engines over several stores may share one."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._compiled: dict[tuple[str, str], Compiled] = {}

    def known(self, digest: str, texts: str) -> Compiled | None:
        """Return a definition that was made before."""
        return self._compiled.get((digest, texts))

    def compiled(self, digest: str, texts: str, process: bytes, beside: bytes) -> Compiled:
        """Return the definition of two documents, named by their digests."""
        made = self._compiled[digest, texts] = self.make(definition(process, beside))
        return made

    def make(self, read: Definition) -> Compiled:
        """Compile a definition."""
        registry = self.registry
        contracts = registry.contracts()
        return Compiled(read, registry.functions, registry.criteria, contracts, registry.actions)


class Definitions:
    """Hold compiled definitions by digest and texts; safe from many threads, since entries never change."""

    def __init__(self, store: Store, tenant: str, registry: Registry) -> None:
        self._store = store
        self._tenant = tenant
        self._registry = registry
        self.compiler = Compiler(registry)
        self._known: dict[str, _Known] = {}

    def versions(self, playbook: str, head: Snapshot | None = None) -> Versions:
        """Return the published versions of a playbook; empty where it has none."""
        if head is None:
            head = self._store.load(self._tenant, (stream_of(playbook),)).get(stream_of(playbook))
        if head is None:
            return Versions()
        known = self._known.get(playbook)
        if known is None or known.hash != head.hash:
            versions = _VERSIONS.decode(head.data)
            known = _Known(head.version, head.hash, versions, {p.digest: p.texts for p in versions.published})
            self._known[playbook] = known
        return known.versions

    def forget(self, playbook: str) -> None:
        """Look at a playbook's versions anew when they are next asked for."""
        self._known.pop(playbook, None)

    def current(self, playbook: str, head: Snapshot | None) -> Compiled:
        """Return the definition that new cases are opened with; raises UnknownName where none is published."""
        versions = self.versions(playbook, head)
        if not versions.published:
            raise UnknownName("published playbook", playbook, self.names())
        return self._load(versions.current.digest, versions.current.texts)

    def former(self, playbook: str) -> tuple[Stage, ...]:
        """Return the stages that a playbook had once and has no more, each as the newest version that had it says."""
        *earlier, current = self.versions(playbook).published
        known = set(self.pinned(playbook, current.digest).stages)
        found: list[Stage] = []
        for version in reversed(earlier):
            stages = self.pinned(playbook, version.digest).playbook.stages
            found += [stage for stage in stages if stage.id not in known]
            known |= {stage.id for stage in stages}
        return tuple(found)

    def held(self, playbook: str) -> tuple[Compiled, int] | None:
        """Return what new cases were opened with when that was last read, and the version of its stream then."""
        known = self._known.get(playbook)
        if known is None or not known.versions.published:
            return None
        return self.pinned(playbook, known.versions.current.digest), known.head

    def pinned(self, playbook: str, digest: str) -> Compiled:
        """Return the definition that a case is pinned to, with the newest texts this engine has seen."""
        known = self._known.get(playbook)
        compiled = None if known is None else known.ready.get(digest)
        if compiled is not None:
            return compiled
        if known is None or digest not in known.texts:
            return self._load(digest, self.versions(playbook).texts_of(digest))
        made = known.ready[digest] = self._load(digest, known.texts[digest])
        return made

    def names(self) -> tuple[str, ...]:
        """Return the ids of the playbooks that are published."""
        prefix = stream_of("")
        return tuple(name.removeprefix(prefix) for name in streams_of(self._store, self._tenant, prefix))

    def plan(self, playbook: Playbook, where: Mapping[str, Place], versions: Versions) -> Documents | None:
        """Return the documents to publish, or None where they are published already.

        Raises InputError where the process changed without a new version, and cases hang on the old one.
        """
        documents = normalize(playbook, self._registry.contracts(uses(playbook)), where)
        if not versions.published:
            return documents
        current = versions.current
        if current.digest == documents.digest:
            return None if current.texts == documents.texts_digest else documents
        if playbook.version < current.version:
            raise InputError(
                f"{playbook.id}: version {playbook.version} is older than the published version {current.version}; "
                f"write version: {current.version + 1}"
            )
        if playbook.version == current.version and self._has_cases(playbook.id):
            raise InputError(
                f"{playbook.id}: version {playbook.version} has cases and its process changed; "
                f"write version: {current.version + 1} to publish the change"
            )
        return documents

    def _has_cases(self, playbook: str) -> bool:
        from playbook.stores.interface import Query

        return bool(self._store.find(self._tenant, Query(playbook=playbook), limit=1).items)

    def _load(self, digest: str, texts: str) -> Compiled:
        compiled = self.compiler.known(digest, texts)
        if compiled is None:
            store, tenant = self._store, self._tenant
            process, beside = (document(store, tenant, one, "a playbook") for one in (digest, texts))
            compiled = self.compiler.compiled(digest, texts, process, beside)
        return compiled


def snapshot_of(versions: Versions) -> bytes:
    """Return the stored fold of a playbook's stream."""
    return encode(versions)
