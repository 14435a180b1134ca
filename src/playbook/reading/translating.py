"""The texts for people of a file, by path: what a translation has in another language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.reading.structure_translation import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.reading.project import Reading
    from playbook.reading.source import Source

_TEXTS = frozenset(("title", "help", "hint", "say", "checklist", "guidance"))
_ACTIONS = frozenset(
    ("then", "on_enter", "on_exit", "when_child", "won", "lost", "disqualified", "done", "churned")
)
_IDS = frozenset(
    ("fields", "columns", "entries", "criteria", "stages", "activities", "entry", "exit", "timers")
)
"""Keys of maps by id, under which texts for people may stand."""


def texts_of(reading: Reading[Any]) -> dict[str, str]:
    """Return the texts of a playbook or record by path, such as `stages.discovery.title`, in its order."""
    root = reading.source.root
    found = _walked(reading.source, root, "") if root is not None else ()
    return {path: text for path, text in found if text and not path.endswith(".link")}


def _walked(source: Source, holder: Any, path: str, *, ids: bool = False) -> Iterator[tuple[str, str | None]]:
    """Yield the texts below a map or list; `ids` where its keys are ids, whatever they look like."""
    keys = list(holder) if isinstance(holder, dict) else range(len(holder))
    for key in keys:
        value = holder[key]
        here = f"{path}.{key}" if path else str(key)
        if not ids and key in _TEXTS:
            yield from ((where, text) for where, text, _ in texts(source, holder, key, here))
        elif isinstance(value, dict | list) and (
            ids or isinstance(key, int) or key in _IDS | _ACTIONS | {"of"}
        ):
            yield from _walked(source, value, here, ids=not ids and key in _IDS and isinstance(value, dict))
