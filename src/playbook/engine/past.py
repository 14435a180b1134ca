"""The past: what happened in a stream, and a case as it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.engine.answers import HistoryItem
from playbook.engine.streams import case_stream, fold_case
from playbook.errors import UnknownName
from playbook.model.events import ChildEnded, ChildReopened, Linked, Opened
from playbook.model.organization import OPERATOR
from playbook.process.codec import revive
from playbook.process.computed import censored, hidden_fields, view
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


def case_history(engine: Engine, case: str, actor: str) -> Iterator[HistoryItem]:
    """Yield what happened on a case, without what is hidden from who asks; raises UnknownName."""
    found, definition = engine.case_and_definition(case, actor=actor)
    world = engine.kept_records.known(engine.world, definition, found)
    hidden = hidden_fields(definition, found, actor, engine.clock(), world)
    unseen = _unseen_kin(engine, found, actor)

    def told(event: Any) -> Any:
        return _without_kin(censored(revive(event, definition), hidden), unseen)

    return happened(engine, case_stream(case), told)


def viewed(engine: Engine, case: Case, definition: Compiled, actor: str, at: dt.datetime) -> Case:
    """Return a case as the actor may see it at a time: with computed fields, without those that are hidden."""
    world = engine.kept_records.known(engine.world, definition, case)
    hidden = hidden_fields(definition, case, actor, engine.clock(), world)
    shown = view(definition, case, definition.scope(case, actor, at, world), hidden)
    unseen = _unseen_kin(engine, case, actor)
    if not unseen:
        return shown
    children = {child: outcome for child, outcome in case.children.items() if child not in unseen}
    return replace(shown, children=children, parent="" if case.parent in unseen else case.parent)


def _unseen_kin(engine: Engine, case: Case, actor: str) -> frozenset[str]:
    """Return the cases that this one follows up, or that follow it up, and that the actor does not see."""
    if actor == OPERATOR:
        return frozenset()
    kin = (*case.children, case.parent) if case.parent else (*case.children,)
    return frozenset(name for name in kin if not _sees(engine, name, actor))


def _sees(engine: Engine, case: str, actor: str) -> bool:
    try:
        engine.case(case, actor=actor)
    except UnknownName:
        return False
    return True


def _without_kin(event: Any, unseen: frozenset[str]) -> Any:
    """Return an event without what it tells of a case that is not seen: which one it is, and how it ended."""
    if isinstance(event, Opened) and event.parent in unseen:
        return replace(event, parent="")
    if isinstance(event, (Linked, ChildEnded, ChildReopened)) and event.child in unseen:
        hidden = {"child": "", "outcome": ""} if isinstance(event, ChildEnded) else {"child": ""}
        return replace(event, **hidden)
    return event
