"""Carry out a command on a case and tell what came of it; and the options that such commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook.cli.output import document, paint, say, warn
from playbook.cli.words import Words, plain_blockers, refuse, tell_blockers
from playbook.errors import Refused
from playbook.model.case import OPEN
from playbook.model.organization import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.cli.session import Session
    from playbook.engine import Done
    from playbook.model.commands import Command

    Told = Callable[[Words, Done], str]


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --key."""
    text = "Do this once: the same key again gets the first answer."
    return click.option("--key", metavar="KEY", help=text)(function)


def reasoned(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --reason."""
    return click.option("--reason", default="", metavar="TEXT", help="Why; kept with the event.")(function)


def carry(session: Session, made: Command, key: str | None, told: Told, *, dry_run: bool = False) -> int:
    """Carry out a command, or tell what would come of it, and print that; return the exit code."""
    if dry_run:
        return _rehearse(session, made)
    answer = session.engine.run(made, actor=session.actor, key=key, at=session.at)
    if isinstance(answer, Refused):
        return refuse(session, answer, made.case)
    # What was done may have taken the case out of the actor's sight; of what they did themselves they still hear.
    words = Words.of(session, answer.case, OPERATOR)
    if session.json:
        document(_plain(words, answer))
        return 0
    if answer.repeated:
        warn(f"the key {key!r} was used before; this is its first answer, and nothing was done again")
    say(told(words, answer))
    if answer.warned:
        say("\nIt is done, but look at this:")
        tell_blockers(words, answer.warned)
    return 0


def _rehearse(session: Session, made: Command) -> int:
    """Print what a command would be answered; return the exit code."""
    answer = session.engine.desk.rehearse(made, actor=session.actor, at=session.at)
    if isinstance(answer, Refused):
        return refuse(session, answer, made.case)
    words = Words.of(session, made.case)
    if session.json:
        document({**_plain(words, answer), "dry_run": True})
        return 0
    what = "nothing speaks against it" if answer.version else "it is so already, and nothing would change"
    say(f"{about(words)}: {what}. Nothing was changed: this was a trial (--dry-run).")
    if answer.warned:
        say("\nIt could be done, but look at this:")
        tell_blockers(words, answer.warned)
    return 0


def _plain(words: Words, answer: Done) -> dict[str, Any]:
    return {
        "case": answer.case,
        "stage": answer.stage,
        "outcome": answer.outcome,
        "version": answer.version,
        "warned": plain_blockers(words, answer.warned),
        "repeated": answer.repeated,
    }


def about(words: Words) -> str:
    """Return what a case is called, with its id."""
    return f"{paint(words.name, bold=True)} ({words.case.id})"


def following(words: Words) -> str:
    """Return the line that says how to go on, while there is something to go on with."""
    return f"\nWhat comes next: playbook why {words.case.id}" if words.case.outcome == OPEN else ""
