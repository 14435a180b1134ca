"""A scenario: a case set up, what people then do, and what must come of it."""

from __future__ import annotations

import re
from typing import Any

import attrs

COMMANDS = (
    "open", "set", "do", "log", "advance", "back", "close", "reopen", "assign", "approve", "refuse", "waive",
    "skip", "split", "guide", "record", "merge", "forget", "wait",
)  # fmt: skip
"""What a step may do; everything but `wait` is a command."""

ABOUT_RECORDS = ("record", "merge", "forget")
"""Commands that are about no case."""

_PARAMETER = re.compile(r"\$([a-z_]\w*)")


@attrs.frozen
class Given:
    """Set up the case: opened in the first stage, `placed` in one without gates, or gone there to `reach` it.

    `done` are activities that were done before, `history` other cases that were closed before; values are as they
    were written.
    """

    name: str = ""
    owner: str = ""
    placed: str = ""
    reach: str = ""
    fields: dict[str, Any] = attrs.field(factory=dict)
    done: tuple[str, ...] = ()
    history: tuple[dict[str, Any], ...] = ()


@attrs.frozen
class Step:
    """Do one thing: `verb` is one of COMMANDS with its object `what`, or empty where it only looks.

    `said` are the other keys, such as `as` and `with`; `expect` is what must come of it.
    """

    verb: str = ""
    what: Any = None
    said: dict[str, Any] = attrs.field(factory=dict)
    expect: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Scenario:
    """Describe what a playbook must do; `actor` acts where a step says nobody, else the owner of the case.

    `records` are pairs of a kind and its fields. `rows` are those of `for_each`, one run each.
    """

    id: str
    playbook: str
    clock: str
    organization: str = ""
    actor: str = ""
    records: tuple[tuple[str, dict[str, Any]], ...] = ()
    given: Given = Given()
    steps: tuple[Step, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()

    def runs(self) -> tuple[tuple[str, Scenario], ...]:
        """Return every run by its name: one, or one for each row with its values in place of `$name`."""
        if not self.rows:
            return ((self.id, self),)
        found: dict[str, Scenario] = {}
        for number, row in enumerate(self.rows, start=1):
            name = self._name(row)
            found[f"{name} (row {number})" if name in found else name] = self._with(row)
        return tuple(found.items())

    def _name(self, row: dict[str, Any]) -> str:
        """Return the sentence with the values of a row; one without parameters has them in brackets."""
        if parameters(self.id):
            return str(filled(self.id, row))
        said = ", ".join(
            f"{name}={value}" for name, value in row.items() if not isinstance(value, (dict, list))
        )
        return f"{self.id} [{said}]"

    def _with(self, row: dict[str, Any]) -> Scenario:
        return attrs.evolve(
            self,
            clock=filled(self.clock, row),
            actor=filled(self.actor, row),
            records=tuple((kind, filled(fields, row)) for kind, fields in self.records),
            given=Given(**filled(attrs.asdict(self.given), row)),
            steps=tuple(
                Step(step.verb, filled(step.what, row), filled(step.said, row), filled(step.expect, row))
                for step in self.steps
            ),
            rows=(),
        )


def parameters(text: str) -> tuple[str, ...]:
    """Return the names that stand in a text as `$name`."""
    return tuple(_PARAMETER.findall(text))


def filled(value: Any, row: dict[str, Any]) -> Any:
    """Return a value with those of a row in place of `$name`; alone in a text, it keeps its type."""
    if isinstance(value, dict):
        return {name: filled(item, row) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(filled(item, row) for item in value)
    if not isinstance(value, str) or "$" not in value:
        return value
    alone = _PARAMETER.fullmatch(value)
    if alone and alone[1] in row:
        return row[alone[1]]
    return _PARAMETER.sub(lambda found: str(row.get(found[1], found[0])), value)
