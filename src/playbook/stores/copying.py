"""Copy a store into another: as of one moment, row for row; going on where it was stopped; proved at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from playbook.errors import ForeignStore, InputError, StoreError, UnknownName
from playbook.stores.archive import TABLES, Archive
from playbook.stores.audit import audit_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook.stores.archive import Moment, Row
    from playbook.stores.audit import Finding
    from playbook.stores.interface import Store

    Progress = Callable[[str, int, int], None]
    Difference = tuple[Literal["new", "changed", "gone"], Row]

# what is written at once
_ROWS = 2000
_BYTES = 4_000_000
# after how many rows progress is told
_STEP = 500


@attrs.frozen
class Copied:
    """Say what a copy has by table, how many rows were written or deleted for it, and what is wrong with it."""

    rows: Mapping[str, int]
    written: int
    findings: tuple[Finding, ...]


def copy(source: Store, target: Store, *, tenant: str | None = None, progress: Progress) -> Copied:
    """Make a store hold what another has at this moment, of one tenant or of all; writers go on there.

    What the target has already is compared and not written again, so that a copy that was stopped goes on, and one
    made anew brings it up to date. At the end every row is compared, and every hash of the target made anew.
    `progress` hears a title, how far that is, and of how much.
    Raises ForeignStore for a target that holds something else, InputError where a store cannot be copied, UnknownName
    for a tenant of which the source has nothing.
    """
    with _archive(source).moment() as there:
        sizes = there.sizes(tenant)
        if tenant is not None and not any(sizes.values()):
            raise UnknownName("tenant", tenant, source.tenants())
        copying = _Copying(there, _archive(target), tenant, sum(sizes.values()), progress)
        copying.check()
        written = copying.bring()
        copying.compare()
    tenants = [tenant] if tenant is not None else target.tenants()
    return Copied(sizes, written, tuple(audit_all(target, tenants, sizes["events"], progress)))


def _archive(store: Store) -> Archive:
    if not isinstance(store, Archive):
        raise InputError(f"{type(store).__name__} cannot be copied: it lacks `moment` and `restore`")
    return store


class _Copying:
    """Bring what a moment of one store has into another."""

    def __init__(
        self, there: Moment, target: Archive, tenant: str | None, total: int, progress: Progress
    ) -> None:
        self._there, self._target, self._tenant = there, target, tenant
        self._total, self._progress = total, progress
        self._done = 0

    def check(self) -> None:
        """Raise ForeignStore where the target has what cannot have come from the source; nothing is written."""
        with self._target.moment() as here:
            sizes = here.sizes(None)
            more = self._tenant is not None and sizes != here.sizes(self._tenant)
        if more:
            raise ForeignStore(f"the target has more than the tenant {self._tenant!r}; name an empty one")
        if any(sizes.values()):
            for name in TABLES:
                for _ in self._differences(name, "Comparing"):
                    pass

    def bring(self) -> int:
        """Write what the target lacks and delete what the source has no more; return how many rows."""
        self._done = 0
        return sum(map(self._bring, TABLES))

    def compare(self) -> None:
        """Raise StoreError where the target is not what the source was at that moment, row for row."""
        self._done = 0
        for name in TABLES:
            for _, row in self._differences(name, "Comparing what was copied"):
                raise StoreError(
                    f"the copy is not what the source has: {_place(name, row)} differs; does somebody write to the"
                    " target? The same again goes on"
                )

    def _bring(self, name: str) -> int:
        key, bulk = TABLES[name].key, TABLES[name].columns.index(TABLES[name].bulk)
        rows: list[Row] = []
        gone: list[Row] = []
        size = written = 0
        for kind, row in self._differences(name, "Copying"):
            if kind == "gone":
                gone.append(row[:key])
            else:
                rows.append(row)
                size += len(row[bulk])
            if len(rows) + len(gone) == _ROWS or size > _BYTES:
                self._restore(name, rows, gone)
                written += len(rows) + len(gone)
                rows, gone, size = [], [], 0
        if rows or gone:
            self._restore(name, rows, gone)
        return written + len(rows) + len(gone)

    def _restore(self, name: str, rows: list[Row], gone: list[Row]) -> None:
        try:
            self._target.restore(name, rows, gone)
        except InputError as error:
            if len(rows) == 1:
                raise InputError(f"{_place(name, rows[0])} cannot be copied: {error}") from error
            for row in rows:  # one of them is not taken: say which
                self._restore(name, [row], [])
            raise

    def _differences(self, name: str, title: str) -> Iterator[Difference]:
        """Yield in which rows of a table the target differs; raises ForeignStore for what the source never had."""
        table = TABLES[name]
        for kind, row in _merged(self._source(name, title), self._kept(name), table.key):
            if (kind == "gone" and not table.goes) or (kind == "changed" and not table.changes):
                raise ForeignStore(
                    f"the target holds something else: the source has no such {_place(name, row)}; name an empty one"
                )
            yield kind, row

    def _source(self, name: str, title: str) -> Iterator[Row]:
        for row in self._there.export(name, self._tenant):
            yield row
            self._done += 1
            if not self._done % _STEP:
                self._progress(title, self._done, self._total)
        self._progress(title, self._done, self._total)

    def _kept(self, name: str) -> Iterator[Row]:
        """Yield what the target has; a moment that has been read to its end holds no writer up."""
        with self._target.moment() as here:
            yield from here.export(name, self._tenant)


def _merged(source: Iterator[Row], target: Iterator[Row], key: int) -> Iterator[Difference]:
    """Yield rows that only one has, and those of the source that differ from the target's of the same key."""
    kept = next(target, None)
    for row in source:
        place = row[:key]
        while kept is not None and kept[:key] < place:
            yield "gone", kept
            kept = next(target, None)
        if kept is None or kept[:key] != place:
            yield "new", row
            continue
        if kept != row:
            yield "changed", row
        kept = next(target, None)
    while kept is not None:
        yield "gone", kept
        kept = next(target, None)


def _place(name: str, row: Row) -> str:
    table = TABLES[name]
    key = ", ".join(f"{column} {row[at]!r}" for at, column in enumerate(table.columns[: table.key]))
    return f"row of {name} ({key})"
