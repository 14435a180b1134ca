"""What belongs to a record over all streams: everything that ever happened with it."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from playbook.engine.answers import Happening
from playbook.engine.past import happened
from playbook.engine.record_streams import RecordStream, is_record
from playbook.engine.streams import case_stream
from playbook.model.record import RECORDS
from playbook.process.recording import revive_record
from playbook.process.references import once
from playbook.stores.interface import Query
from playbook.stores.rows import pages

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from playbook.engine.engine import Engine
    from playbook.process.recording import Kind

_PAGE = 500


def history_of(engine: Engine, kind: Kind, reference: str, actor: str) -> Iterator[Happening]:
    """Yield what ever happened with a record, oldest first: to itself, to those merged into it, to what refers to it.

    What referred to it once is among that. Cases that the actor does not see are left out.
    """
    one = whole(engine, kind, engine.kept_records.resolve(kind, reference))
    told = [_of_record(engine, stream) for stream in one]
    seen = {stream.name for stream in one}
    for stream in one:
        for playbook in (None, *(RECORDS + name for name in engine.kept_records.kinds.names())):
            for link in (stream.name, once(stream.name)):
                for tag in _linked(engine, Query(playbook, link=link), actor):
                    if tag not in seen:
                        seen.add(tag)
                        told.append(_told(engine, tag, actor))
    return heapq.merge(*told, key=_order)


def _order(one: Happening) -> tuple[dt.datetime, int]:
    return one.item.at, one.item.position


def _linked(engine: Engine, query: Query, actor: str) -> Iterator[str]:
    """Yield the streams of what refers to something, of those that the actor sees."""
    for page in pages(lambda after: engine.find(query, actor=actor, after=after, limit=_PAGE)):
        yield from (view.id if is_record(view.id) else case_stream(view.id) for view in page.items)


def whole(engine: Engine, kind: Kind, kept: RecordStream) -> list[RecordStream]:
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
