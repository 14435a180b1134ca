"""Pledges: what a person says they will close in a month, as streams of their own.

A pledge is called `PERSON.MONTH`, such as `sam.2026-03`. It may be raised and lowered while the month lasts, by the
person, who manages them, or the operator; what was said when, and by whom, stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from playbook import Found, InputError, Money, Refused, StreamKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook import Asked, Happened

_ID = re.compile(r"(?P<person>[^.]+)\.(?P<month>\d{4}-(0[1-9]|1[0-2]))")
OPERATOR = "operator"


class Pledge(msgspec.Struct, frozen=True):
    """Ask to pledge an amount, written `25000 EUR`; `id` is `PERSON.MONTH`."""

    id: str
    amount: str
    note: str = ""


class Pledged(msgspec.Struct, frozen=True):
    """An amount was pledged."""

    amount: str
    note: str = ""


class Standing(msgspec.Struct, frozen=True):
    """Hold what is pledged now, how often it was said anew, and who said it last."""

    amount: str
    note: str
    times: int
    by: str
    person: str
    month: str


def decide(state: Standing | None, command: Pledge, asked: Asked) -> Refused | Iterable[Pledged]:
    """Return what a pledge leads to: nothing where it says what was said before."""
    found = _ID.fullmatch(command.id)
    if found is None:
        raise InputError(f"{command.id!r} is no pledge: write PERSON.MONTH, such as sam.2026-03")
    try:
        amount = str(Money.parse(command.amount))
    except ValueError as error:
        raise InputError(f"the amount of a pledge: {error}") from None
    person, month = found["person"], found["month"]
    if person not in asked.organization.people:
        raise InputError(f"the organization has no person {person!r}")
    if asked.actor not in (person, asked.organization.manager_of(person), OPERATOR):
        return Refused(
            "not_permitted", f"only {person}, who manages them, or the operator may pledge for them"
        )
    if asked.at.strftime("%Y-%m") > month:
        return Refused("late", f"{month} is over, so what was pledged for it stays")
    if state is not None and (state.amount, state.note) == (amount, command.note):
        return ()
    return (Pledged(amount, command.note),)


def evolve(state: Standing | None, event: Pledged, happened: Happened) -> Standing:
    """Return the pledge after an event."""
    person, _, month = happened.id.partition(".")
    times = 1 if state is None else state.times + 1
    return Standing(event.amount, event.note, times, happened.actor, person, month)


def index(state: Standing) -> Found:
    """Return what a pledge is found by: the month is its name."""
    fields: dict[str, Any] = {"amount": state.amount, "note": state.note, "times": state.times}
    return Found(state.month, state.person, fields=fields)


PLEDGE = StreamKind(
    name="pledge",
    version="1",
    events={"pledge.made/1": Pledged},
    state=Standing,
    evolve=evolve,
    commands=(Pledge,),
    decide=decide,
    index=index,
    doc="What a person says they will close in a month",
)
