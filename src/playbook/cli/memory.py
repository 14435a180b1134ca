"""What the command line remembers of a project's files, so that everyday commands read no YAML."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ROOT = "playbook.yaml"
"""The file with the settings of a project; reading knows it too, and is not imported for its name."""

_FOLDER = ".playbook"
_FILE = "published.json"

Stamp = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


class Published(msgspec.Struct):
    """Remember one publication: the digest of what was read, and the heads of the streams after it."""

    read: str
    heads: dict[str, str]


class Memory(msgspec.Struct):
    """Remember the settings of a file by its stamp, and the last publication by store and tenant."""

    stamp: Stamp | None = None
    store: str = ""
    locale: str = ""
    plugins: dict[str, dict[str, Any]] = {}
    published: dict[str, Published] = {}


def load(folder: Path) -> Memory:
    """Return what is remembered; nothing where there is no memory or it cannot be understood."""
    try:
        return msgspec.json.decode((folder / _FOLDER / _FILE).read_bytes(), type=Memory)
    except (OSError, msgspec.DecodeError):
        return Memory()


def save(folder: Path, memory: Memory) -> None:
    """Remember for the next time, whole or not at all."""
    place = folder / _FOLDER
    draft = place / f"{_FILE}.{os.getpid()}"
    try:
        if not place.is_dir():
            place.mkdir()
            (place / ".gitignore").write_text("*\n", encoding="utf-8")
        draft.write_bytes(msgspec.json.encode(memory))
        draft.replace(place / _FILE)
    except OSError:
        # A folder that may not be written to costs the next command some time, and nothing else.
        return


def stamp(file: Path) -> Stamp | None:
    """Return the stamp of a file, None where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def digest(folder: Path, contracts: Mapping[str, str]) -> str:
    """Return the digest of every file's path and stamp that is read, and of the contracts of the plugins."""
    files = [(name, stamp(folder / name)) for name in sorted(_files(folder))]
    return hashlib.sha256(msgspec.json.encode([files, sorted(contracts.items())])).hexdigest()


def _files(folder: Path) -> Iterator[str]:
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith((".yaml", ".csv")):  # rates stand in a CSV file
                yield os.path.relpath(os.path.join(here, name), folder)  # noqa: PTH118 - as os.walk gives it
