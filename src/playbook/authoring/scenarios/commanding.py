"""What a step of a scenario asks for, as a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import InputError
from playbook.model.commands import (
    Advance,
    Approve,
    Assign,
    Back,
    Close,
    Do,
    Guide,
    Log,
    Merge,
    Open,
    Refuse,
    Reopen,
    Set,
    SetRecord,
    SkipActivity,
    Split,
    Waive,
)
from playbook.times import parse_date

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from playbook.model.commands import Command, RecordCommand
    from playbook.model.scenario import Step

Said = dict[str, Any]

_MAKERS: Mapping[str, Callable[[str, Any, Said], Command | RecordCommand]] = {
    "open": lambda case, what, said: Open("", said["playbook"], str(what), fields=_fields(said)),
    "set": lambda case, what, said: Set(case, what, _reason(said)),
    "do": lambda case, what, said: Do(case, what, said.get("outcome", ""), _fields(said)),
    "log": lambda case, what, said: Log(case, what, _fields(said), said.get("text", "")),
    "advance": lambda case, what, said: Advance(case, what or "", _reason(said)),
    "back": lambda case, what, said: Back(case, what, _reason(said)),
    "close": lambda case, what, said: Close(case, what, _fields(said), _reason(said)),
    "reopen": lambda case, what, said: Reopen(case, _reason(said)),
    "assign": lambda case, what, said: Assign(case, what),
    "approve": lambda case, what, said: Approve(case, what, said.get("note", "")),
    "refuse": lambda case, what, said: Refuse(case, what, _reason(said)),
    "waive": lambda case, what, said: Waive(case, what, _reason(said), _until(said)),
    "skip": lambda case, what, said: SkipActivity(case, what, _reason(said)),
    "split": lambda case, what, said: Split(case, what),
    "guide": lambda case, what, said: Guide(case),
    "record": lambda case, what, said: SetRecord(what, said.get("id", ""), _fields(said), _reason(said)),
    "merge": lambda case, what, said: Merge(what, said.get("keep", ""), said.get("other", "")),
}


def command(step: Step, case: str, playbook: str) -> Command | RecordCommand:
    """Return the command of a step on a case; one that opens another is of a playbook, unless the step says which."""
    return _MAKERS[step.verb](case, step.what, {"playbook": playbook, **step.said})


def in_words(step: Step, actor: str) -> str:
    """Return a step as one says it: `close lost as sam`."""
    if not step.verb:
        return "expect"
    what = "" if isinstance(step.what, dict) and step.verb != "set" else step.what
    if isinstance(what, dict):
        what = ", ".join(str(name) for name in what)
    said = " ".join(filter(None, (step.verb, str(what or ""))))
    about = step.said.get("of") or step.said.get("case")
    of = f" of {about}" if about else ""
    return f"{said}{of}" if step.verb == "wait" else f"{said}{of} as {actor}"


def _fields(said: Said) -> dict[str, Any]:
    fields: dict[str, Any] = said.get("with", {})
    return fields


def _reason(said: Said) -> str:
    return str(said.get("reason", ""))


def _until(said: Said) -> dt.date | None:
    try:
        return parse_date(str(said["until"])) if "until" in said else None
    except ValueError as error:
        raise InputError(f"until: {error}") from None
