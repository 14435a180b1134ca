"""Kinds of streams: what one is registered with, by what ships and by plugins alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from playbook.times import zone

if TYPE_CHECKING:
    from playbook.model.organization import Organization


class Happened(msgspec.Struct, frozen=True, gc=False):
    """Say on which stream of its kind an event happened, when, and who acted."""

    id: str
    at: dt.datetime
    actor: str


class Asked(msgspec.Struct, frozen=True, gc=False):
    """Say who asks for a command, or to see something, and when, and the organization as it stands.

    For a case there are more: the definition that it is pinned to, the request, and facts that were asked for.
    """

    actor: str
    at: dt.datetime
    organization: Organization
    definition: Any = None
    request: Any = None
    facts: Mapping[str, Any] = {}

    @property
    def day(self) -> dt.date:
        """Return the day of asking in the organization's zone: posts, as a role is one, are held by days."""
        return self.at.astimezone(zone(self.organization.settings.timezone)).date()


class Found(msgspec.Struct, frozen=True, gc=False):
    """Say what a stream is found by; `open` tells those that are done from the others, `fields` are for people."""

    name: str = ""
    owner: str = ""
    stage: str = ""
    open: bool = True
    fields: Mapping[str, Any] = {}


class StreamKind(msgspec.Struct, frozen=True, eq=False):
    """Add a kind of stream: the events of one thing, and what follows from them. Streams are called `NAME:ID`.

    `events` are frozen structs by the kind they are stored as, such as `pledge.made/1`; a new meaning is a new kind.
    `initial` is the state before the first event and `evolve` the one after each; `state` is its class, and `fold`
    is raised where `evolve` answers otherwise than before. `decide` gets state, command and who asks, and returns
    events, none where nothing changes, or Refused; `commands` are frozen structs with an attribute `id`. `index`
    says what a stream is found by; `sees` gets state and who asks, and says whether they may look at it, where that
    is not everybody; `tells` says in words what happened, after who did it. All of them are pure, and what they hold
    is text, numbers, times, lists, maps.
    """

    name: str
    version: str
    events: Mapping[str, type[Any]]
    evolve: Callable[[Any, Any, Happened], Any]
    state: type[Any] | None = None
    initial: Any = None
    commands: tuple[type[Any], ...] = ()
    decide: Callable[[Any, Any, Asked], Any] | None = None
    index: Callable[[Any], Found] | None = None
    fold: int = 1
    doc: str = ""
    sees: Callable[[Any, Asked], bool] | None = None
    tells: Callable[[Any], str] | None = None
