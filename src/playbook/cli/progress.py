"""Long work: progress bars on the side, where there is a terminal, and an end by Ctrl-C that leaves things whole."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any, ParamSpec

from playbook.cli.output import on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import TaskID

P = ParamSpec("P")


@contextlib.contextmanager
def bar(title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar and yield what is called with how far the work is; without a total it counts."""
    if not on_terminal(err=True):
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    shown = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn()) if total else (
        TextColumn("{task.completed:,.0f}"), BarColumn()
    )  # fmt: skip
    with Progress(TextColumn(title), *shown, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task(title, total=total)
        yield lambda done: drawn.update(task, completed=done)


@contextlib.contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each stage of work and yield what is called with its title, how far it is, and of how much.

    A stage of which nobody knows how much there is says 0, and counts.
    """
    if not on_terminal(err=True):
        yield lambda title, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    said = TextColumn("{task.completed:,.0f}")
    columns = (TextColumn("{task.description}"), BarColumn(), said, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        tasks: dict[str, TaskID] = {}

        def step(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = drawn.add_task(title)
            drawn.update(tasks[title], completed=done, total=total or None)

        yield step


@contextlib.contextmanager
def stoppable(progress: Callable[P, None]) -> Iterator[Callable[P, None]]:
    """Let Ctrl-C end work between two steps, never inside a transaction; a second one ends it at once."""
    stop = threading.Event()

    def step(*args: P.args, **kwargs: P.kwargs) -> None:
        progress(*args, **kwargs)
        if stop.is_set():
            raise KeyboardInterrupt

    def note(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        yield step
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield step
    finally:
        signal.signal(signal.SIGINT, before)
