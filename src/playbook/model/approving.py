"""Approvals, waivers, and what else is decided about a case: the events, and how they stand on it.

Values that were seen are kept as they are stored: plain JSON types, personal ones not at all.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec


class Approved(msgspec.Struct, frozen=True, gc=False):
    """Someone said yes to a criterion, seeing these values; `complete` says whether it was the last yes needed.

    `principals` are those in whose place they spoke; `stands_for` names the person who was away.
    """

    criterion: str
    values: dict[str, Any]
    principals: tuple[str, ...]
    complete: bool
    note: str = ""
    stands_for: str = ""
    expires: dt.datetime | None = None


class Declined(msgspec.Struct, frozen=True, gc=False):
    """Someone said no to a criterion that was asked for."""

    criterion: str
    values: dict[str, Any]
    reason: str
    stands_for: str = ""


class Waived(msgspec.Struct, frozen=True, gc=False):
    """Someone made an exception from a criterion until a day, which is included."""

    criterion: str
    values: dict[str, Any]
    reason: str
    until: dt.date


class Lapsed(msgspec.Struct, frozen=True, gc=False):
    """An approval (or a waiver) ended because something that it covers changed."""

    criterion: str
    changed: tuple[str, ...]
    waiver: bool = False


class Skipped(msgspec.Struct, frozen=True, gc=False):
    """A planned activity that nothing requires was left out."""

    activity: str
    visit: int
    n: int
    reason: str


class CreditSplit(msgspec.Struct, frozen=True, gc=False):
    """The credit for the case was divided anew; shares are fractions and sum to 1."""

    shares: dict[str, Decimal]


class Yes(msgspec.Struct, frozen=True, gc=False):
    """Hold one person's yes, or no, with what they said."""

    by: str
    at: dt.datetime
    principals: tuple[str, ...] = ()
    stands_for: str = ""
    note: str = ""


class Asked(msgspec.Struct, frozen=True, gc=False):
    """Hold an approval that was asked for: when, by whom, in which stage, on the way where; and the answers."""

    at: dt.datetime
    by: str
    stage: str
    target: str
    yes: tuple[Yes, ...] = ()
    no: Yes | None = None
    values: dict[str, Any] = {}
    complete: bool = False
    expires: dt.datetime | None = None

    @property
    def pending(self) -> bool:
        """Return whether an answer is waited for."""
        return self.no is None and not self.complete

    def expired(self, now: dt.datetime) -> bool:
        """Return whether the yes has come to its end."""
        return self.expires is not None and now >= self.expires

    def counts(self, stage: str, now: dt.datetime) -> bool:
        """Return whether the yes counts in a stage; an expired one does once the stage was left."""
        return self.complete and not (stage == self.stage and self.expired(now))


class Waiver(msgspec.Struct, frozen=True, gc=False):
    """Hold an exception from a criterion; `until` is its last day."""

    by: str
    at: dt.datetime
    stage: str
    reason: str
    until: dt.date
    values: dict[str, Any] = {}

    def expired(self, today: dt.date) -> bool:
        """Return whether its last day has passed."""
        return today > self.until

    def counts(self, stage: str, today: dt.date) -> bool:
        """Return whether the exception counts in a stage; an expired one does once the stage was left."""
        return not (stage == self.stage and self.expired(today))
