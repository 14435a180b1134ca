"""Finding and counting cases, each as the one who asks sees them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.engine.answers import CaseView
from playbook.errors import AmbiguousName, UnknownName
from playbook.model.record import STREAMS
from playbook.process.computed import hidden_fields
from playbook.stores.interface import ColumnSource, IndexRow, Page, Query, Tally

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from playbook.engine.definitions import Definitions
    from playbook.model.case import Case
    from playbook.model.projections import Projection, Source
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World
    from playbook.stores.interface import Store

    Eyes = Callable[[str], frozenset[str] | None]
    Moment = Callable[[], tuple[World, dt.datetime]]
    Mask = Callable[[IndexRow], IndexRow]

_MATCHES = 6
_NAMES = 500


class _Owned(msgspec.Struct, frozen=True):
    """Hold what of an index row decides who may see its fields."""

    owner: str
    team: str
    fields: dict[str, Any]


class Finder:
    """Find and count the cases of one tenant; `eyes_of` gives the tags of an actor, None for one who sees all.

    What is hidden of a case is hidden as its playbook says now.
    """

    def __init__(
        self, store: Store, tenant: str, definitions: Definitions, eyes_of: Eyes, moment: Moment
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._definitions = definitions
        self._eyes_of = eyes_of
        self._moment = moment

    def find(self, query: Query, actor: str, after: str | None, limit: int) -> Page[CaseView]:
        """Return cases, the newest opened first, by pages."""
        page = self.rows(query, actor, after, limit)
        return Page(tuple(map(CaseView.of, page.items)), page.next)

    def rows(self, query: Query, actor: str, after: str | None, limit: int) -> Page[IndexRow]:
        """Return rows of the index as the actor sees them, the newest opened first, by pages."""
        if _of_streams(query):
            return Page((), None)
        eyes = self._eyes_of(actor)
        page = self._store.find(self._tenant, replace(query, tags=eyes), after=after, limit=limit)
        if eyes is None:
            return page
        masks = self._masks({row.playbook for row in page.items}, actor)
        rows = (mask(row) if (mask := masks.get(row.playbook)) else row for row in page.items)
        return Page(tuple(rows), page.next)

    def tally(self, query: Query, by: Sequence[str], actor: str) -> Sequence[Tally]:
        """Return counts and sums of the cases that an actor sees, or of all where `see_totals` says so."""
        if _of_streams(query):
            return ()
        eyes = self._eyes_of(actor)
        if eyes is None:
            return self._store.tally(self._tenant, replace(query, tags=None), by)
        names = self._definitions.names() if query.playbook is None else (query.playbook,)
        free = {name for name in names if self._totals(name, eyes)}
        blind = {name for name in names if name not in free and self._hides_amounts(name, eyes)}
        if not (free or blind):
            return self._store.tally(self._tenant, replace(query, tags=eyes), by)
        found: list[Tally] = []
        for name in names:
            part = replace(query, playbook=name, tags=None if name in free else eyes)
            tallies = self._store.tally(self._tenant, part, by)
            found += (replace(tally, sums={}) for tally in tallies) if name in blind else tallies
        return found if len(names) == 1 else _merged(found)

    def columns(self, table: str, actor: str) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Yield a projection as chunks of columns, of the cases that `tally` counts."""
        eyes = self._eyes_of(actor)
        chunks = self._store.columns(self._tenant, table)
        if eyes is None:
            return chunks
        names = self._definitions.names()
        free = {name for name in names if self._totals(name, eyes)}
        masks = self._masks(names, actor, free)
        return (_masked(_seen(chunk, eyes, free), masks) for chunk in chunks)

    def source(self, projection: Projection, actor: str) -> Source | None:
        """Return how a driver reads a projection by itself; None for one who does not see all of every case."""
        if self._eyes_of(actor) is not None or not isinstance(self._store, ColumnSource):
            return None
        return self._store.source(self._tenant, projection)

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

    def _masks(self, names: Iterable[str], actor: str, free: Container[str] = ()) -> dict[str, Mask]:
        """Return what hides from an actor what they may not see of a row, by playbook, where there is such a thing.

        Amounts of playbooks whose totals they may know stay.
        """
        moment = self._moment()
        guarded = ((name, one) for name in names if (one := self._current(name)) and one.guarded)
        return {name: _mask(one, actor, *moment, amounts=name in free) for name, one in guarded}

    def _current(self, playbook: str) -> Compiled | None:
        published = self._definitions.versions(playbook).published
        return self._definitions.pinned(playbook, published[-1].digest) if published else None

    def _hides_amounts(self, playbook: str, eyes: frozenset[str]) -> bool:
        """Return whether amounts of some cases are hidden from one who asks; a role or name sees those of all."""
        definition = self._current(playbook)
        groups = () if definition is None else definition.guarded.get(definition.amount, ())
        return any("anyone" not in who and all(f"is:{one}" not in eyes for one in who) for who in groups)

    def _totals(self, playbook: str, eyes: frozenset[str]) -> bool:
        """Return whether one who asks may know the totals of all cases of a playbook."""
        definition = self._current(playbook)
        permissions = () if definition is None else definition.playbook.who_may
        who = next((permission.who for permission in permissions if permission.act == "see_totals"), ())
        return "anyone" in who or any(f"is:{principal}" in eyes for principal in who)


