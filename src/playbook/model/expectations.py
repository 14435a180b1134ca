"""What a step of a scenario may expect, where a plugin adds to it: what is wanted held against what is the fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from playbook.engine import Engine


class Mismatch(msgspec.Struct, frozen=True):
    """Hold one expectation by its name beside the fact, both in words; the path leads to it from its step.

    One that a plugin yields has name and path from within what it expects; both may be empty. The fact may have
    several lines.
    """

    name: str
    expected: str
    fact: str
    path: tuple[str | int, ...] = ()


class Scene(msgspec.Struct, frozen=True, eq=False):
    """Hold the world as a step of a scenario left it: the engine, the case it was about, and who acted.

    `clock` of the engine says the pretended time; `folder` is that of the project, for files that settings name,
    and empty where the project lies in none.
    """

    engine: Engine
    case: str
    actor: str
    folder: str = ""


class Expectation(msgspec.Struct, frozen=True, eq=False):
    """Add what a step of a scenario may expect: `name: what is wanted` under `expect`.

    `schema` is the JSON Schema (draft-07) of what is wanted; a value of a table may stand there as `$name`.
    `compare` gets what is wanted and the scene, only looks, and yields what is not the fact; it raises InputError or
    UnknownName where what is wanted names something that is not there, which fails the step too.
    """

    name: str
    version: str
    schema: Mapping[str, Any]
    compare: Callable[[Any, Scene], Iterable[Mismatch]]
    doc: str = ""
