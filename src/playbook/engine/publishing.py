"""Publishing: what a project says of playbooks and people goes into their streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.engine.definitions import Definitions, snapshot_of, stream_of
from playbook.engine.files import snapshot_of_file
from playbook.engine.kinds import kind_stream, snapshot_of_kind
from playbook.engine.rearming import hours_of, rearming
from playbook.engine.streams import ORGANIZATION, chained, not_before, organization_changes
from playbook.errors import InputError, ProblemsFound
from playbook.model.events import Published
from playbook.model.organization import OPERATOR, Organization
from playbook.model.values import encode
from playbook.process.definition import Place
from playbook.process.streams import Versions, fold_organization
from playbook.stores.interface import Batch, VersionConflict, Write

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from playbook.engine.files import PublishedFiles
    from playbook.engine.kinds import Kinds
    from playbook.process.facts import World
    from playbook.reading.project import Project
    from playbook.stores.interface import Snapshot, Store
    from playbook.times import Clock


_FOLD = 1


class Publisher:
    """Write published definitions and the organization of one tenant."""

    def __init__(
        self,
        store: Store,
        tenant: str,
        clock: Clock,
        definitions: Definitions,
        kinds: Kinds,
        files: PublishedFiles,
        world_of: Callable[[Snapshot | None], World],
    ) -> None:
        self.store = store
        self.tenant = tenant
        self.clock = clock
        self.definitions = definitions
        self.kinds = kinds
        self.files = files
        self._world_of = world_of

    def publish(self, project: Project, actor: str) -> dict[str, str]:
        """Publish a project whole or not at all; return the digest of each playbook.

        Raises ProblemsFound and InputError as Engine.publish does.
        """
        from playbook.checking import (
            hindering,
            problems_of,
        )  # brings the YAML reader, which running a case does without

        problems = hindering(problems_of(project))
        if problems:
            raise ProblemsFound(problems)
        while True:
            batch, digests = self._publication(project, actor)
            answer = self.store.append([batch])[0] if batch.writes else None
            for name in digests:
                self.definitions.forget(name)
            if not isinstance(answer, VersionConflict):
                return digests

    def is_published(self, project: Project) -> bool:
        """Return whether publishing a project would change nothing."""
        try:
            batch, _ = self._publication(project, OPERATOR)
        except InputError:  # a new version is missing, so something is new
            return False
        return not batch.writes

    def _publication(self, project: Project, actor: str) -> tuple[Batch, dict[str, str]]:
        streams = [stream_of(name) for name in sorted(project.playbooks)]
        streams += [kind_stream(name) for name in sorted(project.records)]
        heads = self.store.load(self.tenant, [*streams, ORGANIZATION])
        now = self.clock()
        writes, documents, digests, faults = list[Write](), dict[str, bytes](), dict[str, str](), list[str]()
        self._kinds(project, heads, actor, now, writes, documents, faults)
        for name, reading in sorted(project.playbooks.items()):
            if reading.value is None:
                continue
            head = heads.get(stream_of(name))
            versions = self.definitions.versions(name, head) if head else Versions()
            try:
                where = {path: Place(project.relative(s.file), s.line) for path, s in reading.where.items()}
                made = self.definitions.plan(reading.value, where, versions)
            except InputError as error:
                faults.append(str(error))
                continue
            digests[name] = made.digest if made else versions.current.digest
            if made:
                documents |= {made.digest: made.process, made.texts_digest: made.texts}
                event = Published(name, reading.value.version, made.digest, made.texts_digest)
                after = snapshot_of(Versions((*versions.published, event)))
                writes.append(self._plain_write(stream_of(name), head, (event,), after, actor, now))
        for stream, head, said, content in self.files.plan(project):
            documents |= {said.digest: content} if said.digest else {}
            writes.append(self._plain_write(stream, head, (said,), snapshot_of_file(said), actor, now))
        if faults:
            raise InputError("\n".join(faults))
        if project.organization is not None and project.organization.value is not None:
            writes.extend(
                self._organization_write(project.organization.value, heads.get(ORGANIZATION), actor, now)
            )
        return Batch(self.tenant, tuple(sorted(writes, key=lambda w: w.stream)), documents=documents), digests

    def _kinds(
        self,
        project: Project,
        heads: Mapping[str, Snapshot],
        actor: str,
        now: dt.datetime,
        writes: list[Write],
        documents: dict[str, bytes],
        faults: list[str],
    ) -> None:
        """Add what the project's kinds of records take to publish, or why one cannot be."""
        for name, record in sorted(project.records.items()):
            if record.value is None:
                continue
            try:
                planned = self.kinds.plan(record.value, heads.get(kind_stream(name)))
            except InputError as error:
                faults.append(str(error))
                continue
            if planned is not None:
                made, versions = planned
                documents |= {made.digest: made.process, made.texts_digest: made.texts}
                head = heads.get(kind_stream(name))
                after = snapshot_of_kind(versions)
                writes.append(
                    self._plain_write(kind_stream(name), head, versions.published[-1:], after, actor, now)
                )

    def _plain_write(
        self,
        stream: str,
        head: Snapshot | None,
        events: tuple[Any, ...],
        snapshot: bytes,
        actor: str,
        now: dt.datetime,
    ) -> Write:
        at = not_before(self.store, self.tenant, stream, head, now)
        made = chained(self.tenant, stream, head, [(event, at, actor) for event in events], now)
        return Write(stream, head.version if head else 0, made, snapshot, _FOLD)

    def _organization_write(
        self, wanted: Organization, head: Snapshot | None, actor: str, now: dt.datetime
    ) -> list[Write]:
        before = organization = self._world_of(head).organization
        events = organization_changes(organization, wanted)
        if not events:
            return []
        at = not_before(self.store, self.tenant, ORGANIZATION, head, now)
        for event in events:
            organization = fold_organization(organization, event, at)
        write = self._plain_write(ORGANIZATION, head, events, encode(organization), actor, now)
        if head is not None and encode(hours_of(before)) != encode(hours_of(organization)):
            write = replace(write, due=(rearming(self.tenant),))
        return [write]

    def enlist(self, wanted: Organization, actor: str) -> int:
        """Bring people, teams and settings into the organization's stream; return how many events it took."""
        while True:
            head = self.store.load(self.tenant, (ORGANIZATION,)).get(ORGANIZATION)
            writes = self._organization_write(wanted, head, actor, self.clock())
            if not writes:
                return 0
            if not isinstance(self.store.append([Batch(self.tenant, tuple(writes))])[0], VersionConflict):
                return len(writes[0].events)
