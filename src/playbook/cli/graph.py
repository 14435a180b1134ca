"""`playbook graph`."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from playbook.authoring.flow import flow
from playbook.authoring.graphs import dot, mermaid
from playbook.authoring.wording import flat
from playbook.cli.options import command
from playbook.cli.originals import original
from playbook.cli.output import clean, document, on_terminal, paint, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.authoring.flow import Flow, Mark, Step
    from playbook.authoring.wording import Phrase
    from playbook.cli.session import Session

_FORMATS = {"mermaid": mermaid, "dot": dot}
_LABELS = {
    "when": ("only if", "magenta"), "enter": ("to enter", "yellow"), "locked": ("locked", "magenta"),
    "do": ("to do", "cyan"), "may": ("may do", "cyan"), "needs": ("to pass", "yellow"),
    "asks": ("approval", "red"), "timer": ("timer", "blue"), "comes": ("on enter", "blue"),
    "leaves": ("on exit", "blue"), "itself": ("by itself", "magenta"),
}  # fmt: skip
_INDENT = " " * 10
_SAID = {"locked": "nothing can be changed here", "itself": "it moves on as soon as nothing is in the way"}


@command("graph", example="playbook graph new-business --format mermaid")
@click.argument("playbook", required=False, default="", metavar="[PLAYBOOK]")
@click.option(
    "--format",
    "form",
    default="tree",
    show_default=True,
    type=click.Choice(["tree", *_FORMATS]),
    help="A tree to read here, Mermaid for pages and forges, DOT for Graphviz.",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file instead."
)
def graph(session: Session, playbook: str, form: str, output: Path | None) -> None:
    """Draw a playbook: its stages, the ways between them, conditions, approvals and timers.

    PLAYBOOK is its id or file; the only one of the project where it is not named. Approvals are marked with a hand,
    timers with a clock, stages with their probability and forecast category.
    """
    drawn = flow(original(session, playbook))
    if session.json:
        document(_flat(drawn))
        return
    text = _FORMATS[form](drawn) if form in _FORMATS else "\n".join(_tree(drawn)) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(click.unstyle(text), encoding="utf-8")
        say(f"Written to {output}")


def _flat(drawn: Flow) -> dict[str, Any]:
    """Return a drawing in the types of JSON, each phrase as one text."""
    steps = [
        {
            **attrs.asdict(step, recurse=False),
            "marks": [{"kind": m.kind, "rule": flat(m.rule), "brief": flat(m.brief)} for m in step.marks],
        }
        for step in drawn.steps
    ]
    ways = [{**attrs.asdict(way, recurse=False), "label": flat(way.label)} for way in drawn.ways]
    return {"title": drawn.title, "steps": steps, "ways": ways}


def _tree(drawn: Flow) -> Iterator[str]:
    """Yield the lines of a tree: each stage with what marks it, and where it leads."""
    yield paint(clean(drawn.title), bold=True)
    titles = {**{step.id: step.title for step in drawn.steps}, **dict(drawn.others)}
    for step in drawn.steps:
        yield ""
        yield _head(step)
        lines = [*map(_marked, step.marks)]
        sources = [way.source for way in drawn.ways if way.kind == "close" and way.target == step.id]
        if sources:
            lines.append(_line("from", "white", ", ".join(titles[source] for source in sources)))
        for way in drawn.ways:
            if way.kind == "next" and way.source == step.id:
                said = f"{titles[way.target]}{_if(way.label)}"
                lines.append(_line("next", "green", said))
        for index, line in enumerate(lines):
            is_last = index == len(lines) - 1
            first, *more = line
            yield f"{'└─' if is_last else '├─'} {first}"
            yield from (f"{' ' if is_last else '│'}  {_INDENT}{rest}" for rest in more)


def _head(step: Step) -> str:
    return paint(clean(step.title), bold=True) + (f"  {step.facts}" if step.facts else "")


def _marked(mark: Mark) -> list[str]:
    label, colour = _LABELS[mark.kind]
    rule = flat(mark.rule) or _SAID.get(mark.kind, "")
    named = mark.kind in ("enter", "needs", "asks")
    return _line(label, colour, f"{flat(mark.brief)}: {rule}" if named else rule)


def _if(label: Phrase) -> str:
    return f", if {flat(label)}" if label else ""


def _line(label: str, colour: str, text: str) -> list[str]:
    """Return a line behind its label, broken where a terminal ends."""
    width = shutil.get_terminal_size().columns - len(_INDENT) - 4
    shown = clean(text)
    first, *more = textwrap.wrap(shown, max(width, 20)) if on_terminal() and shown else [shown]
    return [f"{paint(label, fg=colour)}{_INDENT[len(label) :]}{first}", *more]
