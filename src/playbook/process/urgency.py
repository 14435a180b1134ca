"""What to do now: how urgent a case is, for what reasons, and which single step would help. Pure.

The bands, most urgent first:

- `overdue`: work or an answer that was due before now, or an expected close before today;
- `today`: work, an answer, an expected close or a timer that changes the case falls due by the end of today;
- `stale`: quiet for longer than the idle timers of its stage allow; where it has none, for 30 days;
- `reach`: nothing, or one thing alone, stands between the case and its next stage.

An answer to an approval is due every day until it comes, and overdue once its `remind` has passed. Days are those of
the organization's zone. Within a band the earliest comes first: what was due or asked for first, what has been
quiet the longest, what is expected to close first.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from playbook.model.case import OPEN
from playbook.process.answers import MOVES
from playbook.process.automation import Armed
from playbook.process.standing import standing_approvals
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.errors import Blocker
    from playbook.model.case import Case
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World

_FIRST_DAY = dt.date.min + dt.timedelta(2)

BANDS = ("overdue", "today", "stale", "reach")
"""How urgent a case can be, the most urgent first."""

STALE_AFTER = Duration(30, "d")
"""How long a case may be quiet in a stage whose playbook says nothing about it."""

TELLING = frozenset(("notify", "webhook"))
"""The verbs of actions that tell somebody and change nothing."""


class Reason(msgspec.Struct, frozen=True):
    """Say why a case is urgent.

    `kind` is activity, approval, expected_close, timer, idle, ready or a blocker's; `what` names the activity, the
    criterion or the timer; `at` is when it was or is due, or since when it is so; `who` are the people who can do
    it, and `fix` is a command line that helps.
    """

    band: str
    kind: str
    what: str
    title: str
    at: dt.datetime
    who: tuple[str, ...]
    fix: str


class Moment(msgspec.Struct, frozen=True):
    """Hold when it is, and when the day ends in the organization's zone."""

    now: dt.datetime
    ends: dt.datetime
    world: World

    @classmethod
    def of(cls, at: dt.datetime, world: World) -> Moment:
        """Return a moment in an organization."""
        return cls(at, world.midnight(world.day(at) + dt.timedelta(days=1)), world)

    def band(self, due: dt.datetime) -> str:
        """Return how urgent it is what falls due at a time; "" where that is on another day."""
        return "overdue" if due <= self.now else "today" if due < self.ends else ""


def urgent(definition: Compiled, case: Case, moment: Moment, expected: dt.date | None) -> tuple[Reason, ...]:
    """Return why a case is overdue, due today or stale, the most urgent reason first.

    `expected` is the day on which it is expected to close, None where that is not known or not to be seen.
    """
    if case.outcome != OPEN:
        return ()
    found = [*_work(definition, case, moment), *_expected(definition, case, moment, expected)]
    if case.approvals:
        found += _answers(definition, case, moment)
    if definition.automation is not None and definition.automation.timers:
        found += _timers(definition, case, moment)
    quiet = stale(definition, case, moment.world)
    if quiet is not None and quiet.due <= moment.now:
        found.append(
            _reason("stale", "idle", quiet.timer, "quiet", quiet.base, case, f"playbook why {case.id}")
        )
    return tuple(sorted(found, key=lambda one: (BANDS.index(one.band), one.at, one.kind, one.what)))


def stale(definition: Compiled, case: Case, world: World) -> Armed | None:
    """Return since when a case is quiet and from when on that makes it stale; None where it never does."""
    automation = definition.automation
    if automation is not None:
        rules = list(automation.idle(case, lambda at: definition.scope(case, "system", at, world), world))
        if rules:
            told = [rule for rule in rules if rule is not None]
            return min(told, key=lambda rule: (rule.due, rule.timer), default=None)
    calendar = world.calendar_of(case.owner, case.team, case.last)
    try:
        return Armed("", case.touched, calendar.add(case.touched, STALE_AFTER))
    except OverflowError:
        return None  # beyond the calendar: a time that never comes


