"""The engine: publish, run, why, find, as_of. Safe from many threads; deciding itself is pure."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from playbook.engine.answers import CaseView, Done, Explanation, HistoryItem
from playbook.engine.definitions import Definitions, stream_of
from playbook.engine.publishing import Publisher
from playbook.engine.streams import (
    ORGANIZATION,
    case_id_of,
    case_stream,
    fold_case,
    reveal,
    write_case,
)
from playbook.errors import (
    AmbiguousName,
    InputError,
    KeyReused,
    Refused,
    StoreUnavailable,
    UnknownName,
)
from playbook.model.case import FOLD, OPEN
from playbook.model.commands import Advance, Open, Request
from playbook.model.events import Moved
from playbook.model.organization import OPERATOR, Organization
from playbook.model.values import canonical, encode
from playbook.process.codec import decode_case, decode_event, revive, revive_case
from playbook.process.decide import decide
from playbook.process.facts import Needs, World
from playbook.process.moving import reachable
from playbook.stores.interface import Batch, Page, Query, VersionConflict, Write
from playbook.times import from_micros, in_utc, system_clock, to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

    from playbook.model.case import Case
    from playbook.model.commands import Command
    from playbook.plugins import Registry
    from playbook.process.compiled import Compiled
    from playbook.process.decide import Decision
    from playbook.reading.project import Project
    from playbook.stores.interface import Snapshot, Store
    from playbook.times import Clock

_FREE_TRIES = 3
_TRIES = 40
_PAUSE = 0.001
_CACHED = 4096
_ORGANIZATION = msgspec.json.Decoder(Organization)
_DONE = msgspec.json.Decoder(Done)


class Engine:
    """Run cases of published playbooks for one tenant over a store."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        *,
        project: Project | None = None,
        tenant: str = "default",
        clock: Clock = system_clock,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.store = store
        self.registry = registry
        self.project = project
        self.tenant = tenant
        self.clock = clock
        self.entropy = entropy
        self.definitions = Definitions(store, tenant, registry)
        self._contended = threading.Lock()
        self._cases: dict[str, tuple[bytes, Case]] = {}
        self._world: tuple[bytes, World] = (b"", World(Organization()))
        self._publisher = Publisher(store, tenant, clock, self.definitions, self._see_world)

    @classmethod
    def open(
        cls,
        project: Project | None,
        *,
        store: Store,
        tenant: str = "default",
        clock: Clock = system_clock,
        registry: Registry | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> Engine:
        """Open an engine over a store; `project` is what `publish` publishes, None where nothing is.

        Without a registry, the plugins that are installed are loaded.
        """
        if registry is None:
            from playbook.plugins import load

            registry = load()
        return cls(store, registry, project=project, tenant=tenant, clock=clock, entropy=entropy)

    # -- publishing ---------------------------------------------------------------------------------

    def publish(self, *, actor: str) -> dict[str, str]:
        """Publish the project's playbooks and organization; return the digest of each playbook.

        What is published already is left alone. Raises ProblemsFound where a file is wrong and InputError where
        a playbook changed without a new version; nothing is published then.
        """
        return {} if self.project is None else self._publisher.publish(self.project, actor)

    def enlist(self, wanted: Organization, *, actor: str) -> int:
        """Bring people, teams and settings into the organization's stream; return how many events it took."""
        return self._publisher.enlist(wanted, actor)

    # -- running ------------------------------------------------------------------------------------

    def run(
        self, command: Command, *, actor: str, key: str | None = None, at: dt.datetime | None = None
    ) -> Done | Refused:
        """Carry out a command, or say every reason why not.

        `key` makes it happen once: the same command with the same key returns the first answer. `at` says when
        it happened, where that was earlier. Raises InputError or UnknownName for wrong names and values and
        KeyReused for a key that came with another command.
        """
        fingerprint = b""
        if key is not None:
            fingerprint = hashlib.sha256(canonical((type(command).__name__, command, actor))).digest()
            receipt = self.store.receipt(self.tenant, key)
            if receipt is not None:
                return _repeated(key, fingerprint, receipt.fingerprint, receipt.answer)
        if at is not None and actor != OPERATOR:
            raise InputError("only the operator may say that something happened at another time")
        if isinstance(command, Open) and not command.case:
            command = attrs.evolve(command, case=case_id_of(self.entropy(8)))
        for _ in range(_FREE_TRIES):
            answer = self._try(command, actor, key, fingerprint, at)
            if answer is not None:
                return answer
        with self._contended:  # threads that keep meeting take turns; other processes are waited for
            for attempt in range(_TRIES):
                answer = self._try(command, actor, key, fingerprint, at)
                if answer is not None:
                    return answer
                time.sleep(_PAUSE * attempt)
        raise StoreUnavailable(f"{command.case} kept changing while this was tried; try again")

    def _try(
        self, command: Command, actor: str, key: str | None, fingerprint: bytes, at: dt.datetime | None
    ) -> Done | Refused | None:
        """Decide on the case as it stands and append; None where it had moved on meanwhile."""
        now = self.clock()
        stream = case_stream(command.case)
        head, case, definition, world = self._facts(command, stream)
        request = Request(command, actor, in_utc(at or now))
        answer = _decided(definition, case, request, world)
        events = answer.events
        if not events and (key is None or isinstance(answer, Refused)):
            return answer if isinstance(answer, Refused) else self._unchanged(command, case)
        writes: tuple[Write, ...] = ()
        vault: tuple[Any, ...] = ()
        after = case
        if events:
            moments = [(event, request.at) for event in events]
            made = write_case(
                self.tenant,
                head,
                case,
                command.case,
                moments,
                definition,
                to_micros(now),
                actor,
                self.entropy,
            )
            writes, vault, after = (made.write,), made.vault, made.case
        if isinstance(answer, Refused):
            batch = Batch(self.tenant, writes, vault=vault)
            return None if isinstance(self.store.append((batch,))[0], VersionConflict) else answer
        done = self._done(after, head, len(events), answer)
        batch = Batch(self.tenant, writes, key, fingerprint, encode(done) if key else b"", vault=vault)
        receipt = self.store.append((batch,))[0]
        if isinstance(receipt, VersionConflict):
            return None
        if isinstance(receipt, KeyReused):
            raise receipt
        if receipt.repeated:
            return _repeated(key or "", fingerprint, receipt.fingerprint, receipt.answer)
        if writes and after is not None:
            self._remember(stream, writes[0].events[-1].hash, after)
        return done

    def _facts(self, command: Command, stream: str) -> tuple[Snapshot | None, Case | None, Compiled, World]:
        if isinstance(command, Open):
            playbook = stream_of(command.playbook)
            heads = self.store.load(self.tenant, (stream, ORGANIZATION, playbook))
            if stream in heads:
                raise InputError(f"there is a case {command.case!r} already")
            return (
                None,
                None,
                self.definitions.current(command.playbook, heads.get(playbook)),
                self._see_world(heads.get(ORGANIZATION)),
            )
        heads = self.store.load(self.tenant, (stream, ORGANIZATION))
        head = heads.get(stream)
        if head is None:
            raise UnknownName("case", command.case)
        case, definition = self._case(stream, head)
        return head, case, definition, self._see_world(heads.get(ORGANIZATION))

    @staticmethod
    def _unchanged(command: Command, case: Case | None) -> Done:
        if case is None:
            raise InputError(f"nothing was decided for {command.case}")
        return Done(case.id, case.stage, case.outcome, 0)

    @staticmethod
    def _done(case: Case | None, head: Snapshot | None, count: int, decision: Decision) -> Done:
        if case is None:
            raise InputError("nothing was decided")
        version = (head.version if head else 0) + count
        return Done(case.id, case.stage, case.outcome, version, decision.warned, decision.observed)

    # -- asking -------------------------------------------------------------------------------------

    def why(self, case: str, to: str = "", *, actor: str) -> Explanation:
        """Explain what stands between a case and its next stage (or `to`): what `advance` would answer."""
        stream = case_stream(case)
        command = Advance(case, to)
        head, current, definition, world = self._facts(command, stream)
        if head is None or current is None:
            raise UnknownName("case", case)
        answer = _decided(definition, current, Request(command, actor, self.clock()), world)
        ways = reachable(definition, current)
        if isinstance(answer, Refused):
            target = answer.events[0].target if answer.events else to
            return Explanation(
                case, current.stage, False, ways, target, answer.code, answer.message, answer.blockers, ()
            )
        target = next((event.target for event in answer.events if isinstance(event, Moved)), "")
        return Explanation(case, current.stage, True, ways, target, "", "", (), answer.warned)

    def find(
        self, query: Query | None = None, *, actor: str, after: str | None = None, limit: int = 50
    ) -> Page[CaseView]:
        """Return cases, the newest opened first, by pages."""
        page = self.store.find(self.tenant, query or Query(), after=after, limit=limit)
        return Page(tuple(CaseView.of(row) for row in page.items), page.next)

    def resolve(self, reference: str) -> str:
        """Return the id of a case named by its id, a unique beginning of it, or its unique name.

        Raises UnknownName naming the nearest, AmbiguousName naming the matches.
        """
        if case_stream(reference) in self.store.load(self.tenant, (case_stream(reference),)):
            return reference
        for query in (Query(prefix=reference), Query(name=reference)):
            found = self.store.find(self.tenant, query, limit=6).items
            if len(found) == 1:
                return found[0].case
            if found:
                raise AmbiguousName("case", reference, [f"{row.case} ({row.name})" for row in found])
        known = self.store.find(self.tenant, Query(), limit=500).items
        raise UnknownName("case", reference, [name for row in known for name in (row.name, row.case) if name])

    def case(self, case: str) -> Case:
        """Return a case as it stands; raises UnknownName."""
        return self.case_and_definition(case)[0]

    def case_and_definition(self, case: str) -> tuple[Case, Compiled]:
        """Return a case as it stands with the definition that it is pinned to; raises UnknownName."""
        stream = case_stream(case)
        head = self.store.load(self.tenant, (stream,)).get(stream)
        if head is None:
            raise UnknownName("case", case)
        return self._case(stream, head)

    def as_of(self, case: str, *, at: dt.datetime, known: dt.datetime | None = None, actor: str) -> Case:
        """Return a case as it stood at a time, by what was known at another (now, without one).

        Raises UnknownName where there was no such case then.
        """
        stop, recorded = to_micros(at), to_micros(known or self.clock())
        events = (
            e
            for e in self.store.events(self.tenant, case_stream(case))
            if e.at <= stop and e.recorded <= recorded
        )
        folded, definition = fold_case(case, events, self.definitions.pinned)
        if folded is None or definition is None:
            raise UnknownName("case", case)
        return self._revealed(folded, definition)

    def history(self, case: str, *, actor: str) -> Iterator[HistoryItem]:
        """Yield what happened on a case, oldest first; personal values stay sealed."""
        _, definition = self.case_and_definition(case)
        for stored in self.store.events(self.tenant, case_stream(case)):
            event = revive(decode_event(stored.kind, stored.data), definition)
            yield HistoryItem(
                stored.version,
                stored.kind,
                from_micros(stored.at),
                from_micros(stored.recorded),
                stored.actor,
                event,
            )

    @property
    def world(self) -> World:
        """Return the organization as it stands, with its zone, calendar and currency."""
        return self._see_world(self.store.load(self.tenant, (ORGANIZATION,)).get(ORGANIZATION))

    # -- what is held -------------------------------------------------------------------------------

    def _see_world(self, head: Snapshot | None) -> World:
        if head is None:
            return World(Organization())
        known = self._world
        if known[0] != head.hash:
            known = (head.hash, World(_ORGANIZATION.decode(head.data)))
            self._world = known
        return known[1]

    def _case(self, stream: str, head: Snapshot) -> tuple[Case, Compiled]:
        known = self._cases.get(stream)
        if known is not None and known[0] == head.hash:
            return known[1], self.definitions.pinned(known[1].playbook, known[1].digest)
        if head.fold == FOLD and head.data:
            raw = decode_case(head.data)
            definition = self.definitions.pinned(raw.playbook, raw.digest)
            case = revive_case(raw, definition)
        else:
            name = stream.partition(":")[2]
            folded, found = fold_case(name, self.store.events(self.tenant, stream), self.definitions.pinned)
            if folded is None or found is None:
                raise UnknownName("case", name)
            case, definition = folded, found
        case = self._revealed(case, definition)
        if not case.sealed:
            self._remember(stream, head.hash, case)
        return case, definition

    def _revealed(self, case: Case, definition: Compiled) -> Case:
        if not case.sealed:
            return case
        rows = self.store.vault(self.tenant, [seal.ref for seal in case.sealed.values()])
        return reveal(case, definition, rows)

    def _remember(self, stream: str, hash_: bytes, case: Case) -> None:
        """Keep a case by its head's hash, so that it is decoded once; one with personal values is not kept."""
        if case.sealed or case.outcome != OPEN:
            self._cases.pop(stream, None)
            return
        if len(self._cases) >= _CACHED:
            self._cases.clear()
        self._cases[stream] = (hash_, case)


def _decided(definition: Compiled, case: Case | None, request: Request, world: World) -> Decision | Refused:
    """Decide, giving the facts that are asked for."""
    facts: Mapping[str, Any] = {"world": world}
    answer = decide(definition, case, request, facts)
    if isinstance(answer, Needs):
        raise InputError(f"nothing here can tell {', '.join(answer.facts)}")
    return answer


def _repeated(key: str, fingerprint: bytes, first: bytes, answer: bytes) -> Done:
    if first != fingerprint:
        raise KeyReused(key)
    return attrs.evolve(_DONE.decode(answer), repeated=True)
