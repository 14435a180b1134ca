"""Fields that are computed from others when they are read, and who may see which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from msgspec.structs import replace

from playbook.expressions import EvalError, Unknown
from playbook.model.case import Case, Entry
from playbook.model.events import Logged
from playbook.model.organization import Organization
from playbook.money import Money
from playbook.process.facts import World
from playbook.process.permission import permits
from playbook.process.preparing import entry_field
from playbook.process.references import behind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from playbook.errors import Blocker
    from playbook.expressions import Scope
    from playbook.model.events import CaseEvent
    from playbook.process.compiled import Compiled
    from playbook.process.criteria import Test
    from playbook.process.permission import Owned
    from playbook.process.references import Path


AnyEntry = TypeVar("AnyEntry", Entry, Logged)


class Fields:
    """Answer `deal.x` with what was given, or what is computed from it; each is computed once."""

    __slots__ = ("_given", "_known", "_scope", "_tests")

    def __init__(self, given: Mapping[str, Any], tests: Mapping[str, Test], scope: Scope) -> None:
        self._given = given
        self._tests = tests
        self._scope = scope
        self._known: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        """Return the value of a field, None where it has none or cannot be computed."""
        test = self._tests.get(name)
        if test is None:
            return self._given.get(name)
        if name not in self._known:
            self._known[name] = None  # what a circle of fields that compute each other comes to
            self._known[name] = _plain(test(self._scope))
        return self._known[name]


def _plain(answer: object) -> Any:
    if isinstance(answer, (Unknown, EvalError)):
        return None
    return answer.rounded() if isinstance(answer, Money) else answer


def indexed(definition: Compiled, case: Case) -> dict[str, Any]:
    """Return the fields that a case can be found and counted by: computed ones too, personal ones not.

    They are computed as of the last event and without the organization, so that the log alone gives them.
    """
    values: Mapping[str, Any] = case.fields
    if definition.computed:
        values = with_computed(definition, case, definition.scope(case, "system", case.last, NOWHERE))
    subject = definition.subject
    return {
        name: value for name, value in values.items()
        if name not in case.sealed and f"{subject}.{name}" not in definition.private
    }  # fmt: skip


NOWHERE = World(Organization())
"""Where what is computed depends on no organization."""


def with_computed(definition: Compiled, case: Case, scope: Scope) -> dict[str, Any]:
    """Return the values of all fields of a case, computed ones among them, in the order of the file."""
    root = scope.roots[definition.subject]
    values = {**case.fields, **{name: root.get(name) for name in definition.computed}}
    return {name: values[name] for name in definition.fields if values.get(name) is not None}


def hidden_fields(
    definition: Compiled, case: Owned, actor: str, now: dt.datetime, world: World
) -> frozenset[str]:
    """Return the fields of a case that the actor may not see, and those computed from them.

    What is behind a reference to a case is hidden as it is there; that is told by its path.
    """
    own = _hidden_here(definition, case, actor, now, world)
    if not world.cases or not isinstance(case, Case):
        return own
    steps = dict(_hidden_there(definition, case, actor, now, world))
    told = {(to, name) for _, _, name, to in steps.values()}
    made_of = (path.rpartition(".")[2] for path, read in definition.behind.items() if read & told)
    return own.union(steps, made_of)


def _hidden_here(
    definition: Compiled, case: Owned, actor: str, now: dt.datetime, world: World
) -> frozenset[str]:
    if not definition.guarded:
        return frozenset()
    today, organization = world.day(now), world.organization
    return frozenset(
        name
        for name, groups in definition.guarded.items()
        if not all(permits(who, actor, case, organization, today) for who in groups)
    )


def _hidden_there(
    definition: Compiled, case: Case, actor: str, now: dt.datetime, world: World
) -> Iterator[tuple[str, Path]]:
    """Yield the steps that lead to what the actor does not see: all of a case, or a field of it."""
    for path, step in definition.steps.items():
        root, name, there, to = step
        for values in behind(root, definition.subject, case, {}):
            id_ = values.get(name)
            known = world.cases.get((to, id_)) if isinstance(id_, str) else None
            if known is not None and (
                not world.sees(actor, *known, now) or there in _hidden_here(*known, actor, now, world)
            ):
                yield path, step


def view(definition: Compiled, case: Case, scope: Scope, hidden: frozenset[str]) -> Case:
    """Return a case with computed fields, without those that are hidden."""
    if not definition.computed and not hidden:
        return case
    values = with_computed(definition, case, scope)
    return replace(
        case,
        fields=_without(values, hidden),
        sealed=_without(case.sealed, hidden),
        stamps={stage: _without(kept, hidden) for stage, kept in case.stamps.items()},
        stamps_last={stage: _without(kept, hidden) for stage, kept in case.stamps_last.items()},
        approvals={n: replace(a, values=_hidden_paths(a.values, hidden)) for n, a in case.approvals.items()},
        waivers={n: replace(w, values=_hidden_paths(w.values, hidden)) for n, w in case.waivers.items()},
        entries=tuple(_discreet_entry(entry, hidden) for entry in case.entries) if hidden else case.entries,
    )


def censored(event: CaseEvent, hidden: frozenset[str]) -> CaseEvent:
    """Return an event without the values of hidden fields."""
    if not hidden:
        return event
    if isinstance(event, Logged):
        return _discreet_entry(event, hidden)
    kept: dict[str, Any] = {
        name: _hidden_paths(getattr(event, name), hidden)
        for name in ("fields", "stamp", "values")
        if hasattr(event, name)
    }
    return replace(event, **kept) if kept else event


def _discreet_entry(entry: AnyEntry, hidden: frozenset[str]) -> AnyEntry:
    fields = {n: value for n, value in entry.fields.items() if entry_field(entry.kind, n) not in hidden}
    return entry if len(fields) == len(entry.fields) else replace(entry, fields=fields)


def _without(values: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in hidden}


def _hidden_paths(values: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    return {
        path: value for path, value in values.items()
        if path.startswith("case.") or (path not in hidden and hidden.isdisjoint(path.split(".")))
    }  # fmt: skip


def discreet(blockers: tuple[Blocker, ...], hidden: frozenset[str]) -> tuple[Blocker, ...]:
    """Return blockers without the actual values of hidden fields."""
    return tuple(attrs.evolve(b, actual=_hidden_paths(b.actual, hidden)) for b in blockers)
