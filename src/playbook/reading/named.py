"""A file that another names beside itself; it cannot lead out of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import Problem
from playbook.reading import codes
from playbook.reading.source import Source

if TYPE_CHECKING:
    from playbook.reading.files import Files
    from playbook.reading.source import Map


def named(source: Source, holder: Map, key: str, files: Files | None) -> Source | None:
    """Return the text of the file that is named under a key; report where there is none.

    Nothing is reported without `files`: a text by itself has nothing beside it.
    """
    if files is None:
        return None
    name = holder[key]
    shown = files.beside(source.file, name)
    span = source.value(holder, key)
    if shown is None:
        hint = "name it by its path from this file"
        source.report(codes.NAMED_FILE, f"{name!r} leads out of the project", span, hint)
        return None
    text = files.text(files.path(shown))
    if text is None:
        hint = "name it by its path from this file"
        source.report(codes.NAMED_FILE, f"there is no file {name!r}", span, hint)
    elif isinstance(text, Problem):
        source.problems.append(text)
    else:
        return Source(shown, text)
    return None
