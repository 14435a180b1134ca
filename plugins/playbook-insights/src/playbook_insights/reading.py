"""The cases as typed columns: read by ADBC where the store can be, later only what changed; else as chunks of lists.

A frame that was read by ADBC is kept for the next report of this process, which reads what has changed since then.
"""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import narwhals as nw

from playbook import Projection
from playbook_insights.apart import Reader, driver_of, gather

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playbook import ReportContext, Source

    Frame = nw.DataFrame[Any]

_TEXTS = (
    "case", "playbook", "stage", "outcome", "owner", "team", "currency", "probability", "expected_close",
)  # fmt: skip
_NUMBERS = ("amount", "opened", "closed")
NAMES = (*_TEXTS, *_NUMBERS)
"""The columns of every frame."""

_KEPT_AT_ONCE = 4
_APART = ("sqlite",)
_MANY = 50_000  # fewer cases are read as chunks before a process has started
_READER = Reader()


class _Kept(NamedTuple):
    frame: Frame
    mark: str


_kept: dict[tuple[str, ...], _Kept] = {}
_lock = threading.Lock()


def cases(context: ReportContext, fields: tuple[str, ...] = ()) -> Frame:
    """Return all cases that the report may see, times in microseconds, amounts in minor units, no text missing.

    A field of the playbooks is a column `fields.NAME`: the JSON text of its value, "" where there is none.
    """
    wanted = Projection("cases", NAMES, fields, parts=os.cpu_count() or 1)
    source = context.source(wanted)
    if source is None or driver_of(source) is None or (source.driver in _APART and source.rows < _MANY):
        chunks = [_chunk(chunk, fields) for chunk in context.columns("cases")]
        return nw.concat(
            chunks or [nw.from_dict({n: [] for n in _schema(fields)}, _schema(fields), backend="polars")]
        )
    name = (source.driver, source.uri, source.tenant, *fields)
    kept = _kept.get(name)
    if kept is not None:
        source = context.source(msgspec.structs.replace(wanted, after=kept.mark)) or source
    frame = _read(source, fields)
    if kept is not None and not source.whole:
        frame = _brought_up(kept.frame, frame)
    _keep(name, _Kept(frame, source.mark))
    return frame


def forget() -> None:
    """Give up the frames that are kept."""
    with _lock:
        _kept.clear()


def _brought_up(frame: Frame, changed: Frame) -> Frame:
    """Return the cases of a frame, those that changed as they are now."""
    if not len(changed):
        return frame
    return nw.concat([frame.filter(~nw.col("case").is_in(changed["case"])), changed])


def _keep(name: tuple[str, ...], kept: _Kept) -> None:
    """Keep a frame in place of the one that was asked for longest ago."""
    with _lock:
        _kept.pop(name, None)
        while len(_kept) >= _KEPT_AT_ONCE:
            _kept.pop(next(iter(_kept)))
        _kept[name] = kept


def _read(source: Source, fields: tuple[str, ...]) -> Frame:
    found = nw.from_native(
        _READER.read(source) if source.driver in _APART else gather(source), eager_only=True
    )
    return found.select(nw.col(name).cast(kind) for name, kind in _schema(fields).items())


def _chunk(chunk: Mapping[str, Sequence[Any]], fields: tuple[str, ...]) -> Frame:
    columns: dict[str, Sequence[Any]] = {name: chunk[name] for name in NAMES}
    for name in ("currency", "probability", "expected_close"):
        columns[name] = [value or "" for value in chunk[name]]
    if fields:
        values = list(map(json.loads, chunk["fields"]))
        for name in fields:
            columns[f"fields.{name}"] = [json.dumps(each[name]) if name in each else "" for each in values]
    return nw.from_dict(columns, _schema(fields), backend="polars")


def _schema(fields: tuple[str, ...]) -> nw.Schema:
    texts = (*_TEXTS, *(f"fields.{name}" for name in fields))
    return nw.Schema({**dict.fromkeys(texts, nw.String()), **dict.fromkeys(_NUMBERS, nw.Int64())})
