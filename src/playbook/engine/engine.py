"""The engine: publish, run, why, find, as_of. Safe from many threads; deciding itself is pure."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, TypeGuard, get_args

from msgspec.structs import replace

from playbook.engine.customers import history_of
from playbook.engine.definitions import Definitions
from playbook.engine.explaining import explain, guided
from playbook.engine.files import PublishedFiles
from playbook.engine.finding import Finder, must_see
from playbook.engine.forgetting import forget
from playbook.engine.held import Held
from playbook.engine.keys import fingerprint_of, first_answer
from playbook.engine.past import case_history, stood, viewed
from playbook.engine.plugin_streams import PluginStreams
from playbook.engine.publishing import Publisher
from playbook.engine.records import Records
from playbook.engine.running import CaseRunner
from playbook.engine.streams import ORGANIZATION, case_id_of, case_named, case_stream
from playbook.engine.ticking import LEASE, tick
from playbook.engine.unit import Unit
from playbook.errors import InputError, PluginError, UnknownName
from playbook.model.commands import Advance, Command, Guide, Open, RecordCommand
from playbook.model.organization import OPERATOR
from playbook.stores.interface import Query, Replicated
from playbook.times import in_utc, system_clock, to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from playbook.engine.answers import (
        CaseView,
        Done,
        Explanation,
        Forgotten,
        Happening,
        HistoryItem,
        RecordView,
    )
    from playbook.engine.desk import Desk
    from playbook.engine.streams import CaseStream
    from playbook.errors import Refused
    from playbook.model.case import Case
    from playbook.model.organization import Organization
    from playbook.model.projections import Projection, Source
    from playbook.plugins import Registry
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World
    from playbook.process.guiding import Guidance
    from playbook.reading.project import Project
    from playbook.stores.interface import Batch, Page, Store, Tally
    from playbook.times import Clock

_ON_CASES = frozenset(get_args(Command))


def _on_case(command: object) -> TypeGuard[Command]:
    return type(command) in _ON_CASES


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
        self.decided: Any = registry.streams["case"].decide
        self.definitions = Definitions(store, tenant, registry)
        self._held = Held(store, tenant, registry, self.definitions)
        self._cases = CaseRunner(self, self._held)
        self._finder = self._finder_over(store)
        self._lister = self._finder_over(store.replica()) if isinstance(store, Replicated) else self._finder
        self.kept_records = Records(self)
        self.streams = PluginStreams(self, self._held.world)
        kinds = self.kept_records.kinds
        self.files = PublishedFiles(store, tenant, registry)
        self._publisher = Publisher(
            store, tenant, clock, self.definitions, kinds, self.files, self._held.world
        )

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

    def _finder_over(self, store: Store) -> Finder:
        return Finder(store, self.tenant, self.definitions, self._eyes, lambda: (self.world, self.clock()))

    # -- publishing ---------------------------------------------------------------------------------

    def publish(self, *, actor: str) -> dict[str, str]:
        """Publish the project's playbooks and organization; return the digest of each playbook.

        What is published already is left alone. Raises ProblemsFound where a file is wrong and InputError where
        a playbook changed without a new version; nothing is published then.
        """
        return {} if self.project is None else self._publisher.publish(self.project, actor)

    @property
    def is_published(self) -> bool:
        """Return whether publishing the project, whose files are right, would change nothing."""
        return self.project is None or self._publisher.is_published(self.project)

    def enlist(self, wanted: Organization, *, actor: str) -> int:
        """Bring people, teams and settings into the organization's stream; return how many events it took."""
        return self._publisher.enlist(wanted, actor)

    # -- running ------------------------------------------------------------------------------------

    def run(
        self,
        command: Command | RecordCommand | Any,
        *,
        actor: str,
        key: str | None = None,
        at: dt.datetime | None = None,
    ) -> Done | Refused:
        """Carry out a command on a case, a record or a plugin's kind of stream, or say every reason why not.

        `key` makes it happen once: the same command with the same key returns the first answer. `at` says when
        it happened, where that was earlier. Raises InputError or UnknownName for wrong names and values and
        KeyReused for a key that came with another command.
        """
        if at is not None and actor != OPERATOR:
            raise InputError("only the operator may say that something happened at another time")
        fingerprint = b""
        try:
            if key is not None:
                fingerprint = fingerprint_of(command, actor)
            if type(command) is Open:
                command = replace(command, case=case_named(command.case) if command.case else self.new_id())
            if _on_case(command):
                return self._cases.run(command, actor, key, fingerprint, at)
            first, moment = first_answer(self, key, fingerprint), in_utc(at or self.clock())
            kept: Any = self.kept_records if isinstance(command, RecordCommand) else self.streams
            return first or kept.run(command, actor, key, fingerprint, moment)
        except UnicodeEncodeError as error:
            raise InputError(f"a text holds what is no character: {error.object!r}") from error
        except (InputError, PluginError):  # a key that came before has its answer, whatever is wrong by now
            first = first_answer(self, key, fingerprint)
            if first is None:
                raise
            return first

    def touch(self, command: Command) -> CaseStream:
        """Load the stream that a command which follows from another is about."""
        return self._held.basis(command, True)[0]

    def load_stream(self, case: str) -> CaseStream:
        """Load the stream of a case; raises UnknownName."""
        return self._held.stream(case)

    def new_id(self) -> str:
        """Return the id of a new case."""
        return case_id_of(self.entropy(8))

    def tick(
        self,
        now: dt.datetime | None = None,
        *,
        limit: int = 1000,
        worker: str = "tick",
        lease: dt.timedelta = LEASE,
    ) -> int:
        """Strike the timers that are due, earliest first, each once; return how many there were.

        What a worker takes is another's once the `lease` has ended: where it died, timers wait for that long.
        """
        return tick(self, now or self.clock(), limit, worker, lease)

    def unit(self, case: str, now: dt.datetime) -> Unit:
        """Begin a unit of work on a case as it stands; raises UnknownName."""
        stream, world, reads, fresh = self._held.basis(Advance(case), True)
        return Unit(self, world, reads, fresh, now, {stream.name: stream})

    def hold(self, unit: Unit, batch: Batch) -> None:
        """Hold what a stored unit of work wrote."""
        unit.remember(batch, self._held)

    # -- asking -------------------------------------------------------------------------------------

    @property
    def desk(self) -> Desk:
        """Return what looks over many cases: what to do now, a board, those that a condition holds for."""
        from playbook.engine.desk import Desk  # not what a command on one case should wait for

        return Desk(self, self._finder, self._held)

    def why(self, case: str, to: str = "", *, actor: str) -> Explanation:
        """Explain what stands between a case and its next stage (or `to`): what `advance` would answer."""
        return explain(self, case, to, actor)

    def guide(self, case: str, *, actor: str) -> Guidance:
        """Return what helps with a case where it stands; that it was opened is counted. Raises UnknownName."""
        self.run(Guide(case), actor=actor)
        return guided(self, case, actor)

    def as_known(self, known: dt.datetime) -> Engine:
        """Return an engine that knows what was recorded by a time and takes that for the present; it only reads.

        That holds for cases, records, published files, the organization and the streams of plugins. Cases are found
        by their playbook alone, and by rows that tell what is so now: what was so then, each tells by itself. Who may
        see the streams of plugins is who may now. What the store reckons, `tally` and `columns`, cannot be asked.
        """
        from playbook.engine.knowing import past  # nothing that a command waits for

        store = past(self.store, self.streams, to_micros(known))
        then = Engine(store, self.registry, tenant=self.tenant, clock=lambda: known)
        then.streams = PluginStreams(then, then._held.world, self.streams.present)
        return then

    def published(self, kind: str) -> dict[str, Any]:
        """Return what the published files of a plugin's kind say, as plain values by id."""
        return self.files.all(kind)

    def withdrawn(self, kind: str) -> tuple[str, ...]:
        """Return the ids of the files of a plugin's kind that were published once and are no more.

        What they said then, `as_known(...).published(kind)` tells.
        """
        return self.files.withdrawn(kind)

    def find(
        self, query: Query | None = None, *, actor: str, after: str | None = None, limit: int = 50
    ) -> Page[CaseView]:
        """Return the cases that the actor sees, the newest opened first, by pages."""
        return self._lister.find(query or Query(), actor, after, limit)

    def tally(self, query: Query | None = None, *, by: Sequence[str] = (), actor: str) -> Sequence[Tally]:
        """Return counts and exact sums of the cases that the actor sees, or whose totals they may know."""
        return self._lister.tally(query or Query(), by, actor)

    def columns(self, table: str, *, actor: str) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Yield a projection as chunks of columns, of the cases that the actor may know the totals of."""
        return self._lister.columns(table, actor)

    def source(self, projection: Projection, *, actor: str) -> Source | None:
        """Return how ADBC reads what `columns` yields; None where it cannot, or the actor may not see all."""
        return self._finder.source(projection, actor)

    def resolve(self, reference: str, *, actor: str = OPERATOR) -> str:
        """Return the id of a case named by its id, a unique beginning of it, or its unique name.

        Raises UnknownName naming the nearest, AmbiguousName naming the matches, of those that the actor sees.
        """
        try:
            self.case_and_definition(reference, actor=actor)
        except UnknownName:
            return self._finder.resolve(reference, actor)
        return reference

    def case(self, case: str, *, actor: str = OPERATOR) -> Case:
        """Return a case as it stands; raises UnknownName, also for one that the actor does not see."""
        return self.case_and_definition(case, actor=actor)[0]

    def case_and_definition(self, case: str, *, actor: str = OPERATOR) -> tuple[Case, Compiled]:
        """Return a case as it stands with the definition that it is pinned to; raises UnknownName."""
        stream = case_stream(case)
        heads = self.store.load(self.tenant, (stream, ORGANIZATION))
        head = heads.get(stream)
        if head is None:
            raise UnknownName("case", case)
        found, definition = self._held.case(stream, head)
        must_see(found, definition, actor, self.clock(), self._held.world(heads.get(ORGANIZATION)))
        return found, definition

    def view(self, case: str, *, actor: str) -> Case:
        """Return a case as the actor may see it: with computed fields, without those that are hidden."""
        found, definition = self.case_and_definition(case, actor=actor)
        return viewed(self, found, definition, actor, self.clock())

    def as_of(self, case: str, *, at: dt.datetime, known: dt.datetime | None = None, actor: str) -> Case:
        """Return a case as it stood at a time, by what was known at another (now, without one).

        Raises UnknownName where there was no such case then, or the actor does not see it now.
        """
        self.case_and_definition(case, actor=actor)
        then, definition = stood(self, case, at, known or self.clock())
        return viewed(self, self._held.revealed(then, definition), definition, actor, at)

    def history(self, case: str, *, actor: str) -> Iterator[HistoryItem]:
        """Yield what happened on a case, oldest first; personal values stay sealed. Raises UnknownName."""
        return case_history(self, case, actor)

    def record(self, kind: str, reference: str, *, actor: str = OPERATOR) -> RecordView:
        """Return a record named by its id, a unique value or its name; of those that were merged, the one kept.

        Raises UnknownName naming the nearest, AmbiguousName naming the matches.
        """
        return self.kept_records.show(kind, reference)

    def records(
        self,
        kind: str,
        *,
        name: str | None = None,
        actor: str = OPERATOR,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[RecordView]:
        """Return the records of a kind (those of a name), the newest first, by pages; raises UnknownName."""
        return self.kept_records.page(kind, name, after, limit)

    def history_of(self, kind: str, reference: str, *, actor: str) -> Iterator[Happening]:
        """Yield what ever happened with a record over all cases that the actor sees, oldest first."""
        return history_of(self, self.kept_records.kinds.current(kind)[0], reference, actor)

    def forget(self, reference: str, *, actor: str) -> Forgotten:
        """Erase the personal values of a record (`contact:ann@acme.example`), a person or a case; say which.

        Raises UnknownName, AmbiguousName, and InputError for an actor who is not the operator.
        """
        return forget(self, reference, actor)

    @property
    def world(self) -> World:
        """Return the organization as it stands, with its zone, calendar and currency."""
        return self._held.world(self.store.load(self.tenant, (ORGANIZATION,)).get(ORGANIZATION))

    def _eyes(self, actor: str) -> frozenset[str] | None:
        return None if actor == OPERATOR else self.world.eyes(actor, self.clock())
