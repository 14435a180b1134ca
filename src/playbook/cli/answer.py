"""The commands that answer a criterion: approve, refuse, waive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playbook.cli.carrying import about, carry, following, once, reasoned
from playbook.cli.options import command
from playbook.errors import InputError
from playbook.model.commands import Approve, Refuse, Waive
from playbook.times import parse_date

if TYPE_CHECKING:
    import datetime as dt

    from playbook.cli.session import Session
    from playbook.cli.words import Words
    from playbook.engine import Done


@command("approve", example="playbook approve 'Acme Corp' discount_ok --as dana", at=True)
@click.argument("case")
@click.argument("criterion")
@click.option("--note", default="", metavar="TEXT", help="What to say with it; kept with the event.")
@once
def approve(session: Session, case: str, criterion: str, note: str, key: str | None) -> int:
    """Say yes to what was asked for.

    An approval is asked for by an attempt to advance; `playbook show CASE` says who waits for what. It covers the
    values that you see now, and lapses where one of them changes.
    """

    def told(words: Words, done: Done) -> str:
        asked = words.case.approvals[criterion]
        title = words.criterion(criterion)
        if asked.complete:
            return f"{about(words)}: {title} - approved.{following(words)}"
        waiting = [one for a in words.standing.approvals if a.criterion == criterion for one in a.waiting]
        others = words.people(waiting) or "others"
        are = "is" if len(waiting) == 1 else "are"
        return f"{about(words)}: {title} - your yes counts; {others} {are} asked as well."

    return carry(session, Approve(session.case(case), criterion, note), key, told)


@command(
    "refuse", example="playbook refuse 'Acme Corp' discount_ok --reason 'Not without a longer term'", at=True
)
@click.argument("case")
@click.argument("criterion")
@reasoned
@once
def refuse(session: Session, case: str, criterion: str, reason: str, key: str | None) -> int:
    """Say no to what was asked for, with a reason.

    Where the playbook says so, the case goes back to an earlier stage.
    """

    def told(words: Words, done: Done) -> str:
        title = words.criterion(criterion)
        return f"{about(words)}: {title} - refused; it is in {words.stage(done.stage)}."

    return carry(session, Refuse(session.case(case), criterion, reason), key, told)


@command(
    "waive", example="playbook waive 'Acme Corp' two_people --until 2026-06-30 --reason 'Small team'", at=True
)
@click.argument("case")
@click.argument("criterion")
@click.option(
    "--until", metavar="DAY", help="The last day on which it holds; where the criterion does not say."
)
@reasoned
@once
def waive(
    session: Session, case: str, criterion: str, until: str | None, reason: str, key: str | None
) -> int:
    """Make an exception from a criterion or a required activity, with a reason and for a while.

    It is kept with its author and counted. It lapses where a value that the criterion reads changes.
    """

    def told(words: Words, done: Done) -> str:
        last = words.case.waivers[criterion].until.isoformat()
        return f"{about(words)}: {words.criterion(criterion)} - excepted until {last}.{following(words)}"

    return carry(session, Waive(session.case(case), criterion, reason, _day(until)), key, told)


def _day(text: str | None) -> dt.date | None:
    try:
        return parse_date(text) if text else None
    except ValueError as error:
        raise InputError(f"--until: {error}") from None
