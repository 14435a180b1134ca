"""A team's folder of files as a Project, each file read by itself and named by the others."""

from __future__ import annotations

import functools
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import attrs

from playbook.errors import Problem, nearest_hint
from playbook.expressions import STANDARD
from playbook.model.project import ProjectSettings
from playbook.reading import codes
from playbook.reading.files import Files, Folder, Texts, WithDraft, load_text
from playbook.reading.naming import Known
from playbook.reading.one import Draft, Reading, draft, in_order
from playbook.reading.schema import Contributed
from playbook.reading.standard import ROOT, STANDARD_KINDS
from playbook.shipping import shipped

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from playbook.expressions import Function
    from playbook.model.contributions import ActionKind, Brought, CriterionKind
    from playbook.model.expectations import Expectation
    from playbook.model.mapping import ImportMapping
    from playbook.model.organization import Organization
    from playbook.model.playbook import Playbook
    from playbook.model.record import Record
    from playbook.model.scenario import Scenario
    from playbook.model.translation import Translation
    from playbook.reading.kinds import FileKind

__all__ = ["ROOT", "Project", "Reading", "in_order", "load_text", "read_text"]


def read_text(
    text: str,
    file: str,
    *,
    criteria: Mapping[str, CriterionKind] | None = None,
    actions: Mapping[str, ActionKind] | None = None,
    functions: Mapping[str, Function] | None = None,
    kinds: Mapping[str, FileKind] | None = None,
    expectations: Mapping[str, Expectation] | None = None,
    declared: Mapping[str, Mapping[str, Brought]] | None = None,
    files: Files | None = None,
) -> Reading[Any]:
    """Read one file of any kind; every mistake is among the problems, nothing is raised for bad text.

    `files` holds those that it names beside itself, in `extends` and `rates`.
    """
    contributed = _contributed(criteria, actions, functions, kinds, expectations, declared)
    one = draft(text, file, contributed, files)
    records = {name: reading.value for name, reading in _shipped_records().items() if reading.value}
    return one.finish(Known(contributed, {}, records, whole=False))


def _contributed(
    criteria: Mapping[str, CriterionKind] | None,
    actions: Mapping[str, ActionKind] | None,
    functions: Mapping[str, Function] | None,
    kinds: Mapping[str, FileKind] | None,
    expectations: Mapping[str, Expectation] | None,
    declared: Mapping[str, Mapping[str, Brought]] | None,
) -> Contributed:
    return Contributed(
        criteria or {},
        actions or {},
        STANDARD if functions is None else functions,
        {**STANDARD_KINDS, **(kinds or {})},
        expectations or {},
        declared or {},
    )


@functools.cache
def _shipped_records() -> Mapping[str, Reading[Record]]:
    """Return the records that every project has."""
    known = Known(Contributed(), {}, {})
    files = sorted((shipped("playbooks") / "records").glob("*.record.yaml"))
    texts = ((file.name, file.read_text(encoding="utf-8")) for file in files)
    readings = (draft(text, name, known.contributed, None).finish(known) for name, text in texts)
    return {reading.id: reading for reading in readings}


