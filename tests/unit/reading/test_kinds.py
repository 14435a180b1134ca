"""Kinds of files that plugins add: read, checked and found like those that ship."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import playbook
from playbook import FileKind, Parsed, PluginError, Problem, Project, Shape, load_plugins
from playbook.checking import problems_of
from playbook.reading import codes
from playbook.reading.project import read_text
from playbook.reading.schema import KINDS, schema
from playbook.reading.standard import STANDARD_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playbook.reading.project import Reading

SCHEMA = {
    "type": "object",
    "required": ["motto", "says"],
    "additionalProperties": False,
    "properties": {"motto": {"type": "string"}, "says": {"type": "string"}, "of": {"type": "string"}},
}


def known_playbook(reading: Reading[Any], project: Project | None) -> Iterator[Problem]:
    of = (reading.value or {}).get("of")
    if of and project is not None and of not in project.playbooks:
        yield reading.source.problem("motto-of", f"there is no playbook {of!r}", reading.source.at("of"))


def kinds(
    structure: Callable[[Parsed], Any] = lambda parsed: dict(parsed.root), **more: Any
) -> dict[str, FileKind]:
    def load() -> Shape:
        return Shape(SCHEMA, structure, checks=(known_playbook,))

    return {"motto": FileKind("motto", "1", load, **more)}


def told(project: Project) -> list[str]:
    return [f"{p.span.file}:{p.span.line}:{p.span.column} {p.code}" for p in problems_of(project)]


def test_what_ships_is_registered_through_the_same_hook() -> None:
    registry = load_plugins(entry_points=False)
    assert tuple(sorted(KINDS)) == tuple(registry.kinds)
    assert {registry.owner_of("kinds", name) for name in KINDS} == {("builtin", "1")}
    project = Project.from_files({"a.playbook.yaml": "playbook: a\n"}, kinds=registry.kinds)
    assert told(project) == told(Project.from_files({"a.playbook.yaml": "playbook: a\n"}))


def test_a_file_of_a_plugins_kind_is_read_and_checked_with_the_others() -> None:
    files = {
        "ours.motto.yaml": "motto: ours\nsays: Less is more\nof: deals\n",
        "theirs.motto.yaml": "motto: theirs\nsay: More is more\n",
        "not-of-it.yaml": "motto: third\nsays: Nothing\n",
    }
    project = Project.from_files(files, kinds=kinds())
    assert list(project.others["motto"]) == ["ours", "theirs"]
    assert project.others["motto"]["ours"].value == {"motto": "ours", "says": "Less is more", "of": "deals"}
    assert told(project) == [
        "ours.motto.yaml:3:5 motto-of",
        f"theirs.motto.yaml:1:1 {codes.MISSING_KEY}",
        f"theirs.motto.yaml:2:1 {codes.UNKNOWN_KEY}",
    ]


def test_two_files_of_one_id_are_told_as_for_any_kind() -> None:
    text = "motto: ours\nsays: Less\n"
    project = Project.from_files({"a.motto.yaml": text, "b.motto.yaml": text}, kinds=kinds())
    assert told(project) == [f"b.motto.yaml:1:8 {codes.DUPLICATE_FILE}"]


def test_a_kind_says_what_its_files_are_called(tmp_path: Path) -> None:
    for name in ("MOTTO.yaml", "ours.motto.yaml", "deep/MOTTO.yaml", "playbook.yaml", "deep/playbook.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"motto: {name.lower()}\nsays: x\n", encoding="utf-8")
    found = Project.from_folder(tmp_path, kinds=kinds(files=("MOTTO.yaml",)))
    assert sorted(found.others["motto"]) == ["deep/motto.yaml", "motto.yaml", "playbook.yaml"]
    at_root = Project.from_folder(tmp_path, kinds=kinds(files=("/MOTTO.yaml",), told=True))
    assert list(at_root.others["motto"]) == ["motto.yaml", "playbook.yaml"]


def test_the_schema_of_a_kind_is_printed_like_any_and_an_unknown_one_names_the_nearest() -> None:
    assert schema("motto", kinds=kinds()) == SCHEMA
    with pytest.raises(playbook.UnknownName, match="did you mean 'motto'"):
        schema("moto", kinds={**STANDARD_KINDS, **kinds()})


def test_a_kind_whose_own_code_fails_is_named_with_the_file() -> None:
    def structure(parsed: Parsed) -> Any:
        raise KeyError(parsed.root["says"])

    with pytest.raises(
        PluginError, match=r"plugin 'motto': the kind of file fails on a.motto.yaml: KeyError: 'x'"
    ):
        read_text("motto: a\nsays: x\n", "a.motto.yaml", kinds=kinds(structure))
    broken = {"motto": FileKind("motto", "1", lambda: Shape({"type": "mny"}, lambda parsed: None))}
    with pytest.raises(PluginError, match="the schema of this kind of file is not one"):
        read_text("motto: a\n", "a.motto.yaml", kinds=broken)


def test_two_plugins_with_one_kind_are_both_named() -> None:
    class Plugin:
        @playbook.hookimpl
        def playbook_kinds(self) -> list[FileKind]:
            return list(kinds().values())

    class Taker:
        @playbook.hookimpl
        def playbook_kinds(self) -> list[FileKind]:
            return [FileKind("playbook", "1", lambda: Shape({}, lambda parsed: None))]

    with pytest.raises(PluginError, match=r"'b': kinds 'motto' is also contributed by plugin 'a'"):
        load_plugins(extra={"a": Plugin(), "b": Plugin()}, entry_points=False)
    with pytest.raises(
        PluginError, match=r"'taker': kinds 'playbook' is also contributed by plugin 'builtin'"
    ):
        load_plugins(extra={"taker": Taker()}, entry_points=False)
