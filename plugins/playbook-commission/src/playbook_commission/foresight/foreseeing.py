"""What open deals are expected to bring: an engine whose measures count that too, weighed by how likely it is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import attrs
import msgspec

from playbook import Money
from playbook_commission.exact import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook import Condition, Engine
    from playbook.engine.measuring import Counted, Expected
    from playbook_commission.spans import Span


@attrs.frozen
class Deal:
    """Hold an open deal that is expected to close in a period, and who would be credited."""

    case: str
    name: str
    closes: dt.date
    probability: Decimal
    amount: Money | Decimal | None
    people: tuple[str, ...]


@attrs.frozen
class LeftOut:
    """Name an open deal of which nothing can be expected, whose it is, and why."""

    case: str
    name: str
    people: tuple[str, ...]
    why: str


class Foreseen:
    """Count what is expected in a period after what happened; `deals`, `left_out` and (by owner) `outside` fill then.

    An expected deal counts with its amount, and as one thing, times its probability, no earlier than tomorrow: what
    was credited goes first through the tiers.
    """

    def __init__(self, engine: Engine, span: Span) -> None:
        self._engine = engine
        self._span = span
        self._tomorrow = engine.world.day(engine.clock()) + dt.timedelta(1)
        self._numbers = {one.id for one in engine.world.organization.rules.measures if one.count}
        self.deals: dict[str, Deal] = {}
        self.left_out: dict[str, LeftOut] = {}
        self.outside: dict[str, tuple[str, ...]] = {}

    @property
    def engine(self) -> Engine:
        """Return an engine that knows what is expected; it is only read."""
        return cast("Engine", _Engine(self._engine, self))

    def counted(
        self, measure: str, since: dt.date, until: dt.date, *, asking: Mapping[str, Condition] | None = None
    ) -> Iterator[Counted]:
        """Yield what a measure counts between two days, and what it is expected to count in the period."""
        desk, span = self._engine.desk, self._span
        yield from desk.counted(measure, since, until, asking=asking)
        if since <= span.until and span.since <= until:
            for one in desk.expected(measure, span.since, span.until, asking=asking):
                weighed = self._weighed(one, valued=measure not in self._numbers)
                if weighed is not None:
                    yield weighed

    def _weighed(self, one: Expected, *, valued: bool) -> Counted | None:
        case, counted = one.case, one.counted
        if one.closes is not None and counted is None:
            self.outside[case.id] = (case.owner,)
        elif why := _why_not(one, valued=valued):
            people = (case.owner,) if counted is None else tuple(sorted(counted.shares))
            self.left_out[case.id] = LeftOut(case.id, case.name or case.id, people, why)
            return None
        if counted is None or one.closes is None or not one.probability:
            return None
        known = self.deals.get(case.id)
        if known is None or known.amount is None:
            people, name = tuple(sorted(counted.shares)), case.name or case.id
            self.deals[case.id] = Deal(case.id, name, one.closes, one.probability, counted.amount, people)
        shares = {who: CONTEXT.multiply(share, one.probability) for who, share in counted.shares.items()}
        day = max(counted.day, min(self._tomorrow, self._span.until))
        return msgspec.structs.replace(counted, shares=shares, day=day)


def _why_not(one: Expected, *, valued: bool) -> str:
    """Return why nothing can be expected of a deal; "" where something can."""
    if one.closes is None:
        return "nobody said when it closes"
    if one.probability is None:
        return "neither its stage nor a person says how likely it is"
    if valued and one.counted is not None and one.counted.amount is None:
        return "nobody said what it is worth"
    return ""


class _Engine:
    """Show an engine whose desk counts what is expected too."""

    def __init__(self, engine: Engine, foreseen: Foreseen) -> None:
        self._engine = engine
        self.desk = foreseen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)
