"""What a store must do. Times are whole microseconds since 1970 in UTC; data is bytes the store never reads.

Its values are msgspec structs, because every command makes some ten of them and an attrs class takes ten times
as long to make; `msgspec.structs` replaces, lists and tells their attributes. None refers to itself, so none is
tracked by the garbage collector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

import attrs
import msgspec

from playbook.errors import KeyReused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from playbook.model.projections import Projection, Source

T = TypeVar("T")

GENESIS = bytes(32)
"""The hash before the first event of a stream."""


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """Hold an event to be appended; `hash` was made with `chain.link`."""

    kind: str
    at: int
    recorded: int
    actor: str
    data: bytes
    hash: bytes


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """Hold a stored event; versions count from 1 in a stream, positions rise in a tenant's log."""

    stream: str
    version: int
    position: int
    kind: str
    at: int
    recorded: int
    actor: str
    data: bytes
    hash: bytes


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """Hold a stream's head: its version and hash, and its fold as bytes (b"" where it was purged)."""

    version: int
    hash: bytes
    fold: int
    data: bytes


class IndexRow(msgspec.Struct, frozen=True, gc=False):
    """Hold what a case can be found and counted by; `amount` in minor units, `fields` a JSON object.

    A record has one too: its stream is the `case`, `record:KIND` the playbook.
    `assigned` is when its owner got it. `tags` are whom it is shown to where it is `hidden` from others, and
    what it links to; each stands once. `probability`, a share as text, and `forecast` are those set by hand.
    """

    case: str
    playbook: str
    name: str
    stage: str
    outcome: str
    owner: str
    team: str
    opened: int
    closed: int | None
    entered: int
    touched: int
    amount: int | None
    currency: str | None
    expected_close: str | None
    probability: str | None
    fields: bytes
    assigned: int = 0
    hidden: bool = False
    tags: tuple[str, ...] = ()
    forecast: str | None = None


class DueRow(msgspec.Struct, frozen=True, gc=False):
    """Hold work that falls due: a timer, a delivery."""

    id: str
    queue: str
    at: int
    data: bytes = b""


class VaultRow(msgspec.Struct, frozen=True, gc=False):
    """Hold one personal value, apart from the events that refer to it."""

    ref: str
    subject: str
    salt: bytes
    value: bytes


class Write(msgspec.Struct, frozen=True, gc=False):
    """Append events to one stream whose version must be `expected`; snapshot, index and due rows with it.

    `due` None leaves the stream's due rows alone; otherwise it replaces them.
    """

    stream: str
    expected: int
    events: tuple[NewEvent, ...]
    snapshot: bytes
    fold: int
    index: IndexRow | None = None
    due: tuple[DueRow, ...] | None = None


