"""Drafts: files that are read and checked beside the project's, and not published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from playbook.errors import InputError, Problem, ProblemsFound, UnknownName
from playbook.model.values import canonical
from playbook.reading.project import Project

if TYPE_CHECKING:
    from playbook.cli.session import Session


@attrs.frozen
class Drafted:
    """Hold what a file says that is not published: plain values, as `Engine.published` has them of those that are.

    `problems` are what the checker warns of.
    """

    id: str
    said: Any
    file: str
    problems: tuple[Problem, ...] = ()


def drafted(session: Session, kind: str, named: str) -> Drafted:
    """Return a draft by its path, or by its id among the project's files; raises as `Session.draft` does."""
    from playbook.checking import problems_of

    path = Path(named)
    if not path.is_file():
        known = session.files.readings(kind)
        if named not in known:
            raise UnknownName(f"file or {kind}", named, known)
        return _said(session.files, session.files.problems, kind, known[named].file)
    project = Project.from_folder(session.folder, str(path), **session.registry.for_files)
    return _said(project, problems_of(project), kind, str(path))


def _said(project: Project, problems: tuple[Problem, ...], kind: str, file: str) -> Drafted:
    mine = tuple(problem for problem in problems if problem.span.file == file)
    if any(problem.severity == "error" for problem in mine):
        raise ProblemsFound(mine)
    for reading in project.readings(kind).values():
        if reading.file == file and reading.value is not None:
            return Drafted(reading.id, msgspec.json.decode(canonical(reading.value)), file, mine)
    raise InputError(f"{file} is no {kind}: the first key of one is `{kind}:`")
