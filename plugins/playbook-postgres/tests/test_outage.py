"""The server is stopped and started while processes work: they go on, and nothing that was answered is lost."""

from __future__ import annotations

import itertools
import os
import random
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.proof import workload
from tests.proof.contract import thorough
from tests.proof.killing import require_answers
from tests.proof.processes import hear_all, pause, start

from playbook import StoreUnavailable
from playbook.engine import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    from tests.proof.processes import Child

    from playbook.engine import Engine

OUTAGES = int(os.environ.get("OUTAGES", "1"))


class Server(Protocol):
    """A server that may be stopped: `fast` ends its clients, `immediate` is a crash."""

    def stop(self, mode: str) -> None: ...

    def start(self) -> None: ...


def persist(say: Connection, url: str, tenant: str, worker: str) -> None:
    """Carry out commands for ever; one that met an outage is sent again with its key until it is answered."""
    engine = workload.open_engine(workload.open_store(url), tenant)
    for number in itertools.count():
        key, command = workload.command(worker, number)
        say.send(_until_answered(say, engine, command, key))


def _until_answered(say: Connection, engine: Engine, command: Any, key: str) -> Any:
    while True:
        try:
            return engine.run(command, actor="cy", key=key)
        except StoreUnavailable as error:
            say.send((type(error).__name__, str(error)))


def strike_on(say: Connection, url: str, tenant: str, worker: str) -> None:
    """Strike timers until none is due, whatever happens to the store meanwhile."""
    engine = workload.open_engine(workload.open_store(url), tenant, workload.LATER)
    while True:
        try:
            if not (struck := engine.tick(limit=5, worker=worker, lease=workload.LEASE)):
                return
            say.send(struck)
        except StoreUnavailable as error:
            say.send((type(error).__name__, str(error)))


def outages(server: Server, children: Sequence[Child], mode: str) -> None:
    """Stop and start the server while processes work, and let them work on."""
    chance = random.Random()
    for _ in range(OUTAGES):
        hear_all(children, until=_more(children))
        pause(children, chance.uniform(0, 0.2))
        server.stop(mode)
        pause(children, chance.uniform(0, 1))
        server.start()
    hear_all(children, until=_more(children))


def _more(children: Sequence[Child]) -> Callable[[], bool]:
    """Return what tells whether every process that has not ended got more done."""
    before = {child.line: _done(child) for child in children}
    return lambda: all(child.line.closed or _done(child) > before[child.line] + 5 for child in children)


def _done(child: Child) -> int:
    return sum(not isinstance(one, tuple) for one in child.said)


def require_clear(children: Sequence[Child]) -> None:
    """Assert that what failed was told in one line each, which said rightly what had become of the command."""
    for child in children:
        told: list[str] = []
        for one in child.said:
            if isinstance(one, tuple):
                kind, line = one
                told.append(kind)
                assert "\n" not in line
                assert line.startswith("the PostgreSQL database 'playbook_")
                assert ("not known" in line) == (kind == "OutcomeUnknown") or "does no harm" in line, line
            else:
                assert not (isinstance(one, Done) and one.repeated) or "OutcomeUnknown" in told, (told, one)
                told = []


@pytest.mark.parametrize("mode", [pytest.param("fast", marks=thorough), "immediate"])
def test_stopped_and_started_while_commands_are_carried_out(
    own_url: str, own_server: Server, mode: str
) -> None:
    workload.prepare(own_url, "t")
    workers = [f"t.{number}" for number in range(4)]
    children = [start(persist, own_url, "t", worker) for worker in workers]
    outages(own_server, children, mode)
    for child in children:
        child.kill()
    hear_all(children)
    require_clear(children)
    with workload.opened(own_url, "t") as engine:
        workload.require_whole(engine)
        before = workload.happened(engine)
        for worker, child in zip(workers, children, strict=True):
            answered = [one for one in child.said if isinstance(one, Done)]
            require_answers(engine, worker, answered, before)
        workload.require_whole(engine)


def test_stopped_and_started_while_timers_strike(own_url: str, own_server: Server) -> None:
    names = [f"t-{number}" for number in range(100 * OUTAGES)]
    workload.prepare(own_url, "t", names, now=workload.START)
    children = [start(strike_on, own_url, "t", f"w{number}") for number in range(2)]
    outages(own_server, children, "fast")
    hear_all(children)
    require_clear(children)
    with workload.opened(own_url, "t", workload.LATER) as engine:
        workload.require_all_fired(engine, names)
