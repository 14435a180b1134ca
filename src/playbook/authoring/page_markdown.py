"""A page as Markdown, with the drawing as Mermaid, which forges show.

Every sign that Markdown or HTML would take for its own is escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playbook.authoring.graphs import mermaid
from playbook.authoring.pages import Bullets, Drawing, Heading, Link, Paragraph, Table
from playbook.authoring.wording import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook.authoring.pages import Page
    from playbook.authoring.wording import Phrase

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
_BEGINNING = re.compile(r"^(\s*\d*)([-+=.)])(?=\s|$|[-+=.)])", re.MULTILINE)


def markdown(page: Page) -> str:
    """Return the page as Markdown."""
    body = "\n\n".join(_WRITERS[type(block)](block) for block in page.blocks)
    if page.is_right_to_left:
        body = f'<div dir="rtl" lang="{page.locale.replace("_", "-")}">\n\n{body}\n\n</div>'
    return body + "\n"


def _phrase(phrase: Phrase, line_end: str = "<br>") -> str:
    return line_end.join("".join(map(_part, phrase)).strip().splitlines())


def _part(part: str) -> str:
    if isinstance(part, Code):
        return _code(part)
    if isinstance(part, Link) and part.is_safe:
        return f"[{_text(part)}](<{_address(part.target)}>)"
    return _text(part)


def _text(text: str) -> str:
    return _BEGINNING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))


def _code(text: str) -> str:
    """Return a text as code, fenced by more backticks than it has in a row; a bar is kept for tables."""
    line = " ".join(text.split()).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def _address(target: str) -> str:
    return "".join(f"%{ord(char):02X}" if char in '<>\\ \n"|' else char for char in target)


def _heading(block: Heading) -> str:
    place = f'<a id="{block.anchor}"></a>\n\n' if block.anchor else ""
    return f"{place}{'#' * block.level} {_phrase((block.text,), ' ')}"


def _paragraph(block: Paragraph) -> str:
    said = _phrase(block.phrase, "  \n")
    return f"**{said}**" if block.kind == "badge" else said


def _bullets(block: Bullets) -> str:
    return "\n".join(f"- {_phrase(item)}" for item in block.items)


def _table(block: Table) -> str:
    rows = [f"| {' | '.join(map(_text, block.head))} |", "|" + "---|" * len(block.head)]
    rows += [f"| {' | '.join(map(_phrase, row))} |" for row in block.rows]
    return "\n".join(rows)


def _drawing(block: Drawing) -> str:
    return f"```mermaid\n{mermaid(block.flow)}```"


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    Heading: _heading, Paragraph: _paragraph, Bullets: _bullets, Table: _table, Drawing: _drawing,
}  # fmt: skip
