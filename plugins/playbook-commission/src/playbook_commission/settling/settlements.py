"""Settlements: a person's statement of a period, frozen, and what finance adds by hand before that; streams.

One is called `PERSON.PLAN.PERIOD`, such as `sam.ae-2027.2027-Q1`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from playbook import Found, InputError, Money, Refused, StreamKind
from playbook_commission.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook import Asked, Engine, Happened

OPERATOR = "operator"
FINANCE = "finance"
"""The role whose people see every statement, settle and adjust."""

NOT_SETTLING = Refused("not_permitted", f"only people in the role {FINANCE}, or the operator, may settle")
"""Told to whoever else would settle."""


class Basis(msgspec.Struct, frozen=True):
    """Hold what a statement rests on beside events: by when they were recorded, and the person's target pay."""

    known: dt.datetime
    target_pay: str = ""


class Settle(msgspec.Struct, frozen=True):
    """Ask to freeze a statement, as JSON; `manual` counts the lines added by hand that it has."""

    id: str
    statement: msgspec.Raw
    basis: Basis
    manual: int = 0


class Adjust(msgspec.Struct, frozen=True):
    """Ask to add an amount, written `250 EUR`, to a period that is not settled, and say why.

    `dispute` is the one that it answers, which it does once, and `line` what that is about: `2027-Q1/new:d1`.
    """

    id: str
    amount: str
    because: str
    dispute: str = ""
    line: str = ""


class Settled(msgspec.Struct, frozen=True):
    """A statement was frozen, as JSON; `hash` is of the statement and what it rests on."""

    statement: msgspec.Raw
    basis: Basis
    hash: str


class Said(msgspec.Struct, frozen=True):
    """Hold what the JSON of a statement says of it as a whole; the rest of it is not looked at."""

    person: str
    plan: str
    version: str
    period: str
    currency: str
    paid: Decimal
    held: Decimal
    owed: Decimal


class Adjusted(msgspec.Struct, frozen=True, omit_defaults=True):
    """An amount was added by hand, perhaps for a dispute of a line."""

    amount: str
    because: str
    dispute: str = ""
    line: str = ""


class Settlement(msgspec.Struct, frozen=True):
    """Hold what was added to a period by hand, and the statement that was settled; None where it is open."""

    person: str
    plan: str
    period: str
    manual: tuple[Adjusted, ...] = ()
    settled: Settled | None = None
    at: dt.datetime | None = None
    by: str = ""


_JSON = msgspec.json.Encoder()
_SAID = msgspec.json.Decoder(Said)


def said_of(settled: Settled) -> Said:
    """Return what a settled statement says as a whole."""
    return _SAID.decode(settled.statement)


def not_over(span: Span) -> Refused:
    """Return why a period is not settled before it ends."""
    return Refused("not_over", f"{span.name} lasts until {span.until}; settle it when it is over")


def may_see(asked: Asked, person: str, period: str) -> bool:
    """Return whether who asks may see a person's statement: themselves, who manages them, finance, the operator."""
    return is_theirs(asked, person, period) or may_settle(asked)


def is_theirs(asked: Asked, person: str, period: str) -> bool:
    """Return whether who asks is the person, or managed them at the end of a period; of one that runs, today."""
    day = min(Span.of(period, asked.organization).until, asked.day)
    return asked.actor != "" and asked.actor in (person, asked.organization.manager_of(person, day))


def may_settle(asked: Asked) -> bool:
    """Return whether who asks may settle and audit, and so sees every statement: finance, and the operator."""
    return asked.actor == OPERATOR or is_finance(asked)


def is_finance(asked: Asked) -> bool:
    """Return whether who asks has, on the day of asking, the role that adjusts what others are paid."""
    return asked.organization.post(asked.actor, asked.day).role == FINANCE


def states(engine: Engine, kind: str, period: str = "", *, actor: str) -> Iterator[Any]:
    """Yield the streams of a kind that an actor sees, of a period where one is named, the newest first."""
    after: str | None = None
    while True:
        page = engine.streams.page(kind, period or None, after, actor=actor)
        yield from (view.state for view in page.items)
        after = page.next
        if after is None:
            return


def settlements(engine: Engine, period: str) -> Iterator[Settlement]:
    """Yield what was settled, or added by hand, for a period."""
    return states(engine, "settlement", period, actor=OPERATOR)


