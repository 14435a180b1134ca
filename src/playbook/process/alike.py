"""Cases that have the same values: what marks them in the index, and the fact that `unique` asks for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from playbook.model.values import builtins, canonical, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.process.compiled import Compiled

UNIQUE = "unique:"
"""Begins the name of the fact which cases have the same values."""


@attrs.frozen
class Alike:
    """Name the cases that have the same values; `seen` are those that whoever asks may see."""

    cases: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()


class Question(msgspec.Struct, frozen=True, array_like=True):
    """Ask which cases of a playbook have values, among open ones or all, and which of them an actor sees."""

    playbook: str
    among: str
    actor: str
    values: dict[str, Any]

    @property
    def fact(self) -> str:
        """Return the name of the fact."""
        return UNIQUE + canonical(self).decode()

    @property
    def mark(self) -> str:
        """Return what marks the cases in the index."""
        return mark(self.playbook, self.values)


_QUESTION = msgspec.json.Decoder(Question)


def question_of(fact: str) -> Question:
    """Return the question that a fact answers."""
    return _QUESTION.decode(fact.removeprefix(UNIQUE))


def mark(playbook: str, values: Mapping[str, Any]) -> str:
    """Return the tag of the cases of a playbook that have values, given as they are stored."""
    return "same:" + hashlib.sha256(canonical((playbook, values))).hexdigest()


def marks(definition: Compiled, fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield the tags of a case by which those with the same values are found; without a value there is none."""
    for names in definition.alike:
        values = {name: fields.get(name) for name in names}
        if not any(map(is_blank, values.values())):
            yield mark(definition.playbook.id, builtins(values))
