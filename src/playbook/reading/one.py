"""One file: a draft as long as it may name what is not read yet, then a Reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from playbook.errors import Problem, Span, nearest_hint
from playbook.reading import codes
from playbook.reading.events import read
from playbook.reading.extending import extend
from playbook.reading.kinds import Parsed, shape_of, structured
from playbook.reading.schema import validate
from playbook.reading.source import Map, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbook.reading.files import Files
    from playbook.reading.kinds import Check, FileKind, Shape
    from playbook.reading.naming import Known
    from playbook.reading.pending import Text
    from playbook.reading.schema import Contributed

T = TypeVar("T")


@attrs.frozen
class Reading(Generic[T]):
    """Hold what one file says: `value` is None where it could not be read to its end or has no kind.

    `where` gives the place of every stage, field, criterion, activity and timer by its path, such as
    `stages.discovery.exit.fit`; `source` that of everything else.
    """

    kind: str
    id: str
    value: T | None
    problems: tuple[Problem, ...]
    where: Mapping[str, Span]
    source: Source = attrs.field(repr=False, eq=False)
    checks: tuple[Check, ...] = attrs.field(default=(), repr=False, eq=False)

    @property
    def file(self) -> str:
        """Return the name of the file."""
        return self.source.file


@attrs.frozen
class Draft:
    """Hold one file whose conditions are not checked yet; `said` are its texts with placeholders."""

    kind: str
    id: str
    value: Any
    source: Source
    where: dict[str, Span]
    said: list[Text]
    shape: Shape | None = None

    def finish(self, known: Known) -> Reading[Any]:
        """Return the file with its conditions, which may name what is known."""
        value, shape = self.value, self.shape
        if value is not None and shape is not None:
            value = known.resolved(self.source, value, self.said, shape.environment)
        problems, checks = in_order(self.source.problems), shape.checks if shape else ()
        return Reading(self.kind, self.id, value, problems, self.where, self.source, checks)


def draft(text: str, file: str, contributed: Contributed, files: Files | None) -> Draft:
    """Read one file of any kind, and those that it names beside itself."""
    source = read(text, file)
    name = _kind(source, contributed.kinds)
    if name:
        extend(source, name, files)
    root = source.root
    if not name or root is None:
        return Draft("", "", None, source, {}, [])
    kind = contributed.kinds[name]
    parsed = Parsed(source, root, {}, [], contributed, files)
    value: Any = None
    if source.whole:
        validate(source, kind, contributed)
        value = structured(kind, parsed)
    shape = shape_of(kind)
    return Draft(name, _id((name, *shape.ids), root), value, source, parsed.where, parsed.said, shape)


def _id(keys: tuple[str, ...], root: Map) -> str:
    """Return the id of a file: what it says first, and for some kinds more."""
    return ".".join(text for key in keys if isinstance(text := root.get(key), str))


def _kind(source: Source, kinds: Mapping[str, FileKind]) -> str:
    """Return the kind that the first key says; report where it does not."""
    if not source.root:
        return ""
    first = next(iter(source.root))
    if first in kinds:
        return first
    span = source.key(source.root, first)
    for kind in kinds:
        if kind in source.root:
            said = f"{kind}: {source.root[kind]}"
            message = f"the first key says the kind and the id, and here it is `{first}`"
            source.report(codes.KIND_NOT_FIRST, message, span, f"move `{said}` to the top")
            return kind
    hint = nearest_hint(first, kinds).removeprefix("; ")
    source.report(codes.UNKNOWN_KIND, f"`{first}` is not a kind of file", span, hint)
    return ""


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems by file, line and column, each once."""
    return tuple(sorted(set(problems), key=_place))


def _place(problem: Problem) -> tuple[object, ...]:
    span = problem.span
    return span.file, span.line, span.column, problem.code, problem.message
