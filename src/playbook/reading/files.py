"""The files of a project: which they are, their texts, and what one names beside itself."""

from __future__ import annotations

import os
import posixpath
import re
from abc import ABC, abstractmethod
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from playbook.errors import Problem, Span
from playbook.reading import codes
from playbook.reading.events import MAX_BYTES, decode
from playbook.reading.standard import ROOT, STANDARD_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.reading.kinds import FileKind

_BEFORE = r"(\s*(#[^\n]*)?\n)*"
"""What may stand before the first key of a file: blank lines and comments."""


class Files(ABC):
    """Hold the files of a project by their path from its root."""

    @abstractmethod
    def __iter__(self) -> Iterator[tuple[str, str | Problem]]:
        """Yield what is ours by the name it is shown by, and a Problem for what cannot be opened."""

    @abstractmethod
    def text(self, path: str) -> str | Problem | None:
        """Return the text of any file of the project; None where it has no such file."""

    def path(self, shown: str) -> str:
        """Return the path from the root of a file by the name it is shown by."""
        return shown

    def shown(self, path: str) -> str:
        """Return the name a file is shown by."""
        return path

    def beside(self, shown: str, named: str) -> str | None:
        """Return the name of a file that another names, or None where that leaves the project."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path(shown)), named))
        outside = path.startswith(("/", "../")) or path == ".." or "\\" in named
        return None if outside else self.shown(path)


class Texts(Files):
    """Hold texts that are at hand."""

    def __init__(self, files: Mapping[str, str], kinds: Mapping[str, FileKind]) -> None:
        self._files = files
        self._kinds = kinds

    def __iter__(self) -> Iterator[tuple[str, str | Problem]]:
        return (
            (name, text) for name, text in sorted(self._files.items()) if is_ours(name, text, self._kinds)
        )

    def text(self, path: str) -> str | Problem | None:
        """Return the text at hand."""
        return self._files.get(path)


class Folder(Files):
    """Hold the files of a folder, at any depth; folders whose name begins with a dot are left out."""

    def __init__(self, root: str | os.PathLike[str], kinds: Mapping[str, FileKind] = STANDARD_KINDS) -> None:
        self._root = Path(root)
        self._kinds = kinds

    @classmethod
    def around(cls, file: Path, kinds: Mapping[str, FileKind] = STANDARD_KINDS) -> Folder:
        """Return the folder of the project that a file is in; its own folder where it is in none."""
        return cls(root_around(file), kinds)

    def __iter__(self) -> Iterator[tuple[str, str | Problem]]:
        faults: list[OSError] = []
        files = []
        for folder, folders, names in os.walk(self._root, onerror=faults.append):
            folders[:] = [name for name in folders if not name.startswith(".")]
            here = Path(folder).relative_to(self._root)
            files += [(here / name).as_posix() for name in names]
        for fault in faults:
            yield str(fault.filename), unreadable(str(fault.filename), fault)
        for file in sorted(files):
            if any(_named_so(file, kind) for kind in self._kinds.values()):
                text = load_text(self._root / file, self.shown(file))
                if isinstance(text, Problem) or is_ours(file, text, self._kinds):
                    yield self.shown(file), text

    def text(self, path: str) -> str | Problem | None:
        """Return the text of a file, unless a link leads out of the folder."""
        file = self._root / path
        inside = file.resolve().is_relative_to(self._root.resolve())
        return load_text(file, self.shown(path)) if inside and file.is_file() else None

    def path(self, shown: str) -> str:
        """Return the path below the folder."""
        return Path(os.path.relpath(shown, self._root)).as_posix()

    def shown(self, path: str) -> str:
        """Return the path with that of the folder."""
        return str(self._root / path)


class WithDraft(Files):
    """Hold the files of a folder and, before all of them, one more that is read as if it were among them."""

    def __init__(self, folder: Folder, draft: str) -> None:
        self._folder = folder
        self._draft = draft

    def __iter__(self) -> Iterator[tuple[str, str | Problem]]:
        yield self._draft, load_text(Path(self._draft), self._draft)
        yield from (one for one in self._folder if one[0] != self._draft)

    def text(self, path: str) -> str | Problem | None:
        """Return the text of a file of the folder."""
        return self._folder.text(path)

    def path(self, shown: str) -> str:
        """Return the path below the folder."""
        return self._folder.path(shown)

    def shown(self, path: str) -> str:
        """Return the path with that of the folder."""
        return self._folder.shown(path)


def root_around(file: Path) -> Path:
    """Return the folder of the project that a file is in, by its path from here; its own folder for none."""
    above = (folder for folder in file.resolve().parents if (folder / ROOT).is_file())
    return Path(os.path.relpath(next(above, file.parent)))


def is_ours(file: str, text: str, kinds: Mapping[str, FileKind]) -> bool:
    """Return whether a file belongs to a project by its name; one that any file may have is not enough."""
    return any(
        _named_so(file, kind) and (not kind.told or re.match(rf"{_BEFORE}{kind.name}\s*:", text) is not None)
        for kind in kinds.values()
    )


def _named_so(file: str, kind: FileKind) -> bool:
    """Return whether a path has the name of a kind's files; a pattern that begins with / is the path itself."""
    name = PurePosixPath(file).name
    return any(
        file == pattern[1:] if pattern.startswith("/") else fnmatchcase(name, pattern)
        for pattern in kind.patterns
    )


def load_text(path: Path, file: str) -> str | Problem:
    """Return the text of a file, or why there is none; no more is read than a file may have."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return unreadable(file, error)
    # The cut may go through a character; the text is too long by then.
    return decode(data, file) if len(data) <= MAX_BYTES else data.decode("utf-8", "replace")


def unreadable(file: str, error: OSError) -> Problem:
    """Return the Problem of what cannot be opened."""
    reason = (error.strerror or "unknown reason").lower()
    hint = "check that it is there and may be read"
    return Problem(codes.UNREADABLE, f"cannot be read: {reason}", Span(file, 1, 1), hint=hint)
