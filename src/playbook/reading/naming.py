"""What the conditions of a file may name, once all files of a project are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from playbook import expressions
from playbook.expressions.types import DYN, PERSON, TIMESTAMP
from playbook.model.organization import Organization
from playbook.model.playbook import Playbook
from playbook.model.record import Record
from playbook.model.vocabulary import environment, type_of
from playbook.reading import codes
from playbook.reading.conditions import resolve, span_of
from playbook.reading.structure import maps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from playbook.expressions import Environment, Type
    from playbook.model.playbook import EntryKind, Field
    from playbook.reading.pending import Text
    from playbook.reading.schema import Contributed
    from playbook.reading.source import Source

    EnvironmentsOf = Callable[["Known", Any, str], Environment]

T = TypeVar("T")
V = TypeVar("V")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"\s*[a-z_]\w*(\.\w+)+\s*|\s*(today|now)\s*")


class _Open(dict[str, V]):
    """Hold what is known, and an answer for everything else: names that cannot be judged here."""

    def __init__(self, known: Mapping[str, V], other: V) -> None:
        super().__init__(known)
        self._other = other

    def __missing__(self, key: str) -> V:
        return self._other

    def get(self, key: str, default: Any = None) -> V:
        return self[key]


_ANYTHING: Mapping[str, Type] = _Open({}, DYN)


@attrs.frozen
class Known:
    """Hold what the files of a project may name of each other; `whole` where that is everything there is."""

    contributed: Contributed
    playbooks: Mapping[str, Playbook]
    records: Mapping[str, Record]
    whole: bool = True

    def resolved(
        self, source: Source, value: T, said: Iterable[Text], environments: EnvironmentsOf | None
    ) -> T:
        """Return a value with its conditions resolved; report what is wrong in them and in placeholders."""
        if environments is None:
            return value
        cache: dict[str, Environment] = {}

        def env_of(about: str) -> Environment:
            if about not in cache:
                cache[about] = self._opened(environments(self, value, about))
            return cache[about]

        resolved = resolve(source, value, env_of, _broken_fields(source))
        for text in said:
            _placeholders(source, text, env_of(text.about))
        return resolved

    def _opened(self, env: Environment) -> Environment:
        # A record that nothing describes has its own Problem, where everything is known.
        return attrs.evolve(env, records=_Open(env.records, _ANYTHING))

    def _references(self) -> dict[str, Collection[Field]]:
        playbooks = {name: playbook.fields for name, playbook in self.playbooks.items()}
        return {**playbooks, **{name: record.fields for name, record in self.records.items()}}

    def of_playbook(self, playbook: Playbook, child: str) -> Environment:
        """Return what a playbook's conditions may name, with the case of a child playbook where one is meant."""
        env = environment(playbook, self.contributed.functions, self._references())
        if not playbook.subject:
            # It was refused and has its own Problem: any root may be the cases.
            env = attrs.evolve(env, roots=_Open(env.roots, _ANYTHING))
        if not child:
            return env
        other = self.playbooks.get(child)
        fields = _ANYTHING
        if other is not None:
            there = environment(other, {}).roots
            fields = {**there["case"], **there[other.subject]}
        return attrs.evolve(env, roots={**env.roots, "child": fields})

    def of_record(self, record: Record, _: str) -> Environment:
        """Return what a record's computed fields may name: its own fields."""
        env = environment(_fictitious(record.id, record.fields), self.contributed.functions, {})
        return attrs.evolve(env, roots={record.id: env.roots[record.id]})

    def of_organization(self, _: Organization, about: str) -> Environment:
        """Return what the conditions about a playbook, or about the cases of a subject, may name."""
        kind, name, *kinds = about.split(":")
        playbook = self.playbooks.get(name) if kind == "playbook" else self._subject(name)
        if playbook is None:
            env = environment(_fictitious("", ()), self.contributed.functions, self._references())
            return attrs.evolve(env, roots=_Open(env.roots, _ANYTHING))
        env = environment(playbook, self.contributed.functions, self._references())
        for entry in playbook.entries:
            if entry.id in kinds:
                env = attrs.evolve(env, roots={**env.roots, "entry": _entry_fields(entry)})
        return env

    def _subject(self, subject: str) -> Playbook | None:
        """Return a playbook with the fields that any playbook of a subject has, or None where none has it."""
        same = [playbook for playbook in self.playbooks.values() if playbook.subject == subject]
        # Where types differ a reference says most: it also has the fields of what it refers to.
        every = [field for playbook in same for field in playbook.fields]
        every.sort(key=lambda field: field.type == "reference")
        fields = {field.id: field for field in every}
        return _fictitious(subject, tuple(fields.values())) if same else None


def _fictitious(subject: str, fields: tuple[Field, ...]) -> Playbook:
    return Playbook(id=subject, version=1, subject=subject, fields=fields)


def _entry_fields(kind: EntryKind) -> Mapping[str, Type]:
    return {"at": TIMESTAMP, "by": PERSON, **{field.id: type_of(field) for field in kind.fields}}


def _broken_fields(source: Source) -> re.Pattern[str] | None:
    """Return what finds the fields that were refused in part: they have their own Problem."""
    fields = maps(source.root, "fields") if source.root is not None else ()
    broken = [name for name, data in fields if data.broken]
    return re.compile(rf"\.({'|'.join(map(re.escape, broken))})\b") if broken else None


def _placeholders(source: Source, text: Text, env: Environment) -> None:
    """Report placeholders that are no name, or name nothing."""
    for found in _PLACEHOLDER.finditer(text.text):
        name, start = found[1], found.start(1)
        if not _NAME.fullmatch(name):
            span = span_of(source, text.event, found.start(), found.end())
            message = f"{found[0]} is not a name, and a placeholder holds one"
            source.report(codes.UNKNOWN_PLACEHOLDER, message, span, "write one like {case.name}")
            continue
        node, mistakes = expressions.parse(name)
        if node is not None:
            mistakes = (*mistakes, *expressions.check(node, env).mistakes)
        for mistake in mistakes:
            span = span_of(source, text.event, start + mistake.start, start + mistake.end)
            message, _, near = mistake.message.partition("; ")
            source.report(codes.UNKNOWN_PLACEHOLDER, message, span, mistake.hint or near)
