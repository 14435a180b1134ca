"""Match texts in time linear to their length: sets of states instead of trying one way after another.

Python's own `re` takes exponential time for patterns like `(a+)+$`, and a condition must not be able to stop
a server. The steps of a machine are kept as they are found, so that most characters cost one look-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.expressions.patterns import PatternError, Tree, read

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_STATES, MAX_STEPS, MAX_KEPT, MAX_MACHINES = 2_000, 1_000, 20_000, 64
_READING_COSTS = 2_000


class Machine:
    """Find whether a pattern occurs anywhere in a text."""

    def __init__(self, tree: Tree) -> None:
        self._states: list[tuple[Any, ...]] = [("found",)]
        self._first = self._build(tree, 0)
        self._steps: dict[tuple[frozenset[int], str, str], frozenset[int] | bool] = {}
        self._kept = 0

    def search(self, text: str, spend: Callable[[int], None]) -> bool:
        """Return whether the pattern occurs; `spend` is told the cost of every part."""
        spend(len(text) // 4 + 1)
        states: frozenset[int] | bool = frozenset()
        before = "start"
        for char in (*text, ""):
            key = (states, before, char)
            following = self._steps.get(key)  # type: ignore[arg-type]
            if following is None:
                spend(len(states) + 1)  # type: ignore[arg-type]
                following = self._step(*key, spend)  # type: ignore[arg-type]
            if following is True:
                return True
            states, before = following, _sort(char)
        return False

    def _add(self, *state: Any) -> int:
        if len(self._states) >= MAX_STATES:
            raise PatternError("the pattern is too large")
        self._states.append(state)
        return len(self._states) - 1

    def _build(self, tree: Tree, after: int) -> int:
        """Return the state that begins a part and goes on to `after`."""
        kind, part = tree[0], tree[1]
        if kind in ("chars", "at"):
            return self._add(kind, part, after)
        if kind == "join":
            for one in reversed(part):
                after = self._build(one, after)
            return after
        if kind == "either":
            return self._add("fork", *[self._build(one, after) for one in part])
        return self._repeat(part, tree[2], tree[3], after)

    def _repeat(self, part: Tree, least: int, most: int | None, after: int) -> int:
        if most is None:
            loop = self._add("fork", after)
            self._states[loop] = ("fork", self._build(part, loop), after)
            after = loop
        else:
            end = after
            for _ in range(most - least):
                after = self._add("fork", self._build(part, after), end)
        for _ in range(least):
            after = self._build(part, after)
        return after

    def _step(
        self, states: frozenset[int], before: str, char: str, spend: Callable[[int], None]
    ) -> frozenset[int] | bool:
        seen, open_states, following = set[int](), [self._first, *states], set[int]()
        answer: frozenset[int] | bool = False
        while open_states:
            index = open_states.pop()
            if index in seen:
                continue
            seen.add(index)
            state = self._states[index]
            if state[0] == "found":
                answer = True
                break
            if state[0] == "fork":
                open_states += state[1:]
            elif state[0] == "chars":
                if char and state[1].has(char):
                    following.add(state[2])
            elif _stands(state[1], before, char):
                open_states.append(state[2])
        spend(len(seen))
        answer = answer or frozenset(following)
        self._keep((states, before, char), answer)
        return answer

    def _keep(self, key: tuple[frozenset[int], str, str], answer: frozenset[int] | bool) -> None:
        """Keep a step; forget all when they are too many, or too large."""
        if len(self._steps) >= MAX_STEPS or self._kept > MAX_KEPT:
            self._steps.clear()
            self._kept = 0
        self._kept += len(key[0])
        self._steps[key] = answer


def _sort(char: str) -> str:
    if char == "\n":
        return "newline"
    return "word" if char.isascii() and (char.isalnum() or char == "_") else "other"


def _stands(place: str, before: str, char: str) -> bool:
    """Return whether a place is where `before` ends and `char` (or nothing) follows."""
    if place == "start":
        return before == "start"
    if place == "end":
        return char == ""
    if place == "line_start":
        return before in ("start", "newline")
    if place == "line_end":
        return char in ("", "\n")
    boundary = (before == "word") is not (_sort(char) == "word")
    return boundary is (place == "boundary")


_MACHINES: dict[str, Machine | PatternError] = {}


def machine(pattern: str, spend: Callable[[int], None] = lambda cost: None) -> Machine:
    """Return the machine of a pattern, one for each while it is used; raises PatternError."""
    found = _MACHINES.get(pattern)
    if found is None:
        spend(_READING_COSTS)
        if len(_MACHINES) >= MAX_MACHINES:
            _MACHINES.clear()
        try:
            found = Machine(read(pattern))
        except PatternError as error:
            found = error
        _MACHINES[pattern] = found
    if isinstance(found, PatternError):
        raise PatternError(str(found))
    return found
