"""What a page consists of, whatever it is written as: headings, paragraphs, lists, tables, a drawing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from playbook.authoring.flow import Flow
    from playbook.authoring.wording import Phrase


_SAFE = re.compile(r"(#|https?://|mailto:)", re.IGNORECASE)


class Link(str):
    """Hold a part of a phrase that leads to `target`: a place of the page (#id) or an address."""

    __slots__ = ("target",)
    target: str

    def __new__(cls, text: str, target: str) -> Link:
        """Make a link with the text that people see."""
        made = super().__new__(cls, text)
        made.target = target
        return made

    @property
    def is_safe(self) -> bool:
        """Return whether it leads to a place of the page, a web page or a mail address, and runs nothing."""
        return _SAFE.match(self.target) is not None


@attrs.frozen
class Heading:
    """Begin a part of the page; level 1 is its title, `anchor` what links lead to."""

    level: int
    text: str
    anchor: str = ""


@attrs.frozen
class Paragraph:
    """Hold a text; line ends stay. `kind` is plain, badge (facts of a stage) or note (set back)."""

    phrase: Phrase
    kind: str = "plain"


@attrs.frozen
class Bullets:
    """Hold a list of things."""

    items: tuple[Phrase, ...]


@attrs.frozen
class Table:
    """Hold rows of cells below their headings; a column that is empty in every row is not written."""

    head: tuple[str, ...]
    rows: tuple[tuple[Phrase, ...], ...]

    def filled(self) -> Table:
        """Return the table without columns in which nothing stands."""
        kept = [index for index in range(len(self.head)) if any(any(row[index]) for row in self.rows)]
        return Table(
            tuple(self.head[index] for index in kept),
            tuple(tuple(row[index] for index in kept) for row in self.rows),
        )


@attrs.frozen
class Drawing:
    """Stand for the diagram of the playbook; `source` is the heading of its text."""

    flow: Flow
    source: str


Block = Heading | Paragraph | Bullets | Table | Drawing


@attrs.frozen
class Page:
    """Hold a page in a language."""

    title: str
    locale: str
    blocks: tuple[Block, ...]

    @property
    def is_right_to_left(self) -> bool:
        """Return whether the language is written from right to left."""
        return self.locale.replace("_", "-").split("-")[0].lower() in _RIGHT_TO_LEFT


_RIGHT_TO_LEFT = frozenset(("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "ug", "ur", "yi"))


def anchor(stage: str) -> str:
    """Return the place of the page where a stage is told."""
    return f"stage-{stage.replace('_', '-')}"
