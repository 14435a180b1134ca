"""Tables: drawn on a terminal, aligned plain text elsewhere."""

from __future__ import annotations

import re
import shutil
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from playbook.cli.output import clean, money, on_terminal, say, width
from playbook.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


_FIGURE = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?( [A-Z]{3}|%)?")
"""A number, an amount or a share as they are printed."""
_FEW = 4
"""How many letters of a word must fit into a line of a column."""


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: frozenset[int] = frozenset(),
    whole: frozenset[int] = frozenset(),
) -> None:
    """Print a table; columns count from 0: those in `right` end at the right, those in `whole` are never broken.

    On a terminal too narrow for that each row is told by itself, line by line.
    """
    if on_terminal() and rows and _least(headings, rows, right | whole) > shutil.get_terminal_size().columns:
        for row in rows:
            for line in hanging([cell for cell in zip(headings, row, strict=True) if cell[1]], 0):
                say(line)
            say()
    elif on_terminal():
        _drawn(headings, rows, right, right | whole)
    else:
        for line in aligned([headings, *rows], right):
            say(line)


def told(answer: Mapping[str, Any]) -> None:
    """Print an answer for people: a list of maps as a table, everything else as a line."""
    for name, value in answer.items():
        if isinstance(value, list | tuple):
            rows = [[_cell(cell) for cell in row.values()] for row in value]
            if rows:
                table([str(heading).replace("_", " ") for heading in value[0]], rows, right=_figures(value))
            else:
                say(f"no {clean(name)}")
        else:
            say(f"{clean(name)}: {_cell(value)}")


def _cell(value: object) -> str:
    return money(value) if isinstance(value, Money) else clean(str(value))


def _figures(rows: Sequence[Mapping[str, Any]]) -> frozenset[int]:
    """Return the columns that hold amounts or numbers and nothing else but blanks, which end at the right."""
    columns = enumerate(zip(*(row.values() for row in rows), strict=True))
    return frozenset(number for number, column in columns if all(map(_figure, column)) and any(column))


def _figure(value: object) -> bool:
    numeric = isinstance(value, Money | Decimal | int) and not isinstance(value, bool)
    return numeric or value == "" or (isinstance(value, str) and _FIGURE.fullmatch(value) is not None)


def aligned(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Return rows as lines whose columns stand under one another."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (
            " " * (wide - width(cell)) + cell if index in right else cell + " " * (wide - width(cell))
            for index, (cell, wide) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return lines


def hanging(rows: Sequence[tuple[str, str]], indent: int = 2) -> Iterator[str]:
    """Yield rows of two columns as lines; on a terminal what is too long goes on below its column."""
    import textwrap

    head = max((width(first) for first, _ in rows), default=0) + 2
    room = shutil.get_terminal_size().columns - head - indent
    for first, second in rows:
        lines = textwrap.wrap(second, max(room, 20)) if on_terminal() else [second]
        for number, line in enumerate(lines or [""]):
            lead = " " * head if number else first + " " * (head - width(first))
            yield f"{lead}{line}".rstrip()


def cut(text: str, columns: int) -> str:
    """Return a text as wide as that on a terminal: filled with spaces, or cut with an ellipsis."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= columns:
        return set_cell_size(text, columns)
    return set_cell_size(text, columns - 1) + ("\u2069" if "\u2068" in text else "") + "…"


def _least(headings: Sequence[str], rows: Sequence[Sequence[str]], whole: frozenset[int]) -> int:
    """Return how wide a terminal must be for a table: others than whole columns may be broken to a few letters."""
    columns = enumerate(zip(headings, *rows, strict=True))
    wide = ((number, max(map(width, column))) for number, column in columns)
    return sum(each if number in whole else min(each, _FEW) for number, each in wide) + 2 * len(headings) - 2


def _drawn(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int], whole: frozenset[int]
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for index, heading in enumerate(headings):
        justify: Literal["left", "right"] = "right" if index in right else "left"
        drawn.add_column(heading, justify=justify, overflow="fold", no_wrap=index in whole)
    for row in rows:
        drawn.add_row(*map(Text, row))
    Console().print(drawn)
