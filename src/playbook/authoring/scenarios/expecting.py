"""What a step expects, held against what came of it: one function for each expectation, all in the same words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
from msgspec.structs import replace

from playbook.errors import InputError, PlaybookError, PluginError, Refused
from playbook.model.chances import forecast, probability
from playbook.model.events import ActionRefused, Moved, Noticed, Posted, TimerFired
from playbook.model.expectations import Mismatch
from playbook.model.values import builtins, load, parse, percentage
from playbook.money import Money
from playbook.times import parse_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook.engine import HistoryItem
    from playbook.engine.answers import Done, Forgotten
    from playbook.errors import Blocker
    from playbook.model.case import Case
    from playbook.model.expectations import Expectation, Scene
    from playbook.model.playbook import Field
    from playbook.process.compiled import Compiled

NOTHING = "nothing"


@attrs.frozen
class Seen:
    """Hold what came of a step: the answer, the case afterwards, and what happened on it meanwhile, when asked.

    `refer` gives the id of what a name in a reference means.
    """

    answer: Done | Refused | Forgotten | None
    case: Case
    definition: Compiled
    new: Callable[[], tuple[HistoryItem, ...]]
    zone: dt.tzinfo
    refer: Callable[[Field, Any], Any]

    @property
    def refused(self) -> Refused | None:
        """Return the refusal, None where there was none."""
        return self.answer if isinstance(self.answer, Refused) else None

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """Return what stood in the way, nothing where nothing was refused."""
        return self.refused.blockers if self.refused else ()

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the events of a kind that happened."""
        return [item.event for item in self.new() if isinstance(item.event, kind)]


def mismatches(expect: Mapping[str, Any], seen: Seen) -> Iterator[Mismatch]:
    """Yield every expectation that is not the fact."""
    for name, wanted in expect.items():
        if name in _FACTS:
            fact = _FACTS[name](seen)
            wanted = _listed(wanted) if isinstance(fact, list) else _plain(wanted)
            if wanted != fact:
                yield Mismatch(name, worded(wanted), worded(fact), (name,))
        elif name in _COMPARED:
            yield from _COMPARED[name](wanted, seen)


def of_plugins(
    expect: Mapping[str, Any], known: Mapping[str, Expectation], scene: Scene
) -> Iterator[Mismatch]:
    """Yield every expectation that a plugin brings and that is not the fact.

    Raises what it raises where it names what is not there, PluginError where its code fails.
    """
    for name, wanted in expect.items():
        if name not in known:
            continue
        try:
            found = tuple(known[name].compare(wanted, scene))
        except PlaybookError:
            raise
        except Exception as error:
            message = f"the expectation {name!r} fails: {type(error).__name__}: {error}"
            raise PluginError(name, message) from error
        for one in found:
            yield replace(one, name=f"{name} {one.name}".strip(), path=(name, *one.path))


def worded(value: Any) -> str:
    """Return a plain value as it is written in YAML, in one line."""
    if isinstance(value, dict):
        inside = ", ".join(f"{name}: {worded(item)}" for name, item in value.items())
        return f"{{{inside}}}" if inside else NOTHING
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(worded, value))}]" if value else NOTHING
    return NOTHING if value in (None, "") else str(value)


# -- facts that are compared as they are --------------------------------------------------------------


def _blocked(seen: Seen) -> list[str]:
    if seen.refused is None or seen.refused.code != "blocked":
        return []
    return [blocker.criterion for blocker in seen.blockers]


def _missing(seen: Seen) -> list[str]:
    return list(dict.fromkeys(path for blocker in seen.blockers for path in blocker.missing if "." in path))


def _told_by(seen: Seen, how: str) -> list[str]:
    """Return the criteria that are unmet and stand in nobody's way, whether or not others do."""
    return [blocker.criterion for blocker in getattr(seen.answer, how, ())]


def _probability(seen: Seen) -> str:
    share = probability(seen.case, seen.definition.stages.get(seen.case.stage))
    return "" if share is None else percentage(share)


