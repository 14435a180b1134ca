"""Progress bars on the side, where there is a terminal."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from playbook.cli.output import on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