def _seen(state: Settlement, asked: Asked) -> bool:
    return may_see(asked, state.person, state.period)


def hash_of(statement: msgspec.Raw, basis: Basis) -> str:
    """Return the hash of the JSON of a statement and of what it rests on."""
    return hashlib.sha256(_JSON.encode((statement, basis))).hexdigest()


def decide(
    state: Settlement | None, command: Settle | Adjust, asked: Asked
) -> Refused | Iterable[Settled | Adjusted]:
    """Return what a command leads to: nothing where a period that is settled is to be settled again."""
    person, plan, span = _named(command.id, asked)
    if isinstance(command, Adjust):
        return _adjusted(state, command, asked, person, span)
    if not may_settle(asked):
        return NOT_SETTLING
    if state is not None and state.settled is not None:
        return ()
    if asked.day <= span.until:
        return not_over(span)
    if len(state.manual if state else ()) != command.manual:
        return Refused("changed", f"{span.name} of {person} was adjusted meanwhile; settle it again")
    said = _SAID.decode(command.statement)
    if (said.person, said.plan, said.period) != (person, plan, span.name):
        raise InputError(f"{command.id} is to be settled with the statement of another")
    return (Settled(command.statement, command.basis, hash_of(command.statement, command.basis)),)


def _adjusted(
    state: Settlement | None, command: Adjust, asked: Asked, person: str, span: Span
) -> Refused | tuple[Adjusted, ...]:
    if not is_finance(asked) or asked.actor == person:
        said = f"only people in the role {FINANCE} may adjust what somebody is paid, and not what they are themselves"
        return Refused("not_permitted", said)
    if state is not None and state.settled is not None:
        return Refused("settled", f"{span.name} is settled and stays as it is; adjust a later period")
    amount = amount_of(command.amount)
    if not command.because.strip():
        raise InputError("say why: --because TEXT")
    if command.dispute and any(one.dispute == command.dispute for one in (state.manual if state else ())):
        return ()
    return (Adjusted(amount, command.because.strip(), command.dispute, command.line),)


def amount_of(said: str) -> str:
    """Return an amount that is added by hand as it is stored; raises InputError for what is none, or nothing."""
    try:
        amount = Money.parse(said)
    except ValueError as error:
        raise InputError(f"the amount of an adjustment: {error}") from None
    if not amount.amount:
        raise InputError(
            "an adjustment of nothing changes nothing; write an amount like '250 EUR' or '-40 EUR'"
        )
    return str(amount)


def _named(of: str, asked: Asked) -> tuple[str, str, Span]:
    parts = of.rsplit(".", 2)
    if len(parts) != 3 or parts[0] not in asked.organization.people:
        raise InputError(f"{of!r} is no settlement: write PERSON.PLAN.PERIOD, such as sam.ae-2027.2027-Q1")
    return parts[0], parts[1], Span.of(parts[2], asked.organization)


def evolve(state: Settlement | None, event: Settled | Adjusted, happened: Happened) -> Settlement:
    """Return the settlement after an event."""
    person, plan, period = happened.id.rsplit(".", 2)
    found = Settlement(person, plan, period) if state is None else state
    if isinstance(event, Adjusted):
        return msgspec.structs.replace(found, manual=(*found.manual, event))
    return msgspec.structs.replace(found, settled=event, at=happened.at, by=happened.actor)


def index(state: Settlement) -> Found:
    """Return what a settlement is found by: the period is its name."""
    stage = "settled" if state.settled else "open"
    return Found(state.period, state.person, stage, open=state.settled is None, fields={"plan": state.plan})


def _tells(event: Any) -> str:
    if isinstance(event, Adjusted):
        return f"added {event.amount}: {event.because}"
    said = said_of(event)
    return f"settled it with {Money(said.paid, said.currency).rounded()} to pay (hash {event.hash[:12]})"


SETTLEMENT = StreamKind(
    name="settlement",
    version="1",
    events={"settlement.adjusted/1": Adjusted, "settlement.settled/1": Settled},
    state=Settlement,
    evolve=evolve,
    commands=(Settle, Adjust),
    decide=decide,
    index=index,
    doc="What a person was paid for a period, frozen",
    sees=_seen,
    tells=_tells,
)
