"""What happens by itself as sentences: timers, notices, actions, follow-up cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.cli.output import clean, moment
from playbook.model.events import (
    ActionRefused,
    ChildEnded,
    ChildReopened,
    Linked,
    Noticed,
    Plan,
    Planned,
    Posted,
    TimerFired,
    TimerPaused,
    TimersArmed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.cli.words import Words

REMINDER = "remind:"
APPROVAL = "approval."


def _planned(words: Words, event: Planned) -> str:
    return "planned " + ", ".join(_plan(words, plan) for plan in event.plans)


def _plan(words: Words, plan: Plan) -> str:
    due = f" by {moment(plan.due, words.zone)}" if plan.due is not None else ""
    who = f" for {words.person(plan.assignee)}" if plan.assignee else ""
    return words.path(plan.id) + who + due


def _noticed(words: Words, event: Noticed) -> str:
    to = words.people(event.to) or "nobody, for there was nobody to tell"
    if event.about.startswith(APPROVAL):
        return f"reminded {to} of {words.criterion(event.about.removeprefix(APPROVAL))}"
    return f"told {to}" + (f": {clean(event.say)}" if event.say else f" of {_where(event.about)}")


def _posted(words: Words, event: Posted) -> str:
    return f"asked to tell {clean(event.url)} of {_where(event.about)}"


def _fired(words: Words, event: TimerFired) -> str:
    if event.timer.startswith(REMINDER):
        return f"saw that {words.criterion(event.timer.removeprefix(REMINDER))} was still waited for"
    return f"struck {clean(event.timer)}, due {moment(event.due, words.zone)}"


def _paused(words: Words, event: TimerPaused) -> str:
    return f"paused {clean(event.timer)}" if event.paused else f"let {clean(event.timer)} go on"


def _armed(words: Words, event: TimersArmed) -> str:
    return f"started the timers as of {moment(event.since, words.zone)}"


def _action_refused(words: Words, event: ActionRefused) -> str:
    return f"could not do what {_where(event.action)} says: {clean(event.message)}"


def _linked(words: Words, event: Linked) -> str:
    return f"opened {_child(event)} to follow it up"


def _child_ended(words: Words, event: ChildEnded) -> str:
    return f"saw {_child(event)} end" + (f" as {event.outcome}" if event.outcome else "")


def _child_reopened(words: Words, event: ChildReopened) -> str:
    return f"saw {_child(event)} opened again"


def _child(event: Linked | ChildEnded | ChildReopened) -> str:
    """Return a follow-up case by its playbook, and its id where one may see it."""
    return f"{clean(event.playbook)} {clean(event.child) or '(which you do not see)'}"


def _where(path: str) -> str:
    """Return where an action is written, without its number."""
    return clean(path.rpartition(".")[0] or path)


TELL: Mapping[type, Callable[[Words, Any], str]] = {
    Planned: _planned, Noticed: _noticed, Posted: _posted, TimerFired: _fired, TimerPaused: _paused,
    TimersArmed: _armed, ActionRefused: _action_refused, Linked: _linked, ChildEnded: _child_ended,
    ChildReopened: _child_reopened,
}  # fmt: skip
"""How each kind of event is told, by its class."""
