"""Cases as one frame of texts and whole numbers; the engine beneath filters, counts and sums, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw

from playbook import InputError
from playbook_insights import days

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playbook import ReportContext
    from playbook_insights.groups import Grouping

    Frame = nw.DataFrame[Any]

_TEXT = ("case", "playbook", "stage", "outcome", "owner", "team", "currency", "probability")
_SCHEMA = nw.Schema(
    {
        "group": nw.String(),
        **dict.fromkeys(_TEXT, nw.String()),
        **dict.fromkeys(("amount", "opened_day", "closed_day", "due_day"), nw.Int64()),
    }
)
_LARGEST = 2**63 - 1


class Sums(NamedTuple):
    """Hold what was counted: cases, those of them with an amount, and its sum in minor units."""

    cases: int
    priced: int
    minor: int


def read(context: ReportContext, grouping: Grouping) -> Frame:
    """Return all cases with their `group`; `opened_day`, `closed_day`, `due_day` are ordinals in the zone.

    `length` is the days from opening to closing; a missing currency or probability is the empty text.
    """
    frames = [_frame(chunk, context, grouping) for chunk in context.columns("cases")]
    cases = nw.concat(frames or [nw.from_dict({name: [] for name in _SCHEMA}, _SCHEMA, backend="polars")])
    return cases.with_columns(length=nw.col("closed_day") - nw.col("opened_day"))


def tally(frame: Frame, *keys: str) -> dict[tuple[Any, ...], Sums]:
    """Return counts and sums by the values of columns; raises InputError where a sum could be inexact."""
    largest = frame["amount"].abs().max()
    if largest is not None and int(largest) * len(frame) > _LARGEST:
        raise InputError("the amounts are too large to be added exactly: correct them, or narrow the report")
    amount = nw.col("amount")
    counted = frame.group_by(*keys).agg(
        nw.len().alias("sum_cases"), amount.count().alias("sum_priced"), amount.sum().alias("sum_minor")
    )
    rows = counted.select(*keys, "sum_cases", "sum_priced", "sum_minor").iter_rows()
    return {tuple(row[:-3]): Sums(*row[-3:]) for row in rows}


def _frame(chunk: Mapping[str, Sequence[Any]], context: ReportContext, grouping: Grouping) -> Frame:
    cases: dict[str, Sequence[Any]] = {
        **chunk,
        "currency": [code or "" for code in chunk["currency"]],
        "probability": [chance or "" for chance in chunk["probability"]],
        "opened_day": days.cut(chunk["opened"], context.zone),
        "closed_day": days.cut(chunk["closed"], context.zone),
        "due_day": days.parse(chunk["expected_close"]),
    }
    if grouping.columns:
        values = zip(*(cases[name] for name in grouping.columns), strict=True)
        cases["group"] = [grouping.label(*each) for each in values]
    else:
        cases["group"] = [""] * len(cases["case"])
    return nw.from_dict({name: cases[name] for name in _SCHEMA}, _SCHEMA, backend="polars")
