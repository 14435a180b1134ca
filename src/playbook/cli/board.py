"""`playbook board`."""

from __future__ import annotations

import itertools
import math
import shutil
from typing import TYPE_CHECKING, Any

import click

from playbook.cli import lengths
from playbook.cli.choosing import chosen, query_of
from playbook.cli.listing import plain_view
from playbook.cli.options import command
from playbook.cli.output import clean, document, money, paint, say
from playbook.cli.tables import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.cli.session import Session
    from playbook.engine.desk import Board, Card, Column

_NARROWEST, _GAP = 18, 2


@command("board", example="playbook board --owner 'Sam Okafor'")
@chosen
@click.option(
    "--cards", type=click.IntRange(0, 1_000), default=5, show_default=True, help="Cases shown of a stage."
)
def board(session: Session, cards: int, **asked: str | None) -> None:
    """Show the open cases by stage: how many, their sums, and which are stale.

    Stale is what has been quiet for longer than the idle timers of its stage say, or for 30 days where it has none.
    In every stage those come first, then the cases that have been there longest.
    """
    boards = session.engine.desk.board(query_of(session, **asked), actor=session.actor, cards=cards)
    if session.json:
        document({"boards": [_plain(one) for one in boards]})
        return
    for number, one in enumerate(boards):
        say(("\n" if number else "") + paint(clean(one.title), bold=True))
        for line in _drawn(session, one):
            say(line)
    if not boards:
        say("No case is open.")


def _plain(one: Board) -> dict[str, Any]:
    return {
        "playbook": one.playbook,
        "title": one.title,
        "columns": [
            {
                "stage": column.stage,
                "title": column.title,
                "cases": column.cases,
                "sums": list(column.sums),
                "stale": column.stale,
                "cards": [{**plain_view(card.view), "stale_since": card.stale} for card in column.cards],
            }
            for column in one.columns
        ],
    }


def _drawn(session: Session, one: Board) -> Iterator[str]:
    """Yield the lines of a board: as many columns side by side as fit, the others below."""
    width = shutil.get_terminal_size().columns
    fitting = max(1, (width + _GAP) // (_NARROWEST + _GAP))
    bands = math.ceil(len(one.columns) / fitting)
    count = math.ceil(len(one.columns) / bands)
    each = min((width + _GAP) // count - _GAP, 2 * _NARROWEST)
    for start in range(0, len(one.columns), count):
        columns = one.columns[start : start + count]
        yield ""
        sums = max(len(column.sums) for column in columns)
        cells = [list(_lines(session, column, each, sums)) for column in columns]
        for row in itertools.zip_longest(*cells, fillvalue=("", {})):
            yield (" " * _GAP).join(paint(cut(text, each), **style) for text, style in row).rstrip()


def _lines(session: Session, column: Column, each: int, sums: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the lines of a column with how each is painted; `sums` lines are for its sums."""
    yield clean(column.title), {"bold": True}
    yield f"{column.cases:,}" + (f", {column.stale:,} stale" if column.stale else ""), {}
    for number in range(sums):
        yield money(column.sums[number]) if number < len(column.sums) else "", {}
    yield "-" * each, {"dim": True}
    for card in column.cards:
        yield _card(session, card, each), {"fg": "yellow"} if card.stale else {}
    if column.cases > len(column.cards):
        yield f"  and {column.cases - len(column.cards):,} more", {"dim": True}


def _card(session: Session, card: Card, each: int) -> str:
    """Return the line of a case; one that is stale has a mark and says for how many days it was quiet."""
    name = clean(card.view.name) or card.view.id
    if card.stale is None:
        return f"  {name}"
    engine = session.engine
    quiet = f" {lengths.days(card.stale, engine.clock(), engine.world.zone):,}d"
    return cut(f"! {name}", each - len(quiet)) + quiet
