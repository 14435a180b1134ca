"""An import holds a chunk of its rows, and of those before no more than what tells them apart."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from playbook.stores.sqlite import SqliteStore

from .conftest import Desk

HEADER = "id,rep,product,company,stage,opened,closed,value\n"


def test_memory_grows_by_the_keys_of_rows_alone(tmp_path: Path) -> None:
    rows = 8_000
    text = HEADER + "".join(
        f"{n:08X},Sam Okafor,GTXPro,Company {n},Won,2026-01-05,2026-02-{n % 28 + 1:02},{n}\n"
        for n in range(rows)
    )
    store = SqliteStore(str(tmp_path / "deals.db"))
    desk, held = Desk(store, tmp_path), []
    tracemalloc.start()
    try:
        outcome = desk.take(text, progress=lambda read: held.append(tracemalloc.get_traced_memory()[0]))
    finally:
        tracemalloc.stop()
    assert outcome.opened == rows
    # what is remembered of cells is full by then, for each column
    early, late = held[9], held[15]
    assert (late - early) / 3_000 < 240, "so a million rows take under 300 MB"
    store.close()
