"""`playbook guide`."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING

import click

from playbook.cli.options import command
from playbook.cli.output import clean, document, on_terminal, paint, plain, say
from playbook.cli.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.cli.session import Session
    from playbook.process.guiding import Guidance, Item, Part

_WIDTH = 100
_HEADINGS = {
    "goal": "Goal",
    "script": "Say",
    "questions": "Ask",
    "objections": "When they say",
    "pitfalls": "What goes wrong here",
    "resources": "Look at",
    "templates": "Start from",
}


@command("guide", example="playbook guide 'Acme Corp'")
@click.argument("case")
def guide(session: Session, case: str) -> None:
    """Show what helps with a case where it stands: goal, script, questions, objections, pitfalls and more.

    What the playbook says for the whole process comes after what it says for the stage. That it was opened is
    counted, so that a team sees what is read.
    """
    found = session.case(case)
    guidance = session.engine.guide(found, actor=session.actor)
    if session.json:
        document({"case": found, **plain(guidance)})
        return
    _tell(Words.of(session, found), guidance)


def _tell(words: Words, guidance: Guidance) -> None:
    say(f"{paint(words.name, bold=True)} ({words.case.id}) is in {clean(guidance.title)}")
    if not (guidance.here or guidance.process or guidance.beside):
        say(f"\nThe playbook says nothing here: write `guidance` in the stage {guidance.stage!r}.")
    for part in guidance.here:
        _tell_part(part)
    if guidance.process:
        say(f"\n{paint('For the whole process', fg='cyan')}")
    for part in guidance.process:
        _tell_part(part)
    for one in guidance.beside:
        say(f"\n{paint(clean(one.title), fg='cyan')}")
        for part in one.parts:
            _tell_part(part)


def _tell_part(part: Part) -> None:
    say(f"\n{paint(_HEADINGS.get(part.form, clean(part.form.replace('_', ' ').capitalize())), bold=True)}")
    for item in part.items:
        head = _head(item, quoted=part.form == "objections")
        for line in _lines(head, item.text, listed=len(part.items) > 1):
            say(line)


def _head(item: Item, *, quoted: bool) -> str:
    """Return the line before a text: what the buyer says, or a name with its link."""
    if quoted and item.name:
        return f'"{clean(item.name)}"'
    head = " ".join(filter(None, (clean(item.name), clean(item.link))))
    return f"{head}:" if head and item.text else head


def _lines(head: str, text: str, *, listed: bool) -> Iterator[str]:
    """Yield the lines of one thing, set in; line ends stay as they are written."""
    texts = [*([head] if head else []), *clean(text, lines=True).splitlines()]
    for number, line in enumerate(texts):
        after = "    " if listed or head else "  "
        yield from _wrapped(line, ("  - " if listed else "  ") if number == 0 else after, after)


def _wrapped(text: str, lead: str, after: str) -> list[str]:
    if not on_terminal():
        return [f"{lead}{text}".rstrip()]
    width = min(_WIDTH, shutil.get_terminal_size().columns)
    return textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=after) or [""]
