"""Diagrams: the same on every machine, and valid whatever a title says.

`python tests/unit/authoring/test_graphs.py` writes the expected drawings of nasty.playbook.yaml anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.authoring.flow import Flow, flow
from playbook.authoring.graphs import dot, mermaid
from playbook.model.playbook import Playbook
from playbook.reading.project import read_text
from playbook.shipping import shipped

HERE = Path(__file__).parent
DRAWN = {"nasty.mermaid.txt": mermaid, "nasty.dot.txt": dot}
FILES = [HERE / "nasty.playbook.yaml", *sorted(shipped("playbooks").glob("*/*.playbook.yaml"))]

LABEL = r'"(?:[^"`<>;{}\[\]|&\\#]|#\d+;|<br/>)*"'
MERMAID = re.compile(
    rf"---|title: \"(?:[^\"\\]|\\.)*\"|flowchart TD|  s\d+(?:\[{LABEL}\]|\(\[{LABEL}\]\))"
    rf"|  s\d+ (?:-->|-\.->|==>)(?:\|{LABEL}\|)? s\d+"
    r"|  classDef \w+ fill:#\w{6},stroke:#555,color:#111|  class s\d+ \w+"
)
TEXT = r'"(?:[^"\\]|\\[n"\\])*"'
DOT = re.compile(
    rf"digraph playbook \{{|\}}|  label={TEXT}; labelloc=t; rankdir=TB;"
    r'|  node \[shape=box, style="rounded,filled", fillcolor="#ffffff"\];'
    rf"|  s\d+ \[label={TEXT}(?:, [a-z]+=(?:\w+|\"#\w{{6}}\"))+\];"
    rf"|  s\d+ -> s\d+ \[(?:label={TEXT}, )?style=\w+\];"
)


def book(file: Path) -> Playbook:
    reading = read_text(file.read_text(encoding="utf-8"), file.name)
    assert reading.value is not None
    value: Playbook = reading.value
    return value


def check(drawn: Flow) -> None:
    for text, grammar in ((mermaid(drawn), MERMAID), (dot(drawn), DOT)):
        assert [line for line in text.removesuffix("\n").split("\n") if not grammar.fullmatch(line)] == []


@pytest.mark.parametrize("name", DRAWN)
def test_a_playbook_with_nasty_titles_is_drawn_like_this(name: str) -> None:
    assert DRAWN[name](flow(book(FILES[0]))) == (HERE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_of_a_drawing_is_one_of_its_language(file: Path) -> None:
    check(flow(book(file)))


@given(title=st.text(), label=st.text())
def test_no_text_breaks_out_of_a_drawing(title: str, label: str) -> None:
    drawn = flow(book(FILES[0]))
    steps = tuple(attrs.evolve(step, title=title) for step in drawn.steps)
    ways = tuple(attrs.evolve(way, label=(label,)) for way in drawn.ways)
    check(
        attrs.evolve(
            drawn, title=title, steps=steps, ways=ways, others=((drawn.others[0][0], title), drawn.others[1])
        )
    )


def test_every_way_of_a_playbook_is_drawn() -> None:
    ways = [(way.source, way.target, way.kind) for way in flow(book(FILES[0])).ways]
    assert ways == [
        ("end", "graph", "next"), ("end", "subgraph", "next"), ("end", "end", "refused"), ("end", "lost", "itself"),
        ("graph", "subgraph", "next"), ("subgraph", "won", "next"), ("subgraph", "other-playbook", "open"),
        ("any", "lost", "close"),
    ]  # fmt: skip


if __name__ == "__main__":
    for name, draw in DRAWN.items():
        (HERE / name).write_text(draw(flow(book(FILES[0]))), encoding="utf-8")