def _of_streams(query: Query) -> bool:
    """Return whether a query is about streams of plugins: they are found where their kind says who sees them."""
    return query.playbook is not None and query.playbook.startswith(STREAMS)


def _seen(
    chunk: Mapping[str, Sequence[Any]], eyes: frozenset[str], free: set[str]
) -> Mapping[str, Sequence[Any]]:
    """Return a chunk without the cases that one who asks may not even know of."""
    cases = zip(chunk["hidden"], chunk["tags"], chunk["playbook"], strict=True)
    kept = [not hidden or playbook in free or not eyes.isdisjoint(tags) for hidden, tags, playbook in cases]
    return {name: list(itertools.compress(values, kept)) for name, values in chunk.items()}


def _mask(
    definition: Compiled, actor: str, world: World, at: dt.datetime, *, amounts: bool
) -> Callable[[IndexRow], IndexRow]:
    def mask(row: IndexRow) -> IndexRow:
        fields = msgspec.json.decode(row.fields)
        hidden = hidden_fields(definition, _Owned(row.owner, row.team, fields), actor, at, world)
        hidden -= {definition.amount} if amounts else set()
        if not hidden:
            return row
        shown = {name: value for name, value in fields.items() if name not in hidden}
        row = replace(row, fields=msgspec.json.encode(shown))
        if definition.amount in hidden:
            row = replace(row, amount=None, currency=None)
        return replace(row, expected_close=None) if definition.expected_close in hidden else row

    return mask


def _masked(chunk: Mapping[str, Sequence[Any]], masks: Mapping[str, Mask]) -> Mapping[str, Sequence[Any]]:
    """Return a chunk without what is hidden of single cases."""
    if masks.keys().isdisjoint(chunk["playbook"]):
        return chunk
    rows = (IndexRow(**dict(zip(chunk, values, strict=True))) for values in zip(*chunk.values(), strict=True))
    kept = [mask(row) if (mask := masks.get(row.playbook)) else row for row in rows]
    return {name: [getattr(row, name) for row in kept] for name in chunk}


def _merged(found: Iterable[Tally]) -> list[Tally]:
    groups: dict[tuple[str, ...], Tally] = {}
    for tally in found:
        known = groups.get(tally.group)
        if known is not None:
            currencies = sorted({*known.sums, *tally.sums})
            sums = {c: known.sums.get(c, 0) + tally.sums.get(c, 0) for c in currencies}
            tally = Tally(tally.group, known.count + tally.count, sums)
        groups[tally.group] = tally
    return [groups[group] for group in sorted(groups)]


def must_see(case: Case | None, definition: Compiled, actor: str, at: dt.datetime, world: World) -> None:
    """Raise UnknownName, as if there were no such case, where the actor does not see it."""
    if case is not None and not world.sees(actor, definition, case, at):
        raise UnknownName("case", case.id)
