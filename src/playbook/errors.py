"""The errors and the values that stand for mistakes and refusals.

    PlaybookError                      everything raised on purpose
    ├── ProblemsFound                  files with mistakes; carries every Problem
    ├── InputError                     a name or a value that was given is wrong
    │   ├── UnknownName                nothing has that name; carries the nearest
    │   └── AmbiguousName              several things have that name
    ├── KeyReused                      an idempotency key was used for other content
    ├── PluginError                    a plugin failed; names the plugin
    └── StoreError                     the store cannot do its work
        ├── StoreUnavailable           locked, read-only, unreachable
        │   └── OutcomeUnknown         lost while a command was being stored: its key tells whether it was
        ├── DamagedStore               bytes are not what was written
        ├── ForeignStore               the file or schema is not ours
        └── NewerStore                 written by a newer version

A refusal is not an error: `Refused` is a value with every `Blocker`.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable


@attrs.frozen
class Span:
    """Name a place in a file; line and column count from 1."""

    file: str
    line: int
    column: int
    length: int = 1


@attrs.frozen
class Problem:
    """Describe a mistake in a file; severity is error, warning or advice."""

    code: str
    message: str
    span: Span
    severity: str = "error"
    excerpt: str = ""
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.span.file}:{self.span.line}:{self.span.column}"
        return _shown(f"{where} {self.code} {self.message}")

    def render(self) -> str:
        """Return the message with the line it is about, a caret under the place, and the hint."""
        said = [str(self)]
        if self.excerpt.strip():
            number = f"{self.span.line:>5}"
            text, before = _window(self.excerpt, self.span.column - 1)
            width = max(1, min(self.span.length, len(text) - before))
            said += [f"{number} | {text}", f"{'':>5} | {' ' * before}{'^' * width}"]
        if self.hint:
            said.append(f"  hint: {_shown(self.hint)}")
        return "\n".join(said)


_WIDTH = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _shown(text: str) -> str:
    """Return a text that no terminal takes for a command: control characters become spaces."""
    return _CONTROL.sub(" ", text)


def _window(line: str, at: int) -> tuple[str, int]:
    """Return what is shown of a line, and where the place lies in it."""
    line = _shown(line).rstrip()
    start = max(0, at - _WIDTH // 2) if len(line) > _WIDTH else 0
    return line[start : start + _WIDTH], min(at - start, _WIDTH)


@attrs.frozen
class Blocker:
    """Explain one unmet criterion: what is missing, the actual values, who can mend it and how."""

    criterion: str
    kind: str
    title: str
    hint: str = ""
    missing: tuple[str, ...] = ()
    actual: dict[str, Any] = attrs.field(factory=dict)
    who: tuple[str, ...] = ()
    file: str = ""
    line: int = 0
    fix: str = ""
    mode: str = "block"


@attrs.frozen
class Refused:
    """Say why a command was not carried out; every reason at once.

    `events` is what the attempt leaves behind all the same: a blocked advance is remembered. `warned` are
    criteria that are not met and stand in nobody's way.
    """

    code: str
    message: str
    blockers: tuple[Blocker, ...] = ()
    events: tuple[Any, ...] = ()
    warned: tuple[Blocker, ...] = ()


class PlaybookError(Exception):
    """Base of every error raised on purpose."""


class ProblemsFound(PlaybookError):
    """Files have mistakes."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class InputError(PlaybookError):
    """A name or value that was given is wrong; `discreet` says so without values that may be personal."""

    def __init__(self, message: str, discreet: str = "") -> None:
        self.discreet = discreet or message
        super().__init__(message)


class UnknownName(InputError):
    """Nothing of this kind has that name."""

    def __init__(self, kind: str, name: str, known: Iterable[str] = ()) -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        super().__init__(f"there is no {kind} {name!r}{nearest_hint(name, self.known)}")


class AmbiguousName(InputError):
    """Several things of this kind have that name."""

    def __init__(self, kind: str, name: str, matches: Iterable[str]) -> None:
        self.kind, self.name, self.matches = kind, name, tuple(matches)
        super().__init__(f"{name!r} names several {kind}s: {', '.join(self.matches)}; give more of the id")


class KeyReused(PlaybookError):
    """An idempotency key came again with other content."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"the key {key!r} was already used for another command")


class PluginError(PlaybookError):
    """A plugin failed or contradicts another."""

    def __init__(self, plugin: str, message: str) -> None:
        self.plugin = plugin
        super().__init__(f"plugin {plugin!r}: {message}")


class StoreError(PlaybookError):
    """The store cannot do its work."""


class StoreUnavailable(StoreError):
    """The store is locked, read-only or out of reach."""


class OutcomeUnknown(StoreUnavailable):
    """The store was lost while a command was being stored, which it was or was not; its key, sent again, tells."""


class DamagedStore(StoreError):
    """The store's bytes are not what was written: the disk or someone changed them.

    Where it is one event that cannot be read, `version` and `position` say which; else they are 0.
    """

    def __init__(self, message: str, *, version: int = 0, position: int = 0) -> None:
        self.version, self.position = version, position
        super().__init__(message)


class ForeignStore(StoreError):
    """The file or schema was not made by this program."""


class NewerStore(StoreError):
    """The store was written by a newer version of this program."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to `name`, or None where nothing is near."""
    names = list(known)
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if found:
        return found[0]
    lowered = {n.lower(): n for n in names}
    return lowered.get(name.lower())


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or the known names where few and none is near."""
    names = tuple(known)
    near = nearest(name, names)
    if near is not None:
        return f"; did you mean {near!r}?"
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"; there are: {shown}"
