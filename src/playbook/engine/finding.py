"""Finding and counting cases, each as the one who asks sees them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.engine.answers import CaseView
from playbook.errors import AmbiguousName, UnknownName
from playbook.stores.interface import Page, Query, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from playbook.engine.definitions import Definitions
    from playbook.stores.interface import Store

    Eyes = Callable[[str], frozenset[str] | None]

_MATCHES = 6
_NAMES = 500


class Finder:
    """Find and count the cases of one tenant; `eyes_of` gives the tags of an actor, None for one who sees all."""

    def __init__(self, store: Store, tenant: str, definitions: Definitions, eyes_of: Eyes) -> None:
        self._store = store
        self._tenant = tenant
        self._definitions = definitions
        self._eyes_of = eyes_of

    def find(self, query: Query, actor: str, after: str | None, limit: int) -> Page[CaseView]:
        """Return cases, the newest opened first, by pages."""
        seen = replace(query, tags=self._eyes_of(actor))
        page = self._store.find(self._tenant, seen, after=after, limit=limit)
        return Page(tuple(CaseView.of(row) for row in page.items), page.next)

    def tally(self, query: Query, by: Sequence[str], actor: str) -> Sequence[Tally]:
        """Return counts and sums of the cases that an actor sees, or of all where `see_totals` says so."""
        eyes = self._eyes_of(actor)
        if eyes is None:
            return self._store.tally(self._tenant, replace(query, tags=None), by)
        names = self._definitions.names() if query.playbook is None else (query.playbook,)
        free = {name for name in names if self._totals(name, eyes)}
        if not free:
            return self._store.tally(self._tenant, replace(query, tags=eyes), by)
        found: list[Tally] = []
        for name in names:
            part = replace(query, playbook=name, tags=None if name in free else eyes)
            found += self._store.tally(self._tenant, part, by)
        return found if len(names) == 1 else _merged(found)

    def columns(self, table: str, actor: str) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Yield a projection as chunks of columns, of the cases that `tally` counts."""
        eyes = self._eyes_of(actor)
        chunks = self._store.columns(self._tenant, table)
        if eyes is None:
            return chunks
        free = {name for name in self._definitions.names() if self._totals(name, eyes)}
        return (_seen(chunk, eyes, free) for chunk in chunks)

    def resolve(self, reference: str, actor: str) -> str:
        """Return the id of a case named by a unique beginning of its id, or its unique name.

        Raises UnknownName naming the nearest, AmbiguousName naming the matches, of those that the actor sees.
        """
        eyes = self._eyes_of(actor)
        for query in (Query(prefix=reference, tags=eyes), Query(name=reference, tags=eyes)):
            found = self._store.find(self._tenant, query, limit=_MATCHES).items
            if len(found) == 1:
                return found[0].case
            if found:
                raise AmbiguousName("case", reference, [f"{row.case} ({row.name})" for row in found])
        known = self._store.find(self._tenant, Query(tags=eyes), limit=_NAMES).items
        raise UnknownName("case", reference, [name for row in known for name in (row.name, row.case) if name])

    def _totals(self, playbook: str, eyes: frozenset[str]) -> bool:
        """Return whether one who asks may know the totals of all cases of a playbook."""
        versions = self._definitions.versions(playbook)
        if not versions.published:
            return False
        permissions = self._definitions.current(playbook, None).playbook.who_may
        who = next((permission.who for permission in permissions if permission.act == "see_totals"), ())
        return "anyone" in who or any(f"is:{principal}" in eyes for principal in who)


def _seen(
    chunk: Mapping[str, Sequence[Any]], eyes: frozenset[str], free: set[str]
) -> Mapping[str, Sequence[Any]]:
    """Return a chunk without the cases that one who asks may not even know of."""
    cases = zip(chunk["hidden"], chunk["tags"], chunk["playbook"], strict=True)
    kept = [not hidden or playbook in free or not eyes.isdisjoint(tags) for hidden, tags, playbook in cases]
    return {name: list(itertools.compress(values, kept)) for name, values in chunk.items()}


def _merged(found: Iterable[Tally]) -> list[Tally]:
    groups: dict[tuple[str, ...], Tally] = {}
    for tally in found:
        known = groups.get(tally.group)
        if known is not None:
            currencies = sorted({*known.sums, *tally.sums})
            sums = {c: known.sums.get(c, 0) + tally.sums.get(c, 0) for c in currencies}
            tally = Tally(tally.group, known.count + tally.count, sums, max(known.assigned, tally.assigned))
        groups[tally.group] = tally
    return [groups[group] for group in sorted(groups)]
