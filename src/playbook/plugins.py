"""Find plugins, check and call each by itself, and hold what they contribute.

A plugin is taken whole or not at all: one that raises, or contributes what cannot be used, is kept by name
with its fault, and the others go on. Only a clash of names stops everything: either could be the wrong one.
"""

from __future__ import annotations

import itertools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import pluggy

from playbook import __version__, builtin
from playbook.errors import PluginError, UnknownName, nearest_hint
from playbook.hookspecs import CONTRIBUTIONS, PROJECT, Hooks, hookspec
from playbook.model.contributions import Brought

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@attrs.frozen
class PluginInfo:
    """Describe a plugin: where it comes from and the names it contributes by kind, or why it was refused."""

    name: str
    distribution: str = ""
    version: str = ""
    contributes: Mapping[str, tuple[str, ...]] = _NOTHING
    fault: str = ""


@attrs.frozen
class Registry:
    """Hold what plugins contribute by name, in order of name, and the plugins themselves.

    `hooks` are those that plugins declare, and `declared` has what came of each, by the name of the hook.
    """

    functions: Mapping[str, Function]
    criteria: Mapping[str, CriterionKind]
    stores: Mapping[str, StoreKind]
    importers: Mapping[str, Importer]
    reports: Mapping[str, Report]
    commands: Mapping[str, CommandLine]
    plugins: tuple[PluginInfo, ...] = ()
    actions: Mapping[str, ActionKind] = _NOTHING
    before_commit: Mapping[str, Guard] = _NOTHING
    records: Mapping[str, RecordSource] = _NOTHING
    kinds: Mapping[str, FileKind] = _NOTHING
    streams: Mapping[str, StreamKind] = _NOTHING
    expectations: Mapping[str, Expectation] = _NOTHING
    hooks: Mapping[str, HookKind] = _NOTHING
    declared: Mapping[str, Mapping[str, Brought]] = _NOTHING

    @property
    def faults(self) -> tuple[PluginInfo, ...]:
        """Return the plugins that were refused."""
        return tuple(plugin for plugin in self.plugins if plugin.fault)

    @property
    def for_files(self) -> dict[str, Mapping[str, Any]]:
        """Return what files may name, as the arguments by which `reading.project` takes it."""
        kinds = ("criteria", "actions", "functions", "kinds", "expectations", "declared")
        return {kind: getattr(self, kind) for kind in kinds}

    def owner_of(self, kind: str, name: str) -> tuple[str, str] | None:
        """Return the plugin that contributes something and its contract version, or None.

        `kind` is that of the registry's mapping: criteria, functions, ..., or a hook that a plugin declares; raises
        UnknownName for another.
        """
        if kind not in CONTRIBUTIONS and kind not in self.hooks:
            raise UnknownName("kind of contribution", kind, (*CONTRIBUTIONS, *self.hooks))
        if kind in self.hooks:
            brought = self.declared.get(kind, _NOTHING).get(name)
            return None if brought is None else (brought.plugin, brought.value.version)
        found = getattr(self, kind).get(name)
        if found is None:
            return None
        owner = next(p.name for p in self.plugins if name in p.contributes.get(kind, ()))
        return owner, found.version

    def versions(self, kind: str) -> dict[str, str]:
        """Return the contract versions of every contribution of a kind by `plugin/kind/name`."""
        return {
            f"{plugin.name}/{kind}/{name}": getattr(self, kind)[name].version
            for plugin in self.plugins
            for name in plugin.contributes.get(kind, ())
        }

    def read_by(self) -> dict[str, str]:
        """Return the contract versions of everything that reading files depends on, beside what decides."""
        found = {**self.contracts(), **self.versions("kinds"), **self.versions("expectations")}
        for hook, of in self.declared.items():
            found |= {f"{one.plugin}/{hook}/{name}": one.value.version for name, one in of.items()}
        return found

    def contracts(self, used: Iterable[tuple[str, str]] | None = None) -> dict[str, str]:
        """Return the contract versions by `plugin/kind/name`, of what is used or of everything that decides.

        `used` are pairs of kind and name; names that no plugin contributes, like the criterion `that`, are
        passed over. A definition is published with what it uses and runs where all of it is there unchanged.
        """
        wanted = None if used is None else set(used)
        return {
            contract: version
            for kind in ("actions", "criteria", "functions")
            for contract, version in self.versions(kind).items()
            if wanted is None or (kind, contract.rpartition("/")[2]) in wanted
        }


@attrs.frozen
class _Source:
    """Hold a plugin before it is loaded."""

    name: str
    load: Callable[[], object]
    distribution: str = ""
    version: str = ""


class _FaultError(Exception):
    """Say why a plugin is refused."""