def within_reach(case: Case, blockers: tuple[Blocker, ...]) -> Reason | None:
    """Return that a case can move on, or the one thing that stands in the way; None where there are more."""
    if not blockers:
        fix = f"playbook advance {case.id}"
        return Reason("reach", "ready", "", "can move on", case.entered, _owner(case), fix)
    if len(blockers) > 1:
        return None
    (only,) = blockers
    who = only.who or _owner(case)
    return Reason("reach", only.kind, only.criterion, only.title, case.entered, who, only.fix)


def cheapest(blockers: Iterable[Blocker], actor: str) -> Blocker | None:
    """Return the blocker that costs least to mend: one the actor can mend, best by writing it down.

    Then comes work, then what has to become another than it is, and last the answer of someone else, which has to be
    waited for. None where no command would help.
    """
    ranked = [(_cost(one, actor), n, one) for n, one in enumerate(blockers) if one.fix]
    return min(ranked, key=lambda entry: entry[:2])[2] if ranked else None


def _cost(blocker: Blocker, actor: str) -> tuple[bool, int, int]:
    if blocker.kind == "wrong_state":  # while it stands, nothing else helps
        return False, -1, 0
    theirs = bool(blocker.who) and actor in blocker.who
    writing = bool(blocker.missing) and blocker.fix.startswith(("playbook set ", "playbook record "))
    effort = 3 if blocker.kind == "approval" else 0 if writing else 1 if blocker.kind == "activity" else 2
    return not theirs, effort, len(blocker.missing)


def _work(definition: Compiled, case: Case, moment: Moment) -> Iterator[Reason]:
    for task in case.tasks:
        if task.status == OPEN and task.due is not None and (band := moment.band(task.due)):
            activity = definition.activities.get(task.id)
            title = activity.title if activity is not None and activity.title else task.id.replace("_", " ")
            who = (task.assignee,) if task.assignee else ()
            fix = f"playbook do {case.id} {task.id}"
            yield _reason(band, "activity", task.id, title, task.due, case, fix, who)


def _answers(definition: Compiled, case: Case, moment: Moment) -> Iterator[Reason]:
    for one in standing_approvals(definition, case, moment.now, moment.world):
        name, here = one.criterion, one.asked.stage == case.stage or one.criterion.startswith(MOVES)
        if one.state == "asked" and here:
            title = definition.approvals[name].criterion.title or name.replace("_", " ")
            band = "overdue" if one.remind is not None and one.remind <= moment.now else "today"
            fix = f"playbook approve {case.id} {name} --as {one.waiting[0] if one.waiting else 'WHO'}"
            yield Reason(band, "approval", name, title, one.asked.at, one.waiting, fix)


def _expected(definition: Compiled, case: Case, moment: Moment, expected: dt.date | None) -> Iterator[Reason]:
    today = moment.world.day(moment.now)
    if expected is not None and expected <= today:
        name = definition.expected_close
        field = definition.fields.get(name)
        title = field.title if field is not None and field.title else name.replace("_", " ")
        fix = f"playbook set {case.id} {name}=..."
        band = "overdue" if expected < today else "today"
        yield _reason(
            band, "expected_close", name, title, moment.world.midnight(max(expected, _FIRST_DAY)), case, fix
        )


def _timers(definition: Compiled, case: Case, moment: Moment) -> Iterator[Reason]:
    automation = definition.automation
    for one in definition.armed(case, moment.world):
        acts = automation is not None and any(
            a.verb not in TELLING for a in automation.timers[one.timer].then
        )
        if acts and one.due < moment.ends:
            fix = f"playbook why {case.id}"
            yield _reason("today", "timer", one.timer, one.timer.replace("_", " "), one.due, case, fix)


def _reason(
    band: str,
    kind: str,
    what: str,
    title: str,
    at: dt.datetime,
    case: Case,
    fix: str,
    who: tuple[str, ...] = (),
) -> Reason:
    return Reason(band, kind, what, title, at, who or _owner(case), fix)


def _owner(case: Case) -> tuple[str, ...]:
    return (case.owner,) if case.owner else ()
