"""The language in which a command shows the texts of playbooks and records."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from playbook.cli.output import warn

if TYPE_CHECKING:
    from playbook.engine import Engine

VARIABLE = "PLAYBOOK_LOCALE"


def wanted(given: str, otherwise: str) -> str:
    """Return the language given, else that of the environment, else the project's; nothing where none is said."""
    return given or os.environ.get(VARIABLE, "") or otherwise


def in_language(engine: Engine, given: str, otherwise: str) -> Engine:
    """Return an engine that tells in the language that is `wanted`."""
    given = wanted(given, "")
    locale = wanted(given, otherwise)
    if not locale:
        return engine
    from playbook.engine.telling import languages, telling

    teller = telling(engine, locale)
    if given and teller is engine and not _written_in(engine, given):
        there = ", ".join(languages(engine)) or "there is no translation"
        warn(f"nothing is translated into {given!r}, so texts stay as they are written (translated: {there})")
    return teller


def _written_in(engine: Engine, locale: str) -> bool:
    """Return whether a playbook is written in a language."""
    definitions = engine.definitions
    return any(definitions.current(name, None).playbook.locale == locale for name in definitions.names())
