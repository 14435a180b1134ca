"""The commands that change a case: open, set, do, log, advance, back, close, assign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook.cli.options import assignments, command, fields_argument
from playbook.cli.output import clean, document, paint, say, warn
from playbook.cli.words import Words, plain_blockers, refuse, tell_blockers
from playbook.errors import Refused
from playbook.model.case import OPEN
from playbook.model.commands import Advance, Assign, Back, Close, Do, Log, Open, Set

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.cli.session import Session
    from playbook.engine import Done
    from playbook.model.commands import Command

    Told = Callable[[Words, Done], str]


def _key(function: Callable[..., Any]) -> Callable[..., Any]:
    text = "Do this once: the same key again gets the first answer."
    return click.option("--key", metavar="KEY", help=text)(function)


def _reason(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--reason", default="", metavar="TEXT", help="Why; kept with the event.")(function)


def _run(session: Session, made: Command, key: str | None, told: Told) -> int:
    """Carry out a command and print what came of it."""
    answer = session.engine.run(made, actor=session.actor, key=key, at=session.at)
    if isinstance(answer, Refused):
        return refuse(session, answer, made.case)
    words = Words.of(session, answer.case)
    if session.json:
        document(
            {
                "case": answer.case,
                "stage": answer.stage,
                "outcome": answer.outcome,
                "version": answer.version,
                "warned": plain_blockers(words, answer.warned),
                "repeated": answer.repeated,
            }
        )
        return 0
    if answer.repeated:
        warn(f"the key {key!r} was used before; this is its first answer, and nothing was done again")
    say(told(words, answer))
    if answer.warned:
        say("\nIt is done, but look at this:")
        tell_blockers(words, answer.warned)
    return 0


def _about(words: Words) -> str:
    return f"{paint(words.name, bold=True)} ({words.case.id})"


def _next(words: Words) -> str:
    return f"\nWhat comes next: playbook why {words.case.id}" if words.case.outcome == OPEN else ""


@command("open", example="playbook open new-business 'Acme Corp' amount='25000 EUR'", at=True)
@click.argument("playbook")
@click.argument("name")
@fields_argument
@click.option("--owner", default="", metavar="WHO", help="Whose it is; who acts by default.")
@_key
def open_(
    session: Session, playbook: str, name: str, fields: tuple[str, ...], owner: str, key: str | None
) -> int:
    """Open a case of a playbook in its first stage."""
    owner = session.person(owner) if owner else ""
    made = Open("", playbook, name, owner, assignments(fields))
    return _run(
        session,
        made,
        key,
        lambda words, done: f"{_about(words)} is open in {words.stage(done.stage)}.{_next(words)}",
    )


@command("set", example="playbook set 'Acme Corp' pain='Orders take a week'", at=True)
@click.argument("case")
@fields_argument
@_reason
@_key
def set_(session: Session, case: str, fields: tuple[str, ...], reason: str, key: str | None) -> int:
    """Change fields of a case; an empty value (`pain=`) clears a field."""
    values = assignments(fields)
    if not values:
        raise click.UsageError("nothing is set: write field=value")

    def told(words: Words, done: Done) -> str:
        if not done.version:
            return f"{_about(words)} has these values already; nothing changed."
        names = ", ".join(
            words.field(name) + ("" if name in words.case.fields else " (cleared)") for name in values
        )
        return f"{_about(words)} has changed: {names}.{_next(words)}"

    return _run(session, Set(session.case(case), values, reason), key, told)


@command("do", example="playbook do 'Acme Corp' demo --outcome held", at=True)
@click.argument("case")
@click.argument("activity")
@fields_argument
@click.option("--outcome", default="", help="How it ended; done by default.")
@_key
def do(
    session: Session, case: str, activity: str, fields: tuple[str, ...], outcome: str, key: str | None
) -> int:
    """Finish a planned activity, with the fields that its form asks for."""

    def told(words: Words, done: Done) -> str:
        task = next(task for task in reversed(words.case.tasks) if task.id == activity)
        if task.status == OPEN:
            due = f" by {words.value('', task.due)}" if task.due else ""
            return f"{_about(words)}: {words.path(activity)} is planned again{due}."
        return f"{_about(words)}: {words.path(activity)} is done ({clean(task.outcome)}).{_next(words)}"

    return _run(session, Do(session.case(case), activity, outcome, assignments(fields)), key, told)


@command("log", example="playbook log 'Acme Corp' call --text 'They like it'", at=True)
@click.argument("case")
@click.argument("kind")
@fields_argument
@click.option("--text", default="", help="What was said, in words.")
@_key
def log(session: Session, case: str, kind: str, fields: tuple[str, ...], text: str, key: str | None) -> int:
    """Log what was not planned: call, email, meeting, note, or an entry that the playbook defines."""
    made = Log(session.case(case), kind, assignments(fields), text)
    return _run(session, made, key, lambda words, done: f"{_about(words)}: {clean(kind)} is logged.")


@command("advance", example="playbook advance 'Acme Corp'", at=True)
@click.argument("case")
@click.option("--to", default="", metavar="STAGE", help="Where to, if there is a choice.")
@_reason
@_key
def advance(session: Session, case: str, to: str, reason: str, key: str | None) -> int:
    """Move a case forward, where nothing holds it up."""
    return _run(session, Advance(session.case(case), to, reason), key, _moved)


@command("back", example="playbook back 'Acme Corp' --to discovery --reason 'New buyer'", at=True)
@click.argument("case")
@click.option("--to", required=True, metavar="STAGE", help="Where to.")
@_reason
@_key
def back(session: Session, case: str, to: str, reason: str, key: str | None) -> int:
    """Move a case back to an earlier stage."""
    return _run(session, Back(session.case(case), to, reason), key, _moved)


@command("close", example="playbook close 'Acme Corp' lost loss_reason=price", at=True)
@click.argument("case")
@click.argument("stage")
@fields_argument
@_reason
@_key
def close(
    session: Session, case: str, stage: str, fields: tuple[str, ...], reason: str, key: str | None
) -> int:
    """Close a case in a final stage, setting fields on the way."""
    return _run(session, Close(session.case(case), stage, assignments(fields), reason), key, _moved)


def _moved(words: Words, done: Done) -> str:
    if done.outcome == OPEN:
        return f"{_about(words)} is in {words.stage(done.stage)} now.{_next(words)}"
    return f"{_about(words)} is closed as {done.outcome}."


@command("assign", example="playbook assign 'Acme Corp' 'Sam Okafor'", at=True)
@click.argument("case")
@click.argument("who")
@click.option("--team", default="", help="The team; that of the new owner by default.")
@_key
def assign(session: Session, case: str, who: str, team: str, key: str | None) -> int:
    """Give a case to someone else."""
    team = session.team(team) if team else ""
    made = Assign(session.case(case), session.person(who), team)
    return _run(
        session,
        made,
        key,
        lambda words, done: f"{_about(words)} belongs to {words.person(words.case.owner)} now.",
    )
