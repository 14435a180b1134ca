"""Records: what cases are about and refer to, such as an account, a contact, a product.

A Record describes a kind of them; a RecordState is one as it stands, the fold of its events. Events are stored
in the order of their attributes.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import msgspec

from playbook.model.case import Sealed
from playbook.model.playbook import Field

RECORD_FOLD = 2
"""The version of the fold; a snapshot of another version means folding anew."""

RECORDS = "record:"
"""Begins the stream of a record; its kind and id follow."""

STREAMS = f"{RECORDS}/"
"""Begins what a row of a plugin's stream has as its playbook: as of a record, which finding cases passes over."""


@attrs.frozen
class Record:
    """Describe a kind of record; no two have the same value in a field that `unique` names.

    `roles` are those that one may have on a case, such as champion.
    """

    id: str
    title: str = ""
    locale: str = "en"
    fields: tuple[Field, ...] = ()
    unique: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class RecordState(msgspec.Struct, frozen=True):
    """Hold one record; `into` is the one that it was merged into, `merged` are those merged into this one.

    `former` tells what it referred to once.
    """

    id: str
    kind: str
    opened: dt.datetime
    last: dt.datetime
    fields: dict[str, Any] = {}
    sealed: dict[str, Sealed] = {}
    into: str = ""
    merged: tuple[str, ...] = ()
    forgotten: dt.datetime | None = None
    former: tuple[str, ...] = ()


class RecordOpened(msgspec.Struct, frozen=True):
    """A record came to be."""

    kind: str
    fields: dict[str, Any] = {}


class RecordChanged(msgspec.Struct, frozen=True):
    """Fields of a record changed; None means cleared."""

    fields: dict[str, Any]
    reason: str = ""


class RecordMerged(msgspec.Struct, frozen=True):
    """Two records turned out to be one: `other` points to the one that is kept. It stands in both streams."""

    kept: str
    other: str


class RecordForgotten(msgspec.Struct, frozen=True):
    """The personal values of a record were erased, those of these fields among them."""

    fields: tuple[str, ...] = ()


class KindPublished(msgspec.Struct, frozen=True):
    """A kind of record was published: the digests of what it is made of and of its texts.

    `first` says that there was no record of it yet, so that what came before binds nobody.
    """

    record: str
    digest: str
    texts: str
    first: bool = False


class UniqueHeld(msgspec.Struct, frozen=True):
    """A value that no two records may have went to a record, or to none."""

    record: str = ""


RecordEvent = RecordOpened | RecordChanged | RecordMerged | RecordForgotten


def record_stream(kind: str, id: str) -> str:  # noqa: A002 - what it is called everywhere
    """Return the stream of a record, which is also the tag of what refers to it."""
    return f"{RECORDS}{kind}:{id}"
