"""`playbook list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook.cli.choosing import chosen, counted, query_of, select
from playbook.cli.options import command
from playbook.cli.output import clean, document, moment, money, say
from playbook.cli.progress import bar
from playbook.cli.tables import table
from playbook.cli.words import person_name
from playbook.model.case import OPEN
from playbook.model.playbook import OUTCOMES
from playbook.stores.interface import Query

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.engine import CaseView
    from playbook.stores.interface import Page

_HEADINGS = ("case", "name", "stage", "owner", "opened", "amount")


@command("list", example="playbook list --where 'deal.amount > 10000 EUR and case.idle > 30d'")
@chosen
@click.option("--stage", help="In this stage.")
@click.option("--status", type=click.Choice(["open", "closed", "all"]), default="all", show_default=True)
@click.option("--outcome", type=click.Choice([OPEN, *OUTCOMES]), help="With this outcome.")
@click.option("--where", metavar="CONDITION", help="For which this holds; what is unknown does not.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@click.option("--after", metavar="PLACE", help="Those after a place: the `next` of the page before.")
def list_(session: Session, where: str | None, limit: int, after: str | None, **asked: str | None) -> None:
    """List cases, the newest opened first.

    --where takes a condition as playbooks hold them, over the fields of the playbook that is named, else of every one
    that it fits.
    """
    engine = session.engine
    query = query_of(session, **asked)
    if where is not None:
        selection = select(session, where, query)
        with bar("Looking", counted(session, selection.query)) as progress:
            page, total = selection.page(after=after, limit=limit, progress=progress)
    else:
        page = engine.find(query, actor=session.actor, after=after, limit=limit)
        total = counted(session, query)
    if session.json:
        following = {"next": page.next} if page.next else {}
        document({"cases": [plain_view(view) for view in page.items], "total": total, **following})
    else:
        _tell(session, page, total, every=where is None and query == Query())


def plain_view(view: CaseView) -> dict[str, Any]:
    """Return a case as JSON shows it in a list."""
    return {
        "case": view.id,
        "playbook": view.playbook,
        "name": view.name,
        "stage": view.stage,
        "outcome": view.outcome,
        "owner": view.owner,
        "team": view.team,
        "opened": view.opened,
        "closed": view.closed,
        "amount": view.amount,
        "expected_close": view.expected_close,
        "by_hand": {"probability": view.probability, "forecast": view.forecast},
    }


def _tell(session: Session, page: Page[CaseView], total: int, *, every: bool) -> None:
    if not total:
        none = "There is no case yet." if every else "No case is like that."
        say(none if session.engine.definitions.names() else "There is no playbook yet.")
        return
    zone = session.engine.world.zone
    rows = [
        (
            view.id,
            clean(view.name),
            _state(session, view),
            person_name(session, view.owner) if view.owner else "",
            moment(view.opened, zone)[:10],
            money(view.amount) if view.amount else "",
        )
        for view in page.items
    ]
    table(_HEADINGS, rows, right=frozenset((5,)), whole=frozenset((0, 4)))
    more = f"; go on with --after {page.next}, or see more at once with --limit" if page.next else ""
    say(f"\n{len(page.items):,} of {total:,}{more}")


def _state(session: Session, view: CaseView) -> str:
    """Return the stage by its title, and the outcome where the stage is not called by it."""
    apart = view.outcome not in (OPEN, view.stage)
    stage = session.engine.definitions.current(view.playbook, None).stages.get(view.stage)
    return clean((stage and stage.title) or view.stage) + (f" ({view.outcome})" if apart else "")
