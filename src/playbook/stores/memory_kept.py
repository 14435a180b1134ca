"""What the store in memory keeps of a tenant, and its rows as the tables of an archive."""

from __future__ import annotations

from bisect import insort
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import attrs
from msgspec.structs import astuple

from playbook.stores.archive import TABLES
from playbook.stores.interface import DueRow, IndexRow, Receipt, Snapshot, StoredEvent, VaultRow
from playbook.stores.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.stores.archive import Row


@attrs.frozen
class Due:
    """Hold a due row and how it stands: `ready` is when it may be taken next, None where it is parked.

    `worker` holds it until `until`, by the clock of the store.
    """

    row: DueRow
    ready: int | None
    token: str | None = None
    attempts: int = 0
    error: str = ""
    worker: str = ""
    until: int = 0


@attrs.define
class Tenant:
    """Hold what one tenant has."""

    heads: dict[str, Snapshot] = attrs.field(factory=dict)
    events: dict[str, list[StoredEvent]] = attrs.field(factory=dict)
    log: list[StoredEvent] = attrs.field(factory=list)
    receipts: dict[str, Receipt] = attrs.field(factory=dict)
    cases: dict[str, IndexRow] = attrs.field(factory=dict)
    tallies: Tallies = attrs.field(factory=Tallies)
    due: dict[tuple[str, str], Due] = attrs.field(factory=dict)
    documents: dict[str, bytes] = attrs.field(factory=dict)
    vault: dict[str, VaultRow] = attrs.field(factory=dict)
    _changed: list[tuple[dict[Any, Any], Any, Any]] = attrs.field(factory=list)
    _length: int = 0

    def begin(self) -> None:
        """Begin what `undo` takes back as one."""
        self._changed.clear()
        self._length = len(self.log)

    def put(self, kept: dict[Any, Any], key: Any, value: Any) -> None:
        """Keep a value among those that are kept here; None keeps none any more."""
        self._changed.append((kept, key, kept.get(key)))
        if value is None:
            del kept[key]
        else:
            kept[key] = value

    def undo(self) -> None:
        """Take back what was put, and appended to the log, since it was begun."""
        for kept, key, before in reversed(self._changed):
            if before is None:
                kept.pop(key, None)
            else:
                kept[key] = before
        del self.log[self._length :]
        self.derive()

    def derive(self) -> None:
        """Make anew what follows from the rest, which may be ahead of it where something was interrupted."""
        self.tallies = Tallies(self.cases.values())
        self.events = {}
        for event in self.log:
            self.events.setdefault(event.stream, []).append(event)

    def index(self, row: IndexRow) -> None:
        """Keep the row of a case, and count it in place of the one before."""
        old = self.cases.get(row.case)
        if old is not None:
            self.tallies.add(old, -1)
        self.tallies.add(row)
        self.put(self.cases, row.case, row)

    def copy(self) -> Tenant:
        """Return what goes its own way from here."""
        return Tenant(
            dict(self.heads),
            {stream: list(events) for stream, events in self.events.items()},
            list(self.log),
            dict(self.receipts),
            dict(self.cases),
            self.tallies.copy(),
            dict(self.due),
            dict(self.documents),
            dict(self.vault),
        )

    def rows(self, table: str) -> Iterator[Row]:
        """Yield the rows of a table of an archive without the tenant, in order of their keys."""
        if table == "documents":
            yield from sorted(self.documents.items())
        elif table == "due":
            for stream, id_ in sorted(self.due):
                due = self.due[stream, id_]
                yield stream, *astuple(due.row), due.ready, due.token, due.attempts, due.error
        elif table == "streams":
            for stream in sorted(self.heads):
                yield stream, *astuple(self.heads[stream])
        elif table == "events":
            for event in self.log:
                yield event.position, event.stream, event.version, *astuple(event)[3:]
        else:
            kept: Mapping[str, Any] = getattr(self, table)
            for key in sorted(kept):
                yield astuple(kept[key])[: 4 if table == "receipts" else None]

    def restore(self, table: str, *row: Any) -> None:
        """Write a row of a table of an archive, which comes without the tenant."""
        if table == "documents":
            self.documents[row[0]] = row[1]
        elif table == "due":
            stream, id_, queue, at, data, *stands = row
            self.due[stream, id_] = Due(DueRow(id_, queue, at, data), *stands)
        elif table == "streams":
            self.heads[row[0]] = Snapshot(*row[1:])
        elif table == "events":
            position, stream, version, *rest = row
            event = StoredEvent(stream, version, position, *rest)
            insort(self.log, event, key=attrgetter("position"))
            insort(self.events.setdefault(stream, []), event, key=attrgetter("version"))
        elif table == "vault":
            self.vault[row[0]] = VaultRow(*row)
        elif table == "receipts":
            self.receipts[row[0]] = Receipt(*row)
        else:
            self.index(IndexRow(*row))

    def delete(self, table: str, *key: str) -> None:
        """Delete a row of a table whose rows go."""
        if table == "due":
            del self.due[key[0], key[1]]
        else:
            del self.vault[key[0]]


class MemoryMoment:
    """Read tenants that nobody else has."""

    def __init__(self, tenants: Mapping[str, Tenant]) -> None:
        self._tenants = tenants

    def sizes(self, tenant: str | None) -> Mapping[str, int]:
        """Return how many rows each table has, of one tenant or of all."""
        return {table: sum(1 for _ in self.export(table, tenant)) for table in TABLES}

    def export(self, table: str, tenant: str | None) -> Iterator[Row]:
        """Yield the rows of a table in order of their keys, of one tenant or of all."""
        for name in sorted(self._tenants):
            if tenant in (None, name):
                yield from ((name, *row) for row in self._tenants[name].rows(table))
