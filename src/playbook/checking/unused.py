"""Advice on what nothing uses, and on criteria that describe the seller's effort instead of the buyer's evidence."""

from __future__ import annotations

import difflib
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from playbook.checking.found import key_problem, problem
from playbook.checking.parts import activities, criteria, playbook_of
from playbook.expressions import load
from playbook.reading import codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.checking.found import Check
    from playbook.errors import Problem
    from playbook.model.playbook import Activity, Criterion, Playbook
    from playbook.reading.project import Project, Reading

_WORD = re.compile(r"[A-Za-z_]\w*")
_PARAMETER = re.compile(r"(?m)^[^#\n]*?\$([a-z]\w*)")
_MOST = 200
"""How many words are looked at for one that is misspelt."""

_OWN = ("call", "email", "meeting", "note")
"""Entries that say what the seller did."""

_EFFORT = frozenset(("call", "email", "task"))
"""Kinds of activity that are done when the seller did them, whatever the buyer said."""


def unused(reading: Reading[Playbook], project: Project | None) -> Iterator[Problem]:
    """Find what nothing uses; of very much, as much as one would read."""
    return itertools.islice(_unused(reading, project), 50)


def _unused(reading: Reading[Playbook], project: Project | None) -> Iterator[Problem]:
    """Find fields that nothing asks for or reads, parameters that nothing names, criteria that no stage takes.

    A word anywhere in the file counts, also in a text and in the options of a plugin: what is silent is right.
    """
    playbook = playbook_of(reading)
    words = _words(reading.source.root)
    if project is not None:  # alone, a file does not say who copies a field, imports it or counts by it
        yield from _unused_fields(reading, project, words)
    parameters = [name for name, _ in playbook.parameters]
    misspelt = set(_PARAMETER.findall(reading.source.text)) - set(parameters)
    for name in parameters if not misspelt else ():
        if words[name] < 2 + sum(name == one for segment in playbook.segments for one, _ in segment.set):
            hint = f"write ${name} in a condition or where a timer waits, or remove it"
            message = f"nothing reads parameter {name!r}"
            yield key_problem(reading, codes.UNUSED, message, ("parameters", name), hint, "advice")
    taken = {item.id for stage in playbook.stages for item in (*stage.entry, *stage.exit) if item.shared}
    for criterion in playbook.criteria:
        if criterion.id not in taken and not _misspelt(criterion.id, words):
            message = f"no stage takes criterion {criterion.id!r}"
            hint = f"write `{criterion.id}: shared` under `entry` or `exit` of a stage, or remove it"
            yield key_problem(reading, codes.UNUSED, message, ("criteria", criterion.id), hint, "advice")


def _unused_fields(reading: Reading[Playbook], project: Project, words: Counter[str]) -> Iterator[Problem]:
    playbook = playbook_of(reading)
    parts = set(attrs.astuple(playbook.about))
    alone = [
        field.id
        for field in playbook.fields
        if not (field.is_ is not None or field.required_from or field.editable_after_close)
        and words[field.id] < 2
        and field.id not in parts
    ]
    # Reading all other files for every playbook is most of the work of a check, and seldom needed.
    elsewhere = _of_others(playbook, project) if alone else set()
    for name in alone:
        if name not in elsewhere and not _misspelt(name, words):
            message = f"nothing asks for field {name!r}, and nothing reads it"
            hint = "ask for it in a criterion or a form, or remove it"
            yield key_problem(reading, codes.UNUSED, message, ("fields", name), hint, "advice")


def _misspelt(name: str, words: Counter[str]) -> bool:
    """Return whether a word may stand for the name, misspelt; that has its own Problem."""
    others = [word for word in words if word != name and abs(len(word) - len(name)) < 3]
    return bool(difflib.get_close_matches(name, others[:_MOST], n=1, cutoff=0.8))


def _words(tree: Any) -> Counter[str]:
    """Return how often each word stands in keys and values."""
    found: Counter[str] = Counter()
    left = [tree]
    while left:
        here = left.pop()
        if isinstance(here, dict):
            left += (*here, *here.values())
        elif isinstance(here, list):
            left += here
        elif isinstance(here, str):
            found.update(_WORD.findall(here))
    return found


def _of_others(playbook: Playbook, project: Project) -> set[str]:
    """Return the fields of a playbook that other files of the project know."""
    found: set[str] = set()
    for mapping in project.mappings.values():
        if mapping.value is not None and mapping.value.into == playbook.id:
            found |= set(mapping.value.columns.fields)
    others = [one for one in project.playbooks.values() if one.id != playbook.id]
    kinds = [one for kind in project.others.values() for one in kind.values()]
    for other in (*others, *kinds, project.organization, *project.records.values()):
        if other is not None and other.source.root is not None:
            found |= set(_words(other.source.root))
    return found


def sellers_effort(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find criteria of a sale that are met by what the seller did alone."""
    playbook = playbook_of(reading)
    if not playbook.about.amount or all(stage.final != "won" for stage in playbook.stages):
        return
    done = {activity.id: activity for _, activity in activities(playbook)}
    for path, criterion in criteria(playbook):
        said, key = _effort(criterion, done)
        if said and path[-2] != "entry":
            message = f"{said}, whatever the buyer says"
            hint = (
                "ask for what shows that the buyer moved: their words, a date, a name, an answer as outcome"
            )
            yield problem(reading, codes.SELLERS_EFFORT, message, (*path, key), hint, "advice")


def _effort(criterion: Criterion, done: Mapping[str, Activity]) -> tuple[str, str]:
    """Return what the seller's effort is that meets a criterion, and the key that asks for it."""
    if criterion.mode != "block":
        return "", ""
    activity = done.get(criterion.done)
    if activity is not None and activity.kind in _EFFORT and not (activity.outcomes or activity.form):
        article = "an" if activity.kind[0] in "aeiou" else "a"
        return f"{article} {activity.kind} that the seller finished is enough", "done"
    tree = criterion.that.tree if criterion.that is not None else None
    node = load(tree) if tree is not None else None
    if node is None or node.op not in ("ge", "gt", "eq") or node.args[0].op != "call":
        return "", ""
    name, *arguments = node.args[0].args
    if name == "count" and arguments[0].op == "string" and arguments[0].args[0] in _OWN:
        return f"a number of {arguments[0].args[0]}s that the seller logged is enough", "that"
    return "", ""


ADVICE_CHECKS: tuple[Check, ...] = (unused, sellers_effort)
