"""Decide: definition, case, request and facts in; events, a refusal or wanted facts out. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from msgspec.structs import replace

from playbook.errors import Blocker, InputError, Refused, UnknownName
from playbook.model.case import OPEN, Case, latest, waiting
from playbook.model.commands import (
    Advance,
    Approve,
    Assign,
    Back,
    Close,
    Do,
    Guide,
    Log,
    Open,
    Refuse,
    Reopen,
    Set,
    SkipActivity,
    Split,
    Waive,
)
from playbook.model.events import Assigned, Changed, Finished, GuideOpened, Logged, Moved, Opened
from playbook.model.playbook import QUIT
from playbook.model.values import is_blank
from playbook.process.amending import reopen, skip_activity, split
from playbook.process.approving import approve, refuse, waive
from playbook.process.assignment import from_pool, place
from playbook.process.compiled import BUILT_IN_ENTRIES
from playbook.process.covering import lapses
from playbook.process.criteria import plugins_missing
from playbook.process.deciding import Deciding
from playbook.process.evolve import evolve
from playbook.process.facts import Needs, World
from playbook.process.invariants import broken
from playbook.process.moving import advance, back, close
from playbook.process.references import wanted
from playbook.process.setting import apart, check_changes, judgements, read_fields, set_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.model.approving import Lapsed
    from playbook.model.commands import Pool, Request
    from playbook.model.events import CaseEvent
    from playbook.process.compiled import Compiled


class Decision(msgspec.Struct, frozen=True, gc=False):
    """Hold the events that a command leads to, and the criteria that only warned or were observed."""

    events: tuple[CaseEvent, ...]
    warned: tuple[Blocker, ...] = ()
    observed: tuple[Blocker, ...] = ()


def decide(
    definition: Compiled, case: Case | None, request: Request, facts: Mapping[str, Any]
) -> Decision | Refused | Needs:
    """Decide a request on a case (None before it is opened).

    `facts` holds `world`, the organization as it stands with the records that conditions may follow references
    to; where something is missing the answer is Needs. Raises InputError or UnknownName, with every mistake at
    once, for names and values that are wrong in themselves.
    """
    world = facts.get("world")
    if world is None:
        return Needs(("world",))
    command = request.command
    if (definition.follows or world.follows) and (unknown := wanted(definition, case, command, world)):
        return Needs(unknown)
    if type(command) is Open:
        return _open(definition, request, command, world, facts)
    if case is None:
        raise UnknownName("case", command.case)
    if request.at < case.last:
        raise InputError(
            f"{request.at.isoformat()} lies before the last event of {case.id} ({case.last.isoformat()})"
        )
    stale: tuple[CaseEvent, ...] = ()
    if case.approvals or case.waivers:  # what they cover may have changed outside the case
        scope = definition.scope(case, request.actor, request.at, world)
        stale = lapses(definition, case, scope, scope)
        case = fold(case, stale, request)
    deciding = Deciding(definition, case, request, world, facts)
    if definition.missing and type(command) in _ASK_AS:
        return _unable(deciding, _ASK_AS[type(command)])
    events = _HANDLERS[type(command)](deciding, command)
    return _concluded(deciding, case, events, stale)


def _unable(deciding: Deciding, act: str) -> Refused:
    """Return that nothing can be decided: what depends on a plugin that is not there is never answered otherwise."""
    if act:
        deciding.permit(act)
    deciding.blockers.append(plugins_missing(deciding.definition.missing))
    return deciding.refusal()


def _concluded(
    deciding: Deciding, case: Case, events: tuple[CaseEvent, ...], stale: tuple[CaseEvent, ...] = ()
) -> Decision | Refused | Needs:
    """Return the decision: with what lapses by it, unless something speaks against it or an invariant breaks."""
    attempt = deciding.attempt
    needs = deciding.needs or (attempt.needs if attempt is not None else ())
    if needs:
        return Needs(needs)
    held = case.approvals or case.waivers or deciding.definition.invariants
    if held and events and not deciding.blockers:
        events += _settled(deciding, case, events)
    if deciding.blockers:
        refused = deciding.refusal()
        return (
            attrs.evolve(refused, events=(*stale, *refused.events)) if stale and refused.events else refused
        )
    if stale and events:
        events = (*stale, *events)
    if attempt is None or not (attempt.warned or attempt.observed):
        return Decision(events)
    return Decision(events, deciding.kept(attempt.warned), deciding.kept(attempt.observed))


def _settled(deciding: Deciding, case: Case, events: tuple[CaseEvent, ...]) -> tuple[CaseEvent, ...]:
    """Return what lapses by the events; note every invariant that would not hold after them."""
    definition, request, world = deciding.definition, deciding.request, deciding.world
    after = fold(case, events, request)
    scope = definition.scope(after, request.actor, request.at, world)
    ended: tuple[CaseEvent, ...] = ()
    if after.approvals or after.waivers:
        ended = lapses(definition, after, definition.scope(case, request.actor, request.at, world), scope)
        if ended:
            after = fold(after, ended, request)
            scope = definition.scope(after, request.actor, request.at, world)
    unmet = list(broken(definition, scope, case.id)) if definition.invariants else []
    if unmet:
        deciding.target = next((event.target for event in events if isinstance(event, Moved)), "")
        deciding.blockers.extend(unmet)
    return ended


def fold(case: Case, events: tuple[CaseEvent, ...], request: Request) -> Case:
    """Return the case as it will be after events of a request."""
    for event in events:
        case = evolve(case, case.id, event, request.at, request.actor)
    return case


def _open(
    definition: Compiled, request: Request, command: Open, world: World, facts: Mapping[str, Any]
) -> Decision | Refused | Needs:
    _known_person(command.owner, world)
    given = read_fields(definition.settable, command.fields, "field")
    said: tuple[CaseEvent, ...] = ()
    if not definition.by_hand.isdisjoint(given):
        judged, given = apart(given, definition.fields)
        said = judgements(judged, historical=request.historical)
    fields = {**definition.defaults, **{name: value for name, value in given.items() if value is not None}}
    first = definition.playbook.stages[0].id
    case = Case(
        command.case, definition.playbook.id, definition.definition.digest, command.name, command.owner, "",
        first, request.at, request.at, request.at, request.at, fields=fields,
    )  # fmt: skip
    if said:
        case = fold(case, said, request)
    placed = place(definition, case, request, world, facts, command.to)
    if type(placed) is Needs:
        return placed
    case = placed
    deciding = Deciding(definition, case, request, world, facts)
    deciding.permit("open")
    deciding.gate_entry(first, definition.opening)
    if deciding.blockers or (deciding.attempt is not None and deciding.attempt.needs):
        deciding.target = ""  # there is no case yet that could keep the attempt
        deciding.blockers = [_unopened(blocker, case) for blocker in deciding.blockers]
        return _concluded(deciding, case, ())
    event = Opened(
        playbook=case.playbook,
        digest=case.digest,
        name=case.name,
        owner=case.owner,
        team=case.team,
        stage=first,
        fields=fields,
        plans=() if request.historical else deciding.plans(first, case),
        stamp=deciding.stamp(first, fields),
        historical=request.historical,
        parent=command.parent,
        territory=case.territory,
    )
    return _concluded(deciding, case, (event, *said))


def _unopened(blocker: Blocker, case: Case) -> Blocker:
    """Return a blocker that proposes what can be done where the case is not there yet."""
    said, opening = f"playbook set {case.id}", f"playbook open {case.playbook} {shlex.quote(case.name)}"
    return attrs.evolve(blocker, fix=blocker.fix.replace(said, opening) if said in blocker.fix else "")


def _do(deciding: Deciding, command: Do) -> tuple[CaseEvent, ...]:
    definition, case = deciding.definition, deciding.case
    activity = definition.activities.get(command.activity)
    if activity is None:
        raise UnknownName("activity", command.activity, definition.activities)
    asked_for = waiting(case, activity.id)
    task = asked_for or latest(case, activity.id)
    beyond = command.fields.keys() - {asked.field for asked in activity.form}
    if beyond or asked_for is None or deciding.request.actor != asked_for.assignee:
        deciding.permit("edit")  # who is asked to do it may say that it is done, and fill in its form
    here = any(a.id == activity.id for a in definition.stages[case.stage].activities)
    if deciding.must_be_open() and not here:
        deciding.wrong_state(f"{activity.id} is not asked for in stage {deciding.called(case.stage)}")
    current = task is not None and task.visit == case.visit
    if here and task is not None and task.status == "done" and (current or activity.once):
        deciding.wrong_state(f"{activity.id} is already done")
    outcomes = dict(activity.outcomes) or {"done": "done"}
    outcome = command.outcome or next((name for name, means in outcomes.items() if means == "done"), "")
    if outcome not in outcomes:
        raise UnknownName(f"outcome of {activity.id}", outcome, outcomes)
    done = outcomes[outcome] == "done"
    values = read_fields(definition.fields, command.fields, "field")
    changes = {name: value for name, value in values.items() if case.fields.get(name) != value}
    check_changes(deciding, changes, "")
    if changes:
        deciding.must_be_unlocked()
    asked = tuple(
        f.field for f in activity.form if not f.optional and is_blank({**case.fields, **values}.get(f.field))
    )
    if done and asked:
        deciding.form_incomplete(activity, asked)
    if deciding.blockers:
        return ()
    n = task.n + (task.status != OPEN) if task is not None and task.visit == case.visit else 1
    after = {**case.fields, **{k: v for k, v in values.items() if v is not None}}
    plans = deciding.plans_after(activity, n, done, after)
    finished = Finished(activity.id, case.visit, n, outcome, done, plans)
    return (Changed(changes), finished) if changes else (finished,)


def _log(deciding: Deciding, command: Log) -> tuple[CaseEvent, ...]:
    entries = deciding.definition.entries
    kind = entries.get(command.kind)
    if kind is None and command.kind not in BUILT_IN_ENTRIES:
        raise UnknownName("entry", command.kind, (*entries, *BUILT_IN_ENTRIES))
    values = read_fields(
        deciding.definition.entry_fields(command.kind), command.fields, f"field of {command.kind}"
    )
    if kind is None:
        deciding.permit("edit")
    elif not deciding.permits(kind.by):
        deciding.not_permitted(f"log {command.kind}", kind.by)
    given = {name: value for name, value in values.items() if value is not None}
    return (Logged(command.kind, given, command.text),)


def _assign(deciding: Deciding, command: Assign) -> tuple[CaseEvent, ...]:
    organization = deciding.world.organization
    _known_person(command.owner, deciding.world)
    if command.team and organization.teams and command.team not in organization.teams:
        raise UnknownName("team", command.team, organization.teams)
    territories = [territory.id for territory in organization.rules.territories]
    if command.territory and command.territory not in territories:
        raise UnknownName("territory", command.territory, territories)
    deciding.permit("assign")
    deciding.must_be_open()
    case, owner = deciding.case, command.owner
    if command.to is not None:
        chosen = from_pool(organization, command.to, case.territory, deciding.today, deciding.facts)
        if isinstance(chosen, Needs):
            deciding.needs = chosen.facts
            return ()
        if not chosen:
            deciding.wrong_state(f"nobody is there who could take {case.id}: {_said(command.to)}")
        owner = chosen
    team = command.team or organization.post(owner, deciding.today).team or case.team
    territory = command.territory or case.territory
    if (owner, team, territory) == (case.owner, case.team, case.territory):
        return ()
    return (Assigned(owner, team, case.owner, territory),)


def _said(pool: Pool) -> str:
    parts = {"role": pool.role, "team": pool.team, "territory": pool.territory}
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value) or "people"


def _guide(deciding: Deciding, command: Guide) -> tuple[CaseEvent, ...]:
    return (GuideOpened(deciding.case.stage),)


def _advance(deciding: Deciding, command: Advance) -> tuple[CaseEvent, ...]:
    return advance(deciding, command.to, command.reason)


def _back(deciding: Deciding, command: Back) -> tuple[CaseEvent, ...]:
    return back(deciding, command.to, command.reason)


def _close(deciding: Deciding, command: Close) -> tuple[CaseEvent, ...]:
    values = read_fields(deciding.definition.fields, command.fields, "field")
    changes = {name: value for name, value in values.items() if deciding.case.fields.get(name) != value}
    check_changes(deciding, changes, command.reason)
    target = deciding.definition.stages.get(command.to)
    if changes and target is not None and target.final not in QUIT:
        deciding.must_be_unlocked()
    lapsed = _with_fields(deciding, changes) if changes else ()
    events = close(deciding, command.to, command.reason)
    return (Changed(changes), *lapsed, *events) if changes else events


def _with_fields(deciding: Deciding, changes: Mapping[str, Any]) -> tuple[Lapsed, ...]:
    """Go on with changed fields; return the answers that lapse by them, which open no gate any more."""
    before, fields = deciding.scope(), {**deciding.case.fields, **changes}
    given = {name: value for name, value in fields.items() if value is not None}
    deciding.change(replace(deciding.case, fields=given))
    lapsed = lapses(deciding.definition, deciding.case, before, deciding.scope())
    deciding.change(fold(deciding.case, lapsed, deciding.request))
    deciding.lapsed = tuple(event.criterion for event in lapsed)
    return lapsed


_ASK_AS = {
    Set: "edit", Do: "", Log: "", Assign: "assign", Split: "assign", SkipActivity: "edit", Waive: "waive",
    Approve: "", Refuse: "",
}  # fmt: skip
"""What one must be permitted to, by command, of those that no gate stops; "" where that depends on more."""

_HANDLERS: dict[type, Callable[[Deciding, Any], tuple[CaseEvent, ...]]] = {
    Set: set_fields, Do: _do, Log: _log, Advance: _advance, Back: _back, Close: _close, Assign: _assign,
    Approve: approve, Refuse: refuse, Waive: waive, SkipActivity: skip_activity, Reopen: reopen, Split: split,
    Guide: _guide,
}  # fmt: skip


def _known_person(person: str, world: World) -> None:
    people = world.organization.people
    if person and people and person not in people:
        raise UnknownName("person", person, people)
