"""Forgetting: erasing the personal values of a record, a person or a case; that it was done stays as an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.engine.answers import Forgotten
from playbook.engine.customers import whole
from playbook.engine.recording import Work
from playbook.engine.streams import ORGANIZATION, case_stream, chained, is_case, not_before
from playbook.errors import AmbiguousName, InputError, StoreUnavailable, UnknownName
from playbook.model.events import CaseForgotten, PersonForgotten
from playbook.model.organization import OPERATOR
from playbook.model.record import RecordForgotten
from playbook.process.codec import is_sealed
from playbook.stores.interface import Batch, VersionConflict, Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.engine.engine import Engine
    from playbook.engine.record_streams import RecordStream
    from playbook.model.case import Case, Entry
    from playbook.process.recording import Kind

_TRIES = 20


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
    if kind is not None:
        return _forget_record(engine, kind, what.split(":", 2)[2])
    if is_case(what):
        return _forget_case(engine, what.partition(":")[2])
    return _forget_person(engine, what)


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
        family = whole(engine, kind, stream)
        fields = tuple(
            name for name in kind.fields if any(s.state and name in s.state.sealed for s in family)
        )
        work = Work(engine.kept_records, kind.id, OPERATOR, engine.clock())
        for one in family:
            _empty(engine, work, one)
        if not isinstance(engine.store.append((work.batch(),))[0], VersionConflict):
            values = sum(engine.store.erase(engine.tenant, one.name) for one in family)
            return Forgotten(values, tuple(one.id for one in family), fields)
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


def _forget_person(engine: Engine, subject: str) -> Forgotten:
    """Erase the personal values that name a person; the organization's stream keeps that it was done."""
    now, event = engine.clock(), PersonForgotten(subject.partition(":")[2])
    for _ in range(_TRIES):
        head = engine.store.load(engine.tenant, (ORGANIZATION,))[ORGANIZATION]
        at = not_before(engine.store, engine.tenant, ORGANIZATION, head, now)
        made = chained(engine.tenant, ORGANIZATION, head, [(event, at, OPERATOR)], now)
        write = Write(ORGANIZATION, head.version, made, head.data, head.fold)
        if not isinstance(engine.store.append((Batch(engine.tenant, (write,)),))[0], VersionConflict):
            return Forgotten(engine.store.erase(engine.tenant, subject))
    raise StoreUnavailable(
        f"the organization kept changing while {event.person} was to be forgotten; try again"
    )


def _forget_case(engine: Engine, id: str) -> Forgotten:  # noqa: A002
    """Erase the personal values of a case and of those that follow it up or that it follows up.

    Values are copied from one to the next, so that one alone would keep what the other forgot.
    """
    erased, fields, cases = 0, dict[str, None](), _family(engine, id)
    for case in cases:
        names = _note(engine, case.id, always=case.id == id)
        erased += engine.store.erase(engine.tenant, case_stream(case.id))
        fields |= dict.fromkeys(names)
    return Forgotten(erased, fields=tuple(fields), cases=tuple(case.id for case in cases))


def _family(engine: Engine, id: str) -> list[Case]:  # noqa: A002
    """Return a case first, then those that are tied to it by following up, in any number of steps."""
    found: dict[str, Case] = {}
    queue = [id]
    while queue:
        name = queue.pop(0)
        if name not in found:
            found[name] = case = engine.case(name)
            queue += filter(None, (case.parent, *case.children))
    return list(found.values())


def _has_personal(entry: Entry) -> bool:
    return any(map(is_sealed, entry.fields.values()))


def _note(engine: Engine, id: str, *, always: bool) -> tuple[str, ...]:  # noqa: A002
    """Record on a case that its personal values are erased; return the fields that have one."""
    now = engine.clock()
    for _ in range(_TRIES):
        unit = engine.unit(id, now)
        case = unit.stream(id).case
        names = () if case is None else tuple(name for name in case.sealed if name in case.fields)
        if case is None or not (always or names or any(map(_has_personal, case.entries))):
            return ()
        unit.note(id, CaseForgotten(names), OPERATOR)
        batch = unit.batch(None, b"", b"")
        if not isinstance(engine.store.append((batch,))[0], VersionConflict):
            return names
    raise StoreUnavailable(f"{id} kept changing while it was to be forgotten; try again")
