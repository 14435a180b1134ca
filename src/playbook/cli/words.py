"""How cases, people and what blocks them are told to people."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import attrs

from playbook.cli.lengths import span
from playbook.cli.narrate_records import valued
from playbook.cli.output import blockers, clean, document, labelled, paint, say, shown
from playbook.cli.standing import answers, when
from playbook.model.case import waiting
from playbook.model.chances import BY_HAND
from playbook.model.organization import OPERATOR
from playbook.model.values import load
from playbook.process.answers import MOVES
from playbook.process.preparing import criteria
from playbook.process.standing import standing
from playbook.times import Elapsed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from playbook.cli.session import Session
    from playbook.errors import Blocker, Refused
    from playbook.model.case import Case
    from playbook.process.compiled import Compiled
    from playbook.process.standing import Standing


@attrs.frozen
class Words:
    """Name what belongs to one case the way its playbook and its organization name it."""

    session: Session
    case: Case
    definition: Compiled

    @classmethod
    def of(cls, session: Session, case: str, actor: str = "") -> Words:
        """Return the words for a case as it stands, as whoever acts (or another) may see it."""
        engine, actor = session.engine, actor or session.actor
        _, definition = engine.case_and_definition(case, actor=actor)
        return cls(session, engine.view(case, actor=actor), definition)

    @property
    def zone(self) -> dt.tzinfo:
        """Return the zone in which times are shown."""
        return self.session.engine.world.zone

    @property
    def name(self) -> str:
        """Return what people call the case."""
        return clean(self.case.name) or f"the {self.definition.subject} {self.case.id}"

    def stage(self, stage: str) -> str:
        """Return the title of a stage."""
        found = self.definition.stages.get(stage)
        return clean(found.title or stage) if found else clean(stage)

    def field(self, name: str) -> str:
        """Return the title of a field."""
        found = self.definition.settable.get(name)
        return clean(found.title or name) if found else clean(name)

    def path(self, path: str) -> str:
        """Return the title of what a condition reads: `deal.amount`, `discovery.amount`, an activity."""
        root, _, name = path.partition(".")
        if root == "case" and name in BY_HAND:
            return name
        if name in self.definition.fields:
            of = f" at {self.stage(root)}" if root in self.definition.stages else ""
            return self.field(name) + of
        activity = self.definition.activities.get(path)
        return clean(activity.title or path) if activity else clean(path)

    def criterion(self, name: str) -> str:
        """Return the title of a criterion, of a required activity, or of an approval of a move."""
        if name.startswith(MOVES):
            return _MOVES.get(name, clean(name))
        found = next((c for _, c in criteria(self.definition.playbook) if c.id == name), None)
        return self.path(name) if found is None else clean(found.title or name.replace("_", " "))

    def value(self, name: str, value: Any) -> str:
        """Return a field's value; a reference by the name of what it refers to."""
        return valued(self.session, value, self.definition.settable.get(name))

    def judged(self, name: str, value: Any) -> str:
        """Return a probability or a forecast category, the stage's or one set by hand."""
        return shown(value, self.zone, BY_HAND[name]).replace("_", " ")

    def has(self, name: str) -> bool:
        """Return whether a field has a value, or something is set by hand."""
        if name in self.definition.by_hand:
            return bool(getattr(self.case, name) not in (None, ""))
        return name in self.case.fields

    def person(self, person: str) -> str:
        """Return the name of whoever acted or may act."""
        return person_name(self.session, person)

    def people(self, people: Iterable[str]) -> str:
        """Return the names of several, in a row."""
        return ", ".join(self.person(person) for person in people)

    def crowd(self, people: Sequence[str]) -> str:
        """Return the names of several, of very many the first and how many more there are."""
        first, more = people[:_CROWD], len(people) - _CROWD
        return self.people(first) + (f" and {more:,} more" if more > 0 else "")

    def values(self, typed: Mapping[str, Any]) -> str:
        """Return what is there of values by path: `Amount is 25,000.00 EUR`, in a row."""
        return ", ".join(
            f"{self.path(path)} is {self.value(path.partition('.')[2], value)}"
            for path, value in typed.items()
            if value is not None
        )

    def read(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by path in the types of their fields."""
        return {path: self._typed(path, value) for path, value in stored.items()}

    def principal(self, principal: str) -> str:
        """Return who is meant by owner, manager, a person field or a role; what is nobody by its own name."""
        case, engine = self.case, self.session.engine
        named = {"owner": case.owner, "manager": ""}.get(principal, case.fields.get(principal))
        if principal == "manager":
            world = engine.world
            named = world.organization.manager_of(case.owner, world.day(engine.clock()))
        return (
            self.person(named)
            if isinstance(named, str) and named
            else self.person(principal).replace("_", " ")
        )

    def placeholder(self, path: str) -> str:
        """Return what a placeholder like `case.owner` says, as things are now."""
        root, _, name = path.partition(".")
        engine = self.session.engine
        values = self.definition.scope(self.case, self.session.actor, self.now, engine.world).roots.get(root)
        value = None if values is None else values.get(name)
        if isinstance(value, Elapsed):
            return span(value.since, value.now, self.zone)
        if isinstance(value, str) and value in self.session.organization.people:
            return self.person(value)
        return self.value(name, value)

    @property
    def now(self) -> dt.datetime:
        """Return when it is looked at: now, or the time that was given."""
        return self.session.at or self.session.engine.clock()

    @functools.cached_property
    def standing(self) -> Standing:
        """Return how the case stands now: approvals, exceptions, timers."""
        engine = self.session.engine
        world = engine.kept_records.known(engine.world, self.definition, self.case)
        return standing(self.definition, self.case, self.now, world)

    def blocker(self, blocker: Blocker) -> Blocker:
        """Return a blocker whose actual values have the types of their fields."""
        return attrs.evolve(blocker, actual=self.read(blocker.actual))

    def _typed(self, path: str, stored: Any) -> Any:
        root, _, name = path.partition(".")
        if root == "case" and name in BY_HAND:
            return None if stored is None else load(BY_HAND[name], stored)
        field = self.definition.fields.get(name)
        if stored is None or field is None or root not in (self.definition.subject, *self.definition.stages):
            return stored
        return load(field, stored)


_CROWD = 5
_MOVES = {
    f"{MOVES}skip": "skipping stages",
    f"{MOVES}back": "going back",
    f"{MOVES}reopen": "opening it again",
}


def person_name(session: Session, person: str) -> str:
    """Return the name of a person, or what else acted."""
    if person == OPERATOR:
        return "the operator"
    return clean(session.organization.name_of(person))


def plain_blockers(words: Words | None, found: Iterable[Blocker]) -> list[dict[str, Any]]:
    """Return blockers for JSON, their actual values typed."""
    return blockers(found if words is None else (words.blocker(blocker) for blocker in found))


def tell_blockers(words: Words | None, found: Iterable[Blocker]) -> None:
    """Print each blocker: what it asks, what is missing, what is there, who, where, what to do."""
    for number, blocker in enumerate(found, start=1):
        say(f"\n  {number}. {paint(clean(blocker.title), bold=True)}")
        labelled(_plainly(blocker) if words is None else _lines(words, words.blocker(blocker)), 5)


def _lines(words: Words, blocker: Blocker) -> Iterator[tuple[str, str]]:
    rule = words.definition.approvals.get(blocker.criterion) if blocker.kind == "approval" else None
    hint = (
        blocker.hint if rule is None else rule.criterion.hint
    )  # what was answered is told below, with names
    if hint:
        yield "hint", clean(hint)
    missing = [path for path in blocker.missing if path != blocker.criterion]
    if missing:
        yield "missing", ", ".join(map(words.path, missing))
    if there := words.values(blocker.actual):
        yield ("now" if rule is None else "look at"), there
    task = waiting(words.case, blocker.criterion) if blocker.kind == "activity" else None
    if task is not None and task.due is not None:
        yield "due", when(words, task.due)
    if blocker.who:
        yield "who", words.crowd(blocker.who)
    if rule is not None:
        yield from answers(words, blocker.criterion)
    if blocker.file:
        yield "where", f"{words.session.folder / blocker.file}:{blocker.line}"
    if blocker.fix:
        yield "do", clean(blocker.fix)


def _plainly(blocker: Blocker) -> Iterator[tuple[str, str]]:
    """Yield what can be told of a blocker where no case is there to name things by."""
    if blocker.hint:
        yield "hint", clean(blocker.hint)
    if blocker.file:
        yield "where", f"{blocker.file}:{blocker.line}"
    if blocker.fix:
        yield "do", clean(blocker.fix)


def refuse(session: Session, refused: Refused, case: str = "") -> int:
    """Print a refusal with every reason, and return its exit code."""
    words = Words.of(session, case) if case else None
    if session.json:
        document(
            {
                "refused": refused.code,
                "message": refused.message,
                "blockers": plain_blockers(words, refused.blockers),
            }
        )
        return 1
    count = len(refused.blockers)
    if not count:
        say(f"{paint('Not done:', fg='red', bold=True)} {clean(refused.message)}")
        return 1
    reasons = "one reason" if count == 1 else f"{count} reasons"
    whom = f" for {words.name}" if words else ""
    say(paint(f"Not done{whom}, for {reasons}:", fg="red", bold=True))
    tell_blockers(words, refused.blockers)
    return 1
