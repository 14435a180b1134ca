"""Approvals as criteria: whose yes is there, whose is waited for, and what they are asked to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from playbook.errors import Blocker
from playbook.expressions import Unknown
from playbook.model.values import builtins
from playbook.process.answers import MOVES
from playbook.process.covering import value
from playbook.times import Duration

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from playbook.model.approving import Asked, Yes
    from playbook.model.case import Case
    from playbook.model.organization import Organization
    from playbook.model.playbook import Criterion
    from playbook.model.rules import Approval
    from playbook.process.compiled import Compiled
    from playbook.process.criteria import Attempt, Check, Test
    from playbook.process.definition import Place
    from playbook.process.references import Path
    from playbook.times import Calendar


class ApprovalRule(msgspec.Struct, frozen=True):
    """Hold an approval made ready: the criterion it belongs to, its condition, and how long a yes lasts."""

    criterion: Criterion
    approval: Approval
    place: Place
    covers: tuple[str, ...]
    steps: Mapping[str, Path]
    when: Test | None
    remind: Duration | None
    expires: Duration | None

    @classmethod
    def of(
        cls,
        criterion: Criterion,
        place: Place,
        covers: tuple[str, ...],
        steps: Mapping[str, Path],
        test: Callable[..., Test],
    ) -> ApprovalRule:
        """Make the rule of a criterion that has an approval; raises ValueError for another."""
        approval = criterion.approval
        if approval is None:
            raise ValueError(f"criterion {criterion.id} has no approval")
        lasting = approval.expires or criterion.expires
        return cls(
            criterion,
            approval,
            place,
            covers,
            steps,
            None if approval.when is None else test(approval.when),
            Duration.parse(approval.remind) if approval.remind else None,
            Duration.parse(lasting) if lasting else None,
        )

    def complete(self, yes: tuple[Yes, ...]) -> bool:
        """Return whether these are all the yeses that are needed."""
        if self.approval.mode == "any":
            return bool(yes)
        if self.approval.mode == "quorum":
            return len({one.by for one in yes}) >= self.approval.needed
        return not self.waiting(yes)

    def waiting(self, yes: tuple[Yes, ...]) -> tuple[str, ...]:
        """Return the principals whose yes is waited for; in order, only those are asked who come next."""
        if self.approval.mode in ("any", "quorum"):
            return self.approval.by
        given = {principal for one in yes for principal in one.principals}
        return tuple(principal for principal in self.approval.by if principal not in given)


def approval_check(rule: ApprovalRule, target: str = "") -> Check:
    """Return the check that an approval was given, for a move to the target where one is named."""
    name = rule.criterion.id

    def check(attempt: Attempt) -> Blocker | None:
        answer = True if rule.when is None else rule.when(attempt.scope)
        if answer is False:
            return None
        asked = attempt.case.approvals.get(name)
        now = attempt.scope.now
        if asked is not None and asked.complete and not asked.expired(now) and target in ("", asked.target):
            return None
        unknown = answer.paths if isinstance(answer, Unknown) else ()
        return _blocker(rule, attempt, asked, unknown)

    return check


def _blocker(rule: ApprovalRule, attempt: Attempt, asked: Asked | None, missing: tuple[str, ...]) -> Blocker:
    criterion, name = rule.criterion, rule.criterion.id
    asker = asked.by if asked is not None and asked.pending else attempt.scope.roots["actor"].get("id")
    yes = asked.yes if asked is not None and asked.pending else ()
    who = _who(rule, attempt, yes, asker)
    return Blocker(
        criterion=name,
        kind="approval",
        title=criterion.title or f"{name.replace('_', ' ')} needs approval",
        hint=". ".join(filter(None, (criterion.hint, _so_far(asked, attempt.scope.now)))),
        missing=missing,
        actual={path: builtins(value(attempt.scope, path, rule.steps)) for path in rule.covers},
        who=who,
        file=rule.place.file,
        line=rule.place.line,
        fix=f"playbook approve {attempt.case.id} {name} --as {who[0] if who else 'WHO'}",
        mode=criterion.mode,
    )


def waited_for(rule: ApprovalRule, attempt: Attempt, asked: Asked) -> tuple[str, ...]:
    """Return the people whose answer is waited for, those who stand in for them too; roles stay roles."""
    return _who(rule, attempt, asked.yes, asked.by) if asked.pending else ()


def _who(rule: ApprovalRule, attempt: Attempt, yes: tuple[Yes, ...], asker: str) -> tuple[str, ...]:
    waiting = rule.waiting(yes)
    people = attempt.who(waiting[:1] if rule.approval.mode == "in_order" else waiting)
    if rule.approval.delegate:
        people = with_delegates(people, attempt.organization, attempt.scope.today)
    barred = {one.by for one in yes} | ({attempt.case.owner, asker} if rule.approval.separate else set())
    return tuple(name for name in people if name not in barred)


def with_delegates(people: tuple[str, ...], organization: Organization, today: dt.date) -> tuple[str, ...]:
    """Return the people, and behind each who is away on the day those who stand in for them."""
    found = dict.fromkeys(people)
    queue = list(people)
    while queue:
        person = organization.people.get(queue.pop(0))
        away = None if person is None else person.absence(today)
        if away is not None and away.delegate and away.delegate not in found:
            found[away.delegate] = None
            queue.append(away.delegate)
    return tuple(found)


def _so_far(asked: Asked | None, now: dt.datetime) -> str:
    if asked is None:
        return ""
    if asked.no is not None:
        return f"{asked.no.by} refused: {asked.no.note}"
    said = ", ".join(one.by for one in asked.yes)
    if asked.complete and asked.expired(now):
        return f"The yes of {said} has expired"
    return f"{said} said yes" if said else f"{asked.by} asked on {asked.at.date().isoformat()}"


def newly_asked(case: Case, target: str, blockers: list[Blocker]) -> tuple[str, ...]:
    """Return the approvals that a refused attempt asks for: those that nobody is waiting for yet."""
    return tuple(
        name for name in (blocker.criterion for blocker in blockers if blocker.kind == "approval")
        if not _waiting(case.approvals.get(name), name, target)
    )  # fmt: skip


def _waiting(asked: Asked | None, name: str, target: str) -> bool:
    """Return whether an answer is waited for; to a move it is one for that very move."""
    if asked is None or not asked.pending:
        return False
    return target == asked.target or not name.startswith(MOVES)


def reminders(case: Case, definition: Compiled, calendar: Calendar) -> tuple[tuple[str, dt.datetime], ...]:
    """Return when to remind of the approvals that are waited for, by criterion; `remind` counts from the asking."""
    due: list[tuple[str, dt.datetime]] = []
    for name, asked in case.approvals.items():
        rule = definition.approvals.get(name)
        here = asked.pending and asked.stage == case.stage  # nobody waits for it in a stage that was left
        if here and rule is not None and rule.remind is not None:
            due.append((name, calendar.add(asked.at, rule.remind)))
    return tuple(due)


def spoken_for(
    rule: ApprovalRule, asked: Asked, may: Callable[[str], bool]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the principals in whose place someone can speak now, and those whose turn comes later."""
    waiting = rule.waiting(asked.yes)
    mine = tuple(principal for principal in waiting if may(principal))
    if rule.approval.mode != "in_order":
        return mine, ()
    turn = []
    for principal in waiting:
        if principal not in mine:
            break
        turn.append(principal)
    return tuple(turn), () if turn else mine
