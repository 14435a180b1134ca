"""Evaluate typical conditions beside CEL's own library (C++ with a Python wrapper) and Python lambdas.

Every condition is compiled beforehand, theirs with the types of all values, and each is run on a case whose values
lie in a mapping of Python: ours in a new scope, theirs by `eval(data=...)`. That is `faster_than_cel_expr`. In
`faster_when_bound` the scope and their activation are made once and used for all runs, as within one gate; that
is also what is compared with the lambdas. Ours sees money, exact percents and dates; theirs doubles and
timestamps, because it has no others. A round runs every condition of a contestant; all answers are the same.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import attrs
from cel_expr_python import cel

from bench import Figures, alternate, main, microseconds_each
from playbook.expressions import STANDARD, Environment, Scope, check, compile, parse  # noqa: A004
from playbook.expressions.types import BOOL, DATE, INT, MONEY, PERCENT, TEXT, choice_of, list_of, row_of
from playbook.money import Money
from playbook.times import Calendar

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[], object]

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
CLOSE = dt.date(2026, 5, 4)
ITEMS = tuple({"sku": f"p{n}", "quantity": n} for n in range(1, 6))
FIELDS = {
    "amount": MONEY, "pain": TEXT, "discount": PERCENT, "segment": choice_of(("enterprise", "midmarket", "small")),
    "close": DATE, "items": list_of(row_of({"sku": TEXT, "quantity": INT})),
}  # fmt: skip
VALUES: dict[str, Any] = {
    "amount": Money.of(25_000, "EUR"), "pain": "Orders take a month", "discount": Decimal("0.1"),
    "segment": "midmarket", "close": CLOSE, "items": ITEMS,
}  # fmt: skip
T = cel.Type
THEIRS = {
    "deal.amount": (T.DOUBLE, 25_000.0), "deal.pain": (T.STRING, VALUES["pain"]), "deal.discount": (T.DOUBLE, 0.1),
    "deal.segment": (T.STRING, "midmarket"), "now": (T.TIMESTAMP, NOW),
    "deal.close": (T.TIMESTAMP, dt.datetime.combine(CLOSE, dt.time(), dt.UTC)),
    "deal.items": (T.List(T.Map(T.STRING, T.DYN)), [dict(item) for item in ITEMS]),
}  # fmt: skip
DEAL = SimpleNamespace(**VALUES)
NOTHING = Money.of(0, "EUR")
MUCH = Money.of(100_000, "EUR")
SHARE = Decimal("0.2")


@attrs.frozen
class Condition:
    """Hold one condition in the words of each contestant."""

    name: str
    ours: str
    theirs: str
    python: Callable[[Any], object]


CONDITIONS = (
    Condition("amount", "deal.amount > 0", "deal.amount > 0.0", lambda deal: deal.amount > NOTHING),
    Condition(
        "filled", "filled(deal.pain) and deal.amount > 0", 'deal.pain != "" && deal.amount > 0.0',
        lambda deal: bool(deal.pain.strip()) and deal.amount > NOTHING,
    ),
    Condition(
        "segment", 'deal.segment == "enterprise" or deal.amount >= 100000',
        'deal.segment == "enterprise" || deal.amount >= 100000.0',
        lambda deal: deal.segment == "enterprise" or deal.amount >= MUCH,
    ),
    Condition("discount", "deal.discount > 20%", "deal.discount > 0.2", lambda deal: deal.discount > SHARE),
    Condition(
        "choice", 'deal.segment in ["enterprise", "midmarket"]', 'deal.segment in ["enterprise", "midmarket"]',
        lambda deal: deal.segment in ("enterprise", "midmarket"),
    ),
    Condition(
        "close", "deal.close <= today + 90d", 'deal.close <= now + duration("2160h")',
        lambda deal: deal.close <= NOW.date() + dt.timedelta(days=90),
    ),
    Condition(
        "items", "deal.items.all(i, i.quantity > 0)", "deal.items.all(i, i.quantity > 0)",
        lambda deal: all(item["quantity"] > 0 for item in deal.items),
    ),
)  # fmt: skip


ROOTS = {"deal": VALUES}
CALENDAR = Calendar()
DATA = {name: value for name, (_, value) in THEIRS.items()}
ENVIRONMENT = cel.NewEnv(variables={name: type_ for name, (type_, _) in THEIRS.items()})


def compiled(condition: Condition) -> Callable[[Scope], object]:
    """Return ours, compiled; raises ValueError where the condition has a mistake."""
    node, mistakes = parse(condition.ours)
    if node is None:
        raise ValueError(str(mistakes))
    checked = check(node, Environment({"deal": FIELDS}, {"today": DATE}, STANDARD), BOOL)
    if checked.mistakes:
        raise ValueError(str(checked.mistakes))
    return compile(checked.node, STANDARD)


def ours(condition: Condition) -> Run:
    """Return an evaluation of ours in a new scope."""
    run = compiled(condition)
    return lambda: run(Scope(ROOTS, NOW, CALENDAR, dt.UTC, "EUR"))


def ours_bound(condition: Condition) -> Run:
    """Return an evaluation of ours in a scope that is there."""
    run, bound = compiled(condition), Scope(ROOTS, NOW, CALENDAR, dt.UTC, "EUR")
    return lambda: run(bound)


def cel_expr(condition: Condition) -> Run:
    """Return an evaluation of CEL's library, with its answer as a value of Python."""
    program = ENVIRONMENT.compile(condition.theirs)
    return lambda: program.eval(data=DATA).value()


