"""What follows a line later: holds that payments release, clawbacks of what was undone."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from playbook import Duration, Money
from playbook_commission.exact import CONTEXT, ONE, ZERO, summed
from playbook_commission.statements.draws import clawed_back, released
from playbook_commission.statements.paying import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from playbook_commission.credits.things import Came, Thing
    from playbook_commission.exact import Rounding
    from playbook_commission.spans import Span
    from playbook_commission.statements.payee import Payee

_PAID = ("credit", "spiff", "true_up")


class Made(NamedTuple):
    """Hold the lines of a statement, and who was paid them: that version of the plan is what they follow."""

    payee: Payee
    lines: Sequence[Line]


def net(rounding: Rounding, made: Sequence[Line]) -> dict[str, Decimal]:
    """Return what was really paid for the lines of cases in a statement, and for what ratios reached, by line.

    What was not paid is neither held nor paid back: a gate took all of its component, what caps took is shared by
    the lines above zero, that of a plan by what was left of them after clawbacks of the same period.
    """
    shut = {line.component for line in made if line.kind == "gate"}
    some = [line for line in made if line.kind in _PAID and line.pay]
    found = {line.id: ZERO if line.component in shut else line.pay for line in some}
    gross, back = [line for line in some if found[line.id] > ZERO], clawed_of(made)
    for component in sorted({line.component for line in made if line.kind == "cap"}, reverse=True):
        taken = summed(one.pay for one in made if one.kind == "cap" and one.component == component)
        names = [line.id for line in gross if component in ("", line.component)]
        gone = [ZERO if component else back[name] for name in names]
        had = [CONTEXT.subtract(found[name], one) for name, one in zip(names, gone, strict=True)]
        whole = summed(had)
        if whole > ZERO:
            left = max(CONTEXT.add(whole, taken), ZERO)
            parts = [CONTEXT.divide(CONTEXT.multiply(one, left), whole) for one in had]
            kept = rounding.shared(parts)
            found |= {name: CONTEXT.add(*two) for name, *two in zip(names, kept, gone, strict=True)}
    return found


def clawed_of(made: Iterable[Line]) -> defaultdict[str, Decimal]:
    """Return how much clawbacks took back, by the line that they undo."""
    taken = defaultdict[str, Decimal](Decimal)
    for line in made:
        if line.kind == "clawback":
            taken[line.undoes] = CONTEXT.subtract(taken[line.undoes], line.pay)
    return taken


def held_back(payee: Payee, span: Span, before: Sequence[Made], now: Sequence[Line]) -> Iterator[Line]:
    """Yield what is held of this period's lines, and what payments up to its end release of all that was held.

    What is taken back of a line is taken of what is held of it in the same share. `before` are the lines of each
    earlier period.
    """
    currency = payee.currency(span)
    new = _held(payee, currency, now)
    yield from new
    holding = [one for one in (*before, Made(payee, new)) if one.payee.plan.hold is not None]
    waiting = [(one.payee, line) for one in holding for line in one.lines if line.kind == "hold"]
    if not waiting:
        return
    freed = _freed(line for made in before for line in made.lines)
    back = _shares_back(currency, (*before, Made(payee, now)))
    for by, line in waiting:
        part = _part_released(by, span, line)
        if part is not None:
            rounding, held = by.rounding(currency), CONTEXT.minus(line.pay)
            waits = CONTEXT.subtract(held, part)
            waits = CONTEXT.multiply(waits, CONTEXT.subtract(ONE, back[line.undoes]))
            more = CONTEXT.subtract(rounding.of(CONTEXT.subtract(held, waits)), freed[line.id])
            if more > ZERO:
                name = f"{line.undoes}:release:{span.name}"
                yield Line(name, line.component, "release", more, line.case, undoes=line.id, waits=True)


def _held(payee: Payee, currency: str, now: Sequence[Line]) -> list[Line]:
    """Return what is held of this period's lines."""
    hold, rounding = payee.plan.hold, payee.rounding(currency)
    if hold is None:
        return []
    paid = net(rounding, now)
    return [
        Line(
            f"{line.id}:hold", line.component, "hold",
            CONTEXT.minus(rounding.of(CONTEXT.multiply(paid[line.id], hold.share))), line.case, undoes=line.id,
            waits=True,
        )
        for line in now
        if line.case and paid.get(line.id, ZERO) > ZERO
    ]  # fmt: skip


def _part_released(payee: Payee, span: Span, line: Line) -> Decimal | None:
    """Return what payments release of a line that holds something; None where nothing can have been released."""
    hold, known = payee.plan.hold, payee.ledger.followed(payee.plan)
    if hold is None or line.case not in known:
        return None
    things, held = known[line.case], CONTEXT.minus(line.pay)
    came, worth = _entries(payee, things[0], hold.entry, None, span), _worth(payee, things, span)
    if worth is None or hold.release == "all":
        return held if came else ZERO
    return released(held, _come_to(payee, came, worth), worth.amount) if worth.amount > ZERO else held


def _shares_back(currency: str, every: Sequence[Made]) -> defaultdict[str, Decimal]:
    """Return which share of what was paid for a line was taken back so far."""
    taken = clawed_of(line for made in every for line in made.lines)
    found = defaultdict[str, Decimal](Decimal)
    for line, paid in (one for made in every for one in _paid(made, currency)) if taken else ():
        found[line.id] = min(CONTEXT.divide(taken[line.id], paid), ONE)
    return found


