"""Events as sentences: who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.cli.output import clean, moment, paint, shown
from playbook.model.events import Assigned, Blocked, Changed, Finished, Logged, Moved, Opened
from playbook.process.codec import is_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.cli.words import Words
    from playbook.engine import HistoryItem


def sentence(words: Words, item: HistoryItem) -> str:
    """Return one event in words; when it was recorded is added where that was another day."""
    tell = _TELL.get(type(item.event))
    what = tell(words, item.event) if tell else f"caused {item.kind}"
    who = paint(words.person(item.actor), bold=True)
    late = ""
    if item.recorded.date() != item.at.date():
        late = paint(f" (recorded {moment(item.recorded, words.zone)})", dim=True)
    return f"{who} {what}{late}"


def logged(words: Words, kind: str, fields: Mapping[str, Any], text: str) -> str:
    """Return an entry in words."""
    known = words.definition.entry_fields(kind)
    parts = [
        f"{clean(known[name].title or name) if name in known else clean(name)} "
        f"{'(personal)' if is_sealed(value) else shown(value, words.zone, known.get(name))}"
        for name, value in fields.items()
    ]
    said = f": {clean(text)}" if text else ""
    return clean(kind) + (f" with {', '.join(parts)}" if parts else "") + said


def _opened(words: Words, event: Opened) -> str:
    owner = f" for {words.person(event.owner)}" if event.owner else ""
    values = f", with {_values(words, event.fields)}" if event.fields else ""
    verb = "brought it in" if event.historical else "opened it"
    return f"{verb}{owner} in {words.stage(event.stage)}{values}"


def _changed(words: Words, event: Changed) -> str:
    given = {name: value for name, value in event.fields.items() if value is not None}
    cleared = [words.field(name) for name, value in event.fields.items() if value is None]
    parts = [f"set {_values(words, given)}"] if given else []
    parts += [f"cleared {', '.join(cleared)}"] if cleared else []
    return " and ".join(parts) + _because(event.reason)


def _moved(words: Words, event: Moved) -> str:
    target = words.stage(event.target)
    if event.outcome:
        what = f"closed it as {event.outcome}"
    elif event.way == "back":
        what = f"moved it back from {words.stage(event.source)} to {target}"
    elif event.way == "skip":
        what = f"moved it from {words.stage(event.source)} straight to {target}"
    else:
        what = f"moved it from {words.stage(event.source)} to {target}"
    warned = f", in spite of {', '.join(map(clean, event.warned))}" if event.warned else ""
    return what + warned + _because(event.reason)


def _blocked(words: Words, event: Blocked) -> str:
    criteria = ", ".join(map(clean, event.criteria))
    return f"could not move it to {words.stage(event.target)}: {criteria}"


def _finished(words: Words, event: Finished) -> str:
    verb = "finished" if event.done else "tried"
    again = "" if event.done else "; it is planned again"
    return f"{verb} {words.path(event.activity)} ({clean(event.outcome)}){again}"


def _logged(words: Words, event: Logged) -> str:
    return f"logged {logged(words, event.kind, event.fields, event.text)}"


def _assigned(words: Words, event: Assigned) -> str:
    before = f", before that {words.person(event.before)}'s" if event.before else ""
    return f"gave it to {words.person(event.owner) if event.owner else 'nobody'}{before}"


def _values(words: Words, fields: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{words.field(name)} {'(personal)' if is_sealed(value) else words.value(name, value)}"
        for name, value in fields.items()
    )


def _because(reason: str) -> str:
    return f", because: {clean(reason)}" if reason else ""


_TELL: Mapping[type, Callable[[Words, Any], str]] = {
    Opened: _opened, Changed: _changed, Moved: _moved, Blocked: _blocked, Finished: _finished,
    Logged: _logged, Assigned: _assigned,
}  # fmt: skip
