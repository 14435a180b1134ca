"""One file as a Reading, and a team's folder of them as a Project."""

from __future__ import annotations

import os
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from playbook import expressions
from playbook.errors import Problem, Span, nearest_hint
from playbook.model.mapping import ImportMapping
from playbook.model.organization import Organization
from playbook.model.playbook import Playbook
from playbook.model.project import ProjectSettings
from playbook.reading import codes, structure
from playbook.reading.conditions import resolve
from playbook.reading.events import MAX_BYTES, decode, read
from playbook.reading.schema import KINDS, validate
from playbook.reading.source import Map, Source
from playbook.reading.structure_mapping import mapping
from playbook.reading.structure_playbook import playbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbook.expressions import Function
    from playbook.model.contributions import CriterionKind

T = TypeVar("T", bound="Playbook | Organization | ImportMapping | ProjectSettings")

ROOT = "playbook.yaml"
"""The file with the settings of a project, at its root."""

_ENDINGS = (".playbook.yaml", ".mapping.yaml", ".organization.yaml")


@attrs.frozen
class Reading(Generic[T]):
    """Hold what one file says: `value` is None where it could not be read to its end or has no kind.

    `where` gives the place of every stage, field, criterion and activity by its path, such as
    `stages.discovery.exit.fit`; `source` that of everything else.
    """

    kind: str
    id: str
    value: T | None
    problems: tuple[Problem, ...]
    where: Mapping[str, Span]
    source: Source = attrs.field(repr=False, eq=False)

    @property
    def file(self) -> str:
        """Return the name of the file."""
        return self.source.file


def read_text(
    text: str,
    file: str,
    *,
    criteria: Mapping[str, CriterionKind] | None = None,
    functions: Mapping[str, Function] | None = None,
) -> Reading[Any]:
    """Read one file of any kind; every mistake is among the problems, nothing is raised for bad text."""
    source = read(text, file)
    kind = _kind(source)
    root = source.root
    if not kind or root is None:
        return Reading("", "", None, in_order(source.problems), {}, source)
    said = root[kind]
    file_id = said if isinstance(said, str) else ""
    where: dict[str, Span] = {}
    value = None
    if source.whole:
        kinds = criteria or {}
        validate(source, kind, kinds)
        value = _value(
            source, kind, root, where, kinds, expressions.STANDARD if functions is None else functions
        )
    return Reading(kind, file_id, value, in_order(source.problems), where, source)


def _value(
    source: Source,
    kind: str,
    root: Map,
    where: dict[str, Span],
    criteria: Mapping[str, CriterionKind],
    functions: Mapping[str, Function],
) -> Playbook | Organization | ImportMapping | ProjectSettings:
    if kind == "playbook":
        return resolve(source, playbook(source, root, where, criteria), functions)
    if kind == "organization":
        return structure.organization(source, root, where)
    return mapping(source, root, where) if kind == "mapping" else structure.project(source, root, where)


def _kind(source: Source) -> str:
    """Return the kind that the first key says; report where it does not."""
    if not source.root:
        return ""
    first = next(iter(source.root))
    if first in KINDS:
        return first
    span = source.key(source.root, first)
    for kind in KINDS:
        if kind in source.root:
            said = f"{kind}: {source.root[kind]}"
            message = f"the first key says the kind and the id, and here it is `{first}`"
            source.report(codes.KIND_NOT_FIRST, message, span, f"move `{said}` to the top")
            return kind
    hint = nearest_hint(first, KINDS).removeprefix("; ")
    source.report(codes.UNKNOWN_KIND, f"`{first}` is not a kind of file", span, hint)
    return ""


@attrs.frozen
class Project:
    """Hold a team's files, each read by itself; `problems` are those of all, by file and line."""

    settings: ProjectSettings
    settings_file: Reading[ProjectSettings] | None
    playbooks: Mapping[str, Reading[Playbook]]
    organization: Reading[Organization] | None
    mappings: Mapping[str, Reading[ImportMapping]]
    problems: tuple[Problem, ...]
    root: str = ""

    def relative(self, file: str) -> str:
        """Return a file's path from the root of the project, the same on every machine."""
        return PurePath(file).relative_to(self.root).as_posix() if self.root else file

    @classmethod
    def from_folder(
        cls,
        path: str | os.PathLike[str],
        *,
        criteria: Mapping[str, CriterionKind] | None = None,
        functions: Mapping[str, Function] | None = None,
    ) -> Project:
        """Read a folder: playbook.yaml, and every playbook, mapping and organization at any depth.

        Folders whose name begins with a dot are skipped; a folder without playbook.yaml is a project too.
        """
        root = Path(path)
        return attrs.evolve(_assemble(_found(root), criteria, functions), root=str(root))

    @classmethod
    def from_files(
        cls,
        files: Mapping[str, str],
        *,
        criteria: Mapping[str, CriterionKind] | None = None,
        functions: Mapping[str, Function] | None = None,
    ) -> Project:
        """Read texts by their path from the root of the project; other names than a folder's are ignored."""
        found = ((file, files[file]) for file in sorted(files) if _is_ours(file))
        return _assemble(found, criteria, functions)


