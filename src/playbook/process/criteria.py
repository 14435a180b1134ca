"""Criteria as checks: each answers None where it is met, else the Blocker that explains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from playbook.errors import Blocker, PluginError
from playbook.expressions import EvalError, Unknown, follows, load, reads
from playbook.expressions import compile as compile_condition
from playbook.model.chances import BY_HAND
from playbook.model.values import builtins, is_blank
from playbook.process.alike import Alike, Question
from playbook.process.approvals import approval_check
from playbook.process.covering import value

if TYPE_CHECKING:
    from playbook.expressions import Function, Scope
    from playbook.model.case import Case
    from playbook.model.contributions import CriterionKind
    from playbook.model.organization import Organization
    from playbook.model.playbook import Activity, Criterion
    from playbook.model.rules import Condition
    from playbook.process.approvals import ApprovalRule
    from playbook.process.definition import Definition, Place

Check = Callable[["Attempt"], "Blocker | None"]
Test = Callable[["Scope"], object]
_NONE: Mapping[str, str] = MappingProxyType({})


class Attempt(msgspec.Struct, eq=False, gc=False):
    """Collect what the checks of one gate say about one case."""

    case: Case
    scope: Scope
    organization: Organization
    editors: tuple[str, ...] = ()
    observe: bool = False
    subject: str = ""
    facts: Mapping[str, Any] = {}
    blocked: tuple[Blocker, ...] = ()
    warned: tuple[Blocker, ...] = ()
    observed: tuple[Blocker, ...] = ()
    waived: tuple[Blocker, ...] = ()
    needs: tuple[str, ...] = ()

    def fact(self, name: str) -> Any:
        """Return a fact; None where it was not supplied, and is asked for then."""
        if name not in self.facts and name not in self.needs:
            self.needs = (*self.needs, name)
        return self.facts.get(name)

    def passes(self, gate: tuple[Check, ...]) -> bool:
        """Run every check and return whether none blocks."""
        for check in gate:
            blocker = check(self)
            if blocker is not None:
                self._file(blocker)
        return not self.blocked

    def _file(self, blocker: Blocker) -> None:
        waiver = self.case.waivers.get(blocker.criterion)
        if waiver is not None and not waiver.expired(self.scope.today):
            self.waived = (*self.waived, blocker)
        elif self.observe or blocker.mode == "observe":
            self.observed = (*self.observed, blocker)
        elif blocker.mode == "warn":
            self.warned = (*self.warned, blocker)
        else:
            self.blocked = (*self.blocked, blocker)

    def who(self, principals: tuple[str, ...]) -> tuple[str, ...]:
        """Return the people behind principals like owner, manager, a person field, team or a role.

        A role that nobody has stays one; so do all where history is only observed, since nobody will mend that.
        """
        return tuple(dict.fromkeys(name for one in principals for name in self._named(one) if name))

    def _named(self, principal: str) -> tuple[str, ...]:
        if principal == "owner":
            return (self.case.owner,)
        if principal == "manager":
            return (self.organization.manager_of(self.case.owner, self.scope.today),)
        people = self.organization.people
        person = self.case.fields.get(principal)
        if isinstance(person, str) and person in people:
            return (person,)
        return (principal,) if self.observe or principal in people else self._holding(principal)

    def _holding(self, principal: str) -> tuple[str, ...]:
        """Return the people of the case's team, or who have a role, by id."""
        posts = (
            (name, self.organization.post(name, self.scope.today))
            for name in sorted(self.organization.people)
        )
        if principal == "team":
            team = self.case.team
            return tuple(name for name, post in posts if team and post.team == team) or (principal,)
        return tuple(name for name, post in posts if post.role == principal) or (principal,)


class Conditions:
    """Compile stored conditions with the functions that are there; note whether one may read a parameter."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions
        self.parameters = False

    def test(self, condition: Condition) -> Test:
        """Return the closure of a condition."""
        self.parameters = self.parameters or "$" in condition.text
        return compile_condition(load(condition.tree), self._functions)

    def reads(self, condition: Condition) -> tuple[str, ...]:
        """Return the fields that a condition reads, in order of name; of one that could not be parsed none."""
        return tuple(sorted(reads(load(condition.tree)))) if condition.tree else ()

    def paths(self, condition: Condition) -> tuple[str, ...]:
        """Return the paths that a condition reads, those behind references too."""
        steps = follows(load(condition.tree)) if condition.tree else ()
        return (*self.reads(condition), *sorted(".".join(step[:3]) for step in steps))

    def totals(self, condition: Condition) -> tuple[str, ...]:
        """Return the kinds of entry that a condition takes the total of."""
        nodes = load(condition.tree).walk() if condition.tree else ()
        return tuple(
            node.args[1].args[0]
            for node, _ in nodes
            if node.op == "call" and node.args[0] == "total" and node.args[1].op == "string"
        )

    def follows(self, condition: Condition) -> tuple[tuple[str, str], ...]:
        """Return what a condition reads through references: what one is `to` and the field there, in order."""
        steps = follows(load(condition.tree)) if condition.tree else ()
        return tuple(sorted({(to, name) for _, _, name, to in steps}))


def compile_criterion(
    criterion: Criterion,
    path: str,
    definition: Definition,
    conditions: Conditions,
    kinds: Mapping[str, CriterionKind],
    approvals: Mapping[str, ApprovalRule],
) -> Check:
    """Return the check of one criterion of a stage's gate."""
    place = definition.place(path)
    if criterion.kind == "that":
        check = _that(criterion, place, conditions, _by_hand(definition))
    elif criterion.kind == "fields":
        check = _fields(criterion, place, definition)
    elif criterion.kind == "done":
        check = _done(criterion, place)
    elif criterion.kind == "approval":
        check = approval_check(approvals[criterion.id])
    elif criterion.kind == "unique":
        check = _unique(criterion, place, definition)
    else:
        check = _plugin(criterion, place, kinds[criterion.kind])
    return check if criterion.when is None else _guarded(criterion, place, check, conditions)


