"""What every kind of file shares on the way from tree to model, and the files that need little of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.model.project import ProjectSettings
from playbook.reading import codes
from playbook.reading.source import TRUTH, List, Map, plain, typed
from playbook.times import parse_date, zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.reading.kinds import Parsed
    from playbook.reading.source import Source


def maps(holder: Map, key: str) -> Iterable[tuple[str, Any]]:
    """Yield the maps by id under a key."""
    found = holder.get(key)
    return found.items() if found is not None else ()


def texts(holder: Map, key: str) -> tuple[str, ...]:
    """Return a text or a list of texts as a tuple."""
    value = holder.get(key)
    if value is None:
        return ()
    return tuple(typed(item) for item in value) if isinstance(value, list) else (typed(value),)


def truth(holder: Map, key: str, *, otherwise: bool = False) -> bool:
    """Return a boolean, also where it was written as a word; `otherwise` where there is none."""
    value = holder.get(key, otherwise)
    return value if isinstance(value, bool) else TRUTH[value.lower()]


def told(error: ValueError) -> tuple[str, str]:
    """Return what is wrong with a value, and what was expected or which name is near as a hint."""
    message, _, hint = str(error).replace("; ", ": ", 1).partition(": ")
    return message, hint


def fault(source: Source, holder: Map | List, key: str | int, error: ValueError) -> None:
    """Report a value that is not written as it must be, with what was expected as a hint."""
    message, hint = told(error)
    source.report(codes.MALFORMED, message, source.value(holder, key), hint)


def date(source: Source, holder: Map | List, key: str | int) -> dt.date | None:
    """Return the day under a key; None where there is none."""
    text = holder[key] if not isinstance(holder, Map) or key in holder else None  # type: ignore[index]
    try:
        return None if text is None else parse_date(text)
    except ValueError as error:
        fault(source, holder, key, error)
        return None


def timezone(source: Source, holder: Map, otherwise: str) -> str:
    """Return the name of a time zone."""
    name: str = holder.get("timezone", otherwise)
    try:
        zone(name or "UTC")
    except ValueError as error:
        fault(source, holder, "timezone", error)
    return name


def project(parsed: Parsed) -> ProjectSettings:
    """Return the settings of a project's file."""
    root = parsed.root
    for name, _ in maps(root, "plugins"):
        parsed.where[f"plugins.{name}"] = parsed.source.key(root["plugins"], name)
    return ProjectSettings(
        root.get("project", ""),
        root.get("store", ""),
        root.get("organization", ""),
        root.get("locale", ""),
        plain(root.get("plugins", {}), json_number),
    )


def json_number(value: Decimal) -> Any:
    """Return a decimal number the way JSON keeps it; what plugins are given is plain JSON."""
    return float(value)
