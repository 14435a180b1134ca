"""What an organization's measures count: cases or their entries, each on its day, with whom it is credited to."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.engine.past import stood
from playbook.errors import InputError, UnknownName
from playbook.expressions import EvalError, Unknown
from playbook.model.case import OPEN, Case, Entry
from playbook.model.chances import WON, probability
from playbook.model.organization import OPERATOR
from playbook.money import Money
from playbook.process.actions import Acting, people
from playbook.stores.interface import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.engine.engine import Engine
    from playbook.expressions.scope import Scope
    from playbook.model.organization_rules import Measure
    from playbook.model.rules import Condition
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World

_WHOLE = Decimal(1)


class Counted(msgspec.Struct, frozen=True, gc=False):
    """Hold one thing that a measure counts, on a day of the organization's zone.

    `amount` is None where things are only counted, or where nobody said what this one is for. `entry` numbers the
    case's entries from 1, and is 0 where the case as a whole counts. `owner`, `team` and `territory` are those of
    that moment, `shares` whom it is credited to, summing to 1. `answers` are those to what was asked beside, `worth`
    is the amount of the case, where it has one.
    """

    measure: str
    day: dt.date
    at: dt.datetime
    case: Case
    owner: str
    team: str
    amount: Money | Decimal | None
    shares: dict[str, Decimal]
    entry: int = 0
    answers: dict[str, Any] = {}
    territory: str = ""
    worth: Money | None = None


def counted(
    engine: Engine,
    name: str,
    since: dt.date,
    until: dt.date,
    asking: Mapping[str, Condition],
) -> Iterator[Counted]:
    """Yield what a measure counts between two days, ends included, in the order of the store.

    `asking` are conditions of the case to be answered beside: True, False, or None where that cannot be told.
    Raises UnknownName for a measure that is not there, and InputError for a ratio, which counts nothing by itself.
    """
    world = engine.world
    measure = _measure(world, name)
    query = Query(playbook=measure.playbook, outcome=measure.outcome or None)
    for seen in engine.desk.walk(query, actor=OPERATOR):
        # the index may know more than what is asked: of what was known at a time, it tells what is so now
        if not measure.outcome or seen.case.outcome == measure.outcome:
            counting = _Counting(engine, world, measure, seen.case, seen.definition)
            yield from counting.between(since, until, asking)


class Expected(msgspec.Struct, frozen=True, gc=False):
    """Hold an open case that a measure counts once it is won: how likely that is, and when it is expected.

    `closes` is None where nobody said when, `probability` where neither a person nor the stage says how likely.
    `counted` is what it would then count; None where that is not between the days that were asked for.
    """

    case: Case
    closes: dt.date | None
    probability: Decimal | None
    counted: Counted | None


def expected(
    engine: Engine, name: str, since: dt.date, until: dt.date, asking: Mapping[str, Condition]
) -> Iterator[Expected]:
    """Yield the open cases that a measure counts once they are won, each as if it were won when it is expected to.

    What should have closed before is taken for closing today. Raises as `counted` does; measures of entries, and of
    other outcomes, have nothing that a probability would tell of.
    """
    world, now = engine.world, engine.clock()
    measure = _measure(world, name)
    if measure.entry or measure.outcome != WON:
        return
    for seen in engine.desk.walk(Query(playbook=measure.playbook, status=OPEN), actor=OPERATOR):
        case, definition = seen.case, seen.definition
        if case.outcome != OPEN:  # the index may know more than what is asked, as above
            continue
        chance = probability(case, definition.stages.get(case.stage))
        due = case.fields.get(definition.expected_close)
        if isinstance(due, dt.datetime):
            due = world.day(due)
        if not isinstance(due, dt.date):
            yield Expected(case, None, chance, None)
            continue
        closes = max(due, world.day(now))
        won = replace(case, outcome=WON, closed=max(world.midnight(closes), now))
        counting = _Counting(engine, world, measure, won, definition)
        yield Expected(case, closes, chance, next(counting.between(since, until, asking), None))


def _measure(world: World, name: str) -> Measure:
    measures = {measure.id: measure for measure in world.organization.rules.measures}
    measure = measures.get(name)
    if measure is None:
        raise UnknownName("measure", name, measures)
    if measure.ratio:
        raise InputError(f"{name} is a ratio; count {measure.ratio[0]} and {measure.ratio[1]}")
    return measure


class _Counting:
    """Count one case for a measure."""

    def __init__(
        self, engine: Engine, world: World, measure: Measure, case: Case, definition: Compiled
    ) -> None:
        self._engine = engine
        self._measure = measure
        self._case = case
        self._definition = definition
        self._world = engine.kept_records.known(world, definition, case)
        self._scope: Scope

    def between(self, since: dt.date, until: dt.date, asking: Mapping[str, Condition]) -> Iterator[Counted]:
        """Yield what counts between two days; not what has no day that can be told."""
        for number, at in self._things():
            day = self._day(at)
            if day is not None and since <= day <= until:
                yield self._one(day, at, number, asking)

    def _things(self) -> Iterator[tuple[int, dt.datetime]]:
        """Yield the number and the time of each thing that may count; conditions see the one that was yielded.

        They are asked of that time, and not of today: else rates, or the day itself, would change what was paid.
        """
        case, kind = self._case, self._measure.entry
        if not kind:
            at = case.closed or case.last
            self._scope = self._at(at)
            yield 0, at
        for number, entry in enumerate(case.entries if kind else (), start=1):
            if entry.kind == kind:
                self._scope = self._at(entry.at)
                self._scope.roots = {**self._scope.roots, "entry": _said(entry)}
                yield number, entry.at

    def _at(self, at: dt.datetime) -> Scope:
        return self._definition.scope(self._case, OPERATOR, at, self._world)

    def _one(self, day: dt.date, at: dt.datetime, entry: int, asking: Mapping[str, Condition]) -> Counted:
        measure, then = self._measure, self._then(at)
        amount = None if measure.amount is None else self._value(measure.amount)
        worth = self._case.fields.get(self._definition.amount)
        return Counted(
            measure.id, day, at, self._case, then.owner, then.team,
            amount if isinstance(amount, Money | Decimal) else None,
            self._shares(then, at), entry,
            {key: _truth(self._value(condition)) for key, condition in asking.items()}, then.territory,
            worth if isinstance(worth, Money) else None,
        )  # fmt: skip

    def _day(self, at: dt.datetime) -> dt.date | None:
        if self._measure.date is None:
            return self._world.day(at)
        value = self._value(self._measure.date)
        if isinstance(value, dt.datetime):
            return self._world.day(value)
        return value if isinstance(value, dt.date) else None

    def _then(self, at: dt.datetime) -> Case:
        """Return the case as it was when it counted: credit stays where it was earned."""
        case = self._case
        if case.assigned is None or case.assigned <= at:
            return case
        return stood(self._engine, case.id, at, self._engine.clock())[0]

    def _shares(self, then: Case, at: dt.datetime) -> dict[str, Decimal]:
        """Return who is credited: as split on the case, else as the playbook says, else the owner alone.

        The share of a principal behind whom there is nobody is the owner's; several share alike.
        """
        if self._case.shares:
            return dict(self._case.shares)
        acting = Acting(self._definition, then, self._scope, self._world, at)
        shares: dict[str, Decimal] = {}
        for share in self._definition.playbook.split:
            who = people((share.who,), acting) or (then.owner,)
            for person in who:
                shares[person] = shares.get(person, Decimal(0)) + share.share / len(who)
        return shares or {then.owner: _WHOLE}

    def _value(self, condition: Condition) -> object:
        return self._world.value(condition, self._scope)


def _said(entry: Entry) -> dict[str, Any]:
    return {**entry.fields, "at": entry.at, "by": entry.actor}


def _truth(value: object) -> object:
    return None if isinstance(value, Unknown | EvalError) else value
