"""What the checks share: their type, and Problems for names that nothing has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from playbook.errors import nearest_hint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from playbook.errors import Problem
    from playbook.reading.project import Project, Reading

Check = Callable[["Reading[Any]", "Project | None"], "Iterator[Problem]"]
"""A check gets a file that was read, and the project where there is one."""

Path = tuple[str | int, ...]


def problem(
    reading: Reading[Any], code: str, message: str, path: Path, hint: str = "", severity: str = "error"
) -> Problem:
    """Return a Problem at a path of the file."""
    return reading.source.problem(code, message, reading.source.at(*path), hint, severity)


def key_problem(
    reading: Reading[Any], code: str, message: str, path: Path, hint: str = "", severity: str = "error"
) -> Problem:
    """Return a Problem at the key that ends a path of the file."""
    span = reading.source.key(reading.source.get(*path[:-1]), str(path[-1]))
    return reading.source.problem(code, message, span, hint, severity)


def unknown(
    reading: Reading[Any],
    code: str,
    kind: str,
    names: Mapping[Path, str],
    known: Collection[str],
    severity: str = "error",
) -> Iterator[Problem]:
    """Yield a Problem for each name, by its path, that is not known; an empty name says nothing."""
    for path, name in names.items():
        if name and name not in known:
            hint = nearest_hint(name, known).removeprefix("; ")
            yield problem(reading, code, f"there is no {kind} {name!r}", path, hint, severity)


def unknown_keys(
    reading: Reading[Any], code: str, kind: str, path: Path, known: Collection[str]
) -> Iterator[Problem]:
    """Yield a Problem for each key of the map at a path that is not known."""
    for name in reading.source.get(*path) or ():
        if name not in known:
            hint = nearest_hint(name, known).removeprefix("; ")
            yield key_problem(reading, code, f"there is no {kind} {name!r}", (*path, name), hint)


def items(path: Path, names: Collection[str]) -> dict[Path, str]:
    """Return the names of a list by their path."""
    return {(*path, index): name for index, name in enumerate(names)}


def one_or_items(reading: Reading[Any], path: Path, names: Collection[str]) -> dict[Path, str]:
    """Return the names of a list, or the one name that stands in its place, by their path."""
    if isinstance(reading.source.get(*path), list):
        return items(path, names)
    return dict.fromkeys((path,), next(iter(names), ""))


def circles(above: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield every circle of things that each name one other, from its first in the order given."""
    done: set[str] = set()
    for start in above:
        way: dict[str, None] = {}
        here = start
        while here in above and here not in way and here not in done:
            way[here] = None
            here = above[here]
        if here in way:
            names = list(way)
            yield tuple(names[names.index(here) :])
        done.update(way)
