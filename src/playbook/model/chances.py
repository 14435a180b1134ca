"""How likely a case is won and where a forecast counts it: as set by hand, else as its stage says."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from playbook.model.case import OPEN
from playbook.model.playbook import FORECASTS, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbook.model.case import Case
    from playbook.model.playbook import Stage

WON = "won"
_CLOSED, _OMITTED = "closed", "omitted"

BY_HAND: Mapping[str, Field] = {
    "probability": Field("probability", "probability", title="probability"),
    "forecast": Field(
        "forecast", "choice", title="forecast", options=tuple(one for one in FORECASTS if one != _CLOSED)
    ),
}
"""What can be set of every case beside its fields, by name; only what is won counts as closed."""


def settable(fields: Iterable[Field]) -> dict[str, Field]:
    """Return what can be set of a case by name: its fields, and by hand what no field of its own is called."""
    own = {field.id: field for field in fields}
    return {**own, **{name: field for name, field in BY_HAND.items() if name not in own}}


def probability(case: Case, stage: Stage | None) -> Decimal | None:
    """Return how likely a case is won, from 0 to 1: in the end 1 or 0, else by hand, else by its stage."""
    if case.outcome != OPEN:
        return Decimal(case.outcome == WON)
    if case.probability is not None:
        return case.probability
    return None if stage is None else stage.probability


def forecast(case: Case, stage: Stage | None) -> str:
    """Return where a forecast counts a case, "" where nothing says so: one that ended is closed or omitted."""
    if case.outcome != OPEN:
        return _CLOSED if case.outcome == WON else _OMITTED
    return case.forecast or ("" if stage is None else stage.forecast)
