"""The command `pledge`, imported when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playbook import Refused, command
from playbook_example.pledges import Pledge

if TYPE_CHECKING:
    from playbook.cli.session import Session


@command("pledge", example="playbook pledge 2026-03 '25000 EUR' --as sam", at=True)
@click.argument("month")
@click.argument("amount", default="")
@click.option("--for", "person", default="", help="Whose pledge it is; yours by default.")
@click.option("--note", default="", help="Why it is that much.")
def pledge(session: Session, month: str, amount: str, person: str, note: str) -> int:
    """Pledge what you will close in a month; without an amount, show what all have pledged."""
    if not amount:
        found = session.engine.streams.page("pledge", month, actor=session.actor).items
        session.tell({"pledges": [{"person": one.state.person, **one.fields} for one in found]})
        return 0
    whose = session.person(person) if person else session.actor
    asked = Pledge(f"{whose}.{month}", amount, note)
    answer = session.engine.run(asked, actor=session.actor, at=session.at)
    if isinstance(answer, Refused):
        return session.refuse(answer)
    session.tell({"pledge": asked.id, "amount": amount, "version": answer.version})
    return 0
