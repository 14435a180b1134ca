"""Kill processes that carry out commands, import or strike timers, and assert what must hold after."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.proof import workload
from tests.proof.processes import kill_under_load, start

from playbook.builtin.csv_importer import read
from playbook.engine import Done
from playbook.importing.cases import import_cases
from playbook.importing.job import CHUNK

if TYPE_CHECKING:
    import random
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    from playbook.engine import Engine


# -- what the processes do ------------------------------------------------------------------------------


def sell(say: Connection, url: str, tenant: str, workers: Sequence[str]) -> None:
    """Carry out commands for ever, each worker in a thread, and say each answer once it is there."""
    engine = workload.open_engine(workload.open_store(url), tenant)
    speaking = threading.Lock()

    def work(worker: str) -> None:
        for number in itertools.count():
            key, command = workload.command(worker, number)
            answer = engine.run(command, actor="cy", key=key)
            with speaking:
                say.send((worker, answer))

    with ThreadPoolExecutor(len(workers)) as threads:
        list(threads.map(work, workers))


def bring_in(say: Connection, url: str, tenant: str, file: Path) -> None:
    """Import a file, and say how many rows are in for good."""
    engine = workload.open_engine(workload.open_store(url), tenant)

    def told() -> Iterator[Any]:
        for count, row in enumerate(read(file, {}, lambda _: None)):
            if count % CHUNK == 0:
                say.send(count)
            yield row

    say.send(import_cases(engine, workload.mapping(), told()).rows)


def strike(say: Connection, url: str, tenant: str, worker: str) -> None:
    """Strike timers that are due, a few at a time, and say how many were struck."""
    engine = workload.open_engine(workload.open_store(url), tenant, workload.LATER)
    while struck := engine.tick(limit=5, worker=worker, lease=workload.LEASE):
        say.send(struck)


# -- what must hold after -------------------------------------------------------------------------------


def killed_selling(url: str, tenant: str, chance: random.Random) -> None:
    """Kill processes that carry out commands."""
    workload.prepare(url, tenant)
    crews = [[f"{tenant}.{number}.{thread}" for thread in range(3)] for number in range(2)]
    children = [start(sell, url, tenant, crew) for crew in crews]
    kill_under_load(children, chance)
    with workload.opened(url, tenant) as engine:
        workload.require_whole(engine)
        before = workload.happened(engine)
        for crew, child in zip(crews, children, strict=True):
            for worker in crew:
                answers = [answer for who, answer in child.said if who == worker]
                require_answers(engine, worker, answers, before)
        workload.require_whole(engine)


def require_answers(engine: Engine, worker: str, said: Sequence[Any], before: Counter[str]) -> None:
    """Assert that what was answered happened once and is answered so again; what was not, at most once."""
    for number in range(len(said) + 1):
        key, command = workload.command(worker, number)
        assert before[key] <= 1, key
        again = engine.run(command, actor="cy", key=key)
        assert isinstance(again, Done), again
        if number < len(said):
            assert before[key] == workload.traces(command), key
            assert workload.same(said[number], again), (key, said[number], again)
    after = workload.happened(engine)
    for number in range(len(said) + 1):
        key, command = workload.command(worker, number)
        assert after[key] == workload.traces(command), key


def killed_importing(url: str, tenant: str, chance: random.Random, file: Path, count: int) -> None:
    """Kill a process that imports."""
    workload.prepare(url, tenant, ())
    child = start(bring_in, url, tenant, file)
    kill_under_load([child], chance)
    said = max(child.said, default=0)
    with workload.opened(url, tenant) as engine:
        workload.require_whole(engine)
        (found,) = [tally.count for tally in engine.tally(actor="operator")] or [0]
        assert said <= found <= count
        for skipped in (found, count):
            outcome = import_cases(engine, workload.mapping(), read(file, {}, lambda _: None))
            assert (outcome.opened, outcome.skipped) == (count - skipped, skipped)
        assert set(workload.happened(engine).values()) == {1}
        workload.require_whole(engine)


def killed_striking(url: str, tenant: str, chance: random.Random, cases: int = 100) -> None:
    """Kill two processes that strike timers."""
    names = [f"{tenant}-{number}" for number in range(cases)]
    workload.prepare(url, tenant, names, now=workload.START)
    children = [start(strike, url, tenant, f"w{number}") for number in range(2)]
    kill_under_load(children, chance, 0.1)
    said = sum(sum(child.said) for child in children)
    with workload.opened(url, tenant, workload.LATER) as engine:
        workload.require_whole(engine)
        assert said <= workload.fired(engine).total() <= 3 * cases
        workload.require_all_fired(engine, names)
