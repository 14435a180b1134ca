"""Invariants: conditions that hold after every command, on every path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from playbook.errors import Blocker
from playbook.expressions import Unknown
from playbook.model.values import builtins
from playbook.process.covering import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.expressions import Scope
    from playbook.process.compiled import Compiled
    from playbook.process.criteria import Test
    from playbook.process.definition import Place


class Held(msgspec.Struct, frozen=True):
    """Hold an invariant made ready: its words, its test and what it reads."""

    id: str
    text: str
    test: Test
    reads: tuple[str, ...]
    place: Place


def broken(definition: Compiled, scope: Scope, case: str) -> Iterator[Blocker]:
    """Yield a blocker for every invariant that does not hold, or of which that is not known."""
    for held in definition.invariants:
        answer = held.test(scope)
        if answer is not True:
            yield Blocker(
                criterion=held.id,
                kind="invariant",
                title=f"{held.id.replace('_', ' ')} would no longer hold: {held.text}",
                missing=answer.paths if isinstance(answer, Unknown) else (),
                actual={path: builtins(value(scope, path)) for path in held.reads},
                file=held.place.file,
                line=held.place.line,
                fix=f"playbook show {case}",
            )
