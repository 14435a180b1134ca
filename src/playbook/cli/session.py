"""A session: the project, its store and the engine, each opened when it is first asked for."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from playbook.cli import memory
from playbook.cli.faults import reading_url
from playbook.cli.output import warn
from playbook.errors import AmbiguousName, InputError, ProblemsFound, UnknownName, nearest_hint
from playbook.model.organization import OPERATOR

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from playbook.cli.drafts import Drafted
    from playbook.cli.options import Given
    from playbook.engine import Engine, HistoryItem
    from playbook.errors import Problem, Refused
    from playbook.model.organization import Organization
    from playbook.plugins import Registry
    from playbook.reading.project import Project
    from playbook.stores.interface import Store, StoreKind

_SQLITE = "sqlite:///"


@attrs.frozen
class Settings:
    """Hold what playbook.yaml says that is needed before anything else is read."""

    store: str = ""
    locale: str = ""
    plugins: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    trusted: bool = True


class Session:
    """Serve one command: find the project, open the store, publish what is new, name who acts."""

    def __init__(self, given: Given, *, publishes: bool = True) -> None:
        self.given = given
        self._publishes = publishes
        self.json = given.json
        self.tenant = given.tenant or "default"
        self.folder = Path(given.project or ".")
        self._opened: list[Store] = []
        self._engines: dict[str, Engine] = {}

    # -- the project --------------------------------------------------------------------------------

    @property
    def has_project(self) -> bool:
        """Return whether the folder is a project."""
        return (self.folder / memory.ROOT).is_file()

    def require_project(self) -> None:
        """Raise InputError, saying what to do, where the folder is no project."""
        if not self.has_project:
            raise InputError(
                f"there is no {memory.ROOT} in {self.folder.resolve()}: `playbook init` makes a project there,"
                " `--project DIR` names another folder"
            )

    @functools.cached_property
    def remembered(self) -> memory.Memory:
        """Return what was remembered of the project."""
        return memory.load(self.folder)

    @functools.cached_property
    def settings(self) -> Settings:
        """Return the project's settings; the file is read only where it changed, and trusted where it is right."""
        known, stamp = self.remembered, memory.stamp(self.folder / memory.ROOT)
        if stamp is None:
            return Settings()
        read = (
            Settings(known.store, known.locale, known.plugins)
            if stamp == known.stamp
            else self._read_settings()
        )
        if read is not None:
            return read
        # A mistake in the settings must not send cases to another database.
        return Settings(known.store, known.locale, known.plugins, trusted=known.stamp is not None)

    def _read_settings(self) -> Settings | None:
        from playbook.reading.project import load_text, read_text

        file = self.folder / memory.ROOT
        text = load_text(file, str(file))
        reading = read_text(text, str(file)) if isinstance(text, str) else None
        if reading is None or reading.value is None or any(p.severity == "error" for p in reading.problems):
            return None
        return Settings(reading.value.store, reading.value.locale, reading.value.plugins)

    @functools.cached_property
    def registry(self) -> Registry:
        """Return what plugins contribute."""
        from playbook.plugins import load

        return load(self.settings.plugins)

    @functools.cached_property
    def files(self) -> Project:
        """Return the project's files, read and checked."""
        from playbook.checking import problems_of
        from playbook.reading.project import Project

        self.require_project()
        registry, _ = self.registry, self._stamps  # before reading: what changes meanwhile is read again
        project = Project.from_folder(self.folder, **registry.for_files)
        return attrs.evolve(project, problems=problems_of(project))

    @property
    def mistakes(self) -> tuple[Problem, ...]:
        """Return the problems of the project's files that forbid to publish."""
        from playbook.checking import hindering

        return hindering(self.files.problems)

    # -- the store ----------------------------------------------------------------------------------

    @functools.cached_property
    def url(self) -> str:
        """Return where cases are kept: as given, as the project says, else in the project's folder."""
        if self.given.store:
            return self.given.store
        if not self.settings.trusted:
            raise ProblemsFound(self.mistakes)
        url = self.settings.store or f"{_SQLITE}playbook.db"
        file = url.removeprefix(_SQLITE)
        return url if file == url else f"{_SQLITE}{self.folder / file}"

    @property
    def database(self) -> Path | None:
        """Return the file of an SQLite store, None for another kind of store."""
        return file_of(self.url)

    @reading_url()
    def kind_of(self, url: str) -> StoreKind:
        """Return the kind of store that a URL begins with; what follows is not shown: it may hold a password."""
        scheme, separator, _ = url.partition("://")
        known = [f"{name}://" for name in self.registry.stores]
        if not separator:
            raise InputError(f"the URL of the store begins with none of {', '.join(known)}")
        kind = self.registry.stores.get(scheme)
        if kind is None:
            raise InputError(f"{f'{scheme}://'!r} names no store{nearest_hint(f'{scheme}://', known)}")
        return kind

    @functools.cached_property
    def store(self) -> Store:
        """Open the store that the URL names."""
        return self.open(self.url)

    @reading_url()
    def open(self, url: str) -> Store:
        """Open a store by its URL, until the session is closed."""
        self._opened.append(self.kind_of(url).open(url))
        return self._opened[-1]

    def close(self) -> None:
        """Close the stores that were opened."""
        for store in self._opened:
            store.close()

    # -- the engine ---------------------------------------------------------------------------------

    @functools.cached_property
    def bare_engine(self) -> Engine:
        """Return an engine over the store as it is; nothing is published."""
        from playbook.engine import Engine

        self.require_project()
        for plugin in self.registry.faults:
            warn(f"plugin {plugin.name!r} is not used: {plugin.fault}; see `playbook plugins`")
        return Engine.open(None, store=self.store, tenant=self.tenant, registry=self.registry)

    def engines(self) -> Iterator[Engine]:
        """Yield an engine for the tenant that was named, else for every tenant of the store."""
        from playbook.engine import Engine

        for tenant in [self.tenant] if self.given.tenant else self.store.tenants():
            if tenant not in self._engines:
                self._engines[tenant] = Engine.open(
                    None, store=self.store, tenant=tenant, registry=self.registry
                )
            yield self._engines[tenant]

    @functools.cached_property
    def engine(self) -> Engine:
        """Return the engine, new versions of the project's playbooks published; it tells in a language.

        Of a command that publishes nothing it is the engine as it stands.
        """
        from playbook.cli.languages import in_language

        engine = self.bare_engine
        if not self._is_published():
            if self._publishes:
                self._publish_or_warn()
            else:
                self._warn_of_what_is_new()
        return in_language(engine, self.given.locale, self.settings.locale)

    def publish(self) -> dict[str, str]:
        """Publish the files as they are; return the digest of each playbook.

        Raises ProblemsFound where a file is wrong and InputError where a version has to be raised.
        """
        engine = self.bare_engine
        engine.project = self.files
        digests = engine.publish(actor=OPERATOR)
        self._remember()
        return digests

    def _publish_or_warn(self) -> None:
        if self.mistakes:
            count = f"{len(self.mistakes)} mistake" + ("s" if len(self.mistakes) > 1 else "")
            warn(f"the files have {count}, so what was published before counts; see `playbook check`")
            return
        try:
            self.publish()
        except InputError as error:
            warn(f"what was published before counts: {error}")

    def _warn_of_what_is_new(self) -> None:
        self.bare_engine.project = self.files
        if self.mistakes or not self.bare_engine.is_published:
            warn(
                "what was published counts here; the files say something else, which `playbook publish` publishes"
            )

    def _is_published(self) -> bool:
        known = self.remembered.published.get(self._place)
        if known is None or known.read != self._stamps[1]:
            return False
        return known.heads == self._heads(tuple(known.heads))

    @functools.cached_property
    def _stamps(self) -> tuple[memory.Stamp | None, str]:
        """Return the stamp of playbook.yaml, and the digest of everything that reading depends on."""
        return memory.stamp(self.folder / memory.ROOT), memory.digest(self.folder, self.registry.read_by())

    @property
    def _place(self) -> str:
        database = self.database
        if database is not None:
            return f"{self.tenant} {database.resolve()}"
        # no password goes into a file that the project did not write
        return f"{self.tenant} {hashlib.sha256(self.url.encode()).hexdigest()}"

    def _heads(self, streams: tuple[str, ...]) -> dict[str, str]:
        """Return the heads of streams; of the organization only that it is there: imports change it too."""
        heads = self.store.load(self.tenant, streams)
        return {name: "" if name == "organization" else head.hash.hex() for name, head in heads.items()}

    def _remember(self) -> None:
        streams = [f"playbook:{name}" for name in self.files.playbooks]
        if self.files.organization is not None:
            streams.append("organization")
        kept = self.remembered
        kept.stamp, read = self._stamps
        said = self.files.settings
        kept.store, kept.locale, kept.plugins = said.store, said.locale, said.plugins
        kept.published[self._place] = memory.Published(read, self._heads(tuple(streams)))
        memory.save(self.folder, kept)

    # -- what a plugin's command reads and prints -----------------------------------------------------

    def draft(self, kind: str, named: str) -> Drafted:
        """Return what a file of a kind would say if it were published, by its path or by its id in the project.

        Raises ProblemsFound with every mistake of the file, and InputError where there is none or of another kind.
        """
        from playbook.cli.drafts import drafted

        self.require_project()
        return drafted(self, kind, named)

    def bar(self, title: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]:
        """Show a progress bar beside the output and give what is called with how far the work is."""
        from playbook.cli.progress import bar

        return bar(title, total)

    @contextlib.contextmanager
    def stages(self, *, stores: bool = True) -> Iterator[Callable[[str, int, int], None]]:
        """Show a bar for each stage of long work, and give what is called after each step of it.

        That hears the title of the stage, how far it is, and of how much (0 where nobody knows). Ctrl-C ends what
        `stores` there, and never between, and what only looks at once: KeyboardInterrupt.
        """
        from playbook.cli.progress import stages, stoppable

        with stages() as progress:
            if not stores:
                yield progress
                return
            with stoppable(progress) as step:
                yield step

    def tell(self, answer: Mapping[str, Any]) -> None:
        """Print an answer: one JSON document with --json, else lines, and lists of maps as tables."""
        from playbook.cli.output import document
        from playbook.cli.tables import told

        if self.json:
            document(answer)
        else:
            told(answer)

    def told(self, case: str, item: HistoryItem) -> str:
        """Return an event of a case in words, as `history` tells it; raises UnknownName."""
        from playbook.cli.narrate import sentence
        from playbook.cli.words import Words

        return sentence(Words.of(self, case), item)

    def refuse(self, refused: Refused) -> int:
        """Print a refusal with every reason, and return its exit code."""
        from playbook.cli.words import refuse

        return refuse(self, refused)

    @property
    def locale(self) -> str:
        """Return the language in which people are told; nothing where none is said."""
        from playbook.cli.languages import wanted

        return wanted(self.given.locale, self.settings.locale)

    # -- people and times ---------------------------------------------------------------------------

    @property
    def organization(self) -> Organization:
        """Return the organization as it stands in the store."""
        return self.engine.world.organization

    @functools.cached_property
    def actor(self) -> str:
        """Return who acts; raises UnknownName where nobody has that id or name."""
        given = self.given.actor
        return OPERATOR if given in ("", OPERATOR) else self.person(given)

    def person(self, given: str) -> str:
        """Return the id of a person named by id or name; anybody where the organization has no people."""
        people = {id_: person.name for id_, person in self.organization.people.items()}
        return _named("person", given, people) if people else given

    def team(self, given: str) -> str:
        """Return the id of a team named by id or title; any where the organization has no teams."""
        teams = {id_: team.title for id_, team in self.organization.teams.items()}
        return _named("team", given, teams) if teams else given

    def case(self, reference: str) -> str:
        """Return the id of a case named by id, a unique beginning of it, or its unique name."""
        return self.engine.resolve(reference, actor=self.actor)

    @functools.cached_property
    def at(self) -> dt.datetime | None:
        """Return the time that was given, in the organization's zone where it says none."""
        from playbook.times import parse_datetime

        if not self.given.at:
            return None
        try:
            return parse_datetime(self.given.at, self.engine.world.zone)
        except ValueError as error:
            raise InputError(f"--at: {error}") from None


@reading_url()
def file_of(url: str) -> Path | None:
    """Return the file that the URL of an SQLite store names, None for another kind of store."""
    from playbook.stores.sqlite_file import read_url

    return Path(read_url(url)[0]) if url.startswith(_SQLITE) else None


def _named(kind: str, given: str, names: dict[str, str]) -> str:
    if given in names:
        return given
    wanted = given.casefold()
    matches = sorted(id_ for id_, name in names.items() if name.casefold() == wanted)
    if len(matches) > 1:
        raise AmbiguousName(kind, given, matches)
    if not matches:
        raise UnknownName(kind, given, [*names, *(name for name in names.values() if name)])
    return matches[0]
