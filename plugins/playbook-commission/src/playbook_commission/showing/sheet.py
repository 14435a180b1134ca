"""The page of a statement: everything that a person is told, in their language, ready to be laid out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook_commission.exact import CONTEXT, summed
from playbook_commission.foresight.outlook import one_more, steps
from playbook_commission.showing.gauges import Gauge, gauges
from playbook_commission.showing.telling import Telling, telling_lines
from playbook_commission.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from playbook_commission.foresight.outlook import OneMore
    from playbook_commission.plans.plan import Plan
    from playbook_commission.settling.paybook import Paybook
    from playbook_commission.settling.settlements import Settlement
    from playbook_commission.showing.wording import Wording
    from playbook_commission.statements.paying import Line
    from playbook_commission.statements.statement import Statement

_CHANGES = ("clawback", "adjustment", "manual")


@attrs.frozen
class Row:
    """Hold the cells of a row, and the name of its line."""

    cells: tuple[str, ...]
    line: str


@attrs.frozen
class Table:
    """Hold a table: the last cell of each row is an amount, `total` their sum; `numbers` are columns of numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    total: str
    numbers: tuple[int, ...]
    main: int


@attrs.frozen
class Sheet:
    """Hold the page: `facts` and `sums` are pairs of a label and a text, `paid` is the one that counts most."""

    language: str
    right_to_left: bool
    title: str
    person: str
    period: str
    facts: tuple[tuple[str, str], ...]
    paid: tuple[str, str]
    sums: tuple[tuple[str, str], ...]
    owed: str
    standing: str
    gauges: tuple[Gauge, ...]
    more: str
    further: tuple[str, ...]
    basis: str
    sold: str
    nothing: str
    tables: tuple[Table, ...]
    others: tuple[Table, ...]
    sum: str
    reading: str
    notes: tuple[str, ...]
    page: str
    digits: str


def sheet(book: Paybook, plan: Plan, one: Statement, wording: Wording) -> Sheet:
    """Return the page of a person's statement."""
    return _Writer(book, plan, one, wording).sheet()


