"""Named periods, and whose figures of them there are; imported whenever playbook starts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from playbook import InputError, fiscal_period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.model.organization import Organization

WHOSE = ("person", "team", "territory")
"""Whose a quota may be."""


class Span(msgspec.Struct, frozen=True):
    """Hold a named period; `until` is its last day."""

    name: str
    since: dt.date
    until: dt.date

    @classmethod
    def of(cls, name: str, organization: Organization) -> Span:
        """Return a period by its name, like `2027-Q1`; raises InputError saying what was expected."""
        try:
            return cls(name, *fiscal_period(name, organization.settings))
        except ValueError as error:
            raise InputError(str(error)) from None

    def days(self) -> Iterator[dt.date]:
        """Yield its days."""
        for number in range(len(self)):
            yield self.since + dt.timedelta(number)

    def holds(self, other: Span) -> bool:
        """Return whether every day of another period is one of its own."""
        return self.since <= other.since and other.until <= self.until

    def __len__(self) -> int:
        return (self.until - self.since).days + 1
