"""Prove that what is stored is what was appended: the chain, the versions, the heads, the vault; and the tallies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from msgspec.structs import replace

from playbook.errors import DamagedStore
from playbook.stores.chain import commitment, link
from playbook.stores.interface import GENESIS, IndexRow, Query
from playbook.stores.rows import pages, streams_of
from playbook.stores.tallies import KEPT, Tallies, gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from playbook.stores.interface import Snapshot, Store, StoredEvent, Tally

UNREADABLE = "it was altered: its text cannot be read"
"""What is said of an event that the store cannot give."""

_LOG_PAGE = 10_000


@attrs.frozen
class Finding:
    """Say what is wrong at an event; version and position are 0 where a whole stream is meant."""

    tenant: str
    stream: str
    version: int
    position: int
    message: str


def audit(store: Store, tenant: str, *, progress: Callable[[int], None] | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a tenant's events and tallies.

    `progress` hears after each stream how many events were checked. An erased personal value is no fault. That
    nothing was cut off the end of a stream together with its head shows only against heads kept elsewhere.
    """
    checked, named = 0, set[int]()
    for name in streams_of(store, tenant):
        walk = _Walk(store, tenant, name)
        for finding in walk.stream():
            named.add(finding.position)
            yield finding
        checked += walk.checked
        if progress is not None:
            progress(checked)
    try:
        yield from _strays(store, tenant, checked)
    except DamagedStore as error:
        if not error.position or error.position not in named:
            yield Finding(
                tenant, "", error.version, error.position, UNREADABLE if error.position else str(error)
            )
    yield from audit_tallies(store, tenant, Query(), lambda: _cases(store, tenant))


def audit_tallies(
    store: Store, tenant: str, query: Query, rows: Callable[[], Iterable[IndexRow]]
) -> Iterator[Finding]:
    """Yield where kept tallies are not the counts and sums of the rows that a query asks for.

    Others may write meanwhile: what disagrees is looked at twice, and told where it disagrees in the same way.
    """
    first = _disagreements(store, tenant, query, rows())
    if not first:
        return
    second = _disagreements(store, tenant, query, rows())
    for (name, group), (kept, found) in sorted(second.items()):
        before = first.get((name, group))
        if before is not None and _off(*before) == _off(kept, found):
            named = ", ".join(f"{column} {value!r}" for column, value in zip(KEPT, group, strict=True))
            message = f"the tally of {name} cases with {named} is {_told(kept)}, the cases are {_told(found)}"
            yield Finding(tenant, "", 0, 0, message)


def audit_all(
    store: Store, tenants: Iterable[str], total: int, progress: Callable[[str, int, int], None]
) -> Iterator[Finding]:
    """Yield what is wrong with the events of tenants; `progress` hears a title, how far it is, and of how much."""
    before = checked = 0

    def step(count: int) -> None:
        nonlocal checked
        checked = before + count
        progress("Proving events", checked, total)

    for tenant in tenants:
        yield from audit(store, tenant, progress=step)
        before = checked