@attrs.frozen
class Project:
    """Hold a team's files, each read by itself; `problems` are those of all, by file and line.

    `records` has those that are shipped too, unless a file of the team says otherwise; `others` has the files of
    kinds that plugins add, by kind and id. `organization` is the one that counts, `organizations` are all there are.
    """

    settings: ProjectSettings
    settings_file: Reading[ProjectSettings] | None
    playbooks: Mapping[str, Reading[Playbook]]
    organization: Reading[Organization] | None
    mappings: Mapping[str, Reading[ImportMapping]]
    problems: tuple[Problem, ...]
    root: str = ""
    records: Mapping[str, Reading[Record]] = attrs.field(factory=dict)
    translations: Mapping[str, Reading[Translation]] = attrs.field(factory=dict)
    others: Mapping[str, Mapping[str, Reading[Any]]] = attrs.field(factory=dict)
    scenarios: Mapping[str, Reading[Scenario]] = attrs.field(factory=dict)
    organizations: Mapping[str, Reading[Organization]] = attrs.field(factory=dict)

    def readings(self, kind: str) -> Mapping[str, Reading[Any]]:
        """Return the files of a kind by id, of every kind but the settings."""
        found: dict[str, Mapping[str, Reading[Any]]] = {
            **self.others,
            "playbook": self.playbooks,
            "record": self.records,
            "organization": self.organizations,
            "mapping": self.mappings,
            "translation": self.translations,
            "scenario": self.scenarios,
        }
        return found.get(kind, {})

    def relative(self, file: str) -> str:
        """Return a file's path from the root of the project, the same on every machine."""
        inside = self.root and PurePath(file).is_relative_to(self.root)
        return PurePath(file).relative_to(self.root).as_posix() if inside else file

    @classmethod
    def from_folder(
        cls,
        path: str | os.PathLike[str],
        draft: str = "",
        /,
        *,
        criteria: Mapping[str, CriterionKind] | None = None,
        actions: Mapping[str, ActionKind] | None = None,
        functions: Mapping[str, Function] | None = None,
        kinds: Mapping[str, FileKind] | None = None,
        expectations: Mapping[str, Expectation] | None = None,
        declared: Mapping[str, Mapping[str, Brought]] | None = None,
    ) -> Project:
        """Read a folder: playbook.yaml, and every file of another kind at any depth.

        Folders whose name begins with a dot are skipped; a folder without playbook.yaml is a project too. `draft` is
        the path of a file that is read as if it were among them, in place of the one with its kind and id.
        """
        contributed = _contributed(criteria, actions, functions, kinds, expectations, declared)
        folder = Folder(path, contributed.kinds)
        project = _assemble(WithDraft(folder, draft) if draft else folder, contributed)
        return attrs.evolve(project, root=str(PurePath(path)))

    @classmethod
    def from_files(
        cls,
        files: Mapping[str, str],
        *,
        criteria: Mapping[str, CriterionKind] | None = None,
        actions: Mapping[str, ActionKind] | None = None,
        functions: Mapping[str, Function] | None = None,
        kinds: Mapping[str, FileKind] | None = None,
        expectations: Mapping[str, Expectation] | None = None,
        declared: Mapping[str, Mapping[str, Brought]] | None = None,
    ) -> Project:
        """Read texts by their path from the root of the project; other names than a folder's are ignored."""
        contributed = _contributed(criteria, actions, functions, kinds, expectations, declared)
        return _assemble(Texts(files, contributed.kinds), contributed)


def _assemble(files: Files, contributed: Contributed) -> Project:
    problems: list[Problem] = []
    drafts: dict[str, dict[str, Draft]] = {kind: {} for kind in contributed.kinds}
    for shown, text in files:
        if isinstance(text, Problem):
            problems.append(text)
            continue
        one = draft(text, shown, contributed, files)
        if one.value is None:
            problems += one.source.problems
        elif (same := drafts[one.kind].setdefault(one.id, one)) is not one:
            problems += (*one.source.problems, _twice(one, same))
    readings = _finished(drafts, contributed)
    problems += [problem for kind in readings.values() for one in kind.values() for problem in one.problems]
    settings_file = next(iter(readings["project"].values()), None)
    settings: ProjectSettings | None = settings_file.value if settings_file else None
    organization, problem = _organization(readings["organization"], settings_file)
    problems += problem
    return Project(
        settings=settings or ProjectSettings(),
        settings_file=settings_file,
        playbooks=readings["playbook"],
        organization=organization,
        mappings=readings["mapping"],
        problems=in_order(problems),
        records={**_shipped_records(), **readings["record"]},
        translations=readings["translation"],
        others={name: found for name, found in readings.items() if name not in STANDARD_KINDS},
        scenarios=readings["scenario"],
        organizations=readings["organization"],
    )


def _finished(
    drafts: Mapping[str, Mapping[str, Draft]], contributed: Contributed
) -> dict[str, dict[str, Reading[Any]]]:
    """Return every file with its conditions, which may name what other files hold."""
    records = {name: reading.value for name, reading in _shipped_records().items() if reading.value}
    records |= {name: one.value for name, one in drafts["record"].items()}
    playbooks = {name: one.value for name, one in drafts["playbook"].items()}
    known = Known(contributed, playbooks, records)
    return {kind: {name: one.finish(known) for name, one in of.items()} for kind, of in drafts.items()}


def _twice(reading: Draft, same: Draft) -> Problem:
    message = f"{reading.kind} {reading.id!r} is also in {same.source.file}"
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
