"""Settling periods and auditing what was settled."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING

import attrs

from playbook import InputError, Money, Refused
from playbook_commission.settling.paybook import Paybook
from playbook_commission.settling.settlements import (
    NOT_SETTLING,
    OPERATOR,
    Basis,
    Settle,
    hash_of,
    not_over,
    settlements,
)
from playbook_commission.spans import Span, around, settlement_id
from playbook_commission.statements.statement import TOTALS, as_told, frozen, thawed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from playbook import Engine
    from playbook_commission.plans.plan import Plan
    from playbook_commission.settling.settlements import Settled, Settlement
    from playbook_commission.statements.statement import Statement

    Progress = Callable[[str, int, int], None]


COUNTING, SETTLING, AUDITING = "Counting", "Settling", "Auditing"
_BOOKS = 4


def silent(what: str, done: int, of: int) -> None:
    """Say nothing of what is done, how far that is, and of how much (0 where nobody knows)."""


@attrs.frozen
class Outcome:
    """Hold a statement that is settled; `new` tells whether it was settled now."""

    person: str
    statement: Statement
    hash: str
    new: bool


@attrs.frozen
class Unsettled:
    """Name whose statement cannot be computed, and why; nothing of it is settled."""

    person: str
    plan: str
    because: str


def settle(
    engine: Engine, target_pay: Mapping[str, Money], period: str, actor: str, person: str = ""
) -> list[Outcome] | Refused:
    """Settle the statements of a period (one person's, where one is named), each once, as `settle_each` does.

    Raises InputError for all that cannot be computed, when the others are settled.
    """
    found, faults = list[Outcome](), list[str]()
    for one in settle_each(engine, target_pay, period, actor, person):
        if isinstance(one, Refused):
            return one
        if isinstance(one, Unsettled):
            faults.append(one.because)
        else:
            found.append(one)
    if faults:
        raise InputError("\n".join(faults))
    return found


def settle_each(
    engine: Engine,
    target_pay: Mapping[str, Money],
    period: str,
    actor: str,
    person: str = "",
    progress: Progress = silent,
) -> Iterator[Outcome | Unsettled | Refused]:
    """Settle the statements of a period (one person's, where one is named) one by one, each once.

    Refuses, before anything is settled, where the period is not over, an earlier one of a plan is open, or days of it
    were settled by what the plan was before; a refusal is the last answer. Whose statement cannot be computed holds
    up nobody else's. What was settled until then stays, and the rest follows when it
    is settled again. So it is where `progress`, which is called between two of them, raises; it hears what is done,
    how far that is, and of how much.
    """
    known = engine.clock()
    book = Paybook(engine.as_known(known), target_pay, progress=lambda done: progress(COUNTING, done, 0))
    if not book.may_settle(actor):
        yield NOT_SETTLING
        return
    span = Span.of(period, book.organization)
    if book.today() <= span.until:
        yield not_over(span)
        return
    wanted = list(book.paid(period, person))
    refused = _twice(engine, book, wanted, period) or _earlier(book, period, person)
    if refused is not None:
        yield refused
        return
    for done, (who, plan) in enumerate(wanted, start=1):
        basis = Basis(known, str(target_pay.get(who, "")))
        try:
            one: Outcome | Unsettled | Refused = _settled(engine, book, basis, (who, plan, period), actor)
        except InputError as wrong:
            one = Unsettled(who, plan.id, str(wrong))
        yield one
        if isinstance(one, Refused):
            return
        progress(SETTLING, done, len(wanted))


def _twice(engine: Engine, book: Paybook, wanted: Sequence[tuple[str, Plan]], period: str) -> Refused | None:
    """Refuse to settle days a second time, where a plan got another name, or periods of another length, meanwhile."""
    span = Span.of(period, book.organization)
    before = defaultdict[str, list[tuple[str, str]]](list)
    for name in around([span], book.organization):
        for one in settlements(engine, name):
            if one.settled:
                before[one.person].append((one.plan, one.period))
    for who, plan in wanted:
        for then, of in before.get(who, ()):
            if then not in book.plans or (then == plan.id and of != period):
                day = Span.of(of, book.organization).until + dt.timedelta(1)
                return Refused(
                    "settled_otherwise",
                    f"{who} was settled for {of} by {then}, and {plan.id} would pay days of it again for"
                    f" {period}; keep {then} as it was, and let another plan be effective from {day}",
                )
    return None


def _earlier(book: Paybook, period: str, person: str) -> Refused | None:
    """Refuse to settle a period before the earlier ones, naming all of them, and who waits."""
    found = defaultdict[str, list[str]](list)
    for who, plan, first in book.open_before(period, person):
        found[first].append(f"{who} by {plan.id}")
    if not found:
        return None
    only = f" --person {person}" if person else ""
    whose = "; ".join(f"{first} of {_listed(people)}" for first, people in sorted(found.items()))
    first = min(found)
    return Refused(
        "earlier_open",
        f"not settled yet: {whose}; settle it first: playbook commission settle --period {first}{only}",
    )


def _listed(names: Sequence[str], most: int = 6) -> str:
    """Return names as a sentence lists them, and how many more there are where they are many."""
    left = len(names) - most
    return ", ".join(names) if left <= 1 else f"{', '.join(names[:most])} and {left:,} more"


def _settled(
    engine: Engine, book: Paybook, basis: Basis, of: tuple[str, Plan, str], actor: str
) -> Outcome | Refused:
    person, plan, period = of
    name, known = settlement_id(person, plan.id, period), book.settlements(person, period, plan)
    if period not in known or known[period].settled is None:
        statement = book.anew(person, period, plan, known)
        said = frozen(statement)
        manual = len(known[period].manual) if period in known else 0
        answer = engine.run(Settle(name, said, basis, manual), actor=actor)
        if isinstance(answer, Refused):
            return answer
        if answer.version > 0:
            return Outcome(person, statement, hash_of(said, basis), new=True)
    kept = settled_of(engine.streams.show("settlement", name, actor=OPERATOR).state)
    return Outcome(person, thawed(kept.statement), kept.hash, new=False)


def settled_of(settlement: Settlement) -> Settled:
    """Return what was settled; raises ValueError for a period that is open."""
    if settlement.settled is None:
        raise ValueError(f"{settlement.period} of {settlement.person} is not settled")
    return settlement.settled


@attrs.frozen
class Audited:
    """Hold what an audit found of one settled statement: what differs, nothing where it is as it was."""

    person: str
    plan: str
    period: str
    hash: str
    differs: tuple[str, ...]


def audit(engine: Engine, period: str, progress: Progress = silent) -> Iterator[Audited]:
    """Yield every settled statement of a period, computed again from what was known when it was settled.

    `progress` hears what is done, how far that is, and of how much.
    """
    books: dict[dt.datetime, Paybook] = {}
    done = 0
    for one in settlements(engine, period):
        if one.settled is not None:
            done += 1
            progress(AUDITING, done, 0)
            yield _audited(_book(engine, books, one.settled, progress), one)


def _book(engine: Engine, books: dict[dt.datetime, Paybook], said: Settled, progress: Progress) -> Paybook:
    """Return the book by what was known when something was settled; what was settled together shares one."""
    known = said.basis.known
    if known not in books:
        if len(books) >= _BOOKS:
            books.clear()
        books[known] = Paybook(engine.as_known(known), {}, progress=lambda done: progress(COUNTING, done, 0))
    return books[known]


def _audited(book: Paybook, kept: Settlement) -> Audited:
    said = settled_of(kept)
    differs = []
    if hash_of(said.statement, said.basis) != said.hash:
        differs.append("what is stored is not what its hash was made of")
    if kept.plan not in book.plans:
        differs.append(f"there was no plan {kept.plan}")
    else:
        pay = said.basis.target_pay
        book.target_pay = {kept.person: Money.parse(pay)} if pay else {}
        plan = book.plans[kept.plan]
        known = book.settlements(kept.person, kept.period, plan)
        before = {name: one for name, one in known.items() if name != kept.period}
        now = book.anew(kept.person, kept.period, plan, {**before, kept.period: kept})
        if hash_of(frozen(now), said.basis) != said.hash:
            then = thawed(said.statement)
            differs += _differences(then, as_told(then, now))
    return Audited(kept.person, kept.plan, kept.period, said.hash, tuple(differs))


def _differences(then: Statement, now: Statement) -> Iterator[str]:
    was, is_ = ({line.id: line for line in one.lines} for one in (then, now))
    for name in sorted({*was, *is_}):
        if was.get(name) != is_.get(name):
            pays = (f"{of[name].pay:f}" if name in of else "nothing" for of in (was, is_))
            yield "{}: settled {}, computed {}".format(name, *pays)
    for name in ("version", "currency", "reached", *TOTALS):
        if getattr(then, name) != getattr(now, name):
            yield f"{name}: settled {_shown(then, name)}, computed {_shown(now, name)}"


def _shown(one: Statement, name: str) -> str:
    return f"{getattr(one, name)}" if name != "reached" else "other figures"
