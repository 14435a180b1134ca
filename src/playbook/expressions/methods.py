"""Functions that are called on a value, like `deal.pain.contains("slow")`; the first parameter is that value."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from playbook.expressions.comparing import title
from playbook.expressions.functions import STANDARD, Function
from playbook.expressions.instants import accessor, towards_zero
from playbook.expressions.types import BOOL, DAY, ELAPSED, INT, TEXT, TIMESTAMP, one_of
from playbook.expressions.unknown import EvalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook.expressions.scope import Scope

_COSTS = 50
"""How many characters of a text are looked at for one of the budget."""

_TEXT_TESTS: dict[str, Callable[..., object]] = {
    "contains": str.__contains__, "startsWith": str.startswith, "endsWith": str.endswith,
}  # fmt: skip
_OF_DAYS: dict[str, Callable[[Any], int]] = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDate": lambda at: at.day,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
}
_OF_TIMES: dict[str, tuple[Callable[[Any], int], Callable[[int], int]]] = {
    "getHours": (lambda at: at.hour, towards_zero(3_600_000_000_000)),
    "getMinutes": (lambda at: at.minute, towards_zero(60_000_000_000)),
    "getSeconds": (lambda at: at.second, towards_zero(1_000_000_000)),
    "getMilliseconds": (
        lambda at: at.microsecond // 1000,
        lambda nanos: towards_zero(1_000_000)(nanos - towards_zero(1_000_000_000)(nanos) * 1_000_000_000),
    ),
}


def _text_test(test: Callable[..., object]) -> Callable[..., object]:
    def run(scope: Scope, text: str, part: str) -> object:
        if text.__class__ is not str or part.__class__ is not str:
            return EvalError(f"{title(text)} and {title(part)} are not two texts")
        scope.spend(len(text) // _COSTS)
        return test(text, part)

    return run


def _functions() -> Iterator[Function]:
    yield from (STANDARD["size"], STANDARD["matches"])
    for name, test in _TEXT_TESTS.items():
        yield Function(name, (TEXT, TEXT), BOOL, _text_test(test), takes_scope=True)
    for name, part in _OF_DAYS.items():
        yield Function(name, (DAY, TEXT), INT, accessor(part), optional=1)
    for name, (part, of_span) in _OF_TIMES.items():
        yield Function(name, (one_of(TIMESTAMP, ELAPSED), TEXT), INT, accessor(part, of_span), optional=1)


METHODS: Mapping[str, Function] = MappingProxyType({function.name: function for function in _functions()})