class Claim(msgspec.Struct, frozen=True, gc=False):
    """Hold a due row that one worker works off until its lease ends."""

    tenant: str
    stream: str
    id: str
    queue: str
    at: int
    data: bytes
    attempts: int
    token: str


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Hold everything one command changes: it is stored whole or not at all.

    `reads` are streams with the version (0: none yet) on which it was decided; where one has moved on, the answer
    is a VersionConflict.
    """

    tenant: str
    writes: tuple[Write, ...]
    key: str | None = None
    fingerprint: bytes = b""
    answer: bytes = b""
    documents: Mapping[str, bytes] = {}
    vault: tuple[VaultRow, ...] = ()
    done: tuple[Claim, ...] = ()
    reads: tuple[tuple[str, int], ...] = ()


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """Answer an append; `repeated` says that the key had come before and this is its first answer."""

    key: str | None
    fingerprint: bytes
    answer: bytes
    position: int
    repeated: bool = False


class VersionConflict(msgspec.Struct, frozen=True, gc=False):
    """Say that a stream had moved on, or a claim was lost; nothing of the batch was stored."""

    stream: str
    expected: int
    actual: int


class Query(msgspec.Struct, frozen=True, gc=False):
    """Say which cases: None asks nothing; `status` is open or closed; `prefix` begins the id.

    Records come only where `playbook` names their kind.
    `link` is a tag that a case has; `tags` are those of one who asks: of hidden cases only those with one of
    them are found or counted.
    """

    playbook: str | None = None
    stage: str | None = None
    status: str | None = None
    outcome: str | None = None
    owner: str | None = None
    team: str | None = None
    name: str | None = None
    prefix: str | None = None
    link: str | None = None
    tags: frozenset[str] | None = None


class Page(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """Hold one page; `next` is None at the end, else what to pass as `after`."""

    items: tuple[T, ...]
    next: str | None


class Tally(msgspec.Struct, frozen=True, gc=False):
    """Hold the count of a group of cases and the exact sum of amounts by currency, in minor units.

    A sum may be of any size. A currency of which no case has an amount has no sum.
    """

    group: tuple[str, ...]
    count: int
    sums: Mapping[str, int]


class Store(Protocol):
    """Keep streams of events, and what is derived from them, for many tenants; callable from many threads.

    Every method raises StoreUnavailable where the store is locked, read-only or out of reach.
    """

    def append(self, batches: Sequence[Batch]) -> list[Receipt | VersionConflict | KeyReused]:
        """Store batches in one transaction, each whole or not at all; answers are in the order given."""
        ...

    def receipt(self, tenant: str, key: str) -> Receipt | None:
        """Return the first answer given for a key."""
        ...

    def vault(self, tenant: str, refs: Sequence[str]) -> Mapping[str, VaultRow | None]:
        """Return personal values by reference; None where one was erased."""
        ...

    def load(self, tenant: str, streams: Sequence[str]) -> Mapping[str, Snapshot]:
        """Return the heads of those of the streams that exist, all as they were at one moment."""
        ...

    def streams(self, tenant: str, *, after: str = "", limit: int = 1000) -> Sequence[str]:
        """Return names of streams in order, after one."""
        ...

    def tenants(self) -> Sequence[str]:
        """Return the tenants that have streams, in order."""
        ...

    def events(self, tenant: str, stream: str, *, after: int = 0) -> Iterator[StoredEvent]:
        """Yield a stream's events after a version."""
        ...

    def log(self, tenant: str, *, after: str | None, limit: int) -> Page[StoredEvent]:
        """Return events of all streams after an opaque position; one who follows misses nothing."""
        ...

    def find(self, tenant: str, query: Query, *, after: str | None = None, limit: int) -> Page[IndexRow]:
        """Return index rows, newest opened first, by keyset pages."""
        ...

    def tally(self, tenant: str, query: Query, by: Sequence[str]) -> Sequence[Tally]:
        """Return counts and exact sums grouped by columns of the index, in order of group.

        They are kept with every batch, so that asking costs by the number of groups and not of cases; except for
        names, beginnings of ids, links and the hidden cases that one sees by a tag, which are counted when asked.
        """
        ...

    def last_assigned(self, tenant: str, owner: str) -> int:
        """Return when an owner last got one of the cases that are theirs now, closed ones too; 0 without any."""
        ...

    def claim(self, queue: str, *, now: int, limit: int, lease: int, worker: str) -> Sequence[Claim]:
        """Take due rows whose time has come, oldest first; each is one worker's until its lease ends.

        `lease` is in microseconds of the store's own clock, whatever `now` is. What a worker holds of a stream keeps
        other workers from the rest of it in that queue; when the lease has ended, the oldest goes first again.
        """
        ...

    def release(self, claim: Claim, *, retry_at: int | None, error: str) -> None:
        """Give a claim back to be taken again at a time; None parks it as a dead letter."""
        ...

    def document(self, tenant: str, digest: str) -> bytes | None:
        """Return a published document by its digest."""
        ...

    def columns(
        self, tenant: str, table: str, *, after: str | None = None
    ) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Yield a projection as chunks of columns; table `cases` has the attributes of IndexRow."""
        ...

    def erase(self, tenant: str, subject: str) -> int:
        """Delete every personal value of a subject from the vault; return how many there were."""
        ...

    def bind(self, connection: Any) -> Store:
        """Return a store that works in the host's own connection and transaction."""
        ...

    def close(self) -> None:
        """Release what the store holds."""
        ...


@runtime_checkable
class ColumnSource(Protocol):
    """What a store has beside `Store` whose projections a driver can read by itself, typed and without Python."""

    def source(self, tenant: str, projection: Projection) -> Source | None:
        """Return how a projection is read; None where no driver gets at it.

        Whole numbers and times come as whole numbers, a text that is missing as ''. A field of the playbook
        comes as a column `fields.NAME`, the JSON text of its value, '' where it has none. That a case changed is
        told by the events of its stream, whose name is `case:` and its id. Raises UnknownName for another table
        or column.
        """
        ...


@runtime_checkable
class Replicated(Protocol):
    """May be offered by a store that keeps copies which lag behind."""

    def replica(self) -> Store:
        """Return what lists and reports are read from; nothing is decided on what it says."""
        ...


@attrs.frozen
class StoreKind:
    """Add a kind of store for URLs that begin with `name://`.

    `ddl` gives the statements that bring its tables from a version (0: there are none) to the newest, for hosts
    that run them themselves; it raises InputError for a version that is not before the newest.
    """

    name: str
    version: str
    open: Callable[[str], Store]
    doc: str = ""
    ddl: Callable[[int], str] | None = None


__all__ = [
    "GENESIS", "Batch", "Claim", "ColumnSource", "DueRow", "IndexRow", "KeyReused", "NewEvent", "Page", "Query",
    "Receipt", "Replicated", "Snapshot", "Store", "StoreKind", "StoredEvent", "Tally", "VaultRow",
    "VersionConflict", "Write",
]  # fmt: skip
