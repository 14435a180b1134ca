"""Projects to start from: the smallest one, and one for each playbook that ships, with those it opens cases of."""

from __future__ import annotations

import functools
import itertools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from playbook.errors import ProblemsFound, UnknownName
from playbook.reading.project import Project, read_text
from playbook.reading.schema import schema
from playbook.shipping import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbook.model.playbook import Playbook
    from playbook.model.scenario import Scenario
    from playbook.plugins import Registry

MINIMAL = "minimal"
"""The template that is taken where none is named."""

_HERE = Path(__file__).parent
_AROUND = {
    "gitignore": ".gitignore",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "workflow.yml": ".github/workflows/playbook.yml",
    "extensions.json": ".vscode/extensions.json",
}
"""What every project has around its files, beside the settings of the editor, and where."""

_ORGANIZATION = "organization.yaml"
_SCHEMAS = ".vscode/schemas"
_MODELINE = re.compile(r"(# yaml-language-server: \$schema=)\S*/schemas/")
_SETTINGS = """\
# The settings of this project.
project: {name}
organization: {organization}
"""


@attrs.frozen
class Template:
    """Hold a project to start from: its texts by path, and its playbooks by id with the titles of their stages."""

    name: str
    title: str
    playbooks: Mapping[str, tuple[str, ...]]
    files: Mapping[str, str]


def names() -> tuple[str, ...]:
    """Return the names of the templates: the smallest first, then the playbooks that ship."""
    return (MINIMAL, *sorted(_library().playbooks))


def template(name: str, project: str) -> Template:
    """Return a template with its texts for a project of an id; raises UnknownName."""
    if name == MINIMAL:
        folder = _HERE / "starter"
        texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.iterdir())}
        files = {path: text.replace("my-team", project) for path, text in texts.items()}
        return _template(name, Project.from_folder(folder), ("deals",), files)
    library = _library()
    if name not in library.playbooks:
        raise UnknownName("template", name, names())
    family = tuple(_family(library, name))
    return _template(name, library, family, dict(_shipped_files(library, family, project)))


def surroundings(registry: Registry) -> dict[str, str]:
    """Return the files around a project's own, by path: for the editor, git, pre-commit and a build server.

    The schemas have what the installed plugins add.
    """
    files = {path: (_HERE / "around" / name).read_text(encoding="utf-8") for name, path in _AROUND.items()}
    patterns = {
        f"{_SCHEMAS}/{_schema_file(name)}": [pattern.lstrip("/") for pattern in kind.patterns]
        for name, kind in registry.kinds.items()
    }
    files[".vscode/settings.json"] = _json({"yaml.schemas": patterns})
    return {**files, **{f"{_SCHEMAS}/{name}": text for name, text in schemas(registry).items()}}


def schemas(registry: Registry) -> dict[str, str]:
    """Return the JSON Schemas of all kinds of files by the names of their files."""
    return {
        _schema_file(name): _json(
            schema(name, registry.criteria, registry.actions, registry.kinds, registry.expectations)
        )
        for name in registry.kinds
    }


def _schema_file(kind: str) -> str:
    return f"{kind}.schema.json"


@functools.cache
def _library() -> Project:
    return Project.from_folder(shipped("playbooks"))


def _template(name: str, project: Project, family: Iterable[str], files: Mapping[str, str]) -> Template:
    books = [_playbook(project, one) for one in family]
    stages = {book.id: tuple(stage.title or stage.id for stage in book.stages) for book in books}
    return Template(name, books[0].title or books[0].id, stages, files)


def _playbook(project: Project, name: str) -> Playbook:
    found = project.playbooks[name].value
    if found is None:
        raise ProblemsFound(project.playbooks[name].problems)
    return found


def _family(library: Project, name: str) -> Iterator[str]:
    """Yield a playbook and those it opens cases of, and those that these open."""
    found, waiting = {name: None}, [name]
    while waiting:
        one = waiting.pop(0)
        yield one
        for opened in _opened(_playbook(library, one)):
            if opened in library.playbooks and opened not in found:
                found[opened] = None
                waiting.append(opened)


def _opened(book: Playbook) -> Iterator[str]:
    lists = (
        *(timer.then for timer in book.timers),
        *(rule.then for rule in book.when_child),
        *(actions for stage in book.stages for actions in (stage.on_enter, stage.on_exit)),
    )
    return (action.target for action in itertools.chain(*lists) if action.verb == "open")


def _shipped_files(library: Project, family: tuple[str, ...], project: str) -> Iterator[tuple[str, str]]:
    """Yield the files of shipped playbooks by path: a folder for each, and one organization for all.

    Scenarios with a case of a playbook that does not come along stay behind.
    """
    first = Path(library.playbooks[family[0]].file).parent
    own = first / _ORGANIZATION
    shared = library.organization
    people = own if own.is_file() or shared is None else Path(shared.file)
    text = people.read_text(encoding="utf-8")
    found = read_text(text, _ORGANIZATION)
    yield "playbook.yaml", _SETTINGS.format(name=project, organization=found.id)
    yield _ORGANIZATION, _MODELINE.sub(rf"\1{_SCHEMAS}/", text)
    foreign = {
        reading.file
        for reading in library.scenarios.values()
        if reading.value is None or not _cast(reading.value) <= set(family)
    }
    for name in family:
        folder = Path(library.playbooks[name].file).parent
        for file in sorted(folder.rglob("*.yaml")):
            if file.name != _ORGANIZATION and str(file) not in foreign:
                text, below = file.read_text(encoding="utf-8"), file.relative_to(folder)
                up = "../" * len(below.parts)
                yield f"{name}/{below.as_posix()}", _MODELINE.sub(rf"\1{up}{_SCHEMAS}/", text)


def _cast(scenario: Scenario) -> set[str]:
    """Return the playbooks that a scenario opens cases of."""
    opened = {step.said["playbook"] for step in scenario.steps if "playbook" in step.said}
    return {scenario.playbook, *opened}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
