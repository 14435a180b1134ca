"""Tables: drawn on a terminal, aligned plain text elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.cli.output import on_terminal, say

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()
) -> None:
    """Print a table; `right` are the columns, counted from 0, whose cells end at the right."""
    if on_terminal():
        _drawn(headings, rows, right)
    else:
        for line in aligned([headings, *rows], right):
            say(line)


def aligned(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Return rows as lines whose columns stand under one another."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return lines


def _drawn(headings: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for index, heading in enumerate(headings):
        drawn.add_column(heading, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(_literal(cell) for cell in row))
    Console().print(drawn)


def _literal(cell: str) -> str:
    from rich.markup import escape

    return escape(cell)
