"""Performing one action of automation: events on the case, or a command for it or another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from playbook.errors import InputError
from playbook.expressions import EvalError, Unknown
from playbook.model.case import OPEN, latest
from playbook.model.commands import Advance, Assign, Close, Open, Pool, Set
from playbook.model.contributions import Notice
from playbook.model.events import Noticed, Plan, Planned, Posted
from playbook.model.values import load
from playbook.process.automation import rendered
from playbook.process.discretion import tells
from playbook.process.permission import doer
from playbook.times import Duration

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    from playbook.expressions import Scope
    from playbook.model.case import Case
    from playbook.model.commands import Command
    from playbook.model.contributions import ActionKind
    from playbook.model.events import CaseEvent
    from playbook.model.rules import Action
    from playbook.process.automation import Effect
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World


CHILD = "child"
"""The root of the follow-up case in what its end does."""


class Performed(msgspec.Struct, frozen=True):
    """Hold what an action leads to: events on the case itself, and commands (the case "" for a new one).

    `personal` are the fields that commands give something personal.
    """

    events: tuple[CaseEvent, ...] = ()
    commands: tuple[Command, ...] = ()
    personal: tuple[str, ...] = ()


class Acting(msgspec.Struct, frozen=True):
    """Hold what an action may look at; `child` is the definition of the follow-up case whose end it follows."""

    definition: Compiled
    case: Case
    scope: Scope
    world: World
    at: dt.datetime
    child: Compiled | None = None

    def tells(self, reads: Iterable[str], follows: Iterable[tuple[str, str]] = ()) -> bool:
        """Return whether what reads these paths, and these fields through references, tells something personal."""
        own, theirs = list[str](), list[str]()
        for path in reads:
            root, _, name = path.partition(".")
            (theirs if root == CHILD else own).append(name if root == CHILD else path)
        if tells(self.definition, self.world, own, follows):
            return True
        child = self.child
        return child is not None and tells(child, self.world, [f"{child.subject}.{n}" for n in theirs], ())

    def guards(self, path: str) -> bool:
        """Return whether not everyone who sees the case may see what a path tells."""
        root, _, name = path.partition(".")
        definition = self.child if root == CHILD else self.definition
        if definition is None or root in ("case", "actor"):
            return False
        return name in definition.guarded or any(
            to == there.playbook.id and (there.hides or read in there.guarded)
            for to, read in definition.behind.get(f"{definition.subject}.{name}", ())
            for there, _ in self.world.cases.values()
        )


def perform(effect: Effect, acting: Acting) -> Performed:
    """Return what an action leads to."""
    if effect.kind is not None:
        return _plugin(effect, effect.kind, acting)
    return _VERBS[effect.action.verb](effect, acting)


def _plugin(effect: Effect, kind: ActionKind, acting: Acting) -> Performed:
    """Run a plugin's verb; raises InputError that names it where it raises."""
    try:
        wanted = tuple(kind.run(effect.action.options, acting.scope))
    except Exception as error:  # whatever a stranger's code raises stops its action alone
        failed = f"the action {kind.name!r} failed: {type(error).__name__}"
        raise InputError(f"{failed}: {error}", failed) from error
    notices = [
        Noticed(people(one.to, acting), effect.path, one.say) for one in wanted if isinstance(one, Notice)
    ]
    return Performed(tuple(notices), tuple(one for one in wanted if not isinstance(one, Notice)))


def people(who: tuple[str, ...], acting: Acting) -> tuple[str, ...]:
    """Return the people behind principals: owner, manager, team, a role, a person, a person field."""
    organization, case = acting.world.organization, acting.case
    day = acting.world.day(acting.at)
    found: list[str] = []
    for principal in who:
        if principal == "owner":
            found.append(case.owner)
        elif principal == "manager":
            found.append(organization.manager_of(case.owner, day))
        elif principal in organization.people:
            found.append(principal)
        elif isinstance(case.fields.get(principal), str):
            found.append(case.fields[principal])
        else:
            found += [
                person.id
                for person in organization.people.values()
                if (post := person.post(day)).role == principal
                or (post.team and post.team == (case.team if principal == "team" else principal))
            ]
    return tuple(dict.fromkeys(name for name in found if name))


def _notify(effect: Effect, acting: Acting) -> Performed:
    say = rendered(effect.action.say, lambda name: _shown(acting, name))
    return Performed((Noticed(people(effect.action.who, acting), effect.path, say),))


