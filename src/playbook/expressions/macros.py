"""Closures of macros: a test or a value for each item of a list, or each key of a map.

`all` is an `and` over the items, `exists` an `or`, and both absorb as those do. The others need the answer for
every item: an unknown among them is the answer, else an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.expressions.closures import halts, logical, worse
from playbook.expressions.comparing import title
from playbook.expressions.scope import OutOfBudget
from playbook.expressions.unknown import EvalError, Unknown
from playbook.expressions.values import Map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook.expressions.scope import Scope

    Closure = Callable[[Scope], object]
    Halt = Unknown | EvalError


def _items(value: Any) -> object:
    """Return the items as a tuple, or what halts."""
    if value.__class__ is tuple or halts(value):
        return value
    if value.__class__ is Map:
        return value.keys()
    return EvalError(f"{title(value)} has no items to go through")


def _answers(
    scope: Scope, items: tuple[object, ...], slot: int, cost: int, body: Closure
) -> Iterator[tuple[object, object]]:
    """Yield each item with what the body makes of it."""
    variables = scope.variables
    for item in items:
        scope.spend(cost)
        variables[slot] = item
        yield item, body(scope)


def _combined(absorbing: bool) -> Callable[[Closure, int, int, Closure], Closure]:
    neutral = not absorbing

    def make(source: Closure, slot: int, cost: int, body: Closure) -> Closure:
        def run(scope: Scope) -> object:
            items: Any = _items(source(scope))
            if items.__class__ is not tuple:
                return items
            halted: Halt | None = None
            variables = scope.variables
            for item in items:
                scope.left -= cost
                if scope.left < 0:
                    raise OutOfBudget
                variables[slot] = item
                answer = body(scope)
                if answer is absorbing:
                    return absorbing
                if answer is not neutral:
                    halted = worse(halted, logical(answer))
            return neutral if halted is None else halted

        return run

    return make


def _exists_one(source: Closure, slot: int, cost: int, body: Closure) -> Closure:
    chosen = _filter(source, slot, cost, body)

    def run(scope: Scope) -> object:
        found: Any = chosen(scope)
        return len(found) == 1 if found.__class__ is tuple else found

    return run


def _filter(source: Closure, slot: int, cost: int, body: Closure) -> Closure:
    def run(scope: Scope) -> object:
        items: Any = _items(source(scope))
        if items.__class__ is not tuple:
            return items
        chosen: list[object] = []
        halted: Halt | None = None
        for item, answer in _answers(scope, items, slot, cost, body):
            if answer is True:
                chosen.append(item)
            elif answer is not False:
                halted = worse(halted, logical(answer))
        return tuple(chosen) if halted is None else halted

    return run


def _map(source: Closure, slot: int, cost: int, *bodies: Closure) -> Closure:
    *tests, body = bodies
    if tests:
        source = _filter(source, slot, cost, tests[0])

    def run(scope: Scope) -> object:
        items: Any = _items(source(scope))
        if items.__class__ is not tuple:
            return items
        made: list[object] = []
        halted: Halt | None = None
        for _, answer in _answers(scope, items, slot, cost, body):
            made.append(answer)
            if halts(answer):
                halted = worse(halted, answer)
        return tuple(made) if halted is None else halted

    return run


MAKERS: Mapping[str, Callable[..., Closure]] = {
    "all": _combined(absorbing=False), "exists": _combined(absorbing=True), "exists_one": _exists_one,
    "filter": _filter, "map": _map,
}  # fmt: skip
