"""A page for every code: what it means, a wrong and a right example."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from playbook.errors import UnknownName
from playbook.reading.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = Path(__file__).parent / "examples.txt"


@attrs.frozen
class Page:
    """Explain a code; `wrong` and `right` are lines of YAML, empty where no line shows it."""

    code: str
    text: str
    wrong: tuple[str, ...] = ()
    right: tuple[str, ...] = ()

    def render(self) -> str:
        """Return the page for a terminal."""
        parts = [self.code, textwrap.fill(self.text, 88)]
        for name, said in (("Wrong", self.wrong), ("Right", self.right)):
            if said:
                parts.append(f"{name}:\n\n" + textwrap.indent("\n".join(said), "    "))
        return "\n\n".join(parts)

    def markdown(self) -> str:
        """Return the page as a section of Markdown."""
        parts = [f"## {self.code}", self.text]
        for name, said in (("Wrong", self.wrong), ("Right", self.right)):
            if said:
                parts.append("\n".join((f"{name}:\n", "```yaml", *said, "```")))
        return "\n\n".join(parts)


def page(code: str, added: Mapping[str, str] | None = None) -> Page:
    """Return the page of a code, also of one that a plugin's kind of file adds; raises UnknownName."""
    found = pages()
    if code in found:
        return found[code]
    if added and code in added:
        return Page(code, added[code])
    raise UnknownName("code", code, (*found, *(added or ())))


@lru_cache(maxsize=1)
def pages() -> Mapping[str, Page]:
    """Return the pages of all codes that ship, in the order in which they are declared."""
    examples = _examples(_FILE.read_text(encoding="utf-8"))
    return {code: Page(code, text, *examples.get(code, ((), ()))) for code, text in CODES.items()}


def _examples(text: str) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    code = ""
    for line in text.splitlines():
        sign, rest = line[:2], line[2:]
        wrong, right = found.get(code, ((), ()))
        if sign == "- ":
            found[code] = ((*wrong, rest), right)
        elif sign == "+ ":
            found[code] = (wrong, (*right, rest))
        elif line and not line.startswith("#"):
            code = line
    return found
