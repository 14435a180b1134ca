"""Every hook a plugin may implement. A plugin is a module or object whose functions are marked `hookimpl`.

Contributions are called once, when plugins are loaded, with the settings that the project gives the plugin.
They yield frozen values with a name and a version. The version is a contract: raise it when the answers
change, and cases that were opened under the old one say so instead of being judged anew.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

import pluggy

from playbook.expressions import Function
from playbook.model.contributions import (
    ActionKind,
    CommandLine,
    CriterionKind,
    Guard,
    HookKind,
    Importer,
    RecordSource,
    Report,
)
from playbook.model.expectations import Expectation
from playbook.model.stream_kinds import StreamKind
from playbook.reading.kinds import FileKind
from playbook.stores.interface import StoreKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROJECT: Final = "playbook"
"""The prefix of hooks, and the group of entry points that plugins are found by."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Mark a function of a plugin as the implementation of the hook of its name."""

hookspec = pluggy.HookspecMarker(PROJECT)
"""Mark a function as the specification of a hook."""

CONTRIBUTIONS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {
        "actions": ActionKind,
        "before_commit": Guard,
        "commands": CommandLine,
        "criteria": CriterionKind,
        "expectations": Expectation,
        "functions": Function,
        "hooks": HookKind,
        "importers": Importer,
        "kinds": FileKind,
        "records": RecordSource,
        "reports": Report,
        "stores": StoreKind,
        "streams": StreamKind,
    }
)
"""What each hook yields, by the hook's name without its prefix."""


