"""Opening disputes on lines that there are, and accepting them by an adjustment, once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from playbook import InputError, KeyReused, Refused, UnknownName
from playbook_commission.settling.disputes import Accept, Dispute, State, id_of, resolved
from playbook_commission.settling.settlements import OPERATOR, Adjust, amount_of, states
from playbook_commission.spans import settlement_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Engine
    from playbook_commission.settling.paybook import Paybook


def disputes_of(engine: Engine, person: str, period: str, *, actor: str = OPERATOR) -> Iterator[State]:
    """Yield the disputes of a person's statements of a period, oldest first."""
    for number in itertools.count(1):
        name = id_of(person, period, number)
        found = engine.streams.those("dispute", [name], actor=actor).get(name)
        if found is None:
            return
        yield found.state


def disputes(engine: Engine, period: str = "", *, actor: str = OPERATOR) -> Iterator[State]:
    """Yield the disputes that an actor sees, of a period where one is named, the newest first."""
    return states(engine, "dispute", period, actor=actor)


def open_dispute(
    book: Paybook, actor: str, of: tuple[str, str, str], plan: str, because: str
) -> State | Refused:
    """Open a dispute on a line of a person's statement of a period, on all of it where the line is empty.

    Raises UnknownName where there is no such line. One line has one open dispute at a time.
    """
    person, period, line = of
    if not book.may_see(actor, person, period):
        return Refused("not_permitted", f"{actor} may not see what {person} is paid")
    statement = book.statement(person, period, plan)
    if line and line not in (known := [one.id for one in statement.lines]):
        raise UnknownName("line", line, known)
    while True:
        before = list(disputes_of(book.engine, person, period))
        same = [one for one in before if one.is_open and (one.plan, one.line) == (statement.plan, line)]
        if same:
            return Refused("open", f"{same[0].id} is open on it; say more there: commission dispute answer")
        name = id_of(person, period, len(before) + 1)
        asked = Dispute(name, person, statement.plan, period, line, because)
        answer = book.engine.run(asked, actor=actor)
        if not isinstance(answer, Refused):
            return dispute(book.engine, name, actor)
        if answer.code != "changed":  # else another one has taken the number
            return answer


def dispute(engine: Engine, name: str, actor: str) -> State:
    """Return a dispute that the actor sees; raises UnknownName."""
    state: State = engine.streams.show("dispute", name, actor=actor).state
    return state


def accept(
    book: Paybook, actor: str, name: str, amount: str, period: str = "", because: str = ""
) -> State | Refused:
    """Accept a dispute: add an amount to a period that is open, the next one where none is named, and end it.

    The amount is added first, under a key of the dispute, so that a dispute never ends without it and whoever was
    interrupted, and accepts again, adds nothing twice.
    """
    engine, one = book.engine, dispute(book.engine, name, actor)
    if not one.is_open:
        return resolved(one)
    plan = book.plans.get(one.plan)
    if plan is None:
        raise InputError(
            f"{one.plan} is published no more: refuse {name}, and `adjust` what another plan pays {one.person}"
        )
    target = period or book.next_open(one.person, one.period, plan)
    book.check_amount(one.person, target, plan, amount)
    amount = amount_of(amount)
    said = f"dispute {name}: {because or one.reason}"
    line = f"{one.period}/{one.line}" if one.line else ""
    asked = Adjust(settlement_id(one.person, plan.id, target), amount, said, name, line)
    settlement, added = _added(book, one, target) or (asked.id, "")
    if added not in ("", amount):
        raise InputError(f"{added} was added for {name} to {settlement} already; accept it with that")
    if not added:
        refused = _add(engine, asked, actor)
        if refused is not None:
            return refused
    answer = engine.run(Accept(name, settlement, amount), actor=actor)
    return answer if isinstance(answer, Refused) else dispute(engine, name, actor)


def _add(engine: Engine, asked: Adjust, actor: str) -> Refused | None:
    try:
        answer = engine.run(asked, actor=actor, key=f"dispute:{asked.dispute}")
    except KeyReused:
        raise InputError(f"something else was added for {asked.dispute} already; see `statement`") from None
    return answer if isinstance(answer, Refused) else None


def _added(book: Paybook, one: State, until: str) -> tuple[str, str] | None:
    """Return the settlement to which an amount was added for a dispute up to a period, with the amount."""
    plan = book.plans[one.plan]
    for period, settlement in book.settlements(one.person, until, plan).items():
        for manual in settlement.manual:
            if manual.dispute == one.id:
                return settlement_id(one.person, plan.id, period), manual.amount
    return None
