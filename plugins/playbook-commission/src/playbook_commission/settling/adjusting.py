"""Adjustments: what became of settled periods since, as lines of the first period that is open."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook import Money
from playbook_commission.exact import CONTEXT, ZERO
from playbook_commission.spans import Span
from playbook_commission.statements.paying import Line
from playbook_commission.statements.restating import in_currency, restated, restated_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from playbook_commission.statements.payee import Payee
    from playbook_commission.statements.statement import Statement

_ADDED = ("adjustment", "manual")


def adjusted(
    payee: Payee,
    anew: Sequence[Statement],
    settled: Mapping[str, Statement],
    manual: Mapping[str, Sequence[Line]],
    passed: Collection[str] = (),
) -> list[Statement]:
    """Return a person's statements as they are paid, from those that all periods would have now.

    What a settled period would have now and has not got, there or by a later adjustment, is adjusted in the first
    open one after it; the debt carried on is what was really owed. `manual` are the lines added by hand, `passed` the
    periods that were passed over before a settled one, for which nothing was paid. The last one is as it would be now
    also where it is settled.
    """
    paid: list[Statement] = []
    settled = dict(settled)
    for number, one in enumerate(anew):
        last = number == len(anew) - 1
        if one.period in passed:
            owed = restated(payee, paid[-1], one.currency).owed if paid else ZERO
            settled[one.period] = attrs.evolve(
                one, lines=(), earned=ZERO, draw=ZERO, held=ZERO, paid=ZERO, owed=owed
            )
        if one.period in settled and not last:
            paid.append(settled[one.period])
            continue
        differences = [
            line
            for then in anew[:number]
            if then.period in settled
            for line in _differences(payee, then, settled[then.period], paid, one.currency)
        ]
        span = Span.of(one.period, payee.ledger.organization)
        whole = attrs.evolve(one, lines=(*one.lines, *differences, *manual.get(one.period, ())))
        owed = restated(payee, paid[-1], one.currency).owed if paid else ZERO
        paid.append(whole.balanced(owed, payee.least(span)))
    return paid


def _differences(
    payee: Payee, now: Statement, then: Statement, paid: Iterable[Statement], currency: str
) -> Iterator[Line]:
    """Yield a line, in a currency, for each whose pay is another now than was settled and adjusted since."""
    made = [line for line in then.lines if line.kind not in _ADDED]
    before, shown = _by_line(made), {line.id: line for line in (*made, *now.lines)}
    for statement in paid:
        for line in statement.lines:
            of, _, name = line.undoes.partition("/")
            if line.kind == "adjustment" and of == now.period:
                before[name] = CONTEXT.add(before[name], in_currency(line, statement, now.currency))
                shown.setdefault(name, line)  # it may have come late, and be gone by now
    after = _by_line(now.lines)
    for name in sorted({*before, *after}):
        difference = CONTEXT.subtract(after[name], before[name])
        if difference:
            line = shown[name]
            because = (
                f"{now.period}: {_said(now, before[name])} was settled, it is {_said(now, after[name])} now"
            )
            made_now = Line(
                f"adjustment:{now.period}:{name}", line.component, "adjustment", difference, line.case,
                undoes=f"{now.period}/{name}", because=because, waits=line.waits,
            )  # fmt: skip
            yield restated_line(payee, made_now, now, currency)


def _said(one: Statement, amount: Decimal) -> str:
    return str(Money(amount, one.currency).rounded())


def _by_line(lines: Iterable[Line]) -> defaultdict[str, Decimal]:
    found = defaultdict[str, Decimal](Decimal)
    for line in lines:
        found[line.id] = CONTEXT.add(found[line.id], line.pay)
    return found
