"""Pay runs: who was paid what of a period, once and for all. The runs of a period are one stream, named as it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

from playbook import Found, InputError, Money, Refused, StreamKind
from playbook_commission.exact import CONTEXT, ZERO
from playbook_commission.settling.settlements import FINANCE, may_settle
from playbook_commission.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook import Asked, Happened

NOT_PAYING = Refused("not_permitted", f"only people in the role {FINANCE}, or the operator, may pay")
"""Told to whoever else would pay, or look at who was paid."""


class Row(msgspec.Struct, frozen=True):
    """Hold what a person is paid by a plan; `amount` are digits, `settlement` is the hash of what was settled."""

    person: str
    name: str
    plan: str
    currency: str
    amount: str
    settlement: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what is paid only once in a period."""
        return self.person, self.plan


class Pay(msgspec.Struct, frozen=True):
    """Ask to pay people for the period `id`, in its run of a number; the first is 1."""

    id: str
    run: int
    rows: tuple[Row, ...]


class Exported(msgspec.Struct, frozen=True):
    """People were handed to payroll; nobody who is among them is so again for the period."""

    run: str
    rows: tuple[Row, ...]


class Run(msgspec.Struct, frozen=True):
    """Hold a pay run: its id, such as `2027-Q1.1`, who was paid what, when and by whom it was exported."""

    id: str
    at: dt.datetime
    by: str
    rows: tuple[Row, ...]

    @property
    def sums(self) -> list[Money]:
        """Return what was paid in all, by currency."""
        return summed(self.rows)


class Payroll(msgspec.Struct, frozen=True):
    """Hold the pay runs of a period, oldest first."""

    period: str
    runs: tuple[Run, ...] = ()

    def run_of(self, person: str, plan: str) -> Run | None:
        """Return the run in which a person was paid by a plan; None where there was none."""
        return next((run for run in self.runs if any(row.key == (person, plan) for row in run.rows)), None)


def run_id(period: str, number: int) -> str:
    """Return what a pay run is called."""
    return f"{period}.{number}"


def summed(rows: Iterable[Row]) -> list[Money]:
    """Return what rows come to, by currency."""
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row.currency] = CONTEXT.add(found.get(row.currency, ZERO), Decimal(row.amount))
    return [Money(amount, currency) for currency, amount in sorted(found.items())]


def decide(state: Payroll | None, command: Pay, asked: Asked) -> Refused | Iterable[Exported]:
    """Return what a command leads to: nothing where the very same run was exported before."""
    if not may_settle(asked):
        return NOT_PAYING
    period = Span.of(command.id, asked.organization).name
    done = Payroll(command.id) if state is None else state
    _check(command.rows)
    if 0 < command.run <= len(done.runs) and done.runs[command.run - 1].rows == command.rows:
        return ()
    twice = [(row, run) for row in command.rows if (run := done.run_of(*row.key)) is not None]
    if twice or command.run != len(done.runs) + 1:
        said = "; ".join(f"{row.person} was paid by {row.plan} in {run.id}" for row, run in twice)
        return Refused("changed", f"{period} was paid meanwhile{f': {said}' if said else ''}; run it again")
    return (Exported(run_id(period, command.run), command.rows),)


def _check(rows: tuple[Row, ...]) -> None:
    if not rows:
        raise InputError("a pay run pays somebody")
    if len({row.key for row in rows}) < len(rows):
        raise InputError("a pay run pays a person once by a plan")
    for row in rows:
        if not _is_above_zero(row.amount):
            raise InputError(f"{row.amount!r} is nothing to pay {row.person}: write digits, above zero")


def _is_above_zero(amount: str) -> bool:
    try:
        return ZERO < Decimal(amount) < Decimal("Infinity")
    except InvalidOperation:
        return False


def evolve(state: Payroll | None, event: Exported, happened: Happened) -> Payroll:
    """Return the pay runs of a period after one more."""
    runs = () if state is None else state.runs
    return Payroll(happened.id, (*runs, Run(event.run, happened.at, happened.actor, event.rows)))


def index(state: Payroll) -> Found:
    """Return what pay runs are found by: the period is their name."""
    return Found(state.period, stage="exported", open=False, fields={"runs": len(state.runs)})


def _tells(event: Any) -> str:
    sums = " and ".join(map(str, summed(event.rows)))
    people = len({row.person for row in event.rows})
    return f"exported pay run {event.run}: {sums} to {people} {'person' if people == 1 else 'people'}"


PAYROLL = StreamKind(
    name="payroll",
    version="1",
    events={"payroll.exported/1": Exported},
    state=Payroll,
    evolve=evolve,
    commands=(Pay,),
    decide=decide,
    index=index,
    doc="Who was paid what of a period, in which pay run",
    sees=lambda state, asked: may_settle(asked),
    tells=_tells,
)
