"""Facts that a decision asks for by name: the part before the colon says which provider answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.engine.uniqueness import cases_alike
from playbook.errors import InputError
from playbook.model.case import OPEN
from playbook.process.alike import question_of
from playbook.process.assignment import Load
from playbook.stores.interface import Query

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from playbook.engine.engine import Engine
    from playbook.engine.records import Said
    from playbook.process.alike import Alike
    from playbook.process.facts import World

    Provider = Callable[[Engine, str, World, dt.datetime], Any]


def load_of(engine: Engine, person: str, world: World, at: dt.datetime) -> Load:
    """Return how many open cases a person has, and when they last got one that is still theirs."""
    tallies = engine.store.tally(engine.tenant, Query(owner=person, status=OPEN), ())
    return Load(sum(tally.count for tally in tallies), engine.store.last_assigned(engine.tenant, person))


def said_by(engine: Engine, name: str, world: World, at: dt.datetime) -> Said:
    """Return what a record of a kind says, or a case that is referred to, by `kind:id`."""
    return engine.kept_records.said(*name.split(":", 1))


def alike(engine: Engine, name: str, world: World, at: dt.datetime) -> Alike:
    """Return the cases that have the same values."""
    return cases_alike(engine, question_of(name), world, at)


PROVIDERS: dict[str, Provider] = {"load": load_of, "unique": alike, "record": said_by}
"""By the first part of a fact's name; a provider gets the engine, the rest of the name, the world and the time."""


def fetch(engine: Engine, names: tuple[str, ...], world: World, at: dt.datetime) -> dict[str, Any]:
    """Return the facts by name; raises InputError for one that nobody provides."""
    found = {}
    for name in names:
        kind, _, rest = name.partition(":")
        provider = PROVIDERS.get(kind)
        if provider is None:
            raise InputError(f"nothing here can tell {name!r}")
        found[name] = provider(engine, rest, world, at)
    return found
