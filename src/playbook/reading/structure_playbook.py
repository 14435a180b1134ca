"""A playbook from its tree; conditions are read once the whole of it is known."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from playbook.errors import nearest_hint
from playbook.model import values
from playbook.model.playbook import (
    About,
    Activity,
    Criterion,
    EntryKind,
    Field,
    FormField,
    MoveRule,
    Permission,
    Playbook,
    Stage,
    Target,
)  # fmt: skip
from playbook.model.rules import Condition
from playbook.reading import codes
from playbook.reading.source import Map, plain
from playbook.reading.structure import json_number, maps, texts, truth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.errors import Span
    from playbook.model.contributions import CriterionKind
    from playbook.reading.source import Source

CRITERION_KINDS = ("that", "fields", "done")
_PERCENT = Field("probability", "percent")
_ANYONE = ("anyone",)


def playbook(
    source: Source, root: Map, where: dict[str, Span], criteria: Mapping[str, CriterionKind]
) -> Playbook:
    """Return the playbook of a file; the tree of each Condition is still its place in the source."""
    return _Shaper(source, where, criteria).playbook(root)


class _Shaper:
    """Make the model of one file, noting where things stand."""

    def __init__(self, source: Source, where: dict[str, Span], criteria: Mapping[str, CriterionKind]) -> None:
        self.source = source
        self.where = where
        self.kinds = (*CRITERION_KINDS, *sorted(criteria))
        self.shared: dict[str, Criterion] = {}

    def playbook(self, root: Map) -> Playbook:
        fields = tuple(self.field(root["fields"], name, "fields.") for name, _ in maps(root, "fields"))
        self.shared = {
            name: self.criterion(root["criteria"], name, "criteria.") for name, _ in maps(root, "criteria")
        }
        moves = root.get("moves", {})
        return Playbook(
            id=root.get("playbook", ""),
            version=root.get("version", 1),
            subject=root.get("subject", ""),
            title=root.get("title", ""),
            maintainer=root.get("maintainer", ""),
            locale=root.get("locale", "en"),
            about=_about(root, {field.id for field in fields}),
            fields=fields,
            entries=tuple(self.entry(root["entries"], name) for name, _ in maps(root, "entries")),
            who_may=tuple(Permission(act, texts(root["who_may"], act)) for act in root.get("who_may", ())),
            skip=_move(moves.get("skip", "never")),
            back=_move(moves.get("back", "anyone")),
            criteria=tuple(self.shared.values()),
            stages=tuple(self.stage(root["stages"], name) for name, _ in maps(root, "stages")),
            guidance=plain(root.get("guidance")),
        )

    def note(self, holder: Map, name: str, path: str) -> str:
        self.where[path + name] = self.source.key(holder, name)
        return path + name

    def field(self, holder: Map, name: str, path: str) -> Field:
        """Return a field, also one that is a column or what a list holds."""
        data: Map = holder[name]
        path = self.note(holder, name, path)
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
        )
        return attrs.evolve(field, default=self.default(data, field)) if "default" in data else field

    def held(self, data: Map, path: str) -> Field | None:
        """Return what a list holds."""
        of = data.get("of")
        if isinstance(of, str):
            return Field("of", of)
        return None if of is None else self.field(data, "of", path)

    def default(self, data: Map, field: Field) -> object:
        if data.broken or values.is_blank(data["default"]):
            return None
        try:
            return values.parse(field, plain(data["default"], lambda number: number))
        except ValueError as error:
            message, _, hint = str(error).replace("; ", ": ", 1).partition(": ")
            self.source.report(codes.BAD_VALUE, message, self.source.value(data, "default"), hint)
            return None

    def entry(self, holder: Map, name: str) -> EntryKind:
        data: Map = holder[name]
        path = self.note(holder, name, "entries.")
        fields = data.get("fields", Map())
        return EntryKind(
            id=name,
            fields=tuple(self.field(fields, field, f"{path}.fields.") for field in fields),
            by=texts(data, "by") or _ANYONE,
            title=data.get("title", ""),
        )

    def stage(self, holder: Map, name: str) -> Stage:
        data: Map = holder[name]
        path = self.note(holder, name, "stages.") + "."
        return Stage(
            id=name,
            title=data.get("title", ""),
            probability=_probability(data.get("probability")),
            forecast=data.get("forecast", ""),
            final=data.get("final", ""),
            when=_condition(data, "when"),
            start=texts(data, "from"),
            activities=tuple(
                self.activity(data["activities"], item, path) for item, _ in maps(data, "activities")
            ),
            entry=self.gate(data, "entry", path),
            exit=self.gate(data, "exit", path),
            stamp=texts(data, "stamp"),
            next=tuple(_target(item) for item in data.get("next", ())),
            guidance=plain(data.get("guidance")),
        )

    def activity(self, holder: Map, name: str, path: str) -> Activity:
        data: Map = holder[name]
        self.note(holder, name, f"{path}activities.")
        return Activity(
            id=name,
            kind=data.get("kind", ""),
            title=data.get("title", ""),
            required=truth(data, "required"),
            when=_condition(data, "when"),
            due=data.get("due", ""),
            after=data.get("after", ""),
            outcomes=tuple(data.get("outcomes", {}).items()),
            form=tuple(
                FormField(item.removesuffix("?"), item.endswith("?")) for item in data.get("form", ())
            ),
            once=truth(data, "once"),
        )

    def gate(self, data: Map, key: str, path: str) -> tuple[Criterion, ...]:
        """Return the criteria of one side of a stage."""
        found = []
        for name, item in maps(data, key):
            if isinstance(item, Map):
                found.append(self.criterion(data[key], name, f"{path}{key}."))
            elif name in self.shared:
                self.where[f"{path}{key}.{name}"] = self.where[f"criteria.{name}"]
                found.append(attrs.evolve(self.shared[name], shared=True))
            else:
                hint = nearest_hint(name, self.shared).removeprefix("; ") or "write it under `criteria`"
                message = f"there is no shared criterion {name!r}"
                self.source.report(codes.UNKNOWN_CRITERION, message, self.source.key(data[key], name), hint)
        return tuple(found)

    def criterion(self, holder: Map, name: str, path: str) -> Criterion:
        data: Map = holder[name]
        self.note(holder, name, path)
        kinds = [key for key in data if key in self.kinds]
        if len(kinds) > 1 or not (kinds or data.broken):
            self.kind_problem(holder, name, kinds)
        kind = kinds[0] if kinds else ""
        return Criterion(
            id=name,
            kind=kind,
            title=data.get("title", ""),
            hint=data.get("hint", ""),
            when=_condition(data, "when"),
            mode=data.get("mode", "block"),
            that=_condition(data, "that"),
            fields=texts(data, "fields"),
            done=data.get("done", ""),
            options=plain(data[kind], json_number) if kind and kind not in CRITERION_KINDS else None,
            waivable=truth(data, "waivable", otherwise=True),
        )

    def kind_problem(self, holder: Map, name: str, kinds: list[str]) -> None:
        if kinds:
            said = " and ".join(f"`{kind}`" for kind in kinds)
            span, hint = self.source.key(holder[name], kinds[1]), "make two criteria of it"
            self.source.report(
                codes.CRITERION_KIND, f"criterion {name!r} says {said}; one is needed", span, hint
            )
        else:
            hint = "add one of " + ", ".join(f"`{kind}`" for kind in self.kinds)
            message = f"criterion {name!r} does not say what must hold"
            self.source.report(codes.CRITERION_KIND, message, self.source.key(holder, name), hint)


def _condition(data: Map, key: str) -> Condition | None:
    text = data.get(key)
    return None if text is None else Condition(text, data.places[key][1])


def _target(item: str | Map) -> Target:
    return Target(item) if isinstance(item, str) else Target(item.get("to", ""), _condition(item, "when"))


def _probability(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, str):
        return Decimal(str(values.parse(_PERCENT, value)))
    return values.plain(Decimal(value))


def _move(said: Any) -> MoveRule:
    if isinstance(said, str):
        return MoveRule(by=() if said == "never" else _ANYONE)
    return MoveRule(texts(said, "by") or _ANYONE, "reason" in said, texts(said, "not_to"))


def _about(root: Map, fields: set[str]) -> About:
    said = root.get("about", {})
    names = [part.name for part in attrs.fields(About)]
    return About(**{name: said.get(name, name if name in fields else "") for name in names})
