"""The commands below `commission dispute`: open, list, show, answer, accept, refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook import Refused, command
from playbook_commission.commands.asking import book_of, place_of, signed, tell
from playbook_commission.commands.options import DISPUTE, PLAN
from playbook_commission.settling.disputes import Answer, Decline
from playbook_commission.settling.disputing import accept, dispute, disputes, open_dispute
from playbook_commission.showing.statement_shown import dispute_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.cli.session import Session
    from playbook_commission.settling.disputes import State

_EXAMPLE = "playbook commission dispute"

_EXAMPLES = f"""\b
Examples:
  {_EXAMPLE} open sam/2027-Q1/new:c4k2 --because 'it was 900 EUR' --as sam
  {_EXAMPLE} list --as fin
  {_EXAMPLE} answer sam.2027-Q1.1 'the order was signed in April' --as fin
  {_EXAMPLE} accept sam.2027-Q1.1 '50 EUR' --as fin
"""


def disputing(settings: Mapping[str, Any]) -> click.Command:
    """Return `dispute`, with the commands below it."""
    help_ = "Say what is wrong with a statement, and settle who is right."
    found = click.Group("dispute", help=help_, epilog=_EXAMPLES)
    for one in (_open, _list, _show, _answer, _accept, _refuse):
        found.add_command(one(settings))
    return found


def _open(settings: Mapping[str, Any]) -> click.Command:
    @command("open", example=f"{_EXAMPLE} open sam/2027-Q1/new:c4k2 --because 'it was 900 EUR' --as sam")
    @click.argument("line")
    @click.option("--because", required=True, help="What is wrong.")
    @PLAN
    def run(session: Session, line: str, because: str, plan: str) -> int | None:
        """Dispute a line, named as `statement` prints it; or all of it (sam/2027-Q1), where something is missing."""
        book, (person, period, name) = book_of(session, settings), place_of(line)
        of = (session.person(person), period, name)
        return _told(session, open_dispute(book, session.actor, of, plan, because))

    return run


def _list(_: Mapping[str, Any]) -> click.Command:
    @command("list", example=f"{_EXAMPLE} list --as fin")
    @click.option("--period", default="", help="Only of this period.")
    @click.option("--all", "every", is_flag=True, help="Those that have ended too.")
    def run(session: Session, period: str, every: bool) -> None:
        """Show disputes that you may see, the newest first: those that are open, with their age."""
        found = disputes(session.engine, period, actor=session.actor)
        tell(session, {"disputes": dispute_rows(session, (one for one in found if every or one.is_open))})

    return run


def _show(_: Mapping[str, Any]) -> click.Command:
    @command("show", example=f"{_EXAMPLE} show sam.2027-Q1.1")
    @DISPUTE
    def run(session: Session, name: str) -> int | None:
        """Show a dispute with all that was said."""
        return _told(session, dispute(session.engine, name, session.actor))

    return run


def _answer(_: Mapping[str, Any]) -> click.Command:
    @command("answer", example=f"{_EXAMPLE} answer sam.2027-Q1.1 'the order was signed in April' --as fin")
    @DISPUTE
    @click.argument("text")
    def run(session: Session, name: str, text: str) -> int | None:
        """Say something to a dispute: as finance, or back."""
        return _ended(session, name, Answer(name, text))

    return run


def _accept(settings: Mapping[str, Any]) -> click.Command:
    @command("accept", example=f"{_EXAMPLE} accept sam.2027-Q1.1 '50 EUR' --as fin")
    @DISPUTE
    @click.argument("amount")
    @click.option("--period", default="", help="Where it is added; the next that is not settled by default.")
    @click.option("--because", default="", help="Why; it stands on the statement.")
    def run(session: Session, name: str, amount: str, period: str, because: str) -> int | None:
        """End a dispute by adding an amount to the person's statement; finance only."""
        book = book_of(session, settings)
        return _told(session, accept(book, session.actor, name, amount, period, because))

    return signed(run)


def _refuse(_: Mapping[str, Any]) -> click.Command:
    @command("refuse", example=f"{_EXAMPLE} refuse sam.2027-Q1.1 --because 'it was paid in March' --as fin")
    @DISPUTE
    @click.option("--because", required=True, help="Why it stays as it is.")
    def run(session: Session, name: str, because: str) -> int | None:
        """End a dispute with the statement as it is; finance only."""
        return _ended(session, name, Decline(name, because))

    return run


def _ended(session: Session, name: str, asked: Answer | Decline) -> int | None:
    dispute(session.engine, name, session.actor)
    answer = session.engine.run(asked, actor=session.actor)
    if isinstance(answer, Refused):
        return session.refuse(answer)
    return _told(session, dispute(session.engine, name, session.actor))


def _told(session: Session, found: State | Refused) -> int | None:
    if isinstance(found, Refused):
        return session.refuse(found)
    (head,) = dispute_rows(session, (found,))
    end = {
        "ended_by": found.ended_by, "added": found.amount, "to": found.settlement, "because": found.because,
    }  # fmt: skip
    day = session.engine.world.day
    said = [
        {"at": one.at if session.json else day(one.at), "by": one.by, "said": one.text} for one in found.said
    ]
    shown = {key: value for key, value in end.items() if value or session.json}
    tell(session, {**head, **shown, **({"said": said} if said or session.json else {})})
    return None
