"""Disputes: what a person says is wrong with a statement, what finance answers, and how it ends; streams.

One is called `PERSON.PERIOD.NUMBER`, such as `sam.2027-Q1.1`.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from playbook import Found, InputError, Refused, StreamKind
from playbook_commission.settling.settlements import (
    FINANCE,
    OPERATOR,
    amount_of,
    is_finance,
    is_theirs,
    may_see,
)
from playbook_commission.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook import Asked, Happened

OPEN, ANSWERED, ACCEPTED, REFUSED = "open", "answered", "accepted", "refused"


class Dispute(msgspec.Struct, frozen=True):
    """Ask to open one on a line of a statement, on all of it where `line` is empty, and say why."""

    id: str
    person: str
    plan: str
    period: str
    line: str
    because: str


class Answer(msgspec.Struct, frozen=True):
    """Ask to say something to it: as finance an answer, else what it is answered with."""

    id: str
    text: str


class Accept(msgspec.Struct, frozen=True):
    """Ask to end it with an amount that was added to a settlement for it."""

    id: str
    settlement: str
    amount: str


class Decline(msgspec.Struct, frozen=True):
    """Ask to end it as it is, and say why."""

    id: str
    because: str


class Opened(msgspec.Struct, frozen=True):
    """Somebody disputed a line, or a whole statement."""

    person: str
    plan: str
    period: str
    line: str
    because: str


class Answered(msgspec.Struct, frozen=True):
    """Something was said to it, by finance or to finance."""

    text: str
    finance: bool


class Accepted(msgspec.Struct, frozen=True):
    """It was accepted: an amount was added to a settlement."""

    settlement: str
    amount: str


class Declined(msgspec.Struct, frozen=True):
    """It was refused."""

    because: str


class Said(msgspec.Struct, frozen=True):
    """Hold what somebody said to a dispute."""

    at: dt.datetime
    by: str
    text: str


class State(msgspec.Struct, frozen=True):
    """Hold a dispute: what is disputed, what was said, and how it stands.

    `open` waits for finance, `answered` for who opened it, `accepted` and `refused` are its ends: `settlement` and
    `amount` are what was added for it, `because` why it was refused.
    """

    id: str
    person: str
    plan: str
    period: str
    line: str
    opened: dt.datetime
    by: str
    reason: str
    status: str = OPEN
    said: tuple[Said, ...] = ()
    ended: dt.datetime | None = None
    ended_by: str = ""
    settlement: str = ""
    amount: str = ""
    because: str = ""

    @property
    def is_open(self) -> bool:
        """Return whether it has not ended."""
        return self.ended is None

    @property
    def of(self) -> str:
        """Return what is disputed, as `explain` is asked for it."""
        return "/".join(filter(None, (self.person, self.period, self.line)))

    def days(self, now: dt.datetime) -> int:
        """Return how many whole days it has been open, or was."""
        return ((self.ended or now) - self.opened).days


def id_of(person: str, period: str, number: int) -> str:
    """Return what a dispute of a person's statement is called; the first is 1."""
    return f"{person}.{period}.{number}"


def decide(
    state: State | None, command: Dispute | Answer | Accept | Decline, asked: Asked
) -> Refused | Iterable[Opened | Answered | Accepted | Declined]:
    """Return what a command leads to."""
    if isinstance(command, Dispute):
        return _opened(state, command, asked)
    if state is None:
        raise InputError(f"there is no dispute {command.id}; see `playbook commission dispute list`")
    if not may_see(asked, state.person, state.period):
        return Refused("not_permitted", f"{command.id} is for others")
    if not state.is_open:
        return resolved(state)
    finance = is_finance(asked) and asked.actor != state.person
    if isinstance(command, Answer):
        return (
            Answered(_text(command.text, "say something: 'TEXT' behind the name of the dispute"), finance),
        )
    if not finance:
        return Refused(
            "not_permitted", f"only people in the role {FINANCE} may end a dispute, and not their own"
        )
    if isinstance(command, Decline):
        return (Declined(_text(command.because)),)
    return (Accepted(command.settlement, amount_of(command.amount)),)


def resolved(state: State) -> Refused:
    """Return why nothing more becomes of a dispute that has ended."""
    return Refused("resolved", f"{state.id} was {state.status} by {state.ended_by}; open another")


def _opened(state: State | None, command: Dispute, asked: Asked) -> Refused | tuple[Opened, ...]:
    if state is not None:
        return Refused("changed", f"{command.id} was opened meanwhile; open another")
    span = Span.of(command.period, asked.organization)
    if asked.actor != OPERATOR and not is_theirs(asked, command.person, span.name):
        return Refused(
            "not_permitted", f"only {command.person} and their manager may dispute what they are paid"
        )
    prefix = id_of(command.person, span.name, 0)[:-1]
    if command.person not in asked.organization.people or not command.id.removeprefix(prefix).isdigit():
        raise InputError(f"{command.id!r} is no dispute of {command.person}: write {prefix}1")
    return (Opened(command.person, command.plan, span.name, command.line, _text(command.because)),)


def _text(said: str, wanted: str = "say why: --because TEXT") -> str:
    if not said.strip():
        raise InputError(wanted)
    return said.strip()


def evolve(
    state: State | None, event: Opened | Answered | Accepted | Declined, happened: Happened
) -> State | None:
    """Return the dispute after an event."""
    at, by = happened.at, happened.actor
    if isinstance(event, Opened):
        return State(happened.id, event.person, event.plan, event.period, event.line, at, by, event.because)
    if state is None:
        raise ValueError("a dispute begins with its opening")
    change = msgspec.structs.replace
    if isinstance(event, Answered):
        status = ANSWERED if event.finance else OPEN
        return change(state, status=status, said=(*state.said, Said(at, by, event.text)))
    if isinstance(event, Declined):
        return change(state, status=REFUSED, ended=at, ended_by=by, because=event.because)
    end = {"settlement": event.settlement, "amount": event.amount}
    return change(state, status=ACCEPTED, ended=at, ended_by=by, **end)


def index(state: State) -> Found:
    """Return what a dispute is found by: the period is its name."""
    return Found(state.period, state.person, state.status, open=state.is_open, fields={"plan": state.plan})


def tells(event: Any) -> str:
    """Return in words what happened."""
    if isinstance(event, Opened):
        what = f"{event.line} of" if event.line else "all of"
        return (
            f"disputed {what} what {event.person} is paid for {event.period} by {event.plan}: {event.because}"
        )
    if isinstance(event, Answered):
        return f"answered: {event.text}"
    if isinstance(event, Declined):
        return f"refused it: {event.because}"
    return f"accepted it, with {event.amount} added to {event.settlement}"


DISPUTE = StreamKind(
    name="dispute",
    version="1",
    events={
        "dispute.opened/1": Opened,
        "dispute.answered/1": Answered,
        "dispute.accepted/1": Accepted,
        "dispute.refused/1": Declined,
    },
    state=State,
    evolve=evolve,
    commands=(Dispute, Answer, Accept, Decline),
    decide=decide,
    index=index,
    doc="What somebody says is wrong with what they are paid",
    sees=lambda state, asked: may_see(asked, state.person, state.period),
    tells=tells,
)
