"""Kinds of files: what one is registered with, by what ships and by plugins alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from playbook.errors import PluginError

if TYPE_CHECKING:
    from playbook.errors import Problem, Span
    from playbook.expressions import Environment, Scope
    from playbook.model.contributions import Brought
    from playbook.reading.files import Files
    from playbook.reading.naming import Known
    from playbook.reading.one import Reading
    from playbook.reading.pending import Text
    from playbook.reading.project import Project
    from playbook.reading.schema import Contributed
    from playbook.reading.source import Map, Source

Check = Callable[["Reading[Any]", "Project | None"], "Iterator[Problem]"]
"""A check gets a file that was read, and the project where there is one; it yields what is wrong in meaning."""


class Parsed(msgspec.Struct, frozen=True, eq=False):
    """Hold one file of a kind, its shape checked by the kind's schema: what breached it is taken out.

    `root` is the tree: maps, lists, texts, numbers as int or Decimal. `source` knows the place of everything
    and takes Problems; `where` is filled with the places that others may ask for, by path.
    """

    source: Source
    root: Map
    where: dict[str, Span]
    said: list[Text]
    contributed: Contributed
    files: Files | None = None

    def plain(self) -> dict[str, Any]:
        """Return the tree as plain values without places, which can be stored; decimal numbers as typed."""
        from playbook.reading.source import plain  # with the reader of YAML, which other users do without

        found: dict[str, Any] = plain(self.root)
        return found

    def declared(self, hook: str) -> Mapping[str, Brought]:
        """Return what plugins contribute to a hook that another declares, by name; nothing where nobody does."""
        return self.contributed.declared.get(hook, {})


class Shape(msgspec.Struct, frozen=True, eq=False):
    """Say what files of a kind look like and mean.

    `schema` is a JSON Schema (draft-07) of the whole file, whose first key is the kind. `structure` makes the
    frozen value of a file, `checks` look at it beside the project's other files. `ids` are keys that make the id
    beside the first; `grows` are definitions of the schema that take what plugins add (criterion, action, expect);
    `environment` says what the file's conditions may name. `codes` explains those of its own mistakes, a paragraph
    each, for `check --explain`.
    """

    schema: Mapping[str, Any]
    structure: Callable[[Parsed], Any]
    checks: tuple[Check, ...] = ()
    ids: tuple[str, ...] = ()
    grows: tuple[str, ...] = ()
    environment: Callable[[Known, Any, str], Environment] | None = None
    codes: Mapping[str, str] = {}


class FileKind(msgspec.Struct, frozen=True, eq=False):
    """Add a kind of file, whose first key is `name`; `load` returns its shape when the first one is read.

    `files` are patterns of the names its files have, `*.NAME.yaml` without any; `told` says that others have such
    names too, so that its first key must tell. What a file of a kind that is
    `stored` says is published beside the playbooks. `guide` gets what such a file says, as plain values, and the
    scope of a case, and returns what it adds to the guidance there, in the forms of a playbook's `guidance`.
    """

    name: str
    version: str
    load: Callable[[], Shape]
    files: tuple[str, ...] = ()
    told: bool = False
    stored: bool = False
    guide: Callable[[Mapping[str, Any], Scope], Mapping[str, Any]] | None = None
    doc: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Return the patterns of the names that its files have."""
        return self.files or (f"*.{self.name}.yaml",)


@lru_cache(maxsize=128)
def shape_of(kind: FileKind) -> Shape:
    """Return the shape of a kind of file, loaded once; raises PluginError where that fails."""
    try:
        shape = kind.load()
    except Exception as error:
        raise PluginError(kind.name, f"its kind of file cannot be loaded: {_said(error)}") from error
    if not isinstance(shape, Shape):
        raise PluginError(kind.name, f"its kind of file loads {shape!r}, where a Shape was expected")
    return shape


def structured(kind: FileKind, parsed: Parsed) -> Any:
    """Return the value of a file; raises PluginError where the kind's own code fails on it."""
    try:
        return shape_of(kind).structure(parsed)
    except Exception as error:
        message = f"the kind of file fails on {parsed.source.file}: {_said(error)}"
        raise PluginError(kind.name, message) from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
