"""Checks of values that are carried along: into a follow-up case, and into a case that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.checking.found import problem
from playbook.checking.parts import actions, playbook_of
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Check
    from playbook.errors import Problem
    from playbook.model.playbook import Field, Playbook
    from playbook.reading.project import Project, Reading

_WORDS = frozenset(("text", "choice", "email", "phone", "link", "file"))
"""Types whose values a text takes as they are."""


def copies_that_do_not_fit(reading: Reading[Playbook], project: Project | None) -> Iterator[Problem]:
    """Find fields of follow-up cases that do not take the values which are copied into them."""
    if project is None:
        return
    mine = {field.id: field for field in playbook_of(reading).fields}
    known = {"", *project.records, *project.playbooks}
    for path, action, _ in actions(reading):
        found = project.playbooks.get(action.target) if action.verb == "open" else None
        if found is None or found.value is None:
            continue
        theirs = {field.id: field for field in found.value.fields}
        for to, source in action.copy:
            if to not in theirs or source not in mine or not {theirs[to].to, mine[source].to} <= known:
                continue  # what is misspelt is told elsewhere
            why = _unfit(theirs[to], mine[source])
            if why:
                message = f"{to!r} of playbook {action.target!r} {why}: the case would not be opened"
                where, hint = (*path, "copy", to), "make both fields the same, or leave it out"
                yield problem(reading, codes.ACTION_REFUSED, message, where, hint, severity="warning")


def _unfit(to: Field, source: Field) -> str:
    """Return why a field does not take every value of another; nothing where it does."""
    if to.is_ is not None:
        return "is computed"
    if to.type == "text" and source.type in _WORDS:
        return ""
    if to.type != source.type:
        return f"is {to.type}, and {source.id!r} is {source.type}"
    if to.to != source.to:
        return f"refers to {to.to}, and {source.id!r} to {source.to}"
    strange = [str(option) for option in source.options if option not in to.options]
    if strange:
        return f"has no option {', '.join(map(repr, strange))}, which {source.id!r} may be"
    if to.of is not None and source.of is not None:
        return (
            _unfit(to.of, source.of) and f"is a list of {to.of.type}, and {source.id!r} of {source.of.type}"
        )
    return ""


def sets_after_the_end(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find fields that are set where a case has ended and that may not change any more."""
    fields = {field.id: field for field in playbook_of(reading).fields}
    for path, action, there in actions(reading):
        ended = there and all(stage.final for stage in there) and "on_exit" not in path
        if action.verb != "set" or not ended:
            continue
        for one in action.sets:
            field = fields.get(one.field)
            if field is not None and not field.editable_after_close:
                message = f"{one.field!r} cannot change any more where a case has ended"
                hint = "write `editable_after_close: true` on the field, or set it before"
                where = (*path, "set", one.field)
                yield problem(reading, codes.ACTION_REFUSED, message, where, hint, severity="warning")


CARRYING_CHECKS: tuple[Check, ...] = (copies_that_do_not_fit, sets_after_the_end)
