"""Looking over many cases: what to do now, how they stand by stage, which of them a condition holds for."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from typing import TYPE_CHECKING

import attrs
from msgspec.structs import replace

from playbook.engine.answers import CaseView
from playbook.engine.many import Carried, carry_out
from playbook.engine.measuring import Counted, Expected, counted, expected
from playbook.engine.rehearsing import rehearse
from playbook.engine.selecting import Selection
from playbook.engine.streams import case_stream
from playbook.errors import Refused
from playbook.model.case import OPEN
from playbook.model.commands import Advance
from playbook.money import Money
from playbook.process.urgency import BANDS, Moment, Reason, stale, urgent, within_reach
from playbook.stores.interface import Query
from playbook.stores.rows import pages, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from playbook.engine.answers import Done
    from playbook.engine.engine import Engine
    from playbook.engine.finding import Finder
    from playbook.engine.held import Held
    from playbook.model.case import Case
    from playbook.model.commands import Command
    from playbook.model.rules import Condition
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World

    _Waiting = tuple[dt.date, dt.datetime, str, CaseView]

_PAGE = 500
_NEVER = dt.date.max


@attrs.frozen
class Seen:
    """Hold one case that is looked at: as it stands, its definition and version, its place in the order of a list."""

    view: CaseView
    case: Case
    definition: Compiled
    version: int
    place: str


@attrs.frozen
class Urgent:
    """Hold a case with the reasons why it is urgent, the most urgent first."""

    view: CaseView
    reasons: tuple[Reason, ...]

    @property
    def band(self) -> str:
        """Return how urgent it is: overdue, today, stale or reach."""
        return self.reasons[0].band


@attrs.frozen
class Agenda:
    """Say what to do now, the most urgent first, as of `at`.

    `counts` are all cases that are overdue, due today and stale, also beyond the limit; `open` is how many were
    looked at, and `more` whether some that are urgent were left out.
    """

    at: dt.datetime
    items: tuple[Urgent, ...]
    counts: Mapping[str, int]
    open: int
    more: bool


@attrs.frozen
class Card:
    """Hold a case on a board; `stale` is since when it is quiet, where that is too long."""

    view: CaseView
    stale: dt.datetime | None


@attrs.frozen
class Column:
    """Hold the open cases of a stage: how many, the sums of their amounts by currency, how many are stale.

    `cards` are those that need a look first: the stale ones, then those that have been in the stage longest.
    """

    stage: str
    title: str
    cases: int
    sums: tuple[Money, ...]
    stale: int
    cards: tuple[Card, ...]


@attrs.frozen
class Board:
    """Hold the columns of one playbook, in the order of its stages."""

    playbook: str
    title: str
    columns: tuple[Column, ...]


class Desk:
    """Look over the cases of one engine that an actor sees; it holds nothing itself and stores nothing."""

    def __init__(self, engine: Engine, finder: Finder, held: Held) -> None:
        self._engine = engine
        self._finder = finder
        self._held = held

    def next(self, query: Query | None = None, *, actor: str, person: str = "", limit: int = 20) -> Agenda:
        """Return what to do now over all open cases that the actor sees, or what of it is for one person to do.

        Cases that one step would move on are looked for where the more urgent ones leave room.
        """
        moment = Moment.of(self._engine.clock(), self._engine.world)
        scan = _Scan(moment, person, self._known)
        pressing = scan.pressing(self.walk(_open(query), actor=actor))
        items = heapq.nsmallest(limit or 1, pressing, key=_order)[:limit]  # of none, none would be looked at
        more = sum(scan.counts.values()) > len(items)
        if not more:
            items += itertools.islice(self._within_reach(scan.rest, actor), limit + 1 - len(items))
            more = len(items) > limit
        return Agenda(moment.now, tuple(items[:limit]), scan.counts, scan.open, more)

    def board(self, query: Query | None = None, *, actor: str, cards: int = 5) -> tuple[Board, ...]:
        """Return how the open cases that the actor sees stand by stage, a board for each playbook that has some."""
        found: dict[str, dict[str, _Gathered]] = {}
        if query is not None and query.playbook is not None:
            found[query.playbook] = {}
        now, world = self._engine.clock(), self._engine.world
        for seen in self.walk(_open(query), actor=actor):
            stages = found.setdefault(seen.case.playbook, {})
            title = seen.definition.stages[seen.case.stage].title
            column = stages.setdefault(seen.case.stage, _Gathered(title or seen.case.stage))
            quiet = stale(seen.definition, seen.case, self._known(world, seen))
            column.add(seen, quiet.base if quiet is not None and quiet.due <= now else None)
        return tuple(self._board(playbook, found[playbook], cards) for playbook in sorted(found))

    def select(self, condition: str, query: Query | None = None, *, actor: str) -> Selection:
        """Return a condition made ready for the playbooks that it fits; raises InputError where it fits none."""
        return Selection.of(self._engine, condition, query or Query(), actor)

    def carry_out(
        self,
        selection: Selection,
        make: Callable[[str], Command],
        *,
        actor: str,
        key: str | None = None,
        at: dt.datetime | None = None,
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda looked: None,
    ) -> Iterator[Carried]:
        """Carry out what `make` makes for every case that a condition holds for, each once and by itself."""
        return carry_out(
            self._engine, selection, make, actor=actor, key=key, at=at, dry_run=dry_run, progress=progress
        )

    def rehearse(self, command: Command, *, actor: str, at: dt.datetime | None = None) -> Done | Refused:
        """Return what `run` would answer to a command on a case; nothing is stored. Raises what `run` raises."""
        return rehearse(self._engine, command, actor, seen_by=actor, at=at).done

    def walk(self, query: Query, *, actor: str) -> Iterator[Seen]:
        """Yield the cases that the actor sees, the newest opened first, read page by page."""
        engine = self._engine
        for page in pages(lambda after: self._finder.rows(query, actor, after, _PAGE)):
            streams = [case_stream(row.case) for row in page.items]
            heads = engine.store.load(engine.tenant, streams)
            for row, stream in zip(page.items, streams, strict=True):
                case, definition = self._held.case(stream, heads[stream])
                yield Seen(CaseView.of(row), case, definition, heads[stream].version, place(row))

    def counted(
        self,
        measure: str,
        since: dt.date,
        until: dt.date,
        *,
        asking: Mapping[str, Condition] | None = None,
    ) -> Iterator[Counted]:
        """Yield what a measure of the organization counts between two days, ends included, with who is credited.

        `asking` are conditions to be answered of each case. It sees every case: whom it is shown to is for the
        caller to say. Raises UnknownName where there is no such measure, InputError for a ratio. What was known at
        a time is counted by `Engine.as_known`.
        """
        return counted(self._engine, measure, since, until, asking or {})

    def expected(
        self,
        measure: str,
        since: dt.date,
        until: dt.date,
        *,
        asking: Mapping[str, Condition] | None = None,
    ) -> Iterator[Expected]:
        """Yield the open cases that a measure counts once they are won, with how likely and when that is expected.

        Each tells what it would count if it were won on that day (today, where that has passed). It sees every case,
        and raises, as `counted` does.
        """
        return expected(self._engine, measure, since, until, asking or {})

    def _known(self, world: World, seen: Seen) -> World:
        """Return a world that knows what the conditions of timers may ask of the records that a case refers to."""
        return self._engine.kept_records.known(world, seen.definition, seen.case)

    def _within_reach(self, rest: Iterable[_Waiting], actor: str) -> Iterator[Urgent]:
        """Yield the cases that one step would move on, looked at as their owners, who would take it."""
        for _, _, name, view in sorted(rest, key=lambda one: one[:3]):
            found = rehearse(self._engine, Advance(name), view.owner or actor, seen_by=actor)
            blockers = found.answer.blockers if isinstance(found.answer, Refused) else ()
            reason = within_reach(found.before, blockers)
            if reason is not None:
                yield Urgent(view, (reason,))

    def _board(self, playbook: str, stages: Mapping[str, _Gathered], cards: int) -> Board:
        definition = self._engine.definitions.current(playbook, None)
        known = [stage.id for stage in definition.playbook.stages if not stage.final]
        earlier = [stage for stage in stages if stage not in known]  # of versions that had others
        empty = {name: _Gathered(definition.stages[name].title or name) for name in known}
        columns = tuple((stages.get(name) or empty[name]).column(name, cards) for name in (*known, *earlier))
        return Board(playbook, definition.playbook.title or playbook, columns)


class _Scan:
    """Sort cases into those that are urgent for a person (anybody, where none is named) and the rest."""

    def __init__(self, moment: Moment, person: str, known: Callable[[World, Seen], World]) -> None:
        self._moment = moment
        self._person = person
        self._known = known
        self.counts = dict.fromkeys(BANDS[:-1], 0)
        self.open = 0
        self.rest: list[_Waiting] = []

    def pressing(self, cases: Iterable[Seen]) -> Iterator[Urgent]:
        """Yield the cases that are overdue, due today or stale."""
        person = self._person
        for seen in cases:
            self.open += 1
            view, moment = seen.view, self._moment
            world = self._known(moment.world, seen)
            if world is not moment.world:
                moment = replace(moment, world=world)
            reasons = urgent(seen.definition, seen.case, moment, view.expected_close)
            mine = tuple(one for one in reasons if not person or person in one.who)
            if mine:
                self.counts[mine[0].band] += 1
                yield Urgent(view, mine)
            elif not reasons and person in ("", view.owner):
                self.rest.append((view.expected_close or _NEVER, seen.case.entered, view.id, view))


class _Gathered:
    """Gather the cases of one column."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._minor: dict[str, int] = {}
        self._cards: list[tuple[bool, dt.datetime, str, Card]] = []

    def add(self, seen: Seen, quiet: dt.datetime | None) -> None:
        view, amount = seen.view, seen.view.amount
        if amount is not None:
            self._minor[amount.currency] = self._minor.get(amount.currency, 0) + amount.minor
        self._cards.append((quiet is None, quiet or seen.case.entered, view.id, Card(view, quiet)))

    def column(self, stage: str, cards: int) -> Column:
        sums = tuple(Money.from_minor(minor, name) for name, minor in sorted(self._minor.items()))
        first = heapq.nsmallest(cards, self._cards, key=lambda one: one[:3])
        stale_ones = sum(not fresh for fresh, *_ in self._cards)
        return Column(stage, self.title, len(self._cards), sums, stale_ones, tuple(one[3] for one in first))


def _order(one: Urgent) -> tuple[int, dt.datetime, str]:
    return BANDS.index(one.band), one.reasons[0].at, one.view.id


def _open(query: Query | None) -> Query:
    return replace(query or Query(), status=OPEN)
