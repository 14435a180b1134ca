"""One flat transitions Machine per definition; its transitions collect every unmet criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from transitions import Event, Machine, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.process.criteria import Attempt, Check


class Cursor(msgspec.Struct, eq=False, gc=False):
    """Hold the stage and the attempt while the machine is driven; never registered, copied or compared."""

    state: str
    attempt: Attempt


class _GateTransition(Transition):
    """Run every check of the gate and move only where none blocks.

    Leaner than its base: playbooks have no callbacks, and strings never reach transitions' name lookup.
    """

    def __init__(
        self, source: str, dest: str, *_: object, gate: tuple[Check, ...] = (), **__: object
    ) -> None:
        super().__init__(source, dest)
        self.gate = gate
        self.target = dest

    def execute(self, event_data: Any) -> bool:
        cursor: Cursor = event_data
        if not cursor.attempt.passes(self.gate):
            return False
        cursor.state = self.target
        return True


class _GateEvent(Event):
    """Run the one transition from the stage; its base adds a queue, callbacks and logging, which no process has."""

    def trigger(self, model: Any, *_: object, **__: object) -> bool:
        (transition,) = self.transitions[model.state]
        return transition.execute(model)


class _GateMachine(Machine):
    event_cls = _GateEvent
    transition_cls = _GateTransition


class Process:
    """Drive cases along the moves of one definition.

    Moves are (way, source, target, gate); every stage named is one of `stages`, which is checked first
    because transitions would add or overwrite silently.
    """

    def __init__(
        self, stages: Iterable[str], moves: Iterable[tuple[str, str, str, tuple[Check, ...]]]
    ) -> None:
        names = list(stages)
        self._machine = _GateMachine(
            model=None, states=names, initial=None, auto_transitions=False, send_event=True
        )
        known = set(names)
        seen: set[tuple[str, str, str]] = set()
        for way, source, target, gate in moves:
            if source not in known or target not in known or (way, source, target) in seen:
                raise ValueError(f"move {way} {source} -> {target} is unknown or doubled")
            seen.add((way, source, target))
            self._machine.add_transition(f"{way}:{target}", source, target, gate=gate)
        self._moves = frozenset(seen)
        self._events = self._machine.events

    def has(self, way: str, source: str, target: str) -> bool:
        """Return whether there is such a move."""
        return (way, source, target) in self._moves

    def move(self, way: str, source: str, target: str, attempt: Attempt) -> bool:
        """Try a move that there is; the attempt collects what blocks it. Return whether it was made."""
        return self._events[f"{way}:{target}"].trigger(Cursor(source, attempt))
