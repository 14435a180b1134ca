"""The commands that change a case: open, set, do, log, note, advance, back, close, assign."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from playbook.cli.bulk import carry_many, choose, many
from playbook.cli.carrying import about, carry, following, once, reasoned
from playbook.cli.options import assignments, command, fields_argument
from playbook.cli.output import clean
from playbook.errors import InputError
from playbook.model.case import OPEN
from playbook.model.commands import Advance, Assign, Back, Close, Do, Log, Open, Set
from playbook.process.setting import read_fields

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.cli.words import Words
    from playbook.engine import Done


@command("open", example="playbook open new-business 'Acme Corp' amount='25000 EUR'", at=True)
@click.argument("playbook")
@click.argument("name")
@fields_argument
@click.option(
    "--owner",
    default="",
    metavar="WHO",
    help="Whose it is; by default as the rules of assignment say, else who acts.",
)
@once
def open_(
    session: Session, playbook: str, name: str, fields: tuple[str, ...], owner: str, key: str | None
) -> int:
    """Open a case of a playbook in its first stage."""
    owner = session.person(owner) if owner else ""
    made = Open("", playbook, name, owner, assignments(fields))

    def told(words: Words, done: Done) -> str:
        given = words.case.owner in ("", owner, session.actor)
        picked = "" if given else f" and belongs to {words.person(words.case.owner)}"
        return f"{about(words)} is open in {words.stage(done.stage)}{picked}.{following(words)}"

    return carry(session, made, key, told)


@command("set", example="playbook set 'Acme Corp' pain='Orders take a week'", at=True)
@click.argument("case", required=False)
@fields_argument
@many
@reasoned
@once
def set_(
    session: Session,
    case: str | None,
    fields: tuple[str, ...],
    reason: str,
    key: str | None,
    where: str | None,
    dry_run: bool,
    **chosen: Any,
) -> int:
    """Change fields of a case; an empty value (`pain=`) clears a field.

    probability=60% and forecast=commit (pipeline, best_case, commit or omitted) set by hand what else the stage says,
    in every stage until they are cleared; where the playbook has a field of that name, that is meant.

    With --where in place of CASE, of every case for which a condition holds: each by itself, so that some may be
    refused, and the same again changes nothing twice. Exit code 1 where any was refused.
    """
    if where is not None:
        return _set_many(session, where, (case, *fields) if case else fields, reason, key, dry_run, chosen)
    if case is None:
        raise click.UsageError("nothing is named: give a CASE, or choose many with --where")
    values = assignments(fields)
    if not values:
        raise click.UsageError("nothing is set: write field=value")

    def told(words: Words, done: Done) -> str:
        if not done.version:
            return f"{about(words)} has these values already; nothing changed."
        names = ", ".join(words.field(name) + ("" if words.has(name) else " (cleared)") for name in values)
        return f"{about(words)} has changed: {names}.{following(words)}"

    return carry(session, Set(session.case(case), values, reason), key, told, dry_run=dry_run)


def _set_many(
    session: Session,
    where: str,
    pairs: tuple[str, ...],
    reason: str,
    key: str | None,
    dry_run: bool,
    chosen: dict[str, Any],
) -> int:
    """Change fields of many cases; what is wrong in itself is told before any of them changes."""
    values = assignments(pairs)
    if not values:
        raise click.UsageError("nothing is set: write field=value")
    selection = choose(session, where, **chosen)
    for playbook in selection.playbooks:
        definition = session.engine.definitions.current(playbook, None)
        try:
            read_fields(definition.settable, values, "field")
        except InputError as error:
            choose_one = "; name one playbook with --playbook" if len(selection.playbooks) > 1 else ""
            raise InputError(f"{playbook}: {error}{choose_one}") from None
    return carry_many(session, selection, lambda case: Set(case, values, reason), key=key, dry_run=dry_run)


@command("do", example="playbook do 'Acme Corp' demo --outcome held", at=True)
@click.argument("case")
@click.argument("activity")
@fields_argument
@click.option("--outcome", default="", help="How it ended; done by default.")
@once
def do(
    session: Session, case: str, activity: str, fields: tuple[str, ...], outcome: str, key: str | None
) -> int:
    """Finish a planned activity, with the fields that its form asks for."""

    def told(words: Words, done: Done) -> str:
        task = next(task for task in reversed(words.case.tasks) if task.id == activity)
        if task.status == OPEN:
            due = f" by {words.value('', task.due)}" if task.due else ""
            return f"{about(words)}: {words.path(activity)} is planned again{due}."
        return f"{about(words)}: {words.path(activity)} is done ({clean(task.outcome)}).{following(words)}"

    return carry(session, Do(session.case(case), activity, outcome, assignments(fields)), key, told)


@command("log", example="playbook log 'Acme Corp' call --text 'They like it'", at=True)
@click.argument("case")
@click.argument("kind")
@fields_argument
@click.option("--text", default="", help="What was said, in words.")
@once
def log(session: Session, case: str, kind: str, fields: tuple[str, ...], text: str, key: str | None) -> int:
    """Log what was not planned: call, email, meeting, note, or an entry that the playbook defines."""
    made = Log(session.case(case), kind, assignments(fields), text)
    return carry(session, made, key, lambda words, done: f"{about(words)}: {clean(kind)} is logged.")


@command("note", example="playbook note 'Acme Corp' 'Their fiscal year ends in March'", at=True)
@click.argument("case")
@click.argument("text")
@once
def note(session: Session, case: str, text: str, key: str | None) -> int:
    """Note something on a case, in words."""
    made = Log(session.case(case), "note", {}, text)
    return carry(session, made, key, lambda words, done: f"{about(words)}: it is noted.")


@command("advance", example="playbook advance 'Acme Corp'", at=True)
@click.argument("case")
@click.option("--to", default="", metavar="STAGE", help="Where to, if there is a choice.")
@reasoned
@once
def advance(session: Session, case: str, to: str, reason: str, key: str | None) -> int:
    """Move a case forward, where nothing holds it up."""
    return carry(session, Advance(session.case(case), to, reason), key, _moved)


@command("back", example="playbook back 'Acme Corp' --to discovery --reason 'New buyer'", at=True)
@click.argument("case")
@click.option("--to", required=True, metavar="STAGE", help="Where to.")
@reasoned
@once
def back(session: Session, case: str, to: str, reason: str, key: str | None) -> int:
    """Move a case back to an earlier stage."""
    return carry(session, Back(session.case(case), to, reason), key, _moved)


@command("close", example="playbook close 'Acme Corp' lost loss_reason=price", at=True)
@click.argument("case")
@click.argument("stage")
@fields_argument
@reasoned
@once
def close(
    session: Session, case: str, stage: str, fields: tuple[str, ...], reason: str, key: str | None
) -> int:
    """Close a case in a final stage, setting fields on the way."""
    return carry(session, Close(session.case(case), stage, assignments(fields), reason), key, _moved)


def _moved(words: Words, done: Done) -> str:
    if done.outcome == OPEN:
        return f"{about(words)} is in {words.stage(done.stage)} now.{following(words)}"
    return f"{about(words)} is closed as {done.outcome}."


@command("assign", example="playbook assign 'Acme Corp' 'Sam Okafor'", at=True)
@click.argument("case")
@click.argument("who", required=False)
@click.option("--team", default="", help="The team; that of the new owner by default.")
@click.option("--territory", default="", help="The territory; it stays as it is by default.")
@many
@once
def assign(
    session: Session,
    case: str,
    who: str | None,
    team: str,
    territory: str,
    key: str | None,
    where: str | None,
    dry_run: bool,
    **chosen: Any,
) -> int:
    """Give a case to someone else, with its open activities and the approvals that were asked for.

    With --where in place of CASE, every case for which a condition holds: each by itself, so that some may be
    refused, and the same again changes nothing twice. Exit code 1 where any was refused.
    """
    if where is not None:
        if who is not None:
            raise click.UsageError("--where takes the place of CASE: name WHO alone")
        case, who = "", case
    if who is None:
        raise click.UsageError("nobody is named: write who gets it, after the CASE")
    owner, team = session.person(who), session.team(team) if team else ""
    if where is not None:
        selection = choose(session, where, **chosen)
        made = functools.partial(Assign, owner=owner, team=team, territory=territory)
        return carry_many(session, selection, made, key=key, dry_run=dry_run)
    return carry(
        session,
        Assign(session.case(case), owner, team, territory),
        key,
        lambda words, done: f"{about(words)} belongs to {words.person(words.case.owner)} now.",
        dry_run=dry_run,
    )