def compile_activity(activity: Activity, path: str, definition: Definition, conditions: Conditions) -> Check:
    """Return the check that a required activity was done in this stay (or ever, where `once`)."""
    place, name, once = definition.place(path), activity.id, activity.once
    when = None if activity.when is None else conditions.test(activity.when)

    def check(attempt: Attempt) -> Blocker | None:
        case = attempt.case
        for task in case.tasks:
            if task.id == name and task.status == "done" and (once or task.visit == case.visit):
                return None
        applies = True if when is None else when(attempt.scope)
        if applies is False:
            return None
        task_owner = next((t.assignee for t in case.tasks if t.id == name and t.assignee), case.owner)
        return Blocker(
            criterion=name,
            kind="activity",
            title=activity.title or name.replace("_", " "),
            missing=(name, *(applies.paths if isinstance(applies, Unknown) else ())),
            who=tuple(filter(None, (task_owner,))),
            file=place.file,
            line=place.line,
            fix=f"playbook do {case.id} {name}",
        )

    return check


def compile_required(names: tuple[str, ...], definition: Definition) -> Check:
    """Return the check of fields that a stage requires by `required_from`."""
    subject = definition.playbook.subject
    titles = {f.id: f.title or f.id for f in definition.playbook.fields}

    def check(attempt: Attempt) -> Blocker | None:
        fields = attempt.scope.roots[subject]
        missing = tuple(name for name in names if fields.get(name) is None)
        if not missing:
            return None
        place = definition.place(f"fields.{missing[0]}")
        return Blocker(
            criterion="required_fields",
            kind="fields",
            title="Required here: " + ", ".join(titles[name] for name in missing),
            missing=tuple(f"{subject}.{name}" for name in missing),
            who=attempt.who(attempt.editors),
            file=place.file,
            line=place.line,
            fix=_set(attempt.case.id, missing),
        )

    return check


def missing_plugins(names: tuple[str, ...]) -> Check:
    """Return a check that always blocks: the plugins a definition was published with are not there."""
    blocker = plugins_missing(names)
    return lambda attempt: blocker


def plugins_missing(names: tuple[str, ...]) -> Blocker:
    """Return the blocker that names the plugins a definition was published with and that are not there."""
    return Blocker(
        criterion="plugins",
        kind="plugin",
        title="A plugin that this playbook needs is not installed: " + ", ".join(names),
        missing=names,
        fix="playbook plugins",
    )


def _by_hand(definition: Definition) -> Mapping[str, str]:
    """Return what a condition reads and can be set by hand, as if it were a field."""
    own = [field.id for field in definition.playbook.fields]
    return {f"case.{name}": f"{definition.playbook.subject}.{name}" for name in BY_HAND if name not in own}


def _that(criterion: Criterion, place: Place, conditions: Conditions, by_hand: Mapping[str, str]) -> Check:
    condition = criterion.that
    if condition is None:
        raise ValueError(f"criterion {criterion.id} has no condition")
    test, paths = conditions.test(condition), conditions.reads(condition)
    steps = sorted(follows(load(condition.tree)))

    def check(attempt: Attempt) -> Blocker | None:
        answer = test(attempt.scope)
        if answer is True:
            return None
        absent = tuple(path for path in paths if is_blank(value(attempt.scope, path)))
        missing = answer.paths if isinstance(answer, Unknown) else absent
        blocker = _unmet(criterion, place, attempt, missing, paths, _reason(criterion.hint, answer), by_hand)
        return _beyond(blocker, attempt, steps) if steps else blocker

    return check


def _beyond(blocker: Blocker, attempt: Attempt, steps: list[tuple[str, str, str, str]]) -> Blocker:
    """Return a blocker that tells what is behind references, and where a record lacks something, how to mend that."""
    actual, fix = dict(blocker.actual), blocker.fix
    for root, name, field, to in reversed(steps):
        path, id_ = f"{root}.{name}.{field}", value(attempt.scope, f"{root}.{name}")
        if isinstance(id_, str):
            actual[path] = builtins(attempt.scope.follow(to, id_, field))
            if path in blocker.missing and to != "person":
                fix = f"playbook record {to} {id_} {field}=..."
    return attrs.evolve(blocker, actual=actual, fix=fix)


