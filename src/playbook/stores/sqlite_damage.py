"""Events of an SQLite file that cannot be read: which one it is, and what can be read before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import DamagedStore
from playbook.stores.sqlite_file import TRANSLATED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

SELECT_EVENTS = "SELECT stream, version, position, kind, at, recorded, actor, data, hash FROM events"


def up_to_fault(
    where: str, values: Sequence[Any], error: DamagedStore, cursor: sqlite3.Cursor
) -> tuple[list[Any], DamagedStore]:
    """Return the events before the first that cannot be read, and an error that names that one.

    SQLite says only that some text among all that was asked for is no UTF-8. Its numbers can be read all the
    same, and so they say which event it is.
    """
    places = cursor.execute(f"SELECT position, version FROM events {where}", values).fetchall()
    found: list[Any] = []
    for position, version in places:
        try:
            found += cursor.execute(f"{SELECT_EVENTS} WHERE position = ?", (position,)).fetchall()
        except TRANSLATED:
            message = f"the event at position {position} cannot be read: {error}"
            return found, DamagedStore(message, version=version, position=position)
    return found, error
