"""Run commands on cases chosen by chance, in files with ever more of them, beside their bare statements.

A file is filled with copies of one case, each a stream of its own with its hashes. The yardstick is what the engine
sends to SQLite, recorded once and replayed into a copy of the file: what it costs more in a large file is the depth
of the trees and the pages that are not at hand; what is left is the engine.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bench import Figures, folder, main, opened, seconds
from durable import Recorder, replay
from playbook import Log, Open, Set, SqliteStore
from playbook.stores import Batch, NewEvent, Query, Write
from playbook.stores.chain import link
from playbook.stores.interface import GENESIS

if TYPE_CHECKING:
    from pathlib import Path

    from durable import Step
    from playbook import Engine
    from playbook.model.commands import Command

SIZES = (1_000, 10_000, 100_000, 1_000_000)
NAMES = ("a_thousand", "ten_thousand", "a_hundred_thousand", "a_million")
FIRST = "c000000000000"
ROUNDS = 5
WARM = 20
_AT_ONCE = 5_000


class File:
    """A file with so many cases."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._chance = random.Random(size)
        engine = self._open()
        self._cases = [f"c{number:012}" for number in sorted(self._chance.sample(range(1, 10**12), size))]
        made, tenant = first_write(), engine.tenant
        for start in range(0, size, _AT_ONCE):
            engine.store.append(
                [copy_of(made, tenant, case) for case in self._cases[start : start + _AT_ONCE]]
            )
        engine.store.close()

    def measure(self, count: int) -> tuple[float, float]:
        """Return the microseconds that a command takes in the engine, and that its statements take alone."""
        beside = self._path.with_suffix(".copy")
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self._path, beside)
        os.sync()  # what still has to be written down would hold up whoever writes next
        first, steps = self._recorded(count)
        commands = self._commands(count)
        engine = self._open()
        live(engine, self._commands(WARM))
        ours = seconds(lambda: live(engine, commands))
        engine.store.close()
        with closing(sqlite3.connect(beside, isolation_level=None)) as connection:
            replay(connection, first)
            bare = seconds(lambda: replay(connection, steps))
        beside.unlink()
        return ours / len(commands) * 1e6, bare / len(commands) * 1e6

    def _commands(self, count: int) -> list[Command]:
        cases = self._chance.sample(self._cases, count)
        days = self._chance.sample(range(10**6), count)  # each says something new
        return [
            c
            for case, day in zip(cases, days, strict=True)
            for c in (Set(case, {"pain": f"Orders take {day} days"}), Log(case, "call", text="Yes"))
        ]

    def _recorded(self, count: int) -> tuple[list[Step], list[Step]]:
        with Recorder() as steps:
            engine = self._open()
            live(engine, self._commands(WARM))
            begun = len(steps)
            live(engine, self._commands(count))
            done = len(steps)
            engine.store.close()
        return steps[:begun], steps[begun:done]

    def _open(self) -> Engine:
        return opened(SqliteStore(str(self._path)))


def first_write() -> Write:
    """Return what opening a case writes."""
    engine = opened(SqliteStore(":memory:"))
    store = engine.store
    fields = {"amount": "25000 EUR", "product": "Pro"}
    engine.run(Open(FIRST, "deals", "Deal", fields=fields), actor="sam")
    stream = f"case:{FIRST}"
    (stored,) = store.events(engine.tenant, stream)
    head = store.load(engine.tenant, [stream])[stream]
    event = NewEvent(stored.kind, stored.at, stored.recorded, stored.actor, stored.data, stored.hash)
    (row,) = store.find(engine.tenant, Query(), limit=1).items
    return Write(stream, 0, (event,), head.data, head.fold, row)


def copy_of(write: Write, tenant: str, case: str) -> Batch:
    """Return the same for another case, with hashes of its own."""
    (event,) = write.events
    assert write.index is not None
    stream, row = f"case:{case}", replace(write.index, case=case, name=case)
    hash_ = link(GENESIS, tenant, stream, 1, event.kind, event.at, event.recorded, event.actor, event.data)
    snapshot = write.snapshot.replace(FIRST.encode(), case.encode())
    events = (replace(event, hash=hash_),)
    return Batch(tenant, (replace(write, stream=stream, events=events, snapshot=snapshot, index=row),))


def live(engine: Engine, commands: list[Command]) -> None:
    """Run commands, one after the other."""
    for command in commands:
        engine.run(command, actor="sam")


def measure(quick: bool) -> Figures:
    """Measure every size, in turns, so that a slow moment of the machine hits all alike."""
    sizes, count, rounds = ((30, 60, 120, 240), 25, 1) if quick else (SIZES, 500, ROUNDS)
    with folder() as here:
        files = {name: File(here / f"{name}.db", size) for name, size in zip(NAMES, sizes, strict=True)}
        taken = {name: list[tuple[float, float]]() for name in NAMES}
        for _ in range(rounds):
            for name, file in files.items():
                taken[name].append(file.measure(count))
    ours = {name: min(one for one, _ in found) for name, found in taken.items()}
    bare = {name: min(one for _, one in found) for name, found in taken.items()}
    figures = {f"microseconds_at_{name}": ours[name] for name in NAMES}
    figures |= {f"bare_microseconds_at_{name}": bare[name] for name in NAMES}
    figures |= {f"own_microseconds_at_{name}": ours[name] - bare[name] for name in NAMES}
    small, large = NAMES[0], NAMES[-1]
    return Figures(
        figures,
        {
            "at_a_million_of_a_thousand": ours[large] / ours[small],
            "of_bare_at_a_thousand": bare[small] / ours[small],
            "of_bare_at_a_million": bare[large] / ours[large],
        },
        {
            "at_a_million_of_a_thousand": "<= 2",
            "of_bare_at_a_thousand": ">= 0.5",
            "of_bare_at_a_million": ">= 0.6",
        },
        "Commands on cases chosen by chance, one thread, synchronous NORMAL; the quickest of the rounds.",
    )


if __name__ == "__main__":
    main("growth", measure)
