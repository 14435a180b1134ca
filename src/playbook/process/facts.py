"""What conditions can see of a case, an actor, the organization and records."""

from __future__ import annotations

import datetime as dt
from copy import copy
from typing import TYPE_CHECKING, Any, final

import msgspec

from playbook.expressions import STANDARD, Scope, load
from playbook.expressions import compile as compile_condition
from playbook.model.case import latest
from playbook.model.chances import forecast, probability
from playbook.money import Money
from playbook.process.calendars import Calendars
from playbook.process.rates import Rates
from playbook.process.references import followed, steps_in
from playbook.process.visibility import eyes_of, shown_to
from playbook.times import Elapsed, zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.expressions import Function
    from playbook.model.case import Case
    from playbook.model.organization import Organization
    from playbook.model.playbook import Stage
    from playbook.model.rules import Condition
    from playbook.process.compiled import Compiled
    from playbook.times import Calendar


@final
class Needs(msgspec.Struct, frozen=True):
    """Name the facts that a decision wants before it can go on."""

    facts: tuple[str, ...]


class CaseRoot(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Answer `case.x`; times become lengths only when asked for."""

    _case: Case
    _now: dt.datetime
    _stages: Mapping[str, Stage]

    def get(self, name: str) -> Any:
        """Return the value of a name, or None."""
        since = _SINCE.get(name)
        if since is not None:
            return Elapsed(since(self._case), self._now)
        plain = _PLAIN.get(name)
        if plain is not None:
            return plain(self._case)
        chance = _CHANCES.get(name)
        return None if chance is None else chance(self._case, self._stages.get(self._case.stage))


_SINCE: Mapping[str, Callable[[Case], dt.datetime]] = {
    "age": lambda case: case.opened,
    "in_stage": lambda case: case.entered,
    "idle": lambda case: case.touched,
}
_PLAIN: Mapping[str, Callable[[Case], Any]] = {
    "id": lambda case: case.id,
    "name": lambda case: case.name or None,
    "owner": lambda case: case.owner or None,
    "team": lambda case: case.team or None,
    "territory": lambda case: case.territory or None,
    "stage": lambda case: case.stage,
    "opened": lambda case: case.opened,
    "closed": lambda case: case.closed,
    "outcome": lambda case: case.outcome,
}
_CHANCES: Mapping[str, Callable[[Case, Stage | None], Any]] = {
    "probability": probability,
    "forecast": lambda case, stage: forecast(case, stage) or None,
}


class PersonRoot(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Answer `actor.x`, and `case.owner.x` of any other person, as of a moment."""

    _id: str
    _world: World
    _now: dt.datetime

    def get(self, name: str) -> Any:
        """Return the value of a name, or None."""
        if name == "id":
            return self._id
        day = self._world.day(self._now)
        person = self._world.organization.person(self._id, day)
        if person is None:
            return None
        if name == "name":
            return person.name or None
        return getattr(person.post(day), name) or None if name in _HELD else None


_HELD = ("role", "team", "territory", "since")


class _Questions(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Answer what is asked of a case, its organization and its people at a moment."""

    _case: Case
    _kinds: Mapping[str, str]
    _world: World
    _now: dt.datetime

    def convert(self, amount: Money, currency: str) -> Money | None:
        return self._world.rates.convert(amount, currency, self._world.day(self._now))

    def follow(self, target: str, id: str, field: str) -> Any:  # noqa: A002 - what Scope calls it
        if target == "person":
            return PersonRoot(id, self._world, self._now).get(field)
        return self._world.records.get((target, id), _NOTHING).get(field)

    def __call__(self, name: str, *args: Any) -> Any:
        return _ANSWERS[name](self, *args)

    def done(self, activity: str) -> bool:
        case, task = self._case, latest(self._case, activity)
        if task is None or task.status == "done":
            return task is not None
        return any(t.id == activity and t.visit == task.visit and t.status == "done" for t in case.tasks)

    def approved(self, criterion: str) -> bool:
        asked = self._case.approvals.get(criterion)
        return asked is not None and asked.counts(self._case.stage, self._now)

    def waived(self, criterion: str) -> bool:
        waiver = self._case.waivers.get(criterion)
        return waiver is not None and waiver.counts(self._case.stage, self._world.day(self._now))

    def _times(self, kind: str) -> list[dt.datetime]:
        logged = [entry.at for entry in self._case.entries if entry.kind == kind]
        worked = [
            task.at for task in self._case.tasks
            if task.status == "done" and task.at is not None and self._kinds.get(task.id) == kind
        ]  # fmt: skip
        return logged + worked

    def count(self, kind: str) -> int:
        return len(self._times(kind))

    def last(self, kind: str) -> dt.datetime | None:
        return max(self._times(kind), default=None)

    def total(self, kind: str) -> Money | None:
        amounts = [e.fields["amount"] for e in self._case.entries if e.kind == kind and "amount" in e.fields]
        if not amounts:
            return Money.of(0, self._world.currency) if self._world.currency else None
        if not all(isinstance(amount, Money) for amount in amounts):
            return None  # a personal amount is not known here
        if len({amount.currency for amount in amounts}) > 1:
            amounts = [self.convert(amount, self._world.currency) for amount in amounts]
        if None in amounts:
            return None
        whole: Money = sum(amounts[1:], amounts[0])
        return whole


_ANSWERS: Mapping[str, Callable[..., Any]] = {
    "approved": _Questions.approved, "waived": _Questions.waived,
    "done": _Questions.done, "count": _Questions.count, "last": _Questions.last, "total": _Questions.total,
}  # fmt: skip


_KEPT = 4096
_NOTHING: Mapping[str, Any] = {}
_NO_CASES: Mapping[tuple[str, str], tuple[Compiled, Case]] = {}


class World:
    """Hold what is the same for every case of one organization: zone, calendars, currency, rates, people.

    `records` holds what those say that conditions may follow a reference to, where they were asked for; `personal`
    which of their fields are personal, as pairs of what a reference is `to` and field; `cases` the cases among them.
    """

    __slots__ = (
        "_eyes",
        "_functions",
        "_several",
        "_tests",
        "calendar",
        "calendars",
        "cases",
        "currency",
        "follows",
        "organization",
        "personal",
        "rates",
        "records",
        "zone",
    )

    def __init__(self, organization: Organization, functions: Mapping[str, Function] = STANDARD) -> None:
        self.organization = organization
        self.zone = zone(organization.settings.timezone)
        self.calendars = Calendars(organization)
        self.calendar = self.calendars.general
        self._several = bool(organization.rules.calendars)
        self.currency = organization.settings.currency
        self.rates = Rates(organization)
        self.records: Mapping[tuple[str, str], Mapping[str, Any]] = {}
        self.personal: frozenset[tuple[str, str]] = frozenset()
        self.cases: Mapping[tuple[str, str], tuple[Compiled, Case]] = {}
        self.follows = followed(steps_in(organization.rules).values())
        self._functions = functions
        self._eyes: dict[tuple[str, dt.date], frozenset[str] | None] = {}
        self._tests: dict[int, tuple[Condition, Callable[[Scope], object]]] = {}

    def knowing(
        self,
        records: Mapping[tuple[str, str], Mapping[str, Any]],
        personal: frozenset[tuple[str, str]],
        cases: Mapping[tuple[str, str], tuple[Compiled, Case]] = _NO_CASES,
    ) -> World:
        """Return the same with what records say, by what a reference is `to` and its id, and what is personal.

        `cases` are those among the records that are cases.
        """
        other = copy(self)
        other.records = {**self.records, **records}
        other.personal = self.personal | personal
        other.cases = {**self.cases, **cases}
        return other

    def plain(self, now: dt.datetime) -> Scope:
        """Return what a condition that is about no case sees at a moment."""
        return Scope({}, now, self.calendar, self.zone, self.currency)

    def day(self, at: dt.datetime) -> dt.date:
        """Return the day of a moment in the organization's zone."""
        return at.astimezone(self.zone).date()

    def midnight(self, day: dt.date) -> dt.datetime:
        """Return when a day begins in the organization's zone, in UTC."""
        return dt.datetime.combine(day, dt.time(), self.zone).astimezone(dt.UTC)

    def calendar_of(self, person: str, team: str, at: dt.datetime) -> Calendar:
        """Return the calendar that applies to a person, else to a team, else to all.

        Raises InputError where the holidays of its country are not known here.
        """
        return self.calendars.of(person, team, self.day(at)) if self._several else self.calendar

    def eyes(self, actor: str, at: dt.datetime) -> frozenset[str] | None:
        """Return the tags of one who asks at a moment; None sees everything."""
        key = (actor, self.day(at))
        if key not in self._eyes:
            if len(self._eyes) >= _KEPT:
                self._eyes.clear()
            self._eyes[key] = eyes_of(actor, self.organization, key[1])
        return self._eyes[key]

    def sees(self, actor: str, definition: Compiled, case: Case, at: dt.datetime) -> bool:
        """Return whether an actor sees a case at a moment."""
        tags = shown_to(definition, case)
        if tags is None:
            return True
        eyes = self.eyes(actor, at)
        return eyes is None or not eyes.isdisjoint(tags)

    def holds(self, condition: Condition, scope: Scope) -> bool:
        """Return whether a condition of the organization holds; unknown does not."""
        return self.value(condition, scope) is True

    def value(self, condition: Condition, scope: Scope) -> object:
        """Return what an expression of the organization answers: a value, an Unknown or an EvalError."""
        kept = self._tests.get(id(condition))
        if kept is None:  # the condition is kept too, so that no other gets its id
            test = compile_condition(load(condition.tree), self._functions)
            kept = self._tests[id(condition)] = (condition, test)
        return kept[1](scope)

    def scope(
        self,
        subject: str,
        kinds: Mapping[str, str],
        stages: Mapping[str, Stage],
        case: Case,
        actor: str,
        now: dt.datetime,
    ) -> Scope:
        """Return what a condition of the case sees at a moment."""
        roots: dict[str, Any] = {
            **case.stamps, subject: case.fields, "case": CaseRoot(case, now, stages),
            "actor": PersonRoot(actor, self, now),
        }  # fmt: skip
        for stage, values in case.stamps.items():
            roots[f"{stage}.last"] = case.stamps_last.get(stage, values)
        questions = _Questions(case, kinds, self, now)
        calendar = self.calendar_of(case.owner, case.team, now) if self._several else self.calendar
        return Scope(
            roots, now, calendar, self.zone, self.currency, questions.convert, questions, questions.follow
        )
