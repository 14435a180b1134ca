"""What conditions can see of a case, an actor and the organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from playbook.expressions import Scope
from playbook.model.case import latest
from playbook.money import Money
from playbook.times import Calendar, Elapsed, zone

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from playbook.model.case import Case
    from playbook.model.organization import Organization


@attrs.frozen
class Needs:
    """Name the facts that a decision wants before it can go on."""

    facts: tuple[str, ...]


class CaseRoot:
    """Answer `case.x`; times become lengths only when asked for."""

    __slots__ = ("_case", "_now")

    def __init__(self, case: Case, now: dt.datetime) -> None:
        self._case = case
        self._now = now

    def get(self, name: str) -> Any:
        """Return the value of a name, or None."""
        since = _SINCE.get(name)
        if since is not None:
            return Elapsed(since(self._case), self._now)
        plain = _PLAIN.get(name)
        return None if plain is None else plain(self._case)


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
    "stage": lambda case: case.stage,
    "opened": lambda case: case.opened,
    "closed": lambda case: case.closed,
    "outcome": lambda case: case.outcome,
    "probability": lambda case: case.probability,
}


class ActorRoot:
    """Answer `actor.x`."""

    __slots__ = ("_id", "_now", "_world")

    def __init__(self, actor: str, world: World, now: dt.datetime) -> None:
        self._id = actor
        self._world = world
        self._now = now

    def get(self, name: str) -> Any:
        """Return the value of a name, or None."""
        if name == "id":
            return self._id
        person = self._world.organization.people.get(self._id)
        if person is None:
            return None
        post = person.post(self._now.astimezone(self._world.zone).date())
        return {"role": post.role, "team": post.team, "name": person.name}.get(name) or None


class _Questions:
    """Answer the functions that look at what was done and logged on the case."""

    __slots__ = ("_case", "_currency", "_kinds")

    def __init__(self, case: Case, kinds: Mapping[str, str], currency: str) -> None:
        self._case = case
        self._kinds = kinds
        self._currency = currency

    def __call__(self, name: str, *args: Any) -> Any:
        return _ANSWERS[name](self, *args)

    def done(self, activity: str) -> bool:
        task = latest(self._case, activity)
        return task is not None and task.status == "done"

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
            return Money.of(0, self._currency) if self._currency else None
        if len({amount.currency for amount in amounts}) > 1:
            return None
        whole: Money = sum(amounts[1:], amounts[0])
        return whole


_ANSWERS: Mapping[str, Callable[..., Any]] = {
    "done": _Questions.done, "count": _Questions.count, "last": _Questions.last, "total": _Questions.total,
}  # fmt: skip


def _no_rate(amount: Money, currency: str) -> Money | None:
    return amount if amount.currency == currency else None


class World:
    """Hold what is the same for every case of one organization: zone, calendar, currency, people."""

    __slots__ = ("calendar", "currency", "organization", "zone")

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.zone = zone(organization.settings.timezone)
        self.calendar = Calendar(zone=self.zone)
        self.currency = organization.settings.currency

    def scope(
        self, subject: str, kinds: Mapping[str, str], case: Case, actor: str, now: dt.datetime
    ) -> Scope:
        """Return what a condition of the case sees at a moment."""
        roots: dict[str, Any] = {
            **case.stamps, subject: case.fields, "case": CaseRoot(case, now), "actor": ActorRoot(actor, self, now)
        }  # fmt: skip
        questions = _Questions(case, kinds, self.currency)
        return Scope(roots, now, self.calendar, self.zone, self.currency, _no_rate, questions)
