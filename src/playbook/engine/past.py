"""The past: what happened in a stream, and a case as it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.engine.answers import HistoryItem
from playbook.engine.streams import case_stream, fold_case
from playbook.errors import UnknownName
from playbook.times import from_micros, to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from playbook.engine.engine import Engine
    from playbook.model.case import Case
    from playbook.process.compiled import Compiled


def happened(engine: Engine, stream: str, revive: Callable[[Any], Any]) -> Iterator[HistoryItem]:
    """Yield what happened in a stream, oldest first; `revive` gives the values of an event their types."""
    return (
        HistoryItem(
            stored.version,
            stored.kind,
            from_micros(stored.at),
            from_micros(stored.recorded),
            stored.actor,
            revive(engine.streams.decode(stored)),
            stored.position,
        )
        for stored in engine.store.events(engine.tenant, stream)
    )


def stood(engine: Engine, case: str, at: dt.datetime, known: dt.datetime) -> tuple[Case, Compiled]:
    """Return a case as it stood at a time, by what was known at another; raises UnknownName where it was not."""
    stop, recorded = to_micros(at), to_micros(known)
    events = (
        event
        for event in engine.store.events(engine.tenant, case_stream(case))
        if event.at <= stop and event.recorded <= recorded
    )
    folded, definition = fold_case(case, events, engine.definitions.pinned)
    if folded is None or definition is None:
        raise UnknownName("case", case)
    return folded, definition