def _children(seen: Seen) -> list[str]:
    return list(seen.case.children.values())


_FACTS: Mapping[str, Callable[[Seen], Any]] = {
    "stage": lambda seen: seen.case.stage,
    "outcome": lambda seen: seen.case.outcome,
    "owner": lambda seen: seen.case.owner,
    "team": lambda seen: seen.case.team,
    "territory": lambda seen: seen.case.territory,
    "blocked": _blocked,
    "refused": lambda seen: seen.refused.code if seen.refused else "",
    "missing": _missing,
    "warned": lambda seen: _told_by(seen, "warned"),
    "observed": lambda seen: _told_by(seen, "observed"),
    "events": lambda seen: [item.kind.partition("/")[0] for item in seen.new()],
    "refused_actions": lambda seen: [event.message for event in seen.of(ActionRefused)],
    "webhooks": lambda seen: [event.url for event in seen.of(Posted)],
    "open": lambda seen: {task.id: task.n for task in seen.case.tasks if task.status == "open"},
    "done": lambda seen: [task.id for task in seen.case.tasks if task.status == "done"],
    "assignees": lambda seen: {task.id: task.assignee for task in seen.case.tasks},
    "asked": lambda seen: {name: asked.by for name, asked in seen.case.approvals.items() if asked.pending},
    "approved": lambda seen: [name for name, asked in seen.case.approvals.items() if asked.complete],
    "waived": lambda seen: list(seen.case.waivers),
    "passed": lambda seen: [name for event in seen.of(Moved) for name in event.passed],
    "probability": _probability,
    "forecast": lambda seen: forecast(seen.case, seen.definition.stages.get(seen.case.stage)),
    "entries": lambda seen: len(seen.case.entries),
    "children": _children,
}


# -- facts that have a type, or of which only a part is told -------------------------------------------


def _values(name: str, wanted: Mapping[str, Any], there: Mapping[str, Any], seen: Seen) -> Iterator[Mismatch]:
    """Compare values of fields, each by its type."""
    for field_id, value in wanted.items():
        field = seen.definition.fields.get(field_id)
        fact = there.get(field_id)
        meant = value if field is None else _meant(field, value, seen)
        if meant != fact:
            yield Mismatch(
                f"{name} {field_id}", _written(field, meant), _written(field, fact), (name, field_id)
            )


def _meant(field: Field, value: Any, seen: Seen) -> Any:
    """Return a value by the type of its field; one that cannot be read stays as it was written."""
    if value in (None, "", []):
        return None
    try:
        return seen.refer(field, parse(field, value))
    except (ValueError, InputError):
        return value


