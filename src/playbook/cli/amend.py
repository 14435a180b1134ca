"""The commands that change a case beside its fields and stage: skip-activity, reopen, split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playbook.cli.carrying import about, carry, following, once, reasoned
from playbook.cli.options import assignments, command
from playbook.cli.output import percent
from playbook.model.commands import Reopen, SkipActivity, Split

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.cli.words import Words
    from playbook.engine import Done


@command(
    "skip-activity", example="playbook skip-activity 'Acme Corp' gift --reason 'Not allowed there'", at=True
)
@click.argument("case")
@click.argument("activity")
@reasoned
@once
def skip_activity(session: Session, case: str, activity: str, reason: str, key: str | None) -> int:
    """Leave out a planned activity, with a reason; a required one only where it is waived."""

    def told(words: Words, done: Done) -> str:
        return f"{about(words)}: {words.path(activity)} is left out.{following(words)}"

    return carry(session, SkipActivity(session.case(case), activity, reason), key, told)


@command("reopen", example="playbook reopen 'Acme Corp' --reason 'They called again'", at=True)
@click.argument("case")
@reasoned
@once
def reopen(session: Session, case: str, reason: str, key: str | None) -> int:
    """Open a closed case again in the stage it was closed from, where the playbook allows it."""

    def told(words: Words, done: Done) -> str:
        return f"{about(words)} is open again in {words.stage(done.stage)}.{following(words)}"

    return carry(session, Reopen(session.case(case), reason), key, told)


@command("split", example="playbook split 'Acme Corp' sam=70% 'Dana Ruiz=30%'", at=True)
@click.argument("case")
@click.argument("shares", nargs=-1, required=True, metavar="WHO=SHARE...")
@once
def split(session: Session, case: str, shares: tuple[str, ...], key: str | None) -> int:
    """Divide the credit for a case among people; the shares sum to 100%."""
    named = {
        session.person(who): share or "" for who, share in assignments(shares, "WHO=SHARE", "sam=70%").items()
    }
    if len(named) < len(shares):
        raise click.UsageError("a person is given twice")

    def told(words: Words, done: Done) -> str:
        if not done.version:
            return f"{about(words)} is divided so already; nothing changed."
        parts = (f"{words.person(who)} {percent(share)}" for who, share in words.case.shares.items())
        return f"{about(words)}: the credit goes to {', '.join(parts)}."

    return carry(session, Split(session.case(case), named), key, told)
