"""Proof that log, snapshots and index of a tenant agree."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from playbook.engine.documents import document
from playbook.engine.indexing import index_row
from playbook.engine.plugin_streams import playbook_of
from playbook.engine.record_streams import is_record, record_row, revealed
from playbook.engine.streams import case_stream, fold_case, is_case
from playbook.errors import DamagedStore, PlaybookError
from playbook.model.record import RECORDS
from playbook.model.stream_kinds import Happened
from playbook.model.values import encode
from playbook.process.codec import encode_case
from playbook.process.recording import encode_record, fold_record
from playbook.stores.audit import Finding, audit, audit_tallies
from playbook.stores.interface import Query
from playbook.stores.rows import pages, streams_of
from playbook.times import from_micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook.engine.engine import Engine
    from playbook.stores.interface import IndexRow

_PAGE = 1000
_PUBLISHED = ("playbook:", "kind:", "file:")
"""How the streams begin whose events name documents."""


def prove(engine: Engine, progress: Callable[[int], None] = lambda events: None) -> Iterator[Finding]:
    """Yield every disagreement: a broken chain, a snapshot, index row or tally that is not what the events say.

    `progress` is called with the number of events read so far.
    """
    broken = set[str]()
    for finding in audit(engine.store, engine.tenant, progress=progress):
        broken.add(finding.stream)
        yield finding
    for kind in _PUBLISHED:
        for stream in streams_of(engine.store, engine.tenant, kind):
            if stream not in broken:
                yield from _unsaid(engine, stream)
    rows = dict(_index(engine))
    for stream in streams_of(engine.store, engine.tenant):
        if stream not in broken:
            yield from _prove_fold(engine, stream, rows)
        rows.pop(stream, None)
    for stream in sorted(rows):
        yield _finding(engine, stream, "the index has what no stream is there for")
    for query in map(Query, _apart(engine)):
        yield from audit_tallies(engine.store, engine.tenant, query, partial(_rows, engine, query))


def _index(engine: Engine) -> Iterator[tuple[str, IndexRow]]:
    """Yield the rows of cases, records and plugins' streams by their streams."""
    for playbook in (None, *_apart(engine)):
        for row in _rows(engine, Query(playbook)):
            yield case_stream(row.case) if playbook is None else row.case, row


def _apart(engine: Engine) -> list[str]:
    """Return what stands for a playbook in the rows of records and of plugins' streams."""
    records = (RECORDS + kind for kind in engine.kept_records.kinds.names())
    return [*records, *map(playbook_of, engine.streams.names())]


def _rows(engine: Engine, query: Query) -> Iterator[IndexRow]:
    for page in pages(lambda after: engine.store.find(engine.tenant, query, after=after, limit=_PAGE)):
        yield from page.items


def _unsaid(engine: Engine, stream: str) -> Iterator[Finding]:
    """Yield where a document that was published is not there, or says something else by now."""
    for stored in engine.store.events(engine.tenant, stream):
        event = engine.streams.decode(stored)
        for digest in filter(None, (event.digest, getattr(event, "texts", ""))):
            try:
                document(engine.store, engine.tenant, digest, stream.replace(":", " "))
            except DamagedStore as error:
                yield Finding(engine.tenant, stream, stored.version, stored.position, str(error))


def _prove_fold(engine: Engine, stream: str, rows: dict[str, IndexRow]) -> Iterator[Finding]:
    try:
        head = engine.store.load(engine.tenant, (stream,))[stream]
        folded, row = _fold(engine, stream)
    except (PlaybookError, ValueError, LookupError) as error:
        yield _finding(engine, stream, f"its events cannot be folded: {error}")
        return
    if head.fold == engine.streams.of(stream).fold and head.data and not _same(head.data, folded):
        yield _finding(engine, stream, "the snapshot is not the fold of its events")
    if row is not None and rows.get(stream) != row:
        yield _finding(engine, stream, "the index row is not what its events say")
    if is_record(stream):
        yield from _unclaimed(engine, stream)


def _unclaimed(engine: Engine, stream: str) -> Iterator[Finding]:
    """Yield the unique values of a record that are not held for it."""
    _, kind, id_ = stream.split(":", 2)
    for name in engine.kept_records.unclaimed(kind, id_):
        yield _finding(engine, stream, f"its {name}, which is unique, is not held for it")


def _same(snapshot: bytes, folded: bytes) -> bool:
    """Return whether two snapshots say the same, whatever the order in which they say it."""
    try:
        return snapshot == folded or bool(msgspec.json.decode(snapshot) == msgspec.json.decode(folded))
    except ValueError:
        return False


def _fold(engine: Engine, stream: str) -> tuple[bytes, IndexRow | None]:
    events = engine.store.events(engine.tenant, stream)
    if is_case(stream):
        case, definition = fold_case(stream.partition(":")[2], events, engine.definitions.pinned)
        if case is None or definition is None:
            raise ValueError("there are none")
        return encode_case(case), index_row(case, definition) if definition.whole else None
    if is_record(stream):
        return _fold_record(engine, stream)
    kind = engine.streams.of(stream)
    if kind.commands:
        return engine.streams.fold(stream)
    state, id_ = kind.initial, stream.partition(":")[2]
    for stored in events:
        at = from_micros(stored.at)
        state = kind.evolve(state, engine.streams.decode(stored), Happened(id_, at, stored.actor))
    return encode(state), None


def _fold_record(engine: Engine, stream: str) -> tuple[bytes, IndexRow]:
    _, name, id_ = stream.split(":", 2)
    store, tenant = engine.store, engine.tenant
    kind, _ = engine.kept_records.kinds.current(name)
    state = fold_record(kind, id_, store.events(tenant, stream))
    if state is None:
        raise ValueError("there are none")
    return encode_record(state), record_row(revealed(store, tenant, kind, state), kind)


def _finding(engine: Engine, stream: str, message: str) -> Finding:
    return Finding(engine.tenant, stream, 0, 0, message)
