"""What a playbook asks for, in words: who, how long, criteria, approvals, timers, actions.

The words of a language are a file of templates beside this module; what stands there of the playbook itself
(titles, texts) is in the language of the playbook, and what is code (conditions, ids) stays as it is written.
"""

from __future__ import annotations

import functools
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import attrs

from playbook.model.chances import settable
from playbook.model.organization import PRINCIPALS
from playbook.model.values import SHARES, percentage
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from playbook.model.playbook import Activity, Criterion, Field, MoveRule, Playbook, Stage
    from playbook.model.rules import Action, Approval, Assignment, Condition, Timer


class Code(str):
    """Hold a part of a phrase that is code: a condition or an id, as it stands in the file."""

    __slots__ = ()


Phrase = tuple[str, ...]
"""A text in parts: plain ones, and Code."""

_FOLDER = Path(__file__).parent / "words"
_PLACE = re.compile(r"\{(\w+)\}")


def flat(phrase: Phrase) -> str:
    """Return a phrase as one line of plain text."""
    return " ".join("".join(phrase).split())


LOCALES = tuple(sorted(file.stem for file in _FOLDER.glob("*.json")))
"""The languages that there are words in."""


def spoken(locale: str) -> str:
    """Return the language of LOCALES that a locale is written in; nothing where there are no words for it."""
    language = re.split("[-_]", locale)[0].lower()
    return language if language in LOCALES else ""


@functools.cache
def words(locale: str) -> Mapping[str, str]:
    """Return the templates of a language; those of English where there are none for it."""
    file = _FOLDER / f"{spoken(locale) or 'en'}.json"
    return cast("Mapping[str, str]", json.loads(file.read_text(encoding="utf-8")))


