"""A page for every code: what it means, a wrong and a right example."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from playbook.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = Path(__file__).parent / "pages.txt"
_SIGNS = ("  ", "- ", "+ ")
"""How the lines of a page begin: what the code means, what is wrong, what is right."""


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
    """Return the pages of all codes that ship, in the order of their file."""
    said: dict[str, dict[str, list[str]]] = {}
    code = ""
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line[:2] in _SIGNS:
            said[code][line[:2]].append(line[2:])
        elif line and not line.startswith("#"):
            code = line
            said[code] = {sign: [] for sign in _SIGNS}
    return {
        code: Page(code, " ".join(parts["  "]), tuple(parts["- "]), tuple(parts["+ "]))
        for code, parts in said.items()
    }
