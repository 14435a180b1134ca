"""Sales processes as YAML that is checked, enforced and explained.

The names below are the public ones. Each is imported when it is first used, so `import playbook` is free.
"""

TYPE_CHECKING = False  # type checkers go by the name; importing typing would cost more than all else here

if TYPE_CHECKING:
    from playbook.cli.options import command
    from playbook.engine import Engine
    from playbook.engine.telling import telling
    from playbook.errors import (
        AmbiguousName,
        Blocker,
        DamagedStore,
        ForeignStore,
        InputError,
        KeyReused,
        NewerStore,
        OutcomeUnknown,
        PlaybookError,
        PluginError,
        Problem,
        ProblemsFound,
        Refused,
        Span,
        StoreError,
        StoreUnavailable,
        UnknownName,
    )
    from playbook.expressions import Function, Scope, Unknown, types
    from playbook.hookspecs import hookimpl
    from playbook.model.commands import (
        Advance,
        Approve,
        Assign,
        Back,
        Close,
        Do,
        Guide,
        Log,
        Merge,
        Open,
        Refuse,
        Reopen,
        Set,
        SetRecord,
        SkipActivity,
        Split,
        Waive,
    )
    from playbook.model.contributions import (
        ActionKind,
        Brought,
        Change,
        CommandLine,
        CriterionKind,
        Guard,
        HookKind,
        Importer,
        Notice,
        RecordSource,
        Report,
        ReportContext,
        ReportQuery,
        SourceRow,
        Table,
        Verdict,
    )
    from playbook.model.expectations import Expectation, Mismatch, Scene
    from playbook.model.fiscal import fiscal_quarter, fiscal_year
    from playbook.model.fiscal import parts as fiscal_parts
    from playbook.model.fiscal import period as fiscal_period
    from playbook.model.projections import Projection, Source
    from playbook.model.rules import Condition
    from playbook.model.stream_kinds import Asked, Found, Happened, StreamKind
    from playbook.money import Money
    from playbook.plugins import PluginInfo, Registry
    from playbook.plugins import load as load_plugins
    from playbook.reading.kinds import FileKind, Parsed, Shape
    from playbook.reading.pending import condition
    from playbook.reading.project import Project
    from playbook.reading.schema import check_part
    from playbook.stores.interface import Page, Query, Store, StoreKind
    from playbook.stores.memory import MemoryStore
    from playbook.stores.sqlite import SqliteStore
    from playbook.times import Calendar, Duration

__version__ = "0.1.0"

_HOMES = {
    "playbook.cli.options": ("command",),
    "playbook.engine": ("Engine",),
    "playbook.engine.telling": ("telling",),
    "playbook.errors": (
        "AmbiguousName", "Blocker", "DamagedStore", "ForeignStore", "InputError", "KeyReused", "NewerStore",
        "OutcomeUnknown", "PlaybookError", "PluginError", "Problem", "ProblemsFound", "Refused", "Span",
        "StoreError", "StoreUnavailable", "UnknownName",
    ),
    "playbook.expressions": ("Function", "Scope", "Unknown", "types"),
    "playbook.hookspecs": ("hookimpl",),
    "playbook.model.commands": (
        "Advance", "Approve", "Assign", "Back", "Close", "Do", "Guide", "Log", "Merge", "Open", "Refuse",
        "Reopen", "Set", "SetRecord", "SkipActivity", "Split", "Waive",
    ),
    "playbook.model.contributions": (
        "ActionKind", "Brought", "Change", "CommandLine", "CriterionKind", "Guard", "HookKind", "Importer",
        "Notice", "RecordSource", "Report", "ReportContext", "ReportQuery", "SourceRow", "Table", "Verdict",
    ),
    "playbook.model.expectations": ("Expectation", "Mismatch", "Scene"),
    "playbook.model.projections": ("Projection", "Source"),
    "playbook.model.fiscal": ("fiscal_parts", "fiscal_period", "fiscal_quarter", "fiscal_year"),
    "playbook.model.rules": ("Condition",),
    "playbook.model.stream_kinds": ("Asked", "Found", "Happened", "StreamKind"),
    "playbook.money": ("Money",),
    "playbook.plugins": ("PluginInfo", "Registry", "load_plugins"),
    "playbook.reading.kinds": ("FileKind", "Parsed", "Shape"),
    "playbook.reading.pending": ("condition",),
    "playbook.reading.project": ("Project",),
    "playbook.reading.schema": ("check_part",),
    "playbook.stores.interface": ("Page", "Query", "Store", "StoreKind"),
    "playbook.stores.memory": ("MemoryStore",),
    "playbook.stores.sqlite": ("SqliteStore",),
    "playbook.times": ("Calendar", "Duration"),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
_RENAMED = {"fiscal_parts": "parts", "fiscal_period": "period", "load_plugins": "load"}

__all__ = [
    "ActionKind", "Advance", "AmbiguousName", "Approve", "Asked", "Assign", "Back", "Blocker", "Brought",
    "Calendar", "Change", "Close", "CommandLine", "Condition", "CriterionKind", "DamagedStore", "Do",
    "Duration", "Engine", "Expectation", "FileKind", "ForeignStore", "Found", "Function", "Guard", "Guide",
    "Happened", "HookKind", "Importer", "InputError", "KeyReused", "Log", "MemoryStore", "Merge", "Mismatch",
    "Money", "NewerStore", "Notice", "Open", "OutcomeUnknown", "Page", "Parsed", "PlaybookError",
    "PluginError", "PluginInfo", "Problem", "ProblemsFound", "Project", "Projection", "Query",
    "RecordSource", "Refuse", "Refused", "Registry", "Reopen", "Report", "ReportContext", "ReportQuery",
    "Scene", "Scope", "Set", "SetRecord", "Shape", "SkipActivity", "Source", "SourceRow", "Span", "Split",
    "SqliteStore", "Store", "StoreError", "StoreKind", "StoreUnavailable", "StreamKind", "Table", "Unknown",
    "UnknownName", "Verdict", "Waive", "__version__", "check_part", "command", "condition", "fiscal_parts",
    "fiscal_period", "fiscal_quarter", "fiscal_year", "hookimpl", "load_plugins", "telling", "types",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Import a public name from the module that holds it."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(home), _RENAMED.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Name what is public."""
    return __all__