def load(
    settings: Mapping[str, Mapping[str, Any]] = _NOTHING,
    *,
    extra: Mapping[str, object] = _NOTHING,
    entry_points: bool = True,
) -> Registry:
    """Load plugins in order of name and return what they contribute.

    `settings` are by plugin; `extra` are plugins by name, beside the installed ones (`entry_points`).
    Raises PluginError where two plugins, or two things they contribute, have one name.
    """
    sources = [_Source("builtin", lambda: builtin, PROJECT, __version__)]
    sources += _installed() if entry_points else []
    sources += [_Source(name, _given(plugin)) for name, plugin in extra.items()]
    sources.sort(key=lambda source: (source.name, source.distribution))
    for one, other in itertools.pairwise(sources):
        if one.name == other.name:
            where = f"{_origin(one)} and {_origin(other)}"
            raise PluginError(one.name, f"two plugins have this name, from {where}; uninstall one")
    plugins = [_not_there(name, sources) for name in settings if name not in {s.name for s in sources}]
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    hooks = _declared(manager, sources, settings)
    if hooks:
        manager.add_hookspecs(_specifications(hooks))
    known = {**CONTRIBUTIONS, **hooks}
    found: dict[str, dict[str, Any]] = {kind: {} for kind in known}
    for source in sources:
        info, contributed = _take(manager, source, settings.get(source.name, _NOTHING), known)
        for kind, values in contributed.items():
            _refuse_clashes(source.name, kind, values, plugins)
            brought = kind in hooks
            found[kind].update({n: Brought(source.name, v) if brought else v for n, v in values.items()})
        plugins.append(info)
    ordered = {kind: MappingProxyType(dict(sorted(values.items()))) for kind, values in found.items()}
    declared = MappingProxyType({hook: ordered.pop(hook) for hook in sorted(hooks)})
    return Registry(
        **ordered, plugins=tuple(sorted(plugins, key=lambda plugin: plugin.name)), declared=declared
    )


def _declared(
    manager: pluggy.PluginManager, sources: Iterable[_Source], settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, type[Any]]:
    """Return the hooks that plugins declare, each with what it yields; a plugin with a fault declares none.

    They are asked before all else, since a plugin may implement one that is declared by a later one.
    """
    owners: dict[str, str] = {}
    hooks: dict[str, type[Any]] = {}
    for source in sources:
        try:
            if not hasattr(_guarded("importing it", source.load), f"{PROJECT}_hooks"):
                continue
        except _FaultError:  # it is loaded again with all others, and its fault is kept then
            continue
        given = settings.get(source.name, _NOTHING)
        _, contributed = _take(manager, source, given, CONTRIBUTIONS, only="hooks")
        for name, hook in contributed.get("hooks", _NOTHING).items():
            owner = "playbook" if name in CONTRIBUTIONS else owners.setdefault(name, source.name)
            if owner != source.name:
                raise PluginError(
                    source.name, f"the hook {name!r} is also declared by {owner!r}; uninstall one"
                )
            hooks[name] = hook.yields
    return hooks


def _given(plugin: object) -> Callable[[], object]:
    return lambda: plugin


def _installed() -> list[_Source]:
    from importlib import metadata  # slow to import, and not needed where no entry points are wanted

    sources = []
    for point in metadata.entry_points(group=PROJECT):
        if point.dist is not None:
            about = point.dist.metadata  # which is read anew each time it is asked for
            sources.append(_Source(point.name, point.load, about["Name"], about["Version"]))
    return sources


def _origin(source: _Source) -> str:
    return f"{source.distribution} {source.version}" if source.distribution else "the program itself"


def _not_there(name: str, sources: Iterable[_Source]) -> PluginInfo:
    hint = nearest_hint(name, (source.name for source in sources))
    return PluginInfo(name, fault=f"there are settings for it, but it is not installed{hint}")


def _take(
    manager: pluggy.PluginManager,
    source: _Source,
    settings: Mapping[str, Any],
    known: Mapping[str, type[Any]],
    only: str = "",
) -> tuple[PluginInfo, Mapping[str, Mapping[str, Any]]]:
    """Load one plugin and return its description with everything it contributes: all of it, or nothing.

    `known` are the hooks with what they yield; `only` one of them is asked, where it is named.
    """
    try:
        contributed: dict[str, dict[str, Any]] = {}
        for kind, hook in _implementations(manager, source, known):
            if only in ("", kind):
                _contribute(contributed.setdefault(kind, {}), kind, hook, known[kind], settings)
    except _FaultError as fault:
        return PluginInfo(source.name, source.distribution, source.version, fault=str(fault)), _NOTHING
    names = MappingProxyType({kind: tuple(sorted(values)) for kind, values in contributed.items() if values})
    return PluginInfo(source.name, source.distribution, source.version, names), contributed


