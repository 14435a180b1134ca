"""The published form of a playbook or a kind of record: a document named by its digest, its texts beside it."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from playbook.expressions import load
from playbook.model.playbook import Criterion, Playbook
from playbook.model.record import Record
from playbook.model.rules import Action, Condition
from playbook.model.values import canonical, sparse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


LEARNING = threading.Lock()
"""Held while msgspec meets types that it may not know: it crashes where two threads make it learn one at once."""

FORMAT = 1
_TEXTS = frozenset(("title", "help", "hint", "guidance", "maintainer", "locale", "say", "checklist"))


class Place(msgspec.Struct, frozen=True):
    """Name the file and line in which a part of the playbook is written."""

    file: str = ""
    line: int = 0


class Definition(msgspec.Struct, frozen=True):
    """Hold a published playbook: pinned by `digest`; texts and places may change under it."""

    playbook: Playbook
    digest: str
    plugins: dict[str, str]
    where: dict[str, Place]

    def place(self, path: str) -> Place:
        """Return where a path like `stages.discovery.exit.fit` is written."""
        return self.where.get(path, Place())


class Documents(msgspec.Struct, frozen=True):
    """Hold the two documents that publishing stores, each under the SHA-256 of its bytes."""

    digest: str
    process: bytes
    texts_digest: str
    texts: bytes


class _Process(msgspec.Struct, frozen=True):
    format: int
    playbook: Any
    plugins: dict[str, str]


class _Kind(msgspec.Struct, frozen=True):
    format: int
    record: Any


class _Texts(msgspec.Struct, frozen=True):
    texts: dict[str, Any]
    where: dict[str, Place]


def normalize(playbook: Playbook, plugins: Mapping[str, str], where: Mapping[str, Place]) -> Documents:
    """Return the documents of a playbook.

    The digest covers what decides (with the version and the contract versions of plugins), not what
    only people read: titles, hints, guidance and the places in files. What has its default is left out, so
    that attributes which later versions of this program add do not change the digest of an unchanged file.
    """
    tree = sparse(playbook)
    texts = _taken(tree)
    return _documents(_Process(FORMAT, tree, dict(plugins)), _Texts(texts, dict(where)))


def definition(process: bytes, texts: bytes) -> Definition:
    """Return the definition that `normalize` wrote."""
    with LEARNING:
        stored = msgspec.json.decode(process, type=_Process)
        beside = msgspec.json.decode(texts, type=_Texts)
        _give_back(stored.playbook, beside.texts)
        playbook = msgspec.convert(stored.playbook, Playbook)
    return Definition(playbook, _digest(process), stored.plugins, beside.where)


def normalize_record(record: Record) -> Documents:
    """Return the documents of a kind of record, by the same rules as those of a playbook."""
    tree = sparse(record)
    texts = _taken(tree)
    return _documents(_Kind(FORMAT, tree), _Texts(texts, {}))


def record_of(kind: bytes, texts: bytes) -> Record:
    """Return the kind of record that `normalize_record` wrote."""
    with LEARNING:
        stored = msgspec.json.decode(kind, type=_Kind)
        _give_back(stored.record, msgspec.json.decode(texts, type=_Texts).texts)
        return msgspec.convert(stored.record, Record)


def _taken(tree: Any) -> dict[str, Any]:
    """Take what only people read out of a tree, and return it by path."""
    texts: dict[str, Any] = {}
    for path, node in _parts(tree, ""):
        for key in sorted(_TEXTS & node.keys()):
            text = node.pop(key)
            if text:
                texts[f"{path}{key}"] = text
    return texts


def _give_back(tree: Any, texts: Mapping[str, Any]) -> None:
    for path, node in _parts(tree, ""):
        for key in _TEXTS:
            text = texts.get(f"{path}{key}")
            if text is not None:
                node[key] = text


def _documents(what: object, texts: _Texts) -> Documents:
    process, rest = canonical(what), canonical(texts)
    return Documents(_digest(process), process, _digest(rest), rest)


def uses(playbook: Playbook) -> tuple[tuple[str, str], ...]:
    """Return the criteria, actions and functions that a playbook uses, as pairs of kind and name, in order."""
    found = set[tuple[str, str]]()
    for value in values_in(playbook):
        if isinstance(value, Condition):
            found.update(
                ("functions", node.args[0]) for node, _ in load(value.tree).walk() if node.op == "call"
            )
        elif isinstance(value, Criterion):
            found.add(("criteria", value.kind))
        elif isinstance(value, Action):
            found.add(("actions", value.verb))
    return tuple(sorted(found))


def values_in(value: Any) -> Iterator[Any]:
    """Yield every attrs value in a model, the outer before the inner."""
    if attrs.has(type(value)):
        yield value
        for attribute in attrs.fields(type(value)):
            yield from values_in(getattr(value, attribute.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from values_in(item)


def _parts(node: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every part of the tree that has an id or is a map, with its path and a trailing dot."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            if key not in _TEXTS and key not in ("tree", "options", "default"):
                yield from _parts(value, f"{path}{key}.")
    elif isinstance(node, list):
        for index, item in enumerate(node):
            name = item.get("id", index) if isinstance(item, dict) else index
            yield from _parts(item, f"{path}{name}.")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
