"""A page as one HTML file that needs nothing else: no network, no script, no font; it prints well.

Every text is escaped, and a link leads only to a place of the page, a web page or a mail address.
"""

from __future__ import annotations

import itertools
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playbook.authoring.flow import ANY
from playbook.authoring.graphs import DRAWN, mermaid
from playbook.authoring.pages import Bullets, Drawing, Heading, Link, Paragraph, Table, anchor
from playbook.authoring.wording import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook.authoring.flow import Flow, Step
    from playbook.authoring.pages import Page
    from playbook.authoring.wording import Phrase

_STYLE = Path(__file__).parent / "page.css"


def html(page: Page) -> str:
    """Return the page as HTML."""
    direction = "rtl" if page.is_right_to_left else "ltr"
    style = _STYLE.read_text(encoding="utf-8")
    body = "\n".join(_WRITERS[type(block)](block) for block in page.blocks)
    return (
        f'<!doctype html>\n<html lang="{escape(page.locale.replace("_", "-"))}" dir="{direction}">\n<head>\n'
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(page.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n"
        "</main>\n</body>\n</html>\n"
    )


def _phrase(phrase: Phrase) -> str:
    return "".join(map(_part, phrase))


def _part(part: str) -> str:
    if isinstance(part, Code):
        return f'<code dir="ltr">{escape(part)}</code>'
    if isinstance(part, Link) and part.is_safe:
        return f'<a href="{escape(part.target)}">{escape(part)}</a>'
    return escape(part)


def _heading(block: Heading) -> str:
    place = f' id="{escape(block.anchor)}"' if block.anchor else ""
    return f"<h{block.level}{place}>{escape(block.text)}</h{block.level}>"


def _paragraph(block: Paragraph) -> str:
    kind = "" if block.kind == "plain" else f' class="{block.kind}"'
    return f"<p{kind}>{_phrase(block.phrase)}</p>"


def _bullets(block: Bullets) -> str:
    items = "\n".join(f"<li>{_phrase(item)}</li>" for item in block.items)
    return f"<ul>\n{items}\n</ul>"


def _table(block: Table) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in block.head)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{_phrase(cell)}</td>" for cell in row) + "</tr>" for row in block.rows
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _drawing(block: Drawing) -> str:
    """Return the stages as boxes in a row that breaks, ends apart, and the diagram's text to be unfolded."""
    flow = block.flow
    open_ones = "\n".join(_box(flow, step) for step in flow.steps if not step.final)
    ends = "\n".join(_box(flow, step) for step in flow.steps if step.final)
    source = f'<pre dir="ltr">{escape(mermaid(flow))}</pre>'
    return (
        f'<ol class="flow">\n{open_ones}\n</ol>\n<ul class="flow ends">\n{ends}\n</ul>\n'
        f"<details><summary>{escape(block.source)}</summary>\n{source}\n</details>"
    )


def _box(flow: Flow, step: Step) -> str:
    lines = [f'<a href="#{escape(anchor(step.id))}">{escape(step.title)}</a>']
    lines += [f"<small>{escape(step.facts)}</small>"] if step.facts else []
    lines += [
        f"<small>{DRAWN[mark.kind]} {_phrase(mark.brief or mark.rule)}</small>"
        for mark in step.marks
        if mark.kind in DRAWN
    ]
    lines += _leads(flow, step)
    kind = escape(step.forecast or step.final or "none")
    return f'<li class="{kind}">{"".join(lines)}</li>'


def _leads(flow: Flow, step: Step) -> Iterator[str]:
    """Yield where a stage leads besides the one that is written after it, and whence a closing one is reached."""
    titles = {**{one.id: one.title for one in flow.steps}, **dict(flow.others)}
    ids = [one.id for one in flow.steps]
    following = dict(itertools.pairwise(ids)).get(step.id)
    for way in flow.ways:
        said = f": {_phrase(way.label)}" if way.label else ""
        if way.source == step.id and (way.kind != "next" or way.target != following or way.label):
            if way.kind != "close":
                yield f'<small><span class="to"></span> {escape(titles[way.target])}{said}</small>'
        elif way.target == step.id and way.kind == "close" and way.source == ANY:
            yield f'<small><span class="from"></span> {escape(titles[ANY])}</small>'


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    Heading: _heading, Paragraph: _paragraph, Bullets: _bullets, Table: _table, Drawing: _drawing,
}  # fmt: skip
