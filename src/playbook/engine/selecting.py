"""Choosing cases by a condition: it is checked against the playbooks it may be about, and holds or does not.

What a condition cannot know does not hold: a field without a value, one that the actor may not see, one that an
earlier version of the playbook did not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from msgspec.structs import replace

from playbook import expressions
from playbook.errors import InputError, UnknownName
from playbook.expressions.types import BOOL
from playbook.model.vocabulary import environment
from playbook.process.computed import hidden_fields, view
from playbook.process.references import behind, followed
from playbook.stores.interface import Page
from playbook.stores.rows import read_place
from playbook.times import to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from playbook.engine.answers import CaseView
    from playbook.engine.desk import Seen
    from playbook.engine.engine import Engine
    from playbook.expressions import Environment, Mistake, Node, Scope
    from playbook.model.playbook import Field
    from playbook.process.facts import World
    from playbook.process.references import Step
    from playbook.stores.interface import Query

    Test = Callable[[Scope], object]


@attrs.frozen
class _Ready:
    """Hold a condition made ready for one playbook: its test, and the references that it follows."""

    test: Test
    steps: frozenset[Step]


class Selection:
    """Hold a condition made ready for the `playbooks` that it fits; `others` are those that it does not fit."""

    def __init__(
        self, engine: Engine, query: Query, actor: str, ready: Mapping[str, _Ready], others: tuple[str, ...]
    ) -> None:
        self._engine = engine
        self._actor = actor
        self._ready = ready
        self.query = query
        self.playbooks = tuple(ready)
        self.others = others

    @classmethod
    def of(cls, engine: Engine, text: str, query: Query, actor: str) -> Selection:
        """Make a condition ready; raises InputError with every mistake where it fits no playbook."""
        node, mistakes = expressions.parse(text)
        if node is None:
            raise InputError(_told(text, mistakes))
        names = engine.definitions.names() if query.playbook is None else (query.playbook,)
        functions, references = engine.registry.functions, _references(engine)
        ready: dict[str, _Ready] = {}
        wrong: dict[str, tuple[int, Sequence[Mistake]]] = {}
        for name in names:
            playbook = engine.definitions.current(name, None).playbook
            known = environment(playbook, functions, references)
            checked = expressions.check(node, known, BOOL)
            if checked.mistakes:
                wrong[name] = (_strange(node, known), checked.mistakes)
                continue
            test = expressions.compile(checked.node, functions)
            ready[playbook.id] = _Ready(test, followed(expressions.follows(checked.node)))
            query = _narrowed(query, checked.node)
        if not ready:
            nearest = min(wrong.values(), key=lambda one: (one[0], len(one[1])), default=(0, ()))
            raise InputError(_told(text, nearest[1]))
        if len(ready) == 1:
            query = replace(query, playbook=next(iter(ready)))
        return cls(engine, query, actor, ready, tuple(wrong))

    def __iter__(self) -> Iterator[Seen]:
        """Yield the cases for which the condition holds, the newest opened first, as the store is read."""
        return (seen for seen, holds in self.judged() if holds)

    def page(
        self,
        *,
        after: str | None = None,
        limit: int = 50,
        progress: Callable[[int], None] = lambda looked: None,
    ) -> tuple[Page[CaseView], int]:
        """Return a page of the cases for which the condition holds, and how many there are in all.

        Every case is looked at and none is held beyond the page; `progress` is called with how many were.
        """
        found: list[Seen] = []
        total, more = 0, False
        begins = None if after is None else read_place(after)
        for looked, (seen, holds) in enumerate(self.judged(), start=1):
            progress(looked)
            total += holds
            if holds and (begins is None or _lies_after(seen.view, *begins)):
                if len(found) < limit:
                    found.append(seen)
                else:
                    more = True
        return Page(tuple(seen.view for seen in found), found[-1].place if more else None), total

    def judged(self) -> Iterator[tuple[Seen, bool]]:
        """Yield every case that is looked at, with whether the condition holds for it."""
        world, now = self._engine.world.knowing({}, frozenset()), self._engine.clock()
        known = dict(world.records)
        world.records = known
        for seen in self._engine.desk.walk(self.query, actor=self._actor):
            ready = self._ready.get(seen.case.playbook)
            if ready is not None:
                for root, name, to in ready.steps | seen.definition.follows:
                    for values in behind(root, seen.definition.subject, seen.case, {}):
                        self._learn(known, to, values.get(name))
                yield seen, ready.test(self._scope(seen, world, now)) is True

    def _scope(self, seen: Seen, world: World, now: dt.datetime) -> Scope:
        """Return what the condition sees: the case as the actor may see it."""
        definition, case = seen.definition, seen.case
        scope = definition.scope(case, self._actor, now, world)
        hidden = hidden_fields(definition, case, self._actor, now, world)
        if hidden:
            shown = view(definition, case, scope, hidden)
            scope = definition.scope(shown, self._actor, now, world)
            scope.roots = {**scope.roots, definition.subject: shown.fields}
        return scope

    def _learn(self, known: dict[tuple[str, str], Mapping[str, Any]], to: str, reference: object) -> None:
        """Know what a record says, or a case as far as the actor sees it; each is read once."""
        if not isinstance(reference, str) or (to, reference) in known:
            return
        engine = self._engine
        if engine.kept_records.kinds.find(to) is not None:
            known[to, reference] = engine.kept_records.said(to, reference).fields
            return
        try:
            known[to, reference] = engine.view(reference, actor=self._actor).fields
        except UnknownName:  # one that they do not see is as one that is not there
            known[to, reference] = {}


def _lies_after(view: CaseView, opened: int, case: str) -> bool:
    """Return whether a case comes after a place in the order newest opened first."""
    return (-to_micros(view.opened), view.id) > (-opened, case)


def _references(engine: Engine) -> dict[str, Collection[Field]]:
    """Return the fields of what references may refer to: records, and cases of other playbooks."""
    definitions, kinds = engine.definitions, engine.kept_records.kinds
    cases = {name: definitions.current(name, None).playbook.fields for name in definitions.names()}
    return {**cases, **{name: tuple(kinds.current(name)[0].fields.values()) for name in kinds.names()}}


def _strange(node: Node, known: Environment) -> int:
    """Return how many of the subjects that a condition names are unknown: it is meant for where they are not."""
    named = {one.args[0] for one, _ in node.walk() if one.op == "field"}
    return len(named - known.roots.keys() - known.names.keys())


def _narrowed(query: Query, node: Node) -> Query:
    """Return a query that already asks what a condition asks of the columns of the index."""
    for term in node.args if node.op == "and" else (node,):
        if term.op == "eq" and [part.op for part in term.args] == ["field", "string"]:
            (root, name), (value,) = (part.args for part in term.args)
            if root == "case" and name in _COLUMNS and getattr(query, name) is None:
                query = replace(query, **{name: value})
    return query


_COLUMNS = ("stage", "outcome", "owner", "team")


def _told(text: str, mistakes: Sequence[Mistake]) -> str:
    """Return what is wrong with a condition, each mistake with the characters that it is about."""
    return (
        "\n".join(_one(text, mistake) for mistake in mistakes)
        or "nothing is published that it could be about"
    )


def _one(text: str, mistake: Mistake) -> str:
    begins = text.rfind("\n", 0, mistake.start) + 1
    line = text[begins:].partition("\n")[0]
    width = max(1, min(mistake.end, begins + len(line)) - mistake.start)
    said = f"{mistake.message}; {mistake.hint}" if mistake.hint else mistake.message
    return f"{said}\n    {line}\n    {' ' * (mistake.start - begins)}{'^' * width}"
