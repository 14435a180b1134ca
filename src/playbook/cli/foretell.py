"""What a playbook will do by itself, as sentences: the actions of a timer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.cli.output import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.cli.words import Words
    from playbook.model.rules import Action, Assignment


def struck(words: Words, timer: str) -> list[str]:
    """Return what a timer of the case's definition does when it strikes, one sentence for each action."""
    automation = words.definition.automation
    found = automation.timers.get(timer) if automation is not None else None
    return [] if found is None else [told(words, action) for action in found.then]


def told(words: Words, action: Action) -> str:
    """Return what an action does, and on which condition."""
    tell = _VERBS.get(action.verb)
    what = tell(words, action) if tell else f"does {clean(action.verb.replace('_', ' '))}"
    return what + (f" if {clean(action.when.text)}" if action.when is not None else "")


def _notify(words: Words, action: Action) -> str:
    return f"tells {_whom(words, action)}" + (f": {clean(action.say)}" if action.say else "")


def _assign(words: Words, action: Action) -> str:
    return f"gives it to {_whom(words, action)}"


def _whom(words: Words, action: Action) -> str:
    if action.who:
        return ", ".join(map(words.principal, action.who))
    parts = (action.role.replace("_", " "), action.team, action.territory)
    return f"someone of {', '.join(clean(part) for part in parts if part)}" if any(parts) else "someone"


def _set(words: Words, action: Action) -> str:
    return "sets " + _sets(words, action)


def _sets(words: Words, action: Action) -> str:
    return ", ".join(_given(words, given) for given in action.sets)


def _given(words: Words, given: Assignment) -> str:
    if given.is_ is not None:
        return f"{words.field(given.field)} to what {clean(given.is_.text)} comes to"
    return f"{words.field(given.field)} to {words.stored(given.field, given.value)}"


def _schedule(words: Words, action: Action) -> str:
    return f"plans {words.path(action.target)}"


def _open(words: Words, action: Action) -> str:
    who = f" for {_whom(words, action)}" if action.who else ""
    return f"opens a case of {clean(action.target)}{who}"


def _close(words: Words, action: Action) -> str:
    sets = f", with {_sets(words, action)}" if action.sets else ""
    return f"closes it in {words.stage(action.target)}{sets}"


def _advance(words: Words, action: Action) -> str:
    to = f" to {words.stage(action.target)}" if action.target else ""
    return f"moves it on{to}, where nothing is in the way"


def _webhook(words: Words, action: Action) -> str:
    return f"tells {clean(action.target)}"


_VERBS: Mapping[str, Callable[[Words, Action], str]] = {
    "notify": _notify, "assign": _assign, "set": _set, "schedule": _schedule, "open": _open, "close": _close,
    "advance": _advance, "webhook": _webhook,
}  # fmt: skip
