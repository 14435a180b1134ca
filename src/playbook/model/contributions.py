"""What plugins contribute, as frozen values with a name and a version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from playbook.engine.engine import Engine
    from playbook.errors import Blocker
    from playbook.expressions import Scope
    from playbook.model.commands import Command
    from playbook.model.organization import Organization
    from playbook.model.playbook import Playbook, Stage
    from playbook.model.projections import Projection, Source


class Verdict(msgspec.Struct, frozen=True):
    """Answer a criterion: met or not, and for a blocker what is missing, the actual values, a mend."""

    met: bool
    missing: tuple[str, ...] = ()
    actual: Mapping[str, object] = {}
    hint: str = ""


class CriterionKind(msgspec.Struct, frozen=True):
    """Add a kind of criterion: `name: options` in a playbook.

    `schema` is the JSON Schema (draft-07) of its options; `test` is pure and gets the options and the scope.
    """

    name: str
    version: str
    schema: Mapping[str, Any]
    test: Callable[[Any, Scope], Verdict]
    doc: str = ""


class ActionKind(msgspec.Struct, frozen=True):
    """Add a verb of actions: `verb: options` in a playbook.

    `schema` is the JSON Schema (draft-07) of its options; `run` is pure, gets the options and the scope, and
    yields what then happens by itself: notices, and commands for the case (its id is
    `scope.roots["case"].get("id")`), which pass the same gates as anyone's.
    """

    name: str
    version: str
    schema: Mapping[str, Any]
    run: Callable[[Any, Scope], Iterable[Notice | Command]]
    doc: str = ""


class Notice(msgspec.Struct, frozen=True):
    """Tell principals (owner, manager, a role, a person) something."""

    to: tuple[str, ...]
    say: str


class Change(msgspec.Struct, frozen=True):
    """Describe what a command is about to change on one stream: a case, a record, or one of a plugin's `kind`.

    `before` and `after` are its state (None before a case or record is opened), `playbook` that of a case; a
    record's `id` begins with its kind and a colon. `historical` says that it is imported history.
    """

    tenant: str
    actor: str
    playbook: str
    before: Any
    after: Any
    events: tuple[Any, ...]
    historical: bool
    kind: str = "case"
    id: str = ""


class Guard(msgspec.Struct, frozen=True):
    """Add a last look at every change, after it was decided and before it is stored.

    `check` is pure and yields blockers; with any, the command is refused. It may be called again for the same
    command where the case moved on meanwhile. Guards run in order of name. `streams` are the kinds of streams that
    it looks at: case, record, and those of plugins.
    """

    name: str
    version: str
    check: Callable[[Change], Iterable[Blocker]]
    doc: str = ""
    streams: tuple[str, ...] = ("case",)


class RecordSource(msgspec.Struct, frozen=True):
    """Bring the records of a kind from elsewhere, so that cases can refer to them; `name` is the kind.

    `get` returns what is known of ids: values by field, as people write them, of the fields that the file
    `record: NAME` has. It is asked whenever a command needs one, so it is quick; what it leaves out is not there.
    """

    name: str
    version: str
    get: Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]
    doc: str = ""


class SourceRow(msgspec.Struct, frozen=True, gc=False):
    """Hold one row of a source: its line (of the first character, from 1) and its cells by column.

    `fault` says why the row cannot be used, where it cannot; cells then hold what could be read.
    """

    line: int
    cells: Mapping[str, str]
    fault: str = ""


class Importer(msgspec.Struct, frozen=True):
    """Add a format that `import` reads; `read` yields rows and calls `progress` with bytes read so far.

    `read` raises InputError where the file as a whole cannot be read.
    """

    name: str
    version: str
    read: Callable[[Path, Mapping[str, Any], Callable[[int], None]], Iterator[SourceRow]]
    doc: str = ""


class ReportQuery(msgspec.Struct, frozen=True):
    """Say what a report is about: the options that every report takes; days include their ends.

    `period` is the fiscal period that they are the ends of, like `2027-Q1`, where one was named.
    """

    by: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    playbook: str = ""
    team: str = ""
    owner: str = ""
    currency: str = ""
    as_of: dt.datetime | None = None
    of: str = ""
    period: str = ""


def _no_source(_: Projection) -> None:
    """Say that there is no way but `columns`."""


def _no_stages(_: str) -> tuple[Stage, ...]:
    """Say that no playbook ever had other stages."""
    return ()


class ReportContext(msgspec.Struct, frozen=True):
    """Give a report what it may read: projections as chunks of columns, organization, playbooks, zone, time.

    `source` is `Engine.source` for who asks: how a driver of ADBC reads a projection by itself, where it can.
    `columns` has the cases that `actor` may know the totals of. `engine` answers what columns do not tell, such as
    what measures count and what was known earlier; it hides nothing, so such a report shows by `actor` what they may
    see. `former` returns the stages that a playbook has no more, where cases may still be.
    """

    columns: Callable[[str], Iterator[Mapping[str, Sequence[Any]]]]
    organization: Organization
    playbooks: Mapping[str, Playbook]
    zone: dt.tzinfo
    now: dt.datetime
    source: Callable[[Projection], Source | None] = _no_source
    actor: str = ""
    engine: Engine | None = None
    former: Callable[[str], tuple[Stage, ...]] = _no_stages


class Table(msgspec.Struct, frozen=True):
    """Hold a report's answer; cells are None, text, int, float, bool, Decimal or Money; `notes` for people."""

    definition: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """Add a report; `definition` says exactly what its figures mean, `of` which denominators it takes.

    `by` are what it groups by, and where `fields` holds any field of a playbook too.
    """

    name: str
    version: str
    definition: str
    run: Callable[[ReportContext, ReportQuery], Table]
    by: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    fields: bool = True


class CommandLine(msgspec.Struct, frozen=True):
    """Add a command to the command line; `load` returns the click command and is called when it is used."""

    name: str
    version: str
    load: Callable[[], Any]
    help: str = ""


class HookKind(msgspec.Struct, frozen=True):
    """Declare a hook that other plugins implement: `playbook_NAME`, which yields values of the class `yields`.

    Those have a `name` and a `version`, like every contribution. The plugin that declares the hook finds what came
    of it in `registry.declared[NAME]` (of an engine, `engine.registry`), and a kind of file in `parsed.declared`.
    """

    name: str
    version: str
    yields: type[Any]
    doc: str = ""


class Brought(msgspec.Struct, frozen=True):
    """Hold what a plugin contributed to a hook that another declares, with the name of the plugin."""

    plugin: str
    value: Any