class _Writer:
    def __init__(self, book: Paybook, plan: Plan, one: Statement, wording: Wording) -> None:
        self._book = book
        self._plan = plan
        self._one = one
        self._wording = wording
        self._settlement = book.settled(one.person, one.period, plan.id)
        self._payee = book.payee(plan, one.period, one.person)
        self._telling = Telling(wording, one, self._payee)

    def sheet(self) -> Sheet:
        """Return the page."""
        one, say, wording = self._one, self._wording.say, self._wording
        span = Span.of(one.period, self._book.organization)
        tables, others = tuple(self._sold()), tuple(self._others())
        further, basis = self._further()
        return Sheet(
            wording.language, wording.is_right_to_left,
            say("title"), wording.name(self._book.organization.name_of(one.person)), wording.period(one.period),
            tuple(self._facts(span)),
            (say("paid"), self._telling.money(one.paid)), tuple(self._sums()),
            say("owed", amount=self._telling.money(one.owed)) if one.owed else "",
            say("standing"), self._gauges(),
            say("more"), further, basis,
            say("sold"), "" if tables else say("nothing"), tables, others, say("sum"),
            say("reading"), tuple(self._notes()), say("page", page="{page}", pages="{pages}"), say("digits"),
        )  # fmt: skip

    # -- what it comes to ---------------------------------------------------------------------------

    def _facts(self, span: Span) -> Iterator[tuple[str, str]]:
        say, wording = self._wording.say, self._wording
        yield say("period"), f"{wording.period(span.name)} ({wording.span(span.since, span.until)})"
        yield say("plan"), wording.name(self._plan.title or self._plan.id)
        yield say("state"), self._state(self._settlement)

    def _state(self, settlement: Settlement | None) -> str:
        if settlement is None or settlement.at is None:
            return self._wording.say("open", day=self._wording.day(self._book.today()))
        day = self._book.engine.world.day(settlement.at)
        who = self._wording.name(self._book.organization.name_of(settlement.by))
        return self._wording.say("settled", day=self._wording.day(day), who=who)

    def _sums(self) -> Iterator[tuple[str, str]]:
        one = self._one
        yield self._wording.say("earned"), self._telling.money(one.earned)
        if one.held:
            yield (
                self._wording.say("held" if one.held > 0 else "released"),
                self._telling.money(CONTEXT.minus(one.held)),
            )
        if one.draw:
            yield self._wording.say(_drawn(one)), self._telling.money(one.draw)

    def _notes(self) -> Iterator[str]:
        person, period = self._one.person, self._one.period
        command = self._wording.code(f"playbook commission explain {person}/{period}/…")
        keys = ("note_counts", "note_how", "note_line", "note_ask")
        yield from (self._wording.say(key, command=command) for key in keys)

    # -- what comes next ----------------------------------------------------------------------------

    def _gauges(self) -> tuple[Gauge, ...]:
        ahead = () if self._settlement is not None else steps(self._payee, self._one.period)
        return gauges(self._telling, self._one.reached, ahead)

    def _further(self) -> tuple[tuple[str, ...], str]:
        """Return what one more deal would bring, and how that is computed; nothing where nobody can tell."""
        more, say, wording = one_more(self._book, self._plan, self._one), self._wording.say, self._wording
        if more is None:
            return (), ""
        key = "more_basis" if more.deals > 1 else "more_only"
        basis = say(key, day=wording.day(more.day), count=wording.number(Decimal(more.deals)))
        return tuple(self._brings(more)), basis

    def _brings(self, more: OneMore) -> Iterator[str]:
        say, rise = self._wording.say, more.earned
        key = "more_deal" if rise > 0 else "more_less" if rise else "more_nothing"
        amount, earned = self._telling.money(more.amount), self._telling.money(abs(rise))
        yield say(key, name=self._wording.name(more.name or more.like), amount=amount, earned=earned)
        if rise and len(more.parts) > 1:
            parts = (
                say("part", component=self._telling.title(name), pay=self._telling.money(pay))
                for name, pay in more.parts
            )
            yield say("more_parts", parts=say("comma").join(parts))
        if rise <= 0:
            return
        owed = CONTEXT.subtract(CONTEXT.subtract(rise, more.held), more.paid)
        if more.held > 0:
            yield say("more_held", held=self._telling.money(more.held))
        if owed > 0:
            yield say("more_owed", owed=self._telling.money(owed))
        if rise > more.paid > 0:
            yield say("more_paid", paid=self._telling.money(more.paid))

    # -- the lines ----------------------------------------------------------------------------------

    def _sold(self) -> Iterator[Table]:
        """Yield what each component paid, then what bounds the plan as a whole."""
        say, currency = self._wording.say, self._wording.code(self._one.currency)
        head = (
            say("day"),
            say("deal"),
            say("counts", currency=currency),
            say("how"),
            say("pay", currency=currency),
        )
        paying = [line for line in telling_lines(self._one) if not line.waits and line.kind not in _CHANGES]
        for component in dict.fromkeys(line.component for line in paying):
            made = [line for line in paying if line.component == component]
            yield self._table(self._telling.title(component), head, map(self._paid, made), made, (2, 4), 1)

    def _paid(self, line: Line) -> Row:
        told = self._telling
        by_value = line.component in told.components and told.components[line.component].by_value
        credit = self._wording.percent(line.credit) if by_value else told.amount(line.credit)
        cells = (told.day(line), told.deal(line), credit if line.credit else "", told.how(line))
        return self._row(line, *cells)

    def _others(self) -> Iterator[Table]:
        """Yield what was corrected and taken back, and what is held and was released."""
        say, told = self._wording.say, self._telling
        pay = say("pay", currency=self._wording.code(self._one.currency))
        changes = [line for line in self._one.lines if not line.waits and line.kind in _CHANGES]
        if changes:
            head = (say("what"), say("deal"), say("why"), pay)
            rows = (self._row(line, told.kind(line), told.of_case(line), told.why(line)) for line in changes)
            yield self._table(say("changes"), head, rows, changes, (3,), 1)
        waiting = self._waiting()
        if waiting:
            rows = (self._row(line, told.day(line), told.deal(line), told.waiting(line)) for line in waiting)
            yield self._table(
                say("holds"), (say("day"), say("deal"), say("what"), pay), rows, waiting, (3,), 1
            )

    def _waiting(self) -> list[Line]:
        """Return what is held and was released, deal by deal."""
        found = [line for line in self._one.lines if line.waits]
        order = {case: number for number, case in reversed([*enumerate(line.case for line in found)])}
        return sorted(found, key=lambda line: order[line.case])

    def _row(self, line: Line, *cells: str) -> Row:
        return Row((*cells, self._telling.amount(line.pay)), self._wording.code(line.id))

    def _table(
        self, title: str, head: tuple[str, ...], rows: Iterable[Row], made: Sequence[Line],
        numbers: tuple[int, ...], main: int,
    ) -> Table:  # fmt: skip
        total = self._telling.amount(summed(line.pay for line in made))
        return Table(title, head, tuple(rows), total, numbers, main)


def _drawn(one: Statement) -> str:
    """Return the word for what a draw does: pay back, carry over what is taken back, advance, or top up."""
    if one.draw < 0:
        return "recovered"
    if not one.paid:
        return "carried"
    return "drawn" if one.owed else "topped"
