"""Approvals, timers, actions and what else happens by itself, from their trees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playbook.model import values
from playbook.model.chances import BY_HAND
from playbook.model.playbook import OUTCOMES, MoveRule
from playbook.model.rules import (
    Action,
    Approval,
    Assignment,
    ChildRule,
    Invariant,
    Migration,
    Segment,
    Timer,
)
from playbook.model.vocabulary import type_of
from playbook.reading import codes
from playbook.reading.pending import Text, condition
from playbook.reading.source import Map, plain, typed
from playbook.reading.structure import json_number, maps, texts, truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbook.errors import Span
    from playbook.model.playbook import Field
    from playbook.reading.source import List, Source
    from playbook.reading.structure_fields import Fields

APPROVERS = ("by", "any", "all", "in_order", "quorum")
TIMERS = ("in_stage", "idle", "before", "after")
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "notify": ("say",), "assign": (), "set": (), "schedule": ("due",), "open": ("copy", "owner"),
    "close": ("with",), "advance": (), "webhook": (),
}  # fmt: skip
"""The verbs that are built in, and the keys that each has beside `when`."""

_QUORUM = re.compile(r"(\d+)\s+of\s+\[(.*)\]")


class Rules:
    """Make what happens by itself, and who decides, of one file."""

    def __init__(self, fields: Fields, verbs: Iterable[str], said: list[Text]) -> None:
        self.source = fields.source
        self.where = fields.where
        self.fields = fields
        self.known: dict[str, Field] = {}
        self.verbs = (*OPTIONS, *sorted(verbs))
        self.said = said

    def one(self, holder: Map | List, key: str | int, known: tuple[str, ...], code: str, what: str) -> str:
        """Return the one key of several that a map has; report where it has none or two."""
        data: Map = holder[key]  # type: ignore[index]
        found = [name for name in data if name in known]
        if len(found) > 1:
            said = " and ".join(f"`{name}`" for name in found)
            self.source.report(
                code, f"{what} says {said}; one is needed", self.source.key(data, found[1]), "remove one"
            )
        elif not found and not data.broken:
            hint = "add one of " + ", ".join(f"`{name}`" for name in known)
            self.source.report(code, f"{what} lacks what it is about", self.source.value(holder, key), hint)
        return found[0] if found else ""

    # --- who decides ---

    def move(self, moves: Map, name: str, otherwise: str) -> MoveRule:
        """Return who may move in a way beside forward."""
        said = moves.get(name, otherwise)
        if isinstance(said, str):
            return MoveRule(by=() if said == "never" else ("anyone",))
        return MoveRule(
            by=texts(said, "by") or ("anyone",),
            reason="reason" in said,
            not_to=texts(said, "not_to"),
            approval=self.approval(said),
            within=said.get("within", ""),
        )

    def approval(self, holder: Map) -> Approval | None:
        """Return the approval of a criterion or move, or None where it has none."""
        data = holder.get("approval")
        if data is None:
            return None
        kind = self.one(holder, "approval", APPROVERS, codes.APPROVAL, "the approval")
        by, needed = texts(data, kind), 1
        if kind == "quorum":
            found = _QUORUM.match(data["quorum"])
            by = tuple(name.strip() for name in found[2].split(",")) if found else ()
            needed = int(found[1]) if found else 1
        return Approval(
            by=by,
            mode=kind if kind in ("all", "in_order", "quorum") else "any",
            needed=len(by) if kind in ("all", "in_order") else needed,
            when=condition(data, "when"),
            separate=truth(data, "separate"),
            delegate=truth(data, "delegate", otherwise=True),
            remind=data.get("remind", ""),
            expires=data.get("expires", ""),
            refused_back=data.get("refused", {}).get("back", ""),
        )

    # --- what happens by itself ---

    def timers(self, holder: Map, path: str, stage: str | None = None) -> Iterator[Timer]:
        """Yield the timers of the file, or of one of its stages."""
        for name, data in maps(holder, "timers"):
            place = self.source.key(holder["timers"], name)
            self.where[f"{path}timers.{name}"] = self.where[f"timers.{name}"] = place
            kind = self.one(holder["timers"], name, TIMERS, codes.TIMER, f"timer {name!r}")
            if kind in ("before", "after") and "by" not in data and not data.broken:
                message = f"timer {name!r} does not say how long {kind} it"
                self.source.report(codes.TIMER, message, place, "add `by`, like `by: 90d`")
            start = data.get(kind)
            done = start if isinstance(start, Map) else Map()
            yield Timer(
                id=name,
                stages=texts(data, "in") if stage is None else (stage,),
                kind=kind,
                by=data.get("by" if kind in ("before", "after") else kind, ""),
                field=start if kind in ("before", "after") and isinstance(start, str) else "",
                activity=done.get("done", ""),
                outcome=done.get("outcome", ""),
                then=self.actions(data, "then"),
                when=condition(data, "when"),
                pauses_when=condition(data, "pauses_when"),
                resets_on=texts(data, "resets_on"),
            )

    def actions(self, holder: Map, key: str, child: str = "") -> tuple[Action, ...]:
        """Return the actions of a list; `child` is the playbook of the case that `child` names in them."""
        found = holder.get(key, ())
        return tuple(self.action(found, index, child) for index in range(len(found)))

    def action(self, holder: List, index: int, child: str) -> Action:
        """Return one action."""
        data: Map = holder[index]
        verb = self.one(holder, index, self.verbs, codes.ACTION, "the action")
        for key in data:
            if verb and key not in (verb, "when", *OPTIONS.get(verb, ())) and key not in self.verbs:
                message = f"`{key}` has no effect beside `{verb}`"
                self.source.report(codes.UNKNOWN_KEY, message, self.source.key(data, key), "remove it")
        self.note(data, "say", child)
        owner = data.get("owner" if verb == "open" else verb)
        group = owner if isinstance(owner, Map) and verb in ("assign", "open") else Map()
        principals = verb in ("notify", "assign", "open") and not isinstance(owner, Map)
        target = data.get(verb)
        plugin = bool(verb) and verb not in OPTIONS
        return Action(
            verb=verb,
            target=target if verb in _TARGETS and isinstance(target, str) else "",
            who=texts(data, "owner" if verb == "open" else verb) if principals else (),
            pick=group.get("pick", "least_loaded" if group else ""),
            say=data.get("say", ""),
            sets=tuple(self.sets(data.get("set" if verb == "set" else "with", Map()), verb, child)),
            copy=tuple((theirs, typed(mine)) for theirs, mine in data.get("copy", {}).items()),
            due=data.get("due", ""),
            when=condition(data, "when", about=child),
            options=plain(target, json_number) if plugin else None,
            team=group.get("team", ""),
            role=group.get("role", ""),
            territory=group.get("territory", ""),
        )

    def sets(self, data: Map, verb: str, child: str) -> Iterator[Assignment]:
        """Yield what fields are set to, and where the verb is `set`, what is set by hand."""
        for name, said in data.items():
            field = self.known.get(name) or (BY_HAND.get(name) if verb == "set" else None)
            if isinstance(said, Map) and list(said) == ["is"] and isinstance(said["is"], str):
                wanted = None if field is None else type_of(field)
                yield Assignment(name, is_=condition(said, "is", wanted, child))
            elif field is None:
                yield Assignment(name)
            else:
                self.note(data, name, child)
                yield Assignment(name, values.builtins(self.fields.value(data, name, field)))

    def note(self, data: Map, key: str, child: str) -> None:
        """Note a text that has placeholders."""
        text = data.get(key)
        if isinstance(text, str) and "{" in text:
            self.said.append(Text(text, data.places[key][1], child))

    def children(self, root: Map) -> Iterator[ChildRule]:
        """Yield what the ends of follow-up cases do."""
        said = root.get("when_child", ())
        for data in (said,) if isinstance(said, Map) else said:
            playbook = data.get("playbook", "")
            for outcome in OUTCOMES:
                if outcome in data:
                    yield ChildRule(playbook, outcome, self.actions(data, outcome, playbook))


_TARGETS = frozenset(("schedule", "open", "close", "advance", "webhook"))


def segments(root: Map) -> Iterator[Segment]:
    """Yield where parameters have other values."""
    for data in root.get("segments", ()):
        when = condition(data, "when")
        if when is not None:
            yield Segment(when, parameters(data, "set"))


def parameters(holder: Map, key: str) -> tuple[tuple[str, str], ...]:
    """Return parameters with their values as written."""
    return tuple((name, typed(value)) for name, value in maps(holder, key))


def invariants(source: Source, root: Map, where: dict[str, Span]) -> Iterator[Invariant]:
    """Yield what holds after every command."""
    for name, _ in maps(root, "invariants"):
        where[f"invariants.{name}"] = source.key(root["invariants"], name)
        that = condition(root["invariants"], name)
        if that is not None:
            yield Invariant(name, that)


def migrations(root: Map) -> Iterator[Migration]:
    """Yield how cases of earlier versions move."""
    for data in root.get("migrate", ()):
        yield Migration(
            data.get("from", 0),
            tuple(data.get("stages", {}).items()),
            tuple(data.get("fields", {}).items()),
            data.get("otherwise", "keep"),
            data.get("after", ""),
        )
