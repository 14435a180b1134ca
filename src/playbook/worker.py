"""The worker: strikes timers that are due, again and again, until it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import StoreUnavailable

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from playbook.engine import Engine


def work(
    engines: Callable[[], Iterable[Engine]],
    stop: threading.Event,
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