def _is_ours(file: str) -> bool:
    name = PurePosixPath(file).name
    return file == ROOT or name == "organization.yaml" or name.endswith(_ENDINGS)


def _found(root: Path) -> Iterator[tuple[str, str | Problem]]:
    """Yield the texts of a folder by their shown names, and a Problem for what cannot be opened."""
    faults: list[OSError] = []
    files = []
    for folder, folders, names in os.walk(root, onerror=faults.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        here = Path(folder).relative_to(root)
        files += [(here / name).as_posix() for name in names]
    for fault in faults:
        yield str(fault.filename), _unreadable(str(fault.filename), fault)
    for file in sorted(files):
        if _is_ours(file):
            shown = str(root / file)
            yield shown, load_text(root / file, shown)


def load_text(path: Path, file: str) -> str | Problem:
    """Return the text of a file, or why there is none; no more is read than a file may have."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _unreadable(file, error)
    # The cut may go through a character; the text is too long by then.
    return decode(data, file) if len(data) <= MAX_BYTES else data.decode("utf-8", "replace")


def _unreadable(file: str, error: OSError) -> Problem:
    reason = (error.strerror or "unknown reason").lower()
    hint = "check that it is there and may be read"
    return Problem(codes.UNREADABLE, f"cannot be read: {reason}", Span(file, 1, 1), hint=hint)


def _assemble(
    files: Iterable[tuple[str, str | Problem]],
    criteria: Mapping[str, CriterionKind] | None,
    functions: Mapping[str, Function] | None,
) -> Project:
    problems: list[Problem] = []
    readings: dict[str, dict[str, Reading[Any]]] = {kind: {} for kind in KINDS}
    for shown, text in files:
        if isinstance(text, Problem):
            problems.append(text)
            continue
        reading = read_text(text, shown, criteria=criteria, functions=functions)
        problems += reading.problems
        if reading.value is not None:
            same = readings[reading.kind].setdefault(reading.id, reading)
            if same is not reading:
                problems.append(_twice(reading, same))
    settings_file = next(iter(readings["project"].values()), None)
    settings: ProjectSettings | None = settings_file.value if settings_file else None
    organization, problem = _organization(readings["organization"], settings_file)
    problems += problem
    return Project(
        settings or ProjectSettings(),
        settings_file,
        readings["playbook"],
        organization,
        readings["mapping"],
        in_order(problems),
    )


def _twice(reading: Reading[Any], same: Reading[Any]) -> Problem:
    message = f"{reading.kind} {reading.id!r} is also in {same.file}"
    span = reading.source.at(reading.kind)
    return reading.source.problem(codes.DUPLICATE_FILE, message, span, "rename one of the two")


def _organization(
    found: Mapping[str, Reading[Organization]], settings: Reading[ProjectSettings] | None
) -> tuple[Reading[Organization] | None, list[Problem]]:
    """Return the organization that the settings name, or the only one."""
    named = settings.value.organization if settings and settings.value else ""
    if settings and named and named not in found:
        hint = nearest_hint(named, found).removeprefix("; ")
        span = settings.source.at("organization")
        message = f"there is no organization {named!r}"
        return None, [settings.source.problem(codes.UNKNOWN_ORGANIZATION, message, span, hint)]
    if named:
        return found[named], []
    first, *others = found.values() or (None,)
    if first is None or not others:
        return first, []
    other = others[0]
    message = f"a second organization; the first is in {first.file}"
    hint = f"write `organization: {first.id}` in {ROOT}"
    return first, [other.source.problem(codes.DUPLICATE_FILE, message, other.source.at("organization"), hint)]


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems by file, line and column, each once."""
    return tuple(sorted(set(problems), key=_place))


def _place(problem: Problem) -> tuple[object, ...]:
    span = problem.span
    return span.file, span.line, span.column, problem.code, problem.message
