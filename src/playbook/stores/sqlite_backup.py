"""Back up an SQLite file while others read and write it: whole, as of one moment, proved, then under its name."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from playbook.errors import DamagedStore, InputError, StoreUnavailable
from playbook.stores.audit import Finding, audit_all
from playbook.stores.sqlite import SqliteStore
from playbook.stores.sqlite_archive import still
from playbook.stores.sqlite_file import TRANSLATED, connect, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress = Callable[[str, int, int], None]

_PAGES = 1000
_TIMEOUT = 5.0
_BESIDE = ("-wal", "-shm", "-journal")


@attrs.frozen
class Backup:
    """Say what a backup holds; where something was found wrong with it, it was not kept."""

    file: str
    bytes: int
    events: int
    findings: tuple[Finding, ...]


def back_up(source: str, target: str, *, replace: bool = False, progress: Progress) -> Backup:
    """Copy a file of ours as it stands at this moment; writers go on meanwhile.

    It is written under another name in the target's folder, proved (SQLite's integrity check, and `audit` of every
    tenant), and only then gets its name, in one step. `progress` hears a title, how far that is, and of how much.
    Raises InputError for a target that is there already unless `replace`, StoreUnavailable where a file cannot be
    read or written.
    """
    file = Path(target)
    _look(Path(source), file, replace=replace)
    with _draft(file) as draft:
        _copy(source, draft, progress)
        events, findings = _prove(draft, progress)
        size = draft.stat().st_size
        if not findings:
            shutil.copymode(source, draft)
            draft.replace(file)
            _settle(file.parent)
    return Backup(str(file), size, events, tuple(findings))


def _look(source: Path, target: Path, *, replace: bool) -> None:
    """Refuse a target that would be lost, or would not be what was copied."""
    if not source.is_file():
        raise InputError(f"there is no {source}, so there is nothing to back up")
    if not target.parent.is_dir():
        raise InputError(f"there is no folder {target.parent}; make it first")
    if target.is_dir():
        raise InputError(f"{target} is a folder; name a file in it")
    if target.exists() and target.samefile(source):
        raise InputError(f"{target} is the database itself; name another file")
    if target.exists() and not replace:
        raise InputError(f"{target} is there already; name another file, or say --force to replace it")
    for ending in _BESIDE:
        # SQLite would take it for a part of the new file
        beside = target.with_name(target.name + ending)
        if beside.exists():
            raise InputError(f"{beside} is there, so {target} is in use; name another file")


@contextlib.contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """Yield a new file beside the target, which is gone at the end unless it got another name."""
    try:
        number, name = tempfile.mkstemp(".partial", f".{target.name}.", target.parent)
    except OSError as error:
        raise StoreUnavailable(f"{target} cannot be written: {(error.strerror or '').lower()}") from error
    os.close(number)
    draft = Path(name)
    try:
        yield draft
    finally:
        for ending in ("", *_BESIDE):
            draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _copy(source: str, draft: Path, progress: Progress) -> None:
    def step(status: int, remaining: int, total: int) -> None:
        progress("Copying pages", total - remaining, total)

    # the connection reads one moment, so no writer makes the backup begin again
    with still(source, _TIMEOUT) as there:
        try:
            with contextlib.closing(connect(str(draft), _TIMEOUT)) as here:
                there.backup(here, pages=_PAGES, progress=step)
        except TRANSLATED as error:
            raise translate(error, str(draft)) from error


def _prove(draft: Path, progress: Progress) -> tuple[int, list[Finding]]:
    """Return how many events there are, and what is wrong."""
    with contextlib.closing(SqliteStore(str(draft))) as store:
        with store.moment() as moment:
            total = moment.sizes(None)["events"]
        findings = [Finding("", "", 0, 0, line) for line in store.integrity()]
        try:
            findings += audit_all(store, store.tenants(), total, progress)
        except DamagedStore as error:
            findings.append(Finding("", "", 0, 0, str(error)))
    return total, findings


def _settle(folder: Path) -> None:
    """See that the name outlasts a failure of power, where folders can be opened for that."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
