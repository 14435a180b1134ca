"""The options by which commands choose cases, and the query that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook.cli.output import warn
from playbook.errors import UnknownName
from playbook.stores.interface import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.cli.session import Session
    from playbook.engine.selecting import Selection


def chosen(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options --playbook, --owner and --team."""
    function = click.option("--team", help="Of this team.")(function)
    function = click.option("--owner", metavar="WHO", help="Of this person.")(function)
    return click.option("--playbook", help="Of this playbook.")(function)


def query_of(
    session: Session,
    *,
    playbook: str | None = None,
    stage: str | None = None,
    owner: str | None = None,
    team: str | None = None,
    status: str | None = None,
    outcome: str | None = None,
) -> Query:
    """Return the query that options make; raises UnknownName for what is not there."""
    _check_names(session, playbook, stage)
    return Query(
        playbook=playbook,
        stage=stage,
        outcome=outcome,
        status=None if status == "all" else status,
        owner=session.person(owner) if owner else None,
        team=session.team(team) if team else None,
    )


def select(session: Session, condition: str, query: Query) -> Selection:
    """Return a condition made ready; say which playbooks it does not fit, where it fits others."""
    selection = session.engine.desk.select(condition, query, actor=session.actor)
    if selection.others:
        warn(f"the condition does not fit {', '.join(selection.others)}, whose cases are left out")
    return selection


def counted(session: Session, query: Query) -> int:
    """Return how many cases a query finds."""
    return sum(tally.count for tally in session.engine.tally(query, actor=session.actor))


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
