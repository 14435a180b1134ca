"""`playbook why`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playbook.cli import standing
from playbook.cli.options import command
from playbook.cli.output import document, paint, say
from playbook.cli.tables import aligned
from playbook.cli.words import Words, plain_blockers, tell_blockers
from playbook.model.case import OPEN

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
            }
        )
    else:
        _tell(words, found)
        _tell_standing(words)
    return 0 if found.can_advance else 1


def _tell(words: Words, found: Explanation) -> None:
    case, target = words.case, words.stage(found.target)
    here = f"{paint(words.name, bold=True)} ({case.id}) is in {words.stage(case.stage)}"
    if case.outcome != OPEN:
        say(f"{paint(words.name, bold=True)} ({case.id}) was closed as {case.outcome}: it has arrived.")
    elif found.can_advance:
        say(f"{here} and {paint('can move on', fg='green')} to {target}:")
        say(f"\n     {paint(f'playbook advance {case.id}{_asked(found)}', fg='green')}")
        if found.warned:
            say("\nNothing holds it up, but look at this:")
            tell_blockers(words, found.warned)
    else:
        count = len(found.blockers)
        things = "one thing is" if count == 1 else f"{count} things are"
        where = f" to {target}" if target else ""
        say(f"{here} and {paint('cannot move on', fg='red')}{where} yet: {things} in the way.")
        tell_blockers(words, found.blockers)


def _tell_standing(words: Words) -> None:
    """Print what stands beside the gate: answers, exceptions, and what will happen by itself."""
    if words.case.outcome != OPEN:
        return
    sections = {
        "Approvals": standing.approvals(words),
        "Exceptions": standing.waivers(words),
        "What happens by itself": standing.timers(words),
    }
    for title, rows in sections.items():
        lines = aligned(list(rows))
        if lines:
            say(f"\n{title}")
            for line in lines:
                say(f"  {line}")


def _asked(found: Explanation) -> str:
    return f" --to {found.target}" if len(found.to) > 1 else ""