def cel_expr_bound(condition: Condition) -> Run:
    """Return an evaluation of CEL's library with an activation that is there."""
    program, bound = ENVIRONMENT.compile(condition.theirs), ENVIRONMENT.Activation(DATA)
    return lambda: program.eval(bound).value()


def python(condition: Condition) -> Run:
    """Return a call of the lambda."""
    return lambda: condition.python(DEAL)


MAKERS: dict[str, Callable[[Condition], Run]] = {
    "ours": ours, "cel_expr": cel_expr, "ours_bound": ours_bound, "cel_expr_bound": cel_expr_bound, "lambda": python,
}  # fmt: skip


def measure(quick: bool) -> Figures:
    """Measure all of them; raises ValueError where two answer differently."""
    times = 20 if quick else 2_000
    runs = {name: [make(condition) for condition in CONDITIONS] for name, make in MAKERS.items()}
    for condition, *answers in zip(CONDITIONS, *([run() for run in of] for of in runs.values()), strict=True):
        if len(set(answers)) > 1:
            raise ValueError(f"{condition.name} has the answers {answers}")

    def mean(of: list[Run]) -> float:
        return sum(microseconds_each(run, times) for run in of) / len(of)

    rounds = alternate(3 if quick else 21, {name: partial(mean, of) for name, of in runs.items()})
    single = alternate(
        1 if quick else 5,
        {
            f"{name}_{condition.name}": partial(microseconds_each, run, times)
            for name in ("ours_bound", "cel_expr_bound")
            for condition, run in zip(CONDITIONS, runs[name], strict=True)
        },
    )
    return Figures(
        {f"{name}_us": taken.median(name) for taken in (rounds, single) for name in taken.taken},
        {
            "faster_than_cel_expr": rounds.ratio("cel_expr", "ours"),
            "faster_when_bound": rounds.ratio("cel_expr_bound", "ours_bound"),
            "time_of_lambda": rounds.ratio("ours_bound", "lambda"),
        },
        {"faster_than_cel_expr": ">= 5", "faster_when_bound": "is told", "time_of_lambda": "is told"},
        "Microseconds a condition; the first five are the mean over all conditions.",
    )


if __name__ == "__main__":
    main("conditions", measure)
