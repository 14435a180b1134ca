"""A translation from its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.model.translation import Translation
from playbook.reading.source import List, Map, typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.errors import Span
    from playbook.reading.kinds import Parsed
    from playbook.reading.source import Source

HEAD = ("translation", "locale", "source")
"""The keys of the file that are no texts."""


def translation(parsed: Parsed) -> Translation:
    """Return the translation of a file; what is null is not translated yet."""
    root = parsed.root
    found: dict[str, str] = {}
    for key in root:
        if key not in HEAD:
            for path, text, span in texts(parsed.source, root, key, key):
                parsed.where[path] = span
                if text is not None:
                    found[path] = text
    said = {path: typed(text) for path, text in root.get("source", {}).items()}
    return Translation(root.get("translation", ""), root.get("locale", ""), found, said)


def texts(
    source: Source, holder: Map | List, key: str | int, path: str
) -> Iterator[tuple[str, str | None, Span]]:
    """Yield every text under a key with its path and place; numbers as they were typed."""
    value: Any = holder[key]  # type: ignore[index]
    if isinstance(value, Map):
        for name in value:
            yield from texts(source, value, name, f"{path}.{name}")
    elif isinstance(value, List):
        for index in range(len(value)):
            yield from texts(source, value, index, f"{path}.{index}")
    else:
        yield path, None if value is None else typed(value), source.value(holder, key)