class Hooks(Protocol):
    """Hold the hooks; a plugin implements those it needs."""

    @hookspec
    def playbook_stores(self, settings: Mapping[str, Any]) -> Iterable[StoreKind]:
        """Add kinds of stores, for URLs that begin with their name.

        >>> import playbook
        >>> class Scratch:
        ...     @playbook.hookimpl
        ...     def playbook_stores(self, settings):
        ...         yield playbook.StoreKind("scratch", version="1", open=lambda url: playbook.MemoryStore())
        >>> registry = playbook.load_plugins(extra={"scratch": Scratch()}, entry_points=False)
        >>> list(registry.stores)
        ['memory', 'scratch', 'sqlite']
        """

    @hookspec
    def playbook_criteria(self, settings: Mapping[str, Any]) -> Iterable[CriterionKind]:
        """Add kinds of criteria: `kind: options` on the exit or entry of a stage.

        The test is pure: it gets the options, checked by the schema, and the scope of the case.

        >>> import playbook
        >>> def on_weekday(options, scope):
        ...     return playbook.Verdict(scope.now.weekday() in options)
        >>> class Weekdays:
        ...     @playbook.hookimpl
        ...     def playbook_criteria(self, settings):
        ...         schema = {"type": "array", "items": {"type": "integer"}}
        ...         yield playbook.CriterionKind("on_weekday", version="1", schema=schema, test=on_weekday)
        >>> registry = playbook.load_plugins(extra={"weekdays": Weekdays()}, entry_points=False)
        >>> registry.owner_of("criteria", "on_weekday")
        ('weekdays', '1')
        """

    @hookspec
    def playbook_actions(self, settings: Mapping[str, Any]) -> Iterable[ActionKind]:
        """Add verbs of actions: `verb: options` under `on_enter`, `on_exit`, a timer's `then` or `when_child`.

        Running one is pure: it yields notices, and commands for the case, which pass the same gates as anyone's.

        >>> import playbook
        >>> def praise(options, scope):
        ...     yield playbook.Notice(("owner", "manager"), f"{options}: {scope.roots['case'].get('name')}")
        >>> class Praise:
        ...     @playbook.hookimpl
        ...     def playbook_actions(self, settings):
        ...         yield playbook.ActionKind("praise", version="1", schema={"type": "string"}, run=praise)
        >>> registry = playbook.load_plugins(extra={"praise": Praise()}, entry_points=False)
        >>> list(registry.actions)
        ['praise']
        """

    @hookspec
    def playbook_before_commit(self, settings: Mapping[str, Any]) -> Iterable[Guard]:
        """Add a last look at every change, after deciding and before storing; blockers refuse the command.

        A guard is pure and runs for every command, so it is quick; one that raises refuses the command by name.

        >>> import playbook
        >>> def one_owner(change):
        ...     if not change.after.owner:
        ...         yield playbook.Blocker("one_owner", "guard", "Somebody must own it")
        >>> class Owned:
        ...     @playbook.hookimpl
        ...     def playbook_before_commit(self, settings):
        ...         yield playbook.Guard("one_owner", version="1", check=one_owner)
        >>> registry = playbook.load_plugins(extra={"owned": Owned()}, entry_points=False)
        >>> list(registry.before_commit)
        ['one_owner']
        """

    @hookspec
    def playbook_functions(self, settings: Mapping[str, Any]) -> Iterable[Function]:
        """Add functions that conditions may call: pure, over values that are never missing.

        >>> import playbook
        >>> from playbook import types
        >>> def initials(name):
        ...     return "".join(word[0] for word in name.split())
        >>> class Initials:
        ...     @playbook.hookimpl
        ...     def playbook_functions(self, settings):
        ...         yield playbook.Function("initials", (types.TEXT,), types.TEXT, initials, version="1")
        >>> registry = playbook.load_plugins(extra={"initials": Initials()}, entry_points=False)
        >>> registry.functions["initials"].call("Ada Lovelace")
        'AL'
        """

    @hookspec
    def playbook_expectations(self, settings: Mapping[str, Any]) -> Iterable[Expectation]:
        """Add what a step of a scenario may expect: `expect: {name: what is wanted}`.

        Comparing only looks: it gets what is wanted, checked by the schema, and the scene as the step left it, with
        the engine, and yields a Mismatch for all that is not the fact, which is shown at its line.

        >>> import playbook
        >>> def compare(wanted, scene):
        ...     found = len(scene.engine.case(scene.case).entries)
        ...     if found < wanted:
        ...         yield playbook.Mismatch("", f"at least {wanted}", str(found))
        >>> class Busy:
        ...     @playbook.hookimpl
        ...     def playbook_expectations(self, settings):
        ...         schema = {"type": "integer", "description": "How many entries there are at least."}
        ...         yield playbook.Expectation("busy", version="1", schema=schema, compare=compare)
        >>> registry = playbook.load_plugins(extra={"busy": Busy()}, entry_points=False)
        >>> list(registry.expectations)
        ['busy']
        """

    @hookspec
    def playbook_hooks(self, settings: Mapping[str, Any]) -> Iterable[HookKind]:
        """Declare hooks of your own, which other plugins implement as they do those here.

        Whoever implements one marks it `@playbook.hookimpl(optionalhook=True)`, so that nothing is wrong where the
        plugin that declares it is not installed.

        >>> import typing, playbook
        >>> class Topping(typing.NamedTuple):
        ...     name: str
        ...     version: str
        ...     price: int
        >>> class Pizzeria:
        ...     @playbook.hookimpl
        ...     def playbook_hooks(self, settings):
        ...         yield playbook.HookKind("toppings", version="1", yields=Topping, doc="What lies on it")
        >>> class Farm:
        ...     @playbook.hookimpl(optionalhook=True)
        ...     def playbook_toppings(self, settings):
        ...         yield Topping("basil", version="1", price=2)
        >>> plugins = {"pizzeria": Pizzeria(), "farm": Farm()}
        >>> registry = playbook.load_plugins(extra=plugins, entry_points=False)
        >>> registry.declared["toppings"]["basil"]
        Brought(plugin='farm', value=Topping(name='basil', version='1', price=2))
        """

    @hookspec
    def playbook_importers(self, settings: Mapping[str, Any]) -> Iterable[Importer]:
        """Add formats that `import` reads: `reads: {format: name}` in a mapping.

        >>> import playbook
        >>> def read(path, reads, progress):
        ...     for number, line in enumerate(path.read_text().splitlines(), start=1):
        ...         yield playbook.SourceRow(number, {"text": line})
        >>> class Lines:
        ...     @playbook.hookimpl
        ...     def playbook_importers(self, settings):
        ...         yield playbook.Importer("lines", version="1", read=read)
        >>> registry = playbook.load_plugins(extra={"lines": Lines()}, entry_points=False)
        >>> list(registry.importers)
        ['csv', 'lines']
        """

    @hookspec
    def playbook_kinds(self, settings: Mapping[str, Any]) -> Iterable[FileKind]:
        r"""Add kinds of files: their schema, what becomes of their tree, and checks of what they mean.

        The first key of a file says its kind and id; its names end in `.KIND.yaml` unless the kind says otherwise.
        `load` is called when the first file is read, so what it needs is imported there. `structure` gets the
        file as a Parsed whose tree has the shape of the schema, and returns a frozen value; checks get that as
        the `value` of a Reading, with the project where there is one, and yield Problems.

        >>> import playbook
        >>> def load():
        ...     schema = {"type": "object", "required": ["motto", "says"], "additionalProperties": False,
        ...               "properties": {"motto": {"type": "string"}, "says": {"type": "string"}}}
        ...     return playbook.Shape(schema, structure=lambda parsed: parsed.root["says"], checks=(short,))
        >>> def short(reading, project):
        ...     if len(reading.value) > 20:
        ...         place = reading.source.at("says")
        ...         yield reading.source.problem("motto-long", "nobody remembers that", place, "make it shorter")
        >>> class Mottos:
        ...     @playbook.hookimpl
        ...     def playbook_kinds(self, settings):
        ...         yield playbook.FileKind("motto", version="1", load=load)
        >>> registry = playbook.load_plugins(extra={"mottos": Mottos()}, entry_points=False)
        >>> files = {"ours.motto.yaml": "motto: ours\nsays: Sell less\n"}
        >>> project = playbook.Project.from_files(files, kinds=registry.kinds)
        >>> project.others["motto"]["ours"].value, project.problems
        ('Sell less', ())
        """

    @hookspec
    def playbook_records(self, settings: Mapping[str, Any]) -> Iterable[RecordSource]:
        """Bring records of the embedding application; the file `record: NAME` says which fields they have.

        >>> import playbook
        >>> def get(ids):
        ...     return {id: {"name": id.title(), "country": "DE"} for id in ids if id == "acme"}
        >>> class Customers:
        ...     @playbook.hookimpl
        ...     def playbook_records(self, settings):
        ...         yield playbook.RecordSource("customer", version="1", get=get)
        >>> registry = playbook.load_plugins(extra={"customers": Customers()}, entry_points=False)
        >>> registry.records["customer"].get(["acme", "other"])
        {'acme': {'name': 'Acme', 'country': 'DE'}}
        """

    @hookspec
    def playbook_reports(self, settings: Mapping[str, Any]) -> Iterable[Report]:
        """Add reports. What is heavy is imported when a report runs, not here.

        >>> import playbook
        >>> def run(context, query):
        ...     count = sum(len(chunk["case"]) for chunk in context.columns("cases"))
        ...     return playbook.Table("every case there is", ("cases",), ({"cases": count},))
        >>> class Size:
        ...     @playbook.hookimpl
        ...     def playbook_reports(self, settings):
        ...         yield playbook.Report("size", version="1", definition="every case there is", run=run)
        >>> registry = playbook.load_plugins(extra={"size": Size()}, entry_points=False)
        >>> list(registry.reports)
        ['size']

        What columns do not tell, `context.engine` does; what of it `context.actor` may see is for the report to say.

        >>> def sold(context, query):
        ...     counted = context.engine.desk.counted("revenue", query.since, query.until)
        ...     rows = ({"day": one.day, "amount": one.amount} for one in counted if one.owner == context.actor)
        ...     return playbook.Table("what one sold, by day", ("day", "amount"), tuple(rows))
        """

    @hookspec
    def playbook_streams(self, settings: Mapping[str, Any]) -> Iterable[StreamKind]:
        """Add kinds of streams: things of their own with events, beside cases and records.

        Deciding is pure: it gets the state, a command, and who asks when, and yields events, or answers Refused. What
        is stored is the events; state and index are folded from them. Guards may look at the changes, keys make a
        command happen once, `engine.streams` shows, lists and tells, and `fsck` proves them.

        >>> import msgspec, playbook
        >>> class Book(msgspec.Struct, frozen=True):
        ...     id: str
        ...     by: str
        >>> class Booked(msgspec.Struct, frozen=True):
        ...     by: str
        >>> def decide(state, command, asked):
        ...     return playbook.Refused("taken", f"{state} has it") if state else [Booked(command.by)]
        >>> class Rooms:
        ...     @playbook.hookimpl
        ...     def playbook_streams(self, settings):
        ...         yield playbook.StreamKind(
        ...             "room", version="1", events={"room.booked/1": Booked}, state=str, commands=(Book,),
        ...             decide=decide, evolve=lambda state, event, happened: event.by,
        ...         )
        >>> registry = playbook.load_plugins(extra={"rooms": Rooms()}, entry_points=False)
        >>> engine = playbook.Engine.open(None, store=playbook.MemoryStore(), registry=registry)
        >>> engine.run(Book("blue", "sam"), actor="sam").version
        1
        >>> engine.run(Book("blue", "kim"), actor="kim").message
        'sam has it'
        >>> engine.streams.show("room", "blue", actor="operator").state
        'sam'
        """

    @hookspec
    def playbook_commands(self, settings: Mapping[str, Any]) -> Iterable[CommandLine]:
        """Add commands to the command line; `load` returns the click command, when it is used.

        >>> import playbook
        >>> def load():
        ...     import click
        ...     return click.Command("hello", callback=lambda: click.echo("hello"))
        >>> class Hello:
        ...     @playbook.hookimpl
        ...     def playbook_commands(self, settings):
        ...         yield playbook.CommandLine("hello", version="1", load=load, help=settings["greeting"])
        >>> settings = {"hello": {"greeting": "Say hello."}}
        >>> registry = playbook.load_plugins(settings, extra={"hello": Hello()}, entry_points=False)
        >>> registry.commands["hello"].help
        'Say hello.'
        """
