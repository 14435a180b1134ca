"""What the reports on quotas share: the period, what is asked for in it, and what was reached."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from playbook import Asked, InputError, Money, UnknownName, fiscal_quarter
from playbook_commission.credits.crediting import Ledger, split
from playbook_commission.credits.quotas import Counting
from playbook_commission.exact import CONTEXT, ONE, ZERO, in_cents
from playbook_commission.reports.rows import Row, Rows
from playbook_commission.spans import WHOSE, Span, runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbook import ReportContext, ReportQuery
    from playbook.engine.measuring import Counted
    from playbook.model.organization_rules import Measure
    from playbook_commission.credits.quotas import Target

_PARTS = Decimal("0.000001")


class Look:
    """Answer what a report asks of quotas in a period, for people, teams or territories; `rows` tells which of it."""

    def __init__(self, context: ReportContext, query: ReportQuery, report: str) -> None:
        if context.engine is None:
            raise InputError(f"{report} counts by measures, and this report was given no engine to ask")
        self.engine = context.engine.as_known(query.as_of) if query.as_of else context.engine
        self.whose = _whose(query, report)
        self._of = query.of
        world = self.engine.world
        self.organization = world.organization
        self.today = world.day(self.engine.clock())
        period = query.period or fiscal_quarter(self.today, self.organization.settings)
        self.span = Span.of(period, self.organization)
        self.ledger = Ledger(self.engine, self.span.since, self.span.until)
        self.quotas = self.ledger.quotas
        present = context.engine
        asked = Asked(context.actor, present.clock(), present.world.organization)
        self.rows = Rows(self.whose, query, self.span, self.organization, asked)
        self.measures = {one.id: one for one in self.organization.rules.measures}
        names = (("measure", query.of, self.measures), ("person", query.owner, self.organization.people),
                 ("team", query.team, self.organization.teams))  # fmt: skip
        for kind, name, known in names:
            if name and name not in known:
                raise UnknownName(kind, name, known)

    @property
    def when(self) -> str:
        """Return which days the period has."""
        return f"{self.span.name} is {self.span.since} to {self.span.until}."

    @property
    def days_left(self) -> int:
        """Return how many days of the period come after today."""
        begins = self.span.since - dt.timedelta(1)
        return max((self.span.until - max(self.today, begins)).days, 0)

    def without(self, found: Iterable[Row]) -> Iterator[str]:
        """Yield who of those that are shown has no quota, by measure."""
        rows = list(self.rows.shown(found))
        for measure in sorted({row.measure for row in rows}):
            names = ", ".join(self.rows.label(row.name) for row in rows if row.measure == measure)
            yield f"Without a quota of {measure} in {self.span.name}: {names}."

    def wanted(self, measure: str) -> bool:
        """Return whether a measure was asked for."""
        return self._of in ("", measure)

    def assigned(self) -> set[Row]:
        """Return whoever has a quota that asks for something in the period, with the measure."""
        pairs = (
            Row(name, measure) for name, measure in self.quotas.whose(self.whose) if self.wanted(measure)
        )
        return {row for row in pairs if self.has_quota(row)}

    def has_quota(self, row: Row) -> bool:
        """Return whether there is a quota for the period."""
        if self.is_ratio(row.measure):
            return self.quotas.share(row.measure, self.whose, row.name, self.span) is not None
        return self.target(row, self.span.until) is not None

    def is_ratio(self, measure: str) -> bool:
        """Return whether a measure is a ratio of two."""
        return measure in self.measures and bool(self.measures[measure].ratio)

    def target(self, row: Row, until: dt.date) -> Target | None:
        """Return what the days of the period up to one ask for; a person's by the days employed, and the ramp."""
        days = [day for day in self.span.days() if day <= until]
        if self.whose == "person":
            counting = runs(day for day in days if self.employed(row.name, day))
            return self.quotas.of_person(row.measure, self.span, row.name, counting)
        counts = [Counting(*run) for run in runs(days)]
        return self.quotas.over(row.measure, self.whose, row.name, self.span, counts)

    def employed(self, person: str, day: dt.date) -> bool:
        """Return whether a person is employed on a day."""
        who = self.organization.person(person)
        return who is not None and who.is_employed(day)

    # -- what was reached ---------------------------------------------------------------------------

    def reached(self, currencies: Mapping[Row, str]) -> dict[Row, Decimal]:
        """Return what was reached of each measure, amounts in the currency of the row, else the organization's."""
        found: defaultdict[Row, Decimal] = defaultdict(Decimal)
        for measure in sorted({row.measure for row in currencies} | self._counting()):
            if measure in self.measures and not self.is_ratio(measure):
                for row, value in self._counted(self.measures[measure], currencies):
                    found[row] = CONTEXT.add(found[row], value)
        ratios = {row.measure for row in currencies} | {self._of}
        for measure in sorted(one for one in ratios if self.is_ratio(one)):
            part, whole = (self._sums(self.measures[one]) for one in self.measures[measure].ratio)
            for name in (name for name, value in whole.items() if value):
                row = Row(name, measure)
                if row in currencies or measure == self._of:
                    found[row] = CONTEXT.divide(part[name], whole[name])
        return dict(found)

    def _counting(self) -> set[str]:
        """Return the measures that somebody has a quota of, beside which others may have been credited."""
        return {row.measure for row in self.assigned()} | {name for name in self.measures if name == self._of}

    def _counted(self, measure: Measure, currencies: Mapping[Row, str]) -> Iterator[tuple[Row, Decimal]]:
        for one in self.engine.desk.counted(measure.id, self.span.since, self.span.until):
            yield from self.credited(one, currencies)

    def credited(self, one: Counted, currencies: Mapping[Row, str]) -> Iterator[tuple[Row, Decimal]]:
        """Yield what is credited of one thing that counts, to whom: a number where there is no amount."""
        for name, share in self._credits(one).items():
            row = Row(name, one.measure)
            if isinstance(share, Money):
                currency = currencies.get(row) or self.organization.settings.currency or share.currency
                yield row, self.ledger.exchanged(share, currency, one.day)
            else:
                yield row, share

    def _credits(self, one: Counted) -> dict[str, Money | Decimal]:
        """Return what each is credited of one thing: an amount, or a number."""
        amount: Money | Decimal = ONE if self.measures[one.measure].count else one.amount or ZERO
        if self.whose != "person":
            return dict.fromkeys(self._places(one), amount)
        if isinstance(amount, Money):
            parts = split(amount, one.shares)
            return {name: Money(part, amount.currency) for name, part in parts.items()}
        return {name: CONTEXT.multiply(amount, share) for name, share in one.shares.items()}

    def _places(self, one: Counted) -> tuple[str, ...]:
        """Return the territory of what was counted, or its team and those above."""
        if self.whose == "territory":
            return (one.territory,) if one.territory else ()
        return tuple(team.id for team in self.organization.lineage(one.team, one.day))

    def _sums(self, measure: Measure) -> defaultdict[str, Decimal]:
        """Return what a measure comes to for each, amounts in the currency of the organization."""
        found = defaultdict[str, Decimal](Decimal)
        for row, value in self._counted(measure, {}):
            found[row.name] = CONTEXT.add(found[row.name], value)
        return found


def cents(value: Decimal, currency: str) -> Decimal:
    """Return an amount in cents, rounded half up; a number as it is."""
    return in_cents(value, currency) if currency else value


def told(value: Decimal | None, currency: str) -> Money | Decimal | int | None:
    """Return an amount as money in cents, or a number as it is."""
    if value is None:
        return None
    if currency:
        return Money(cents(value, currency), currency)
    return int(value) if value == value.to_integral_value(context=CONTEXT) else value.normalize(CONTEXT)


def share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """Return a part of a whole, to a millionth; None of nothing."""
    if part is None or not whole:
        return None
    return CONTEXT.divide(part, whole).quantize(_PARTS, context=CONTEXT).normalize(CONTEXT)


def _whose(query: ReportQuery, report: str) -> str:
    if query.by and query.by not in WHOSE:
        raise UnknownName(f"--by for {report}", query.by, WHOSE)
    if (query.since or query.until) and not query.period:
        raise InputError(f"{report} is about a fiscal period: write --period 2027-Q1 in place of days")
    if query.playbook or query.currency:
        raise InputError(f"{report} goes by measures, which say what they count: --of names one")
    return query.by or "person"
