"""Settling periods and auditing what was settled."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING

import attrs

from playbook import Money, Refused
from playbook_commission.paybook import Paybook
from playbook_commission.settlements import NOT_SETTLING, OPERATOR, Basis, Settle, hash_of, id_of, settlements
from playbook_commission.spans import Span, around
from playbook_commission.statements import TOTALS, frozen, thawed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from playbook import Engine
    from playbook_commission.plan import Plan
    from playbook_commission.settlements import Settled, Settlement
    from playbook_commission.statements import Statement

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


def settle(
    engine: Engine, target_pay: Mapping[str, Money], period: str, actor: str, person: str = ""
) -> list[Outcome] | Refused:
    """Settle the statements of a period (one person's, where one is named), each once, as `settle_each` does."""
    found = []
    for one in settle_each(engine, target_pay, period, actor, person):
        if isinstance(one, Refused):
            return one
        found.append(one)
    return found


def settle_each(
    engine: Engine,
    target_pay: Mapping[str, Money],
    period: str,
    actor: str,
    person: str = "",
    progress: Progress = silent,
) -> Iterator[Outcome | Refused]:
    """Settle the statements of a period (one person's, where one is named) one by one, each once.

    Refuses, before anything is settled, where an earlier period of a plan is open, or days of it were settled by what
    the plan was before; a refusal is the last answer. What was settled until then stays, and the rest follows when it
    is settled again. So it is where `progress`, which is called between two of them, raises; it hears what is done,
    how far that is, and of how much.
    """
    known = engine.clock()
    book = Paybook(engine.as_known(known), target_pay, progress=lambda done: progress(COUNTING, done, 0))
    if not book.may_settle(actor):
        yield NOT_SETTLING
        return
    wanted = list(book.paid(period, person))
    twice = _twice(engine, book, wanted, period)
    if twice is not None:
        yield twice
        return
    for who, plan in wanted:
        first = book.open_from(who, period, plan)
        if first and first != period:
            yield Refused(
                "earlier_open",
                f"{first} of {who} by {plan.id} is not settled; settle it first: "
                f"playbook commission settle --period {first} --person {who}",
            )
            return
    for done, (who, plan) in enumerate(wanted, start=1):
        basis = Basis(known, str(target_pay.get(who, "")))
        one = _settled(engine, book, basis, (who, plan, period), actor)
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


def _settled(
    engine: Engine, book: Paybook, basis: Basis, of: tuple[str, Plan, str], actor: str
) -> Outcome | Refused:
    person, plan, period = of
    name, known = id_of(person, plan.id, period), book.settlements(person, period, plan)
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
            differs += _differences(thawed(said.statement), now)
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