class _Walk:
    """Walk one stream from its first event."""

    def __init__(self, store: Store, tenant: str, stream: str) -> None:
        self._store, self._tenant, self._stream = store, tenant, stream
        self._hash: bytes | None = GENESIS
        self._version, self._position = 0, 0
        self.checked = 0

    def stream(self) -> Iterator[Finding]:
        """Yield what is wrong with the stream; others may append to it meanwhile."""
        yield from self._events(None)
        head = self._store.load(self._tenant, [self._stream]).get(self._stream)
        if head is not None and head.version > self._version:
            yield from self._events(head.version)
        if head is None or (head.version, head.hash) != (self._version, self._hash or head.hash):
            version = "none" if head is None else str(head.version)
            message = f"its head (version {version}) is not its last event (version {self._version})"
            yield Finding(self._tenant, self._stream, self._version, self._position, message)

    def _events(self, last: int | None) -> Iterator[Finding]:
        """Check the events after those that were checked, up to a version; one that cannot be read is named."""
        more = True
        while more:
            more = False
            try:
                for event in self._store.events(self._tenant, self._stream, after=self._version):
                    if last is not None and event.version > last:
                        break
                    yield from self._event(event)
            except DamagedStore as error:
                if error.version <= self._version:
                    raise
                yield Finding(self._tenant, self._stream, error.version, error.position, UNREADABLE)
                self._hash, self._version, self._position = None, error.version, error.position
                self.checked += 1
                more = True

    def _event(self, event: StoredEvent) -> Iterator[Finding]:
        self.checked += 1
        if event.version != self._version + 1:
            yield self._found(event, f"version {self._version + 1} was expected, found {event.version}")
        if event.position <= self._position:
            yield self._found(event, f"its position is not after {self._position}, that of the event before")
        if self._hash is not None and self._hash_after(self._hash, event) != event.hash:
            yield self._found(
                event, "it was altered: its hash does not match its content and the hash before"
            )
        yield from self._vault(event)
        # going on from what is stored names each altered event once
        self._hash, self._version, self._position = event.hash, event.version, event.position

    def _hash_after(self, before: bytes, event: StoredEvent) -> bytes:
        return link(
            before, self._tenant, self._stream, event.version, event.kind, event.at, event.recorded,
            event.actor, event.data,
        )  # fmt: skip

    def _vault(self, event: StoredEvent) -> Iterator[Finding]:
        if b'"$p"' not in event.data:
            return
        try:
            promised = dict(_commitments(msgspec.json.decode(event.data)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield self._found(event, "it refers to personal values, but is not JSON")
            return
        for ref, row in self._store.vault(self._tenant, list(promised)).items():
            if row is not None and commitment(row.salt, row.value) != promised[ref]:
                yield self._found(event, f"the personal value {ref!r} was altered")

    def _found(self, event: StoredEvent, message: str) -> Finding:
        return Finding(self._tenant, self._stream, event.version, event.position, message)


def _commitments(value: Any) -> Iterator[tuple[str, str]]:
    """Yield reference and commitment of every personal value inside a decoded event."""
    if isinstance(value, dict):
        if isinstance(value.get("$p"), str):
            yield value["$p"], str(value.get("h"))
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _commitments(item)


def _strays(store: Store, tenant: str, checked: int) -> Iterator[Finding]:
    """Yield events of the log that no stream has; looked for only where the log holds more events."""
    if sum(len(events) for events in _log(store, tenant)) == checked:
        return
    for events in _log(store, tenant):
        streams = dict.fromkeys(event.stream for event in events)
        known: Mapping[str, Snapshot] = store.load(tenant, list(streams))
        for event in events:
            if event.stream not in known:
                yield Finding(tenant, event.stream, event.version, event.position, "its stream has no head")


def _log(store: Store, tenant: str) -> Iterator[tuple[StoredEvent, ...]]:
    return (page.items for page in pages(lambda after: store.log(tenant, after=after, limit=_LOG_PAGE)))


def _disagreements(
    store: Store, tenant: str, query: Query, rows: Iterable[IndexRow]
) -> dict[tuple[str, tuple[str, ...]], tuple[Tally | None, Tally | None]]:
    """Return tallies as they are kept and as the rows say, by group, where the two differ."""
    counted = Tallies(rows)
    differing = {}
    for name, part in (("all", query), ("visible", replace(query, tags=frozenset()))):
        kept = {tally.group: tally for tally in store.tally(tenant, part, KEPT)}
        found = {tally.group: tally for tally in gathered(counted.parts(part, KEPT))}
        for group in kept.keys() | found.keys():
            if kept.get(group) != found.get(group):
                differing[name, group] = kept.get(group), found.get(group)
    return differing


def _off(kept: Tally | None, found: Tally | None) -> tuple[int, int]:
    """Return by how many cases and by which amount a tally is off; a group has one currency."""
    counts, sums = zip(
        *((0, 0) if t is None else (t.count, sum(t.sums.values())) for t in (kept, found)), strict=True
    )
    return counts[0] - counts[1], sums[0] - sums[1]


def _told(tally: Tally | None) -> str:
    if tally is None:
        return "none"
    return " ".join(
        (str(tally.count), *(f"with {amount} {currency}" for currency, amount in tally.sums.items()))
    )


def _cases(store: Store, tenant: str) -> Iterator[IndexRow]:
    for chunk in store.columns(tenant, "cases"):
        for values in zip(*chunk.values(), strict=True):
            yield IndexRow(**dict(zip(chunk, values, strict=True)))
