"""A playbook or record in another language: the texts of a translation in the places of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.model.playbook import Playbook
    from playbook.model.record import Record

_TEXTS = frozenset(("title", "help", "hint", "say"))


class Fitting(dict[str, str]):
    """Hold the texts of a translation by path; `get` gives one only where it translates the text that is there.

    `source` has what was translated, by path; what it does not have fits any text.
    """

    def __init__(self, texts: Mapping[str, str], source: Mapping[str, str]) -> None:
        super().__init__(texts)
        self._source = source

    def get(self, path: str, now: Any = None) -> Any:
        """Return the text at a path in place of what stands there now."""
        return self[path] if path in self and self._source.get(path, now) == now else now


def translated_record(record: Record, texts: Mapping[str, str], locale: str) -> Record:
    """Return the kind of record with texts by path; others stay as they are."""
    said: Record = _said(record, "", texts)
    return attrs.evolve(said, locale=locale)


def translated(playbook: Playbook, texts: Mapping[str, str], locale: str) -> Playbook:
    """Return the playbook with texts by path, such as `stages.discovery.title`; others stay as they are."""
    said: Playbook = _said(playbook, "", texts)
    timers = tuple(
        _said(timer, f"{_holder(timer.stages, timer.id, texts)}timers.{timer.id}", texts)
        for timer in playbook.timers
    )
    children = tuple(
        attrs.evolve(rule, then=_told(rule.then, f"{_child(index, texts)}.{rule.outcome}", texts))
        for index, rule in enumerate(playbook.when_child)
    )
    return attrs.evolve(said, locale=locale, timers=timers, when_child=children)


def _said(value: Any, path: str, texts: Mapping[str, str]) -> Any:
    """Return a part of a playbook with the texts of its attributes, and of those below."""
    changed = {}
    for attribute in attrs.fields(type(value)):
        now = getattr(value, attribute.name)
        here = f"{path}.{attribute.name}" if path else attribute.name
        if attribute.name in _TEXTS:
            changed[attribute.name] = texts.get(here, now)
        elif attribute.name in ("guidance", "checklist"):
            changed[attribute.name] = _replaced(now, here, texts)
        elif attrs.has(type(now)) or (isinstance(now, tuple) and now):
            changed[attribute.name] = _told(now, here, texts)
    return attrs.evolve(value, **changed)


def _told(value: Any, path: str, texts: Mapping[str, str]) -> Any:
    if isinstance(value, tuple):
        return tuple(
            _said(one, _path(one, index, path), texts) if attrs.has(type(one)) else one
            for index, one in enumerate(value)
        )
    return _said(value, path, texts)


def _path(part: Any, index: int, path: str) -> str:
    """Return where a part of a list stands in the file: by its id, else by its position."""
    if getattr(part, "shared", False):
        return f"criteria.{part.id}"
    return f"{path}.{getattr(part, 'id', index)}"


def _replaced(value: Any, path: str, texts: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(item, f"{path}.{key}", texts) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_replaced(item, f"{path}.{index}", texts) for index, item in enumerate(value))
    return texts.get(path, value)


def _holder(stages: tuple[str, ...], timer: str, texts: Mapping[str, str]) -> str:
    """Return what stands before the path of a timer: one stage, where the translation has it there."""
    below = f"stages.{stages[0]}." if len(stages) == 1 else ""
    is_there = any(path.startswith(f"{below}timers.{timer}.") for path in texts)
    return below if below and is_there else ""


def _child(index: int, texts: Mapping[str, str]) -> str:
    """Return the path of what a follow-up case's end does: in a list by its position, else without one."""
    listed = f"when_child.{index}"
    return listed if any(path.startswith(f"{listed}.") for path in texts) else "when_child"
