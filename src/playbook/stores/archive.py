"""What a store adds so that it can be copied whole: its tables, read as of one moment and written as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import attrs

from playbook.stores.rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

Row = tuple[Any, ...]
"""A row of a table: its values in the order of the table's columns."""


@attrs.frozen
class Table:
    """Describe a table: the first `key` columns name a row; whether rows change once written, and whether they go.

    `bulk` is the column in which large things lie.
    """

    columns: tuple[str, ...]
    bulk: str
    key: int = 2
    changes: bool = False
    goes: bool = False


TABLES: Mapping[str, Table] = {
    "documents": Table(("tenant", "digest", "data"), "data"),
    "vault": Table(("tenant", "ref", "subject", "salt", "value"), "value", goes=True),
    "receipts": Table(("tenant", "key", "fingerprint", "answer", "position"), "answer"),
    "events": Table(
        ("tenant", "position", "stream", "version", "kind", "at", "recorded", "actor", "data", "hash"),
        "data",
    ),
    "cases": Table(("tenant", *COLUMNS), "fields", changes=True),
    "due": Table(
        ("tenant", "stream", "id", "queue", "at", "data", "ready", "token", "attempts", "error"),
        "data", key=3, changes=True, goes=True,
    ),
    "streams": Table(("tenant", "stream", "version", "hash", "fold", "snapshot"), "snapshot", changes=True),
}  # fmt: skip
"""All that a store keeps, in the order in which it is copied; what else it has is made from these.

The heads (`streams`) come last: without them there is no tenant, so nobody takes half a copy for a whole one.
Values are text, whole numbers, bytes and None; `hidden` of a case is a bool, its `tags` are a tuple of texts.
`ready` is when a due row may be taken next, None where it is parked.
"""


class Moment(Protocol):
    """Read all that a store had at one moment, whatever is written meanwhile."""

    def sizes(self, tenant: str | None) -> Mapping[str, int]:
        """Return how many rows each table has, of one tenant or of all."""
        ...

    def export(self, table: str, tenant: str | None) -> Iterator[Row]:
        """Yield the rows of a table in order of their keys (texts by code point), of one tenant or of all."""
        ...


@runtime_checkable
class Archive(Protocol):
    """A store that can be copied whole; `playbook copy` asks for it, nothing else does."""

    def moment(self) -> AbstractContextManager[Moment]:
        """Lend what the store has now, for a block; writers go on."""
        ...

    def restore(self, table: str, rows: Sequence[Row], gone: Sequence[Row]) -> None:
        """Write rows as they are, in place of those with the same keys, and delete rows by their keys, as one.

        Only a table whose rows `change` gets one with a key that is there, only one whose rows `go` gets keys to
        delete. Positions stay what they are; what is appended later comes after them.
        """
        ...
