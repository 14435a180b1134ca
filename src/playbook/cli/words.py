"""How cases, people and what blocks them are told to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from playbook.cli.narrate_records import valued
from playbook.cli.output import blockers, clean, document, paint, say
from playbook.model.organization import OPERATOR
from playbook.model.values import load
from playbook.process.answers import MOVES
from playbook.process.preparing import criteria
from playbook.process.standing import standing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

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
        found = self.definition.fields.get(name)
        return clean(found.title or name) if found else clean(name)

    def path(self, path: str) -> str:
        """Return the title of what a condition reads: `deal.amount`, `discovery.amount`, an activity."""
        root, _, name = path.partition(".")
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
        return valued(self.session, value, self.definition.fields.get(name))

    def person(self, person: str) -> str:
        """Return the name of whoever acted or may act."""
        return person_name(self.session, person)

    def people(self, people: Iterable[str]) -> str:
        """Return the names of several, in a row."""
        return ", ".join(self.person(person) for person in people)

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

    def stored(self, name: str, value: Any) -> str:
        """Return the value of a field as it is stored in a definition."""
        field = self.definition.fields.get(name)
        return (
            "nothing" if value is None else self.value(name, value if field is None else load(field, value))
        )

    @property
    def now(self) -> dt.datetime:
        """Return when it is looked at: now, or the time that was given."""
        return self.session.at or self.session.engine.clock()

    @property
    def standing(self) -> Standing:
        """Return how the case stands now: approvals, exceptions, timers."""
        engine = self.session.engine
        return standing(self.definition, self.case, self.now, engine.world)

    def blocker(self, blocker: Blocker) -> Blocker:
        """Return a blocker whose actual values have the types of their fields."""
        return attrs.evolve(
            blocker, actual={path: self._typed(path, v) for path, v in blocker.actual.items()}
        )

    def _typed(self, path: str, stored: Any) -> Any:
        root, _, name = path.partition(".")
        field = self.definition.fields.get(name)
        if stored is None or field is None or root not in (self.definition.subject, *self.definition.stages):
            return stored
        return load(field, stored)


_MOVES = {
    f"{MOVES}skip": "skipping stages",
    f"{MOVES}back": "going back",
    f"{MOVES}reopen": "opening it again",
}


def person_name(session: Session, person: str) -> str:
    """Return the name of a person, or what else acted."""
    if person == OPERATOR:
        return "the operator"
    found = session.organization.people.get(person)
    return clean(found.name or person) if found else clean(person)


def plain_blockers(words: Words | None, found: Iterable[Blocker]) -> list[dict[str, Any]]:
    """Return blockers for JSON, their actual values typed."""
    return blockers(found if words is None else (words.blocker(blocker) for blocker in found))


def tell_blockers(words: Words | None, found: Iterable[Blocker]) -> None:
    """Print each blocker: what it asks, what is missing, what is there, who, where, what to do."""
    for number, blocker in enumerate(found, start=1):
        say(f"\n  {number}. {paint(clean(blocker.title), bold=True)}")
        for label, text in _lines(words, blocker):
            say(f"     {label + ':':<9}{text}")


def _lines(words: Words | None, blocker: Blocker) -> Iterable[tuple[str, str]]:
    if blocker.hint:
        yield "hint", clean(blocker.hint)
    if words is not None:
        typed = words.blocker(blocker)
        if typed.missing:
            yield "missing", ", ".join(words.path(path) for path in typed.missing)
        there = {path: value for path, value in typed.actual.items() if value is not None}
        if there:
            yield (
                "now",
                ", ".join(
                    f"{words.path(path)} is {words.value(path.partition('.')[2], value)}"
                    for path, value in there.items()
                ),
            )
        if typed.who:
            yield "who", ", ".join(words.person(person) for person in typed.who)
    if blocker.file:
        place = words.session.folder / blocker.file if words is not None else blocker.file
        yield "where", f"{place}:{blocker.line}"
    if blocker.fix:
        yield "do", paint(clean(blocker.fix), fg="green")


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
