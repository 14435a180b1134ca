"""Cases as one frame of texts and whole numbers; the engine beneath filters, counts and sums, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw

from playbook import InputError
from playbook_insights import days, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playbook import ReportContext
    from playbook_insights.groups import Grouping

    Frame = nw.DataFrame[Any]

_LARGEST = 2**63 - 1
_NO_DAY = 0


class Sums(NamedTuple):
    """Hold what was counted: cases, those of them with an amount, and its sum in minor units."""

    cases: int
    priced: int
    minor: int


def read(context: ReportContext, grouping: Grouping) -> Frame:
    """Return all cases with their `group`; `opened_day`, `closed_day`, `due_day` are ordinals in the zone.

    `length` is the days from opening to closing; a missing currency or probability is the empty text.
    """
    cases = reading.cases(context, grouping.fields)
    cases = cases.with_columns(
        opened_day=days.cut("opened", context.zone), closed_day=days.cut("closed", context.zone)
    ).with_columns(length=nw.col("closed_day") - nw.col("opened_day"))
    cases = _with(cases, "due_day", ("expected_close",), days.parse, nw.Int64())
    if not grouping.columns:
        return cases.with_columns(group=nw.lit(""))
    return _with(cases, "group", grouping.columns, grouping.label, nw.String())


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


def _with(
    frame: Frame, name: str, columns: Sequence[str], make: Callable[..., Any], kind: nw.dtypes.DType
) -> Frame:
    """Return a frame with a column that is made once for each combination of values of others."""
    keys = [f"{name}.{column}" for column in columns]
    # a join would not match what is missing; no case is of the day 0
    frame = frame.with_columns(
        nw.col(column).fill_null(_NO_DAY).alias(key) if column.endswith("_day") else nw.col(column).alias(key)
        for column, key in zip(columns, keys, strict=True)
    )
    known = frame.select(keys).unique()
    made = [make(*(None if value == _NO_DAY else value for value in row)) for row in known.iter_rows()]
    known = known.with_columns(nw.new_series(name, made, kind, backend="polars"))
    return frame.join(known, on=keys, how="left").drop(keys)
