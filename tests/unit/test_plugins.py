"""Plugins: found, ordered, called once, taken whole or refused by name."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import playbook
from playbook import plugins
from playbook.errors import PluginError, UnknownName
from playbook.model.contributions import CommandLine, CriterionKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from playbook.expressions import Scope


def _met(options: object, scope: Scope) -> Verdict:
    return Verdict(met=True)


def _criterion(name: str, version: str = "1") -> CriterionKind:
    return CriterionKind(name, version, schema={}, test=_met)


def _command(name: str) -> CommandLine:
    return CommandLine(name, "1", load=lambda: None)


def _load(settings: Mapping[str, Mapping[str, Any]] | None = None, **extra: object) -> plugins.Registry:
    return plugins.load(settings or {}, extra=extra, entry_points=False)


class Good:
    def __init__(self, *names: str) -> None:
        self.names = names
        self.seen: list[Mapping[str, Any]] = []

    @playbook.hookimpl
    def playbook_criteria(self, settings: Mapping[str, Any]) -> Iterator[CriterionKind]:
        self.seen.append(settings)
        yield from (_criterion(name, settings.get("version", "1")) for name in self.names)


class Late:
    @playbook.hookimpl
    def playbook_commands(self) -> Iterator[CommandLine]:
        yield _command("early")

    @playbook.hookimpl
    def playbook_criteria(self) -> Iterator[CriterionKind]:
        yield _criterion("first")
        raise RuntimeError("the licence ran out")


class Leaving:
    @playbook.hookimpl
    def playbook_criteria(self) -> Iterator[CriterionKind]:
        sys.exit("no licence")


class WrongType:
    @playbook.hookimpl
    def playbook_criteria(self) -> Iterator[object]:
        yield _criterion("fine")
        yield _command("hello")


class Nothing:
    @playbook.hookimpl
    def playbook_criteria(self) -> None:
        return None


class BadName:
    @playbook.hookimpl
    def playbook_criteria(self) -> Iterator[object]:
        yield _criterion("two words")


class NoVersion:
    @playbook.hookimpl
    def playbook_criteria(self) -> Iterator[object]:
        yield _criterion("fine", version="")


class Twice:
    @playbook.hookimpl
    def playbook_criteria(self) -> Iterator[CriterionKind]:
        yield _criterion("same")

    @playbook.hookimpl(specname="playbook_criteria")
    def more(self) -> Iterator[CriterionKind]:
        yield _criterion("same")


class Misspelt:
    @playbook.hookimpl
    def playbook_criterias(self) -> Iterator[CriterionKind]:
        yield _criterion("fine")


class Greedy:
    @playbook.hookimpl
    def playbook_commands(self) -> Iterator[CommandLine]:
        yield _command("mine")

    @playbook.hookimpl(specname="playbook_criteria", wrapper=True)
    def eat(self) -> Any:
        yield
        return []


class Demanding:
    @playbook.hookimpl
    def playbook_criteria(self, engine: object) -> Iterator[CriterionKind]:
        yield _criterion("fine")


class Unmarked:
    @playbook.hookimpl
    def playbook_commands(self) -> Iterator[CommandLine]:
        yield _command("mine")

    def playbook_criteria(self, settings: object) -> Iterator[CriterionKind]:
        yield _criterion("fine")


class Elsewhere:
    @playbook.hookimpl(optionalhook=True)
    def playbook_routes(self) -> list[object]:
        raise AssertionError("a hook that nobody declares was called")


def test_what_ships_inside_is_registered_like_a_plugin() -> None:
    registry = _load()
    assert list(registry.stores) == ["memory", "sqlite"]
    assert list(registry.importers) == ["csv"]
    assert {"done", "days", "size"} <= set(registry.functions)
    assert [plugin.name for plugin in registry.plugins] == ["builtin"]
    assert registry.owner_of("functions", "done") == ("builtin", "1")


def test_contributions_are_in_order_of_name_whatever_the_order_given() -> None:
    registry = _load(zeta=Good("b", "a"), alpha=Good("c"))
    assert list(registry.criteria) == ["a", "b", "c"]
    assert [plugin.name for plugin in registry.plugins] == ["alpha", "builtin", "zeta"]
    assert registry.plugins[2].contributes == {"criteria": ("a", "b")}


def test_a_hook_is_called_once_with_the_settings_of_its_plugin_alone() -> None:
    one, other = Good("a"), Good("b")
    _load({"one": {"version": "7"}}, one=one, other=other)
    assert one.seen == [{"version": "7"}]
    assert other.seen == [{}]
    with pytest.raises(TypeError):
        one.seen[0]["version"] = "8"  # type: ignore[index]


@pytest.mark.parametrize(
    ("plugin", "told"),
    [
        (Late(), "playbook_criteria raised RuntimeError: the licence ran out"),
        (Leaving(), "playbook_criteria raised SystemExit: no licence"),
        (WrongType(), "playbook_criteria gave CommandLine(name='hello'"),
        (Nothing(), "playbook_criteria raised TypeError: 'NoneType' object is not iterable"),
        (BadName(), "gave the name 'two words'"),
        (NoVersion(), "gave 'fine' the version ''"),
        (Twice(), "gave 'same' twice"),
        (Misspelt(), "there is no hook 'playbook_criterias'; did you mean 'playbook_criteria'?"),
        (Greedy(), "playbook_criteria is a wrapper"),
        (Demanding(), "'engine'"),
        (Unmarked(), "playbook_criteria is not marked with @playbook.hookimpl"),
        (object(), "implements no hook"),
        (None, "implements no hook"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_bad_plugin_is_refused_whole_and_the_others_go_on(plugin: object, told: str) -> None:
    registry = _load(bad=plugin, good=Good("kept"))
    assert list(registry.criteria) == ["kept"]
    assert list(registry.commands) == []
    assert [fault.name for fault in registry.faults] == ["bad"]
    assert told in registry.faults[0].fault
    assert not registry.faults[0].contributes


def test_a_fault_says_where_the_plugin_raised() -> None:
    assert f"({__file__}:" in _load(bad=Late()).faults[0].fault


def test_an_optional_hook_that_nobody_declares_is_left_alone() -> None:
    registry = _load(web=Elsewhere())
    assert registry.faults == ()


def test_two_contributions_of_one_name_are_an_error_naming_both_plugins() -> None:
    with pytest.raises(PluginError, match=r"plugin 'zeta': criteria 'same' .* plugin 'alpha'"):
        _load(zeta=Good("same"), alpha=Good("same"))


def test_two_plugins_of_one_name_are_an_error() -> None:
    with pytest.raises(
        PluginError, match=r"two plugins have this name, from the program itself and playbook "
    ):
        _load(builtin=Good("a"))


def test_settings_for_a_plugin_that_is_not_there_are_a_fault() -> None:
    registry = _load({"exampel": {}}, example=Good("a"))
    assert [fault.name for fault in registry.faults] == ["exampel"]
    assert "did you mean 'example'?" in registry.faults[0].fault


def test_contracts_name_what_is_used_with_its_version() -> None:
    registry = _load({"one": {"version": "3"}}, one=Good("recent", "other"))
    used = [("functions", "days"), ("criteria", "recent"), ("criteria", "that")]
    assert registry.contracts(used) == {"builtin/functions/days": "1", "one/criteria/recent": "3"}
    everything = registry.contracts()
    assert everything["one/criteria/other"] == "3"
    assert len(everything) == len(registry.criteria) + len(registry.functions)


def test_owner_of_answers_none_for_what_nobody_contributes_and_refuses_an_unknown_kind() -> None:
    registry = _load()
    assert registry.owner_of("criteria", "nowhere") is None
    with pytest.raises(UnknownName, match="did you mean 'criteria'"):
        registry.owner_of("criterion", "nowhere")


def _distribution(root: Path, name: str, module: str, code: str) -> None:
    """Write an installed distribution the way an installer does."""
    info = root / f"{name}-2.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.5\n")
    (info / "entry_points.txt").write_text(f"[playbook]\n{name} = {module}\n")
    (root / f"{module}.py").write_text(textwrap.dedent(code))


def test_installed_plugins_are_found_by_their_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = """
        import playbook

        @playbook.hookimpl
        def playbook_commands():
            yield playbook.CommandLine("found-by-entry-point", "1", load=lambda: None)
    """
    _distribution(tmp_path, "working", "working_plugin", working)
    _distribution(tmp_path, "broken", "broken_plugin", "import nowhere_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry = plugins.load()
    found = {plugin.name: plugin for plugin in registry.plugins}
    assert "found-by-entry-point" in registry.commands
    assert (found["working"].distribution, found["working"].version) == ("working", "2.5")
    assert (
        "importing it raised ModuleNotFoundError: No module named 'nowhere_at_all'" in found["broken"].fault
    )
    assert "broken_plugin.py:1" in found["broken"].fault
    assert "found-by-entry-point" not in plugins.load(entry_points=False).commands


class Topping(NamedTuple):
    name: str
    version: str


class Pizzeria:
    @playbook.hookimpl
    def playbook_hooks(self) -> Iterator[playbook.HookKind]:
        yield playbook.HookKind("toppings", version="1", yields=Topping, doc="What lies on it")


class Farm:
    def __init__(self, *what: object) -> None:
        self.what = what or (Topping("basil", "2"),)

    @playbook.hookimpl(optionalhook=True)
    def playbook_toppings(self, settings: Mapping[str, Any]) -> Iterator[object]:
        yield from self.what


def test_a_plugin_declares_a_hook_that_an_earlier_one_implements() -> None:
    registry = _load(a_farm=Farm(), pizzeria=Pizzeria())
    assert registry.faults == ()
    assert registry.declared["toppings"] == {"basil": playbook.Brought("a_farm", Topping("basil", "2"))}
    assert registry.owner_of("toppings", "basil") == ("a_farm", "2")
    assert registry.owner_of("toppings", "ham") is None
    assert registry.plugins[0].contributes == {"toppings": ("basil",)}
    assert registry.read_by()["a_farm/toppings/basil"] == "2"
    assert not [contract for contract in registry.contracts() if "toppings" in contract]


def test_without_the_plugin_that_declares_it_nobody_asks_for_a_hook() -> None:
    registry = _load(farm=Farm())
    assert (registry.faults, registry.declared, registry.plugins[1].contributes) == ((), {}, {})


def test_what_a_declared_hook_yields_is_checked_and_clashes_are_named() -> None:
    (fault,) = _load(farm=Farm("ham"), pizzeria=Pizzeria()).faults
    assert "playbook_toppings gave 'ham', where a Topping was expected" in fault.fault
    with pytest.raises(PluginError, match="toppings 'basil' is also contributed by plugin 'one'"):
        _load(one=Farm(), other=Farm(), pizzeria=Pizzeria())
    with pytest.raises(PluginError, match="the hook 'toppings' is also declared by 'one'"):
        _load(one=Pizzeria(), other=Pizzeria())


def test_a_hook_of_ours_is_nobody_elses_and_a_near_name_is_told() -> None:
    class Takes:
        @playbook.hookimpl
        def playbook_hooks(self) -> Iterator[playbook.HookKind]:
            yield playbook.HookKind("criteria", version="1", yields=Topping)

    class Misspelt:
        @playbook.hookimpl
        def playbook_topings(self) -> Iterator[Topping]:
            yield Topping("basil", "1")

    with pytest.raises(PluginError, match="the hook 'criteria' is also declared by 'playbook'"):
        _load(takes=Takes())
    (fault,) = _load(farm=Misspelt(), pizzeria=Pizzeria()).faults
    assert "did you mean 'playbook_toppings'?" in fault.fault
