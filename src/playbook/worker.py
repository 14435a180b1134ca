"""The worker: strikes timers that are due, again and again, until it is told to stop."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from playbook.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from playbook.engine import Engine


class Stop:
    """Tell a worker to stop, also in a handler of signals, where an Event that is waited for waits for itself."""

    def __init__(self) -> None:
        self._told: SimpleQueue[None] = SimpleQueue()
        self._set = False

    def is_set(self) -> bool:
        """Return whether it was told."""
        return self._set

    def set(self) -> None:
        """Tell it, and whoever waits."""
        self._set = True
        self._told.put(None)

    def wait(self, seconds: float) -> None:
        """Wait until it is told, for so long at most."""
        if not self._set:
            with suppress(Empty):
                self._told.get(timeout=seconds)


def work(
    engines: Callable[[], Iterable[Engine]],
    stop: Stop,
    *,
    every: float,
    name: str,
    struck: Callable[[Engine, int], None],
    trouble: Callable[[StoreUnavailable], None],
) -> None:
    """Strike what is due in every engine, look again after `every` seconds, and end once `stop` is set.

    `engines` is asked anew each time, so that tenants may come; `name` tells this worker from others over the same
    store. A store that is out of reach is told to `trouble` and tried again; whatever was begun is finished.
    """
    while not stop.is_set():
        busy = False
        try:
            for engine in engines():
                count = engine.tick(worker=name)
                busy = busy or count > 0
                struck(engine, count)
        except StoreUnavailable as error:
            trouble(error)
        if not busy:
            stop.wait(every)
