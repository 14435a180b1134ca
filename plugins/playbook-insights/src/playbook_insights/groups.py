"""What `--by` takes: which columns decide a case's group, what the group is called, where it stands."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook import InputError, Query, UnknownName, fiscal_quarter
from playbook_insights.definitions import BY

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from playbook import Page, ReportContext
    from playbook.model.playbook import Stage

NONE = "(none)"
"""How a missing value is shown; its group comes last."""


class Grouping(NamedTuple):
    """Say how cases are grouped: `label` of the values of `columns` names a case's group.

    `fields` are those of the playbooks that are needed for it.
    """

    columns: tuple[str, ...]
    label: Callable[..., str]
    order: Mapping[str, int] = {}
    fields: tuple[str, ...] = ()

    def rank(self, label: str) -> tuple[bool, int, str, str]:
        """Return where a group stands: in its given order, else by name, the missing value last."""
        return label == NONE, self.order.get(label, len(self.order)), label.casefold(), label


def grouping(context: ReportContext, by: str, period: str) -> Grouping:
    """Return the grouping for a `--by`; quarters go by the column of days `period`.

    Raises UnknownName for what is neither built in nor a field, InputError for a field that cannot group.
    """
    if not by:
        return Grouping((), str)
    if by in BY:
        return _BUILT_IN[by](context, period)
    return _by_field(context, by)


def distinct(names: Iterable[tuple[Hashable, str, str]]) -> dict[Any, str]:
    """Name each key; a name that several share is followed by what tells them apart."""
    known = list(names)
    shared = Counter(name for _, name, _ in known)
    return {key: f"{name} ({apart})" if shared[name] > 1 else name for key, name, apart in known}


def _people(context: ReportContext) -> dict[str, str]:
    return distinct((id_, person.name or id_, id_) for id_, person in context.organization.people.items())


def _by_stage(context: ReportContext, _: str) -> Grouping:
    books = sorted(context.playbooks.items())
    stages = [(id_, stage) for id_, playbook in books for stage in playbook.stages]
    names = _stages(stages)
    order = {name: place for place, name in enumerate(names.values())}

    @functools.cache
    def earlier() -> dict[tuple[str, str], str]:
        return _stages([*stages, *((id_, stage) for id_, _ in books for stage in context.former(id_))])

    def label(playbook: str, stage: str) -> str:
        return names.get((playbook, stage)) or earlier().get((playbook, stage), stage)

    return Grouping(("playbook", "stage"), label, order)


def _stages(stages: Sequence[tuple[str, Stage]]) -> dict[tuple[str, str], str]:
    """Name stages; of those of one name the playbook follows, of those of one playbook the id."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for playbook, stage in stages:
        named[stage.title or stage.id].append(playbook)
    found = {}
    for playbook, stage in stages:
        alike = named[name := stage.title or stage.id]
        parts = (playbook,) * (len(set(alike)) > 1) + (stage.id,) * (alike.count(playbook) > 1)
        found[playbook, stage.id] = f"{name} ({'.'.join(parts)})" if parts else name
    return found


def _by_owner(context: ReportContext, _: str) -> Grouping:
    people = _people(context)
    return Grouping(("owner",), lambda owner: people.get(owner, owner) or NONE)


def _by_manager(context: ReportContext, _: str) -> Grouping:
    people, organization = _people(context), context.organization
    today = context.now.astimezone(context.zone).toordinal()

    @functools.cache
    def label(owner: str, closed: int | None) -> str:
        on = dt.date.fromordinal(today if closed is None else closed)
        manager = organization.manager_of(owner, on)
        return people.get(manager, manager) or NONE

    return Grouping(("owner", "closed_day"), label)


def _by_team(context: ReportContext, _: str) -> Grouping:
    teams = distinct((id_, team.title or id_, id_) for id_, team in context.organization.teams.items())
    return Grouping(("team",), lambda team: teams.get(team, team) or NONE)


def _by_quarter(context: ReportContext, period: str) -> Grouping:
    settings = context.organization.settings

    @functools.cache
    def label(day: int | None) -> str:
        return NONE if day is None else fiscal_quarter(dt.date.fromordinal(day), settings)

    return Grouping((period,), label)


_BUILT_IN: dict[str, Callable[[ReportContext, str], Grouping]] = {
    "stage": _by_stage,
    "owner": _by_owner,
    "manager": _by_manager,
    "team": _by_team,
    "quarter": _by_quarter,
}


def _by_field(context: ReportContext, by: str) -> Grouping:
    fields = {id_: {field.id: field for field in book.fields} for id_, book in context.playbooks.items()}
    having = {id_: named[by] for id_, named in fields.items() if by in named}
    if not having:
        known = dict.fromkeys([*BY, *(name for named in fields.values() for name in named)])
        raise UnknownName("field to group by", by, known)
    for field in having.values():
        if field.personal or field.type == "table":
            what = "is personal" if field.personal else "holds a table"
            raise InputError(f"the field {by!r} {what} and cannot group a report; take another --by")
    reading = _Reading(_people(context), context.zone, context)

    def label(playbook: str, value: str) -> str:
        field = having.get(playbook)
        return reading.shown(field, json.loads(value)) if field and value else NONE

    return Grouping(("playbook", f"fields.{by}"), label, fields=(by,))


class _Reading(NamedTuple):
    """Tell stored values as people read them."""

    people: Mapping[str, str]
    zone: dt.tzinfo
    context: ReportContext

    def shown(self, field: Any, value: Any) -> str:
        """Return a value as people read it: an instant is its day in the zone, a person or a reference a name."""
        kind = field.type if field else ""
        if value is None or value in ("", []):
            return NONE
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ", ".join(self.shown(field and field.of, item) for item in value)
        if kind == "money":
            return f"{value['amount']} {value['currency']}"
        if kind == "percent":
            return f"{(Decimal(value) * 100).normalize():f}%"
        if kind == "datetime":
            return dt.datetime.fromisoformat(value).astimezone(self.zone).date().isoformat()
        if kind == "reference":
            return self._called(field.to, value)
        return self.people.get(value, value) if kind == "person" else str(value)

    def _called(self, to: str, id_: str) -> str:
        """Return the name of a record, that which is kept where it was merged, or of a case; else the id."""
        engine, actor = self.context.engine, self.context.actor
        if engine is None:
            return id_
        alike: Page[Any]
        try:
            if to in self.context.playbooks:
                one: Any = engine.case(id_, actor=actor)
                alike = engine.find(Query(to, name=one.name), actor=actor, limit=2)
            else:
                one = engine.record(to, id_, actor=actor)
                alike = engine.records(to, name=one.name, actor=actor, limit=2)
        except UnknownName:  # or a case that is not shown to who asks
            return id_
        named: str = one.name or one.id
        return f"{named} ({one.id})" if len(alike.items) > 1 else named