def _freed(before: Iterable[Line]) -> Mapping[str, Decimal]:
    freed: dict[str, Decimal] = defaultdict(Decimal)
    for line in before:
        if line.kind == "release":
            freed[line.undoes] = CONTEXT.add(freed[line.undoes], line.pay)
    return freed


def clawed(payee: Payee, span: Span, before: Sequence[Made], now: Sequence[Line]) -> Iterator[Line]:
    """Yield what is taken back in this period of lines of this one and of earlier ones, at what was paid for them.

    Of a line below zero, such as a true-up to a lower rate, that gives back: else it would take what is taken back
    a second time.
    """
    currency = payee.currency(span)
    every = [one for one in (*before, Made(payee, now)) if one.payee.plan.clawback is not None]
    taken = clawed_of(line for made in before for line in made.lines) if every else {}
    owing = [
        (line, CONTEXT.subtract(made.payee.rounding(currency).of(clawed_back(*of)), taken[line.id]), last)
        for made in every
        for line, of, last in _owing(made, currency, span)
    ]
    over = defaultdict[str, Decimal](
        Decimal
    )  # what earlier parts of a case paid back for ones that came since
    for line, more, _ in owing:
        over[line.case] = CONTEXT.add(over[line.case], _alike(CONTEXT.minus(more), line.pay))
    for line, more, last in owing:
        back = _alike(more, line.pay)
        less = min(back, _alike(over[line.case], line.pay), key=Decimal.copy_abs)
        over[line.case] = CONTEXT.subtract(over[line.case], less)
        back = CONTEXT.subtract(back, less)
        if back:
            because = f"{last.kind} of {payee.ledger.world.day(last.at)}"
            yield Line(
                f"{line.id}:clawback:{span.name}", line.component, "clawback", CONTEXT.minus(back), line.case,
                undoes=line.id, because=because,
            )  # fmt: skip


def _alike(value: Decimal, other: Decimal) -> Decimal:
    """Return a value that is on the side of zero on which another is; else zero."""
    return max(value, ZERO) if other > ZERO else min(value, ZERO)


def _owing(
    made: Made, currency: str, span: Span
) -> Iterator[tuple[Line, tuple[Decimal, Decimal, Decimal], Came]]:
    """Yield lines of which something is undone: what was paid, how much of how much is undone, and by what last."""
    payee, clawback = made.payee, made.payee.plan.clawback
    if clawback is None:
        return
    known = payee.ledger.followed(payee.plan)
    for line, paid in _paid(made, currency) if known else ():
        if line.case in known:
            things = known[line.case]
            undone = _entries(payee, things[0], clawback.entry, clawback.within, span)
            share = _undone(payee, clawback.share, undone, _worth(payee, things, span)) if undone else None
            if share is not None:
                yield line, (paid, *share), undone[-1]


def _paid(made: Made, currency: str) -> Iterator[tuple[Line, Decimal]]:
    """Yield the lines of cases that something was paid for, with that."""
    paid = net(made.payee.rounding(currency), made.lines)
    yield from ((line, paid[line.id]) for line in made.lines if line.case and paid.get(line.id))


def _undone(
    payee: Payee, share: str, undone: Sequence[Came], worth: Money | None
) -> tuple[Decimal, Decimal] | None:
    """Return how much of how much was undone by entries; None where nothing was, or nobody can tell."""
    if share == "of_unused_term":
        term, used = Decimal(undone[-1].term), Decimal(undone[-1].used)
        return (CONTEXT.subtract(term, used), term) if term > ZERO else None
    if share == "of_amount_refunded":
        return (
            None if worth is None or worth.amount <= ZERO else (_come_to(payee, undone, worth), worth.amount)
        )
    return Decimal(1), Decimal(1)


def _worth(payee: Payee, things: Sequence[Thing], span: Span) -> Money | None:
    """Return what was counted of a case up to the end of a period, else what the case is worth.

    None where neither is money. Of several currencies it is the first one's, at the rate of the day that counts.
    """
    amounts = [(money, one.day) for one in things if one.day <= span.until and (money := one.money)]
    if not amounts:
        return things[0].worth
    currency = amounts[0][0].currency
    return Money(summed(payee.ledger.exchanged(money, currency, day) for money, day in amounts), currency)


def _come_to(payee: Payee, entries: Iterable[Came], worth: Money) -> Decimal:
    """Return what the amounts of entries come to in the currency of the case, at the rates of their days."""
    ledger = payee.ledger
    return summed(
        ledger.exchanged(entry.amount, worth.currency, ledger.world.day(entry.at))
        for entry in entries
        if entry.amount is not None
    )


def _entries(payee: Payee, thing: Thing, kind: str, within: str | None, span: Span) -> list[Came]:
    """Return a case's entries of a kind up to the end of a period, and to the day a time after it was closed."""
    world, last = payee.ledger.world, span.until
    if within and thing.closed is not None:
        last = min(last, world.day(world.calendar.add(thing.closed, Duration.parse(within))))
    return [entry for entry in thing.came if entry.kind == kind and world.day(entry.at) <= last]
