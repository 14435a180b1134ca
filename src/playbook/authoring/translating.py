"""Write a translation: what is missing in it, what is stale, and the file with everything in its place."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import attrs

from playbook.model.translation import Translation
from playbook.reading.translating import texts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from playbook.reading.project import Reading

_HEAD = re.compile(r"(?:[ \t]*#[^\n]*\n|[ \t]*\n)*")
_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_]*")


@attrs.frozen
class Found:
    """Hold what is wrong with a translation, as paths: not translated, of another text now, of nothing."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    unknown: tuple[str, ...]


def compare(original: Reading[Any], translation: Translation) -> Found:
    """Return what a translation of a playbook or record lacks, in the order of the original."""
    texts = texts_of(original)
    done = translation.texts
    return Found(
        missing=tuple(path for path in texts if path not in done),
        stale=tuple(
            path
            for path in texts
            if path in done and translation.source.get(path, texts[path]) != texts[path]
        ),
        unknown=tuple(path for path in done if path not in texts),
    )


def write(
    original: Reading[Any],
    locale: str,
    translation: Reading[Translation] | None = None,
    *,
    settled: Collection[str] = (),
) -> str:
    """Return the text of the translation's file, in the order of the original.

    What is missing is written as nothing, with the original in a comment; what is of nothing is left out.
    `source` keeps what each text was translated from; a stale one keeps its old source unless it is `settled`.
    Comments at the top stay.
    """
    was = (translation.value if translation else None) or Translation(original.id, locale)
    texts = texts_of(original)
    source = {
        path: text if path in settled else was.source.get(path, text)
        for path, text in texts.items()
        if path in was.texts
    }
    lines = [f"translation: {original.id}", f"locale: {locale}"]
    lines += _block(_tree({path: (was.texts.get(path), text) for path, text in texts.items()}), 0)
    if source:
        lines += ["", "source:  # what was translated; where a text says something else now, it is stale"]
        lines += [f"  {path}: {_quoted(text)}" for path, text in source.items()]
    head = _HEAD.match(translation.source.text) if translation else None
    return (head[0] if head else "") + "\n".join(lines) + "\n"


def _tree(texts: Mapping[str, tuple[str | None, str]]) -> dict[str, Any]:
    """Return texts by path as maps in maps; a list is a map of its positions."""
    tree: dict[str, Any] = {}
    for path, text in texts.items():
        *holders, last = path.split(".")
        here = tree
        for part in holders:
            here = here.setdefault(part, {})
        here[last] = text
    return tree


def _block(tree: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield the lines of a map; one whose keys are 0, 1, 2 ... is a list."""
    listed = list(tree) == [str(index) for index in range(len(tree))]
    for key, value in tree.items():
        start = "  " * depth + ("-" if listed else f"{_key(key)}:")
        if isinstance(value, dict):
            yield start
            yield from _block(value, depth + 1)
        else:
            text, said = value
            shown = " ".join("".join(char if char.isprintable() else " " for char in said).split())
            yield f"{start} {_quoted(text)}" if text is not None else f"{start}  # {shown}"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    """Return a text in double quotes, as JSON writes it, which is YAML where every sign can be printed."""
    written = json.dumps(text, ensure_ascii=False)
    return written if written.isprintable() else json.dumps(text)
