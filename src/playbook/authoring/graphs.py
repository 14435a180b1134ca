"""A playbook as a drawing for other programs: Mermaid, which forges show, and DOT, which Graphviz reads.

Texts come from files that anybody may have written: what a drawing would take for its own signs is escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playbook.authoring.wording import flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.authoring.flow import Flow, Step, Way

_PLAIN = frozenset(" .,:-_()+/=?!'%$*@~^")
_LIST = re.compile(r"(\d+)([.)])(?= )|([-+*])(?= )")
"""How a list begins in Markdown, which Mermaid refuses to show in a label."""

_LONGEST = 60
DRAWN: Mapping[str, str] = {"asks": "✋", "timer": "⏱", "when": "?", "itself": "↻"}
"""What a stage shows of itself beside its title: approvals, timers, and whether it is skipped or left by rule."""

_COLOURS: Mapping[str, str] = {
    "pipeline": "#e8eef7", "best_case": "#cfe0f5", "commit": "#a9c9ef", "closed": "#bfe3c3", "omitted": "#eeeeee",
}  # fmt: skip
_ARROWS: Mapping[str, tuple[str, str]] = {
    "next": ("-->", "solid"), "close": ("-.->", "dotted"), "refused": ("-.->", "dashed"),
    "itself": ("-.->", "dashed"), "open": ("==>", "bold"),
}  # fmt: skip
_SIGNS: Mapping[str, str] = {"refused": "✋", "itself": "⏱"}


def mermaid(flow: Flow) -> str:
    """Return the drawing as Mermaid's text."""
    names = _names(flow)
    lines = ["---", f"title: {_front(flow.title)}", "---", "flowchart TD"]
    lines += [_mermaid_step(names[step.id], step) for step in flow.steps]
    lines += [f'  {names[end]}(["{_mermaid_text(text)}"])' for end, text in flow.others]
    for way in flow.ways:
        arrow, _ = _ARROWS[way.kind]
        label = f'|"{_mermaid_text(_label(way))}"|' if _label(way) else ""
        lines.append(f"  {names[way.source]} {arrow}{label} {names[way.target]}")
    lines += [f"  classDef {name} fill:{colour},stroke:#555,color:#111" for name, colour in _COLOURS.items()]
    lines += [f"  class {names[step.id]} {_kind(step)}" for step in flow.steps if _kind(step)]
    return "\n".join(lines) + "\n"


def _mermaid_step(name: str, step: Step) -> str:
    text = "<br/>".join(map(_mermaid_text, _lines(step)))
    left, right = ("([", "])") if step.final else ("[", "]")
    return f'  {name}{left}"{text}"{right}'


def _mermaid_text(text: str) -> str:
    """Return a text for a quoted label: everything but letters, digits and plain signs by its number."""
    line = " ".join(text.split())
    listed = _LIST.match(line)
    last = listed.end() - 1 if listed else -1
    return "".join(
        char if index != last and (char.isalnum() or char in _PLAIN or _is_foreign(char)) else _numbered(char)
        for index, char in enumerate(line)
    )


def _numbered(char: str) -> str:
    # With an n behind it a backslash would be read as a line end: nothing wide stands between them.
    return f"#{ord(char)};" + ("#8203;" if char == "\\" else "")


def _is_foreign(char: str) -> bool:
    return char > "\x7f" and char.isprintable()


def _front(text: str) -> str:
    """Return a text as the quoted value of a line of front matter."""
    shown = "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dot(flow: Flow) -> str:
    """Return the drawing in the language of Graphviz."""
    names = _names(flow)
    lines = [
        "digraph playbook {",
        f"  label={_dot_text(flow.title)}; labelloc=t; rankdir=TB;",
        '  node [shape=box, style="rounded,filled", fillcolor="#ffffff"];',
    ]
    for step in flow.steps:
        colour = _COLOURS.get(_kind(step), "#ffffff")
        outline = ", peripheries=2" if step.final else ""
        lines.append(f'  {names[step.id]} [label={_dot_text(*_lines(step))}, fillcolor="{colour}"{outline}];')
    lines += [
        f"  {names[end]} [label={_dot_text(text)}, shape=ellipse, style=dashed];" for end, text in flow.others
    ]
    for way in flow.ways:
        label = f"label={_dot_text(_label(way))}, " if _label(way) else ""
        lines.append(f"  {names[way.source]} -> {names[way.target]} [{label}style={_ARROWS[way.kind][1]}];")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_text(*lines: str) -> str:
    printable = ("".join(char if char.isprintable() else " " for char in line) for line in lines)
    return '"' + "\\n".join(map(_dot_line, printable)) + '"'


def _dot_line(line: str) -> str:
    return line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def _names(flow: Flow) -> Mapping[str, str]:
    """Return a name for every stage and every other end of a way, which no language takes for a word."""
    ends = [*(step.id for step in flow.steps), *(end for end, _ in flow.others)]
    return {end: f"s{index}" for index, end in enumerate(ends, start=1)}


def _kind(step: Step) -> str:
    """Return the forecast category that a stage is coloured by; one that ends a case says it by its outcome."""
    ended = {"won": "closed", "done": "closed"}.get(step.final, "omitted") if step.final else ""
    return step.forecast or ended


def _lines(step: Step) -> Iterator[str]:
    """Yield what stands in the box of a stage."""
    yield step.title
    if step.facts:
        yield step.facts
    for mark in step.marks:
        if mark.kind in DRAWN:
            yield f"{DRAWN[mark.kind]} {_short(flat(mark.brief or mark.rule))}".rstrip()


def _label(way: Way) -> str:
    return f"{_SIGNS.get(way.kind, '')} {_short(flat(way.label))}".strip()


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
