"""`playbook list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook.cli.options import command
from playbook.cli.output import clean, document, moment, money, say
from playbook.cli.tables import table
from playbook.cli.words import person_name
from playbook.errors import UnknownName
from playbook.model.case import OPEN
from playbook.model.playbook import OUTCOMES
from playbook.stores.interface import Query

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.engine import CaseView
    from playbook.stores.interface import Page

_HEADINGS = ("case", "name", "stage", "owner", "opened", "amount")


@command("list", example="playbook list --status open --owner 'Sam Okafor'")
@click.option("--playbook", help="Of this playbook.")
@click.option("--stage", help="In this stage.")
@click.option("--owner", metavar="WHO", help="Of this person.")
@click.option("--team", help="Of this team.")
@click.option("--status", type=click.Choice(["open", "closed", "all"]), default="all", show_default=True)
@click.option("--outcome", type=click.Choice([OPEN, *OUTCOMES]), help="With this outcome.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@click.option("--after", metavar="PLACE", help="Those after a place: the `next` of the page before.")
def list_(
    session: Session,
    status: str,
    owner: str | None,
    team: str | None,
    limit: int,
    after: str | None,
    **asked: str | None,
) -> None:
    """List cases, the newest opened first."""
    engine = session.engine
    _check_names(session, asked["playbook"], asked["stage"])
    query = Query(
        playbook=asked["playbook"],
        stage=asked["stage"],
        outcome=asked["outcome"],
        status=None if status == "all" else status,
        owner=session.person(owner) if owner else None,
        team=session.team(team) if team else None,
    )
    page = engine.find(query, actor=session.actor, after=after, limit=limit)
    total = sum(tally.count for tally in engine.tally(query, actor=session.actor))
    if session.json:
        following = {"next": page.next} if page.next else {}
        document({"cases": [_plain(view) for view in page.items], "total": total, **following})
    else:
        _tell(session, page, total)


def _check_names(session: Session, playbook: str | None, stage: str | None) -> None:
    """Raise UnknownName for a playbook or a stage that nothing published has."""
    definitions = session.engine.definitions
    names = definitions.names() if playbook or stage else ()
    if playbook and playbook not in names:
        raise UnknownName("published playbook", playbook, names)
    if stage:
        within = [playbook] if playbook else names
        stages = {s.id: None for name in within for s in definitions.current(name, None).playbook.stages}
        if (
            stage not in stages
            and not session.engine.find(Query(stage=stage), actor=session.actor, limit=1).items
        ):
            raise UnknownName("stage", stage, stages)


def _plain(view: CaseView) -> dict[str, Any]:
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
    }


def _tell(session: Session, page: Page[CaseView], total: int) -> None:
    if not total:
        say("No case is like that." if session.engine.definitions.names() else "There is no playbook yet.")
        return
    zone = session.engine.world.zone
    rows = [
        (
            view.id,
            clean(view.name),
            _state(view),
            person_name(session, view.owner) if view.owner else "",
            moment(view.opened, zone)[:10],
            money(view.amount) if view.amount else "",
        )
        for view in page.items
    ]
    table(_HEADINGS, rows, right=frozenset((5,)), whole=frozenset((0, 4)))
    more = f"; go on with --after {page.next}, or see more at once with --limit" if page.next else ""
    say(f"\n{len(page.items):,} of {total:,}{more}")


def _state(view: CaseView) -> str:
    """Return the stage, and the outcome where the stage is not called by it."""
    apart = view.outcome not in (OPEN, view.stage)
    return clean(view.stage) + (f" ({view.outcome})" if apart else "")
