"""What stores share: the columns of the index, the text of positions; and how to read on to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from playbook.errors import InputError, UnknownName
from playbook.stores.interface import IndexRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playbook.model.projections import Projection
    from playbook.stores.interface import Page, Query, Store

T = TypeVar("T")

RECORDS, RECORDS_END = "record:", "record;"
"""Begins what a row of a record has as its playbook; `find`, `tally` and `columns` pass over those unless named."""

CASES, CASES_END = "case:", "case;"
"""Begins the stream of a case; its id follows."""

COLUMNS = IndexRow.__struct_fields__
"""The columns of the table `cases`, in the order of IndexRow."""

GROUPS = ("playbook", "stage", "status", "outcome", "owner", "team", "name", "currency")
"""What cases can be counted by; `status` is open or closed, a missing currency is ''."""

_MISSING = ("currency", "expected_close", "probability", "forecast")
_JSON = msgspec.json.Encoder()
_TAGS = msgspec.json.Decoder(tuple[str, ...])
_NAMES = 1000


def check_groups(by: Sequence[str]) -> None:
    """Raise UnknownName for a column that cases cannot be counted by."""
    for column in by:
        if column not in GROUPS:
            raise UnknownName("column to count by", column, GROUPS)


def check_status(query: Query) -> None:
    """Raise UnknownName for a status that is neither open nor closed."""
    if query.status not in (None, "open", "closed"):
        raise UnknownName("status", str(query.status), ("open", "closed"))


def array(texts: Sequence[str]) -> str:
    """Return texts as one: a JSON array."""
    return _JSON.encode(texts).decode()


def part_of(row: IndexRow) -> str:
    """Return the part of the index that a row is in: record or case, open or closed, and the outcome.

    So whoever asks for one of them walks past no others.
    """
    record = "r" if row.playbook.startswith(RECORDS) else ""
    return f"{record}{'o' if row.closed is None else 'c'}{row.outcome}"


def part_fits(part: str, query: Query) -> bool:
    """Return whether a part has rows that a query asks for, all as to status and outcome.

    A part without a name is of a program that knew none and went on writing: its rows are found when they are
    written again.
    """
    if not part:
        return False
    record = part.startswith("r")
    status, outcome = ("open" if part[record] == "o" else "closed"), part[record + 1 :]
    return (
        (not record or query.playbook is not None)
        and query.status in (None, status)
        and query.outcome in (None, outcome)
    )


def tags_text(tags: Sequence[str]) -> str:
    """Return tags as one text: a JSON array, nothing where there are none."""
    return array(tags) if tags else ""


def read_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a text that `tags_text` made."""
    return _TAGS.decode(text) if text else ()


def check_table(table: str) -> None:
    """Raise UnknownName for a projection that is not kept."""
    if table != "cases":
        raise UnknownName("table", table, ("cases",))


def check_projection(projection: Projection) -> None:
    """Raise UnknownName for a table or column that there is none of."""
    check_table(projection.table)
    for name in projection.names:
        if name not in COLUMNS:
            raise UnknownName("column", name, COLUMNS)


def plain_column(name: str) -> str:
    """Return a column of the index as SQL, in which a text that is missing is ''."""
    return f"coalesce({name}, '') AS {name}" if name in _MISSING else f'"{name}"'


def mark(position: int, hash_: bytes) -> str:
    """Return the text of a place in the log that shows whether it is still the same log."""
    return f"{position}:{hash_[:8].hex()}"


def read_mark(text: str) -> tuple[int, bytes]:
    """Return position and beginning of the hash of a mark; raises InputError for other text."""
    position, _, start = text.partition(":")
    try:
        return int(position), bytes.fromhex(start)
    except ValueError:
        raise InputError(f"{text!r} is not a mark; pass what `mark` of the source before held") from None


def place(row: IndexRow) -> str:
    """Return the place of a row in the order newest opened first, then case."""
    return f"{row.opened}:{row.case}"


def read_place(text: str) -> tuple[int, str]:
    """Return opened and case of a place; raises InputError for other text."""
    opened, colon, case = text.partition(":")
    if not colon:
        raise InputError(f"{text!r} is not a place in a list; pass what `next` of the page before held")
    return _whole(opened, text), case


def read_position(text: str | None) -> int:
    """Return the position that a text of the log stands for, 0 for None; raises InputError for other text."""
    return 0 if text is None else _whole(text, text)


def _whole(number: str, text: str) -> int:
    try:
        return int(number)
    except ValueError:
        raise InputError(f"{text!r} is not a position; pass what `next` of the page before held") from None


def pages(ask: Callable[[str | None], Page[T]], after: str | None = None) -> Iterator[Page[T]]:
    """Yield every page of a list from a place on; `ask` gives the one after a place."""
    while True:
        page = ask(after)
        yield page
        if page.next is None:
            return
        after = page.next


def streams_of(store: Store, tenant: str, prefix: str = "") -> Iterator[str]:
    """Yield the names of all streams that begin with a prefix, in order."""
    after, more = prefix, True
    while more:
        found = store.streams(tenant, after=after, limit=_NAMES)
        for name in found:
            if not name.startswith(prefix):
                return
            yield name
            after = name
        more = len(found) == _NAMES
