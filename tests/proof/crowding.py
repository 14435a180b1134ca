"""Many processes that work on the same few cases: who wins, what it sums to, and how long anybody waits."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import attrs
from tests.proof import workload
from tests.proof.processes import hear_all, start

from playbook import Log, Set, StoreUnavailable
from playbook.engine import Done

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection

    from playbook.engine import Engine

CASES = tuple(f"crowded-{number}" for number in range(50))


@attrs.frozen
class Crowd:
    """Hold how it went: how many commands each process got done within the time, and the longest wait of any."""

    shares: tuple[int, ...]
    longest: float
    given_up: int


def push(say: Connection, url: str, tenant: str, worker: str, count: int, seconds: float) -> None:
    """Change cases picked at random: `count` of them, or as many as go in some seconds; say what was answered."""
    engine = workload.open_engine(workload.open_store(url), tenant)
    chance = random.Random(worker)
    end = time.monotonic() + seconds
    for number in range(count):
        if time.monotonic() > end:
            break
        key, case = f"key-{worker}-{number}", chance.choice(CASES)
        change = Set(case, {"amount": f"{chance.randrange(10**9)}.{number % 10}0 EUR"}, reason=key)
        began = time.monotonic()
        answer: object
        try:
            answer = engine.run(change if number % 4 else Log(case, "call", text=key), actor="cy", key=key)
        except StoreUnavailable as error:
            answer = error
        say.send((key, answer, time.monotonic() - began))


def crowd(url: str, tenant: str, *, processes: int, count: int, seconds: float = 600.0) -> Crowd:
    """Let processes work on the same cases; assert that each version has one winner, and return how it went."""
    workload.prepare(url, tenant, CASES)
    children = [start(push, url, tenant, f"{tenant}.{number}", count, seconds) for number in range(processes)]
    hear_all(children)
    said = [one for child in children for one in child.said]
    won = {key: answer for key, answer, _ in said if isinstance(answer, Done)}
    with workload.opened(url, tenant) as engine:
        workload.require_whole(engine)
        _require_winners(engine, won)
    shares = tuple(sum(isinstance(answer, Done) for _, answer, _ in child.said) for child in children)
    return Crowd(shares, max(took for _, _, took in said), len(said) - len(won))


def _require_winners(engine: Engine, won: Mapping[str, Done]) -> None:
    """Assert that each version of a case is the work of the one who was told so, and of nobody else."""
    places = {(f"case:{done.case}", done.version): key for key, done in won.items()}
    assert len(places) == len(won)
    assert workload.happened(engine) == Counter(won.keys())
    for case in CASES:
        for event in engine.store.events(engine.tenant, f"case:{case}", after=1):
            assert places[event.stream, event.version].encode() in event.data