@attrs.frozen
class Wording:
    """Put the rules of one playbook into the words of a language."""

    playbook: Playbook
    words: Mapping[str, str]

    @classmethod
    def of(cls, playbook: Playbook, locale: str = "en") -> Wording:
        """Return the wording of a playbook in a language."""
        return cls(playbook, words(locale))

    def say(self, key: str, **parts: str | Phrase) -> Phrase:
        """Fill a template with phrases."""
        pieces = _PLACE.split(self.words[key])
        filled: list[str] = []
        for index, piece in enumerate(pieces):
            part = parts[piece] if index % 2 else piece
            filled += [part] if isinstance(part, str) else part
        return tuple(piece for piece in filled if piece)

    def row(self, phrases: Iterable[Phrase], joint: str = "and") -> Phrase:
        """Join phrases: a, b and c."""
        *some, last = phrases
        return self.say(joint, some=self.joined(some), last=last) if some else last

    def joined(self, phrases: Iterable[Phrase], joint: str = "comma") -> Phrase:
        """Join phrases by a sign."""
        found: list[str] = []
        for index, phrase in enumerate(phrases):
            found += [self.words[joint], *phrase] if index else phrase
        return tuple(found)

    # -- what things are called -----------------------------------------------------------------------

    def field(self, name: str) -> str:
        """Return the title of a field."""
        return _title(self.playbook.fields, name)

    def activity_title(self, name: str) -> str:
        """Return the title of an activity."""
        return _title((a for stage in self.playbook.stages for a in stage.activities), name)

    def stage(self, name: str) -> str:
        """Return the title of a stage."""
        return _title(self.playbook.stages, name)

    def fields(self, names: Iterable[str]) -> Phrase:
        """Return the titles of fields, in a row."""
        return self.joined((self.field(name),) for name in names)

    def person(self, principal: str) -> Phrase:
        """Return whoever a principal stands for."""
        if principal in PRINCIPALS:
            return (self.words[principal],)
        return (self.field(principal),)

    def who(self, principals: Iterable[str], joint: str = "or") -> Phrase:
        """Return several principals, one of whom may."""
        return self.row((self.person(one) for one in principals), joint)

    def lasting(self, duration: str) -> Phrase:
        """Return a length of time, or that of a parameter with its name."""
        if duration.startswith("$"):
            value = dict(self.playbook.parameters).get(duration[1:], "")
            return self.say("parameter", value=self.lasting(value), name=Code(duration))
        try:
            found = Duration.parse(duration)
        except ValueError:
            return (Code(duration),)
        return self.say(f"{'one' if found.count == 1 else 'some'}_{found.unit}", count=str(found.count))

    def when(self, said: Phrase, condition: Condition | None) -> Phrase:
        """Add the condition under which something holds."""
        return self.say("when", said=said, condition=Code(condition.text)) if condition else said

    def condition(self, condition: Condition | None) -> Phrase:
        """Return a condition as it is written; nothing where there is none."""
        return (Code(condition.text),) if condition else ()

    # -- criteria and approvals -----------------------------------------------------------------------

    def called(self, criterion: Criterion) -> str:
        """Return the title of a criterion."""
        return criterion.title or readable(criterion.id)

    def criterion(self, criterion: Criterion) -> Phrase:
        """Return what a criterion asks for."""
        said = self._asked(criterion)
        if criterion.mode != "block":
            said = self.say("only_warned" if criterion.mode == "warn" else "only_counted", said=said)
        return said if criterion.waivable else self.say("never_waived", said=said)

    def _asked(self, criterion: Criterion) -> Phrase:
        if criterion.approval is not None:
            return self.approval(criterion.approval, criterion.when)
        return self.when(self._wanted(criterion), criterion.when)

    def _wanted(self, criterion: Criterion) -> Phrase:
        if criterion.that is not None:
            return (Code(criterion.that.text),)
        if criterion.fields:
            return self.say("filled", fields=self.fields(criterion.fields))
        if criterion.done:
            return self.say("done", activity=self.activity_title(criterion.done))
        if criterion.unique:
            return self.say(f"unique_{criterion.among}", fields=self.fields(criterion.unique))
        return (Code(f"{criterion.kind} {written(criterion.options)}"),)

    def approval(self, approval: Approval, when: Condition | None = None) -> Phrase:
        """Return whose yes is needed, under which conditions, and what holds for it."""
        said = self.say("approved", who=self.approvers(approval))
        if approval.separate:
            said = self.say("separate", said=said)
        said = self.when(self.when(said, when), approval.when)
        if approval.remind:
            said = self.say("reminded", said=said, time=self.lasting(approval.remind))
        if approval.expires:
            said = self.say("holds_for", said=said, time=self.lasting(approval.expires))
        if approval.refused_back:
            said = self.say("refused_back", said=said, stage=self.stage(approval.refused_back))
        return said

    def approvers(self, approval: Approval) -> Phrase:
        """Return whose yes is needed."""
        people = [self.person(one) for one in approval.by]
        if approval.mode == "quorum":
            return self.say("of", needed=str(approval.needed), all=self.joined(people))
        if approval.mode == "in_order":
            return self.joined(people, "then_comma")
        return self.row(people, "and" if approval.mode == "all" else "or")

    # -- work, moves --------------------------------------------------------------------------------

    def activity(self, activity: Activity) -> Phrase:
        """Return an activity with how long there is for it, after what, and by whom."""
        said: Phrase = (activity.title or readable(activity.id),)
        if activity.due:
            said = self.say("within", said=said, time=self.lasting(activity.due))
        if activity.after:
            said = self.say("after", said=said, activity=self.activity_title(activity.after))
        if activity.assign:
            said = self.say("by", said=said, who=self.who(activity.assign))
        if activity.repeat:
            said = self.say("every", said=said, time=self.lasting(activity.repeat))
        if activity.once:
            said = self.say("once", said=said)
        return self.when(said, activity.when)

    def move(self, rule: MoveRule) -> Phrase:
        """Return who may move in a way beside forward, and how."""
        if not rule.by:
            return self.say("never")
        said = self.who(rule.by)
        if rule.reason:
            said = self.say("with_reason", said=said)
        if rule.not_to:
            said = self.say(
                "not_to", said=said, stages=self.joined((self.stage(name),) for name in rule.not_to)
            )
        if rule.within:
            said = self.say("within_close", said=said, time=self.lasting(rule.within))
        if rule.approval is not None:
            said = self.say("needs_yes", said=said, approval=self.approval(rule.approval))
        return said

    # -- what happens by itself -----------------------------------------------------------------------

    def timer(self, timer: Timer) -> Phrase:
        """Return when a timer strikes, what happens then, what stops it and what starts it again."""
        said = self.say(
            "timer", start=self.when(self.start(timer), timer.when), actions=self.actions(timer.then)
        )
        if timer.pauses_when is not None:
            said = self.say("paused", said=said, condition=Code(timer.pauses_when.text))
        if timer.resets_on:
            said = self.say("resets", said=said, events=self.row(map(self._reset, timer.resets_on), "or"))
        return said

    def start(self, timer: Timer) -> Phrase:
        """Return when a timer strikes."""
        time = self.lasting(timer.by)
        if timer.kind in ("in_stage", "idle"):
            return self.say(timer.kind, time=time)
        if not timer.activity:
            key = "before" if timer.kind == "before" else "after_field"
            return self.say(key, time=time, field=self.field(timer.field))
        activity = self.activity_title(timer.activity)
        if not timer.outcome:
            return self.say("after_done", time=time, activity=activity)
        return self.say("after_outcome", time=time, activity=activity, outcome=readable(timer.outcome))

    def _reset(self, event: str) -> Phrase:
        kind, _, name = event.partition(".")
        titles = {entry.id: entry.title for entry in self.playbook.entries}
        if kind == "entry":
            return self.say("reset_entry", entry=titles.get(name) or readable(name))
        return self.say("reset_field", field=self.field(name)) if name else self.say("reset_move")

    def actions(self, actions: Iterable[Action]) -> Phrase:
        """Return what happens, in order."""
        return self.row((self.action(action) for action in actions), "also")

    def action(self, action: Action) -> Phrase:
        """Return what happens by itself."""
        tell = _ACTIONS.get(action.verb)
        if tell is None:
            said = self.say("plugin", verb=readable(action.verb), options=Code(written(action.options)))
        else:
            said = tell(self, action)
        return self.when(said, action.when)

    def taker(self, action: Action) -> Phrase:
        """Return who gets a case: a principal, or one of a group; the owner where nobody is named."""
        if not action.pick:
            return self.who(action.who or ("owner",))
        territory = "own_territory" if action.territory == "match" else "territory"
        named = (("role", action.role), ("of_team", action.team), (territory, action.territory))
        group = (self.say(key, name=readable(name)) for key, name in named if name)
        return self.say("group", group=self.joined(group))

    def _notify(self, action: Action) -> Phrase:
        who = self.who(action.who, "and")
        return self.say("notify_say", who=who, say=action.say) if action.say else self.say("notify", who=who)

    def _set(self, action: Action) -> Phrase:
        return self.say("set", fields=self.row(self._set_to(one) for one in action.sets))

    def _set_to(self, one: Assignment) -> Phrase:
        if one.is_ is not None:
            said = one.is_.text
        else:
            field, value = settable(self.playbook.fields).get(one.field), one.value
            share = field is not None and field.type in SHARES and value is not None
            said = percentage(Decimal(str(value))) if share else written(value)
        return self.say("set_to", field=self.field(one.field), value=Code(said))

    def _schedule(self, action: Action) -> Phrase:
        activity = self.activity_title(action.target)
        if not action.due:
            return self.say("schedule", activity=activity)
        return self.say("schedule_due", activity=activity, time=self.lasting(action.due))

    def _open(self, action: Action) -> Phrase:
        return self.say("open", playbook=Code(action.target), who=self.taker(action))

    def _close(self, action: Action) -> Phrase:
        return self.say("close", stage=self.stage(action.target))

    def _advance(self, action: Action) -> Phrase:
        return (
            self.say("advance_to", stage=self.stage(action.target)) if action.target else self.say("advance")
        )


_ACTIONS: Mapping[str, Callable[[Wording, Action], Phrase]] = {
    "notify": Wording._notify,
    "assign": lambda wording, action: wording.say("assign", who=wording.taker(action)),
    "set": Wording._set,
    "schedule": Wording._schedule,
    "open": Wording._open,
    "close": Wording._close,
    "advance": Wording._advance,
    "webhook": lambda wording, action: wording.say("webhook", address=Code(action.target)),
}


def readable(name: str) -> str:
    """Return an id the way people write it."""
    return name.replace("_", " ")


def _title(parts: Iterable[Field | Activity | Stage], name: str) -> str:
    return next((part.title for part in parts if part.id == name and part.title), readable(name))


def written(value: Any, type_: str = "") -> str:
    """Return a value as the file could say it."""
    if isinstance(value, Decimal):
        return percentage(value) if type_ in SHARES else f"{value:f}"
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
