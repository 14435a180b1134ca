"""Running the scenarios of a project: each in a world of its own, over playbooks that are published once."""

from __future__ import annotations

import time
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import attrs

from playbook.authoring.scenarios.coverage import Coverage, Watch
from playbook.authoring.scenarios.playing import Play
from playbook.authoring.scenarios.results import Failure, Result
from playbook.checking import check, problems_of
from playbook.engine import Engine
from playbook.errors import InputError, PlaybookError
from playbook.model.organization import OPERATOR
from playbook.plugins import load
from playbook.reading.project import ROOT, Project, load_text, read_text
from playbook.stores.memory import MemoryStore
from playbook.times import from_micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from playbook.engine.definitions import Compiler
    from playbook.errors import Blocker, Problem, Span
    from playbook.model.organization import Organization
    from playbook.model.scenario import Scenario
    from playbook.plugins import Registry
    from playbook.reading.project import Reading


@attrs.frozen
class Run:
    """Name one run of a scenario: its file, and the scenario with the values of a row."""

    name: str
    scenario: Scenario
    reading: Reading[Scenario]

    @property
    def file(self) -> str:
        """Return the name of the file."""
        return self.reading.file


def runs(readings: Iterable[Reading[Scenario]]) -> Iterator[Run]:
    """Yield the runs of scenarios, those of a table by row."""
    for reading in readings:
        if reading.value is not None:
            yield from (Run(name, scenario, reading) for name, scenario in reading.value.runs())


def opened(folder: Path, play: type[Play] = Play) -> Runner:
    """Return the runner of a project's folder, with the plugins and settings that it says; raises PluginError."""
    file = folder / ROOT
    text = load_text(file, str(file)) if file.is_file() else ""
    settings = read_text(text, str(file)).value if isinstance(text, str) and text else None
    registry = load({} if settings is None else settings.plugins)
    project = Project.from_folder(folder, **registry.for_files)
    return Runner(attrs.evolve(project, problems=problems_of(project)), registry, play)


@attrs.frozen
class _Ground:
    """Hold a store in which the playbooks of a project are published, and the problems of those that are not."""

    store: MemoryStore
    compiler: Compiler
    problems: dict[str, tuple[Problem, ...]]


class Runner:
    """Run scenarios of a project; what they touch is watched. A `play` may ask for more than Play does."""

    def __init__(self, project: Project, registry: Registry, play: type[Play] = Play) -> None:
        self._play = play
        self.project = project
        self.registry = registry
        self.watch = Watch()
        self._grounds: dict[str, _Ground] = {}
        self._wrong = {p.span.file: p for p in reversed(project.problems) if p.severity == "error"}

    def run(self, run: Run) -> Result:
        """Run one scenario and say how it went."""
        start = time.perf_counter()
        try:
            failure = self._failure(run)
        except PlaybookError as error:
            failure = Failure(None, "given", message=str(error))
        return Result(
            run.name, run.scenario.playbook, _place(run, failure), time.perf_counter() - start, failure
        )

    def coverage(self, playbooks: Iterable[str]) -> Coverage:
        """Return what the scenarios that were run touched of playbooks."""
        return Coverage.of((self.project.playbooks[name] for name in playbooks), self.watch)

    def _failure(self, run: Run) -> Failure | None:
        wrong = self._wrong.get(run.file)
        if wrong is not None:
            return Failure(None, "the file", message=wrong.render())
        ground = self._ground(run.scenario.organization)
        problems = ground.problems.get(run.scenario.playbook)
        if problems:
            return Failure(None, "the playbook", message=problems[0].render())
        play = self._play(
            run.scenario, ground.store.copy(), self.registry, ground.compiler, self.project.root
        )
        failure = play.run()
        play.follow(self.watch)
        return failure and attrs.evolve(failure, blockers=tuple(map(self._shown, failure.blockers)))

    def _shown(self, blocker: Blocker) -> Blocker:
        """Return a blocker whose file is named from here, as that of the scenario is."""
        file = str(PurePath(self.project.root, blocker.file)) if blocker.file else ""
        return attrs.evolve(blocker, file=file)

    def _ground(self, organization: str) -> _Ground:
        if organization not in self._grounds:
            self._grounds[organization] = self._published(self._people(organization))
        return self._grounds[organization]

    def _people(self, organization: str) -> Reading[Organization] | None:
        """Return the organization of that id, that of the project for none; raises InputError."""
        if not organization:
            return self.project.organization
        found = self.project.organizations.get(organization)
        if found is None:
            raise InputError(f"the project has no organization {organization!r}")
        return found

    def _published(self, people: Reading[Organization] | None) -> _Ground:
        """Publish what has no errors; a broken file takes no other with it."""
        compiler = self.watch.compiler(self.registry)
        project = attrs.evolve(
            self.project, organization=people, mappings={}, translations={}, scenarios={}, problems=()
        )
        refused: dict[str, tuple[Problem, ...]] = {}
        while errors := [p for p in _problems(project) if p.severity == "error"]:
            bad = {name: found for name, one in project.playbooks.items() if (found := _of(one, errors))}
            others = {
                kind: {name: one for name, one in of.items() if not _of(one, errors)}
                for kind, of in project.others.items()
            }
            if not bad and others == project.others:
                return _Ground(MemoryStore(), compiler, dict.fromkeys(self.project.playbooks, tuple(errors)))
            refused |= bad
            left = {name: one for name, one in project.playbooks.items() if name not in bad}
            project = attrs.evolve(project, playbooks=left, others=others)
        store, first = MemoryStore(), from_micros(0)
        Engine.open(project, store=store, registry=self.registry, clock=lambda: first).publish(actor=OPERATOR)
        return _Ground(store, compiler, refused)


def _problems(project: Project) -> tuple[Problem, ...]:
    readings: list[Reading[Any]] = [*project.playbooks.values(), *project.records.values()]
    readings += [one for of in project.others.values() for one in of.values()]
    readings += [] if project.organization is None else [project.organization]
    return (*(problem for reading in readings for problem in reading.problems), *check(project))


def _of(reading: Reading[Any], problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if problem.span.file == reading.file)


def _place(run: Run, failure: Failure | None) -> Span:
    """Return where a failure is written: the first expectation that is not the fact, else the step."""
    source = run.reading.source
    if failure is None:
        return source.at("scenario")
    if failure.step is None:
        return source.at("given")
    path = next((one.path for one in failure.mismatches if one.path), ())
    return source.at("steps", failure.step, *(("expect", *path) if path else ()))