def _shown(acting: Acting, path: str) -> object:
    """Return what a placeholder says; of a personal or hidden field its name.

    Texts stand in events, which cannot be erased and which everyone reads who sees the case.
    """
    root, _, name = path.partition(".")
    if acting.tells((path,)) or acting.guards(path):
        return f"[{name}]"
    values = acting.scope.roots.get(root)
    value = None if values is None else values.get(name)
    person = acting.world.organization.people.get(value) if isinstance(value, str) else None
    return person.name if person is not None else value


def _set(effect: Effect, acting: Acting) -> Performed:
    reason = "" if acting.case.outcome == OPEN else effect.path  # after close a change needs one
    command = Set(acting.case.id, _sets(effect, acting), reason)
    return Performed(commands=(command,), personal=_told(effect, acting))


def _told(effect: Effect, acting: Acting) -> tuple[str, ...]:
    """Return the fields that are set to something personal."""
    return tuple(name for name, (reads, follows) in effect.reads.items() if acting.tells(reads, follows))


def _sets(effect: Effect, acting: Acting) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for given in effect.action.sets:
        if given.is_ is None:
            value = given.value
            said = rendered(value, lambda name: _shown(acting, name)) if isinstance(value, str) else value
            field = acting.definition.settable.get(given.field)
            values[given.field] = said if said is None or field is None else load(field, said)
        else:
            answer = effect.computed[given.field](acting.scope)
            values[given.field] = None if isinstance(answer, (Unknown, EvalError)) else answer
    return values


def _assign(effect: Effect, acting: Acting) -> Performed:
    chosen, pool = people(effect.action.who, acting), _pool(effect.action)
    if pool is not None:
        return Performed(commands=(Assign(acting.case.id, "", to=pool),))
    return Performed(commands=(Assign(acting.case.id, chosen[0]),)) if chosen else Performed()


def _pool(action: Action) -> Pool | None:
    if not (action.pick or action.role or action.territory):
        return None
    return Pool(action.role, action.team, action.territory, action.pick or "least_loaded")


def _schedule(effect: Effect, acting: Acting) -> Performed:
    name, stage = effect.action.target, acting.definition.stages[acting.case.stage]
    if acting.case.outcome != OPEN or all(activity.id != name for activity in stage.activities):
        raise InputError(f"{name} is not asked for in stage {stage.id!r}")
    task = latest(acting.case, name)
    n = task.n + 1 if task is not None and task.visit == acting.case.visit else 1
    activity, case, world = acting.definition.activities[name], acting.case, acting.world
    who = doer(activity, case, world.organization, world.day(acting.at))
    calendar, due = world.calendar_of(who, case.team, acting.at), effect.action.due or activity.due
    when = calendar.add(acting.at, Duration.parse(due)) if due else None
    return Performed((Planned((Plan(name, n, when, who),)),))


def _open(effect: Effect, acting: Acting) -> Performed:
    subject = acting.definition.subject
    fields = acting.scope.roots[subject]
    values = {theirs: fields.get(mine) for theirs, mine in effect.action.copy}
    copied = {theirs: value for theirs, value in values.items() if value is not None}
    personal = tuple(theirs for theirs, mine in effect.action.copy if acting.tells((f"{subject}.{mine}",)))
    pool = _pool(effect.action)
    who = effect.action.who or (() if pool else ("owner",))
    owner = next(iter(people(who, acting)), "")
    opened = Open("", effect.action.target, acting.case.name, owner, copied, to=pool)
    return Performed(commands=(opened,), personal=personal)


def _close(effect: Effect, acting: Acting) -> Performed:
    command = Close(acting.case.id, effect.action.target, _sets(effect, acting))
    return Performed(commands=(command,), personal=_told(effect, acting))


def _advance(effect: Effect, acting: Acting) -> Performed:
    return Performed(commands=(Advance(acting.case.id, effect.action.target),))


def _webhook(effect: Effect, acting: Acting) -> Performed:
    return Performed((Posted(effect.action.target, effect.path),))


_VERBS: dict[str, Callable[[Effect, Acting], Performed]] = {
    "notify": _notify, "set": _set, "assign": _assign, "schedule": _schedule, "open": _open, "close": _close,
    "advance": _advance, "webhook": _webhook,
}  # fmt: skip