def _fields(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    return _values("fields", wanted, seen.case.fields, seen)


def _stamps(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    for stage, values in wanted.items():
        yield from _values("stamps", values, seen.case.stamps.get(stage, {}), seen)


def _last_stamps(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    for stage, values in wanted.items():
        yield from _values("last_stamps", values, seen.case.stamps_last.get(stage, {}), seen)


def _due(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    planned = {task.id: task.due for task in seen.case.tasks if task.status == "open"}
    for activity, moment in wanted.items():
        fact = planned.get(activity)
        if not _same_moment(moment, fact, seen.zone):
            told = NOTHING if fact is None else _moment(fact, seen.zone)
            yield Mismatch(f"due {activity}", worded(moment), told, ("due", activity))


def _timers(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    struck = seen.of(TimerFired)
    items = [item if isinstance(item, dict) else {item: None} for item in _listed(wanted)]
    said = [(name, moment) for item in items for name, moment in item.items()]
    fits = len(said) == len(struck) and all(
        name == event.timer and (moment is None or _same_moment(moment, event.due, seen.zone))
        for (name, moment), event in zip(said, struck, strict=False)
    )
    if not fits:
        facts = [{event.timer: _moment(event.due, seen.zone)} for event in struck]
        yield Mismatch("timers", worded(wanted), worded(facts), ("timers",))


def _notices(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    told = seen.of(Noticed)
    said = wanted if isinstance(wanted, list) else [wanted]
    fits = len(said) == len(told) and all(_tells(one, event) for one, event in zip(said, told, strict=False))
    if not fits:
        facts = [{"to": list(event.to), "about": event.about, "say": event.say} for event in told]
        yield Mismatch("notices", worded(wanted), worded(facts), ("notices",))


def _tells(wanted: Mapping[str, Any], event: Noticed) -> bool:
    to, about = wanted.get("to"), wanted.get("about", event.about)
    heard = to is None or (list(event.to) == to if isinstance(to, list) else to in event.to)
    meant = about == event.about or about in event.about.split(".")
    return heard and meant and str(wanted.get("say", "")) in event.say


def _says(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    refused = seen.refused or Refused("", "")
    lines = (refused.message, *(f"{b.title} {b.hint} {b.fix}" for b in refused.blockers))
    told = "\n".join(lines)
    for text in _listed(wanted):
        if text not in told:
            yield Mismatch("says", text, told.strip() or NOTHING, ("says",))


def _who(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    facts = {blocker.criterion: list(blocker.who) for blocker in seen.blockers}
    for criterion, people in wanted.items():
        if facts.get(criterion) != _listed(people):
            fact = worded(facts.get(criterion))
            yield Mismatch(f"who {criterion}", worded(_listed(people)), fact, ("who", criterion))


def _sees(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    """Compare the values that blockers show."""
    facts = {blocker.criterion: blocker.actual for blocker in seen.blockers}
    for criterion, values in wanted.items():
        for path, value in values.items():
            field = seen.definition.fields.get(path.partition(".")[2])
            stored = facts.get(criterion, {}).get(path)
            fact = stored if field is None or stored is None else load(field, stored)
            meant = value if field is None else _meant(field, value, seen)
            if meant != fact:
                told = _written(field, meant), _written(field, fact)
                yield Mismatch(f"sees {criterion} {path}", *told, ("sees", criterion, path))


def _shares(wanted: Any, seen: Seen) -> Iterator[Mismatch]:
    fact = {who: percentage(share) for who, share in seen.case.shares.items()}
    said = {who: percentage(Decimal(str(text).rstrip("% ")) / 100) for who, text in wanted.items()}
    if said != fact:
        yield Mismatch("shares", worded(said), worded(fact), ("shares",))


_COMPARED: Mapping[str, Callable[[Any, Seen], Iterator[Mismatch]]] = {
    "fields": _fields, "stamps": _stamps, "last_stamps": _last_stamps, "due": _due, "timers": _timers,
    "notices": _notices, "says": _says, "who": _who, "sees": _sees, "shares": _shares,
}  # fmt: skip

EXPECTATIONS = (*_FACTS, *_COMPARED)
"""What a step may expect, beside what plugins bring."""


# -- values in words ------------------------------------------------------------------------------------


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> Any:
    return "" if value is None else value


def _written(field: Field | None, value: Any) -> str:
    """Return a value as it is written in YAML."""
    if isinstance(value, Decimal) and field is not None and field.type == "percent":
        return percentage(value)
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, (dt.date, bool)):
        return str(builtins(value)).lower() if isinstance(value, bool) else value.isoformat()
    if isinstance(value, tuple):
        return worded([_written(field.of if field else None, item) for item in value])
    return worded(builtins(value))


def _same_moment(wanted: Any, fact: dt.datetime | None, zone: dt.tzinfo) -> bool:
    """Return whether a day, or a day and time, is when something is; None says that it is at no time."""
    if wanted is None or fact is None:
        return wanted is None and fact is None
    text = str(wanted)
    if len(text) == len("2026-03-02"):
        return fact.astimezone(zone).date().isoformat() == text
    return parse_datetime(text, zone) == fact


def _moment(value: dt.datetime, zone: dt.tzinfo) -> str:
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