def _implementations(
    manager: pluggy.PluginManager, source: _Source, known: Mapping[str, type[Any]]
) -> list[tuple[str, pluggy.HookImpl]]:
    """Return the hooks that a plugin implements, by kind of contribution.

    The manager knows one plugin at a time, so that one which is refused leaves nothing behind.
    """
    plugin = _guarded("importing it", source.load)
    try:
        manager.register(plugin, source.name)
        return _marked(manager, plugin, known)
    except pluggy.PluginValidationError as error:
        raise _FaultError(" ".join(str(error).split())) from error
    finally:
        if manager.has_plugin(source.name):
            manager.unregister(name=source.name)


def _marked(
    manager: pluggy.PluginManager, plugin: object, known: Mapping[str, type[Any]]
) -> list[tuple[str, pluggy.HookImpl]]:
    _refuse_unmarked(manager, plugin, known)
    hooks = []
    for caller in manager.get_hookcallers(plugin) or ():
        for hook in caller.get_hookimpls():
            _refuse_hook(caller, hook, known)
            if caller.has_spec():  # else optional: another plugin declares it, where that is installed
                hooks.append((caller.name.removeprefix(f"{PROJECT}_"), hook))
    return sorted(hooks, key=lambda pair: pair[0])


def _specifications(names: Iterable[str]) -> type[Any]:
    """Return the specifications of hooks that plugins declare: each may take the settings, as all do."""

    def asked(self: object, settings: Mapping[str, Any]) -> None:
        """Yield contributions."""

    return type("Declared", (), {f"{PROJECT}_{name}": hookspec(asked) for name in names})


def _refuse_hook(caller: pluggy.HookCaller, hook: pluggy.HookImpl, kinds: Iterable[str]) -> None:
    if hook.wrapper or hook.hookwrapper:
        raise _FaultError(f"{caller.name} is a wrapper, which could change what others contribute")
    if not caller.has_spec() and not hook.optionalhook:
        known = (f"{PROJECT}_{kind}" for kind in kinds)
        raise _FaultError(f"there is no hook {caller.name!r}{nearest_hint(caller.name, known)}")


def _refuse_unmarked(manager: pluggy.PluginManager, plugin: object, kinds: Iterable[str]) -> None:
    for name in (f"{PROJECT}_{kind}" for kind in kinds):
        if hasattr(plugin, name) and manager.parse_hookimpl_opts(plugin, name) is None:
            raise _FaultError(f"{name} is not marked with @playbook.hookimpl")
    if not manager.get_hookcallers(plugin):
        raise _FaultError("it implements no hook: mark its functions with @playbook.hookimpl")


def _contribute(
    found: dict[str, Any], kind: str, hook: pluggy.HookImpl, wanted: type[Any], settings: Mapping[str, Any]
) -> None:
    """Call one hook and add its values by name."""
    hook_name = f"{PROJECT}_{kind}"
    arguments = {"settings": MappingProxyType(settings)}

    def call() -> tuple[object, ...]:
        given: Any = hook.function(*(arguments[argument] for argument in hook.argnames))
        return tuple(given)

    for value in _guarded(hook_name, call):
        if not isinstance(value, wanted):
            raise _FaultError(f"{hook_name} gave {value!r}, where a {wanted.__name__} was expected")
        name, version = value.name, value.version
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise _FaultError(f"{hook_name} gave the name {name!r}: a letter, then letters, digits, - and _")
        if not (isinstance(version, str) and version):
            raise _FaultError(
                f"{hook_name} gave {name!r} the version {version!r}: a text was expected, like '1'"
            )
        if name in found:
            raise _FaultError(f"{hook_name} gave {name!r} twice")
        found[name] = value


def _guarded(what: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except (Exception, SystemExit) as error:  # whatever a stranger's code raises is that plugin's fault alone
        from traceback import extract_tb  # slow to import, and only a fault needs it

        frames = extract_tb(error.__traceback__)
        theirs = [f for f in frames if f.filename != __file__ and not f.filename.startswith("<")]
        where = f" ({theirs[-1].filename}:{theirs[-1].lineno})" if theirs else ""
        raise _FaultError(f"{what} raised {type(error).__name__}: {error}{where}") from error


def _refuse_clashes(plugin: str, kind: str, names: Iterable[str], earlier: Iterable[PluginInfo]) -> None:
    for other in earlier:
        for name in sorted(set(names) & set(other.contributes.get(kind, ()))):
            raise PluginError(
                plugin, f"{kind} {name!r} is also contributed by plugin {other.name!r}; uninstall one"
            )
