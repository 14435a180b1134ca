"""`playbook why`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playbook.cli import standing
from playbook.cli.options import command
from playbook.cli.output import clean, document, flow, moment, paint, say
from playbook.cli.tables import hanging
from playbook.cli.words import Words, plain_blockers, tell_blockers
from playbook.model.case import OPEN
from playbook.process.urgency import cheapest

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.engine import Explanation


@command("why", example="playbook why 'Acme Corp'", at=True)
@click.argument("case")
@click.option("--to", default="", metavar="STAGE", help="Ask about this stage.")
def why(session: Session, case: str, to: str) -> int:
    """Explain what stands between a case and its next stage.

    Every reason comes with what is missing, who can mend it, where it is written and the command that helps.
    Exit code 0 if the case can move on, 1 if not.
    """
    engine, actor = session.engine, session.actor
    if session.at is not None:
        at = session.at
        engine.clock = lambda: at
    found = engine.why(session.case(case), to, actor=actor)
    words = Words.of(session, found.case)
    if session.json:
        document(
            {
                "case": found.case,
                "stage": found.stage,
                "can_advance": found.can_advance,
                "to": list(found.to),
                "blockers": plain_blockers(words, found.blockers),
                "warned": plain_blockers(words, found.warned),
                **standing.plain(words),
                "target": found.target or None,
                "next": _next(found, session.actor) or None,
            }
        )
    else:
        _tell(words, found)
        _tell_standing(words, found)
    return 0 if found.can_advance else 1


def _next(found: Explanation, actor: str) -> str:
    """Return the command that is the cheapest next step; nothing where none would help."""
    if found.can_advance:
        return f"playbook advance {found.case}" + (f" --to {found.target}" if len(found.to) > 1 else "")
    first = cheapest(found.blockers, actor)
    return "" if first is None else first.fix


def _tell(words: Words, found: Explanation) -> None:
    case, target = words.case, words.stage(found.target)
    name = f"{paint(words.name, bold=True)} ({case.id})"
    if case.outcome != OPEN:
        closed = f" {moment(case.closed, words.zone)}" if case.closed is not None else ""
        say(flow(f"{name} was closed as {case.outcome}{closed}: there is nothing to move."))
        return
    if found.can_advance:
        say(
            flow(
                f"{name} is in {words.stage(case.stage)} and {paint('can move on', fg='green')} to {target}:"
            )
        )
        say(f"\n     {paint(_next(found, words.session.actor), fg='green')}")
    else:
        _tell_blocked(words, found, f"{name} is in {words.stage(case.stage)}", target)
    if found.warned:
        say("\nNothing of this holds it up, but look at it:")
        tell_blockers(words, found.warned)


def _tell_blocked(words: Words, found: Explanation, here: str, target: str) -> None:
    count = len(found.blockers)
    things = "one thing is" if count == 1 else f"{count} things are"
    where = f" to {target}" if target else ""
    say(flow(f"{here} and {paint('cannot move on', fg='red')}{where} yet: {things} in the way."))
    tell_blockers(words, found.blockers)
    first = cheapest(found.blockers, words.session.actor)
    if first is not None and count > 1:
        number = found.blockers.index(first) + 1
        say(f"\nBegin with number {number}, which costs least:\n\n     {paint(clean(first.fix), fg='green')}")


def _tell_standing(words: Words, found: Explanation) -> None:
    """Print what stands beside the gate: answers, exceptions, and what will happen by itself."""
    if words.case.outcome != OPEN:
        return
    told = {blocker.criterion for blocker in found.blockers}
    sections = {
        "Approvals": standing.approvals(words, told),
        "Exceptions": standing.waivers(words),
        "What happens by itself": standing.timers(words),
    }
    for title, rows in sections.items():
        lines = list(hanging(list(rows)))
        if lines:
            say(f"\n{paint(title, bold=True)}")
            for line in lines:
                say(f"  {line}")
