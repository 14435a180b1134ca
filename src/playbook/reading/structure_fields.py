"""Fields from their trees: those of a playbook, an entry, a record, and the columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.model import values
from playbook.model.playbook import Field
from playbook.model.vocabulary import type_of
from playbook.reading import codes, traps
from playbook.reading.pending import condition
from playbook.reading.source import Map, plain
from playbook.reading.structure import maps, texts, told, truth

if TYPE_CHECKING:
    from playbook.errors import Span
    from playbook.reading.source import Source


_NUMERIC = ("money", "percent", "number", "integer")


class Fields:
    """Make the fields of one file, noting where they stand."""

    def __init__(self, source: Source, where: dict[str, Span]) -> None:
        self.source = source
        self.where = where

    def all(self, holder: Map, path: str) -> tuple[Field, ...]:
        """Return the fields of a map, in the order of the file."""
        return tuple(self.field(holder["fields"], name, path) for name, _ in maps(holder, "fields"))

    def field(self, holder: Map, name: str, path: str) -> Field:
        """Return a field, also one that is a column or what a list holds."""
        data: Map = holder[name]
        path += name
        self.where[path] = self.source.key(holder, name)
        columns = data.get("columns", Map())
        field = Field(
            id=name,
            type=data.get("type", ""),
            title=data.get("title", ""),
            help=data.get("help", ""),
            options=texts(data, "options"),
            of=self.held(data, f"{path}."),
            columns=tuple(self.field(columns, column, f"{path}.columns.") for column in columns),
            to=data.get("to", ""),
            required_from=data.get("required_from", ""),
            locked_from=data.get("locked_from", ""),
            editable_after_close=truth(data, "editable_after_close"),
            personal=truth(data, "personal"),
            visible_to=texts(data, "visible_to"),
        )
        if "is" in data:
            field = attrs.evolve(field, is_=condition(data, "is", type_of(field)))
        return attrs.evolve(field, default=self.value(data, "default", field)) if "default" in data else field

    def held(self, data: Map, path: str) -> Field | None:
        """Return what a list holds."""
        of = data.get("of")
        if isinstance(of, str):
            return Field("of", of)
        return None if of is None else self.field(data, "of", path)

    def value(self, data: Map, key: str, field: Field) -> object:
        """Return the value of a field; None where it is blank, or does not fit, which is reported."""
        if data.broken or values.is_blank(data[key]):
            return None
        try:
            return values.parse(field, plain(data[key], lambda number: number))
        except ValueError as error:
            message, hint = told(error)
            comma = field.type in _NUMERIC and traps.IN_NUMBER.search(str(data[key]))
            code = codes.COMMA_IN_NUMBER if comma else codes.BAD_VALUE
            self.source.report(code, message, self.source.value(data, key), hint)
            return None
