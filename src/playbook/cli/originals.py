"""The playbooks that a command is about: named by file or id, in the project or without one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from playbook.errors import InputError, ProblemsFound, UnknownName

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.model.playbook import Playbook
    from playbook.reading.project import Project


def originals(session: Session, name: str) -> tuple[Project, list[Playbook]]:
    """Return the files and the playbooks that a file or an id names; all of the project where none is named.

    A file needs no project: then those beside it are its project. Raises UnknownName, InputError, ProblemsFound.
    """
    project = _project(session, name)
    found = list(project.playbooks.values())
    if name:
        same = {Path(name).resolve(), (session.folder / name).resolve()}
        found = [one for one in found if one.id == name or Path(one.file).resolve() in same]
        if not found:
            raise UnknownName("playbook", name, project.playbooks)
    files = {Path(one.file).resolve() for one in found}
    errors = (one for one in project.problems if one.severity == "error")
    broken = [one for one in errors if Path(one.span.file).resolve() in files]
    if broken:
        raise ProblemsFound(broken)
    return project, [one.value for one in found if one.value is not None]


def original(session: Session, name: str) -> Playbook:
    """Return the playbook that a file or an id names, or the only one of the project."""
    _, found = originals(session, name)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError("there is no playbook in this project: `playbook init` makes one to start from")
    raise InputError(f"there are several playbooks: name one of {', '.join(one.id for one in found)}")


def _project(session: Session, name: str) -> Project:
    """Return the files around; of a file that belongs to no project of ours, only its own mistakes count."""
    from playbook.checking import problems_of
    from playbook.reading.files import Folder, root_around
    from playbook.reading.project import Project, read_text

    file = Path(name)
    if session.has_project or not file.is_file():
        return session.files
    registry = session.registry
    project = Project.from_folder(root_around(file), **registry.for_files)
    files = Folder.around(file, registry.kinds)
    alone = read_text(file.read_text(encoding="utf-8"), str(file), files=files, **registry.for_files)
    return attrs.evolve(project, problems=problems_of(alone))
