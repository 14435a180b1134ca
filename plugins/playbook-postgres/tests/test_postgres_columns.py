"""What ADBC reads from PostgreSQL, at first and later, is what the store says row by row."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from msgspec.structs import replace

from playbook import Projection, ReportContext
from playbook.model.organization import Organization
from playbook.testing.batches import TENANT, batch
from playbook.testing.history import CaseHistory, by_rows
from playbook_insights import reading
from playbook_postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    opened = PostgresStore(url)
    yield opened
    opened.close()


def read(store: PostgresStore) -> dict[str, dict[str, Any]]:
    context = ReportContext(
        lambda table: store.columns(TENANT, table), Organization(), {}, dt.UTC, dt.datetime.now(dt.UTC),
        lambda projection: store.source(TENANT, projection),
    )  # fmt: skip
    frame = reading.cases(context, CaseHistory.fields)
    rows = {row.pop("case"): row for row in frame.iter_rows(named=True)}
    assert len(rows) == len(frame)
    return {
        case: {n: json.loads(v) if v and n.startswith("fields.") else v for n, v in row.items()}
        for case, row in rows.items()
    }


def test_every_frame_is_what_the_store_says_row_by_row(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = CaseHistory(store, 3, ("a\0b", r"\u0000 \ufdd0\ufdef"))
    assert read(store) == {}
    for batches in (1, 60, 0, 1):
        history.go_on(batches)
        assert read(store) == by_rows(store)
    monkeypatch.setattr("playbook_postgres.columns._SMALLEST_PART", 1)
    history.go_on(40)
    reading.forget()
    assert read(store) == by_rows(store)


def test_later_frames_read_what_changed_alone(store: PostgresStore, url: str) -> None:
    history = CaseHistory(store, 1)
    history.go_on(200)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE playbook.cases")
        wanted = Projection("cases", ("case", "amount"))
        first = store.source(TENANT, wanted)
        for number in (1, 9):
            store.append([batch(history.write(number))])
        later = store.source(TENANT, replace(wanted, after=first.mark))
        assert (first.whole, later.whole, len(later.parts)) == (True, False, 1)
        rows = connection.execute(later.parts[0].encode()).fetchall()
    assert [case for case, _ in rows] == ["c1"]  # the other is a record