def _fields(criterion: Criterion, place: Place, definition: Definition) -> Check:
    names, subject = criterion.fields, definition.playbook.subject

    def check(attempt: Attempt) -> Blocker | None:
        fields = attempt.scope.roots[subject]
        missing = tuple(name for name in names if is_blank(fields.get(name)))
        if not missing:
            return None
        paths = tuple(f"{subject}.{name}" for name in missing)
        return _unmet(criterion, place, attempt, paths, (), criterion.hint)

    return check


def _done(criterion: Criterion, place: Place) -> Check:
    name = criterion.done

    def check(attempt: Attempt) -> Blocker | None:
        if any(task.id == name and task.status == "done" for task in attempt.case.tasks):
            return None
        blocker = _unmet(criterion, place, attempt, (name,), (), criterion.hint)
        return attrs.evolve(blocker, fix=f"playbook do {attempt.case.id} {name}")

    return check


def _unique(criterion: Criterion, place: Place, definition: Definition) -> Check:
    playbook, names = definition.playbook, criterion.unique
    paths = tuple(f"{playbook.subject}.{name}" for name in names)

    def check(attempt: Attempt) -> Blocker | None:
        fields = attempt.scope.roots[playbook.subject]
        values = {name: builtins(fields.get(name)) for name in names}
        missing = tuple(path for path, found in zip(paths, values.values(), strict=True) if is_blank(found))
        if missing:
            return _unmet(criterion, place, attempt, missing, paths, criterion.hint)
        actor = attempt.scope.roots["actor"].get("id")
        found = attempt.fact(Question(playbook.id, criterion.among, actor, values).fact) or Alike()
        others = [case for case in found.cases if case != attempt.case.id]
        if not others:
            return None
        same = _same([case for case in others if case in found.seen], playbook.subject)
        return _unmet(criterion, place, attempt, (), paths, ". ".join(filter(None, (criterion.hint, same))))

    return check


def _same(named: list[str], subject: str) -> str:
    """Return who has the same values; a case that the actor does not see is not named."""
    if not named:
        return f"A {subject} that you do not see has the same"
    return f"{', '.join(named)} {'has' if len(named) == 1 else 'have'} the same"


def _plugin(criterion: Criterion, place: Place, kind: CriterionKind) -> Check:
    def check(attempt: Attempt) -> Blocker | None:
        try:
            verdict = kind.test(criterion.options, attempt.scope)
        except Exception as error:
            raise PluginError(kind.name, f"{type(error).__name__}: {error}; nothing was stored") from error
        if verdict.met:
            return None
        hint = criterion.hint or verdict.hint
        blocker = _unmet(criterion, place, attempt, verdict.missing, (), hint)
        return attrs.evolve(blocker, actual=dict(verdict.actual))

    return check


def _guarded(criterion: Criterion, place: Place, check: Check, conditions: Conditions) -> Check:
    """Apply `when`: unknown means that the criterion applies, and the blocker names the field."""
    if criterion.when is None:
        return check
    when = conditions.test(criterion.when)

    def guarded(attempt: Attempt) -> Blocker | None:
        answer = when(attempt.scope)
        if answer is False:
            return None
        blocker = check(attempt)
        if blocker is None or not isinstance(answer, Unknown):
            return blocker
        if criterion.kind == "approval":
            return attrs.evolve(blocker, missing=(*blocker.missing, *answer.paths))
        missing = (*blocker.missing, *answer.paths)
        return _unmet(criterion, place, attempt, missing, tuple(blocker.actual), criterion.hint)

    return guarded


def _unmet(
    criterion: Criterion,
    place: Place,
    attempt: Attempt,
    missing: tuple[str, ...],
    reading: tuple[str, ...],
    hint: str,
    by_hand: Mapping[str, str] = _NONE,
) -> Blocker:
    missing, subject = tuple(dict.fromkeys(missing)), f"{attempt.subject}."
    named = (by_hand.get(path, path) for path in missing or reading)
    own = tuple(path.removeprefix(subject) for path in named if path.startswith(subject))
    return Blocker(
        criterion=criterion.id,
        kind=criterion.kind,
        title=criterion.title or criterion.id.replace("_", " "),
        hint=hint,
        missing=missing,
        actual={path: builtins(value(attempt.scope, path)) for path in reading},
        who=attempt.who(attempt.editors),
        file=place.file,
        line=place.line,
        fix=_set(attempt.case.id, own) if own else f"playbook show {attempt.case.id}",
        mode=criterion.mode,
    )


def _reason(hint: str, answer: object) -> str:
    return f"{hint} ({answer.message})".strip() if isinstance(answer, EvalError) else hint


def _set(case: str, fields: tuple[str, ...]) -> str:
    return f"playbook set {case} " + " ".join(f"{name}=..." for name in fields)
