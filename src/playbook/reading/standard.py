"""The kinds of files that every project may have; what they look like is imported when the first one is read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from playbook.reading.kinds import FileKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.reading.kinds import Shape

ROOT = "playbook.yaml"
"""The file with the settings of a project, at its root."""

_LOCALIZED = tuple(f"*.[a-z][a-z]{more}.yaml" for more in ("", "[a-z]", "[-_]*", "[a-z][-_]*"))
"""Names that end in a language, such as fa or pt-BR."""


def _shape(name: str) -> Shape:
    from playbook.reading.shapes import shape

    return shape(name)


def _kind(
    name: str, doc: str, files: tuple[str, ...] = (), *, told: bool = False, stored: bool = False
) -> FileKind:
    return FileKind(name, "1", partial(_shape, name), files, told, stored, doc=doc)


STANDARD_KINDS: Mapping[str, FileKind] = {
    kind.name: kind
    for kind in (
        _kind("playbook", "A process: stages, what must hold before a case moves on, what is to be done"),
        _kind("record", "What cases are about and refer to: an account, a contact, a product"),
        _kind(
            "organization",
            "People, teams, calendars, territories",
            ("organization.yaml", "*.organization.yaml"),
        ),
        _kind("mapping", "How the rows of a source become cases, records or people"),
        _kind(
            "translation",
            "The texts of a playbook or record in another language",
            _LOCALIZED,
            told=True,
            stored=True,
        ),
        _kind("scenario", "A case set up, what people do with it, and what must come of it"),
        _kind("project", "The settings of a team's folder", (f"/{ROOT}",)),
    )
}
"""The kinds that ship, by name, without their checks, which lie above reading."""
