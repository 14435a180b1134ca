"""One file: a draft as long as it may name what is not read yet, then a Reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from playbook.errors import Problem, Span, nearest_hint
from playbook.reading import codes, structure
from playbook.reading.events import read
from playbook.reading.extending import extend
from playbook.reading.schema import KINDS, validate
from playbook.reading.source import Map, Source
from playbook.reading.structure_mapping import mapping
from playbook.reading.structure_organization import organization
from playbook.reading.structure_playbook import playbook
from playbook.reading.structure_record import record
from playbook.reading.structure_translation import translation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbook.reading.files import Files
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

    def finish(self, known: Known) -> Reading[Any]:
        """Return the file with its conditions, which may name what is known."""
        value = None if self.value is None else known.resolved(self.source, self.value, self.said)
        return Reading(self.kind, self.id, value, in_order(self.source.problems), self.where, self.source)


def draft(text: str, file: str, contributed: Contributed, files: Files | None) -> Draft:
    """Read one file of any kind, and those that it names beside itself."""
    source = read(text, file)
    kind = _kind(source)
    if kind:
        extend(source, kind, files)
    root = source.root
    if not kind or root is None:
        return Draft("", "", None, source, {}, [])
    where: dict[str, Span] = {}
    said: list[Text] = []
    value: Any = None
    if source.whole:
        validate(source, kind, contributed)
        if kind == "playbook":
            value = playbook(source, root, where, said, contributed)
        elif kind == "organization":
            value = organization(source, root, where, files)
        else:
            value = _SHAPES[kind](source, root, where)
    return Draft(kind, _id(kind, root), value, source, where, said)


def _id(kind: str, root: Map) -> str:
    """Return the id of a file; a translation's has the locale too."""
    keys = (kind, "locale") if kind == "translation" else (kind,)
    return ".".join(text for key in keys if isinstance(text := root.get(key), str))


_SHAPES: Mapping[str, Any] = {
    "mapping": mapping, "project": structure.project, "record": record, "translation": translation,
}  # fmt: skip


def _kind(source: Source) -> str:
    """Return the kind that the first key says; report where it does not."""
    if not source.root:
        return ""
    first = next(iter(source.root))
    if first in KINDS:
        return first
    span = source.key(source.root, first)
    for kind in KINDS:
        if kind in source.root:
            said = f"{kind}: {source.root[kind]}"
            message = f"the first key says the kind and the id, and here it is `{first}`"
            source.report(codes.KIND_NOT_FIRST, message, span, f"move `{said}` to the top")
            return kind
    hint = nearest_hint(first, KINDS).removeprefix("; ")
    source.report(codes.UNKNOWN_KIND, f"`{first}` is not a kind of file", span, hint)
    return ""


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems by file, line and column, each once."""
    return tuple(sorted(set(problems), key=_place))


def _place(problem: Problem) -> tuple[object, ...]:
    span = problem.span
    return span.file, span.line, span.column, problem.code, problem.message
