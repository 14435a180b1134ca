"""Checks of a translation against the file whose texts it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.checking.found import unknown
from playbook.errors import nearest_hint
from playbook.reading import codes
from playbook.reading.translating import texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.translation import Translation
    from playbook.reading.project import Project, Reading


def translated(project: Project, translation: Translation) -> Reading[Any] | None:
    """Return the playbook or record whose texts a translation has, or None where there is none."""
    return project.playbooks.get(translation.id) or project.records.get(translation.id)


def stale_and_unknown(reading: Reading[Translation], project: Project | None) -> Iterator[Problem]:
    """Find texts of what is not there, and those of what says something else now."""
    translation = reading.value
    assert translation is not None
    if project is None:
        return
    original = translated(project, translation)
    names: dict[Path, str] = {("translation",): translation.id}
    known = (*project.playbooks, *project.records)
    yield from unknown(reading, codes.UNKNOWN_PLAYBOOK, "playbook or record", names, known)
    if original is None or original.value is None:
        return
    texts = texts_of(original)
    for path, span in reading.where.items():
        if path not in texts:
            message = f"{original.file} has no text at {path}"
            hint = nearest_hint(path, texts).removeprefix("; ")
            yield reading.source.problem(codes.UNKNOWN_TEXT, message, span, hint)
    for path, was in translation.source.items():
        if path in translation.texts and path in texts and texts[path] != was:
            message = f"this translates {was!r}, and now it says {texts[path]!r}"
            hint = "translate it anew, and remove the path under `source`"
            place = reading.where[path]
            yield reading.source.problem(codes.STALE_TEXT, message, place, hint, "warning")


TRANSLATION_CHECKS: tuple[Check, ...] = (stale_and_unknown,)
