"""What the engine answers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from playbook.errors import Blocker
from playbook.money import Money
from playbook.times import from_micros

if TYPE_CHECKING:
    from playbook.stores.interface import IndexRow


class Done(msgspec.Struct, frozen=True, gc=False):
    """Say that a command was carried out: the case after it, and what only warned.

    `repeated` says that the key had come before and this is its first answer.
    """

    case: str
    stage: str
    outcome: str
    version: int
    warned: tuple[Blocker, ...] = ()
    observed: tuple[Blocker, ...] = ()
    repeated: bool = False


class Explanation(msgspec.Struct, frozen=True, gc=False):
    """Explain what stands between a case and its next stage; `to` are the stages it may move to."""

    case: str
    stage: str
    can_advance: bool
    to: tuple[str, ...]
    target: str
    code: str
    message: str
    blockers: tuple[Blocker, ...]
    warned: tuple[Blocker, ...]


class CaseView(msgspec.Struct, frozen=True, gc=False):
    """Show what a case can be found by; `version` of the case is not part of it.

    `probability`, a fraction, and `forecast` are those set by hand.
    """

    id: str
    playbook: str
    name: str
    stage: str
    outcome: str
    owner: str
    team: str
    opened: dt.datetime
    closed: dt.datetime | None
    amount: Money | None
    expected_close: dt.date | None
    probability: Decimal | None = None
    forecast: str = ""

    @classmethod
    def of(cls, row: IndexRow) -> CaseView:
        """Make the view of an index row."""
        return cls(
            row.case,
            row.playbook,
            row.name,
            row.stage,
            row.outcome,
            row.owner,
            row.team,
            from_micros(row.opened),
            None if row.closed is None else from_micros(row.closed),
            None
            if row.amount is None or row.currency is None
            else Money.from_minor(row.amount, row.currency),
            None if row.expected_close is None else dt.date.fromisoformat(row.expected_close),
            None if row.probability is None else Decimal(row.probability),
            row.forecast or "",
        )


class HistoryItem(msgspec.Struct, frozen=True, gc=False):
    """Hold one event of a stream with its envelope; `position` rises in the log of all streams."""

    version: int
    kind: str
    at: dt.datetime
    recorded: dt.datetime
    actor: str
    event: Any
    position: int = 0


class RecordView(msgspec.Struct, frozen=True, gc=False):
    """Show a record: `fields` with computed ones in the order of the file, `merged` those merged into it."""

    kind: str
    id: str
    name: str
    fields: dict[str, Any]
    opened: dt.datetime
    changed: dt.datetime
    merged: tuple[str, ...] = ()
    forgotten: dt.datetime | None = None


class StreamView(msgspec.Struct, frozen=True, gc=False):
    """Show a stream of a plugin's kind: its state, and what it is found by as `name` and `fields`."""

    kind: str
    id: str
    name: str
    state: Any
    fields: dict[str, Any]
    opened: dt.datetime
    changed: dt.datetime


class Happening(msgspec.Struct, frozen=True, gc=False):
    """Hold one event of a customer's history: what it happened to, a case of a playbook or a record of a kind."""

    of: str
    id: str
    name: str
    item: HistoryItem


class Forgotten(msgspec.Struct, frozen=True, gc=False):
    """Say what was erased: how many personal values, of which records or cases, and which of their fields had one."""

    values: int
    records: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
