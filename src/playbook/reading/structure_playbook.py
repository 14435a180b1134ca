"""A playbook from its tree; conditions are read once the whole of it is known."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from playbook.errors import nearest_hint
from playbook.model import values
from playbook.model.playbook import (
    CRITERION_KINDS,
    About,
    Activity,
    Criterion,
    EntryKind,
    Field,
    FormField,
    Permission,
    Playbook,
    Share,
    Stage,
    Target,
)  # fmt: skip
from playbook.reading import codes
from playbook.reading.pending import condition
from playbook.reading.source import Map, plain
from playbook.reading.structure import json_number, maps, texts, truth
from playbook.reading.structure_fields import Fields
from playbook.reading.structure_rules import Rules, invariants, migrations, parameters, segments

if TYPE_CHECKING:
    from playbook.model.rules import Timer
    from playbook.reading.kinds import Parsed

_PERCENT = Field("probability", "percent")
_ANYONE = ("anyone",)


def playbook(parsed: Parsed) -> Playbook:
    """Return the playbook of a file; the tree of each Condition is still a Pending."""
    return _Shaper(parsed).playbook(parsed.root)


class _Shaper:
    """Make the model of one file, noting where things stand."""

    def __init__(self, parsed: Parsed) -> None:
        source, where, contributed = parsed.source, parsed.where, parsed.contributed
        self.source = source
        self.where = where
        self.kinds = (*CRITERION_KINDS, *sorted(contributed.criteria))
        self.shared: dict[str, Criterion] = {}
        self.timers: list[Timer] = []
        self.fields = Fields(source, where)
        self.rules = Rules(self.fields, contributed.actions, parsed.said)

    def playbook(self, root: Map) -> Playbook:
        fields = self.fields.all(root, "fields.")
        self.rules.known.update((field.id, field) for field in fields)
        self.shared = {
            name: self.criterion(root["criteria"], name, "criteria.") for name, _ in maps(root, "criteria")
        }
        stages = tuple(self.stage(root["stages"], name) for name, _ in maps(root, "stages"))
        moves = root.get("moves", Map())
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
            skip=self.rules.move(moves, "skip", "never"),
            back=self.rules.move(moves, "back", "anyone"),
            reopen=self.rules.move(moves, "reopen", "never"),
            criteria=tuple(self.shared.values()),
            stages=stages,
            guidance=plain(root.get("guidance")),
            split=tuple(Share(who, _fraction(share)) for who, share in maps(root, "split")),
            parameters=parameters(root, "parameters"),
            segments=tuple(segments(root)),
            timers=(*self.rules.timers(root, ""), *self.timers),
            when_child=tuple(self.rules.children(root)),
            invariants=tuple(invariants(self.source, root, self.where)),
            migrate=tuple(migrations(root)),
        )

    def note(self, holder: Map, name: str, path: str) -> str:
        self.where[path + name] = self.source.key(holder, name)
        return path + name

    def entry(self, holder: Map, name: str) -> EntryKind:
        data: Map = holder[name]
        path = self.note(holder, name, "entries.")
        return EntryKind(
            id=name,
            fields=self.fields.all(data, f"{path}.fields."),
            by=texts(data, "by") or _ANYONE,
            title=data.get("title", ""),
        )

    def stage(self, holder: Map, name: str) -> Stage:
        data: Map = holder[name]
        path = self.note(holder, name, "stages.") + "."
        self.timers.extend(self.rules.timers(data, path, name))
        return Stage(
            id=name,
            title=data.get("title", ""),
            probability=_probability(data.get("probability")),
            forecast=data.get("forecast", ""),
            final=data.get("final", ""),
            when=condition(data, "when"),
            start=texts(data, "from"),
            activities=tuple(
                self.activity(data["activities"], item, path) for item, _ in maps(data, "activities")
            ),
            entry=self.gate(data, "entry", path),
            exit=self.gate(data, "exit", path),
            stamp=texts(data, "stamp"),
            next=tuple(_target(item) for item in data.get("next", ())),
            guidance=plain(data.get("guidance")),
            on_enter=self.rules.actions(data, "on_enter"),
            on_exit=self.rules.actions(data, "on_exit"),
            by_itself="advance" in data,
            locked=truth(data, "locked"),
        )

    def activity(self, holder: Map, name: str, path: str) -> Activity:
        data: Map = holder[name]
        self.note(holder, name, f"{path}activities.")
        return Activity(
            id=name,
            kind=data.get("kind", ""),
            title=data.get("title", ""),
            required=truth(data, "required"),
            when=condition(data, "when"),
            due=data.get("due", ""),
            after=data.get("after", ""),
            outcomes=tuple(data.get("outcomes", {}).items()),
            form=tuple(
                FormField(item.removesuffix("?"), item.endswith("?")) for item in data.get("form", ())
            ),
            once=truth(data, "once"),
            assign=texts(data, "assign"),
            repeat=data.get("repeat", ""),
            checklist=texts(data, "checklist"),
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
            when=condition(data, "when"),
            mode=data.get("mode", "block"),
            that=condition(data, "that"),
            fields=texts(data, "fields"),
            done=data.get("done", ""),
            options=plain(data[kind], json_number) if kind and kind not in CRITERION_KINDS else None,
            waivable=truth(data, "waivable", otherwise=True),
            approval=self.rules.approval(data),
            unique=texts(data.get("unique", Map()), "by"),
            among=data.get("unique", {}).get("among", "open"),
            covers=texts(data, "covers"),
            expires=data.get("expires", ""),
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


def _target(item: str | Map) -> Target:
    return Target(item) if isinstance(item, str) else Target(item.get("to", ""), condition(item, "when"))


def _probability(value: Any) -> Decimal | None:
    if value is None:
        return None
    return _fraction(value) if isinstance(value, str) else values.plain(Decimal(value))


def _fraction(percentage: str) -> Decimal:
    return Decimal(str(values.parse(_PERCENT, percentage)))


def _about(root: Map, fields: set[str]) -> About:
    said = root.get("about", {})
    names = [part.name for part in attrs.fields(About)]
    return About(**{name: said.get(name, name if name in fields else "") for name in names})
