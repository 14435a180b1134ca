"""`playbook worker`."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from playbook.cli.faults import STOPPED
from playbook.cli.options import command
from playbook.cli.output import document, say, warn
from playbook.worker import Stop, work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.cli.session import Session
    from playbook.engine import Engine
    from playbook.errors import StoreUnavailable

_AT_ONCE = 100
"""How many timers are struck before one looks whether to stop."""


@command("worker", example="playbook worker --once")
@click.option("--once", is_flag=True, help="Strike what is due now, and end.")
@click.option(
    "--every",
    default=5.0,
    type=click.FloatRange(0.1, 3600),
    show_default=True,
    metavar="SECONDS",
    help="Between looks.",
)
def worker(session: Session, once: bool, every: float) -> int:
    """Strike timers when they are due: reminders, and what the playbooks do by themselves.

    It works for every tenant of the store, or the one named, until Ctrl-C; any number may run at once, and each
    timer strikes once. With --once it strikes what is due and ends: run it like that from cron. Ctrl-C ends it
    between two timers: exit code 0, with --once 130.
    """
    session.require_project()
    struck: Counter[str] = Counter()

    def count(engine: Engine, number: int) -> None:
        struck[engine.tenant] += number
        if number and not once and not session.json:
            say(f"{number:,} struck" + (f" for {engine.tenant}" if engine.tenant != "default" else ""))

    stopped = False
    if once:
        stopped = _strike_once(session, count)
    else:
        _until_stopped(session, every, count)
    _tell(session, struck)
    return STOPPED if stopped else 0


def _strike_once(session: Session, count: Any) -> bool:
    """Strike what is due; return whether Ctrl-C ended it before."""
    with _stoppable() as stop:
        for engine in session.engines():
            while not stop.is_set() and (number := engine.tick(limit=_AT_ONCE, worker=_name())):
                count(engine, number)
        return stop.is_set()


def _until_stopped(session: Session, every: float, count: Any) -> None:
    if not session.json:
        say(f"Looking every {every:g} seconds; Ctrl-C ends it.")

    def trouble(error: StoreUnavailable) -> None:
        warn(f"{error}; trying again")

    with _stoppable() as stop:
        work(session.engines, stop, every=every, name=_name(), struck=count, trouble=trouble)


@contextlib.contextmanager
def _stoppable() -> Iterator[Stop]:
    """Let Ctrl-C and a request to terminate end the work between two timers; a second Ctrl-C ends it at once."""
    stop = Stop()

    def note(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    kept = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _tell(session: Session, struck: Counter[str]) -> None:
    total = sum(struck.values())
    if session.json:
        document(
            {"struck": total, "tenants": {name: struck[name] for name in sorted(struck) if struck[name]}}
        )
    else:
        say(f"{total:,} timer{'' if total == 1 else 's'} struck." if total else "Nothing was due.")
