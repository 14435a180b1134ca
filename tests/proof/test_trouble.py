"""Disks that are full or may not be written, and clocks that are wrong."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.proof import trouble, workload

from playbook import Advance, Close, Engine, Open, Project, load_plugins
from playbook.builtin.csv_importer import read
from playbook.engine import Done
from playbook.importing.cases import import_cases
from playbook.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

mounting = pytest.mark.skipif(not trouble.can_mount(), reason="nothing can be mounted here")


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    trouble.run("limited file", tmp_path)


@mounting
def test_a_disk_that_is_full(tmp_path: Path) -> None:
    trouble.run("full disk", tmp_path)


@mounting
def test_a_disk_that_may_not_be_written(tmp_path: Path) -> None:
    workload.prepare(f"sqlite:///{tmp_path / 'store.db'}", "t")
    trouble.run("read-only", tmp_path)


def test_a_clock_that_is_set_back_an_hour(tmp_path: Path) -> None:
    """Nothing happens before what went before it, whoever looks at which clock; timers strike when they are due."""
    now, hour = workload.START, dt.timedelta(hours=1)
    file = tmp_path / "rows.csv"
    workload.write_rows(file, 20)
    engine = Engine.open(
        Project.from_files(workload.FILES),
        store=SqliteStore(str(tmp_path / "store.db")),
        registry=load_plugins(entry_points=False),
        clock=lambda: now,
    )

    def work(turn: int) -> None:
        text = workload.FILES["organization.yaml"].replace("name: Ann", f"name: Ann {turn}")
        engine.project = Project.from_files({**workload.FILES, "organization.yaml": text})
        engine.publish(actor="operator")
        twin = Open(f"twin-{turn}", "deals", "Twin", "ann", {"amount": "1 EUR", "account": "one"})
        # each claims the account, all of them in one stream
        for step in (twin, Advance(twin.case), Close(twin.case, "won")):
            assert isinstance(engine.run(step, actor="cy"), Done)
        for number in range(turn * 18, turn * 18 + 18):
            key, command = workload.command("w", number, ("shared",))
            assert isinstance(engine.run(command, actor="cy", key=key), Done)
        rows = [
            replace(row, cells={**row.cells, "amount": str(turn)}) for row in read(file, {}, lambda _: None)
        ]
        assert not import_cases(engine, workload.mapping(), rows).rejected
        engine.tick()

    engine.publish(actor="operator")
    engine.run(Open("shared", "deals", "shared", "ann"), actor="cy")
    for turn in range(8):
        work(turn)
        now += 8 * hour if turn % 2 else -hour
    workload.require_whole(engine)
    engine.store.close()


def test_a_lease_of_a_clock_that_was_set_back_holds_nobody_up(tmp_path: Path) -> None:
    """It ends then; who has the timer still works on it in vain, since the next one has it now."""
    url, hour = f"sqlite:///{tmp_path / 'store.db'}", 3_600_000_000
    workload.prepare(url, "t", ("late",), now=workload.START)
    with workload.opened(url, "t", workload.LATER) as engine:

        def take(worker: str) -> int:
            return len(engine.store.claim("timers:t", now=2**60, limit=9, lease=hour, worker=worker))

        assert (take("first"), take("second")) == (3, 0)
        with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
            connection.execute(
                "UPDATE due SET held_from = held_from + ?, held_until = held_until + ?", (hour, hour)
            )
            connection.commit()
        assert take("second") == 3
