"""What belongs to a record over all streams: everything that ever happened with it, and forgetting it."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from playbook.engine.answers import Forgotten, Happening
from playbook.engine.past import happened
from playbook.engine.record_streams import RecordStream, is_record
from playbook.engine.recording import Work
from playbook.engine.streams import case_stream
from playbook.errors import AmbiguousName, InputError, StoreUnavailable, UnknownName
from playbook.model.organization import OPERATOR
from playbook.model.record import RECORDS, RecordForgotten
from playbook.process.recording import revive_record
from playbook.stores.interface import Query, VersionConflict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from playbook.engine.engine import Engine
    from playbook.process.recording import Kind

_PAGE = 500
_TRIES = 20


def history_of(engine: Engine, kind: Kind, reference: str, actor: str) -> Iterator[Happening]:
    """Yield what ever happened with a record, oldest first: to itself, to those merged into it, to what refers to it.

    Cases that the actor does not see are left out.
    """
    whole = _whole(engine, kind, engine.kept_records.resolve(kind, reference))
    told = [_of_record(engine, stream) for stream in whole]
    seen = {stream.name for stream in whole}
    for stream in whole:
        for playbook in (None, *(RECORDS + name for name in engine.kept_records.kinds.names())):
            for tag in _linked(engine, Query(playbook, link=stream.name), actor):
                if tag not in seen:
                    seen.add(tag)
                    told.append(_told(engine, tag, actor))
    return heapq.merge(*told, key=_order)


def _order(one: Happening) -> tuple[dt.datetime, int]:
    return one.item.at, one.item.position


def _linked(engine: Engine, query: Query, actor: str) -> Iterator[str]:
    """Yield the streams of what refers to something, of those that the actor sees."""
    after: str | None = None
    while True:
        page = engine.find(query, actor=actor, after=after, limit=_PAGE)
        yield from (view.id if is_record(view.id) else case_stream(view.id) for view in page.items)
        after = page.next
        if after is None:
            return


def _whole(engine: Engine, kind: Kind, kept: RecordStream) -> list[RecordStream]:
    """Return a record with all that were merged into it."""
    found, queue = list[RecordStream](), [kept]
    while queue:
        stream = queue.pop(0)
        found.append(stream)
        names = stream.state.merged if stream.state is not None else ()
        queue += [one for name in names if (one := engine.kept_records.stream(kind, name)) is not None]
    return found


def _told(engine: Engine, stream: str, actor: str) -> Iterator[Happening]:
    if is_record(stream):
        _, name, id_ = stream.split(":", 2)
        found = engine.kept_records.stream(engine.kept_records.kinds.current(name)[0], id_)
        return iter(()) if found is None else _of_record(engine, found)
    id_ = stream.partition(":")[2]
    case = engine.case(id_, actor=actor)
    return (Happening(case.playbook, id_, case.name, item) for item in engine.history(id_, actor=actor))


def _of_record(engine: Engine, stream: RecordStream) -> Iterator[Happening]:
    """Yield what happened to a record; personal values stay sealed."""
    kind = stream.kind
    name = kind.name_of(stream.state) if stream.state is not None else ""
    for item in happened(engine, stream.name, lambda event: revive_record(event, kind)):
        yield Happening(kind.id, stream.id, name, item)


def forget(engine: Engine, reference: str, actor: str) -> Forgotten:
    """Erase the personal values of a record (`contact:REFERENCE`, or one that names it alone), of a person or a case.

    Raises InputError where the actor is not the operator, UnknownName and AmbiguousName as finding does.
    """
    if actor != OPERATOR:
        raise InputError("only the operator may have something forgotten")
    found = list(_meant(engine, reference))
    if not found:
        kinds = engine.kept_records.kinds.names()
        raise UnknownName("record, person or case", reference, [f"{kind}:..." for kind in kinds])
    if len(found) > 1:
        raise AmbiguousName("thing", reference, [what for what, _ in found])
    what, kind = found[0]
    if kind is None:
        return Forgotten(engine.store.erase(engine.tenant, what))
    return _forget_record(engine, kind, what.split(":", 2)[2])


def _meant(engine: Engine, reference: str) -> Iterator[tuple[str, Kind | None]]:
    """Yield the subjects that a reference names, each with its kind where it is a record."""
    records = engine.kept_records
    named, colon, rest = reference.partition(":")
    for name in records.kinds.names():
        kind = records.kinds.current(name)[0]
        try:
            if colon and named == name:
                yield records.resolve(kind, rest).name, kind
            elif not colon:
                yield records.resolve(kind, reference).name, kind
        except UnknownName:
            if colon and named == name:
                raise
    if reference in engine.world.organization.people:
        yield f"person:{reference}", None
    try:
        yield case_stream(engine.resolve(reference)), None
    except UnknownName:
        return


def _forget_record(engine: Engine, kind: Kind, id: str) -> Forgotten:  # noqa: A002
    """Erase what is personal of a record and of those merged into it."""
    for _ in range(_TRIES):
        stream = engine.kept_records.stream(kind, id)
        if stream is None:
            raise UnknownName(kind.id, id)
        whole = _whole(engine, kind, stream)
        fields = tuple(name for name in kind.fields if any(s.state and name in s.state.sealed for s in whole))
        work = Work(engine.kept_records, kind.id, OPERATOR, engine.clock())
        for one in whole:
            _empty(engine, work, one)
        if not isinstance(engine.store.append((work.batch(),))[0], VersionConflict):
            values = sum(engine.store.erase(engine.tenant, one.name) for one in whole)
            return Forgotten(values, tuple(one.id for one in whole), fields)
    raise StoreUnavailable(f"{id} kept changing while it was to be forgotten; try again")


def _empty(engine: Engine, work: Work, stream: RecordStream) -> None:
    state = stream.state
    if state is None:
        return
    for name in stream.kind.unique:
        if name in state.sealed and state.fields.get(name) is not None:
            work.free(stream, name, state.fields[name])
    stream.record((RecordForgotten(tuple(state.sealed)),), engine.clock(), OPERATOR, engine.entropy)
    work.add(stream)
