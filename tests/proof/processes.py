"""Processes that work and say what came of it, until they end or are killed."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from multiprocessing import connection
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.proof.killing", "tests.proof.crowding"])


@attrs.define
class Child:
    """Hold a process that works, and what it said."""

    process: Any
    line: Connection
    said: list[Any] = attrs.field(factory=list)

    def kill(self) -> None:
        """Kill the process as `kill -9` does: it learns nothing of it."""
        with contextlib.suppress(ProcessLookupError):  # it may have come to its end just now
            self.process.kill()

    def hear(self) -> bool:
        """Hear one thing that was said; return whether more can come. What was cut off was not said."""
        try:
            self.said.append(self.line.recv())
        except (EOFError, OSError):
            self.process.join()
            self.line.close()
            assert self.process.exitcode in (0, -signal.SIGKILL), "a process failed; it printed why"
            return False
        return True


def start(work: Callable[..., None], *given: Any) -> Child:
    """Start a process that calls `work` with a connection to say things on, and with what is given."""
    ours, theirs = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=work, args=(theirs, *given), daemon=True)
    process.start()
    theirs.close()
    return Child(process, ours)


def hear_all(
    children: Sequence[Child], *, until: Callable[[], bool] = lambda: False, patience: float = 300
) -> None:
    """Hear what processes say until all have ended, or until something is so; fails after `patience` seconds."""
    talking = [child for child in children if not child.line.closed]
    end = time.monotonic() + patience
    while talking and not until():
        assert time.monotonic() < end, "nothing goes on any more"
        ready = connection.wait([child.line for child in talking], 0.01)
        talking = [child for child in talking if child.line not in ready or child.hear()]


def pause(children: Sequence[Child], seconds: float) -> None:
    """Hear what processes say for some seconds."""
    end = time.monotonic() + seconds
    hear_all(children, until=lambda: time.monotonic() > end)


def kill_under_load(children: Sequence[Child], chance: random.Random, within: float = 0.2) -> None:
    """Kill processes at a random moment: mostly `within` seconds of the first answers, now and then before."""
    if chance.random() < 0.85:
        hear_all(children, until=lambda: all(child.said for child in children))
    pause(children, chance.uniform(0, within))
    for child in children:
        child.kill()
    hear_all(children)
